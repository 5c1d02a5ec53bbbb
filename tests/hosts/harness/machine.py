"""One disposable host: a root of its own over the shared layers, its disks, systemd as its first process."""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.harness import cgroups, commands, disks, inside, leftovers
from tests.hosts.harness.inside import Process
from tests.hosts.harness.network import BRIDGE, Network
from tests.hosts.harness.recipe import Variant

DATA = "/mnt/data"
DATA_IMAGE = "/disks/data.img"
POWER_OFF = signal.SIGRTMIN + 4
REBOOT = signal.SIGRTMIN + 5
REBOOT_CODE = 133  # nspawn's, with --keep-unit, when the host asks for a reboot
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
NUMBERS = itertools.count(1)

# $1 the host's folder; $2 its lower folders; $3 the code that means reboot; its groups; --; nspawn.
# In a session of its own: Ctrl-C in the tests is not its end. In a mount namespace of its own: its mounts go with it,
# and no other host's namespace, being a copy of this machine's, can hold them. What nspawn keeps in /run goes too.
SUPERVISE = """\
set -e
cd "$1"; lower=$2; again=$3; shift 3
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -o loop root.img changes
mount -o loop lib.img lib
mount -t overlay "${PWD##*/}" -o "lowerdir=$lower,upperdir=$PWD/changes/upper,workdir=$PWD/changes/work" root
while :; do code=0; "$@" || code=$?; echo "the host ended, code $code"; [ $code = $again ] || exit $code; done
"""


class HostDownError(RuntimeError):
    """The host is not running."""


@dataclass(frozen=True, kw_only=True)
class Disks:
    """The sizes of a host's disks and what is on them."""

    root_mib: int = 256  # the changes to /, so also /etc
    lib_mib: int = 2048  # /var/lib
    data_fs: disks.FileSystem = "ext4"  # the second disk, at /mnt/data
    data_mib: int = 1024
    data_options: str = "loop"  # in /etc/fstab


class Machine:
    """A host's parts and its power switch; made off, with `start` to come."""

    def __init__(
        self,
        variant: Variant,
        layers: tuple[Path, ...],
        lib_image: Path,
        shape: Disks,
        *,
        network: Network | None = None,
    ) -> None:
        self.variant = variant
        self.name = f"dch-{os.getpid()}-{next(NUMBERS)}"
        self.folder = leftovers.hosts() / self.name
        self._layers = layers
        self._network = network
        self.address = "" if network is None else network.next_address()
        self._groups = cgroups.plan(self.name)
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._processes: list[Process] = []
        leftovers.claim(self.folder, self._groups, layers)
        try:
            self._make(lib_image, shape)
        except BaseException:
            self.destroy()
            raise

    # Power

    def start(self) -> None:
        """Switch it on; returns at once."""
        cgroups.create(self._groups)
        groups = [str(group / "cgroup.procs") for group in self._groups]
        with (self.folder / "console.log").open("ab") as console:
            self._supervisor = subprocess.Popen(
                [
                    *(self._network.entering() if self._network else ()),
                    *("unshare", "--mount", "--propagation", "private", "sh", "-c", SUPERVISE, self.name),
                    *(str(self.folder), ":".join(map(str, self._layers)), str(REBOOT_CODE)),
                    *(*groups, "--", *self._nspawn()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                # Writable /sys: a host's systemd leaves out mounts of devices without it, as no real host does.
                env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "yes"},
            )

    def wait_until_up(self, timeout: float = 60) -> None:
        """Wait until systemd has started what belongs to a running host; docker too, unless it fails."""
        self.wait_for(self._is_up, timeout, "host is not up")

    @property
    def lower_folders(self) -> tuple[Path, ...]:
        """The shared folders that its root is stacked on, the uppermost first."""
        return self._layers

    def is_running(self) -> bool:
        """Whether the host is on."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def reboot(self, timeout: float = 120) -> None:
        """Reboot it from inside and wait until it is up again."""
        before = self.leader()
        os.kill(before, REBOOT)
        self.wait_for(lambda: self._leader() not in {None, before}, timeout, "host does not reboot")
        self.wait_until_up(timeout)

    def power_off(self, timeout: float = 120) -> None:
        """Shut it down cleanly and wait for the end."""
        os.kill(self.leader(), POWER_OFF)
        self.wait_for(lambda: not self.is_running(), timeout, "host does not shut down")
        self._ended()

    def power_cut(self, *, losing: bool = True) -> None:
        """Take its power away: everything ends at once, and what no disk has yet is lost.

        With ``losing`` off it is not: the disks still get all that was written, as if they had been quick.
        """
        with contextlib.ExitStack() as opened:
            # All that takes time comes first. What is in the middle of a sync cannot be frozen before that has come to
            # its end; so nobody waits for it: the sync fails, and who asked for it is frozen before learning of that.
            folders = self._file_systems(self.leader()) if losing else []
            file_systems = [opened.enter_context(disks.opened(folder)) for folder in folders]
            cgroups.set_frozen(self._groups, frozen=True, patience=0)
            for file_system in file_systems:
                disks.cut_off(file_system)
        cgroups.kill(self._groups)
        self._ended()

    def freeze(self) -> None:
        """Let it hang: nothing in it runs, commands neither."""
        cgroups.set_frozen(self._groups, frozen=True)

    def thaw(self) -> None:
        """Let it run again."""
        cgroups.set_frozen(self._groups, frozen=False)

    def destroy(self) -> None:
        """End it, in whatever state, and leave nothing of it."""
        for process in self._processes:
            cgroups.set_frozen(self._groups, frozen=False)
            process.close()
        if self.folder.exists():
            leftovers.end(self.folder)
        self._reap()

    # Seen from outside

    def entering(self, *argv: str, terminal: str = "dumb") -> list[str]:
        """The command line that runs a command in the host, for callers that run it themselves."""
        return inside.entering(self.leader(), self._groups, argv, terminal=terminal)

    # Files

    def wait_for(
        self, predicate: Callable[[], object], timeout: float = 30, what: str = "never true"
    ) -> None:
        """Wait until the predicate is true; a command that fails in it counts as not yet."""
        deadline = time.monotonic() + timeout
        while True:
            with contextlib.suppress(commands.CommandError, HostDownError):
                if predicate():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: {what} after {timeout:g} s\n{self.console()[-2000:]}")
            time.sleep(0.03)

    def leader(self) -> int:
        """The host's first process, as numbered outside."""
        leader = self._leader()
        if leader is None:
            raise HostDownError(f"{self.name} is down\n{self.console()[-2000:]}")
        return leader

    def console(self) -> str:
        """What appeared on its console."""
        path = self.folder / "console.log"
        return COLOUR.sub("", path.read_text(errors="replace")) if path.exists() else ""

    def memory_bytes(self) -> int:
        """What the host holds at present, page cache included."""
        return cgroups.memory_bytes(self._groups)

    # Parts

    def _make(self, lib_image: Path, shape: Disks) -> None:
        for name in ("root", "changes", "lib", "disks"):
            (self.folder / name).mkdir()
        upper = self.folder / "content"
        (upper / "upper/etc/docker").mkdir(parents=True)
        (upper / "work").mkdir()
        etc = upper / "upper/etc"
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        # /var/lib is mounted before systemd looks; its line is there for whoever asks what a reboot would mount.
        (etc / "fstab").write_text(
            f"/disks/lib.img /var/lib ext4 loop 0 0\n"
            f"{DATA_IMAGE} {DATA} {shape.data_fs} {shape.data_options} 0 0\n"
        )
        if self.variant.daemon_json is not None:
            (etc / "docker/daemon.json").write_text(self.variant.daemon_json)
        if self._network is not None:
            self._network.furnish(upper / "upper", self.address)
        disks.make(self.folder / "root.img", shape.root_mib, content=upper)
        disks.copy(lib_image, self.lib_image, shape.lib_mib)
        disks.make(self.folder / "disks/data.img", shape.data_mib, shape.data_fs)

    @property
    def lib_image(self) -> Path:
        """The image of /var/lib; whole only while the host is off."""
        return self.folder / "lib.img"

    def _nspawn(self) -> list[str]:
        network = "--private-network" if self._network is None else f"--network-bridge={BRIDGE}"
        return [
            *("systemd-nspawn", "-q", f"--directory={self.folder}/root", f"--machine={self.name}", "--boot"),
            *("--register=no", "--keep-unit", "--capability=all", "--link-journal=no"),
            *("--system-call-filter=@keyring bpf", "--resolv-conf=off", "--timezone=off", network),
            *(f"--bind={self.folder}/lib:/var/lib", f"--bind={self.folder}/disks:/disks"),
        ]

    def _leader(self) -> int | None:
        if not self.is_running() or self._supervisor is None:
            return None
        nspawn = [pid for pid, _ in inside.children(self._supervisor.pid)]
        leaders = [pid for parent in nspawn for pid, name in inside.children(parent) if name == "systemd"]
        return leaders[0] if leaders else None

    def _is_up(self) -> bool:
        if not self.is_running():
            raise TimeoutError(f"{self.name} went down\n{self.console()[-2000:]}")
        argv = self.entering("systemctl", "is-active", "multi-user.target")
        return commands.run(argv, timeout=10, check=False).returncode == 0

    def _file_systems(self, leader: int) -> list[Path]:
        """Every file system that the host has on a loop device, through paths that work here."""
        namespaces = [(leader, Path("/"))]
        if self._supervisor is not None:
            namespaces.append((self._supervisor.pid, self.folder))
        found = []
        for pid, below in namespaces:
            for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
                fields = line.split()
                on_loop = fields[fields.index("-") + 2].startswith("/dev/loop")
                if on_loop and fields[3] == "/" and Path(fields[4]).is_relative_to(below):
                    found.append(Path(f"/proc/{pid}/root{fields[4]}"))
        return found

    def _ended(self) -> None:
        self._reap()
        disks.release(self.folder.rglob("*.img"))
        cgroups.remove(self._groups)

    def _reap(self) -> None:
        if self._supervisor is not None:
            self._supervisor.wait(10)
            self._supervisor = None
