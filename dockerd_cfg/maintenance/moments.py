"""Moments as the Engine API writes them, and those it does not tell: when an image came to this host."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from dockerd_cfg.host.answers import events_in, understood
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.gateways import Docker
from dockerd_cfg.paths import Layout

_NANOSECONDS: Final = 9
_MICROSECONDS: Final = 6
# What brings an image to the host, or gives it to somebody anew (Docker's docs of events).
_GOT: Final = frozenset({"build", "create", "import", "load", "pull", "tag"})


def moment(text: object) -> float | None:
    """Return the Unix time in seconds that ``text``, RFC 3339, tells; None for Go's zero time and for no time."""
    if not isinstance(text, str) or not text or text.startswith("0001-"):
        return None
    head, point, tail = text.partition(".")
    if point:  # Python reads six digits, Go writes nine or fewer
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        text = f"{head}.{digits.ljust(_NANOSECONDS, '0')[:_MICROSECONDS]}{tail[len(digits) :]}"
    return datetime.fromisoformat(text).timestamp()


def latest(*moments: float | None) -> float | None:
    """Return the latest of the moments that are known."""
    return max((one for one in moments if one is not None), default=None)


class Arrivals:
    """When images came to this host: Docker's ``until`` filter knows only when they were built, wherever that was.

    With the containerd image store, Docker tells it (``Metadata.LastTagTime``, when the name was last given). With a
    graph driver it does so only for images built or tagged here; an image that was pulled or loaded shows it by the file
    of its configuration, which was written then. What was pulled again and was here already is told by Docker's events,
    of which it remembers the last 256.
    """

    def __init__(self, docker: Docker, info: Info, layout: Layout, *, since: float, now: float) -> None:
        self._events = _image_events(docker, since, now)
        self._store = (
            layout.real(info.data_root / "image" / info.driver / "imagedb/content/sha256")
            if info.image_store == "graphdriver"
            else None
        )

    def of(self, image: Mapping[str, Any]) -> float | None:
        """Return when the image that ``image``, an answer of Docker's, is about came here; None when that is not known."""
        named = moment((image.get("Metadata") or {}).get("LastTagTime"))
        known = named if self._store is None else latest(named, _written(self._store, str(image["Id"])))
        if known is None:
            return None
        names = (image["Id"], *(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ()))
        return latest(known, *(self._events.get(name) for name in names))


def _image_events(docker: Docker, since: float, now: float) -> dict[str, float]:
    """Return when images were last got, by the names and ids that the events tell."""
    filters = quote(json.dumps({"type": ["image"]}))
    # a moment that has passed ends the stream
    asked = f"/events?since={since:.3f}&until={now:.3f}&filters={filters}"
    text = docker.ask("GET", asked)
    with understood("GET /events"):
        found: dict[str, float] = {}
        for event in events_in(text):
            if event.get("Action") in _GOT:
                actor, at = event["Actor"], float(event["time"])
                for name in (actor["ID"], (actor.get("Attributes") or {}).get("name")):
                    if name:
                        found[name] = max(at, found.get(name, 0.0))
        return found


def _written(store: Path, image_id: str) -> float | None:
    """Return when the configuration of an image was written to the graph driver's image store."""
    digits = image_id.removeprefix("sha256:")
    if not digits.isalnum():
        return None
    try:
        return (store / digits).stat().st_mtime
    except OSError:
        return None
