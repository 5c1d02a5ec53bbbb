"""URLs as Go reads them: what net/url's Parse takes, which is neither RFC 3986 nor what Python takes.

Source: ``src/net/url/url.go`` of Go 1.19; that what stands in brackets must be an IPv6 address came with Go 1.24.8, with
which Docker is built since 28.5.1.
"""

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from dockerd_cfg.config.check_version import DockerVersion

_STRICT_BRACKETS: Final = DockerVersion(28, 5, 1)

_CONTROL: Final = "[\x00-\x1f\x7f]"
_SCHEME: Final = "([A-Za-z][A-Za-z0-9+.-]*):"
_USER: Final = r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*"
_PORT: Final = "(?::[0-9]*)?"
_PERCENT: Final = "(?s)%(.{0,2})"
_HEX: Final = "[0-9A-Fa-f]{2}"
# All that a host may hold as it is: told by the ASCII it may not, as a class beyond ASCII takes 2 ms to compile.
_IN_HOST: Final = r"[^\x00-\x20#%/?@\\^`{|}\x7f]*"
_ZONE: Final = "%25"
_FIRST_BEYOND_ASCII: Final = 0x80


class GoUrl(NamedTuple):
    """The parts of a URL; ``user`` and ``opaque`` (what follows ``mailto:``) are None where there is none."""

    scheme: str
    user: str | None
    host: str
    path: str
    query: str
    fragment: str
    opaque: str | None = None

    @property
    def address(self) -> tuple[str, str]:
        """The host without brackets, and the port without colon; each may be empty. As Hostname() and Port()."""
        name, colon, port = self.host.rpartition(":")
        if not colon or re.fullmatch(_PORT, f":{port}") is None:
            name, port = self.host, ""
        is_bracketed = name.startswith("[") and name.endswith("]")
        return name[1:-1] if is_bracketed else name, port


def parse_go_url(text: str, version: DockerVersion) -> GoUrl | None:
    """Return the parts of ``text`` as the Go that Docker ``version`` is built with reads them, None if it refuses."""
    rest, _, fragment = text.partition("#")
    if re.search(_CONTROL, rest) or not _is_escaped(fragment):
        return None
    scheme = ""
    match = re.match(_SCHEME, rest)
    if match:
        scheme, rest = match[1].lower(), rest[match.end() :]
    elif rest.startswith(":"):
        return None
    rest, _, query = rest.partition("?")
    if not rest.startswith("/") and scheme:
        return GoUrl(scheme, None, "", "", query, fragment, opaque=rest)
    if not rest.startswith("/") and ":" in rest.partition("/")[0]:
        return None
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        name, at, host = authority.rpartition("@")
        user = name if at else None
        if re.fullmatch(_USER, name) is None or not _is_escaped(name) or not _is_host(host, version):
            return None
    return GoUrl(scheme, user, unquote(host), rest, query, fragment) if _is_escaped(rest) else None


def _is_host(host: str, version: DockerVersion) -> bool:
    is_strict = version >= _STRICT_BRACKETS
    start = host.rfind("[") if is_strict else 0 if host.startswith("[") else -1
    end = host.rfind("]")
    if start < 0:
        colon = host.rfind(":")
        return (colon < 0 or re.fullmatch(_PORT, host[colon:]) is not None) and _is_host_text(host)
    name, zone, of = host[start + 1 : end].partition(_ZONE)
    return (
        end > start
        and re.fullmatch(_PORT, host[end + 1 :]) is not None
        and _is_host_text(name)
        and _is_zone_text(of)
        and (not is_strict or _is_ipv6(unquote(name) + ("%" + unquote(of) if zone else "")))
    )


def _is_host_text(text: str) -> bool:
    """Escapes in a host are for what is beyond ASCII."""
    escaped = re.findall(_PERCENT, text)
    return (
        _is_escaped(text)
        and all(int(digits, 16) >= _FIRST_BEYOND_ASCII or digits == _ZONE[1:] for digits in escaped)
        and re.fullmatch(_IN_HOST, re.sub(_PERCENT, "", text)) is not None
    )


def _is_zone_text(text: str) -> bool:
    """Escapes in a zone may be of a blank and of what needs none as well."""
    escaped = [int(digits, 16) for digits in re.findall(_PERCENT, text)] if _is_escaped(text) else [-1]
    return (
        all(code >= 0 and (chr(code) in "% " or re.fullmatch(_IN_HOST, chr(code))) for code in escaped)
        and re.fullmatch(_IN_HOST, re.sub(_PERCENT, "", text)) is not None
    )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_escaped(text: str) -> bool:
    return all(re.fullmatch(_HEX, digits) for digits in re.findall(_PERCENT, text))
