"""The command finish: delete the old data of a move."""

from dataclasses import replace
from typing import Final

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.cli.options import DryRun, Json, Root, RunId, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.runs import run_data
from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import PreflightRefused
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.service.state import observe
from dockerd_cfg.storage.compare import changed_since
from dockerd_cfg.storage.old_tree import RemoveTree
from dockerd_cfg.storage.outcome import old_trees, place_by_now
from dockerd_cfg.storage.survey import survey

# The clock of a file system may lag behind (see dockerd_cfg.storage.copying), and a write may be under way.
_CLOCK_MARGIN: Final = 2.0


def finish(
    context: typer.Context,
    run: RunId = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Delete the old data that a move set aside. There is no way back from this."""
    session = session_of(context, "finish", dry_run=dry_run, yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = session.history.find(run) if run is not None else _to_finish(session)
        if chosen is None or chosen.record.state == "finished" or not chosen.plan.finish:
            session.report.answer("Nothing to do: no old data is set aside.")
            return Result(command=session.command)
        if chosen.record.state not in {"applied", "finishing"}:
            raise PreflightRefused(
                f"the run {chosen.id} is {chosen.record.state}: only a run that is done can be finished",
                hint="see: dockerd-cfg status",
            )
        if chosen.record.state != "finishing":
            session.history.refuse_open_run()  # an unconfirmed one may need its old data yet
        chosen = _as_of_now(session, chosen)
        size = _old_bytes(session, chosen)
        for step in chosen.plan.finish:
            session.report.answer(f"{step.describe()}.")
        data = {**run_data(chosen), "bytes": size}
        if session.is_dry_run:
            session.report.answer(f"{shown_bytes(size)} would be freed; nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=data)
        _check_in_use(session, chosen)
        session.consent(f"{shown_bytes(size)} of old data will be deleted for good")
        with session.engine(chosen) as (engine, _):
            engine.finish()
        session.report.answer(f"{shown_bytes(size)} freed.")
        return Result(
            command=session.command,
            changed=True,
            data={**run_data(session.history.find(chosen.id)), "bytes": size},
        )


def _to_finish(session: Session) -> Run | None:
    runs = [
        run
        for run in session.history.runs()
        if run.plan.finish and run.record.state in {"applied", "finishing"}
    ]
    return runs[-1] if runs else None


def _as_of_now(session: Session, run: Run) -> Run:
    """Return ``run`` with the steps of its end knowing where the new data is after the moves that came later."""
    later = [
        one
        for one in session.history.runs()
        if one.number > run.number and one.record.state in {"applied", "finishing", "finished"}
    ]
    steps = [
        step.model_copy(update={"current": place_by_now(step.current, run, later)})
        if isinstance(step, RemoveTree)
        else step
        for step in run.plan.finish
    ]
    return replace(run, plan=run.plan.model_copy(update={"finish": tuple(steps)}))


def _check_in_use(session: Session, run: Run) -> None:
    """Refuse to delete old data unless a running Docker proves to live on the new."""
    docker = observe(session.host)
    if docker.info is None:
        raise PreflightRefused(
            "Docker does not run, so nothing proves that it can live without the old data",
            hint="start it and see that all is well: systemctl start docker",
        )
    roots = [step.current for step in run.plan.finish if isinstance(step, RemoveTree)]
    used = docker.info.data_root
    docker_roots = [root for root in roots if root.name == "docker"]
    if docker_roots and not any(_is_in(session, used, root) for root in docker_roots):
        raise PreflightRefused(
            f"Docker uses {used}, not {docker_roots[0]}: the old data may be in use again",
            hint="see: dockerd-cfg status; dockerd-cfg history",
        )
    _refuse_what_is_written_to(session, run)


def _refuse_what_is_written_to(session: Session, run: Run) -> None:
    """Refuse to delete old data that somebody other than Docker went on writing to after the switch."""
    handed_over = (run.record.captured("started", "hand-over") or {}).get("at")
    if run.record.state != "applied" or not isinstance(handed_over, int | float):
        return
    for old, _ in old_trees(run):
        real = session.host.layout.real(old)
        written = next(changed_since(real, handed_over + _CLOCK_MARGIN), None) if real.is_dir() else None
        if written is not None:
            raise PreflightRefused(
                f"{old / written.decode('utf-8', 'replace')} was written after Docker had left that place: "
                "some other program still uses it",
                hint=f"see who does: fuser -v {old}; take what is needed from there, then remove it by hand",
            )


def _is_in(session: Session, used: HostPath, root: HostPath) -> bool:
    """Tell whether ``used`` is ``root``, by whatever name, or the folder in it that belongs to a user namespace."""
    layout = session.host.layout
    real = layout.real(root)
    return real.is_dir() and any(
        layout.real(path).is_dir() and layout.real(path).samefile(real) for path in (used, used.parent)
    )


def _old_bytes(session: Session, run: Run) -> int:
    total = 0
    for old, _ in old_trees(run):
        real = session.host.layout.real(old)
        total += survey(real).allocated if real.is_dir() else 0
    return total
