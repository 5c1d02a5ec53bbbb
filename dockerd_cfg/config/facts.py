"""Reading what a change of daemon.json depends on: the file, the daemon, and whether it uses the file already."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from dockerd_cfg.config.catalogue import needs
from dockerd_cfg.config.change_request import ConfigFacts, log_settings
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, config_path, read_daemon_json
from dockerd_cfg.config.effect import is_in_use, wanted_values
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.errors import CommandFailed, UsageProblem
from dockerd_cfg.host.arguments import CommandLines, command_lines
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.surroundings import surroundings
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.service.state import DockerState, glance, observe

if TYPE_CHECKING:
    from dockerd_cfg.change.history import Run

_NAME_A_FILE: Final = "write for instance /etc/docker/daemon.json"
_APPLIED: Final = frozenset({"applied", "unconfirmed", "finishing", "finished"})


def config_file_of(path: str | None) -> HostPath | None:
    """Return the file that ``--config-file`` names. Raises UsageProblem unless it is an absolute, plain path of a file."""
    if path is None:
        return None
    if path.endswith(("/", "/.")):
        raise UsageProblem(f"--config-file takes a file, and {path} names a folder", hint=_NAME_A_FILE)
    found = HostPath(path)
    if not found.is_absolute() or ".." in found.parts:
        raise UsageProblem(f"--config-file takes an absolute, plain path, not {path!r}")
    return found


def read_daemon(
    host: Host, unit: UnitState, config_file: HostPath | None = None
) -> tuple[DaemonJson, CommandLines]:
    """Return the daemon.json and the arguments of the dockerd of ``unit``. ``config_file`` is another file than its own.

    Raises InvalidConfig, UsageProblem.
    """
    if config_file is not None and host.layout.real(config_file).is_dir():
        raise UsageProblem(f"--config-file takes a file, and {config_file} is a folder", hint=_NAME_A_FILE)
    arguments = command_lines(host, unit)
    return read_daemon_json(host.layout, config_file or config_path(arguments.now)), arguments


class Edits(Protocol):
    """What is to be changed."""

    @property
    def edits(self) -> Sequence[KeyEdit]:
        """The edits."""


EditsT = TypeVar("EditsT", bound=Edits)


def read_config_facts(
    host: Host,
    unit: UnitState,
    work_out: Callable[[DaemonJson, DockerVersion | None], EditsT],
    runs: "Callable[[], Sequence[Run]]",
    config_file: HostPath | None = None,
) -> tuple[ConfigFacts, EditsT]:
    """Return the facts for a change of daemon.json, and the edits that ``work_out`` finds for the present file and Docker.

    ``unit`` is docker.service; ``runs`` gives the host's history, if it comes to that; ``config_file`` is the file to
    change when it is not the one dockerd reads. What Docker keeps and runs is not looked at: `with_contents` does.
    Raises InvalidConfig, CommandFailed.
    """
    file, arguments = read_daemon(host, unit, config_file)
    # a file that Docker does not read: nothing has to take it over
    docker = glance(host, [unit] if file.path == config_path(arguments.now) else [])
    facts = config_facts(host, file, arguments, docker)
    edits = work_out(file, facts.version)
    names = {one.key[0] for one in edits.edits}
    return facts._replace(stale=frozenset(_stale(host, facts, unit, names, runs))), edits


def config_facts(host: Host, file: DaemonJson, arguments: CommandLines, docker: DockerState) -> ConfigFacts:
    """Return the facts about ``file`` and the Docker that runs as ``docker`` says, or else is installed."""
    version = docker.info.version if docker.info else host.dockerd.version()
    return ConfigFacts(
        file=file,
        version=DockerVersion.told(version),
        arguments=arguments,
        docker=docker,
        resolve=host.layout.resolved,
        socket=host.docker.address,
        surroundings=surroundings(host.layout, is_running=not host.is_offline),
    )


def with_contents(host: Host, facts: ConfigFacts) -> ConfigFacts:
    """Return ``facts`` with what Docker keeps and runs. Raises CommandFailed."""
    if facts.docker.info is not None:
        return facts._replace(docker=observe(host))
    root = wanted_values(facts.file.value, [("data-root",)], flags=())
    named = parse_flags(facts.arguments.now).get("data-root") or [
        str(root.get("data-root", DEFAULT_DATA_ROOT))
    ]
    return facts._replace(is_empty=not _keeps_something(host, HostPath(named[-1])))


def _keeps_something(host: Host, root: HostPath) -> bool:
    """Whether a Docker that is down has images, containers or volumes in ``root``."""
    if not root.is_absolute() or ".." in root.parts:
        return False
    folders = [host.layout.real(root) / name for name in ("containers", "image", "volumes")]
    return any(
        entry.name not in {"backingFsBlockDev", "metadata.db"}
        for folder in folders
        if folder.is_dir()
        for entry in folder.iterdir()
    )


def unused_options(host: Host, unit: UnitState, facts: ConfigFacts, runs: "Sequence[Run]" = ()) -> list[str]:
    """Return the options that daemon.json sets, or ``runs`` took out of it, and that the running Docker has not taken over.

    As far as can be known: of what Docker does not tell, what was changed since it read the file. Nothing is tried
    out. Raises CommandFailed.
    """
    names = {*facts.file.value, *(name for run in runs for name in _edited(run, facts.file.path))}
    return sorted(_stale(host, facts, unit, names, lambda: runs, may_try=False))


def _edited(run: "Run", path: HostPath) -> Iterator[str]:
    from dockerd_cfg.config.edit_daemon_json import EditDaemonJson  # noqa: PLC0415  # only where there is a run

    for step in run.plan.parts:
        if isinstance(step, EditDaemonJson) and step.path == path and run.state in _APPLIED:
            yield from (one.key[0] for one in step.edits)


def _stale(
    host: Host,
    facts: ConfigFacts,
    unit: UnitState,
    names: set[str],
    runs: "Callable[[], Sequence[Run]]",
    *,
    may_try: bool = True,
) -> Iterator[str]:
    """Yield those of the options ``names`` whose value in the file the daemon does not use, as far as can be known.

    The daemon tells of some. Of the others, one that was changed after the daemon last read the file is not in use;
    log options, with ``may_try``, are looked up in a container.
    """
    file, info = facts.file, facts.docker.info
    if info is None or unit.active_since is None:
        return
    flags = parse_flags(facts.arguments.now)
    driver, options = log_settings(file.value, flags)
    if "log-driver" in names and info.log_driver != driver:
        yield "log-driver"
    if file.image.data is None or file.image.modified <= unit.active_since:
        return
    reported = host.docker.options() if names - {"log-driver", "log-opts"} else {}
    known = cache(runs)  # reading them costs more than all the rest, and is seldom needed
    for name in sorted(names - {"log-driver"}):
        values = wanted_values(file.value, [(name,)], flags=flags)
        told = {is_in_use(dotted, value, reported) for dotted, value in values.items()} - {None}
        removed = {name} - file.value.keys()
        read = unit.changed if needs([name], removed=removed) == "reload" else unit.active_since
        if told:
            if False in told:
                yield name
        elif last_changed(file, known(), name, read or 0) > (read or 0) and not (
            may_try and name == "log-opts" and _uses_log_options(host, options)
        ):
            yield name


def _uses_log_options(host: Host, options: dict[str, str]) -> bool:
    """Tell by a container that is created and removed; where none can be: no."""
    from dockerd_cfg.config.log_check import probe  # noqa: PLC0415  # a second run needs none

    try:
        found = probe(host)
    except CommandFailed:
        return False  # the settings in use may be the very ones that are to be replaced
    return found is not None and found.options == options


def last_changed(file: DaemonJson, runs: "Sequence[Run]", name: str, read: float = 0) -> float:
    """Return the latest moment (Unix time) at which the option ``name`` of ``file`` may have got its value.

    That is when the file was written, unless by runs of ours, oldest first in ``runs``, that left the option alone. Of
    what stood there when Docker last read the file, at ``read``, it is that moment, though the file may have got a new
    time since: so where Docker did that in a run that left these contents.
    """
    from dockerd_cfg.change.replace_file import StoredImage  # noqa: PLC0415  # brings pydantic; a second run needs none
    from dockerd_cfg.config.edit_daemon_json import EditDaemonJson  # noqa: PLC0415  # likewise

    digest, moment = file.image.digest, file.image.modified
    for run in reversed(runs):
        edit = next((step for step in run.plan.parts if isinstance(step, EditDaemonJson)), None)
        if edit is None or edit.path != file.path or run.state not in {*_APPLIED, "reverted"}:
            continue
        before = run.record.captured("started", edit.kind)
        if before is None:
            return moment
        stored = StoredImage.model_validate(before).image
        is_undone = run.state == "reverted"
        left = stored if is_undone else edit.new.image
        since = run.record.moment("undone" if is_undone else "done", edit.kind)
        until = run.record.moment("reverted" if is_undone else "applied")
        if left.digest == digest and since is not None and until is not None and since <= read <= until:
            return read
        if left.digest != digest or any(one.key[0] == name for one in edit.edits):
            return moment
        digest, moment = stored.digest, stored.modified
    return moment
