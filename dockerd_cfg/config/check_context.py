"""What the rules look at: a daemon.json as one version of dockerd would read it, beside its command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from dockerd_cfg.config.catalogue import Option, options
from dockerd_cfg.config.check_grammar import parse_bool
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.tree import ArrayNode, Document, JsonValue, Node, ObjectNode
from dockerd_cfg.findings import Finding, Stage
from dockerd_cfg.host.surroundings import Surroundings

Path = tuple[str | int, ...]

# moby's flatOptions that are older than, or have outlived, the option itself.
_ALWAYS_FLAT: Final = frozenset(
    {"cluster-store-opts", "log-opts", "runtimes", "default-ulimits", "features", "builder"}
)


@dataclass(frozen=True)
class Context:
    """One daemon.json under check; ``flags`` as `parse_flags` gives them, ``host`` where it is to be used, if known."""

    values: Mapping[str, JsonValue]
    version: DockerVersion
    flags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    document: Document | None = None
    host: Surroundings | None = None

    def is_flat(self, key: str) -> bool:
        """Whether dockerd takes the object ``key`` as one option, instead of looking for options inside it."""
        known = options().get(key)
        return (
            known is not None and known.is_flat and (key in _ALWAYS_FLAT or known.is_known_in(self.version))
        )

    @cached_property
    def names(self) -> Mapping[str, tuple[Path, JsonValue]]:
        """Every name that dockerd compares with its flags, with its place and value: moby's configValuesSet.

        Of an object that is not flat, the members count instead, one level deep.
        """
        names: dict[str, tuple[Path, JsonValue]] = {}
        for key, value in self.values.items():
            if isinstance(value, Mapping) and not self.is_flat(key):
                names.update({name: ((key, name), member) for name, member in value.items()})
            else:
                names[key] = ((key,), value)
        return names

    def text(self, key: str) -> str:
        """The string that is in force: from the file, else the flag; empty if there is none."""
        value = self.values.get(key)
        if isinstance(value, str) and value:
            return value
        given = self.flags.get(key, ())
        return given[-1] if given and value is None else ""

    def number(self, key: str) -> int:
        """The whole number in the file, 0 if there is none."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def switch(self, key: str, *, default: bool) -> bool:
        """Whether the boolean option is on: by the file (members of unknown objects count too), the flag, the default."""
        value = self.names.get(key, ((), None))[1]
        if isinstance(value, bool):
            return value
        given = parse_bool(self.flags[key][-1]) if self.flags.get(key) else None
        return default if given is None else given

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """The strings of the array ``key`` with their places; null counts as an empty one."""
        value = self.values.get(key)
        if not isinstance(value, list):
            return []
        pairs = [((key, index), "" if item is None else item) for index, item in enumerate(value)]
        return [(path, item) for path, item in pairs if isinstance(item, str)]

    def members(self, key: str) -> Mapping[str, JsonValue]:
        """The members of the object ``key``, none where it is not given or no object."""
        value = self.values.get(key)
        return value if isinstance(value, Mapping) else {}

    def finding(self, code: str, stage: Stage, path: Path, message: str, hint: str | None = None) -> Finding:
        """A finding at ``path``, with line and column where there is a text."""
        line, column = self._place(path)
        return Finding(
            code=code,
            severity="warning" if stage in {"ignored", "advice"} else "error",
            stage=stage,
            message=message,
            hint=hint,
            key=dotted(path),
            line=line,
            column=column,
        )

    def bad_value(
        self, path: Path, message: str, hint: str, *, stage: Stage = "parse", code: str = "bad-value"
    ) -> Finding:
        """A finding on a value at ``path``, by default one that dockerd refuses while it reads the file."""
        return self.finding(code, stage, path, message, hint)

    def placed(self, finding: Finding) -> Finding:
        """``finding`` with the place of its ``KEY`` or ``KEY.MEMBER``, or of the nearest thing that is there."""
        first, _, rest = (finding.key or "").partition(".")
        line, column = self._place((first, rest) if rest else (first,))
        return replace(finding, line=line, column=column)

    def _place(self, path: Path) -> tuple[int | None, int | None]:
        if self.document is None or self.document.root is None:
            return None, None
        node: Node = self.document.root
        offset = None
        for step in path:
            member = node.member(step) if isinstance(node, ObjectNode) and isinstance(step, str) else None
            if member is not None:
                offset, node = member.key_span.start, member.value
            elif isinstance(node, ArrayNode) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                offset = node.start
            else:
                break
        if offset is None:
            return None, None
        return self.document.place(offset)


def dotted(path: Path) -> str:
    """Return ``path`` as people write it: ``builder.gc.policy[0].filter``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def is_decoded(known: Option, version: DockerVersion) -> bool:
    """Whether dockerd ``version`` looks at the value of the option at all."""
    if not known.is_decoded:
        return False
    is_over = known.until is not None and version >= known.until and known.refused_since is None
    return known.is_known_in(version) and not is_over
