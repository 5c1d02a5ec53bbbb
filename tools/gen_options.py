"""Write what is generated from the schema of daemon.json: the reference of its options, and the typed view of them.

With ``--check``, exit with 1 when a file on disk differs from what would be written.
"""

import argparse
import json
import keyword
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.config.catalogue import Need, Option, find_option, needs, options
from dockerd_cfg.config.check_version import MILESTONES, NEWEST, OLDEST, DockerVersion
from dockerd_cfg.config.log_drivers import DRIVERS, LogOption, known_options

Schema = Mapping[str, Any]

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = "docs/reference/options.md"
VIEW: Final = "dockerd_cfg/config/options.py"
LATEST: Final = f"{NEWEST.major}"

_PLACEHOLDERS: Final = {"default-network-opts": "DRIVER"}
_TYPES: Final = {"any": "anything", "boolean": "`true` or `false`", "integer": "whole number"}
_PLURALS: Final = {"boolean": "truth values", "integer": "whole numbers"}
_TEXTS: Final = {
    "address": "an IP address",
    "age": "a duration such as 48h, or seconds",
    "dns-server": "an IP address",
    "interface": "an address with its prefix length",
    "ip": "an IP address",
    "network": "a network with its prefix length",
    "path": "a path",
    "size": "a size such as 10GB",
}
_EFFECTS: Final[Mapping[tuple[Need, Need], tuple[str, str]]] = {
    ("reload", "reload"): ("reload", "a reload applies a change, and a removal too"),
    ("reload", "restart"): (
        "reload; removal: restart",
        "a reload applies a change; a removal needs a restart",
    ),
    ("restart", "restart"): ("restart", "a change needs a restart"),
}


def generated() -> dict[str, str]:
    """Return the text of each generated file, by its path from the top of the checkout."""
    return {REFERENCE: reference(), VIEW: view()}


# The reference.

_INTRODUCTION: Final = f"""\
<!-- Generated from schemas/daemon.schema.json by: make schemas -->

# Options of daemon.json

Every option of `/etc/docker/daemon.json` that Docker knows on Linux, from {OLDEST.release} to {LATEST}. Names that do nothing and options
that were removed are [at the end](#names-without-effect).

## How to read this

Dots lead into objects: `log-opts.max-size` is `{{"log-opts": {{"max-size": ...}}}}`. That is also how options are written on the command
line:

    dockerd-cfg set KEY VALUE
    dockerd-cfg set data-root /mnt/data/docker
    dockerd-cfg set live-restore true
    dockerd-cfg set log-opts.max-size 50m
    dockerd-cfg set builder.gc.enabled true
    dockerd-cfg set default-network-opts.bridge.com.docker.network.driver.mtu 1450
    dockerd-cfg set dns 192.0.2.53,192.0.2.54
    dockerd-cfg set default-address-pools '[{{"base": "10.200.0.0/16", "size": 24}}]'

Strings are written as they are, without quotes of JSON; arrays of strings as JSON or separated by commas; other arrays, and objects, as
JSON. `NAME` and `DRIVER` in a key stand for a name of your choice. `[]` stands for each element of an array, which can be set only as a
whole.

- Default: what Docker uses when the option is not there. It is left out where there is none, or where it depends on the host.
- Since: the first version of Docker that knows the option. It is left out where {OLDEST.release} knows it already. Older versions refuse a
  file with an option, but ignore a member of an object, that they do not know.
- Takes effect: by a reload (`systemctl reload docker`), which containers do not notice, or only by a restart of Docker.
- Flag: the flag of `dockerd` that says the same. Docker refuses to start when both are given, even if they are equal (`runtimes`
  excepted).
- Examples are parts of daemon.json.
"""


def reference() -> str:
    """Return the reference of all options in Markdown."""
    working = {key: known for key, known in options().items() if known.no_effect is None and not known.until}
    parts = [_INTRODUCTION, "## Summary\n", _summary(working), "## Every option\n"]
    parts += [_section(known) for known in working.values()]
    parts += [
        "## Names without effect\n",
        "Docker accepts these names, most of them flags, and ignores them.\n",
        _no_effect(),
        "## Removed options\n",
        f"They worked in {OLDEST.release} and no longer do in {LATEST}. Refused: any value but an empty one is an error. Unknown: the name is.\n",
        _removed(),
    ]
    return "\n".join(parts)


def _summary(working: Mapping[str, Option]) -> str:
    rows = [
        (
            f"[`{key}`](#{key})",
            _type(known.schema),
            _default(known.schema),
            _since(known.schema),
            _effect(key)[0],
        )
        for key, known in working.items()
    ]
    return _table(("option", "type", "default", "since", "takes effect"), rows)


def _section(known: Option) -> str:
    node = known.schema
    facts = [("Type", _exact_type(node)), ("Default", _default(node)), ("Since", _since(node))]
    facts += [("Takes effect", _effect(known.key)[1])]
    if known.conflicts:
        facts += [("Conflicts", f"not together with {_names(known.conflicts)}")]
    facts += [("Flag", f"`--{known.flag}`" if known.flag else "none")]
    facts += [("Example", f"`{_json(known.key)}: {_json(example)}`") for example in _examples(node)]
    lines = [f"### {known.key}", "", _description(node), ""]
    lines += [f"- {name}: {text}" for name, text in facts if text]
    members = _log_options(node) if known.key == "log-opts" else _members(known)
    return "\n".join(lines) + "\n" + (f"\n{members}" if members else "")


def _members(known: Option) -> str:
    rows = [
        (f"`{key}`", _exact_type(node), _default(node), _since(node), _meaning(known, key, node))
        for key, node in members(known.key, known.schema)
    ]
    return _table(("member", "type", "default", "since", "meaning"), rows) if rows else ""


def members(key: str, node: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield every described member inside the option ``key``, by its dotted key."""
    for name, member in node.get("properties", {}).items():
        yield f"{key}.{name}", member
        yield from members(f"{key}.{name}", member)
    entry, place = node.get("additionalProperties"), f"{key}.{_PLACEHOLDERS.get(key, 'NAME')}"
    if isinstance(node.get("items"), Mapping):
        entry, place = node["items"], f"{key}[]"
    if isinstance(entry, Mapping) and "description" in entry:
        yield place, entry
        yield from members(place, entry)


def _meaning(known: Option, key: str, node: Schema) -> str:
    sentences = [_description(node)]
    if "x-no-effect" in node:
        sentences += [f"No effect: {node['x-no-effect']}."]
    elif find_option(key) and _effect(key) != _effect(known.key):
        sentences += [f"{_effect(key)[1].capitalize()}."]
    if "x-conflicts" in node:
        sentences += [f"Not together with {_names(node['x-conflicts'])}."]
    sentences += [f"Example: `{_json(example)}`." for example in node.get("examples", [])]
    return " ".join(sentences)


def _log_options(node: Schema) -> str:
    rows = [
        (
            f"`log-opts.{name}`",
            _drivers(name, member),
            f"{_description(member)} Example: `{_json(member['examples'][0])}`.",
        )
        for name, member in node["properties"].items()
    ]
    note = "Drivers: which ones know the option; in brackets, since and until when. With an option that its driver does not know, Docker does not\nstart. Plugins have options of their own.\n\n"
    return note + _table(("option", "drivers", "meaning"), rows)


def _drivers(name: str, member: Schema) -> str:
    drivers = member.get("x-log-drivers")
    if drivers is None:
        first = next(one for one in reversed(MILESTONES) if name in (known_options("none", one) or ()))
        return "all" if first.release == OLDEST.release else f"all ({first.release}+)"
    return ", ".join(f"{driver}{_range(DRIVERS[driver][name])}" for driver in drivers)


def _range(option: LogOption) -> str:
    if option.until is not None:
        return f" (before {option.until.release})"
    return f" ({option.since.release}+)" if option.since is not None else ""


def _no_effect() -> str:
    ignored = [known for known in options().values() if known.no_effect]
    rows = [
        (f"`{known.key}`", _versions(known), _sentence(known.instead or "leave it out")) for known in ignored
    ]
    return _table(("name", "accepted", "what to do instead"), rows)


def _versions(known: Option) -> str:
    since = f"since {known.since.release}" if known.since else ""
    return (
        f"{since} before {known.unknown_since.release}".strip() if known.unknown_since else since or "always"
    )


def _removed() -> str:
    rows = []
    for known in options().values():
        if known.until is None:
            continue
        unknown = f", unknown from {known.unknown_since.major} on" if known.unknown_since else ""
        rows.append(
            (
                f"`{known.key}`",
                _type(known.schema),
                known.description,
                f"before {known.until.release}",
                _sentence(f"{known.removed}{unknown}"),
                _sentence(known.instead or "leave it out"),
            )
        )
    return _table(("option", "type", "meaning", "works", "then", "what to do instead"), rows)


def _description(node: Schema) -> str:
    is_relic = node.get("deprecated") is True and "x-no-effect" not in node
    return f"{node['description']} Deprecated." if is_relic else str(node["description"])


def _type(node: Schema) -> str:
    name = str(node.get("type", "any"))
    inner = node.get("items") if name == "array" else node.get("additionalProperties")
    if isinstance(inner, Mapping):
        kind = str(inner.get("type"))
        return f"{name} of {_PLURALS.get(kind, f'{kind}s')}"
    return _TYPES.get(name, name)


def _exact_type(node: Schema) -> str:
    parts = [_type(node)]
    value = node.get("x-value") or (node.get("items") or {}).get("x-value")
    if value:
        parts += [f"each {_TEXTS[value]}" if node["type"] == "array" else _TEXTS[value]]
    if "enum" in node:
        parts += [f"one of {_names([_json(one) for one in node['enum']])}"]
    bounds = [
        f"{word} {node[name]}" for name, word in (("minimum", "from"), ("maximum", "to")) if name in node
    ]
    parts += [" ".join(bounds)] if bounds else []
    return ", ".join(parts)


def _default(node: Schema) -> str:
    return f"`{_json(node['default'])}`" if "default" in node else ""


def _examples(node: Schema) -> list[Any]:
    """The examples of an option; of a switch without any, what its default is not."""
    if node.get("type") == "boolean" and "default" in node:
        return list(node.get("examples", [not node["default"]]))
    return list(node.get("examples", []))


def _since(node: Schema) -> str:
    return _release(node["x-since"]) if "x-since" in node else ""


def _effect(key: str) -> tuple[str, str]:
    return _EFFECTS[needs([key]), needs([key], removed=[key])]


def _release(version: str) -> str:
    return DockerVersion.parse(version).release


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


# The typed view.

_SCALARS: Final = {
    "any": "JsonValue",
    "boolean": "StrictBool",
    "integer": "StrictInt",
    "object": "Mapping[str, JsonValue]",
    "string": "StrictStr",
}
_HEADER: Final = '''\
"""The options of daemon.json as a typed view, for reading.

Generated from schemas/daemon.schema.json by tools/gen_options.py; do not edit it, but run: make schemas

It has every option that works in some supported version of Docker; what they mean is told in
docs/reference/options.md. Absent and null are both None, whatever Docker's default is. Names that are not known are
kept in ``model_extra``, and so are members in another case (``hard`` for ``Hard``), though dockerd reads those.
Whether a file is right is not decided here (see `check`).
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictInt, StrictStr


def _key(name: str) -> str:
    return name.replace("_", "-")


class OptionsView(BaseModel):
    """What the views share: immutable, strict about types, open to further names."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=_key)
'''


def view() -> str:
    """Return the module with the typed view, formatted as the project's code is."""
    working = {key: known.schema for key, known in options().items() if known.no_effect is None}
    top: Schema = {"properties": working, "description": "daemon.json as a whole."}
    return "\n\n".join([_HEADER, *_classes("DaemonOptions", "", top)])


def _classes(name: str, prefix: str, node: Schema) -> Iterator[str]:
    """Yield the class for an object with known members, those for its members' values first."""
    lines = [f"class {name}(OptionsView):", f'    """{node["description"]}"""', ""]
    for key, member in node["properties"].items():
        annotation, inner = _annotation(f"{prefix}{_camel(key)}", member)
        if inner is not None:
            yield from _classes(*inner)
        attribute = attribute_of(key)
        is_plain = attribute.replace("_", "-") == key
        value = "None" if is_plain else f'Field(default=None, alias="{key}")'
        lines += [f"    {attribute}: {annotation} | None = {value}{_remark(member)}"]
    yield "\n".join(lines) + "\n"


def _annotation(name: str, node: Schema) -> tuple[str, tuple[str, str, Schema] | None]:
    """Return the type of a value, and what `_classes` is to be called with where that is a class of its own."""
    entry = node.get("items", node.get("additionalProperties"))
    if isinstance(entry, Mapping):
        inner, made = _annotation(name.removesuffix("s"), entry)
        if node["type"] == "object":
            return f"Mapping[str, {inner}]", made
        old = " | Mapping[str, Mapping[str, StrictBool]]" if node.get("x-also-object") else ""
        return f"tuple[{inner}, ...]{old}", made
    if "properties" in node:
        return name, (name, name, node)
    return _SCALARS[str(node.get("type", "any"))], None


def attribute_of(key: str) -> str:
    """Return the attribute of the view that stands for ``key``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_").lower()
    return f"{name}_" if keyword.iskeyword(name) else name


def _camel(key: str) -> str:
    return "".join(part.capitalize() for part in attribute_of(key).split("_"))


def _remark(node: Schema) -> str:
    words = [
        f"{word} {_release(node[name])}"
        for name, word in (("x-since", "since"), ("x-until", "before"))
        if name in node
    ]
    return f"  # {', '.join(words)}" if words else ""


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file differs")
    is_check = parser.parse_args().check
    stale = [
        name
        for name, text in generated().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]
    for name in stale:
        if is_check:
            print(f"{name} differs from the schema; run: make schemas", file=sys.stderr)
        else:
            (ROOT / name).write_text(generated()[name], encoding="utf-8")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
