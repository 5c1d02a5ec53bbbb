"""The step that makes the timer be there, another one, or be gone, and can give back what was there before."""

from typing import Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import FileImage, Replacement
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.maintenance.units import SERVICE, SERVICE_PATH, STAMP, TIMER, TIMER_PATH
from dockerd_cfg.paths import HostPath, Layout

_PATHS = (SERVICE_PATH, TIMER_PATH)


class SetTimer(Step):
    """Give the service and the timer new contents, and have the timer run; without contents: remove both.

    ``was_service`` and ``was_timer`` are the digests the files must have before.
    """

    kind: Literal["set-timer"] = "set-timer"
    service: StoredImage
    timer: StoredImage
    was_service: str
    was_timer: str

    @property
    def _is_removal(self) -> bool:
        return self.timer.image.data is None

    def describe(self) -> str:
        """Return one imperative sentence."""
        if self._is_removal:
            return f"Stop and remove {TIMER} and its service"
        return f"Write {TIMER_PATH} and its service, and start the timer"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Give back {TIMER} and its service as they were"

    def capture(self, context: Context) -> Before:
        """Keep both files, and whether the timer ran and was to be started at boot."""
        host: Host = context.host
        images = [files.read_image(host.layout.real(path)) for path in _PATHS]
        unit = host.systemd.unit(TIMER)
        return {
            "service": StoredImage.of(images[0]).model_dump(mode="json", exclude_none=True),
            "timer": StoredImage.of(images[1]).model_dump(mode="json", exclude_none=True),
            "enabled": unit.file_state == "enabled",
            "active": unit.is_active,
        }

    def apply(self, context: Context, before: Before) -> None:
        """Make it so. Raises FileProblem or CommandFailed."""
        host: Host = context.host
        _set(host, (self.service.image, self.timer.image), (self.was_service, self.was_timer), runs=True)
        faults = [] if self._is_removal else host.systemd.unit_faults(*_PATHS)
        if faults:
            raise CommandFailed(f"systemd finds a fault in {TIMER}: {faults[0]}")
        if not self._is_removal and not host.systemd.unit(TIMER).is_active:
            raise CommandFailed(
                f"{TIMER} does not run though it was started", hint=f"look at: systemctl status {TIMER}"
            )

    def revert(self, context: Context, before: Before) -> None:
        """Give back both files and the timer's state. Raises FileProblem or CommandFailed."""
        host: Host = context.host
        self.refuse_conflict(host.layout, before)
        for path in _PATHS:
            files.remove_leftover(host.layout.real(path))
        _set(
            host,
            self._old(before),
            (None, None),
            runs=bool(before["active"]),
            boots=bool(before["enabled"]),
        )

    def refuse_conflict(self, layout: Layout, before: Before) -> None:
        """Raise FileProblem when somebody else changed one of the files since, or made it immutable."""
        for path, new, old in zip(
            _PATHS, (self.service.image, self.timer.image), self._old(before), strict=True
        ):
            present = files.read_image(layout.real(path)).digest
            if present not in {new.digest, old.digest}:
                raise edited(path)
            if present != old.digest:
                files.check_replaceable(layout.real(path))

    @staticmethod
    def _old(before: Before) -> tuple[FileImage, FileImage]:
        service, timer = (StoredImage.model_validate(before[name]).image for name in ("service", "timer"))
        return service, timer


def edited(path: HostPath) -> FileProblem:
    """Return the problem that somebody else edited a unit file of ours, which would be lost."""
    return FileProblem(
        f"{path} was edited by somebody else",
        hint=f"keep the edit in a drop-in (systemctl edit {path.name}), then remove the file: rm {path}",
    )


def _set(
    host: Host,
    images: tuple[FileImage, FileImage],
    expected: tuple[str | None, str | None],
    *,
    runs: bool,
    boots: bool = True,
) -> None:
    """Make both files hold ``images``, and the timer run (``runs``) and be started at boot (``boots``); may be repeated."""
    systemd, layout = host.systemd, host.layout
    is_there = images[1].data is not None
    if not is_there and systemd.unit(TIMER).exists:  # while its file still says where its links are
        systemd.stop(TIMER)
        systemd.disable(TIMER)
    changes = [
        Replacement(layout.real(path), image, digest)
        for path, image, digest in zip(_PATHS, images, expected, strict=True)
        if files.read_image(layout.real(path)).digest != image.digest
    ]
    files.replace_together(changes)
    systemd.daemon_reload()
    if not is_there:
        systemd.reset_failed(TIMER, SERVICE)
        files.remove_file(layout.real(STAMP))
        return
    if boots:
        systemd.enable(TIMER)
    else:
        systemd.disable(TIMER)
    if runs:
        systemd.restart(TIMER)  # a running one would go on with its old schedule
    else:
        systemd.stop(TIMER)
