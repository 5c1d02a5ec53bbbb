"""Keeping everybody else from starting Docker while something is done that needs it stopped.

A drop-in in /run gives the units a condition (systemd.unit(5), ConditionPathExists=) that fails as long as a file
is there. Whoever starts them meanwhile, a package upgrade for instance, gets no error and no Docker. Everything lies
in /run: after a power cut it is gone, and Docker comes up by itself.
"""

import os
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath

HELD: Final = HostPath("/run/dockerd-cfg.holds-docker")
# Says that systemd has read the drop-ins: the tool may have been killed after it wrote them and before.
_READ: Final = HostPath("/run/dockerd-cfg.can-hold-docker")
_UNITS: Final = HostPath("/run/systemd/system")
_NAME: Final = "90-dockerd-cfg-hold.conf"
_DROP_IN: Final = f"# Written by dockerd-cfg for the time in which it needs Docker stopped.\n[Unit]\nConditionPathExists=!{HELD}\n"
# While the service is held and its socket not yet down, one client that asks would start it over and over, and after
# twenty times systemd refuses the socket for two seconds, in which Docker is to start again (systemd.socket(5)).
_SOCKET: Final = "[Socket]\nTriggerLimitIntervalSec=0\n"


class HoldUnits(Step):
    """Make ``units`` ones that can be held: from here on a file in /run keeps everybody from starting them."""

    kind: Literal["hold-units"] = "hold-units"
    units: tuple[str, ...]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "See that nobody else can start Docker during the stop"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return "Let others start Docker again"

    def apply(self, context: Context, before: Before) -> None:
        """Write the drop-ins. Raises FileProblem or CommandFailed."""
        make_holdable(context.host, self.units)

    def holds(self, context: Context, before: Before) -> bool | None:
        """Return False after a reboot, which takes away what lies in /run."""
        return None if all(_is_holdable(context.host, unit) for unit in self.units) else False

    def revert(self, context: Context, before: Before) -> None:
        """Take the drop-ins away. Raises FileProblem or CommandFailed."""
        make_free(context.host, self.units)


class FreeUnits(Step):
    """Take back what `HoldUnits` did, when the stop is over."""

    kind: Literal["free-units"] = "free-units"
    units: tuple[str, ...]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "Let others start Docker again"

    def apply(self, context: Context, before: Before) -> None:
        """Take the drop-ins away. Raises FileProblem or CommandFailed."""
        make_free(context.host, self.units)


def make_holdable(host: Host, units: tuple[str, ...]) -> None:
    """Give ``units`` the condition, if they do not have it yet. Raises FileProblem or CommandFailed."""
    if all(_is_holdable(host, unit) for unit in units):
        return
    read = host.layout.real(_READ)
    files.remove_file(read)
    for unit in units:
        text = _DROP_IN + (_SOCKET if unit.endswith(".socket") else "")
        files.replace_file(host.layout.real(_drop_in(unit)), FileImage(text.encode(), 0o644))
    host.systemd.daemon_reload()
    files.replace_file(read, FileImage(b"", 0o644))


def make_free(host: Host, units: tuple[str, ...]) -> None:
    """Release ``units`` and take the condition away. Raises FileProblem or CommandFailed."""
    release(host)
    files.remove_file(host.layout.real(_READ))
    if take_condition(host, units):
        host.systemd.daemon_reload()


def take_condition(host: Host, units: tuple[str, ...]) -> bool:
    """Take the condition from ``units``, as soon as systemd is told; return whether they had it. Raises FileProblem."""
    present = [real for unit in units if os.path.lexists(real := host.layout.real(_drop_in(unit)))]
    for real in present:
        files.remove_file(real)
        files.remove_empty_folder(real.parent)
    return bool(present)


def hold(host: Host, units: tuple[str, ...]) -> None:
    """From now on ``units`` cannot be started. Raises FileProblem or CommandFailed."""
    make_holdable(host, units)
    files.replace_file(host.layout.real(HELD), FileImage(b"", 0o644))


def release(host: Host) -> None:
    """From now on what was held can be started. Raises FileProblem."""
    files.remove_file(host.layout.real(HELD))


def is_held(host: Host) -> bool:
    """Tell whether Docker is being held."""
    return host.layout.real(HELD).exists()


def _is_holdable(host: Host, unit: str) -> bool:
    return host.layout.real(_READ).exists() and os.path.lexists(host.layout.real(_drop_in(unit)))


def _drop_in(unit: str) -> HostPath:
    return _UNITS / f"{unit}.d" / _NAME
