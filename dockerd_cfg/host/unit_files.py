"""Units as their files say, whether or not a systemd runs there and has read them (systemd.unit(5))."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.host.unit_words import unit_words
from dockerd_cfg.paths import HostPath, Layout

# What comes first hides what comes later.
_FOLDERS: Final = tuple(
    map(
        HostPath,
        (
            "/etc/systemd/system",
            "/run/systemd/system",
            "/usr/local/lib/systemd/system",
            "/usr/lib/systemd/system",
            "/lib/systemd/system",
        ),
    )
)
_UNTIL_REBOOT: Final = HostPath("/run/systemd/system")
_MASK: Final = HostPath("/dev/null")
IGNORED_PREFIXES: Final = "@-:+!"


def read_unit(layout: Layout, name: str, *, is_running: bool = False) -> UnitState:
    """Return what the files of the unit ``name`` say; it is never active. ``load`` is ``not-found`` without any.

    In a root that is not ``is_running``, files in /run do not count: they are gone at its next boot.
    """
    folders = [folder for folder in _FOLDERS if is_running or folder != _UNTIL_REBOOT]
    file = next((folder / name for folder in folders if _exists(layout.real(folder / name))), None)
    if file is None:
        return UnitState(name)
    if layout.resolve(file) == _MASK:
        return UnitState(name, load="masked")
    drop_ins = _drop_ins(layout, name, folders)
    start: tuple[str, ...] = ()
    environment: list[str] = []
    unset: list[str] = []
    files: list[str] = []
    read = [layout.file(path) for path in (file, *drop_ins)]
    for key, value in (setting for path in read for setting in service_settings(path)):
        match key:
            case "ExecStart":
                start = unit_words(value.lstrip(IGNORED_PREFIXES)) if value else ()
            case "Environment":
                environment = [*environment, *unit_words(value)] if value else []
            case "UnsetEnvironment":
                unset = [*unset, *unit_words(value)] if value else []
            case "EnvironmentFile":
                files = [*files, value.lstrip("-")] if value else []
            case _:
                pass
    return UnitState(
        name,
        load="loaded",
        exec_start=start,
        environment=tuple(environment),
        unset_environment=tuple(unset),
        environment_files=tuple(files),
        sources=tuple(str(path) for path in (file, *drop_ins)),
    )


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _drop_ins(layout: Layout, name: str, folders: Sequence[HostPath]) -> list[HostPath]:
    """Return the drop-ins in the order of their names, a file of the same name in an earlier folder winning.

    Those for all units of the kind (``service.d``) count less than those for the one unit.
    """
    found: dict[str, HostPath] = {}
    owners = (name.rpartition(".")[2], name)
    for folder in (folder / f"{owner}.d" for owner in owners for folder in reversed(folders)):
        real = layout.file(folder)
        if real.is_dir():
            found |= {path.name: folder / path.name for path in real.glob("*.conf")}
    return [found[file] for file in sorted(found)]


def service_settings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the settings of the section [Service], lines joined that end with a backslash (systemd.syntax(7)).

    One that is itself escaped joins nothing (``config_parse`` of src/shared/conf-parser.c).
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    section, pending = "", ""
    for line in text.splitlines():
        if pending and line.lstrip().startswith(("#", ";")):
            continue
        whole = pending + line.strip()
        if (len(whole) - len(whole.rstrip("\\"))) % 2:
            pending = f"{whole[:-1].rstrip()} "
            continue
        pending = ""
        if whole.startswith("["):
            section = whole.strip("[]")
        elif section == "Service" and not whole.startswith(("#", ";")):
            key, separator, value = whole.partition("=")
            if separator:
                yield key.strip(), value.strip()
