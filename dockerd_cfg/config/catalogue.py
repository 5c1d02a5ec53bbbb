"""The catalogue of daemon.json's options: what the hand-written schema says about each of them.

The one source is ``daemon.schema.json``; its ``$comment`` explains the annotations. Whether a whole file is right
is not decided here (see `check`).
"""

import json
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from dockerd_cfg.config.check_grammar import closest
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.tree import JsonValue

JsonType = Literal["any", "array", "boolean", "integer", "object", "string"]
Need = Literal["none", "reload", "restart"]

_SCHEMA: Final = "daemon.schema.json"


class UnknownOptionError(LookupError):
    """No version of Docker has the option; ``hint`` is the name that was most likely meant, or None."""

    def __init__(self, key: str, hint: str | None) -> None:
        super().__init__(f"Docker has no option {key}")
        self.key = key
        self.hint = hint


class Option(NamedTuple):
    """One option, or one member of an option that is an object.

    ``since`` is the first version that has it (None: every supported one), ``until`` the first without it;
    ``refused_since`` and ``unknown_since`` say from when a value of it, or its very name, is an error. ``no_effect``
    says why it does nothing, ``instead`` what to do; ``flag`` is its flag's long name, None if it has none.
    ``is_flat`` is moby's flatOptions, ``is_decoded`` whether dockerd looks at the type of its value.
    """

    key: str
    type: JsonType
    description: str
    default: JsonValue
    examples: tuple[JsonValue, ...]
    since: DockerVersion | None
    until: DockerVersion | None
    refused_since: DockerVersion | None
    unknown_since: DockerVersion | None
    removed: str | None
    instead: str | None
    no_effect: str | None
    conflicts: tuple[str, ...]
    flag: str | None
    is_flat: bool
    is_decoded: bool
    schema: Mapping[str, JsonValue]

    def is_known_in(self, version: DockerVersion) -> bool:
        """Whether Docker ``version`` accepts the name, with or without effect."""
        return (self.since is None or version >= self.since) and (
            self.unknown_since is None or version < self.unknown_since
        )

    def works_in(self, version: DockerVersion) -> bool:
        """Whether the option has an effect in Docker ``version``."""
        return (
            self.no_effect is None
            and self.is_known_in(version)
            and (self.until is None or version < self.until)
        )


@cache
def schema() -> Mapping[str, JsonValue]:
    """Return the JSON Schema (2020-12) of daemon.json, read once: shipped inside the package or beside it."""
    data = json.loads(_schema_text())
    if not isinstance(data, dict):
        raise TypeError(f"{_SCHEMA} is no object")
    return data


def _schema_text() -> str:
    """Return the schema: shipped inside the package, beside it in a checkout, or in a zip file."""
    place = __file__.rsplit("/", 2)[
        0
    ]  # as it is: a zip file knows itself by the name that it was started by, which may be a link
    package = Path(place).resolve()
    for path in (package / "_schemas" / _SCHEMA, package.parent / "schemas" / _SCHEMA):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    loader: Any = sys.modules[__name__].__loader__  # importlib.resources would bring zipfile
    data: bytes = loader.get_data(f"{place}/_schemas/{_SCHEMA}")
    return data.decode()


@cache
def options() -> Mapping[str, Option]:
    """Return every name that any supported dockerd accepts at the top of daemon.json, removed ones too."""
    return {key: _option(key, node) for key, node in _objects(schema()["properties"]).items()}


def find_option(key: str) -> Option | None:
    """Return the option ``key``, which may be dotted (``builder.gc.enabled``, ``log-opts.max-size``), or None."""
    path = split_key(key)
    found = options().get(path[0])
    for name in path[1:]:
        node = _member(found.schema, name) if found else None
        found = _option(key, node) if node is not None else None
    return found


def option(key: str) -> Option:
    """Return the option ``key``, which may be dotted. Raises UnknownOptionError."""
    found = find_option(key)
    if found is None:
        raise UnknownOptionError(key, suggest(key))
    return found


def suggest(key: str) -> str | None:
    """Return the option of daemon.json that ``key`` was most likely meant to be, or None."""
    first = key.partition(".")[0]
    working = {
        name for name, known in options().items() if known.no_effect is None and known.unknown_since is None
    }
    if first not in options():
        return closest(first, working)
    path = split_key(key)
    node = options()[first].schema
    for place, name in enumerate(path[1:], start=1):
        known = _objects(node.get("properties", {}))
        near = None if name in known else closest(name, known)
        if near:
            return ".".join((*path[:place], near))
        node = _member(node, name) or {}
    return None


def split_key(key: str) -> tuple[str, ...]:
    """Return the path that the dotted ``key`` means: a map's own keys may hold dots themselves.

    ``log-opts.max-size`` has two steps; ``default-network-opts.bridge.com.docker.network.driver.mtu`` has three.
    """
    steps: list[str] = []
    rest = key
    node: Mapping[str, JsonValue] = schema()
    while rest:
        if _holds_scalars(node):
            return (*steps, rest)
        name, rest = _next_name(node, rest)
        steps.append(name)
        node = _member(node, name) or {}
    path = tuple(steps) or (key,)
    return path if ".".join(path) == key else (*path, "")  # nothing stands behind the last dot


def _next_name(node: Mapping[str, JsonValue], rest: str) -> tuple[str, str]:
    """Return the first name of ``rest`` and what follows it; in a map of objects it may hold dots.

    There it ends where a member of such an object begins: ``kata.v2.path`` is the member path of kata.v2. So does one
    in other letters, as Go reads it: it is told of then, not taken for a part of the name.
    """
    name, _, after = rest.partition(".")
    anything = node.get("additionalProperties")
    if name in _objects(node.get("properties", {})) or not isinstance(anything, Mapping):
        return name, after
    known = {member.lower() for member in _objects(anything.get("properties", {}))}
    words = rest.split(".")
    for place in range(1, len(words)):
        if words[place].lower() in known:
            return ".".join(words[:place]), ".".join(words[place:])
    return (name, after) if "additionalProperties" in anything else (rest, "")


def needs(changed_keys: Iterable[str], *, removed: Collection[str] = ()) -> Need:
    """Return what makes dockerd use a daemon.json whose ``changed_keys`` (dotted or not) have changed.

    ``removed`` are those of them that are no longer in the file: a reload reverts only few (moby
    daemon/reload.go, tags v20.10.24 to docker-v29.7.2). Names that dockerd does not know need a restart.
    """
    need: Need = "none"
    for key in changed_keys:
        top = options().get(split_key(key)[0])
        changed = find_option(key) if top else None
        if changed is not None and top is not None and (changed.no_effect or top.no_effect):
            continue
        is_live = top is not None and _is_live(top, changed or top, is_removed=key in removed)
        if not is_live:
            return "restart"
        need = "reload"
    return need


def _is_live(top: Option, changed: Option, *, is_removed: bool) -> bool:
    wanted = "x-live-removable" if is_removed else "x-live-reloadable"
    declared = changed.schema.get(wanted, top.schema.get(wanted, False))
    return declared is True


def _option(key: str, node: Mapping[str, JsonValue]) -> Option:
    examples = node.get("examples", [])
    flag = node.get("x-flag", key if "." not in key else None)
    return Option(
        key=key,
        type=type_of(node),
        description=str(node.get("description", "")),
        default=node.get("default"),
        examples=tuple(examples) if isinstance(examples, list) else (),
        since=_version(node, "x-since"),
        until=_version(node, "x-until"),
        refused_since=_version(node, "x-refused-since"),
        unknown_since=_version(node, "x-unknown-since"),
        removed=_text(node, "x-removed"),
        instead=_text(node, "x-instead"),
        no_effect=_text(node, "x-no-effect"),
        conflicts=_names(node, "x-conflicts"),
        flag=flag if isinstance(flag, str) else None,
        is_flat=node.get("x-flat") is True,
        is_decoded=node.get("x-undecoded") is not True,
        schema=node,
    )


def type_of(node: Mapping[str, JsonValue]) -> JsonType:
    """Return the JSON type that the schema's ``node`` asks for."""
    match node.get("type"):
        case "array" | "boolean" | "integer" | "object" | "string" as known:
            return known
        case _:
            return "any"


def _version(node: Mapping[str, JsonValue], name: str) -> DockerVersion | None:
    text = node.get(name)
    return DockerVersion.parse(text) if isinstance(text, str) else None


def _text(node: Mapping[str, JsonValue], name: str) -> str | None:
    text = node.get(name)
    return text if isinstance(text, str) else None


def _names(node: Mapping[str, JsonValue], name: str) -> tuple[str, ...]:
    names = node.get(name, [])
    return tuple(str(one) for one in names) if isinstance(names, list) else ()


def _objects(value: JsonValue) -> dict[str, Mapping[str, JsonValue]]:
    return (
        {key: node for key, node in value.items() if isinstance(node, Mapping)}
        if isinstance(value, Mapping)
        else {}
    )


def _member(node: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue] | None:
    known = _objects(node.get("properties", {})).get(name)
    if known is not None:
        return known
    anything = node.get("additionalProperties")
    return anything if isinstance(anything, Mapping) else None


def _holds_scalars(node: Mapping[str, JsonValue]) -> bool:
    anything = node.get("additionalProperties")
    return isinstance(anything, Mapping) and type_of(anything) not in {"object", "array"}
