"""Types in daemon.json, as Go's json.Unmarshal into moby's Config takes them.

null fits every type and means "not given". Names inside structures match in any case, and unknown ones are
ignored. Whole numbers must be written as such (``1.0`` is refused).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from dockerd_cfg.config.catalogue import find_option, options
from dockerd_cfg.config.check_context import Context, Path, dotted, is_decoded
from dockerd_cfg.config.check_grammar import closest
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding

Schema = Mapping[str, JsonValue]

# Members of moby's Config that the check of names refuses, so that only an object of that name gets this far.
_HIDDEN: Final[Mapping[str, Schema]] = {
    "containerd-plugin-namespace": {"type": "string"},
    "default-init": {"type": "string"},
    "resolv-conf": {"type": "string"},
    "swarm-raft-election-tick": {"type": "integer"},
    "swarm-raft-heartbeat-tick": {"type": "integer"},
}
_SIZE: Final = "[0-9]+[kKmMgG][bB]?"
_PHRASES: Final = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "an object",
    "string": "a string",
}
# Parsed by moby itself: a value that is no string gets an error of its own kind (check_values).
_LOG_OPTS: Final = ("log-opts",)
_TELLING: Final = 3  # letters; fewer end many names
_MEMBER: Final = 2  # the length of a path to a member of an option


def type_findings(context: Context) -> Iterator[Finding]:
    """Yield every value whose type dockerd refuses, and members of structures that it ignores."""
    for key, value in context.values.items():
        schema = _schema_of(key, context.version)
        if schema is not None:
            yield from _Types(context).walk((key,), value, schema)


def _schema_of(key: str, version: DockerVersion) -> Schema | None:
    decoded: dict[str, Schema] = {
        name: known.schema for name, known in options().items() if is_decoded(known, version)
    } | dict(_HIDDEN)
    return decoded.get(key) or next(
        (schema for name, schema in decoded.items() if name.lower() == key.lower()), None
    )


class _Types:
    """One walk over a value and its schema."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def walk(self, path: Path, value: JsonValue, schema: Schema) -> Iterator[Finding]:
        if value is None:
            if schema.get("x-null-refused") is True:
                yield self._wrong(path, value, schema)
            return
        expected = schema.get("type")
        if schema.get("x-also-object") is True and isinstance(value, Mapping):
            yield from self._old_filters(path, value, schema)
        elif not _fits(value, expected):
            yield self._wrong(path, value, schema)
        elif isinstance(value, list):
            items = schema.get("items")
            for index, item in enumerate(value):
                if isinstance(items, Mapping):
                    yield from self.walk((*path, index), item, items)
        elif isinstance(value, Mapping):
            yield from self._members(path, value, schema)

    def _members(self, path: Path, value: Mapping[str, JsonValue], schema: Schema) -> Iterator[Finding]:
        anything = schema.get("additionalProperties")
        named = schema.get("properties")
        known = (
            {name: node for name, node in named.items() if isinstance(node, Mapping)}
            if isinstance(named, Mapping)
            else {}
        )
        for name, member in value.items():
            here = (*path, name)
            if isinstance(anything, Mapping):
                node: JsonValue = known.get(name, anything)
            else:
                node = known.get(name) or next(
                    (node for other, node in known.items() if other.lower() == name.lower()), None
                )
            if not isinstance(node, Mapping):
                if known:
                    yield from self._unknown(here, known, is_refused=anything is False)
            elif self._is_too_new(node) and not isinstance(anything, Mapping):
                yield self.context.finding(
                    "member-too-new",
                    "ignored",
                    here,
                    f"{dotted(here)} has no effect before Docker {str(node['x-since']).removesuffix('.0')}",
                    "leave it out, or update Docker",
                )
            elif path != _LOG_OPTS:
                yield from self.walk(here, member, node)

    def _old_filters(self, path: Path, value: Mapping[str, JsonValue], schema: Schema) -> Iterator[Finding]:
        """The old form of build cache filters, {"key": {"value": true}}, is still read."""
        for inner in value.values():
            flags = inner.values() if isinstance(inner, dict) else () if inner is None else (inner,)
            if not all(isinstance(flag, bool | None) for flag in flags):
                yield self._wrong(path, dict(value), schema)

    def _is_too_new(self, node: Schema) -> bool:
        since = node.get("x-since")
        return isinstance(since, str) and self.context.version < DockerVersion.parse(since)

    def _unknown(self, path: Path, known: Mapping[str, Schema], *, is_refused: bool) -> Iterator[Finding]:
        if path[0] == "proxies" and not is_refused:
            return  # names inside proxies are checked as names
        name = str(path[-1])
        ending = (one for one in known if len(name) >= _TELLING and one.lower().endswith(name.lower()))
        guess = closest(name, known) or next(ending, None)
        hint = f"did you mean {guess}?" if guess else f"known are {', '.join(known)}"
        if is_refused:
            yield self.context.finding(
                "unknown-member",
                "parse",
                path,
                f"Docker has no option {dotted(path)}; the file is refused",
                hint,
            )
        else:
            yield self.context.finding(
                "unknown-member", "ignored", path, f"Docker has no option {dotted(path)} and ignores it", hint
            )

    def _wrong(self, path: Path, value: JsonValue, schema: Schema) -> Finding:
        expected = str(schema.get("type"))
        message = f"{dotted(path)} must be {_PHRASES.get(expected, expected)}, not {_describe(value)}"
        return self.context.finding("wrong-type", "parse", path, message, _instead(path, value, schema))


def _fits(value: JsonValue, expected: JsonValue) -> bool:
    match expected:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, Mapping)
        case _:
            return True


def _describe(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the string "{value}"'
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an array" if isinstance(value, list) else "an object"


def _instead(path: Path, value: JsonValue, schema: Schema) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    prefix = f'"{name}": ' if path and path[-1] == name else ""
    known = find_option(str(path[0]))
    if known and known.examples and _is_one_level_up(path, known.schema):
        return f'write for instance "{path[0]}": {_json(known.examples[0])}'
    example = _example(path, schema)
    match schema.get("type"), value:
        case "string", bool():
            return f'write {prefix}"{str(value).lower()}"'
        case "string", int() | float() if isinstance(example, str) and re.fullmatch(_SIZE, example):
            return f"write a text with a unit, for instance {prefix}{_json(example)}"
        case "string", int() | float():
            return f'write {prefix}"{value}"'
        case "boolean", "true" | "false":
            return f"write {prefix}{value}, without quotes"
        case "integer", str() if value.strip().lstrip("-").isdecimal():
            return f"write {prefix}{value.strip()}, without quotes"
        case "integer", float() if value.is_integer():
            return f"write {prefix}{int(value)}"
        case "array", str() if value.strip().startswith("["):
            return f"write {prefix}{value.strip()}, without quotes"
        case "array", str():
            return f'write {prefix}["{value}"]'
        case _:
            return (
                f"write for instance {prefix}{_json(example)}"
                if example is not None
                else f"write {_PHRASES.get(str(schema.get('type')), 'another value')}"
            )


def _is_one_level_up(path: Path, schema: Schema) -> bool:
    """Whether a member of the objects in an option is written beside them."""
    inner = schema.get("additionalProperties")
    members = inner.get("properties") if isinstance(inner, Mapping) else None
    return len(path) == _MEMBER and isinstance(members, Mapping) and path[1] in members


def _example(path: Path, schema: Schema) -> JsonValue:
    """An example of a value at ``path``: its own, or what the one of the option holds, None where there is neither."""
    own = schema.get("examples")
    if isinstance(own, list) and own:
        return own[0]
    known = find_option(str(path[0]))
    example = known.examples[0] if known and known.examples else None
    if len(path) == 1:
        return example
    inner: list[JsonValue] = []
    if len(path) == _MEMBER and isinstance(example, list | dict):
        inner = list(example.values()) if isinstance(example, dict) else example
    return inner[0] if inner and _fits(inner[0], schema.get("type")) else None


def _json(value: JsonValue) -> str:
    return json.dumps(value)
