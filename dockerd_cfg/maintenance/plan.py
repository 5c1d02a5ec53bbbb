"""Enabling and disabling as plans: what there is, what is wanted, and the one step between. Pure, but for reading."""

from dataclasses import dataclass
from typing import Final

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.files import FileImage, read_image
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.maintenance.settings import Settings
from dockerd_cfg.maintenance.timer import SetTimer
from dockerd_cfg.maintenance.units import (
    SERVICE,
    SERVICE_PATH,
    TIMER,
    TIMER_PATH,
    is_edited,
    settings_of,
    written_units,
)
from dockerd_cfg.paths import UNITS, HostPath

SUBJECT: Final = "maintenance"


@dataclass(frozen=True, slots=True)
class TimerFacts:
    """What is there of the timer: its files, what systemd knows of it, and drop-ins that somebody else wrote."""

    service: FileImage
    timer: FileImage
    unit: UnitState
    drop_ins: tuple[HostPath, ...] = ()

    @property
    def settings(self) -> Settings | None:
        """The settings it has; None where there is none, or none of ours."""
        return settings_of(self.service)

    @property
    def is_on(self) -> bool:
        """Whether the timer runs, and will after a reboot."""
        return self.unit.is_active and self.unit.file_state == "enabled"

    @property
    def is_there(self) -> bool:
        """Whether there is anything to disable."""
        return self.service.data is not None or self.timer.data is not None

    @property
    def edited(self) -> tuple[HostPath, ...]:
        """The files that are not as this tool wrote them."""
        files = ((SERVICE_PATH, self.service), (TIMER_PATH, self.timer))
        return tuple(path for path, image in files if is_edited(image))


def read_timer(host: Host) -> TimerFacts:
    """Return what is there. Raises FileProblem or CommandFailed."""
    real = host.layout.real
    folders = [UNITS / f"{name}.d" for name in (TIMER, SERVICE)]
    drop_ins = [
        folder / entry.name
        for folder in folders
        if real(folder).is_dir()
        for entry in sorted(real(folder).iterdir())
    ]
    return TimerFacts(
        service=read_image(real(SERVICE_PATH)),
        timer=read_image(real(TIMER_PATH)),
        unit=host.systemd.unit(TIMER) if host.systemd.is_running() else UnitState(TIMER),
        drop_ins=tuple(drop_ins),
    )


def plan_enabling(
    facts: TimerFacts, settings: Settings, program: tuple[str, ...], created: str
) -> Plan | None:
    """Return the plan that makes the timer be there with ``settings``; None when it is."""
    texts = written_units(settings, program)
    if facts.is_on and (facts.service.data, facts.timer.data) == texts:
        return None
    changed = [settings.schedule, settings.shown()]
    return _plan("maintenance-enable", facts, (texts.service, texts.timer), created, changed)


def plan_disabling(facts: TimerFacts, created: str) -> Plan | None:
    """Return the plan that makes the timer be gone; None when it is."""
    if not facts.is_there:
        return None
    return _plan("maintenance-disable", facts, (None, None), created, ["no more pruning"])


def _plan(
    command: str,
    facts: TimerFacts,
    texts: tuple[bytes | None, bytes | None],
    created: str,
    changed: list[str],
) -> Plan:
    service, timer = (StoredImage.of(FileImage(text)) for text in texts)
    step = SetTimer(
        service=service, timer=timer, was_service=facts.service.digest, was_timer=facts.timer.digest
    )
    return Plan(
        command=command,
        subject=SUBJECT,
        tool=__version__,
        created=created,
        steps=(step,),
        summary={"changed": [*changed]},
    )
