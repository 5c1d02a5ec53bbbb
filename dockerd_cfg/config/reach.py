"""Whether Docker, once restarted, still listens where this tool asks it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from dockerd_cfg.config.change_request import ConfigFacts
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DOCKER_SOCKET

_SOCKET: Final = "unix://"
_ACTIVATED: Final = "fd://"
_TLS: Final = "tcp://localhost:2376"


def lost_socket(facts: ConfigFacts, wanted: Mapping[str, JsonValue]) -> Iterator[Finding]:
    """Yield why a Docker restarted with the daemon.json ``wanted`` could not be proved to run: nobody could ask it."""
    flags = parse_flags(facts.arguments.now)
    hosts = wanted.get("hosts") or flags.get("hosts") or [""]
    # moby opts/hosts.go, ParseHost: no address is the usual socket, or with TLS a port
    has_tls = bool(wanted.get("tls")) or "tlsverify" in {*wanted, *flags} or "tls" in flags
    default = _TLS if has_tls else f"{_SOCKET}{DOCKER_SOCKET}"
    addresses = [str(host).strip() or default for host in hosts] if isinstance(hosts, list) else []
    if any(_leads_to_socket(facts, address) for address in addresses):
        return
    yield Finding(
        code="loses-socket",
        severity="error",
        stage="preflight",
        key="hosts",
        message=(
            f"Docker would listen on {', '.join(addresses)} alone: with nobody at {facts.socket}, "
            "neither this tool nor the docker command could reach it"
        ),
        hint=f'keep the socket in hosts, as in ["{_SOCKET}{facts.socket}", "{addresses[-1] if addresses else _TLS}"]',
    )


def _leads_to_socket(facts: ConfigFacts, address: str) -> bool:
    """Whether an address is the socket that the daemon is asked on; ``fd://`` is what docker.socket listens on."""
    if address.startswith(_ACTIVATED):
        return True
    if not address.startswith(_SOCKET):
        return False
    path = address.removeprefix(_SOCKET) or str(DOCKER_SOCKET)
    return _plain(facts, path) == _plain(facts, str(facts.socket))


def _plain(facts: ConfigFacts, path: str) -> str:
    # /var/run is a link to /run wherever systemd runs
    return facts.resolve(path.removeprefix("/var") if path.startswith("/var/run/") else path)
