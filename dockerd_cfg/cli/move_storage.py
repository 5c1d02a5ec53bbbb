"""The command move-storage."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal

import typer

from dockerd_cfg.change.plan import Plan
from dockerd_cfg.cli.options import Diff, DryRun, Json, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session, refuse_errors
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.diff import unified_diff
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.judge import ask_dockerd, judge
from dockerd_cfg.config.judge import refuse_errors as refuse_config_errors
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import now, shown_bytes
from dockerd_cfg.storage.facts import StorageFacts, read_facts
from dockerd_cfg.storage.outcome import stop_seconds
from dockerd_cfg.storage.plan import data_root_edit, plan_move
from dockerd_cfg.storage.preflight import preflight

_SHOWN_NAMES: Final = 5


def move_storage(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="A folder on the new disk; the data goes to TARGET/docker."),
    ],
    containerd: Annotated[
        str,
        typer.Option(metavar="auto|yes|no", help="Move containerd's root too; auto: when images live there."),
    ] = "auto",
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Move Docker's storage to another disk: copy while it runs, stop, switch, start, verify, or undo it all.

    The old data is set aside and kept until you run: dockerd-cfg finish.
    """
    session = session_of(context, "move-storage", dry_run=dry_run, yes=yes, diff=diff)
    path, mode = _target(target), _containerd(containerd)
    session.refuse_unfit_host()
    with session.changing():
        session.report.say("Looking at Docker, its data and the target ...")
        facts = read_facts(session.host, path, mode)
        if not facts.trees:
            return _nothing_to_do(session, facts)
        findings = preflight(facts)
        edit = data_root_edit(facts)
        refuse_errors(findings, f"Docker's storage cannot be moved to {target}")
        session.report.findings(findings)
        _refuse_bad_config(session, facts, edit)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        plan = plan_move(facts, session.host.layout, created=now(), stamp=stamp)
        session.refuse_fixed_files(plan)
        return _carry_out(session, facts, plan, edit, findings)


def _nothing_to_do(session: Session, facts: StorageFacts) -> Result:
    session.report.answer(f"Nothing to do: Docker's data is in {facts.data_root} already.")
    return Result(command=session.command, data={"data_root": str(facts.data_root)})


def _refuse_bad_config(session: Session, facts: StorageFacts, edit: EditDaemonJson | None) -> None:
    version = facts.docker.info.version if facts.docker.info else session.host.dockerd.version()
    findings = judge(
        facts.file,
        edit,
        version=DockerVersion.parse(version) if version else None,
        arguments=facts.arguments,
        starts_now=facts.docker.was_up,
    )
    refuse_config_errors(findings, facts.file)
    ask_dockerd(session.host, edit, facts.arguments)


def _carry_out(
    session: Session, facts: StorageFacts, plan: Plan, edit: EditDaemonJson | None, findings: tuple[Any, ...]
) -> Result:
    report = session.report
    _show(session, facts, plan, edit)
    data: dict[str, JsonValue] = session.plan_data(plan)
    if edit is not None:
        before, after = facts.file.image.data or b"", edit.new.image.data or b""
        data["diff"] = {
            "before": before.decode("utf-8", "replace"),
            "after": after.decode("utf-8", "replace"),
        }
    if session.is_dry_run:
        report.answer("Nothing was changed (--dry-run).")
        return Result(command=session.command, changed=True, data=data, findings=findings)
    if facts.docker.was_up:
        running = f" with {len(facts.docker.running)} running containers" if facts.docker.running else ""
        session.consent(f"Docker{running} will be stopped for a short while")
    run = session.carry_out(plan)
    stop = stop_seconds(session.history.find(run.id).record)
    if stop is not None:
        data["stop_seconds"] = stop
        report.answer(f"Docker was stopped for {stop:.1f} s.")
    for tree in facts.trees:
        report.answer(f"Moved: {tree.source} is now {tree.target}.")
    report.answer(f"The old data is kept until: dockerd-cfg finish. Undo with: dockerd-cfg rollback {run.id}")
    return Result(command=session.command, changed=True, data={**data, "run": run.id}, findings=findings)


def _show(session: Session, facts: StorageFacts, plan: Plan, edit: EditDaemonJson | None) -> None:
    report, summary = session.report, plan.summary
    names = [container.name for container in facts.docker.running]
    shown = ", ".join(islice(names, _SHOWN_NAMES)) + (" ..." if len(names) > _SHOWN_NAMES else "")
    size = sum(tree.size.allocated for tree in facts.trees)
    report.answer(
        f"{shown_bytes(size)} in {sum(tree.size.inodes for tree in facts.trees)} files, folders and links; "
        f"copying takes about {summary['copy_seconds']} s."
    )
    if names:
        report.answer(f"To be stopped for a short while, and started again: {shown}.")
    report.plan(plan)
    if session.shows_diff and edit is not None:
        report.diff(unified_diff(facts.file.image.data, edit.new.image.data or b"", str(facts.file.path)))


def _target(text: str) -> HostPath:
    path = HostPath(text)
    if not path.is_absolute() or ".." in path.parts:
        raise UsageProblem(
            f"the target must be an absolute path without “..”, not {text!r}", hint="for instance: /mnt/data"
        )
    return path


def _containerd(value: str) -> Literal["auto", "yes", "no"]:
    match value:
        case "auto" | "yes" | "no":
            return value
        case _:
            raise UsageProblem(
                f"--containerd takes auto, yes or no, not {value!r}",
                hint="see: dockerd-cfg move-storage --help",
            )
