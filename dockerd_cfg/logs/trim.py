"""What of containers' logs can be given up: files that dockerd no longer knows, and the front of those over the limit.

Orphans are deleted: dockerd neither writes nor removes them. The current file of json-file is shortened while nobody
has it open; dockerd keeps it open for as long as the container runs. Then it is left alone: after any way of
shortening it (truncate, a hole, blocks taken out) there are versions or readers that lose lines, get them twice or fail
(docs/how-to/trim-logs.md has what was seen).
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from dockerd_cfg import files
from dockerd_cfg.errors import FileProblem, UsageProblem
from dockerd_cfg.files.front import InUse, drop_front, is_open
from dockerd_cfg.logs.containers import ContainerLogs
from dockerd_cfg.logs.log_files import LogFile
from dockerd_cfg.logs.origin import service_update

Why = Literal["runs", "open", "unlimited", "unreadable", "foreign", "binary", "fixed", "failed"]


_FIXED: Final = "it is immutable or append-only, or its disk is read-only: see lsattr and findmnt -T on it"


class Cut(NamedTuple):
    """One file to be given up, or all but its newest ``keep`` bytes (None: the whole file). ``frees``: about how much."""

    container: ContainerLogs
    file: LogFile
    keep: int | None
    frees: int


class Left(NamedTuple):
    """A file that is too large or not known, and stays: why, and what can be done about it, in a sentence."""

    container: ContainerLogs
    file: LogFile
    why: Why
    advice: str


class Trim(NamedTuple):
    """What is given up and what stays."""

    cuts: tuple[Cut, ...]
    left: tuple[Left, ...]

    @property
    def frees(self) -> int:
        """About how many bytes become free."""
        return sum(cut.frees for cut in self.cuts)


def chosen(containers: Sequence[ContainerLogs], names: Sequence[str]) -> list[ContainerLogs]:
    """Return the containers that ``names`` mean, by name or by the beginning of an id; all for none.

    Raises UsageProblem for a name that none or several bear.
    """
    if not names:
        return list(containers)
    found: dict[str, ContainerLogs] = {}
    for name in names:
        exact = [one for one in containers if name in {one.name, one.id}]
        matching = exact or [one for one in containers if name and one.id.startswith(name)]
        if len(matching) != 1:
            many = f"{len(matching)} containers begin with" if matching else "there is no container"
            raise UsageProblem(f"{many} {name or repr(name)}", hint="see their names with: dockerd-cfg logs")
        found[matching[0].id] = matching[0]
    return list(found.values())


def plan_trim(containers: Sequence[ContainerLogs], *, docker_runs: bool, max_size: int | None = None) -> Trim:
    """Return what can be given up of the logs of ``containers``. ``max_size``: bytes that unlimited ones may keep."""
    outcomes = [one for container in containers for one in _of(container, max_size, docker_runs=docker_runs)]
    cuts = tuple(one for one in outcomes if isinstance(one, Cut))
    return Trim(cuts, tuple(one for one in outcomes if isinstance(one, Left)))


def without_fixed(trim: Trim) -> Trim:
    """Return ``trim`` with the files that even root could not give up, immutable ones say, among those that stay."""
    cuts, left = list[Cut](), list(trim.left)
    for cut in trim.cuts:
        try:
            files.check_replaceable(cut.file.path)
        except FileProblem:
            left.append(Left(cut.container, cut.file, "fixed", _FIXED))
        else:
            cuts.append(cut)
    return Trim(tuple(cuts), tuple(left))


def _of(container: ContainerLogs, max_size: int | None, *, docker_runs: bool) -> Iterator[Cut | Left]:
    if container.trouble is not None:
        for file in container.files:
            yield Left(container, file, "unreadable", f"its records cannot be read: {container.trouble}")
        return
    yield from _unknown(container)
    if container.current is not None and container.limits is not None:
        is_held = container.is_running and docker_runs
        yield from _current(container, container.current, max_size, is_held=is_held)


def _unknown(container: ContainerLogs) -> Iterator[Cut | Left]:
    for file in container.files:
        if file.role == "orphan":
            yield Cut(container, file, None, file.allocated)
        elif file.role == "foreign":
            yield Left(
                container, file, "foreign", "not made by Docker; delete it yourself if nobody needs it"
            )


def _current(
    container: ContainerLogs, current: LogFile, max_size: int | None, *, is_held: bool
) -> Iterator[Cut | Left]:
    keep, excess = container.allowance(unlimited=max_size), container.excess(unlimited=max_size)
    if keep is None:
        if current.allocated:
            advice = _advice(container) if is_held else "give one with --max-size"
            yield Left(container, current, "unlimited", f"it has no limit; {advice}")
    elif not excess:
        return
    elif container.driver != "json-file":
        yield Left(container, current, "binary", "dockerd rotates it by itself at the container's next start")
    elif is_held:
        yield Left(container, current, "runs", _advice(container))
    else:
        yield Cut(container, current, keep, int(current.allocated * excess / current.size))


def _advice(container: ContainerLogs) -> str:
    if container.swarm_service and container.is_unlimited:
        return f"it runs: {service_update(container.swarm_service)}"
    if container.is_unlimited:
        return (
            f"it runs: dockerd-cfg set-logs --existing, or stop it and trim: docker stop {container.id[:12]}"
        )
    return f"it runs: a restart rotates it: docker restart {container.id[:12]}"


def carry_out(cut: Cut) -> int | Left:
    """Do what ``cut`` says; return the bytes freed, or why the file stays. Raises FileProblem."""
    path = cut.file.path
    try:
        if cut.keep is not None:
            drop_front(path, cut.keep)
            return max(0, cut.file.allocated - _allocated(cut))
        if is_open(path):
            return Left(
                cut.container,
                cut.file,
                "open",
                "a program has it open: see fuser -v on it, end that, then trim",
            )
        files.remove_file(path)
    except InUse:
        return Left(
            cut.container,
            cut.file,
            "open",
            "a program has it open, a log shipper perhaps: stop that, then trim",
        )
    return cut.file.allocated


def _allocated(cut: Cut) -> int:
    try:
        return cut.file.path.stat().st_blocks * 512
    except OSError as error:
        raise FileProblem(f"{cut.file.path} has vanished: {error.strerror}") from error
