"""A run that is undone by itself unless somebody confirms it: a systemd timer waits, whatever becomes of the terminal."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.unit_words import written_command
from dockerd_cfg.paths import UNITS
from dockerd_cfg.quantities import shown_duration

TIMER: Final = "dockerd-cfg-confirm.timer"
SERVICE: Final = "dockerd-cfg-confirm.service"
EXPECT_CONFIRMATION: Final = "expect-confirmation"
_LEAST: Final = 1.0


class ExpectConfirmation(Step):
    """Have systemd run ``command`` ``seconds`` from now; undoing takes that back, as confirming does.

    The timer is a unit file with a moment of the calendar, so that it also survives a reboot (systemd.timer(5),
    Persistent=).
    """

    kind: Literal["expect-confirmation"] = "expect-confirmation"
    seconds: float
    command: tuple[str, ...]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Have all this undone in {shown_duration(self.seconds)} unless it is confirmed"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return "Take back the timer that would undo this"

    def capture(self, context: Context) -> Before:
        """Note when time is up, so that a resumed run does not begin to count anew."""
        return {
            "deadline": (datetime.now(UTC) + timedelta(seconds=self.seconds)).isoformat(timespec="seconds")
        }

    def apply(self, context: Context, before: Before) -> None:
        """Write the two units and start the timer. Raises FileProblem or CommandFailed."""
        host: Host = context.host
        deadline = datetime.fromisoformat(str(before["deadline"]))
        _write(host, SERVICE, _service(self.command))
        _write(host, TIMER, _timer(deadline, self.seconds))
        host.systemd.daemon_reload()
        host.systemd.enable(TIMER)
        host.systemd.start(TIMER)

    def revert(self, context: Context, before: Before) -> None:
        """Stop the timer and remove both units."""
        expect_no_more(context.host)


def seconds_left(context: Context) -> float | None:
    """Return how much of the time for confirming is left, None where nobody is waited for."""
    deadline = (context.captured(EXPECT_CONFIRMATION) or {}).get("deadline")
    if deadline is None:
        return None
    return max(_LEAST, (datetime.fromisoformat(str(deadline)) - datetime.now(UTC)).total_seconds())


def expect_no_more(host: Host) -> None:
    """Stop the timer and remove its units; there need not be one. Raises FileProblem or CommandFailed."""
    paths = [UNITS / TIMER, UNITS / SERVICE]
    if not any(host.layout.real(path).exists() for path in paths):
        return
    host.systemd.disable(TIMER)
    # the service is left alone: it may be what is running this
    host.systemd.stop(TIMER)
    for path in paths:
        files.remove_file(host.layout.real(path))
    host.systemd.daemon_reload()


def _write(host: Host, name: str, text: str) -> None:
    files.replace_file(host.layout.real(UNITS / name), FileImage(text.encode(), 0o644))


def _service(command: tuple[str, ...]) -> str:
    # another dockerd-cfg at work (5) ends: then it is tried again; anything else is for people to look at
    return (
        "# Written by dockerd-cfg; “dockerd-cfg confirm” removes it.\n"
        "[Unit]\nDescription=Undo a change of dockerd-cfg that nobody confirmed\nStartLimitIntervalSec=0\n"
        f"[Service]\nType=oneshot\nExecStart={written_command(command)}\n"
        "Restart=on-failure\nRestartSec=5s\nRestartPreventExitStatus=1 2 3 4 6 7 70\n"
    )


def _timer(deadline: datetime, seconds: float) -> str:
    # the calendar counts after a reboot, the seconds where the clock is set back meanwhile
    return (
        "# Written by dockerd-cfg; “dockerd-cfg confirm” removes it.\n"
        "[Unit]\nDescription=Undo a change of dockerd-cfg unless it is confirmed\n"
        f"[Timer]\nOnCalendar={deadline.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\nPersistent=true\n"
        f"OnActiveSec={math.ceil(seconds)}\nAccuracySec=1s\n"
        f"Unit={SERVICE}\n"
        "[Install]\nWantedBy=timers.target\n"
    )
