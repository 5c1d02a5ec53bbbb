"""A change of daemon.json: what is known, what is asked for, what planning comes to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from dockerd_cfg.config.catalogue import Need
from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_version import NEWEST, DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.surroundings import Surroundings
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DOCKER_SOCKET, HostPath
from dockerd_cfg.service.state import DockerState

if TYPE_CHECKING:
    from dockerd_cfg.change.plan import Plan
    from dockerd_cfg.config.edit_daemon_json import EditDaemonJson

SUBJECT: Final = "daemon.json"
Restart = Literal["auto", "never", "always"]


class ConfigFacts(NamedTuple):
    """What is known of the host: the file, the daemon's version and arguments, how Docker runs.

    ``stale`` are the options (their first names) whose value in the file the running daemon does not use yet.
    ``is_empty``: nothing lies in the data root of a daemon that is down. ``resolve`` follows the symbolic links in a
    path, as the daemon does with its data root. ``socket`` is where the daemon is asked.
    """

    file: DaemonJson
    version: DockerVersion | None
    arguments: CommandLines
    docker: DockerState
    stale: Collection[str] = frozenset()
    is_empty: bool = False
    resolve: Callable[[str], str] = str
    socket: HostPath = DOCKER_SOCKET
    surroundings: Surroundings | None = None

    @property
    def keeps_data(self) -> bool:
        """Whether Docker keeps images, containers or volumes, as far as is known."""
        kept = self.docker.inventory
        if kept is None:
            return self.docker.info is None and not self.is_empty
        return bool(kept.images or kept.containers or kept.volumes)

    def containers_go_on(self, wanted: Mapping[str, JsonValue]) -> bool:
        """Whether containers go on running while Docker is restarted with the daemon.json ``wanted``.

        They need live-restore twice: a daemon without it stops them when it ends (moby daemon/daemon.go, Shutdown), and
        one that starts without it stops those that it finds running (restore).
        """
        is_on_now = self.docker.info is not None and self.docker.info.live_restore
        later = Context(wanted, self.version or NEWEST, parse_flags(self.arguments.next))
        return is_on_now and later.switch("live-restore", default=False)


class ConfigRequest(NamedTuple):
    """What the user asked for. ``force`` are dotted keys whose errors are overruled.

    ``confirm_within``: seconds after which ``undo_command``, with the run's id in place of ``RUN``, undoes it all.
    """

    command: str
    edits: Sequence[KeyEdit]
    restart: Restart = "auto"
    force: Collection[str] = frozenset()
    confirm_within: float | None = None
    undo_command: Sequence[str] = ()
    summary: Mapping[str, JsonValue] = MappingProxyType({})


class ConfigPlan(NamedTuple):
    """The outcome of planning.

    ``plan`` is None when there is nothing to do. ``need`` is what it takes for Docker to use the new configuration,
    ``action`` what the plan does about it; ``restart_required``: after the plan the daemon still uses the old one.
    ``containers_go_on``: those that run go on while Docker is restarted. ``is_mended_in_part``: Docker would still
    refuse the file, but for fewer faults.
    """

    edit: "EditDaemonJson | None"
    plan: "Plan | None"
    findings: tuple[Finding, ...]
    need: Need
    action: Need
    restart_required: bool
    containers_go_on: bool = False
    is_mended_in_part: bool = False


def log_settings(
    wanted: Mapping[str, JsonValue], flags: Mapping[str, Sequence[str]]
) -> tuple[str, dict[str, str]]:
    """Return the log driver and options that new containers get with the daemon.json ``wanted`` and ``flags``."""
    named = flags.get("log-driver") or []
    driver = str(wanted.get("log-driver") or (named[-1] if named else "json-file"))
    opts = wanted.get("log-opts")
    if isinstance(opts, dict) and opts:
        return driver, {name: str(value) for name, value in opts.items()}
    return driver, dict(word.partition("=")[::2] for word in flags.get("log-opts", ()))
