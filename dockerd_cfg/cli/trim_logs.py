"""logs trim: free the room of logs that are over their limit, and of files that Docker knows no more."""

from collections.abc import Sequence
from dataclasses import dataclass

from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.whereabouts import whereabouts
from dockerd_cfg.errors import DockerdCfgError, FileProblem, Interrupted
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.containers import read_container, read_containers
from dockerd_cfg.logs.trim import Cut, Left, Trim, carry_out, chosen, plan_trim, without_fixed
from dockerd_cfg.quantities import counted, parse_bytes, shown_bytes


def trim_logs(session: Session, names: Sequence[str], max_size: str | None) -> Result:
    """Free what can be of the logs of the containers ``names``, all for none. Raises UsageProblem, PreflightRefused."""
    keep = None if max_size is None else parse_bytes(max_size)
    with session.locked():
        place = whereabouts(session)
        containers = chosen(read_containers(session.host.layout.real(place.data_root)), names)
        trim = without_fixed(plan_trim(containers, docker_runs=place.runs, max_size=keep))
        _tell_plan(session, trim)
        if not trim.cuts:
            session.report.answer("Nothing to do: no file can be given up.")
            return Result(command=session.command, data=_data(session, trim.left, []))
        if session.is_dry_run:
            session.report.answer(
                f"{shown_bytes(trim.frees)} would be freed; nothing was changed (--dry-run)."
            )
            would = [(cut, cut.frees) for cut in trim.cuts]
            return Result(command=session.command, changed=True, data=_data(session, trim.left, would))
        session.consent(f"{shown_bytes(trim.frees)} of log files will be deleted for good")
        return _do(session, trim, docker_runs=place.runs, keep=keep)


@dataclass
class _Outcome:
    """What has become of the files so far: those given up, with the bytes freed, and those that stay."""

    done: list[tuple[Cut, int]]
    left: list[Left]

    @property
    def freed(self) -> int:
        return sum(size for _, size in self.done)


def _do(session: Session, trim: Trim, *, docker_runs: bool, keep: int | None) -> Result:
    outcome = _Outcome([], list(trim.left))
    try:
        for cut in trim.cuts:
            now = plan_trim([read_container(cut.container.folder)], docker_runs=docker_runs, max_size=keep)
            current = next((one for one in now.cuts if one.file.path == cut.file.path), None)
            if current is not None:  # else it was rotated, started or removed while the user was asked
                _give_up(session, current, outcome)
    except Interrupted as error:
        raise _failed(session, outcome, f"interrupted by {error.signal_name}", None) from error
    failed = [one for one in outcome.left if one.why == "failed"]
    if failed:
        more = f"; {len(failed) - 1} more could not be given up" if len(failed) > 1 else ""
        raise _failed(session, outcome, f"{failed[0].advice}{more}", "mend that, then run the same again")
    session.report.answer(f"{_sum(outcome)}.")
    return Result(
        command=session.command, changed=bool(outcome.done), data=_data(session, outcome.left, outcome.done)
    )


def _give_up(session: Session, cut: Cut, outcome: _Outcome) -> None:
    try:
        freed = carry_out(cut)
    except FileProblem as error:
        freed = Left(cut.container, cut.file, "failed", error.message)
    if isinstance(freed, Left):
        session.report.say(f"left: {cut.container.name}: {cut.file.path.name}: {freed.advice}")
        outcome.left.append(freed)
    else:
        outcome.done.append((cut, freed))


def _failed(session: Session, outcome: _Outcome, message: str, hint: str | None) -> DockerdCfgError:
    """Return the error to tell, with what was given up before it."""
    if not outcome.done:
        return DockerdCfgError(f"{message}; nothing was changed", hint=hint)
    session.partly = _data(session, outcome.left, outcome.done)
    return DockerdCfgError(message, state=f"{_sum(outcome)}; all else is as it was", hint=hint)


def _sum(outcome: _Outcome) -> str:
    return f"{shown_bytes(outcome.freed)} freed in {counted(len(outcome.done), 'file')}"


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


def _data(session: Session, left: Sequence[Left], done: Sequence[tuple[Cut, int]]) -> dict[str, JsonValue]:
    return {
        "freed_bytes": sum(size for _, size in done),
        "files": [
            {
                "container": cut.container.id,
                "name": cut.container.name,
                "path": str(session.host.layout.host(cut.file.path)),
                "kept_bytes": cut.keep,
                "freed_bytes": size,
            }
            for cut, size in done
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
