"""Docker Engine versions: how they are written, which ones are covered, and what to say when none is known."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple, Self

from dockerd_cfg.findings import Finding

_VERSION: Final = r"(?:docker-)?(?:\d+:)?v?(\d+)\.(\d+)(?:\.(\d+))?"


class DockerVersion(NamedTuple):
    """A version of the Docker Engine; distribution suffixes and pre-release tags do not count."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version in ``text``: ``28.5.2``, ``20.10.24+dfsg1``, ``v29.0.0-rc.1``, ``5:28.5.2-1~debian``.

        Raises ValueError for a text that does not start with a version.
        """
        match = re.match(_VERSION, text.strip())
        if match is None:
            raise ValueError(f"not a version of Docker: {text!r}; expected something like 28.5.2")
        return cls(int(match[1]), int(match[2]), int(match[3] or 0))

    @classmethod
    def told(cls, text: str | None) -> Self | None:
        """Return the version that a daemon tells, None where it tells none: one built by hand may call itself ``dev``."""
        try:
            return cls.parse(text or "")
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def release(self) -> str:
        """The release line as people name it: ``28.2``, without the patch number."""
        return f"{self.major}.{self.minor}"


OLDEST: Final = DockerVersion(20, 10, 0)
NEWEST: Final = DockerVersion(29, 7, 2)

# One version of every stretch in which all rules are the same, newest first: no version known means all of these.
MILESTONES: Final = (
    NEWEST,
    DockerVersion(29, 5, 0),
    DockerVersion(29, 2, 0),
    DockerVersion(29, 0, 0),
    DockerVersion(28, 5, 2),
    DockerVersion(28, 2, 0),
    DockerVersion(28, 1, 0),
    DockerVersion(28, 0, 0),
    DockerVersion(27, 0, 0),
    DockerVersion(26, 0, 0),
    DockerVersion(25, 0, 0),
    DockerVersion(24, 0, 0),
    DockerVersion(23, 0, 0),
    DockerVersion(20, 10, 24),
)

# Findings that only say "this Docker is too old for it": no reason to stop when the version is not known.
_TOO_NEW: Final = frozenset({"option-too-new", "log-option-too-new", "feature-too-new"})


def over_versions(
    version: DockerVersion | None, rules: Callable[[DockerVersion], Iterable[Finding]]
) -> list[Finding]:
    """Return the findings of ``rules`` for ``version``, or for every supported version when it is None.

    Without a version, whatever any supported Docker would refuse is kept as it is, with the versions named, but
    what is merely too new for the older ones is advice.
    """
    if version is not None:
        return list(rules(version))
    merged: dict[tuple[str, str | None, str], tuple[Finding, list[DockerVersion]]] = {}
    for candidate in MILESTONES:
        for finding in rules(candidate):
            key = (finding.code, finding.key, finding.stage)
            merged.setdefault(key, (finding, []))[1].append(candidate)
    findings = [_without_version(finding, versions) for finding, versions in merged.values()]
    gone = {finding.key for finding in findings if finding.is_error}
    return [finding for finding in findings if finding.code != "deprecated-option" or finding.key not in gone]


def _without_version(finding: Finding, versions: list[DockerVersion]) -> Finding:
    if finding.code in _TOO_NEW:
        return replace(finding, stage="advice", severity="warning")
    if versions[0] == NEWEST:
        return finding
    newest, oldest = versions[0].release, versions[-1].release
    which = newest if newest == oldest else f"{oldest} to {newest}"
    return replace(finding, message=f"{finding.message} (Docker {which})")
