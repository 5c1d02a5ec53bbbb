"""What daemon.json names and the host has not: Docker reads the file, and does not start.

Source: ``setupSeccompProfile``, ``validateAuthzPlugins`` and the storage drivers of moby's daemon, ``startMetricsServer``, ``setupDevice`` of
libnetwork's bridge driver; tags v20.10.24 to docker-v29.7.2. Of a host that is not known nothing is said.
"""

from collections.abc import Callable, Iterator
from typing import Final

from dockerd_cfg.config.check_context import Context, Path
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.go_urls import parse_go_url
from dockerd_cfg.config.sizes import SizeError, parse_size
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.surroundings import Surroundings
from dockerd_cfg.paths import DEFAULT_DATA_ROOT

_V29: Final = DockerVersion(29, 0, 0)

# Of Docker 20.10, which takes them for files, check_start tells.
_NO_FILES: Final = frozenset({"builtin", "unconfined"})
_NO_BRIDGE: Final = "none"
_OWN_BRIDGE: Final = "docker0"
# What /sys/class/net tells; longer names are second names of an interface.
_LONGEST_INTERFACE: Final = 15
_QUOTAS: Final = "xfs"
# Storage drivers that work on a file system of the same name only.
_DRIVERS_OF_FILESYSTEMS: Final = frozenset({"btrfs", "zfs"})
# Where Docker chooses overlay2 by itself.
_PLAIN_FILESYSTEMS: Final = frozenset({"ext2", "ext3", "ext4"})


def surroundings_findings(context: Context) -> Iterator[Finding]:
    """Yield what ``context`` needs of its host, where that is known, and does not find there."""
    if context.host is None:
        return
    for rule in _RULES:
        yield from rule(context, context.host)


def _profile(context: Context, host: Surroundings) -> Iterator[Finding]:
    name = context.text("seccomp-profile")
    if name and name not in _NO_FILES and not host.has_file(name):
        message = f"seccomp-profile is {name}, and there is no such file on this host"
        hint = "put it there, or leave it out: Docker has a profile of its own"
        yield context.finding("missing-file", "start", ("seccomp-profile",), message, hint)


def _plugins(context: Context, host: Surroundings) -> Iterator[Finding]:
    root = context.text("data-root") or str(DEFAULT_DATA_ROOT)
    for path, name in context.texts("authorization-plugins"):
        if host.has_plugin(name, root):
            continue
        message = f"there is no authorization plugin {name} on this host: Docker does not start, and a reload ends it"
        hint = f"start it first, so that it listens on /run/docker/plugins/{name}.sock"
        yield context.finding("missing-plugin", "start", path, message, hint)


def _bridge(context: Context, host: Surroundings) -> Iterator[Finding]:
    name = context.text("bridge")
    if (
        host.interfaces is None
        or name in {"", _NO_BRIDGE, _OWN_BRIDGE, *host.interfaces}
        or len(name) > _LONGEST_INTERFACE
        or context.switch("rootless", default=False)  # which has network interfaces of its own
    ):
        return
    message = f"bridge is {name}, and there is no such network interface on this host; Docker creates none"
    hint = f"create it first (ip link add {name} type bridge), or leave it out"
    yield context.finding("missing-interface", "start", ("bridge",), message, hint)


def _addresses(context: Context, host: Surroundings) -> Iterator[Finding]:
    if context.switch("rootless", default=False):  # which has addresses of its own
        return
    places: list[tuple[Path, str]] = [(("metrics-addr",), context.text("metrics-addr"))]
    places += [(path, text.strip()) for path, text in context.texts("hosts")]
    for path, text in places:
        scheme, separator, rest = text.partition("://")
        url = parse_go_url(f"tcp://{rest if separator else text}", context.version)
        if url is None or (separator and scheme != "tcp"):
            continue
        address = url.address[0]
        if not host.has_address(address):
            message = (
                f"{path[0]} names {address}, which is no address of this host: Docker cannot listen there"
            )
            hint = "write one of those that “ip address” shows"
            yield context.finding("missing-address", "start", path, message, hint)


def _filesystem(context: Context, host: Surroundings) -> Iterator[Finding]:
    driver = context.text("storage-driver")
    names_dataset = any(
        text.strip().lower().startswith("zfs.fsname") for _, text in context.texts("storage-opts")
    )
    if (
        driver not in _DRIVERS_OF_FILESYSTEMS
        or names_dataset
        or _uses_containerd(context)
        or context.version >= _V29
    ):
        return
    root = context.text("data-root") or str(DEFAULT_DATA_ROOT)
    filesystem = host.filesystem(root)
    if filesystem not in {None, driver}:
        message = (
            f"the storage driver {driver} needs Docker's data on {driver}, and {root} is on {filesystem}"
        )
        hint = "leave it out: Docker chooses what fits"
        yield context.finding("wrong-filesystem", "start", ("storage-driver",), message, hint)


def _uses_containerd(context: Context) -> bool:
    return context.members("features").get("containerd-snapshotter") is True


def _quotas(context: Context, host: Surroundings) -> Iterator[Finding]:
    driver = context.text("storage-driver")
    if (
        _uses_containerd(context)
        or driver not in {"", "overlay2"}
        or (context.version >= _V29 and not driver)
    ):
        return
    filesystem = host.filesystem(context.text("data-root") or str(DEFAULT_DATA_ROOT))
    if filesystem in {None, _QUOTAS} or not (driver or filesystem in _PLAIN_FILESYSTEMS):
        return
    for path, text in context.texts("storage-opts"):
        name, _, value = (part.strip() for part in text.partition("="))
        if name.lower() == "overlay2.size" and _is_some(value, context.version):
            message = f"overlay2.size needs Docker's data on xfs, and it is on {filesystem}"
            yield context.finding(
                "needs-xfs", "start", path, message, "leave it out, or move the data to an xfs with quotas"
            )


def _is_some(size: str, version: DockerVersion) -> bool:
    try:
        return parse_size(size, units="binary", version=version) > 0
    except SizeError:
        return False


_RULES: Final[tuple[Callable[[Context, Surroundings], Iterator[Finding]], ...]] = (
    _profile,
    _plugins,
    _bridge,
    _addresses,
    _filesystem,
    _quotas,
)
