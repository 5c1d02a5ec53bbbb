"""The system's containerd: where its root is, whose images it holds, and the step that moves its root."""

import itertools
import os
import tomllib
from dataclasses import dataclass
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.bolt import Bolt, read_bolt
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, UnitState
from dockerd_cfg.paths import CONTAINERD_TOML, DEFAULT_CONTAINERD_ROOT, HostPath

_OURS: Final = frozenset({"moby", "plugins.moby", "default"})
_DATABASE: Final = "io.containerd.metadata.v1.bolt/meta.db"
_NEW_FILE: Final = "version = 2\n"


@dataclass(frozen=True, slots=True)
class ContainerdFacts:
    """The containerd that systemd runs.

    ``root`` is its root, links followed, and ``named`` that root as it is configured. ``config`` is the file that names
    it, or would: an imported one wins over the one that imports it. ``is_separate``: it runs, or did and may again, and
    its root lies outside Docker's data root; ``is_inside``: likewise, and its root lies inside. ``trouble`` says, in words, why its
    root cannot be moved by editing its configuration; ``strangers`` are namespaces of others than Docker.
    """

    root: HostPath
    named: HostPath
    config: HostPath
    image: FileImage
    is_separate: bool
    is_inside: bool = False
    trouble: str | None = None
    strangers: tuple[str, ...] = ()


def read_containerd(host: Host, data_root: HostPath, *, with_strangers: bool = True) -> ContainerdFacts:
    """Read the facts about containerd; nothing is changed.

    ``with_strangers``: whether namespaces of others are asked for, which starts a program. Its root is named by
    ``--root``, else by ``root`` in its config.toml, else it is /var/lib/containerd
    (containerd docs/man/containerd-config.toml.5).
    """
    unit = host.systemd.unit(CONTAINERD_SERVICE)
    config, root, trouble = CONTAINERD_TOML, DEFAULT_CONTAINERD_ROOT, None
    words = list(unit.exec_start)
    for word, value in itertools.pairwise([*words, ""]):
        name, _, attached = word.partition("=")
        if name in {"--config", "-c"}:
            config = HostPath(attached or value)
        if name == "--root":
            root, trouble = HostPath(attached or value), "its root is given as a flag in its unit"
    image = FileImage(None)
    try:
        config, image, named = _effective_config(host, config)
        root = named if trouble is None and named is not None else root
    except (FileProblem, ValueError) as error:
        trouble = f"{config} cannot be read: {error}"
    resolved = host.layout.resolve(root)
    is_inside = resolved.is_relative_to(data_root)
    # one that is down keeps what it holds; systemd starts it with Docker
    is_there = unit.is_active or (unit.exists and host.layout.real(resolved / _DATABASE).is_file())
    return ContainerdFacts(
        root=resolved,
        named=root,
        config=config,
        image=image,
        is_separate=is_there and not is_inside,
        is_inside=is_there and is_inside,
        trouble=trouble,
        strangers=_strangers(host, unit, resolved) if is_there and with_strangers else (),
    )


def _effective_config(host: Host, config: HostPath) -> tuple[HostPath, FileImage, HostPath | None]:
    """Return the file that names the root, its contents, and the root it names.

    Imports are read after the file that has them, in order, and later ones win; a relative one is looked for beside
    the file, and ``*`` is expanded (containerd cmd/containerd/server/config/config.go, resolveImports). Raises
    FileProblem, or ValueError for what is no TOML.
    """
    main = files.read_image(host.layout.file(config))
    settings = tomllib.loads((main.data or b"").decode("utf-8"))
    found = (config, main, _root_in(settings))
    seen, waiting = {config}, _imports(host, config, settings)
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        image = files.read_image(host.layout.file(path))
        imported = tomllib.loads((image.data or b"").decode("utf-8"))
        if _root_in(imported) is not None:
            found = (path, image, _root_in(imported))
        waiting = [*_imports(host, path, imported), *waiting]
    return found


def _root_in(settings: dict[str, object]) -> HostPath | None:
    root = settings.get("root")
    return HostPath(root) if isinstance(root, str) and root.startswith("/") else None


def _imports(host: Host, config: HostPath, settings: dict[str, object]) -> list[HostPath]:
    named = settings.get("imports")
    paths: list[HostPath] = []
    for pattern in named if isinstance(named, list) else []:
        full = HostPath(os.path.normpath(config.parent / str(pattern)))
        if any(character in full.name for character in "*?["):
            folder = host.layout.real(full.parent)
            paths += [host.layout.host(found) for found in sorted(folder.glob(full.name))]
        else:
            paths.append(full)
    return paths


def _strangers(host: Host, unit: UnitState, root: HostPath) -> tuple[str, ...]:
    """Return the namespaces of others: as a containerd that runs tells, else from its database."""
    if unit.is_active and host.runner.find("ctr") is not None:
        listed = host.runner.run(["ctr", "namespaces", "list", "--quiet"], check=False, timeout=30)
        names = listed.stdout.split()
    else:
        names = read_bolt(host.layout.real(root / _DATABASE), _namespaces) or []
    return tuple(name for name in names if name not in _OURS)


def _namespaces(bolt: Bolt) -> list[str]:
    """Return the names of the buckets in the bucket ``v1`` (containerd core/metadata/buckets.go)."""
    return [
        name.decode("utf-8", "replace")
        for version, value, is_bucket in bolt.top()
        if version == b"v1" and is_bucket
        for name, _, is_namespace in bolt.bucket(value)
        if is_namespace
    ]


class EditContainerdConfig(ReplaceFile):
    """Name another root in containerd's config.toml, comments and layout kept."""

    kind: Literal["edit-containerd-config"] = "edit-containerd-config"
    root: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Write root = {self.root} to {self.path}"

    def take_back(self, present: FileImage, before: FileImage) -> bytes | None:
        """Put the root back as it was, if it still is ours. Raises FileProblem if it is not."""
        now, old = _parse(present.data), _parse(before.data)
        if now.get("root") != str(self.root):
            raise FileProblem(
                f"root in {self.path} was changed by somebody else since: we wrote {self.root}, now it is {now.get('root')}",
                hint="decide which it shall be and write it there by hand; then roll back again",
            )
        return with_root(present.data, old.get("root"))


def _parse(data: bytes | None) -> dict[str, object]:
    try:
        return tomllib.loads((data or b"").decode("utf-8"))
    except ValueError as error:
        raise FileProblem(f"containerd's configuration is no valid TOML: {error}") from error


def with_root(data: bytes | None, root: object) -> bytes:
    """Return the config.toml ``data`` with ``root`` as its root (None: without one)."""
    import tomlkit  # noqa: PLC0415  # only needed where images live in containerd

    document = tomlkit.parse((data if data is not None else _NEW_FILE.encode()).decode("utf-8"))
    if root is None:
        document.remove("root")
    elif "root" in document:
        document["root"] = str(root)
    else:
        document.add("root", tomlkit.item(str(root)))
    return tomlkit.dumps(document).encode()


def containerd_step(facts: ContainerdFacts, root: HostPath) -> EditContainerdConfig:
    """Return the step that makes ``root`` containerd's root."""
    new = FileImage(with_root(facts.image.data, root))
    return EditContainerdConfig(
        path=facts.config, new=StoredImage.of(new), expected=facts.image.digest, root=root
    )
