"""Which value of each option is in use, and why: what the daemon tells, its flags, daemon.json, the default. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from dockerd_cfg.config.catalogue import Option, find_option, options
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.effect import is_in_use, shown
from dockerd_cfg.config.unknown_objects import is_accepted, what_becomes_of, with_switches
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value

Source = Literal["flag", "file", "default", "daemon", "nothing"]


@dataclass(frozen=True, slots=True)
class Effective:
    """One option: the value in use and where it comes from.

    ``source`` is ``flag``, ``file`` (daemon.json), ``default``, ``daemon`` where only the daemon knows why, or
    ``nothing`` where it has no effect; ``origin`` the file meant. ``note`` says why what daemon.json sets is not what is
    used, and what to do; empty when all is well.
    """

    key: str
    value: JsonValue
    source: Source
    origin: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that decides: daemon.json (path and value), the daemon's flags and the file that writes each, what it tells.

    ``coming`` are the flags of the next start, None where they are the same. ``reported`` is empty when the daemon is
    down. ``unused`` are options of daemon.json (their first
    names) that the daemon, as far as is known, has not taken over yet. ``may_restart``: nothing in daemon.json speaks
    against restarting it.
    """

    path: str
    file: Mapping[str, JsonValue]
    flags: Mapping[str, Sequence[str]]
    origins: Mapping[str, str] = field(default_factory=dict)
    coming: Mapping[str, Sequence[str]] | None = None
    reported: Mapping[str, JsonValue] = field(default_factory=dict)
    version: DockerVersion | None = None
    unused: Collection[str] = ()
    may_restart: bool = True


def effective_options(sources: Sources) -> list[Effective]:
    """Return every option that the daemon has or daemon.json names, by name; the proxies one by one."""
    found = []
    sources = replace(sources, file=with_switches(sources.file, sources.version))
    for key in sorted(options().keys() | sources.file.keys()):
        option = find_option(key)
        if option is None:
            found.append(_unknown(key, sources))
        elif _works(option, sources.version):
            found += [
                _with_next_start(_effective(one, member, sources), member, sources)
                for one, member in _parts(key, option)
            ]
        elif key in sources.file:
            note = option.no_effect or option.removed or f"not in Docker {sources.version}"
            found.append(Effective(key, sources.file[key], "nothing", sources.path, note))
    return found


def _unknown(key: str, sources: Sources) -> Effective:
    value = sources.file[key]
    note = "Docker has no such option and refuses the file"
    if isinstance(value, dict) and is_accepted(value, sources.version):
        note = what_becomes_of(key, value)
    return Effective(key, value, "nothing", sources.path, note)


def _works(option: Option, version: DockerVersion | None) -> bool:
    return option.no_effect is None and option.until is None if version is None else option.works_in(version)


def _parts(key: str, option: Option) -> Iterator[tuple[str, Option]]:
    """Yield what the daemon tells of separately: the proxies, and everything else whole."""
    if key != "proxies":
        yield key, option
        return
    for name in ("http-proxy", "https-proxy", "no-proxy"):
        member = find_option(f"proxies.{name}")
        if member is not None:
            yield f"proxies.{name}", member


def _effective(key: str, option: Option, sources: Sources) -> Effective:
    wanted, source, origin = _configured(key, option, sources)
    in_file = _in_file(key, sources.file)
    agrees = None if wanted is None else is_in_use(key, wanted, sources.reported)
    told = sources.reported.get(key)
    if agrees is False and source == "file":
        way = "restart it" if sources.may_restart else "do not restart it; why: dockerd-cfg status"
        note = f"daemon.json says {shown(wanted)}: Docker has not taken that over; {way}"
        return Effective(key, told, "daemon", "", note)
    if agrees is False or (source == "default" and agrees is None and told):
        return Effective(key, told, "daemon")
    note = ""
    if in_file is not None and source == "default":
        note = f"daemon.json says {shown(in_file)}, which counts as not set"
    elif source == "file" and agrees is None and sources.reported and key.partition(".")[0] in sources.unused:
        note = "daemon.json was written after Docker read it: this may not be in use before a restart"
    elif source == "flag" and in_file is not None:
        note = "daemon.json sets it too: Docker will refuse to start"
    return Effective(key, wanted, source, origin, note)


def _configured(key: str, option: Option, sources: Sources) -> tuple[JsonValue, Source, str]:
    """Return the value that flags, daemon.json and defaults give ``key``, and which of them did."""
    flag = _flag(key)
    if flag in sources.flags:
        return _flag_value(option, sources.flags[flag]), "flag", sources.origins.get(flag, "")
    value = _in_file(key, sources.file)
    if value is not None and (isinstance(value, bool) or value not in ("", 0)):
        return value, "file", sources.path
    return option.default, "default", ""


def _with_next_start(row: Effective, option: Option, sources: Sources) -> Effective:
    """Return ``row`` with a note where Docker's next start has another flag for it than this one."""
    flag = _flag(row.key)
    if sources.coming is None or sources.coming.get(flag) == sources.flags.get(flag):
        return row
    if flag not in sources.coming:
        note = "Docker's next start is without the flag"
    else:
        value = shown(masked_value(row.key.rpartition(".")[2], _flag_value(option, sources.coming[flag])))
        note = f"Docker's next start has a flag that says {value}"
        if _in_file(row.key, sources.file) is not None:
            note += ", and will be refused: daemon.json sets it too"
    return replace(row, note=f"{row.note}; {note}" if row.note else note)


def _flag(key: str) -> str:
    return key.rpartition(".")[2] if key.startswith("proxies.") else key


def _in_file(key: str, file: Mapping[str, JsonValue]) -> JsonValue:
    top, _, rest = key.partition(".")
    value = file.get(top)
    if not rest:
        return value
    return value.get(rest) if isinstance(value, dict) else None


def _flag_value(option: Option, words: Sequence[str]) -> JsonValue:
    match option.type:
        case "boolean":
            return words[-1:] in (["true"], ["1"], ["t"], ["T"], ["TRUE"], ["True"])
        case "array":
            return list(words)
        case "object":
            return dict(word.partition("=")[::2] for word in words)
        case "integer":
            return int(words[-1]) if words and words[-1].lstrip("-").isdecimal() else None
        case _:
            return words[-1] if words else None
