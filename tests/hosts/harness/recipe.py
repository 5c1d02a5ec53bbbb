"""What a host consists of: packages, versions, files. Pure data: changing this file rebuilds every base."""

from dataclasses import dataclass
from typing import Literal

SUITE = "bookworm"
PYTHON = "3.11"  # that suite's python3: the wheels are chosen for it

PACKAGES = (
    "acl",
    "attr",
    "busybox-static",
    "ca-certificates",
    "dbus",
    "docker.io",
    "e2fsprogs",
    "fdisk",
    "iproute2",
    "iptables",
    "openssh-server",
    "procps",
    "psmisc",
    "python3",
    "python3-apt",
    "python3-venv",
    "rsync",
    "strace",
    "systemd-sysv",
    "udev",
    "xfsprogs",
)
EXCLUDED_PATHS = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


@dataclass(frozen=True)
class Release:
    """One Docker release: the version expected, and the suite whose packages carry it."""

    version: str
    suite: str
    packages: tuple[str, ...] = ("docker.io", "docker-cli", "containerd")


# A suite moves on: the build then fails and names what it found. Bump the version here, and look at what the tests say.
DOCKER20 = Release("20.10.24", SUITE)
DOCKER26 = Release("26.1.5", "trixie")
DOCKER28 = Release("28.5.2", "sid")


@dataclass(frozen=True)
class Variant:
    """A kind of host that tests run on: a Docker release and where it keeps images."""

    name: str
    docker: Release
    image_store: Literal["overlay2", "containerd"] = "overlay2"

    @property
    def daemon_json(self) -> str | None:
        """What /etc/docker/daemon.json holds at first; nothing, as Debian ships it, where the default will do."""
        if self.image_store == "containerd":
            return '{\n  "features": {\n    "containerd-snapshotter": true\n  }\n}\n'
        return None

    @property
    def storage_driver(self) -> str:
        """The name of the driver that `docker info` must show."""
        return "overlayfs" if self.image_store == "containerd" else "overlay2"


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("docker20", DOCKER20),
        Variant("docker26", DOCKER26),
        Variant("docker28", DOCKER28),
        Variant("docker28-containerd", DOCKER28, "containerd"),
    )
}

LOOP_NODES = 64
UNITS = "etc/systemd/system"

# nspawn mounts the cgroup hierarchies read-only. Remounting them is a unit's work, not a command's from outside:
# a container with restart=always must come back after a reboot that nobody watches.
CGROUPS_WRITABLE = """\
[Unit]
Description=make the cgroup hierarchies writable
DefaultDependencies=no
Before=basic.target containerd.service docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mount -o remount,rw /sys/fs/cgroup; for m in /sys/fs/cgroup/*; do [ -h $m ] || mount -o remount,rw,bind $m; done; :'
"""

# PID 1 ignores udev when /dev is no devtmpfs and udevd was not there before it: mounts by label would wait for ever.
UDEV_HEARD = """\
[Unit]
Description=make PID 1 listen to udev
DefaultDependencies=no
ConditionPathIsReadWrite=/sys
After=systemd-udevd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=systemctl --no-block daemon-reexec
"""

# The nodes that `mount -o loop` needs: a container's /dev has none.
LOOP_DEVICES = "c /dev/loop-control 0660 root disk - 10:237\n" + "".join(
    f"b /dev/loop{number} 0660 root disk - 7:{number}\n" for number in range(LOOP_NODES)
)

FILES = {
    f"{UNITS}/cgroups-writable.service": CGROUPS_WRITABLE,
    f"{UNITS}/udev-heard.service": UDEV_HEARD,
    "etc/tmpfiles.d/loop-devices.conf": LOOP_DEVICES,
    "etc/machine-id": "",
    # With a name server dockerd would ask it for the registry; without one it fails at once.
    "etc/resolv.conf": "",
}
ENABLED = ("cgroups-writable.service", "udev-heard.service")
# systemd-sysctl would write to the kernel that every host and this machine share.
MASKED = ("console-getty.service", "systemd-sysctl.service")
REMOVED = (
    "etc/resolv.conf",
    "var/lib/dbus/machine-id",
    "etc/apt/apt.conf.d/99mmdebstrap",
    f"{UNITS}/timers.target.wants",
    f"{UNITS}/getty.target.wants",
    f"{UNITS}/sysinit.target.wants/systemd-pstore.service",
    f"{UNITS}/multi-user.target.wants/e2scrub_reap.service",
    f"{UNITS}/multi-user.target.wants/ssh.service",
    f"{UNITS}/sshd.service",
)
EMPTIED = ("var/lib/apt/lists", "var/cache/apt", "var/cache/debconf", "var/log")
FOLDERS = ("mnt/data", "disks", "etc/docker", f"{UNITS}/sysinit.target.wants")
