"""The steps of a move on real trees: what they must not lose, and what they must not leave."""

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import trees
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Mount
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT, UnitState
from dockerd_cfg.paths import DAEMON_JSON, HostPath
from dockerd_cfg.runner import Runner
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import SandboxFilesystems
from dockerd_cfg.storage.compare import differences
from dockerd_cfg.storage.copy import MARKER, copy_tree
from dockerd_cfg.storage.copying import CatchUp, FinalCopy, PreCopy, VerifyTree, rewrite
from dockerd_cfg.storage.facts import read_facts
from dockerd_cfg.storage.hand_over import HandOver
from dockerd_cfg.storage.moved_tree import Mode
from dockerd_cfg.storage.old_tree import CarryAhead, RemoveTree, SetAside
from dockerd_cfg.storage.plan import MoveRequest, plan_move
from dockerd_cfg.storage.preflight import preflight
from dockerd_cfg.storage.sealed import NOTE, Settled
from dockerd_cfg.storage.survey import survey
from dockerd_cfg.storage.target import ReserveTarget, is_half_copied

OLD, NEW, ASIDE = HostPath("/var/lib/docker"), HostPath("/mnt/data/docker"), HostPath("/var/lib/docker.old-1")
MOUNT = "var-lib-docker.mount"
RESERVE = ReserveTarget(target=NEW, source=OLD)


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Nobody listens."""

    def warn(self, message: str) -> None:
        """Nobody listens."""


def context(host: Host, *, captured: dict[str, Before] | None = None, was_applied: bool = False) -> Context:
    return Context(
        host=host,
        progress=Silent(),
        captured=(captured or {}).get,
        captured_undo=lambda _: None,
        is_done=lambda _: False,
        was_applied=was_applied,
    )


def real(host: Host, path: HostPath) -> Path:
    return host.layout.real(path)


def copied_while_docker_ran(host: Host) -> dict[str, Before]:
    """Reserve the target and make the first copy; return what the steps captured."""
    before = RESERVE.capture(context(host))
    RESERVE.apply(context(host), before)
    step = PreCopy(source=OLD, target=NEW, allocated=1)
    noted = step.capture(context(host))
    captured = {"reserve-target": before, "pre-copy": noted}
    step.apply(context(host, captured=captured), noted)
    return captured


def copied_again(host: Host, captured: dict[str, Before]) -> None:
    FinalCopy(source=OLD, target=NEW, allocated=1).apply(context(host, captured=captured), {})


def volume(host: Host, root: HostPath) -> Path:
    return real(host, root) / "volumes/records/_data"


@pytest.mark.parametrize("is_rewound", [False, True], ids=["times-stand-still", "times-are-put-back"])
def test_a_change_that_size_and_times_do_not_tell_is_copied(host: Host, is_rewound: bool) -> None:
    """A memory map does not always tell, and some programs put a file's time back after writing."""
    file = volume(host, OLD) / "database"
    file.write_bytes(b"before")
    if is_rewound:
        os.utime(file, ns=(10**18, 10**18))
    captured = copied_while_docker_ran(host)
    change_without_a_sign(file)
    copied_again(host, captured)
    assert (volume(host, NEW) / "database").read_bytes() == b"after!"


def change_without_a_sign(file: Path) -> None:
    """Write what size and time do not tell, as a program does that writes through a memory map."""
    status = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"after!")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


AN_HOUR = 3600.0


def test_a_clock_that_is_set_back_after_the_copy_hides_no_change(host: Host) -> None:
    file = volume(host, OLD) / "database"
    file.write_bytes(b"before")
    captured = copied_while_docker_ran(host)
    note = Settled.read(real(host, NEW), real(host, OLD))
    assert note
    Settled(note.since + AN_HOUR, note.paths, note.booted + AN_HOUR).write(real(host, NEW))
    change_without_a_sign(file)

    copied_again(host, captured)

    assert (volume(host, NEW) / "database").read_bytes() == b"after!"


def test_a_clock_that_is_set_back_during_the_copy_hides_no_change(host: Host) -> None:
    file = volume(host, OLD) / "database"
    file.write_bytes(b"before")
    captured = copied_while_docker_ran(host)
    noted = captured["pre-copy"]
    ahead = {name: float(str(noted[name])) + AN_HOUR for name in ("since", "booted")}
    change_without_a_sign(file)

    PreCopy(source=OLD, target=NEW, allocated=1).apply(context(host, captured=captured), {**noted, **ahead})

    assert (volume(host, NEW) / "database").read_bytes() == b"after!"


def test_after_a_power_cut_what_an_interrupted_copy_left_is_not_trusted(host: Host) -> None:
    boot = real(host, HostPath("/proc/sys/kernel/random/boot_id"))
    boot.parent.mkdir(parents=True)
    boot.write_text("one\n")
    captured = copied_while_docker_ran(host)
    journal = volume(host, NEW) / "journal.txt"
    status, text = journal.stat(), journal.read_bytes()
    journal.write_bytes(bytes(status.st_size))  # as a file system may leave it
    os.utime(journal, ns=(status.st_atime_ns, status.st_mtime_ns))
    long_ago: Before = {"since": 4e9, "boot": "one"}  # nothing counts as changed lately

    PreCopy(source=OLD, target=NEW, allocated=1).apply(context(host, captured=captured), long_ago)
    assert journal.read_bytes() != text
    boot.write_text("two\n")
    PreCopy(source=OLD, target=NEW, allocated=1).apply(context(host, captured=captured), long_ago)
    assert journal.read_bytes() == text


@pytest.mark.parametrize("is_rebooted", [False, True])
def test_what_an_interrupted_final_copy_wrote_is_written_again_after_a_reboot(
    host: Host, is_rebooted: bool
) -> None:
    """A file in a folder that got another name meanwhile is copied anew, though nothing of its own tells of a change."""
    captured = copied_while_docker_ran(host)
    journal = volume(host, NEW) / "journal.txt"
    status, text = journal.stat(), journal.read_bytes()
    journal.write_bytes(bytes(status.st_size))
    os.utime(journal, ns=(status.st_atime_ns, status.st_mtime_ns))
    note = Settled.read(real(host, NEW), real(host, OLD))
    assert note
    old = volume(host, OLD) / "journal.txt"
    since = (
        max(old.stat().st_ctime, old.stat().st_mtime) + 0.001
    )  # the source's file counts as unchanged since
    Settled(since, note.paths).write(real(host, NEW))
    if is_rebooted:
        captured["pre-copy"] |= {"boot": "another"}
    copied_again(host, captured)
    assert (journal.read_bytes() == text) == is_rebooted


def test_a_copy_counts_as_half_until_it_is_verified(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    assert is_half_copied(real(host, NEW))
    VerifyTree(source=OLD, target=NEW).apply(context(host, captured=captured), {})
    assert not is_half_copied(real(host, NEW))


CATCH_UP = CatchUp(source=OLD, target=NEW, allocated=1)


def settled_ago(host: Host, seconds: float) -> None:
    note = Settled.read(real(host, NEW), real(host, OLD))
    assert note
    Settled(time.time() - seconds, note.paths).write(real(host, NEW))


@pytest.mark.parametrize(("ago", "is_caught_up"), [(3600, True), (1, False)])
def test_after_a_long_copy_what_changed_is_copied_once_more_before_the_stop(
    host: Host, ago: float, is_caught_up: bool
) -> None:
    captured = copied_while_docker_ran(host)
    settled_ago(host, ago)
    (volume(host, OLD) / "written-meanwhile").write_bytes(b"new")
    CATCH_UP.apply(context(host, captured=captured), {})
    assert (volume(host, NEW) / "written-meanwhile").exists() == is_caught_up
    note = Settled.read(real(host, NEW), real(host, OLD))
    assert note
    assert time.time() - note.since < 30
    copied_again(host, captured)
    assert list(differences(real(host, OLD), real(host, NEW))) == []


def test_catching_up_trusts_nothing_that_was_written_before_a_power_cut(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    time.sleep(0.01)
    settled_ago(host, 0)
    journal = volume(host, NEW) / "journal.txt"
    status, text = journal.stat(), journal.read_bytes()
    journal.write_bytes(bytes(status.st_size))  # by a final copy that was cut off
    os.utime(journal, ns=(status.st_atime_ns, status.st_mtime_ns))
    captured["pre-copy"] |= {"boot": "another"}
    note = Settled.read(real(host, NEW), real(host, OLD))
    assert note
    rewrite(context(host), real(host, OLD), real(host, NEW), note)
    assert journal.read_bytes() == text


@pytest.fixture
def rsync_that_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let rsync tell in which I/O class it runs; return the file in which it does."""
    told = tmp_path / "told"
    put_in_place_of_rsync(f'ionice -p $$ >> {told}; exec {shutil.which("rsync")} "$@"', tmp_path, monkeypatch)
    return told


def put_in_place_of_rsync(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "programs").mkdir()
    (folder / "programs/rsync").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "programs/rsync").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/programs:{os.environ['PATH']}")


@pytest.mark.parametrize("is_polite", [True, False])
def test_what_changed_during_the_copy_is_copied_as_slowly_and_politely_as_the_rest(
    host: Host, rsync_that_tells: Path, is_polite: bool
) -> None:
    (volume(host, OLD) / "database").write_bytes(os.urandom(1_000_000))
    reserved = RESERVE.capture(context(host))
    RESERVE.apply(context(host), reserved)
    step = PreCopy(source=OLD, target=NEW, allocated=1, limit=1_000_000, polite=is_polite)
    noted = step.capture(context(host))
    began = time.monotonic()

    step.apply(context(host, captured={"reserve-target": reserved}), noted)

    assert time.monotonic() - began > 1.5
    assert (rsync_that_tells.read_text() == "idle\n") == is_polite


def test_what_a_power_cut_may_have_spoilt_is_caught_up_with_slowly_and_politely(
    host: Host, rsync_that_tells: Path
) -> None:
    (volume(host, OLD) / "database").write_bytes(os.urandom(1_000_000))
    captured = copied_while_docker_ran(host)
    captured["pre-copy"] |= {"boot": "another"}
    settled_ago(host, 60)
    rsync_that_tells.unlink()
    began = time.monotonic()

    CatchUp(source=OLD, target=NEW, allocated=1, limit=1_000_000).apply(context(host, captured=captured), {})

    assert time.monotonic() - began > 1.5
    assert set(rsync_that_tells.read_text().splitlines()) == {"idle"}


def test_what_docker_wrote_after_a_power_cut_is_caught_up_with(host: Host) -> None:
    assert CATCH_UP.holds(context(host), {}) is False
    assert CATCH_UP.holds(context(host, captured={"start-docker": {}}), {}) is None
    host.systemd.stop(DOCKER_SOCKET_UNIT, DOCKER_SERVICE)
    assert CATCH_UP.holds(context(host), {}) is None


def test_what_was_removed_meanwhile_is_removed_from_the_copy(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    (volume(host, OLD) / "journal.txt").unlink()
    copied_again(host, captured)
    VerifyTree(source=OLD, target=NEW).apply(context(host, captured=captured), {})


def test_a_hard_link_broken_meanwhile_is_broken_in_the_copy(host: Host) -> None:
    """Its size and time are those of its former other name."""
    one, other = volume(host, OLD) / "one", volume(host, OLD) / "other"
    one.write_bytes(b"same")
    other.hardlink_to(one)
    os.utime(one, ns=(10**18, 10**18))
    captured = copied_while_docker_ran(host)
    other.unlink()
    other.write_bytes(b"same")
    os.utime(other, ns=(10**18, 10**18))
    copied_again(host, captured)
    assert not (volume(host, NEW) / "one").samefile(volume(host, NEW) / "other")


def test_names_that_are_one_file_only_in_the_copy_are_told(tmp_path: Path) -> None:
    for tree in ("source", "target"):
        (tmp_path / tree).mkdir()
        (tmp_path / tree / "one").write_bytes(b"same")
    (tmp_path / "source/other").write_bytes(b"same")
    (tmp_path / "target/other").hardlink_to(tmp_path / "target/one")
    for path in (*(tmp_path / "source").iterdir(), *(tmp_path / "target").iterdir()):
        os.utime(path, ns=(10**18, 10**18))
    for tree in ("source", "target"):
        os.utime(tmp_path / tree, ns=(10**18, 10**18))
    assert list(differences(tmp_path / "source", tmp_path / "target")) != []


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_a_mount_below_the_source_is_left_out_of_copy_and_comparison_alike(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But a subvolume, a file system of its own that is no mount, is missed."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "mounted").mkdir(parents=True)
    target.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", source / "mounted"], check=True)
    try:
        copy_tree(host.runner, source, target, progress=Silent(), total_bytes=0, note="")
        assert list(differences(source, target)) == []
        assert survey(source).elsewhere == ("mounted",)
        monkeypatch.setattr("dockerd_cfg.storage.compare.present_mounts", list)
        assert list(differences(source, target)) == ["mounted is a subvolume of its own, which is not copied"]
    finally:
        subprocess.run(["umount", source / "mounted"], check=True)


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_everything_that_a_layer_may_hold_is_copied_faithfully(host: Host) -> None:
    layer = real(host, OLD) / "overlay2/odd/diff"
    layer.mkdir(parents=True)
    os.mknod(layer / "whiteout", 0o20000, os.makedev(0, 0))
    os.mknod(layer / "block", 0o60600, os.makedev(7, 200))
    os.mkfifo(layer / "pipe")
    (layer / "setuid").write_bytes(b"")
    os.chown(layer / "setuid", 1000, 1000)
    (layer / "setuid").chmod(0o6755)
    os.setxattr(layer, "trusted.overlay.opaque", b"y")
    os.setxattr(layer / "setuid", "user.note", bytes(range(256)))
    (layer / os.fsdecode(b"\xff\xfe")).symlink_to(os.fsdecode(b"\xfd"))
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    VerifyTree(source=OLD, target=NEW).apply(context(host, captured=captured), {})


def test_a_sparse_file_that_was_written_lately_stays_sparse(host: Host) -> None:
    """Or a virtual disk would fill the real one, while Docker is stopped."""
    with (volume(host, OLD) / "disk.img").open("wb") as sparse:
        sparse.truncate(1 << 24)
        sparse.write(b"boot")
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    assert (volume(host, NEW) / "disk.img").stat().st_blocks < 64


class Meter(Silent):
    """Keeps how far it was told that a copy has come."""

    def __init__(self) -> None:
        self.bytes: list[int] = []

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        self.bytes.append(done_bytes)


def test_what_was_written_since_the_first_copy_is_copied_once_in_the_stop(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = copied_while_docker_ran(host)
    (volume(host, OLD) / "database").write_bytes(os.urandom(5_000_000))
    copy, rsync = volume(host, NEW) / "database", shutil.which("rsync")
    look = f'{rsync} "$@"; result=$?; stat -c %i {copy} >> {tmp_path}/files; exit $result'
    put_in_place_of_rsync(look, tmp_path, monkeypatch)
    meter = Meter()

    FinalCopy(source=OLD, target=NEW, allocated=1).apply(
        replace(context(host, captured=captured), progress=meter), {}
    )

    assert len(set((tmp_path / "files").read_text().split())) == 1
    assert meter.bytes
    assert meter.bytes == sorted(meter.bytes)
    VerifyTree(source=OLD, target=NEW, contents=True).apply(context(host, captured=captured), {})


def put_a_file(path: Path) -> None:
    path.write_bytes(b"now a file")


def put_a_folder(path: Path) -> None:
    (path / "below").mkdir(parents=True)
    (path / "below/file").write_bytes(b"below")
    (path / "file").write_bytes(b"file")


def put_a_link(path: Path) -> None:
    path.symlink_to("/etc")


def put_another_name(path: Path) -> None:
    path.hardlink_to(path.parent / "journal.txt")


def put_two_names(path: Path) -> None:
    path.write_bytes(b"linked")
    path.with_name(f"{path.name}-too").hardlink_to(path)


def put_a_pipe(path: Path) -> None:
    os.mkfifo(path)


PUT = [put_a_file, put_a_folder, put_a_link, put_another_name, put_two_names, put_a_pipe]


def test_whatever_takes_the_place_of_something_else_meanwhile_is_there_in_the_copy(host: Host) -> None:
    places = {}
    for number, (before, after) in enumerate(product(PUT, PUT)):
        if (before, after) == (put_a_folder, put_another_name):
            continue  # rsync puts it there, but complains that a file has no default ACL (3.2.7)
        path = volume(host, OLD) / f"place-{number}"
        before(path)
        places[path] = after
    captured = copied_while_docker_ran(host)
    for path, after in places.items():
        subprocess.run(["rm", "-r", path], check=True)
        path.with_name(f"{path.name}-too").unlink(missing_ok=True)
        after(path)

    copied_again(host, captured)

    VerifyTree(source=OLD, target=NEW, contents=True).apply(context(host, captured=captured), {})


def test_an_unfaithful_copy_fails_the_verification_by_name(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    (volume(host, NEW) / "journal.txt").chmod(0o600)
    with pytest.raises(CommandFailed, match=r"journal\.txt has another mode"):
        VerifyTree(source=OLD, target=NEW).apply(context(host, captured=captured), {})


def test_a_verification_killed_while_it_called_the_copy_complete_can_be_repeated(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    (real(host, NEW) / f".{MARKER}.dockerd-cfg-new").write_bytes(b'{"sour')

    VerifyTree(source=OLD, target=NEW).apply(context(host, captured=captured), {})

    assert not is_half_copied(real(host, NEW))
    assert not (real(host, NEW) / f".{MARKER}.dockerd-cfg-new").exists()


# The target


def test_undoing_a_reservation_takes_the_whole_copy_away(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    RESERVE.revert(context(host), captured["reserve-target"])
    assert list(real(host, HostPath("/mnt/data")).iterdir()) == []


def test_a_reservation_that_an_earlier_version_made_is_undone(host: Host) -> None:
    before: Before = {"existed": False}
    RESERVE.apply(context(host), before)
    (real(host, NEW) / MARKER).write_text(f'{{"source": "{OLD}", "complete": false}}\n')
    RESERVE.revert(context(host), before)
    assert not real(host, NEW).exists()


def test_undoing_a_reservation_leaves_what_is_not_ours(host: Host) -> None:
    before = RESERVE.capture(context(host))
    target = real(host, NEW)
    target.mkdir()
    (target / "file").write_bytes(b"somebody's")
    RESERVE.revert(context(host), before)
    assert (target / "file").exists()


def test_a_folder_that_filled_meanwhile_is_not_reserved(host: Host) -> None:
    real(host, NEW).mkdir()
    (real(host, NEW) / "file").write_bytes(b"")
    with pytest.raises(FileProblem, match="no longer empty"):
        RESERVE.apply(context(host), {"existed": True})


def test_a_reservation_killed_while_its_marker_was_written_can_be_resumed(host: Host) -> None:
    before = RESERVE.capture(context(host))
    real(host, NEW).mkdir()
    (real(host, NEW) / f".{MARKER}.dockerd-cfg-new").write_bytes(b'{"sour')
    RESERVE.apply(context(host), before)
    assert [path.name for path in real(host, NEW).iterdir()] == [MARKER]


def test_a_reservation_killed_while_its_marker_was_written_is_undone_without_trace(host: Host) -> None:
    before = RESERVE.capture(context(host))
    real(host, NEW).mkdir()
    (real(host, NEW) / f".{MARKER}.dockerd-cfg-new").write_bytes(b'{"sour')
    RESERVE.revert(context(host), before)
    assert list(real(host, HostPath("/mnt/data")).iterdir()) == []


def test_a_folder_that_the_preflight_takes_for_empty_can_be_reserved(host: Host) -> None:
    """A disk mounted as the very target has a folder lost+found."""
    (real(host, NEW) / "lost+found").mkdir(parents=True)
    found = preflight(read_facts(host, HostPath("/mnt/data"), "auto"), MoveRequest())
    if any(finding.code == "target-not-empty" for finding in found):
        return
    RESERVE.apply(context(host), RESERVE.capture(context(host)))


# The old tree


def test_a_tree_set_aside_comes_back(host: Host) -> None:
    step = SetAside(source=OLD, aside=ASIDE)
    step.apply(context(host), {})
    step.apply(context(host), {})
    step.revert(context(host), {})
    step.revert(context(host), {})
    assert (volume(host, OLD) / "journal.txt").exists()


def test_what_came_to_the_old_place_meanwhile_is_kept_under_another_name(host: Host) -> None:
    step = SetAside(source=OLD, aside=ASIDE)
    step.apply(context(host), {})
    real(host, OLD).mkdir()
    (real(host, OLD) / "file").write_bytes(b"somebody's")
    step.revert(context(host), {})
    (found,) = real(host, OLD.parent).glob("docker.found-*")
    assert (found / "file").read_bytes() == b"somebody's"


def handed_over(host: Host, mode: Mode = "data-root") -> tuple[HandOver, Before]:
    """Copy, stop Docker and hand over to the new tree; return the step with what it captured."""
    facts = read_facts(host, HostPath("/mnt/data"), "auto")
    wish = MoveRequest(mode=mode)
    plan = plan_move(facts, host.layout, wish, created="2026-01-01T00:00:00+00:00", stamp="1")
    (step,) = (step for step in plan.steps if isinstance(step, HandOver))
    captured = copied_while_docker_ran(host)
    host.systemd.stop(*step.stops)
    copied_again(host, captured)
    before = step.capture(context(host, captured=captured))
    step.apply(context(host, captured=captured), before)
    return step, before


def applied(host: Host, before: Before) -> Context:
    """Return what a step meets that is undone after the whole run was carried out; ``before`` is the hand-over's."""
    captured: dict[str, Before] = {"reserve-target": {"token": before["token"]}, "hand-over": before}
    return context(host, captured=captured, was_applied=True)


class WatchedServices(SandboxServices):
    """Notes of the mount unit, whenever it is asked about, whether it is written and could be started."""

    seen: list[tuple[bool, bool]]

    def unit(self, name: str) -> UnitState:
        """Return the state of a unit."""
        if name == MOUNT:
            root = self._layout.root
            condition = root / f"run/systemd/system/{MOUNT}.d/90-dockerd-cfg-hold.conf"
            can_start = not (condition.exists() and (root / "run/dockerd-cfg.holds-docker").exists())
            self.seen.append(((root / f"etc/systemd/system/{MOUNT}").exists(), can_start))
        return super().unit(name)


def test_nobody_can_mount_over_the_old_tree_before_it_is_set_aside(host: Host) -> None:
    services = WatchedServices(host.layout)
    services.seen = []

    handed_over(host._replace(systemd=services), "bind")

    written = [can_start for is_written, can_start in services.seen if is_written]
    assert written
    assert not any(written)
    assert not list((host.layout.root / "run/systemd/system").glob(f"{MOUNT}.d/*"))


@pytest.mark.parametrize("name", ["row", ".~tmp~/row", ".~tmp~"], ids=str)
def test_what_was_written_since_is_carried_back(host: Host, name: str) -> None:
    """``.~tmp~`` is where rsync itself keeps what it is about to put in place, in a container as well as here."""
    step, before = handed_over(host)
    written = volume(host, NEW) / name
    written.parent.mkdir(exist_ok=True)
    written.write_bytes(b"new")
    step.revert(context(host, was_applied=True), before)
    assert (volume(host, OLD) / name).read_bytes() == b"new"


def test_a_carrying_back_that_is_not_faithful_leaves_docker_on_the_new_tree(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, before = handed_over(host)
    (volume(host, NEW) / "row").write_bytes(b"new")
    loses = tmp_path / "rsync"
    loses.write_text(f'#!/bin/sh\n"{shutil.which("rsync")}" "$@" && rm -f "{volume(host, OLD)}/row"\n')
    loses.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CommandFailed, match="row is missing"):
        step.revert(context(host, was_applied=True), before)
    assert str(NEW) in real(host, DAEMON_JSON).read_text()


def test_a_carrying_back_that_was_killed_can_be_repeated(host: Host) -> None:
    """Killed between its last file and the removal of the folder it kept it in."""
    step, before = handed_over(host)
    (volume(host, OLD) / ".~tmp~").mkdir()
    step.revert(context(host, was_applied=True), before)
    assert list(differences(real(host, NEW), real(host, OLD))) == []


@pytest.mark.parametrize("is_rebooted", [False, True])
def test_after_a_power_cut_what_was_carried_ahead_before_is_not_trusted(
    host: Host, is_rebooted: bool
) -> None:
    _, before = handed_over(host)
    journal = volume(host, OLD) / "journal.txt"
    status, text = journal.stat(), journal.read_bytes()
    journal.write_bytes(bytes(status.st_size))
    os.utime(journal, ns=(status.st_atime_ns, status.st_mtime_ns))
    began: Before = {"boot": "another" if is_rebooted else ""}
    past = time.time() + 60  # nothing counts as changed lately
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dockerd_cfg.storage.copying.time.time", lambda: past)
        CarryAhead(old=OLD, new=NEW, source=OLD).revert(
            replace(applied(host, before), captured_undo={"carry-ahead": began}.get), {}
        )
    assert (journal.read_bytes() == text) == is_rebooted


def test_nothing_is_carried_ahead_onto_itself(host: Host) -> None:
    """A mount or a link leads from the old place to the new one: a note there would tell that all is settled."""
    _, before = handed_over(host)
    noted = (real(host, NEW) / NOTE).read_bytes()
    trees.remove_tree(real(host, OLD))
    real(host, OLD).symlink_to(real(host, NEW))
    CarryAhead(old=OLD, new=NEW, source=OLD).revert(applied(host, before), {})
    assert (real(host, NEW) / NOTE).read_bytes() == noted


def test_once_the_old_place_counts_again_nothing_is_carried_back(host: Host) -> None:
    """After a power cut in the middle of undoing, Docker may have written to the old place again."""
    step, before = handed_over(host)
    step.revert(context(host, was_applied=True), before)
    (volume(host, OLD) / "row").write_bytes(b"written to the old place")
    step.revert(context(host, was_applied=True), before)
    assert (volume(host, OLD) / "row").read_bytes() == b"written to the old place"


def test_a_new_tree_that_cannot_be_found_is_not_taken_for_an_empty_one(host: Host) -> None:
    step, before = handed_over(host)
    real(host, NEW).rename(real(host, NEW).with_name("unmounted"))
    real(host, NEW).mkdir()
    with pytest.raises(CommandFailed, match="is its disk mounted"):
        step.revert(context(host, was_applied=True), before)
    assert (volume(host, OLD) / "journal.txt").exists()


@pytest.mark.parametrize("is_emptied", [False, True])
def test_an_old_tree_that_was_removed_is_not_made_anew(host: Host, *, is_emptied: bool) -> None:
    """The layers that are settled would not be copied; or a folder under a disk that is not mounted would be filled."""
    step, before = handed_over(host)
    trees.remove_tree(real(host, OLD))
    if is_emptied:
        real(host, OLD).mkdir()
    with pytest.raises(FileProblem, match="nothing to go back to"):
        step.refuse_conflict(host.layout, before)
    with pytest.raises(FileProblem, match="nothing to go back to"):
        step.revert(context(host, was_applied=True), before)
    assert (volume(host, NEW) / "journal.txt").exists()


def test_a_folder_below_an_old_disk_that_is_not_mounted_is_not_taken_for_the_old_tree(host: Host) -> None:
    step, before = handed_over(host)
    with pytest.raises(FileProblem, match="is not mounted at"):
        step.refuse_conflict(host.layout, before | {"mounted": ["docker"]})


@pytest.mark.parametrize("put", [None, Path.mkdir, lambda path: path.symlink_to("/srv")])
def test_a_move_whose_link_is_gone_is_not_undone(host: Host, put: Callable[[Path], object] | None) -> None:
    """Nothing would be carried back, the copy removed, and Docker started on what is at the old place."""
    step, before = handed_over(host, "symlink")
    step.refuse_conflict(host.layout, before)
    real(host, OLD).unlink()
    if put is not None:
        put(real(host, OLD))

    with pytest.raises(FileProblem, match="no longer the link to /mnt/data/docker"):
        step.refuse_conflict(host.layout, before)


def test_a_move_whose_configuration_is_gone_is_not_undone(host: Host) -> None:
    """So it is when something that manages the host's files has put back its own daemon.json."""
    managed = real(host, DAEMON_JSON).read_bytes()
    step, before = handed_over(host)
    step.refuse_conflict(host.layout, before)
    real(host, DAEMON_JSON).write_bytes(managed)

    with pytest.raises(FileProblem, match=r"daemon\.json no longer leads to /mnt/data/docker"):
        step.refuse_conflict(host.layout, before)


def test_a_note_that_an_earlier_move_left_in_the_old_tree_does_not_count(host: Host) -> None:
    """By it, all that was ever copied would be copied again while Docker is stopped."""
    step, before = handed_over(host)
    Settled(1.0).write(real(host, OLD))
    journal = volume(host, OLD) / "journal.txt"
    inode = journal.stat().st_ino
    step.revert(context(host, was_applied=True), before | {"at": time.time() + 60})
    assert journal.stat().st_ino == inode
    assert not (real(host, OLD) / NOTE).exists()


@pytest.mark.parametrize("is_rebooted", [False, True])
def test_a_new_tree_that_docker_came_up_on_after_a_power_cut_is_not_given_up(
    host: Host, is_rebooted: bool
) -> None:
    step, before = handed_over(host)
    real(host, NEW).rename(real(host, NEW).with_name("unmounted"))
    interrupted = context(host, was_applied=False)
    if is_rebooted:
        with pytest.raises(CommandFailed, match="is its disk mounted"):
            step.revert(interrupted, before | {"boot": "another"})
    else:
        step.revert(interrupted, before)


def test_the_old_tree_is_not_removed_while_the_new_one_is_missing(host: Host) -> None:
    with pytest.raises(FileProblem, match="is not there"):
        RemoveTree(path=OLD, current=NEW).apply(context(host), {})


def test_the_old_tree_is_not_removed_when_it_is_the_one_in_use(host: Host) -> None:
    real(host, NEW).symlink_to(real(host, OLD))
    with pytest.raises(FileProblem):
        RemoveTree(path=OLD, current=NEW).apply(context(host), {})


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_the_old_tree_is_not_removed_when_it_is_mounted_as_the_one_in_use(host: Host) -> None:
    real(host, NEW).mkdir()
    subprocess.run(["mount", "--bind", real(host, OLD), real(host, NEW)], check=True)
    try:
        with pytest.raises(FileProblem):
            RemoveTree(path=OLD, current=NEW).apply(context(host), {})
    finally:
        subprocess.run(["umount", real(host, NEW)], check=True)
    assert volume(host, OLD).is_dir()


class WithMount(SandboxFilesystems):
    """A sandbox in which something is mounted at one more place."""

    def __init__(self, host: Host, point: HostPath) -> None:
        super().__init__(host.layout, Runner())
        self._point = point

    def mounts(self) -> list[Mount]:
        return [*super().mounts(), Mount(self._point, "ext4", "/dev/vdc1", frozenset(), "254:33")]


@pytest.mark.parametrize(
    ("tree", "remove"),
    [
        (OLD, lambda context, _: RemoveTree(path=OLD, current=NEW).apply(context, {})),
        (NEW, lambda context, captured: RESERVE.revert(context, captured["reserve-target"])),
    ],
    ids=["the old data", "the copy"],
)
def test_nothing_is_removed_where_something_is_mounted_below(
    host: Host, tree: HostPath, remove: Callable[[Context, dict[str, Before]], None]
) -> None:
    captured = copied_while_docker_ran(host)
    mounted = host._replace(filesystems=WithMount(host, tree / "volumes/records"))
    with pytest.raises(FileProblem, match="volumes/records is mounted below it"):
        remove(context(mounted), captured)
    assert (volume(host, tree) / "journal.txt").exists()


def test_no_copy_is_removed_through_a_link_that_came_in_its_place(host: Host) -> None:
    captured = copied_while_docker_ran(host)
    elsewhere = real(host, NEW).rename(real(host, NEW).with_name("elsewhere"))
    real(host, NEW).symlink_to(elsewhere)
    RESERVE.revert(context(host), captured["reserve-target"])
    assert (elsewhere / MARKER).exists()
    assert real(host, NEW).is_symlink()


def test_removing_the_old_tree_twice_is_no_error(host: Host) -> None:
    handed_over(host)
    SetAside(source=OLD, aside=ASIDE).apply(context(host), {})
    for _ in range(2):
        RemoveTree(path=ASIDE, current=NEW).apply(context(host), {})
    assert not real(host, ASIDE).exists()


def test_a_disk_unmounted_in_the_middle_is_noticed_by_each_step_that_writes_or_trusts_the_copy(
    host: Host,
) -> None:
    """What lies there then is a folder of the disk below, which the mount covers as soon as Docker starts."""
    captured = copied_while_docker_ran(host)
    copied_again(host, captured)
    facts = read_facts(host, HostPath("/mnt/data"), "auto")
    plan = plan_move(facts, host.layout, MoveRequest(), created="2026-01-01T00:00:00+00:00", stamp="1")
    (move,) = (step for step in plan.steps if isinstance(step, HandOver))
    before = move.capture(context(host, captured=captured))
    real(host, NEW).joinpath(MARKER).unlink()
    acts: tuple[tuple[Step, Before], ...] = (
        (PreCopy(source=OLD, target=NEW, allocated=1), captured["pre-copy"]),
        (FinalCopy(source=OLD, target=NEW, allocated=1), {}),
        (VerifyTree(source=OLD, target=NEW), {}),
        (move, before),
    )
    for step, noted in acts:
        with pytest.raises(CommandFailed, match="its disk was unmounted"):
            step.apply(context(host, captured=captured), noted)


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS])
def test_a_copy_on_a_disk_that_broke_is_left_there(
    host: Host, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    captured = copied_while_docker_ran(host)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "unlink", refuse)
    RESERVE.revert(context(host), captured["reserve-target"])
    assert real(host, NEW).is_dir()
