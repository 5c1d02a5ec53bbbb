"""The command move-storage."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal

import typer

from dockerd_cfg.change.plan import Plan
from dockerd_cfg.cli.options import ConfirmWithin, Diff, DryRun, Json, Root, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session, refuse_errors
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.diff import unified_diff
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.judge import ask_dockerd, judge
from dockerd_cfg.config.judge import refuse_errors as refuse_config_errors
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.own_program import own_command
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import counted, now, parse_bytes, parse_duration, shown_bytes, shown_duration
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.storage.facts import StorageFacts, read_facts
from dockerd_cfg.storage.moved_tree import Mode
from dockerd_cfg.storage.outcome import stop_parts, stop_seconds
from dockerd_cfg.storage.plan import MoveRequest, data_root_edit, plan_move
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
    mode: Annotated[
        str,
        typer.Option(
            metavar="data-root|symlink|bind",
            help="What leads to the new place: daemon.json, a link at the old place, or a mount there.",
        ),
    ] = "data-root",
    verify: Annotated[
        str,
        typer.Option(metavar="attributes|full", help="full: also compare the contents of all files."),
    ] = "attributes",
    bwlimit: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Copy at most BYTES a second while Docker runs, such as 50m."),
    ] = None,
    confirm_within: ConfirmWithin = None,
    start_timeout: Annotated[
        str,
        typer.Option(
            metavar="DURATION", help="Undo it all when Docker takes longer to start at the new place."
        ),
    ] = "5m",
    *,
    full_speed: Annotated[
        bool, typer.Option("--full-speed", help="Copy without giving way to what else uses the disk.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Copy nothing: the data is at the target already.")
    ] = False,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Move Docker's storage to another disk: copy while it runs, stop, switch, start, verify, or undo it all.

    The old data is set aside and kept until you run: dockerd-cfg finish.
    """
    session = session_of(context, "move-storage", dry_run=dry_run, yes=yes, diff=diff)
    path, moves_containerd = _target(target), _containerd(containerd)
    request = _request(
        mode,
        verify,
        bwlimit,
        session.seconds_to_confirm(confirm_within),
        start_timeout,
        adopt=adopt,
        polite=not full_speed,
    )
    session.refuse_unfit_host()
    with session.changing():
        session.report.say("Looking at Docker, its data and the target ...")
        facts = read_facts(session.host, path, moves_containerd)
        if not facts.trees:
            return _nothing_to_do(session, facts)
        findings = preflight(facts, request)
        refuse_errors(findings, f"Docker's storage cannot be moved to {target}")
        session.report.findings(findings)
        edit = data_root_edit(facts, request)
        _refuse_bad_config(session, facts, edit)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        plan = plan_move(facts, session.host.layout, request, created=now(), stamp=stamp)
        session.refuse_fixed_files(plan)
        return _carry_out(session, facts, plan, edit, findings)


def _nothing_to_do(session: Session, facts: StorageFacts) -> Result:
    session.report.answer(f"Nothing to do: Docker's data is in {facts.data_root} already.")
    place = facts.target.resolved / "docker"
    if session.host.layout.real(place).is_symlink():
        session.report.answer(
            f"{place} is a link to it. To have the data there instead of the link: move it to another folder of its disk with "
            f"--mode data-root, remove the link, and then move it to {place.parent}."
        )
    return Result(command=session.command, data={"data_root": str(facts.data_root)})


def _refuse_bad_config(session: Session, facts: StorageFacts, edit: EditDaemonJson | None) -> None:
    if edit is None and facts.file.image.data is None:
        return  # there is no file, and there will be none
    version = facts.docker.info.version if facts.docker.info else session.host.dockerd.version()
    findings = judge(
        facts.file,
        edit,
        version=DockerVersion.told(version),
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
        count = counted(len(facts.docker.all_running), "running container")
        running = f" with {count}" if facts.docker.all_running else ""
        session.consent(f"Docker{running} will be stopped for a short while")
    run = session.carry_out(plan)
    stop = stop_seconds(session.history.find(run.id).record)
    if stop is not None and facts.docker.should_run:
        data["stop_seconds"] = stop
        parts = stop_parts(session.history.find(run.id).record)
        data["stop_parts"] = dict(parts)
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
        report.answer(f"Docker was stopped for {stop:.1f} s ({spent}).")
    for tree in facts.trees:
        report.answer(f"Moved: {tree.source} is now {tree.target}.")
    kept = f"The old data is kept until: {session.call('finish')}. " if plan.finish else ""
    report.answer(f"{kept}Undo with: {session.call('rollback', run.id)}")
    if plan.confirm_within is not None:
        within = shown_duration(plan.confirm_within)
        report.answer(f"This is undone {within} after the stop began unless you run: dockerd-cfg confirm")
    return Result(command=session.command, changed=True, data={**data, "run": run.id}, findings=findings)


def _show(session: Session, facts: StorageFacts, plan: Plan, edit: EditDaemonJson | None) -> None:
    report, summary = session.report, plan.summary
    names = [container.name for container in facts.docker.running]
    shown = ", ".join(islice(names, _SHOWN_NAMES)) + (" ..." if len(names) > _SHOWN_NAMES else "")
    size, sealed = sum(tree.size.allocated for tree in facts.trees), summary["sealed_bytes"]
    count = sum(tree.size.inodes for tree in facts.trees)
    if plan.finish and isinstance(sealed, int):
        report.answer(
            f"{shown_bytes(size)} in {count} files, folders and links, {shown_bytes(sealed)} of it in image layers; "
            f"copying takes about {summary['copy_seconds']} s, the stop about {summary['stop_seconds']} s."
        )
    elif not summary["bytes"]:
        stop = f", the stop takes about {summary['stop_seconds']} s" if facts.docker.should_run else ""
        report.answer(f"{count} files, folders and links; nothing needs to be copied{stop}.")
    stopped = [part for part in (shown, ", ".join(facts.docker.dependents)) if part]
    if stopped:
        report.answer(f"To be stopped for a short while, and started again: {'; '.join(stopped)}.")
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


def _request(
    mode: str,
    verify: str,
    bwlimit: str | None,
    seconds: float | None,
    start_timeout: str,
    *,
    adopt: bool,
    polite: bool,
) -> MoveRequest:
    if verify not in {"attributes", "full"}:
        raise UsageProblem(
            f"--verify takes attributes or full, not {verify!r}", hint="see: dockerd-cfg move-storage --help"
        )
    undo = (*own_command(), "rollback", "--unless-confirmed", "--yes")
    return MoveRequest(
        mode=_mode(mode),
        adopt=adopt,
        polite=polite,
        full=verify == "full",
        limit=None if bwlimit is None else parse_bytes(bwlimit),
        patience=parse_duration(start_timeout),
        confirm=None if seconds is None else ExpectConfirmation(seconds=seconds, command=undo),
    )


def _mode(value: str) -> Mode:
    match value:
        case "data-root" | "symlink" | "bind":
            return value
        case _:
            raise UsageProblem(
                f"--mode takes data-root, symlink or bind, not {value!r}",
                hint="see: dockerd-cfg move-storage --help",
            )


def _containerd(value: str) -> Literal["auto", "yes", "no"]:
    match value:
        case "auto" | "yes" | "no":
            return value
        case _:
            raise UsageProblem(
                f"--containerd takes auto, yes or no, not {value!r}",
                hint="see: dockerd-cfg move-storage --help",
            )
