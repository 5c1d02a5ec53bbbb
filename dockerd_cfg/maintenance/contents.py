"""Reading what Docker keeps, over the Engine API: containers, images, networks, volumes and the build cache."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from dockerd_cfg.host.answers import NoSuchThing, understood
from dockerd_cfg.host.docker import PREDEFINED_NETWORKS
from dockerd_cfg.host.gateways import Docker
from dockerd_cfg.maintenance.items import Item, Key
from dockerd_cfg.maintenance.moments import Arrivals, latest, moment

# Before API 1.42 `GET /system/df` measures everything; on a large host that takes minutes.
DF_TIMEOUT: Final = 900.0
_STOPPED: Final = frozenset({"created", "exited", "dead"})
_NEVER_PRUNED: Final = PREDEFINED_NETWORKS | {"docker_gwbridge"}
_NAMELESS: Final = frozenset({"<none>:<none>", "<none>@<none>"})
_ANONYMOUS: Final = "com.docker.volume.anonymous"  # since 23.0
_GENERATED: Final = re.compile(r"[0-9a-f]{64}")
# BuildKit keeps these unless all its cache is to go (moby buildkit, cache/manager.go, prune).
_KEPT_CACHE: Final = frozenset({"internal", "frontend"})


def read_contents(
    docker: Docker, arrivals: Arrivals, usage: Mapping[str, Any], *, volumes: bool
) -> list[Item]:
    """Return everything that might be pruned, or need what might be; ``usage`` is what `disk_usage` returned.

    Raises CommandFailed.
    """
    networks = _networks(docker)
    containers = _containers(docker, {network.name: network.id for network in networks})
    items = [*containers, *_images(docker, arrivals, containers), *networks, *_cache(usage)]
    return [*items, *_volumes(docker, usage)] if volumes else items


def disk_usage(docker: Docker, *, volumes: bool) -> dict[str, Any]:
    """Return what Docker tells of the build cache and, if asked for, the size of volumes. Raises CommandFailed."""
    kinds = "type=build-cache&type=volume" if volumes else "type=build-cache"
    usage = docker.ask("GET", f"/system/df?{kinds}&verbose=1", timeout=DF_TIMEOUT)
    with understood("GET /system/df"):
        return {
            "cache": _rows(usage, "BuildCache"),
            "volumes": _rows(usage, "Volumes") or _rows(usage, "Volume"),
        }


def _rows(usage: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the list of a kind, where it was up to API 1.51 or where it is since."""
    rows = usage.get(kind)
    return list(rows if rows is not None else (usage.get(f"{kind}Usage") or {}).get("Items") or ())


def _containers(docker: Docker, networks: Mapping[str, str]) -> list[Item]:
    found = []
    with understood("GET /containers/json"):
        for row in docker.ask("GET", "/containers/json?all=1"):
            try:
                found.append(_container(docker, row, networks))
            except NoSuchThing:
                continue  # it ended and was removed since the list was made
    return found


def _container(docker: Docker, row: Mapping[str, Any], networks: Mapping[str, str]) -> Item:
    """Return a container. One that is stopped but comes back at Docker's next start is in use, too."""
    ends = ((row.get("NetworkSettings") or {}).get("Networks") or {}).items()
    needs: set[Key] = {("image", str(row["ImageID"]))}
    # one that never ran has no ids yet, but names
    needs |= {
        ("network", str((end or {}).get("NetworkID") or networks.get(name, name))) for name, end in ends
    }
    needs |= {("volume", str(mount["Name"])) for mount in row.get("Mounts") or () if mount.get("Name")}
    is_stopped = row["State"] in _STOPPED
    last = float(row["Created"])
    if is_stopped:
        full = docker.ask("GET", f"/containers/{quote(row['Id'])}/json")
        state, policy = full["State"], full["HostConfig"].get("RestartPolicy") or {}
        moments = [moment(state.get(name)) for name in ("StartedAt", "FinishedAt")]
        last = latest(last, *moments) or last
        is_stopped = policy.get("Name") != "always" and not state.get("Running")
    return Item(
        kind="container",
        id=str(row["Id"]),
        name=(row.get("Names") or ["/?"])[0].lstrip("/"),
        last=last,
        is_free=is_stopped,
        labels=row.get("Labels") or {},
        needs=frozenset(needs),
    )


def _images(docker: Docker, arrivals: Arrivals, containers: list[Item]) -> list[Item]:
    users = Counter(key for container in containers for key in container.needs)
    found = []
    with understood("GET /images/json"):
        for row in docker.ask("GET", "/images/json?all=1"):
            try:
                full = docker.ask("GET", f"/images/{quote(row['Id'])}/json")
            except NoSuchThing:
                continue
            # the image of a container may go by another id in an image store with several platforms
            has_others = int(row.get("Containers") or 0) > users["image", row["Id"]]
            found.append(_image(row, full, arrivals.of(full), is_free=not has_others))
    return found


def _image(row: Mapping[str, Any], full: Mapping[str, Any], came: float | None, *, is_free: bool) -> Item:
    names = [name for name in row.get("RepoTags") or () if name not in _NAMELESS]
    digests = [name for name in row.get("RepoDigests") or () if name not in _NAMELESS]
    parent = row.get("ParentId")
    return Item(
        kind="image",
        id=str(row["Id"]),
        name=", ".join(names) or next(iter(digests), str(row["Id"]).removeprefix("sha256:")[:12]),
        last=None if came is None else latest(moment(full.get("Created")), came),
        is_free=is_free,
        labels={**(row.get("Labels") or {}), **((full.get("Config") or {}).get("Labels") or {})},
        needs=frozenset({("image", str(parent))} if parent else ()),
        names=tuple(names),
        size=int(row.get("Size") or 0),
    )


def _networks(docker: Docker) -> list[Item]:
    """Return the networks. Those of a swarm are its own affair: services without tasks need them, and do not tell.

    Nor does the bridge by which its containers reach the world, which is a local one (moby daemon/cluster/executor).
    """
    with understood("GET /networks"):
        rows = docker.ask("GET", "/networks")
        ids = {row["Name"]: str(row["Id"]) for row in rows}
        found = []
        for row in rows:
            template = (row.get("ConfigFrom") or {}).get("Network")
            is_ours = row.get("Scope") == "local" and not row.get("Ingress")
            found.append(
                Item(
                    kind="network",
                    id=str(row["Id"]),
                    name=str(row["Name"]),
                    last=moment(row.get("Created")),
                    is_free=is_ours and row["Name"] not in _NEVER_PRUNED,
                    labels=row.get("Labels") or {},
                    needs=frozenset({("network", ids.get(template, template))} if template else ()),
                )
            )
    return found


def _volumes(docker: Docker, usage: Mapping[str, Any]) -> list[Item]:
    """Return the volumes. Only local ones that nobody gave a name can go."""
    with understood("GET /volumes"):
        sizes = {row["Name"]: (row.get("UsageData") or {}).get("Size", 0) for row in usage["volumes"]}
        return [
            Item(
                kind="volume",
                id=str(row["Name"]),
                name=str(row["Name"]),
                last=moment(row.get("CreatedAt")),
                is_free=row.get("Driver") == "local" and _is_anonymous(row),
                labels=row.get("Labels") or {},
                size=max(0, int(sizes.get(row["Name"]) or 0)),
            )
            for row in (docker.ask("GET", "/volumes") or {}).get("Volumes") or ()
        ]


def _is_anonymous(row: Mapping[str, Any]) -> bool:
    """Tell whether nobody named a volume: Docker labels it so; one made before 23.0 just has a name of 64 digits."""
    return _ANONYMOUS in (row.get("Labels") or {}) or _GENERATED.fullmatch(row["Name"]) is not None


def _cache(usage: Mapping[str, Any]) -> list[Item]:
    """Return the records of the build cache; those that are shared with an image, or that BuildKit keeps, stay."""
    with understood("GET /system/df"):
        found = []
        for row in usage["cache"]:
            parents = (
                row.get("Parents") or row.get(" Parents") or [row.get("Parent")]
            )  # the blank is Docker's
            is_busy = row.get("InUse") or row.get("Shared") or row.get("Type") in _KEPT_CACHE
            used = moment(row.get("LastUsedAt"))
            found.append(
                Item(
                    kind="build-cache",
                    id=str(row["ID"]),
                    name=str(row.get("Description") or row["ID"]),
                    # one that was never used is pruned whatever its age
                    last=0.0 if used is None else used,
                    is_free=not is_busy,
                    needs=frozenset(("build-cache", str(parent)) for parent in parents if parent),
                    size=int(row.get("Size") or 0),
                )
            )
        return found
