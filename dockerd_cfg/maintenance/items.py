"""What Docker keeps, as far as pruning goes: items, when each was last touched, and which need which. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dockerd_cfg.maintenance.settings import Settings

Kind = Literal["container", "image", "network", "volume", "build-cache"]
# In this order they go: what is used by others comes after them. The build cache comes before the images: what it shares
# with one that goes would go as well otherwise, and Docker does not tell with which one that is.
KINDS: Final[tuple[Kind, ...]] = ("build-cache", "container", "image", "network", "volume")
Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something Docker keeps.

    ``last``: Unix time in seconds when it was created, got or used last, whichever is latest; None: not known.
    ``is_free``: it neither runs nor is of a kind that is never pruned. ``needs``: what would be missed by it.
    ``names``: all its names, if it has several. ``size``: bytes that it takes and nothing else; 0 before they are
    measured.
    """

    kind: Kind
    id: str
    name: str
    last: float | None
    is_free: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[Key] = frozenset()
    names: tuple[str, ...] = ()
    size: int = 0

    @property
    def key(self) -> Key:
        """What others name it by."""
        return self.kind, self.id

    def sized(self, size: int) -> "Item":
        """Return the same item, measured."""
        return replace(self, size=size)


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes, in the order in which it has to, and how many unused items stay, for their age or their label."""

    going: tuple[Item, ...]
    too_young: int = 0
    labelled: int = 0

    @property
    def size(self) -> int:
        """The bytes that all of it takes."""
        return sum(item.size for item in self.going)

    def of(self, kind: Kind) -> list[Item]:
        """Return what goes of one kind."""
        return [item for item in self.going if item.kind == kind]


def choose(items: Sequence[Item], settings: Settings, now: float) -> Choice:
    """Return what goes: free, older than the limit, without the label, and needed by nothing that stays.

    A moment that is not known, or is yet to come, counts as just now.
    """
    limit = now - settings.older_than
    labelled = {item.key for item in items if settings.keeps(item.labels)}
    young = {item.key for item in items if item.last is None or item.last > limit}
    free = {item.key for item in items if item.is_free}
    going = _unneeded(items, free - labelled - young)
    unused = _unneeded(items, free)
    kept = unused - going
    return Choice(_ordered(items, going), len(kept & young - labelled), len(kept & labelled))


def counts_of(items: Iterable[Item]) -> dict[str, int]:
    """Return how many items there are of each kind that there is."""
    counts = Counter(item.kind for item in items)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def _unneeded(items: Iterable[Item], wanted: set[Key]) -> set[Key]:
    """Return ``wanted`` without what is needed, by way of others too, by something that is not wanted."""
    left = set(wanted)
    needs = {item.key: item.needs for item in items}
    missed = [key for own, those in needs.items() if own not in left for key in those]
    while missed:
        key = missed.pop()
        if key in left:
            left.remove(key)
            missed += needs[key]
    return left


def _ordered(items: Sequence[Item], going: set[Key]) -> tuple[Item, ...]:
    """Return the items of ``going``, kind by kind, each before what it needs."""
    waiting = {item.key: item for item in items if item.key in going}
    ordered: list[Item] = []
    needed_by = dict.fromkeys(waiting, 0)
    for item in waiting.values():
        for key in item.needs & waiting.keys():
            needed_by[key] += 1
    ready = [item for key, item in waiting.items() if not needed_by[key]]
    while ready:
        item = ready.pop(0)
        ordered.append(item)
        for key in item.needs & waiting.keys():
            needed_by[key] -= 1
            if not needed_by[key]:
                ready.append(waiting[key])
    return tuple(sorted(ordered, key=lambda item: KINDS.index(item.kind)))
