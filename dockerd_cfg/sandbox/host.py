"""A whole sandbox as a host, for the tool to work on."""

from pathlib import Path
from typing import Final

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import LinuxFilesystems, Mount, Usage
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.runner import Runner
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import populate

_SECOND_DISK: Final = HostPath("/mnt/data")


class SandboxFilesystems:
    """Real room on the real disk; pretended is only that /mnt/data is another disk, and that it can carry overlays."""

    def __init__(self, layout: Layout, runner: Runner) -> None:
        self._layout = layout
        self._real = LinuxFilesystems(runner)

    def mounts(self) -> list[Mount]:
        """Return two mounts: the root and the second disk."""
        options = frozenset({"rw"})
        return [
            Mount(HostPath("/"), "ext4", "/dev/vda1", options, "254:1"),
            Mount(_SECOND_DISK, "ext4", "/dev/vdb1", options, "254:17"),
        ]

    def usage(self, path: Path) -> Usage:
        """Return the room on the real disk below ``path``."""
        usage = self._real.usage(path)
        is_second = self._layout.host(path).is_relative_to(_SECOND_DISK)
        return Usage(usage.device + is_second, usage.total_bytes, usage.free_bytes, usage.free_inodes)

    def try_overlay(self, folder: Path) -> str | None:
        """It can."""
        return None


class SandboxProcesses:
    """No process but the pretended daemon's."""

    def arguments(self, pid: int) -> list[str]:
        """Return dockerd's argument vector."""
        return ["/usr/bin/dockerd", "-H", "fd://"]

    def of_rootless(self) -> list[str]:
        """Return nothing: Docker runs as root here."""
        return []

    def of_docker(self) -> list[str]:
        """Return nothing: containers are pretended."""
        return []


def make_sandbox(root: Path, *, file_bytes: int = 4096, layers: int = 6, files: int = 40) -> SandboxServices:
    """Make a sandbox in the empty folder ``root``: Docker is up, two of its three containers run.

    Its data root holds ``layers`` image layers of ``files`` files of ``file_bytes`` bytes each.
    """
    root.mkdir(parents=True, exist_ok=True)
    populate(root, file_bytes=file_bytes, layers=layers, files=files)
    services = SandboxServices(Layout(root))
    services.boot(running=("web", "job"))
    return services


def sandbox_host(root: Path) -> Host:
    """Return the gateways of the sandbox in ``root``."""
    layout, runner = Layout(root), Runner()
    services = SandboxServices(layout)
    return Host(
        layout=layout,
        runner=runner,
        systemd=services,
        docker=services,
        dockerd=services,
        filesystems=SandboxFilesystems(layout, runner),
        processes=SandboxProcesses(),
        is_privileged=True,
    )
