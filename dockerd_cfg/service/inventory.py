"""What the daemon keeps: noted before a change, compared after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dockerd_cfg.host.docker import PREDEFINED_NETWORKS
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.records import recorded
from dockerd_cfg.paths import HostPath


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything the daemon keeps, by id; two daemons with the same inventory hold the same things.

    ``data_root`` is None where it is not known in which it should be.
    """

    data_root: HostPath | None
    driver: str
    image_store: str
    images: frozenset[str]
    containers: frozenset[str]
    volumes: frozenset[str]
    networks: frozenset[str]

    def things(self) -> dict[str, frozenset[str]]:
        """Return the ids of what it keeps by the kind of thing.

        Without the predefined networks: they are made at each start, the bridge only if the configuration wants one.
        """
        return {
            "images": self.images,
            "containers": self.containers,
            "volumes": self.volumes,
            "networks": self.networks - PREDEFINED_NETWORKS,
        }

    def keeping(self, things: Mapping[str, frozenset[str]]) -> "Inventory":
        """Return the same inventory with ``things`` for what `things` returns."""
        return replace(
            self,
            images=things["images"],
            containers=things["containers"],
            volumes=things["volumes"],
            networks=things["networks"] | (self.networks & PREDEFINED_NETWORKS),
        )


def differences(before: Inventory, after: Inventory) -> list[str]:
    """Return, in words, what of ``before`` is missing or other in ``after``.

    Something new is no difference: clients may have made it meanwhile. Networks of a swarm come and go with it.
    """
    found = []
    for what, was, now in (
        ("data root", before.data_root or after.data_root, after.data_root),
        ("storage driver", before.driver, after.driver),
        ("image store", before.image_store, after.image_store),
    ):
        if was != now:
            found.append(f"the {what} was {was} and is now {now}")
    has = after.things()
    for what, had in before.things().items():
        if missing := had - has[what]:
            some = ", ".join(sorted(name.removeprefix("sha256:")[:12] for name in missing)[:3])
            found.append(f"{len(missing)} of {len(had)} {what} missing ({some})")
    return found


def without_removed(host: Host, before: Inventory, after: Inventory, roots: Sequence[HostPath]) -> Inventory:
    """Return ``before`` without what a client removed in the moment between noting it and stopping Docker.

    What ``after`` lacks was removed, not lost, if there is no record of it either below ``roots`` or the data root. If
    there is none of anything that was noted, this is not the place where it was kept: then nothing counts as removed.
    """
    places = [host.layout.real(root) for root in dict.fromkeys((after.data_root, *roots)) if root]
    has = after.things()
    kept = {
        what: (had & has[what]) | recorded(what, had - has[what], places)
        for what, had in before.things().items()
    }
    return before.keeping(kept) if any(kept.values()) else before
