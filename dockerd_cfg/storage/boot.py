"""What systemd needs to know so that Docker finds its data at the next boot: drop-ins and mount units."""

import re
from typing import Final, Literal

from dockerd_cfg.change.plan import Before, Context
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.files import FileImage
from dockerd_cfg.paths import UNITS, HostPath, Layout

_PLAIN: Final = re.compile(r"[\w/.,:@+-]+")


class WriteDropIn(ReplaceFile):
    """Give a unit a drop-in, and let systemd read it."""

    kind: Literal["write-drop-in"] = "write-drop-in"
    unit: str

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Make {self.unit} wait for its disk ({self.path})"

    def apply(self, context: Context, before: Before) -> None:
        """Write and reload. Raises FileProblem or CommandFailed."""
        super().apply(context, before)
        context.host.systemd.daemon_reload()

    def revert(self, context: Context, before: Before) -> None:
        """Take away and reload. Raises FileProblem or CommandFailed."""
        super().revert(context, before)
        context.host.systemd.daemon_reload()


class WriteMountUnit(ReplaceFile):
    """Write the unit that mounts the new tree at the old place; systemd is told by whoever writes it."""

    kind: Literal["write-mount-unit"] = "write-mount-unit"
    where: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Write {self.path}, which mounts the new data at {self.where}"


def drop_in_step(layout: Layout, unit: str, present: FileImage, *places: HostPath) -> WriteDropIn:
    """Return the step that makes ``unit`` need the mounts of ``places``."""
    wanted = " ".join(_quoted(place) for place in places)
    text = (
        f"# Written by dockerd-cfg: without its disk, {unit} would start on an empty folder.\n"
        f"[Unit]\nRequiresMountsFor={wanted}\n"
    )
    new = StoredImage.of(FileImage(text.encode()))
    return WriteDropIn(path=layout.drop_in(unit), new=new, expected=present.digest, unit=unit)


def mount_unit_step(what: HostPath, where: HostPath) -> WriteMountUnit:
    """Return the step that writes the mount unit which binds ``what`` to ``where`` (systemd.mount(5))."""
    text = (
        f"# Written by dockerd-cfg: Docker's data is in {what}.\n"
        f"[Unit]\nDescription=Docker's data at its usual place\nRequiresMountsFor={_quoted(what)}\n"
        f"[Mount]\nWhat={_specifiers(what)}\nWhere={_specifiers(where)}\nType=none\nOptions=bind\n"
        "[Install]\nWantedBy=local-fs.target\n"
    )
    new = StoredImage.of(FileImage(text.encode()))
    return WriteMountUnit(
        path=UNITS / mount_unit(where), new=new, expected=FileImage(None).digest, where=where
    )


def mount_unit(where: HostPath) -> str:
    """Return the name of the mount unit for the path ``where`` (systemd.unit(5), string escaping for paths)."""
    raw = str(where).strip("/")
    escaped = "".join(
        "-"
        if character == "/"
        else character
        if character.isascii() and (character.isalnum() or character in "_:" or (character == "." and index))
        else "".join(f"\\x{byte:02x}" for byte in character.encode())
        for index, character in enumerate(raw)
    )
    return f"{escaped}.mount"


def _specifiers(path: HostPath) -> str:
    """Write a path as the value of a setting that takes one: ``%`` begins a specifier there."""
    return str(path).replace("%", "%%")


def _quoted(path: HostPath) -> str:
    """Quote a path in a list for a unit file (systemd.syntax(7))."""
    text = _specifiers(path).replace("\\", "\\\\").replace('"', '\\"')
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
