"""What a new container gets: one is created to look at, and removed."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlencode

from dockerd_cfg.host.answers import CalledInvalid, NoSuchThing, Refused, told, understood

PROBE_LABEL: Final = ("dockerd-cfg", "probe")
_PID_LABEL: Final = "dockerd-cfg.pid"


Told = TypeVar("Told")


class Ask(Protocol):
    """What asks Docker."""

    def __call__(self, method: str, path: str, *, body: Mapping[str, object] | None = None) -> Any:
        """Send a request and return the answer. Raises CommandFailed."""


def probed(ask: Ask, image: str, read: Callable[[Mapping[str, Any]], Told]) -> Told | None:
    """Return what ``read`` finds in Docker's account of a container created from ``image``, which is never started.

    None where Docker creates none for a reason that does not lie in its settings. Raises CommandFailed.
    """
    _remove_left_over(ask)
    name, value = PROBE_LABEL
    labels = {name: value, _PID_LABEL: str(os.getpid())}
    body = {"Image": image, "Cmd": ["true"], "NetworkDisabled": True, "Labels": labels}
    query = urlencode({"name": f"dockerd-cfg-probe-{os.getpid()}"})
    try:
        created = ask("POST", f"/containers/create?{query}", body=body)
    except (CalledInvalid, NoSuchThing):
        raise  # unknown log options, a log driver that is not there
    except Refused:
        return None
    with understood("POST /containers/create"):
        probe = told(created, "Id")
    try:
        with understood("GET /containers/json"):
            return read(ask("GET", f"/containers/{quote(probe)}/json"))
    finally:
        _remove(ask, probe)


def _remove_left_over(ask: Ask) -> None:
    """Remove the containers that were created here by processes that are no more, killed for instance."""
    filters = json.dumps({"label": ["=".join(PROBE_LABEL)]})
    with understood("GET /containers/json"):
        rows = ask("GET", f"/containers/json?{urlencode({'all': '1', 'filters': filters})}")
        by_pid = [(row["Labels"].get(_PID_LABEL, ""), told(row, "Id")) for row in rows]
    for pid, probe in by_pid:
        # another may be looking at its own just now; one with our number was left by a process that had it before
        if not pid.isdecimal() or pid == str(os.getpid()) or not Path("/proc", pid).exists():
            _remove(ask, probe)


def _remove(ask: Ask, probe: str) -> None:
    with suppress(Refused):  # the next one finds what stays; what was read counts
        ask("DELETE", f"/containers/{quote(probe)}?force=1&v=1")
