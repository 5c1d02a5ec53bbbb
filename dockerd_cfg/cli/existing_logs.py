"""The part of set-logs that gives log options to containers that exist already."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dockerd_cfg.cli.change_carried_out import (
    Edits,
    Wish,
    WorkOut,
    carry_out,
    checked,
    judged,
    make_change,
    request_of,
)
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change_request import ConfigFacts, ConfigPlan, ConfigRequest
from dockerd_cfg.config.facts import read_config_facts
from dockerd_cfg.config.set_logs import SetLogsRequest, wanted_settings
from dockerd_cfg.errors import DockerdCfgError, FileProblem, PreflightRefused, UsageProblem
from dockerd_cfg.files import check_replaceable
from dockerd_cfg.host.docker import Container, LogConfig
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.existing import StoredContainer, read_existing
from dockerd_cfg.logs.existing_choice import Choice, LogChange, Wanted, Which, choose, findings_of, ids_of
from dockerd_cfg.logs.existing_root import root_told
from dockerd_cfg.logs.log_config import options_to_give, shown
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import counted, now
from dockerd_cfg.service.state import observe

if TYPE_CHECKING:
    from dockerd_cfg.logs.existing_plan import ExistingRequest
    from dockerd_cfg.logs.existing_steps import Given

_KINDS: Final = ("unlimited", "all")
_SHOWN_NAMES: Final = 5


def set_existing_logs(
    session: Session, wish: Wish, asked: SetLogsRequest, words: Sequence[str], work_out: WorkOut
) -> Result:
    """Change daemon.json as ``work_out`` says, and give the containers that ``words`` mean the same limits.

    ``words`` are those of ``--existing``. Raises UsageProblem for odd ones, or with options that do not go with them.
    """
    which, names = _meant(words)
    if session.host.is_offline:
        raise UsageProblem(
            "--existing needs a system that runs: whether containers got the options is asked of Docker",
            hint="leave out --root, or leave out --existing and create the containers anew",
        )
    request = request_of(session, wish)
    _refuse_what_does_not_go_with_it(wish)
    unit = session.refuse_unfit_host()
    with session.changing():
        facts, edits = read_config_facts(session.host, unit, checked(work_out), session.runs)
        settings = wanted_settings(facts.file.value, asked, facts.version)
        root, nested = _place(session, facts)
        stored = read_existing(session.host.layout.real(root), nested=nested)
        wanted = Wanted(
            which=which,
            options=options_to_give(settings, asked.options.keys()),
            version=facts.version,
            ids=ids_of(stored, names),
            survives=facts.containers_go_on(facts.file.value),
        )
        choice = choose(stored, wanted)
        edits = edits._replace(data={**edits.data, **_told(choice)})
        _tell_others(session, choice)
        if not choice.changes:
            edits = edits._replace(settled=f"{edits.settled}, and {_settled(which)}")
            return make_change(session, facts, edits, request, tuple(findings_of(choice.left)))
        from dockerd_cfg.logs.existing_plan import ExistingRequest  # noqa: PLC0415  # a second run has no use for it

        return _change(session, facts, edits, request, ExistingRequest(root, nested, wanted, choice))


def _change(
    session: Session,
    facts: ConfigFacts,
    edits: Edits,
    request: ConfigRequest,
    existing: "ExistingRequest",
) -> Result:
    from dockerd_cfg.logs.existing_plan import plan_existing  # noqa: PLC0415  # a second run has no use for it

    choice = existing.choice
    _refuse_fixed_records(choice.changes)
    facts, config = judged(session, facts, edits, request._replace(restart="always"))
    facts = facts._replace(docker=observe(session.host))
    request = request._replace(edits=edits.edits, summary=edits.summary)
    plan = plan_existing(facts, request, config, existing, created=now())
    if session.shows_diff:
        for change in choice.changes:
            session.report.diff(_diff(session, change))

    def outcome(run_id: str) -> Edits:
        given = _given(session, run_id)
        done = f"{_of_new(edits)}; {_done(_running(session, facts), existing, given)}"
        return edits._replace(done=done, data={**edits.data, "containers": [_row(one) for one in given]})

    planned = ConfigPlan(
        edit=config.edit,
        plan=plan,
        findings=(*config.findings, *findings_of(choice.left)),
        need=config.need,
        action="restart" if facts.docker.should_run else "none",
        restart_required=False,
        containers_go_on=config.containers_go_on,
    )
    result = carry_out(session, facts, edits, planned, outcome=outcome)
    if session.is_dry_run or not facts.docker.should_run:
        return result
    return _seen(session, existing, result)


def _seen(session: Session, existing: "ExistingRequest", result: Result) -> Result:
    """Tell which logs are still larger than they may be: they are rotated when something is written to them."""
    from dockerd_cfg.logs.existing_steps import over_limit  # noqa: PLC0415  # a second run has no use for it

    given = _given(session, str(result.data["run"]))
    root = session.host.layout.real(existing.root)
    waiting = [one.name for one, _ in over_limit(root, given, existing.wanted.version)]
    if waiting:
        session.report.answer(f"Rotated only when something is written to them again: {_some(waiting)}.")
    return replace(result, data={**result.data, "over_limit": [*waiting]})


def _given(session: Session, run_id: str) -> "list[Given]":
    """Return the containers that a run changed: they were chosen again once Docker was stopped."""
    from dockerd_cfg.logs.existing_steps import LIMIT_EXISTING_LOGS, given_in  # noqa: PLC0415  # a second run has no use for it

    run = session.history.find(run_id)
    return given_in(run.record.captured("started", LIMIT_EXISTING_LOGS) or {})


def _running(session: Session, facts: ConfigFacts) -> set[str]:
    """Return the ids of the containers that run by now, of those that ran before when Docker cannot be asked."""
    found: Iterable[Container] = ()
    if facts.docker.should_run:
        try:
            found = session.host.docker.containers()
        except DockerdCfgError:
            found = facts.docker.running
    return {container.id for container in found if container.is_running}


def _meant(words: Sequence[str]) -> tuple[Which, list[str]]:
    names = [name for word in words for name in word.split(",") if name]
    kinds = [name for name in names if name in _KINDS]
    if not names or (kinds and len(set(names)) > 1):
        raise UsageProblem(
            f"--existing takes unlimited, all, or names of containers, not {','.join(words)!r}",
            hint="write for instance: --existing, --existing all, --existing web,database",
        )
    if kinds:
        return ("unlimited" if kinds[0] == "unlimited" else "all"), []
    return "named", names


def _refuse_what_does_not_go_with_it(wish: Wish) -> None:
    if wish.restart == "never":
        raise UsageProblem(
            "--existing does not go with --restart never: a container's options can be changed only while Docker is stopped",
            hint="leave one of them out",
        )
    if wish.config_file is not None:
        raise UsageProblem(
            "--existing does not go with --config-file: it is about the Docker that runs here",
            hint="leave one of them out",
        )


def _place(session: Session, facts: ConfigFacts) -> tuple[HostPath, bool]:
    """Return the data root, and whether it may hold roots for user namespaces: a running Docker names the very one."""
    if facts.docker.info is not None:
        return facts.docker.info.data_root, False
    root = root_told(session.host, facts.file.value, facts.arguments.now)
    if root is None:
        raise PreflightRefused(
            f"the data root named in {facts.file.path} is no absolute, plain path",
            hint="write the whole path there",
        )
    return root, True


def _refuse_fixed_records(changes: Sequence[LogChange]) -> None:
    for change in changes:
        try:
            check_replaceable(change.container.settings_path)
        except FileProblem as error:
            raise PreflightRefused(error.message, hint=error.hint) from error


def _told(choice: Choice) -> dict[str, JsonValue]:
    """Return what programs are told of the containers."""
    changes: list[JsonValue] = [
        {
            "id": change.container.id,
            "name": change.container.name,
            "driver": change.before.driver,
            "before": {**change.before.options},
            "after": {**change.after.options},
        }
        for change in choice.changes
    ]
    left: list[JsonValue] = [
        {
            "id": one.container.id,
            "name": one.container.name,
            "reason": one.reason,
            "message": one.message,
            "hint": one.hint,
        }
        for one in choice.left
    ]
    return {"containers": changes, "left_alone": left}


def _row(one: "Given") -> JsonValue:
    """Return what programs are told of a container that was changed."""
    return {
        "id": one.id,
        "name": one.name,
        "driver": one.driver,
        "before": {**(one.old or {})},
        "after": {**one.new},
    }


def _tell_others(session: Session, choice: Choice) -> None:
    others = [
        f"{one.container.name} ({_driver(one.container)})"
        for one in choice.left
        if one.reason == "other-driver"
    ]
    if others:
        session.report.say(
            f"Left alone, since their drivers keep no files for Docker to limit: {_some(others)}"
        )


def _driver(container: StoredContainer) -> str:
    return container.config.driver if container.config and container.config.driver else "none named"


def _settled(which: Which) -> str:
    match which:
        case "unlimited":
            return "no existing container that can be given a limit lacks one"
        case "all":
            return "all existing containers that can have them have these limits"
        case "named":
            return "the containers named have these limits, or cannot have them"


def _of_new(edits: Edits) -> str:
    return edits.done.partition(";")[0]


def _done(running: set[str], existing: "ExistingRequest", given: "Sequence[Given]") -> str:
    if not given:
        return "the existing containers meant are gone, or were changed meanwhile"
    idle = [one for one in given if one.id not in running]
    later = f" ({len(idle)} of them at their next start)" if idle else ""
    count = counted(len(given), "existing container")
    return f"{count} got {shown(existing.wanted.options)}{later}: {_some([one.name for one in given])}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def _diff(session: Session, change: LogChange) -> str:
    """Return what changes in a container's record, for people: its log configuration, a line for each option."""
    from dockerd_cfg.config.diff import unified_diff  # noqa: PLC0415  # a second run has no use for it

    path = session.host.layout.host(change.container.settings_path)
    name = f"LogConfig of {change.container.name} in {path}"
    return unified_diff(_lines(change.before), _lines(change.after), name)


def _lines(config: LogConfig) -> bytes:
    rows = [f"{config.driver}\n", *(f"{name}={value}\n" for name, value in config.options.items())]
    return "".join(rows).encode()
