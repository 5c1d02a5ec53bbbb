"""How much the disk gains when things go: of images, only the layers that no image which stays has."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from dockerd_cfg.host.answers import NoSuchThing, understood
from dockerd_cfg.host.gateways import Docker
from dockerd_cfg.maintenance.items import Item

_SIZE_TIMEOUT: Final = 300.0
Chain = tuple[tuple[Any, ...], ...]


class Layer(NamedTuple):
    """A step of an image with all the steps below it, and the bytes it added."""

    chain: Chain
    size: int


def measured(docker: Docker, items: Sequence[Item], going: Sequence[Item]) -> tuple[Item, ...]:
    """Return ``going`` with what each frees when all of it goes, in that order. Raises CommandFailed."""
    sizes: dict[tuple[str, str], int] = {}
    for item in going:
        if item.kind == "container":
            sizes[item.key] = _written(docker, item)
    images = [item for item in items if item.kind == "image"]
    gone = [item for item in going if item.kind == "image"]
    if gone:
        layers = {image.id: _layers(docker, image) for image in images}
        sizes |= {("image", image_id): size for image_id, size in freed(gone, images, layers).items()}
    return tuple(item.sized(sizes.get(item.key, item.size)) for item in going)


def freed(gone: Sequence[Item], images: Iterable[Item], layers: Mapping[str, list[Layer]]) -> dict[str, int]:
    """Return what each image of ``gone`` frees: its share of what ``images`` take, by the layers that go with it.

    A layer that several of them have goes with the last one. Where an image is larger than its layers (the containerd
    image store keeps them packed as well) the rest is counted in proportion. Pure.
    """
    going = {image.id for image in gone}
    users: dict[Chain, int] = {}
    for image in images:
        for layer in layers[image.id]:
            users[layer.chain] = users.get(layer.chain, 0) + 1
    sizes = {}
    for image in (one for one in gone if one.id in going):
        own = 0
        for layer in layers[image.id]:
            users[layer.chain] -= 1
            own += layer.size if not users[layer.chain] else 0
        total = sum(layer.size for layer in layers[image.id])
        sizes[image.id] = round(own * image.size / total) if total else 0
    return sizes


def _layers(docker: Docker, image: Item) -> list[Layer]:
    """Return the layers of an image, the lowest first, as its history tells: equal histories are equal layers."""
    try:
        history = docker.ask("GET", f"/images/{quote(image.id)}/history")
    except NoSuchThing:
        return []
    with understood("GET /images/history"):
        steps = [
            (row.get("Created"), row.get("CreatedBy"), int(row.get("Size") or 0)) for row in reversed(history)
        ]
    chains = accumulate(((step,) for step in steps), lambda below, step: below + step)
    return [Layer(chain, step[2]) for chain, step in zip(chains, steps, strict=True)]


def _written(docker: Docker, container: Item) -> int:
    """Return the bytes that a container wrote beside its image."""
    try:
        full = docker.ask("GET", f"/containers/{quote(container.id)}/json?size=1", timeout=_SIZE_TIMEOUT)
    except NoSuchThing:
        return 0
    with understood("GET /containers/json"):
        return max(0, int(full.get("SizeRw") or 0))
