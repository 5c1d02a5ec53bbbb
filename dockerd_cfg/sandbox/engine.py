"""The part of the Engine API that pruning uses, pretended: things are rows of the sandbox's state, and go when deleted."""

import json
import re
import time
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from dockerd_cfg.host.answers import NoSuchThing, Refused

_THING: Final = re.compile(r"/(containers|images|networks|volumes)/(.+?)(/json|/history)?")
_LISTS: Final = {"/containers/json": "containers", "/images/json": "images", "/networks": "networks"}


class State(Protocol):
    """Where the sandbox keeps its state."""

    def read(self) -> dict[str, Any]:
        """Return it."""

    def write(self, **changes: Any) -> None:
        """Change parts of it."""


class SandboxEngine:
    """Answers as Docker does, from the rows under ``engine`` in the state.

    A row is what Docker's list shows of a thing, with what it tells of one besides; ``busy`` in a row: it cannot be
    deleted.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        kinds = ("containers", "images", "networks", "volumes", "cache", "events")
        rows = state.read().get("engine", {})
        self._rows: dict[str, list[dict[str, Any]]] = {kind: rows.get(kind, []) for kind in kinds}

    def ask(self, method: str, path: str) -> Any:
        """Answer one request. Raises Refused or NoSuchThing."""
        asked = urlsplit(path)
        if method == "GET":
            return self._get(asked.path)
        if asked.path == "/build/prune":
            return self._prune_cache(parse_qs(asked.query))
        kind, name, _ = self._named(asked.path)
        row = self._find(kind, name)
        if row.get("busy"):
            raise Refused(f"Docker refused {method} {path}: conflict: it is in use (status 409)")
        names = row.get("RepoTags") or []
        if name in names and len(names) > 1:
            names.remove(name)  # one name of several
        else:
            self._rows[kind].remove(row)
        self._state.write(engine=self._rows)
        return {}

    def _get(self, path: str) -> Any:
        if path in _LISTS:
            return self._rows[_LISTS[path]]
        match path:
            case "/volumes":
                return {"Volumes": self._rows["volumes"]}
            case "/system/df":
                return {"BuildCache": self._rows["cache"], "Volumes": self._rows["volumes"]}
            case "/events":
                return "\n".join(json.dumps(event) for event in self._rows["events"])
        kind, name, detail = self._named(path)
        row = self._find(kind, name)
        return row.get("history", []) if detail == "/history" else row

    @staticmethod
    def _named(path: str) -> tuple[str, str, str]:
        found = _THING.fullmatch(path)
        if found is None:
            raise NoSuchThing(f"Docker refused {path}: page not found (status 404)")
        return found[1], unquote(found[2]), found[3] or ""

    def _find(self, kind: str, name: str) -> dict[str, Any]:
        for row in self._rows[kind]:
            if name in {row.get("Id"), row.get("Name"), *(row.get("RepoTags") or ())}:
                return row
        raise NoSuchThing(f"Docker refused {kind}/{name}: no such thing (status 404)")

    def _prune_cache(self, query: dict[str, list[str]]) -> Any:
        (until,) = json.loads(query["filters"][0])["until"]
        limit = time.time() - float(until.removesuffix("s"))
        gone = [row for row in self._rows["cache"] if not row.get("InUse") and row["used"] < limit]
        self._rows["cache"] = [row for row in self._rows["cache"] if row not in gone]
        self._state.write(engine=self._rows)
        return {
            "CachesDeleted": [row["ID"] for row in gone],
            "SpaceReclaimed": sum(row["Size"] for row in gone),
        }
