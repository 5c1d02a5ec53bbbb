"""Pruning itself: one thing after the other, never by force, so that what came into use meanwhile stays."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from dockerd_cfg.host.answers import NoSuchThing, Refused, understood
from dockerd_cfg.host.gateways import Docker
from dockerd_cfg.maintenance.items import Choice, Item, Key

_TIMEOUT: Final = 300.0
_CACHE_TIMEOUT: Final = 1800.0


@dataclass
class Outcome:
    """What was pruned so far, and in words what was not, and why."""

    gone: list[Item] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes that were freed."""
        return sum(item.size for item in self.gone)


def prune(
    docker: Docker, choice: Choice, older_than: float, outcome: Outcome, tell: Callable[[Item], None]
) -> None:
    """Remove what was chosen, and note in ``outcome`` what went; ``tell`` is called with each thing that did.

    ``older_than``: seconds, for the build cache, which BuildKit chooses anew itself, by the same rules. Raises
    CommandFailed when Docker no longer answers.
    """
    cache = choice.of("build-cache")
    if cache:
        for item in _prune_cache(docker, cache, older_than):
            outcome.gone.append(item)
            tell(item)
    missed: set[Key] = set()
    for item in choice.going:
        if item.kind == "build-cache":
            continue
        if item.key in missed:  # by something that stays after all
            missed |= item.needs
            continue
        try:
            _remove(docker, item)
        except NoSuchThing:
            continue  # somebody else was faster
        except Refused as error:
            outcome.left.append(f"{item.kind} {item.name}: {error.message}")
            missed |= item.needs
            continue
        outcome.gone.append(item)
        tell(item)


def _remove(docker: Docker, item: Item) -> None:
    """Remove one thing. Raises NoSuchThing or Refused."""
    match item.kind:
        case "container":  # its anonymous volumes stay, unless volumes are asked for
            docker.ask("DELETE", f"/containers/{quote(item.id)}?v=0&force=0", timeout=_TIMEOUT)
        case "image":
            _remove_image(docker, item)
        case "network":
            docker.ask("DELETE", f"/networks/{quote(item.id)}", timeout=_TIMEOUT)
        case "volume":
            docker.ask("DELETE", f"/volumes/{quote(item.id)}", timeout=_TIMEOUT)
        case "build-cache":
            raise AssertionError


def _remove_image(docker: Docker, item: Item) -> None:
    """Remove an image with its names, without its parents. Raises NoSuchThing or Refused.

    By its id: a name may lead to another image by now. Docker does not do that unforced while it has several names: they
    are taken away but for one, each after another look at what it leads to.
    """
    for name in item.names[1:]:
        try:
            with understood("GET /images/json"):
                leads_here = docker.ask("GET", f"/images/{quote(name)}/json")["Id"] == item.id
        except NoSuchThing:
            continue
        if leads_here:
            docker.ask("DELETE", f"/images/{quote(name)}?noprune=1&force=0", timeout=_TIMEOUT)
    docker.ask("DELETE", f"/images/{quote(item.id)}?noprune=1&force=0", timeout=_TIMEOUT)


def _prune_cache(docker: Docker, chosen: Iterable[Item], older_than: float) -> list[Item]:
    """Let BuildKit prune the cache that was not used for so long; return the records that went, measured."""
    filters = quote(json.dumps({"until": [f"{math.ceil(older_than)}s"]}))
    answer = docker.ask("POST", f"/build/prune?filters={filters}", timeout=_CACHE_TIMEOUT)
    known = {item.id: item for item in chosen}
    with understood("POST /build/prune"):
        gone = [
            known.get(record) or Item(kind="build-cache", id=record, name=record, last=None)
            for record in answer.get("CachesDeleted") or ()
        ]
        unmeasured = [item for item in gone if item.id not in known]
        rest = int(answer.get("SpaceReclaimed") or 0) - sum(item.size for item in gone)
        if unmeasured and rest > 0:
            share = rest // len(unmeasured)
            return [item.sized(share) if item in unmeasured else item for item in gone]
    return gone
