"""The gateway to systemd: state of units, and the verbs that change it (systemctl(1))."""

import re
import shlex
import time
from typing import Final, NamedTuple

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.paths import SYSTEMD_RUNTIME, HostPath, Layout
from dockerd_cfg.runner import Companion, Runner

DOCKER_SERVICE: Final = "docker.service"
DOCKER_SOCKET_UNIT: Final = "docker.socket"
CONTAINERD_SERVICE: Final = "containerd.service"

# dockerd ends containers one after the other's stop timeout, and a first start may convert data: minutes are
# normal. Beyond this something hangs, and the run is undone.
_PATIENCE: Final = 900.0
_QUICK: Final = 30.0
_PROPERTIES: Final = (
    "LoadState,ActiveState,ActiveEnterTimestampMonotonic,StateChangeTimestampMonotonic,CanReload,SubState,MainPID,InvocationID,Result,ExecStart,EnvironmentFiles,Environment,UnsetEnvironment,"
    "FragmentPath,DropInPaths,UnitFileState,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,PropagatesStopTo,NRestarts"
)
# Which units systemd stops when this one is stopped, and does not start with it (systemd.unit(5)).
_STOPPED_WITH: Final = ("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo")
# A daemon that ends by a fault of its own does so soon after it said that it was ready.
_SETTLED: Final = 1.0
_NEVER: Final = (1 << 64) - 1  # microseconds: systemd's infinity
_PAST: Final = r"(?m)^\s*Next elapse: never$"
_ARGV: Final = r"argv\[\]=(.*?) ; (?:ignore_errors|flags)="
_ENVIRONMENT_FILE: Final = r"(?m)^(\S.*?) \(ignore_errors=(?:yes|no)\)$"


class UnitState(NamedTuple):
    """What systemd knows of one unit.

    ``exec_start`` is the command line as written in the unit, variables not yet expanded; what systemctl tells of it has no
    quotes, so that there a word with blanks falls apart;
    ``unset_environment`` names variables, or one value of them, that are left out at last;
    ``sources`` are the unit file and its drop-ins; ``active_since``, when it came up, and ``changed``, when it last came
    up or was reloaded, are Unix time in seconds. ``stopped_with`` are the units that are stopped whenever it is;
    ``restarts`` is how often systemd by itself started it again since it was told to start it.
    """

    name: str
    load: str = "not-found"
    active: str = "inactive"
    sub: str = "dead"
    main_pid: int = 0
    invocation: str = ""
    result: str = "success"
    exec_start: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    unset_environment: tuple[str, ...] = ()
    environment_files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    file_state: str = ""
    active_since: float | None = None
    changed: float | None = None
    can_reload: bool = True
    stopped_with: tuple[str, ...] = ()
    restarts: int = 0

    @property
    def exists(self) -> bool:
        """Whether there is such a unit that could be started."""
        return self.load == "loaded"

    @property
    def is_active(self) -> bool:
        """Whether it is up, or on its way up."""
        return self.active in {"active", "activating", "reloading"}


class SystemctlSystemd:
    """systemd by way of ``systemctl``."""

    def __init__(self, layout: Layout, runner: Runner) -> None:
        self._layout = layout
        self._runner = runner
        self._inhibitor: Companion | None = None

    def is_running(self) -> bool:
        """Whether systemd is this host's init (sd_booted(3): its runtime folder exists)."""
        return self._layout.real(SYSTEMD_RUNTIME).is_dir() and self._runner.find("systemctl") is not None

    def unit(self, name: str) -> UnitState:
        """Return the state of the unit ``name``. Raises CommandFailed when systemd does not answer."""
        shown = self._runner.look(["systemctl", "show", f"--property={_PROPERTIES}", name], timeout=_QUICK)
        return parse_unit(name, shown)

    def start(self, *names: str, patience: float | None = None) -> None:
        """Start units and wait until they are up, for at most ``patience`` seconds if given. Raises CommandFailed."""
        self._runner.run(["systemctl", "start", *names], timeout=patience or _PATIENCE)

    def stop(self, *names: str) -> None:
        """Stop units in one transaction and wait until they are down. Raises CommandFailed."""
        self._runner.run(["systemctl", "stop", *names], timeout=_PATIENCE)

    def restart(self, name: str) -> None:
        """Restart a unit and wait until it is up. Raises CommandFailed."""
        self._runner.run(["systemctl", "restart", name], timeout=_PATIENCE)

    def reload(self, name: str) -> None:
        """Make a service read its configuration anew: by its ExecReload=, else by SIGHUP. Raises CommandFailed."""
        argv = (
            ["systemctl", "reload", name]
            if self.unit(name).can_reload
            else ["systemctl", "kill", "--kill-who=main", "--signal=HUP", name]
        )
        self._runner.run(argv, timeout=_QUICK)

    def stays_up(self, name: str) -> bool:
        """Tell whether a unit that was started is up since, and for a second at least. Raises CommandFailed."""
        while True:
            unit = self.unit(name)
            if unit.active not in {"active", "reloading"} or unit.restarts:
                return False
            left = 0 if unit.active_since is None else unit.active_since + _SETTLED - time.time()
            if left <= 0:
                return True
            time.sleep(min(left, _SETTLED))

    def enable(self, name: str) -> None:
        """Have a unit started at boot, too. Raises CommandFailed."""
        self._runner.run(["systemctl", "enable", "--quiet", name], timeout=_QUICK)

    def disable(self, name: str) -> None:
        """Have a unit no longer started at boot; one that does not exist is fine."""
        self._runner.run(["systemctl", "disable", "--quiet", name], timeout=_QUICK, check=False)

    def reset_failed(self, *names: str) -> None:
        """Forget failures: after three failed starts in a minute docker.service could not be started at all."""
        self._runner.run(["systemctl", "reset-failed", *names], timeout=_QUICK, check=False)

    def daemon_reload(self) -> None:
        """Read unit files and drop-ins anew. Raises CommandFailed."""
        self._runner.run(["systemctl", "daemon-reload"], timeout=_QUICK * 2)

    def next_elapse(self, timer: str) -> float | None:
        """Return when a timer elapses next, as Unix time in seconds; None when it does not, or nobody can tell.

        Asked over D-Bus, by busctl(1): what systemctl prints depends on the time zone, and on its version.
        """
        if self._runner.find("busctl") is None:
            return None
        escaped = re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):02x}", timer)
        where = ("org.freedesktop.systemd1", f"/org/freedesktop/systemd1/unit/{escaped}")
        what = ("org.freedesktop.systemd1.Timer", "NextElapseUSecRealtime")
        told = self._runner.run(["busctl", "get-property", *where, *what], timeout=_QUICK, check=False)
        number = told.stdout.removeprefix("t ").strip()
        if not told.is_success or not number.isdecimal() or not 0 < int(number) < _NEVER:
            return None
        return int(number) / 1e6

    def calendar_fault(self, expression: str) -> str | None:
        """Return what is wrong with a calendar expression (systemd-analyze(1)), None when it is right or nobody can tell.

        One that lies in the past is wrong: a timer for it would never run.
        """
        if self._runner.find("systemd-analyze") is None:
            return None
        told = self._runner.run(
            ["systemd-analyze", "calendar", "--", expression], timeout=_QUICK, check=False
        )
        if not told.is_success:
            return (told.stderr or told.stdout).strip().partition("\n")[0]
        return "it lies in the past" if re.search(_PAST, told.stdout) else None

    def unit_faults(self, *paths: HostPath) -> list[str]:
        """Return what is wrong with unit files (systemd-analyze(1)); what it says of other units is left out."""
        if self._runner.find("systemd-analyze") is None:
            return []
        argv = ["systemd-analyze", "verify", *(str(self._layout.real(path)) for path in paths)]
        told = self._runner.run(argv, timeout=_QUICK * 2, check=False)
        names = [path.name for path in paths]
        lines = (told.stderr + told.stdout).splitlines()
        return [] if told.is_success else [line for line in lines if any(name in line for name in names)]

    def inhibit_shutdown(self, why: str) -> None:
        """Keep the host from being shut down or rebooted (systemd-inhibit(1)) until `allow_shutdown`.

        Without a running logind there is no such lock; then nothing happens.
        """
        if self._inhibitor is not None or self._runner.find("systemd-inhibit") is None:
            return
        argv = ["systemd-inhibit", "--what=shutdown", "--mode=block", "--who=dockerd-cfg", f"--why={why}"]
        self._inhibitor = self._runner.accompany([*argv, "cat"])

    def allow_shutdown(self) -> None:
        """Let the host be shut down again; it also may when this process ends."""
        if self._inhibitor is not None:
            self._inhibitor.end()
            self._inhibitor = None

    def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
        """Return the last lines that the unit's own processes logged since ``since`` (Unix time); none of systemd's."""
        if self._runner.find("journalctl") is None:
            return ""
        argv = ["journalctl", "--no-pager", "--output=cat", f"--lines={lines}", f"_SYSTEMD_UNIT={name}"]
        if since:
            argv.append(f"--since=@{since:.6f}")
        return self._runner.run(argv, timeout=_QUICK, check=False).stdout


def parse_unit(name: str, shown: str) -> UnitState:
    """Return the unit state that ``systemctl show`` printed as ``shown``.

    Raises CommandFailed when that is no unit's state: an answer that is cut off must not pass for "no such unit".
    """
    values: dict[str, list[str]] = {}
    for line in shown.splitlines():
        key, separator, value = line.partition("=")
        if separator:
            values.setdefault(key, []).append(value)

    if "LoadState" not in values:
        raise CommandFailed(
            f"systemd does not tell the state of {name}", hint=f"look at: systemctl status {name}"
        )

    def one(key: str) -> str:
        return values.get(key, [""])[-1]

    argv = re.search(_ARGV, one("ExecStart"))
    return UnitState(
        name=name,
        load=one("LoadState") or "not-found",
        active=one("ActiveState") or "inactive",
        sub=one("SubState") or "dead",
        main_pid=int(one("MainPID") or 0),
        invocation=one("InvocationID"),
        result=one("Result") or "success",
        exec_start=tuple(argv.group(1).split()) if argv else (),
        environment=_split(one("Environment")),
        unset_environment=_split(one("UnsetEnvironment")),
        environment_files=tuple(re.findall(_ENVIRONMENT_FILE, "\n".join(values.get("EnvironmentFiles", [])))),
        sources=tuple(path for path in (one("FragmentPath"), *one("DropInPaths").split()) if path),
        file_state=one("UnitFileState"),
        active_since=_unix_time(int(one("ActiveEnterTimestampMonotonic") or 0)),
        changed=_unix_time(int(one("StateChangeTimestampMonotonic") or 0)),
        can_reload=one("CanReload") == "yes",
        stopped_with=tuple(dict.fromkeys(name for key in _STOPPED_WITH for name in one(key).split())),
        restarts=int(one("NRestarts") or 0),
    )


def _unix_time(microseconds: int) -> float | None:
    """Systemd's monotonic microseconds as Unix time: older systemctl prints no other form free of the locale."""
    return time.time() - time.monotonic() + microseconds / 1e6 if microseconds else None


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())
