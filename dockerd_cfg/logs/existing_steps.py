"""The steps that give existing containers log options, and prove that they count.

Docker reads a container's record at its start and writes it again whenever the container's state changes, so that an
edit counts only when it is made while Docker is down (moby daemon/daemon.go, restore; daemon/container, CheckpointTo).
Under live-restore, containers go on meanwhile: at Docker's start each gets a new logger, with the new options.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.documents import Document
from dockerd_cfg.errors import CommandFailed, DockerdCfgError
from dockerd_cfg.files import FileImage
from dockerd_cfg.files.many import replace_many
from dockerd_cfg.files.plain import read_plain
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.existing import StoredContainer, find_existing, read_existing
from dockerd_cfg.logs.existing_choice import Wanted, Which, choose
from dockerd_cfg.logs.existing_root import configured_root
from dockerd_cfg.logs.log_config import limit_of, shown, with_options
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.service.state import load, wait_until
from dockerd_cfg.service.stopping import is_stopped, stop

LIMIT_EXISTING_LOGS: Final = "limit-existing-logs"
_START: Final = "start-docker"
_SHOWN_NAMES: Final = 5
_ROTATION_PATIENCE: Final = 3.0
_log: Final = logging.getLogger(__name__)


class Given(Document):
    """A container whose log options were changed: those before and after; ``log_bytes``: the size of its log then."""

    id: str
    name: str
    driver: str
    old: dict[str, str] | None
    new: dict[str, str]
    log_bytes: int | None = None


class LimitExistingLogs(Step):
    """Give existing containers below ``root`` the log options ``options``, and make the change ``edit`` of daemon.json.

    Which: those ``named`` by ``ids``, or all of the kind ``which`` that there are once Docker is stopped; ``ids`` and
    ``names`` are those chosen when it was planned. ``nested`` is that of `read_existing`, ``survives`` that of
    `Wanted`. ``units`` must be down: where they came up after a reboot, they are stopped again.

    Undoing gives back the old options where the new ones still stand. A container that is gone is left out; one that
    has other options by then keeps them, and is told.
    """

    kind: Literal["limit-existing-logs"] = "limit-existing-logs"
    root: HostPath
    nested: bool = False
    which: Which
    ids: tuple[str, ...]
    names: tuple[str, ...]
    options: dict[str, str]
    docker_version: str | None = None
    survives: bool = False
    units: tuple[str, ...]
    edit: EditDaemonJson | None = None

    @property
    def parts(self) -> tuple[Step, ...]:
        """The step itself and the edit it makes."""
        return (self,) if self.edit is None else (self, self.edit)

    def replaced(self, before: Before) -> Sequence[tuple[Step, Before]]:
        """Return the edit."""
        return () if self.edit is None else ((self.edit, _file(before)),)

    def describe(self) -> str:
        """Return one imperative sentence."""
        more = len(self.names) - _SHOWN_NAMES
        names = ", ".join(self.names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
        edit = "" if self.edit is None else f"{self.edit.describe()}; give"
        return f"{edit or 'Give'} {names} {shown(self.options)} in the containers' records"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        edit = "" if self.edit is None else f" and {self.edit.path} as it was"
        return f"Give the containers their old log options back{edit}"

    def capture(self, context: Context) -> Before:
        """Choose, now that Docker is down, and keep the options that were."""
        host: Host = context.host
        wanted = Wanted(
            which=self.which,
            options=self.options,
            version=DockerVersion.told(self.docker_version),
            ids=frozenset(self.ids),
            survives=self.survives,
        )
        choice = choose(read_existing(host.layout.real(self.root), nested=self.nested), wanted)
        given: list[JsonValue] = []
        for change in choice.changes:
            one = Given(
                id=change.container.id,
                name=change.container.name,
                driver=change.before.driver,
                old=change.before.options,
                new=change.after.options,
                log_bytes=size_of(change.container),
            )
            given.append(one.model_dump(mode="json"))
        return {
            "containers": given,
            "file": None if self.edit is None else self.edit.capture(context),
        }

    def apply(self, context: Context, before: Before) -> None:
        """Edit. Raises FileProblem, or CommandFailed when Docker, up again after a reboot, cannot be stopped."""
        host: Host = context.host
        self._make_sure(host, self.root)
        if self.edit is not None:
            files.replace_together(self.edit.replacement(host.layout, _file(before)))
        edit_records(host.layout.real(self.root), [(one, one.new) for one in given_in(before)])

    def holds(self, context: Context, before: Before) -> bool | None:
        """Return True: what was chosen stays chosen, and what is left of it is done with Docker stopped once more."""
        return True

    def capture_undo(self, context: Context) -> Before:
        """Note what stays as somebody else has made it since, and where the containers are by now."""
        root = self._present_root(context)
        before = context.captured(self.kind) or {}
        kept: list[JsonValue] = []
        for one in given_in(before):
            found = find_existing(context.host.layout.real(root), one.id)
            options = None if found is None or found.config is None else found.config.options
            if found is not None and options not in (one.new, one.old or {}):
                kept.append(f"the log options of {found.name}")
        if self.edit is not None:
            kept += self.edit.kept(context.host.layout, _file(before))
        return {"root": str(root), "kept": kept}

    def revert(self, context: Context, before: Before) -> None:
        """Give back what was. Raises FileProblem, or CommandFailed when Docker cannot be stopped."""
        host: Host = context.host
        noted = (context.captured_undo(self.kind) or {}).get("root")
        root = HostPath(str(noted)) if noted else self.root
        self._make_sure(host, root)
        edit_records(host.layout.real(root), [(one, one.old) for one in given_in(before)])
        if self.edit is not None:
            old = _file(before)
            files.remove_leftover(host.layout.real(self.edit.path))
            files.replace_together(self.edit.restoration(host.layout, old))
            self.edit.remove_new_folder(host.layout, old)

    def refuse_conflict(self, layout: Layout, before: Before) -> None:
        """Raise FileProblem when somebody else's change to daemon.json is in the way of undoing this."""
        if self.edit is not None:
            self.edit.refuse_conflict(layout, _file(before))

    def _make_sure(self, host: Host, root: HostPath) -> None:
        if not is_stopped(host, self.units):
            stop(host, self.units, (root,), daemon_only=True)

    def _present_root(self, context: Context) -> HostPath:
        """Return the data root by now: when a run is taken back later, it may have been moved since."""
        if not context.was_applied:
            return self.root
        noted = context.captured_undo(_START)
        kept = load(noted).inventory if noted else None
        if kept is not None and kept.data_root is not None:
            return kept.data_root
        try:
            return configured_root(context.host) or self.root
        except DockerdCfgError:
            return self.root  # a daemon.json that cannot be read says nothing


def _file(before: Before) -> Before:
    """Return what the edit of daemon.json captured."""
    kept = before.get("file")
    return kept if isinstance(kept, dict) else {}


def given_in(before: Before) -> list[Given]:
    """Return the containers that a run changed, from what its step captured."""
    rows = before.get("containers")
    return [Given.model_validate(row) for row in rows] if isinstance(rows, list) else []


def edit_records(root: Path, wanted: list[tuple[Given, dict[str, str] | None]]) -> None:
    """Give each container below ``root`` the options beside it, in its record; all other bytes stay. Docker is down.

    Only where they are, of the two that a run knows, the other ones; what is gone, was changed since, or is no record
    of Docker's any more, is left. Raises FileProblem.
    """
    images: dict[Path, FileImage] = {}
    digests: dict[Path, str] = {}
    for one, options in wanted:
        found = find_existing(root, one.id)
        if found is None or found.config is None:
            continue
        files.remove_leftover(found.settings_path)
        present = found.config.options
        if present == (options or {}) or present not in (one.new, one.old or {}):
            continue
        image = read_plain(found.settings_path)
        try:
            data = with_options(image.data or b"", options)
        except ValueError as error:
            _log.warning("%s is left as it is: %s", found.settings_path, error)
            continue
        images[found.settings_path] = FileImage(data, image.mode, image.owner, image.group)
        digests[found.settings_path] = image.digest
    if images:
        replace_many(root, images, expected=digests)


def size_of(container: StoredContainer) -> int | None:
    """Return how many bytes the file has that a container logs to, None when there is none."""
    try:
        return None if container.log_path is None else container.log_path.lstat().st_size
    except OSError:
        return None


class CheckExistingLogs(Step):
    """Check that Docker has the new log options of each container, and that those that run heed them."""

    kind: Literal["check-existing-logs"] = "check-existing-logs"
    root: HostPath
    docker_version: str | None = None

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "Check that these containers have their new log options, and that those that write heed them"

    def apply(self, context: Context, before: Before) -> None:
        """Ask Docker, and look at the files. Raises CommandFailed."""
        host: Host = context.host
        given = given_in(context.captured(LIMIT_EXISTING_LOGS) or {})
        for one in given:
            told = host.docker.log_config(one.id)
            if told is not None and told != LogConfig(driver=one.driver, options=one.new):
                raise CommandFailed(
                    f"Docker has {told.driver} with {shown(told.options)} for the container {one.name} "
                    f"instead of {one.driver} with {shown(one.new)}"
                )
        running = {container.id for container in host.docker.containers() if container.is_running}
        root, version = host.layout.real(self.root), DockerVersion.told(self.docker_version)
        watched = [one for one in given if one.id in running]
        wait_until(lambda: not list(over_limit(root, watched, version)), _ROTATION_PATIENCE)
        for one, size in over_limit(root, watched, version):
            if one.log_bytes is not None and size > one.log_bytes:
                raise CommandFailed(
                    f"the log of the container {one.name} was over its limit of {one.new['max-size']} and grows on",
                    hint=f"see whether Docker can write into {root / 'containers' / one.id}",
                )


def over_limit(root: Path, given: list[Given], version: DockerVersion | None) -> Iterator[tuple[Given, int]]:
    """Yield those of ``given`` whose log file is as large as it may be, or larger, with its size in bytes.

    Docker rotates before the next write (moby daemon/logger/loggerutils/logfile.go): until something is written, a log
    that was too large stays so. One that has grown all the same was not rotated.
    """
    for one in given:
        found = find_existing(root, one.id)
        limit = limit_of(LogConfig(driver=one.driver, options=one.new), version)
        size = None if found is None else size_of(found)
        if limit is not None and size is not None and size >= limit:
            yield one, size
