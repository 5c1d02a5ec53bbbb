"""Rolling back a move: whose data it brings back, and what it must not touch."""

import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from tests.unit.cli.test_config_commands import Tool


def volume(root: Path, tree: str = "var/lib/docker") -> Path:
    return root / tree / "volumes/records/_data"


def test_the_disk_of_another_host_is_neither_carried_back_nor_emptied(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are the same on all hosts of a fleet; a mix-up of volumes, or a clone, shows in nothing else."""
    disks = {}
    for name in ("one", "other"):
        root = place / name
        make_sandbox(root)
        (volume(root) / f"of-{name}").write_text(name)
        assert Tool(root, monkeypatch)("move-storage", "/mnt/data", "--yes").code == 0
        disks[name] = (root / "mnt/data/docker").rename(place / f"disk-of-{name}")
    one = place / "one"
    disks["other"].rename(one / "mnt/data/docker")

    refused = Tool(one, monkeypatch)("rollback", "--yes")

    assert refused.code == 4
    assert "and not another" in refused.result["error"]["message"]
    assert (volume(one, "mnt/data/docker") / "of-other").exists()
    (one / "mnt/data/docker").rename(disks["other"])
    disks["one"].rename(one / "mnt/data/docker")
    assert Tool(one, monkeypatch)("rollback", "--yes").code == 0
    assert [path.name for path in volume(one).glob("of-*")] == ["of-one"]


class LosesDisk:
    """Lets Docker write to the new place, and its disk drop out, when ``kind`` has been started."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.kind = root, kind

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if (entry.event, entry.kind) == ("started", self.kind):
            (volume(self.root, "mnt/data/docker") / "order").write_text("acknowledged")
            (self.root / "mnt/data/docker").rename(self.root / "disk-gone")


@pytest.mark.parametrize(("kind", "is_told"), [("check-docker", True), ("hand-over", False)])
def test_what_docker_wrote_to_a_new_disk_that_drops_out_in_the_move_is_told(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, is_told: bool
) -> None:
    """Docker has to come up again, and only the old data is there; nothing was written before its start."""
    out = io.StringIO()

    code = run(
        ["move-storage", "/mnt/data", "--yes", "--json"],
        make_host=lambda: sandbox_host(sandbox),
        report=Report(as_json=True, out=out, err=io.StringIO()),
        witnesses=(LosesDisk(sandbox, kind),),
    )

    state = json.loads(out.getvalue())["error"]["state"]
    assert code == 6
    assert Tool(sandbox, monkeypatch).services.unit("docker.service").is_active
    assert ("but what Docker wrote to /mnt/data/docker since 20" in state) == is_told
    assert (volume(sandbox.parent, "host/disk-gone") / "order").exists()


@pytest.fixture
def flagged(sandbox: Path) -> Iterator[Path]:
    """A sandbox whose file systems have the flags; what the test sets is taken off again."""
    probe = sandbox / "probe"
    probe.touch()
    if subprocess.run(["chattr", "+i", probe], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    yield sandbox
    subprocess.run(["chattr", "-R", "-i", "-a", sandbox], check=False, capture_output=True)


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("flag", ["a", "i"])
def test_what_flags_kept_as_it_was_in_the_old_data_is_carried_back(
    flagged: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """The copy has no flags, so that the application writes there what it likes."""
    tool, old, new = Tool(flagged, monkeypatch), volume(flagged), volume(flagged, "mnt/data/docker")
    for name in ("written", "removed"):
        (old / name).write_text("before")
    (old / "folder").mkdir()
    (old / "folder/within").write_text("before")
    for name in ("written", "removed", "folder"):
        subprocess.run(["chattr", f"+{flag}", old / name], check=True)
    assert tool("move-storage", "/mnt/data", "--yes").code == 0
    (new / "written").write_text("after")
    (new / "removed").unlink()
    (new / "folder/within").unlink()

    assert tool("rollback", "--yes").code == 0

    assert (old / "written").read_text() == "after"
    assert not (old / "removed").exists()
    assert list((old / "folder").iterdir()) == []


class WritesThenFails:
    """Writes to the new place once Docker is started there, and takes away what the check looks for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if (entry.event, entry.kind) == ("started", "check-docker"):
            (volume(self.root, "mnt/data/docker") / "written").write_text("after")
            raise CommandFailed("something else goes wrong")


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_a_move_that_fails_after_a_flagged_file_was_written_is_undone(flagged: Path) -> None:
    (volume(flagged) / "written").write_text("before")
    subprocess.run(["chattr", "+i", volume(flagged) / "written"], check=True)

    code = run(
        ["move-storage", "/mnt/data", "--yes"],
        make_host=lambda: sandbox_host(flagged),
        report=Report(out=io.StringIO(), err=io.StringIO()),
        witnesses=(WritesThenFails(flagged),),
    )

    assert code == 6
    assert (volume(flagged) / "written").read_text() == "after"


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_what_cannot_be_carried_back_is_told_before_docker_is_stopped(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the old data that somebody mounted read-only since, for instance."""
    tool, new = Tool(sandbox, monkeypatch), volume(sandbox, "mnt/data/docker")
    (volume(sandbox) / "file").write_text("before")
    assert tool("move-storage", "/mnt/data", "--yes").code == 0
    (new / "file").write_text("after")
    (aside,) = sandbox.glob("var/lib/docker.old-*")
    began = tool.invocation
    mounted = aside / "volumes/records/_data"
    subprocess.run(["mount", "--bind", mounted, mounted], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", mounted], check=True)
    try:
        failed = tool("rollback", "--yes")
    finally:
        subprocess.run(["umount", volume(sandbox)], check=True)

    assert failed.code == 7
    assert "for a way back" in failed.result["error"]["message"]
    assert tool.invocation == began
    assert tool.services.unit("docker.service").is_active
    assert tool("rollback", "--yes").code == 0
    assert (volume(sandbox) / "file").read_text() == "after"


class FailsAtStart:
    """Lets Docker write over a file at the new place, and its start fail."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if (entry.event, entry.kind) == ("started", "start-docker"):
            (volume(self.root, "mnt/data/docker") / "database").write_bytes(b"after!" * 20_000)
            raise CommandFailed("docker.service does not start")


@pytest.fixture
def full(sandbox: Path) -> Iterator[Path]:
    """Docker's data on a disk without room for another byte: the folder where it is mounted."""
    disk = sandbox / "srv/old"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
    try:
        shutil.copytree(sandbox / "var/lib/docker", disk / "docker", symlinks=True)
        (sandbox / "etc/docker/daemon.json").write_text(json.dumps({"data-root": "/srv/old/docker"}))
        for record in (disk / "docker").glob("containers/*/config.v2.json"):
            record.write_text(record.read_text().replace("/var/lib/docker", "/srv/old/docker"))
        SandboxServices(Layout(sandbox)).boot(running=("web", "job"))
        (volume(disk, "docker") / "database").write_bytes(b"before" * 20_000)
        with suppress(OSError), (disk / "fill").open("wb", buffering=0) as fill:
            while True:
                fill.write(bytes(4096))
        assert os.statvfs(disk).f_bfree == 0
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def records(disk: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((disk / "docker").glob("containers/*/config.v2.json"))]


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_a_move_off_a_completely_full_disk_is_undone_though_the_way_back_has_no_room(
    sandbox: Path, full: Path
) -> None:
    """What did not grow is written over: for a full disk the tool is made."""
    before = records(full)
    assert any(b"/srv/old/docker/volumes" in data for data in before)

    code = run(
        ["move-storage", "/mnt/data", "--yes"],
        make_host=lambda: sandbox_host(sandbox),
        report=Report(out=io.StringIO(), err=io.StringIO()),
        witnesses=(FailsAtStart(sandbox),),
    )

    assert code == 6
    assert SandboxServices(Layout(sandbox)).unit("docker.service").is_active
    assert records(full) == before
    assert (volume(full, "docker") / "database").read_bytes() == b"after!" * 20_000


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_a_move_is_rolled_back_to_a_disk_that_is_still_full(
    sandbox: Path, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, tool = records(full), Tool(sandbox, monkeypatch)
    assert tool("move-storage", "/mnt/data", "--yes").code == 0
    (volume(sandbox, "mnt/data/docker") / "database").write_bytes(b"after!" * 20_000)

    found = tool("rollback", "--yes")

    assert found.code == 0, found
    assert records(full) == before
    assert (volume(full, "docker") / "database").read_bytes() == b"after!" * 20_000
