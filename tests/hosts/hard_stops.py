"""What tests of power cuts and killed tools share: containers whose records are acknowledged outside the host, artifacts
whose contents are known, which instant to strike at, and where Docker's data is found."""

import json
import os
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from tests.hosts.harness import VARIANTS, Host
from tests.hosts.harness.disks import FileSystem
from tests.hosts.harness.inside import Process
from tests.hosts.test_jobs import answer, inventory

SOAK = "DOCKERD_CFG_SOAK"
ACKS = "/disks/acks"  # a folder of this machine: what is written there is out of the host, no power cut takes it back
OLD, NEW = "/var/lib", "/mnt/data"
NEAR = "/var/lib/elsewhere"  # a target on the file system of the old place: there is nothing to copy then
Mode = Literal["data-root", "symlink", "bind"]

# Two files of records: one in a volume, one in the container's own layer. A number is acknowledged once it is on disk.
# A torn last line, which is no number, ends the writer for good, and so the test.
WRITER = """\
next() { n=$(tail -n 1 "$1" 2>/dev/null); n=$((n + 1)); echo $n >> "$1" && sync "$1" && echo $n >> "/acks/$2"; }
while :; do next /data/records volume; next /records layer; sleep 0.02; done
"""
# What lies there since long before the move, with what a copy cut short may get wrong: ends that are holes, and links.
STATIC = """\
cd "$(docker volume inspect --format '{{.Mountpoint}}' static)"
head -c 6000000 /dev/urandom > large
for i in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/urandom > ends-in-a-hole-$i; truncate -s 1000000 ends-in-a-hole-$i; done
for i in $(seq 100); do echo $i > small-$i; done
ln small-1 linked; ln -s small-2 soft
sync -f .
"""
VOLUMES = """\
for volume in static made; do
  cd "$(docker volume inspect --format '{{.Mountpoint}}' $volume 2>/dev/null)" 2>/dev/null || continue
  find . -type f -print0 | sort -z | xargs -0 sha256sum
done
"""
# Every file of the images: what is made while the test runs hangs below /made.
IMAGE = "find /srv /made -type f 2>/dev/null | sort | xargs sha256sum"
# A disk on which each rename and each sync takes its time: a cut comes between two of them, wherever they are quick.
SLOWLY = (
    *("strace", "-qq", "--output=/dev/null", "--trace=rename,renameat2,fsync,unlink"),
    "--inject=rename,renameat2,fsync,unlink:delay_exit=20000",
)


def seeds(sample: Sequence[int], full: int) -> list[int]:
    """The seeds to run: a sample, or as many as the environment asks for; a range FROM-TO picks some again."""
    asked = os.environ.get(SOAK, "")
    if not asked:
        return list(sample)
    first, _, last = asked.partition("-")
    return list(range(int(first), int(last) + 1)) if last else list(range(full))


@dataclass(frozen=True)
class Case:
    """One move that is stopped hard, drawn by its seed."""

    seed: int
    variant: str
    mode: Mode
    is_near: bool
    disk_fs: FileSystem
    undoes: bool  # it is a rollback that is stopped
    at: tuple[str, str]  # the journal's entry, event and kind of step, after which to strike
    delay: float  # seconds after it
    then: Literal["resume", "rollback"]
    rng: random.Random = field(compare=False, repr=False)
    slowly: bool = False

    @classmethod
    def of(cls, seed: int) -> Self:
        """Draw a case; the instants are spread over the phases."""
        rng = random.Random(seed)  # noqa: S311 - no secret
        variant = list(VARIANTS)[seed % 4]
        mode, is_near = _MODES[seed // 4 % len(_MODES)]
        turn = (
            seed // 20
        )  # in each every kind of host meets every mode, in the next with another direction and end
        undoes = (seed + turn) % 5 in {2, 4}
        phases = [phase for phase in (_BACK if undoes else _ON) if is_near in phase.near]
        phase = phases[(seed // 4 + seed) % len(phases)]
        return cls(
            seed=seed,
            variant=variant,
            mode=mode,
            is_near=is_near,
            disk_fs="xfs" if rng.random() < 0.3 else "ext4",
            undoes=undoes,
            at=(phase.event, phase.kind),
            delay=rng.random() * phase.seconds,
            then="resume" if (seed // 2 + turn) % 2 else "rollback",
            rng=rng,
        )

    @classmethod
    def of_switch(cls, seed: int) -> Self:
        """Draw a case that is stopped in the very moment of the switch, where several things have to change together."""
        case = cls.of(seed)
        mode, is_near = _MODES[seed % len(_MODES)]
        phase = _BACK_SLOWLY if case.undoes else _ON_SLOWLY
        return replace(
            case,
            variant="docker28-containerd" if seed % 3 else case.variant,
            mode=mode,
            is_near=is_near,
            at=(phase.event, phase.kind),
            delay=case.rng.random() * phase.seconds,
            slowly=True,
        )

    def __str__(self) -> str:
        near = "near" if self.is_near else self.disk_fs
        back = "back-" if self.undoes else ""
        return f"{self.seed}-{self.variant}-{self.mode}-{near}-{back}{self.at[0]}-{self.at[1]}-{self.then}"

    @property
    def target(self) -> str:
        """The folder to move to."""
        return NEAR if self.is_near else NEW


@dataclass(frozen=True)
class _Phase:
    """An entry of the journal, how long to wait at most after it, and with which targets it appears."""

    event: str
    kind: str
    seconds: float
    near: tuple[bool, ...] = (False, True)


_MODES: tuple[tuple[Mode, bool], ...] = (
    ("data-root", False),
    ("symlink", False),
    ("bind", False),
    ("data-root", True),
    ("symlink", True),
)
_ON = (
    _Phase("started", "pre-copy", 1.0, (False,)),
    _Phase("started", "hand-over", 0.15),
    _Phase("started", "start-docker", 1.5),
    _Phase("started", "final-copy", 0.4, (False,)),
    _Phase("started", "stop-docker", 0.8),
    _Phase("started", "hand-over", 0.03),
    _Phase("done", "pre-copy", 0.3, (False,)),
    _Phase("started", "check-docker", 0.8),
    _Phase("started", "free-units", 0.6),
    _Phase("done", "check-docker", 1.0),
)
_BACK = (
    _Phase("undoing", "hand-over", 0.3),
    _Phase("undoing", "start-docker", 0.8),
    _Phase("undoing", "stop-docker", 1.5),
    _Phase("undoing", "carry-ahead", 0.5, (False,)),
    _Phase("undone", "hand-over", 0.3),
    _Phase("undoing", "reserve-target", 0.2, (False,)),
    _Phase("undoing", "hand-over", 0.1),
)


_ON_SLOWLY = _Phase("started", "hand-over", 0.35)
_BACK_SLOWLY = _Phase("undoing", "hand-over", 2.0)


class Watched:
    """A host with a container that writes records, and what it must not lose."""

    def __init__(self, host: Host, *, near: bool) -> None:
        self.host = host
        self._acks = host.folder / "disks/acks"
        self._acks.mkdir()
        if near:
            host.run("mkdir", NEAR)
        host.docker("volume", "create", "static")
        host.shell(STATIC)
        host.docker("create", "--name", "stopped", "web:1", "true")
        host.docker(
            *(
                "run",
                "--detach",
                "--name",
                "writer",
                "--restart=always",
                "--stop-signal=KILL",
                "--network=none",
            ),
            *("--volume", "records:/data", "--volume", f"{ACKS}:/acks", "app:1", "sh", "-c", WRITER),
        )
        self.wait_for_records()
        self._images = {image: self._image(image) for image in ("app:1", "web:1")}
        self.remember()

    def _image(self, image: str) -> str:
        return self.host.docker("run", "--rm", "--network=none", image, "sh", "-c", IMAGE)

    def remember(self, *, volumes: bool = True) -> None:
        """Note what is there: from here on it must be there."""
        self._inventory = inventory(self.host)
        if volumes:
            self._volumes = self.host.shell(VOLUMES)

    def make(self) -> None:
        """Make an image and a volume: from here on they must be there too."""
        self.host.docker("volume", "create", "made")
        script = (
            f"head -c 200000 /dev/urandom > /made; head -c 300000 /dev/urandom > /more/file; sync; {IMAGE}"
        )
        run = (
            "run",
            "--name=maker",
            "--network=none",
            "--volume=made:/more",
            "busybox:1",
            "sh",
            "-c",
            script,
        )
        self._images["made:1"] = self.host.docker(*run)
        self.host.docker("commit", "maker", "made:1")
        self.remember()

    def acknowledged(self) -> dict[str, list[int]]:
        """The records acknowledged so far, by file."""
        found = {}
        for name in ("volume", "layer"):
            path = self._acks / name
            lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
            found[name] = [int(line) for line in lines]
        return found

    def wait_for_records(self, number: int = 5) -> None:
        """Wait until that many more records are acknowledged."""
        before = {name: len(records) for name, records in self.acknowledged().items()}
        self.host.wait_for(
            lambda: all(len(now) >= before[name] + number for name, now in self.acknowledged().items()),
            what="no more records",
            timeout=40,
        )

    def assert_whole(self, *, images: bool = False) -> None:
        """Assert that Docker runs with all that was there, and that not one acknowledged record is missing.

        With ``images`` they are read, too.
        """
        assert self.host.is_active("docker")
        acknowledged = self.acknowledged()
        for name, path in (("volume", "/data/records"), ("layer", "/records")):
            text = self.host.docker("exec", "writer", "cat", path)
            records = [int(line) for line in text.split()]
            assert records == list(range(1, len(records) + 1)), f"{name}: not in order"
            numbers = acknowledged[name]
            assert numbers == sorted(set(numbers)), f"{name}: a number was given twice, so a record was lost"
            assert len(records) >= numbers[-1], (
                f"{name}: acknowledged {numbers[-1]}, there are {len(records)}"
            )
        changed = changes(self._inventory, inventory(self.host))
        assert not changed, f"missing and new: {changed}"
        assert self.host.shell(VOLUMES) == self._volumes
        if images:
            assert {image: self._image(image) for image in self._images} == self._images
        self.wait_for_records(3)


def changes(before: dict[str, list[str]], now: dict[str, list[str]]) -> dict[str, tuple[set[str], set[str]]]:
    """What is missing and what is new, for each kind of thing of which something is."""
    return {
        kind: (set(had) - set(now[kind]), set(now[kind]) - set(had))
        for kind, had in before.items()
        if had != now[kind]
    }


def assert_up_by_itself(host: Host) -> None:
    """Assert that Docker came up with the host, or that it does not for a fault of its own, which is mended here.

    A power cut while dockerd makes its default bridge anew leaves two in its database, and it refuses to start until
    that is removed, whether anything was moved or not (moby issue 49291).
    """
    if host.is_active("docker"):
        return
    said = host.journal("docker")
    assert "networks have same bridge name" in said, f"Docker does not come up by itself:\n{said}"
    print("Docker does not come up for a fault of its own: two bridges")
    root = re.search(r'"data-root": *"(.*?)"', host.shell("cat /etc/docker/daemon.json 2>/dev/null || :"))
    host.run("rm", f"{root[1] if root else OLD + '/docker'}/network/files/local-kv.db")
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    host.systemctl("start", "docker")


def place(host: Host, case: Case) -> Literal["old", "new"]:
    """Where the data is that Docker uses, and containerd where it holds images: both at the same place.

    What is only renamed is one and the same, by either path: it cannot get mixed.
    """
    roots = [host.docker("info", "--format", "{{.DockerRootDir}}")]
    if host.variant.image_store == "containerd":
        named = re.search(
            r"^root = ['\"](.*?)['\"]", host.run("containerd", "config", "dump").stdout, re.MULTILINE
        )
        assert named
        roots.append(named[1])
    where = {root: _is_new(host, root, case) for root in roots}
    assert case.is_near or len(set(where.values())) == 1, f"mixed: {where}"
    return "new" if all(where.values()) else "old"


def _is_new(host: Host, root: str, case: Case) -> bool:
    if case.is_near:
        return host.run("readlink", "-f", root).stdout.startswith(NEAR)
    devices = host.run("stat", "--dereference", "--format=%d", root, NEW).stdout.split()
    return devices[0] == devices[1]


def entries(host: Host) -> list[dict[str, Any]]:
    """The entries of the newest run's journal, read from outside: the host is not disturbed."""
    runs = Path(f"/proc/{host.leader()}/root{OLD}/dockerd-cfg/runs")
    try:
        newest = max(runs.iterdir())
        lines = (newest / "journal.jsonl").read_bytes().split(b"\n")[:-1]
    except (ValueError, FileNotFoundError):
        return []
    return [json.loads(line) for line in lines]


def state_of(host: Host) -> str:
    """The state of the newest run as `status` tells it; "none" when there is none that is open."""
    run = answer(host, "status")["data"]["open_run"]
    return run["state"] if run else "none"


def wait_for_instant(host: Host, case: Case, running: Process) -> str:
    """Wait until the tool has come to the instant of the case, or has ended; says which entry was the last by then."""
    deadline = time.monotonic() + 90

    def is_there() -> bool:
        return any((entry["event"], entry.get("kind")) == case.at for entry in entries(host))

    while not is_there() and running.poll() is None:
        assert time.monotonic() < deadline, f"{case.at} does not come: {entries(host)[-3:]}"
        time.sleep(0.001)
    time.sleep(case.delay)
    found = entries(host)
    last = found[-1] if found else {}
    return f"{last.get('event')} {last.get('kind', '')} (run {'on' if running.poll() is None else 'ended'})"


def started(host: Host, case: Case) -> Process:
    """Start the move, or, after a whole move, its rollback."""
    wrapper = SLOWLY if case.slowly else ()
    move = ("move-storage", case.target, "--mode", case.mode, "--yes")
    if not case.undoes:
        return host.popen(*wrapper, "dockerd-cfg", *move)
    answer(host, *move)
    host.systemctl("reset-failed", "docker.service")
    return host.popen(*wrapper, "dockerd-cfg", "rollback", "--yes")


def end(host: Host, case: Case, now: Callable[[], str]) -> tuple[str, str]:
    """Resume or roll back, as the case says; return where the data was to be in the end, and what the tool said."""
    state = state_of(host)
    expected = "old" if case.then == "rollback" or state in {"reverting", "needs-attention"} else "new"
    if case.then == "resume" and state == "none":
        expected = now()
    said = host.tool(case.then, "--yes")
    assert said.returncode == 0, f"{case.then} of a run that was {state}:\n{said.stdout}{said.stderr}"
    return expected, said.stdout + said.stderr
