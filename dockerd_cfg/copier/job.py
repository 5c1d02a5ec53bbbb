"""One copy, from its beginning to its end."""

import os
import resource
from typing import Final

from dockerd_cfg.copier import kernel
from dockerd_cfg.copier.batch import Batch, Part, message_of
from dockerd_cfg.copier.disks import lies_on
from dockerd_cfg.copier.finish import give_attributes, make_links
from dockerd_cfg.copier.flush import Flushing
from dockerd_cfg.copier.folders import Root
from dockerd_cfg.copier.links import Links
from dockerd_cfg.copier.neighbours import Neighbours
from dockerd_cfg.copier.options import Options
from dockerd_cfg.copier.pace import Pace
from dockerd_cfg.copier.progress import Board
from dockerd_cfg.copier.spool import Spool
from dockerd_cfg.copier.walk import Walk
from dockerd_cfg.copier.workers import Copying, Crew

MARKER: Final = b".dockerd-cfg-target.json"
_NICER: Final = 10
_SYNC_INTERVAL: Final = 2.0  # seconds
_LONGEST: Final = 100_000  # bytes; a longer message has no room in the queue


def copy_all(options: Options) -> None:
    """Copy everything below the source into the target. Raises CopyFailed or, for the roots themselves, OSError."""
    os.umask(0)
    _open_many()
    source, target = Root(options.source), Root(options.target)
    if options.is_polite:
        os.nice(_NICER)
        kernel.be_idle()
    pace = Pace(options.workers, options.bytes_per_second)
    board = Board(options.workers + 1)
    unfinished = [Spool(target.folder) for _ in range(options.workers + 1)]
    crew = Crew(
        options.workers, lambda number: Copying(source, target, pace, board.tally(number), unfinished[number])
    )
    is_written = lies_on(target.device, source.device)
    neighbours = Neighbours(source.device, crew.pids, is_written=is_written) if options.is_polite else None

    def look() -> None:
        board.tell()
        if neighbours is not None and neighbours.is_due:
            pace.give_way(needed=neighbours.are_busy())

    crew.on_wait = look
    try:
        leading = Copying(source, target, pace, board.tally(options.workers), unfinished[-1])
        _lead(options, leading, crew, unfinished)
    finally:
        crew.end()
    board.tell(last=True)


def _lead(options: Options, copying: Copying, crew: Crew, unfinished: list[Spool]) -> None:
    """Walk, while the workers copy; then do what comes last, for what is ``unfinished`` by any of them."""
    source, target, tally = copying.source, copying.target, copying.tally
    flushing = Flushing(target.folder, _SYNC_INTERVAL)
    flushing.start()

    def send(message: bytes) -> None:
        if len(message) < _LONGEST:
            crew.send(message)
        else:
            copying.take(message)
            copying.finish()

    def copy(folder: bytes, name: bytes) -> None:
        copying.take(message_of([Part(folder, is_new=False, files=[name], others=[], pieces=[])]))
        copying.finish()

    links = Links(target.folder)
    walk = Walk(
        source,
        target,
        excluded=options.excluded | {MARKER},
        batch=Batch(send),
        links=links,
        unfinished=copying.unfinished,
        entries=copying.entries,
        tally=tally,
    )
    walk.run()
    crew.finish()
    make_links(links, target, tally, copy)
    flushing.end()
    # Large files had their size from the start, those with holes before their contents: contents first, then times.
    kernel.sync_filesystem(target.folder)
    for spool in unfinished:
        give_attributes(spool, target, tally)


def _open_many() -> None:
    """Allow as many open files as may be: readahead and deep trees hold some."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
