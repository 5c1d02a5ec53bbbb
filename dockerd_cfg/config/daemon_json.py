"""daemon.json on the host: where it is, what it says, and an edit of one option."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dockerd_cfg import files
from dockerd_cfg.config.edit import Change, Set, Unset
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.scan import ScanError, scan
from dockerd_cfg.config.tree import Document as Json
from dockerd_cfg.config.tree import same
from dockerd_cfg.errors import AccessDenied, FileProblem, InvalidConfig, PreflightRefused
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding, preflight_error
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DAEMON_JSON, HostPath, Layout


class DaemonJson(NamedTuple):
    """The file as it is: its path, its image, its parsed text."""

    path: HostPath
    image: FileImage
    json: Json

    @property
    def value(self) -> dict[str, JsonValue]:
        """The options it sets; empty when there is no file."""
        return self.json.value


def config_path(argv: Sequence[str]) -> HostPath:
    """Return the path of the daemon.json that a dockerd with the arguments ``argv`` reads.

    Raises PreflightRefused for a relative one, which depends on dockerd's working directory, and one with ``..``.
    """
    named = parse_flags(argv).get("config-file")
    path = HostPath(named[-1]) if named else DAEMON_JSON
    if not path.is_absolute() or ".." in path.parts:
        message = f"dockerd's flag --config-file names {path}, which is no absolute, plain path"
        found = preflight_error("config-file-relative", message, "write the whole path there, without ..")
        raise PreflightRefused(found.message, hint=found.hint, findings=(found,))
    return path


def read_daemon_json(layout: Layout, path: HostPath) -> DaemonJson:
    """Return the daemon.json at ``path``; an absent one sets nothing.

    Raises InvalidConfig when it cannot be read or is no JSON that dockerd takes, with line and column; PreflightRefused
    when who calls may not read it.
    """
    image = read_daemon_image(layout, path)
    return DaemonJson(path, image, parse(image.data, path))


def read_daemon_image(layout: Layout, path: HostPath) -> FileImage:
    """Return the daemon.json at ``path`` as it is. Raises InvalidConfig, PreflightRefused, as `read_daemon_json`."""
    try:
        return files.read_image(layout.file(path))
    except AccessDenied as error:
        found = preflight_error("not-root", error.message, "run the same command with sudo")
        raise PreflightRefused(found.message, hint=found.hint, findings=(found,)) from error
    except FileProblem as error:
        hint = error.hint or f"make {path} a readable file, or move it away"
        found = Finding(code="unreadable", severity="error", stage="parse", message=error.message, hint=hint)
        raise InvalidConfig(error.message, hint=hint, findings=(found,)) from error


def parse(data: bytes | None, path: HostPath) -> Json:
    """Return the parsed text of a daemon.json. Raises InvalidConfig with the place of the fault."""
    try:
        return scan(data)
    except ScanError as error:
        raise InvalidConfig(
            f"{path}, line {error.line}, column {error.column}: {error.message}",
            hint=error.hint,
            findings=(not_json(error),),
        ) from error


def not_json(error: ScanError) -> Finding:
    """Return the finding that a text is no JSON that dockerd takes."""
    return Finding(
        code="not-json",
        severity="error",
        stage="parse",
        message=error.message,
        hint=error.hint,
        line=error.line,
        column=error.column,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEdit:
    """One option given a value, or taken out (``unset``); ``key`` is its path from the top.

    With ``prune``, objects that become empty by taking it out go too.
    """

    key: tuple[str, ...]
    value: JsonValue = None
    unset: bool = False
    prune: bool = True

    @property
    def dotted(self) -> str:
        """The key as users write it."""
        return ".".join(self.key)

    @property
    def change(self) -> Change:
        """The same for the editor."""
        return Unset(self.key, prune=self.prune) if self.unset else Set(self.key, self.value)


def drop_in_folder(layout: Layout, path: HostPath) -> tuple[Finding, ...]:
    """Return a finding when there is a ``daemon.json.d`` beside ``path``: people expect Docker to read it."""
    folder = path.with_name(f"{path.name}.d")
    if not layout.real(folder).is_dir():
        return ()
    message = f"{folder} exists, but Docker reads no files from it: there are no drop-ins for {path.name}"
    hint = f"merge each file into {path.name}: dockerd-cfg merge FILE"
    found = Finding(code="drop-in-folder", severity="warning", stage="ignored", message=message, hint=hint)
    return (found,)


def changes_anything(present: DaemonJson, edits: Sequence[KeyEdit]) -> bool:
    """Tell whether any of ``edits`` changes what ``present`` says."""
    return any(differs(present, one) for one in edits)


def differs(present: DaemonJson, one: KeyEdit) -> bool:
    """Tell whether ``one`` changes what ``present`` says."""
    member = present.json.member(one.key)
    return member is not None if one.unset else member is None or not same(member.value.value, one.value)
