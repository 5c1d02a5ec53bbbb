"""Folders of a data root whose contents lie elsewhere: on a file system mounted there, or where a link leads."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.usage.layers import TOP_FOLDERS
from dockerd_cfg.usage.walk import Part


class Elsewhere(NamedTuple):
    """Where such a folder is, links followed, what it is itself, and what belongs to whom below it."""

    path: HostPath
    top: Part
    parts: Mapping[str, Part]


def elsewhere(layout: Layout, data_root: HostPath, parts: Mapping[str, Part]) -> Iterator[Elsewhere]:
    """Yield the folders of Docker's that a walk of ``data_root`` does not enter; ``parts`` are those of `read_layers`."""
    for name in TOP_FOLDERS:
        child = data_root / name
        path = layout.resolve(child)
        real, link = layout.real(path), layout.real(child)
        try:
            is_beside = real.stat().st_dev != layout.real(data_root).stat().st_dev
        except OSError:
            continue  # a layer of another driver's, or a link that leads nowhere
        if not is_beside and path.is_relative_to(data_root):
            continue
        below = {
            f"{real}{text.removeprefix(str(link))}": part
            for text, part in parts.items()
            if text == str(link) or text.startswith(f"{link}/")
        }
        yield Elsewhere(path, parts.get(str(link), Part("other")), below)
