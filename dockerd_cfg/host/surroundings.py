"""What a daemon.json depends on beside Docker itself: what is installed, and what the kernel has and grants."""

import errno
import os
import re
import stat
from collections.abc import Callable
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple

from dockerd_cfg.host.mounts import mount_of, parse_mountinfo
from dockerd_cfg.paths import HostPath, Layout

# Where systemd lets services look for programs (systemd.exec(5), PATH).
_FOLDERS: Final = tuple(
    map(HostPath, ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
)
_MOST_OPEN_FILES: Final = HostPath("/proc/sys/fs/nr_open")
_CGROUPS: Final = HostPath("/sys/fs/cgroup")
_REALTIME: Final = _CGROUPS / "cpu/cpu.rt_runtime_us"
_INTERFACES: Final = HostPath("/sys/class/net")
_MOUNTS: Final = HostPath("/proc/self/mountinfo")
# The kernel's own addresses (proc(5)), and whether programs may listen on others (ip(7)).
_ADDRESSES_4: Final = HostPath("/proc/net/fib_trie")
_ADDRESSES_6: Final = HostPath("/proc/net/if_inet6")
_LOCAL_4: Final = r"\|-- (\S+)((?:\n +/\d+ .*)+)"
_LOCAL_PREFIX: Final = r"/(\d+) host LOCAL"
_ANY_4: Final = HostPath("/proc/sys/net/ipv4/ip_nonlocal_bind")
_ANY_6: Final = HostPath("/proc/sys/net/ipv6/ip_nonlocal_bind")
# Where a plugin tells where it listens, and of which kind the file is (moby pkg/plugins/discovery.go).
_PLUGIN_FILES: Final = (
    ("/run/docker/plugins", ".sock"),
    *(
        (folder, ext)
        for folder in ("/etc/docker/plugins", "/usr/lib/docker/plugins")
        for ext in (".spec", ".json")
    ),
)
_MANAGED_PLUGIN: Final = "[0-9a-f]{64}"


def _assumed(*_: str) -> bool:
    return True


def _unknown(_: str) -> None:
    return None


class Surroundings(NamedTuple):
    """Facts of one host.

    ``has_program`` tells whether the path, or the name where services look, is a program; ``has_file`` whether the
    path is a file; ``has_plugin`` whether a plugin of the name is there, or could be one that Docker manages in the
    data root, the second argument; ``has_address`` whether programs can listen on the IP address. What cannot be judged
    is assumed. ``filesystem`` names the kind that a path is on.
    ``most_open_files`` is what fs.nr_open allows a process, None where that is not known;
    ``lacks_realtime``: its control groups cannot share out real time, as those of cgroup v2 cannot; ``most_realtime``
    is how much they have, in microseconds of each period, ``interfaces`` are those of the network, None where that
    is not known. Of a host where ``is_running`` is false, only what is installed is known.
    """

    has_program: Callable[[str], bool]
    most_open_files: int | None
    lacks_realtime: bool
    most_realtime: int | None = None
    has_file: Callable[[str], bool] = _assumed
    has_plugin: Callable[[str, str], bool] = _assumed
    has_address: Callable[[str], bool] = _assumed
    filesystem: Callable[[str], str | None] = _unknown
    interfaces: frozenset[str] | None = None
    is_running: bool = False


def surroundings(layout: Layout, *, is_running: bool = True) -> Surroundings:
    """Return what is so on the host of ``layout``; of one that does not run, only what is installed there."""
    installed = Surroundings(
        has_program=partial(_has_program, layout),
        has_file=partial(_has_file, layout),
        most_open_files=None,
        lacks_realtime=False,
    )
    if not is_running:
        return installed
    return installed._replace(
        most_open_files=_number(layout, _MOST_OPEN_FILES),
        lacks_realtime=layout.real(_CGROUPS).is_dir() and not layout.real(_REALTIME).exists(),
        most_realtime=_number(layout, _REALTIME),
        has_plugin=partial(_has_plugin, layout),
        has_address=partial(_has_address, layout),
        filesystem=partial(_filesystem, layout),
        interfaces=_names(layout, _INTERFACES, absent=None),
        is_running=True,
    )


def _has_program(layout: Layout, name: str) -> bool:
    path = HostPath(name)
    if ".." in path.parts or (not path.is_absolute() and "/" in name):
        return True
    places = [path] if path.is_absolute() else [folder / path for folder in _FOLDERS]
    return _may_be(
        lambda: any(real.is_file() and os.access(real, os.X_OK) for real in map(layout.file, places))
    )


def _has_file(layout: Layout, name: str) -> bool:
    path = HostPath(name)
    if ".." in path.parts or not path.is_absolute():
        return True
    return _may_be(lambda: layout.file(path).is_file())


def _may_be(is_so: Callable[[], bool]) -> bool:
    """Return what ``is_so`` finds in the file system; of a place where only root may look, that it may be so."""
    try:
        return is_so()
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG


def _has_plugin(layout: Layout, name: str, data_root: str) -> bool:
    place, root = HostPath(name), HostPath(data_root)
    if ".." in (*place.parts, *root.parts) or place.is_absolute() or not (name and root.is_absolute()):
        return True
    managed = _names(layout, root / "plugins", absent=frozenset())
    if managed is None or any(re.fullmatch(_MANAGED_PLUGIN, name) for name in managed):
        return True
    places = [
        HostPath(folder) / place.parent / within / f"{place.name}{ext}"
        for folder, ext in _PLUGIN_FILES
        for within in (".", place.name)
    ]
    return any(_is_plugin_file(layout, path) for path in places)


def _is_plugin_file(layout: Layout, path: HostPath) -> bool:
    try:
        mode = layout.file(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return stat.S_ISSOCK(mode) or path.suffix != ".sock"


def _has_address(layout: Layout, text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:  # a name
        return True
    address = getattr(address, "ipv4_mapped", None) or address
    is_6 = isinstance(address, IPv6Address)
    if address.is_unspecified or _number(layout, _ANY_6 if is_6 else _ANY_4) == 1:
        return True
    try:
        if is_6:
            lines = layout.real(_ADDRESSES_6).read_text(encoding="ascii").splitlines()
            return address.packed.hex() in {line.partition(" ")[0] for line in lines}
        found = re.findall(_LOCAL_4, layout.real(_ADDRESSES_4).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return True
    own = [f"{start}/{length}" for start, kinds in found for length in re.findall(_LOCAL_PREFIX, kinds)]
    return any(address in ip_network(one, strict=False) for one in own)


def _filesystem(layout: Layout, name: str) -> str | None:
    path = HostPath(name)
    if ".." in path.parts or not path.is_absolute():
        return None
    try:
        mounts = parse_mountinfo(layout.real(_MOUNTS).read_text(encoding="utf-8", errors="surrogateescape"))
        mount = mount_of(layout.resolve(path), mounts)
    except (OSError, ValueError):
        return None
    return mount.fstype if mount else None


def _names(layout: Layout, folder: HostPath, *, absent: frozenset[str] | None) -> frozenset[str] | None:
    try:
        return frozenset(entry.name for entry in layout.file(folder).iterdir())
    except FileNotFoundError:
        return absent
    except (OSError, ValueError):
        return None


def _number(layout: Layout, path: HostPath) -> int | None:
    try:
        return int(layout.real(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
