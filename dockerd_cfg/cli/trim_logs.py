"""logs trim: free the room of logs that are over their limit, and of files that Docker knows no more."""

from collections.abc import Sequence

from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.whereabouts import whereabouts
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.containers import read_container, read_containers
from dockerd_cfg.logs.trim import Cut, Left, Trim, carry_out, chosen, plan_trim
from dockerd_cfg.quantities import counted, parse_bytes, shown_bytes


def trim_logs(session: Session, names: Sequence[str], max_size: str | None) -> Result:
    """Free what can be of the logs of the containers ``names``, all for none. Raises UsageProblem, PreflightRefused."""
    keep = None if max_size is None else parse_bytes(max_size)
    with session.locked():
        place = whereabouts(session)
        containers = chosen(read_containers(session.host.layout.real(place.data_root)), names)
        trim = plan_trim(containers, docker_runs=place.runs, max_size=keep)
        _tell_plan(session, trim)
        if not trim.cuts:
            session.report.answer("Nothing to do: no file can be given up.")
            return Result(command=session.command, data=_data(session, trim.left, [], 0))
        if session.is_dry_run:
            session.report.answer(
                f"{shown_bytes(trim.frees)} would be freed; nothing was changed (--dry-run)."
            )
            return Result(
                command=session.command, changed=True, data=_data(session, trim.left, trim.cuts, trim.frees)
            )
        session.consent(f"{shown_bytes(trim.frees)} of log files will be deleted for good")
        return _do(session, trim, docker_runs=place.runs, keep=keep)


def _do(session: Session, trim: Trim, *, docker_runs: bool, keep: int | None) -> Result:
    freed, done, left = 0, list[Cut](), list(trim.left)
    for cut in trim.cuts:
        now = plan_trim([read_container(cut.container.folder)], docker_runs=docker_runs, max_size=keep)
        current = next((one for one in now.cuts if one.file.path == cut.file.path), None)
        if current is None:
            continue  # it was rotated, started or removed while the user was asked
        try:
            outcome = carry_out(current)
        except DockerdCfgError as error:
            outcome = Left(cut.container, cut.file, "open", error.message)
        if isinstance(outcome, Left):
            session.report.say(f"left: {cut.container.name}: {cut.file.path.name}: {outcome.advice}")
            left.append(outcome)
            continue
        freed += outcome
        done.append(current)
    session.report.answer(f"{shown_bytes(freed)} freed in {counted(len(done), 'file')}.")
    return Result(command=session.command, changed=bool(done), data=_data(session, left, done, freed))


def _tell_plan(session: Session, trim: Trim) -> None:
    for cut in trim.cuts:
        what = "delete" if cut.keep is None else f"keep the newest {shown_bytes(cut.keep)} of"
        why = "Docker knows it no more" if cut.keep is None else "over the limit"
        session.report.answer(
            f"{cut.container.name}: {what} {cut.file.path.name} ({shown_bytes(cut.frees)}; {why})"
        )
    for left in trim.left:
        session.report.answer(
            f"{left.container.name}: leave {left.file.path.name} ({shown_bytes(left.file.allocated)}): {left.advice}"
        )


def _data(session: Session, left: Sequence[Left], done: Sequence[Cut], freed: int) -> dict[str, JsonValue]:
    return {
        "freed_bytes": freed,
        "files": [
            {
                "container": cut.container.id,
                "name": cut.container.name,
                "path": str(session.host.layout.host(cut.file.path)),
                "kept_bytes": cut.keep,
                "freed_bytes": cut.frees,
            }
            for cut in done
        ],
        "left": [
            {
                "container": one.container.id,
                "name": one.container.name,
                "path": str(session.host.layout.host(one.file.path)),
                "bytes": one.file.allocated,
                "why": one.why,
                "advice": one.advice,
            }
            for one in left
        ],
    }
