"""Pruning: what Docker refuses to remove stays, with all that it needs."""

from typing import Any

from dockerd_cfg.host.answers import Refused
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.maintenance.items import Choice, Item
from dockerd_cfg.maintenance.prune import Outcome, prune
from dockerd_cfg.sandbox.daemon import SandboxServices

BASE = Item(kind="image", id="base", name="base:1", last=1.0)
BUILT = Item(kind="image", id="built", name="built:1", last=1.0, needs=frozenset({BASE.key}))
WEB = Item(kind="container", id="web", name="web", last=1.0, needs=frozenset({BUILT.key}))
OTHER = Item(kind="image", id="other", name="other:1", last=1.0)


class Busy(SandboxServices):
    """A Docker in which a container has come into use."""

    def ask(self, method: str, path: str, *, timeout: float = 30) -> Any:
        if method == "DELETE" and "/containers/web" in path:
            raise Refused("it runs")
        return {}


def test_what_is_needed_by_something_that_is_refused_stays(host: Host) -> None:
    outcome, told = Outcome(), list[Item]()

    prune(Busy(host.layout), Choice((WEB, BUILT, BASE, OTHER)), 1.0, outcome, told.append)

    assert (outcome.gone, outcome.left, told) == ([OTHER], ["container web: it runs"], [OTHER])
