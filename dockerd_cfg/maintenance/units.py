"""The text of the service and the timer, and what can be read from the text that is there."""

import hashlib
from typing import Final, NamedTuple

from dockerd_cfg.files import FileImage
from dockerd_cfg.host.unit_words import written_command
from dockerd_cfg.maintenance.settings import Settings, read_settings
from dockerd_cfg.paths import UNITS, HostPath

TIMER: Final = "dockerd-cfg-maintenance.timer"
SERVICE: Final = "dockerd-cfg-maintenance.service"
TIMER_PATH: Final = UNITS / TIMER
SERVICE_PATH: Final = UNITS / SERVICE
# When the timer last ran (systemd.timer(5), Persistent=): left behind, a timer made later would run at once.
STAMP: Final = HostPath("/var/lib/systemd/timers") / f"stamp-{TIMER}"
_DIGEST: Final = "# Digest: "
_SETTINGS: Final = "# Settings: "


class UnitTexts(NamedTuple):
    """What the two files hold."""

    service: bytes
    timer: bytes


def written_units(settings: Settings, program: tuple[str, ...]) -> UnitTexts:
    """Return the units that have ``program`` prune by ``settings``.

    Not now (5: another dockerd-cfg is at work; 4: Docker does not run) is no failure of the service. It asks for few
    of the host's resources, and its timer catches up on what was missed while the host was off.
    """
    command = written_command((*program, "maintenance", "run", *settings.options()))
    service = (
        f"{_SETTINGS}{settings.as_json()}\n"
        "[Unit]\nDescription=Prune what Docker keeps and nobody uses\n"
        "After=docker.service\n\n"
        f"[Service]\nType=oneshot\nExecStart={command}\nSuccessExitStatus=4 5\n"
        "Nice=10\nIOSchedulingClass=idle\n"
    )
    timer = (
        "[Unit]\nDescription=Prune what Docker keeps and nobody uses, now and then\n\n"
        f"[Timer]\nOnCalendar={settings.schedule.replace('%', '%%')}\nPersistent=true\nRandomizedDelaySec=1h\n"
        f"Unit={SERVICE}\n\n[Install]\nWantedBy=timers.target\n"
    )
    return UnitTexts(_signed(service), _signed(timer))


def settings_of(service: FileImage) -> Settings | None:
    """Return the settings that the service file tells; None when there is none, or it tells none."""
    for line in (service.data or b"").decode("utf-8", "replace").splitlines():
        if line.startswith(_SETTINGS):
            return read_settings(line.removeprefix(_SETTINGS))
    return None


def is_edited(unit: FileImage) -> bool:
    """Tell whether a unit file is there and is not as this tool, of whatever version, wrote it."""
    if unit.data is None:
        return False
    head, _, body = unit.data.partition(b"\n")
    first, _, rest = body.partition(b"\n")
    return first != _DIGEST.encode() + _digest(rest) or head != _HEAD.encode()


_HEAD: Final = (
    "# Written by dockerd-cfg; “dockerd-cfg maintenance disable” removes it. For changes: systemctl edit."
)


def _signed(text: str) -> bytes:
    data = text.encode()
    return f"{_HEAD}\n{_DIGEST}".encode() + _digest(data) + b"\n" + data


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
