"""Processes that copy what they are sent, each as soon as it has time."""

import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NoReturn

from dockerd_cfg.copier import kernel
from dockerd_cfg.copier.batch import Part, parts_of
from dockerd_cfg.copier.content import Content
from dockerd_cfg.copier.entries import Entries, Folder, OpenFile
from dockerd_cfg.copier.failure import CopyFailed, failed
from dockerd_cfg.copier.folders import GONE, Root, joined
from dockerd_cfg.copier.pace import Pace
from dockerd_cfg.copier.progress import Tally
from dockerd_cfg.copier.spool import Spool

_MOST_AHEAD: Final = 24  # files opened and being read by the kernel before their turn
_MOST_BYTES_AHEAD: Final = 6 << 20
_MESSAGE: Final = 1 << 18  # bytes, more than any message has
_TICK: Final = 0.2  # seconds
_SOON: Final = 0.005  # seconds


class Copying:
    """Copies what messages tell, with the files of the next ones being read meanwhile."""

    def __init__(self, source: Root, target: Root, pace: Pace, tally: Tally, unfinished: Spool) -> None:
        """Note in ``unfinished`` what is to get its attributes when all is copied and on disk."""
        self.source = source
        self.target = target
        self.tally = tally
        self.unfinished = unfinished
        self.entries = Entries(Content(pace), tally, unfinished)
        self._ahead: deque[OpenFile | Folder] = deque()  # a folder stands behind its last file, to be closed
        self._files_ahead = self._bytes_ahead = 0

    @property
    def has_waiting(self) -> bool:
        """Whether opened files wait for their turn."""
        return bool(self._ahead)

    def take(self, message: bytes) -> None:
        """Copy what ``message`` tells, the last files of it perhaps not yet. Raises CopyFailed."""
        for part in parts_of(message):
            try:
                folder = self._open(part)
            except OSError as error:
                raise failed(part.folder, error) from error
            if folder is None:
                self.tally.miss(len(part.files) + len(part.others))
                continue
            self._take(part, folder)
            self._ahead.append(folder)

    def finish_one(self) -> None:
        """Copy the file that has waited longest. Raises CopyFailed."""
        waiting = self._ahead.popleft()
        if isinstance(waiting, Folder):
            os.close(waiting.source)
            os.close(waiting.target)
            return
        self._files_ahead -= 1
        self._bytes_ahead -= waiting.status.st_size
        try:
            self.entries.copy_file(waiting)
        except OSError as error:
            raise failed(joined(waiting.folder.path, waiting.name), error) from error

    def finish(self) -> None:
        """Copy all files that wait, and let others see what is unfinished. Raises CopyFailed."""
        while self._ahead:
            self.finish_one()
        self.unfinished.flush()

    def _open(self, part: Part) -> Folder | None:
        try:
            source = self.source.open(part.folder)
        except OSError as error:
            if error.errno in GONE:
                return None
            raise
        return Folder(part.folder, source, self.target.open(part.folder), part.is_new)

    def _take(self, part: Part, folder: Folder) -> None:
        name = b""
        try:
            for name in part.files:
                self._read_ahead(folder, name)
            for name in part.others:
                self.entries.copy_other(folder, name)
            for name, inode, start, end in part.pieces:
                self.entries.copy_piece(folder, name, inode, start, end)
        except OSError as error:
            raise failed(joined(folder.path, name), error) from error

    def _read_ahead(self, folder: Folder, name: bytes) -> None:
        file = self.entries.open(folder, name)
        if file is None:
            return
        self._ahead.append(file)
        self._files_ahead += 1
        self._bytes_ahead += file.status.st_size
        while self._files_ahead > _MOST_AHEAD or self._bytes_ahead > _MOST_BYTES_AHEAD:
            self.finish_one()


class Crew:
    """Worker processes that share one queue: each message is taken by whoever is free."""

    def __init__(self, number: int, make: Callable[[int], Copying]) -> None:
        """Start ``number`` of them; ``make`` is called in each, with its number from 0 on."""
        self.on_wait: Callable[[], None] = lambda: None
        self._queue, taking = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._complaints, complaining = os.pipe()
        self._pids: set[int] = set()
        self._writable = select.poll()
        self._writable.register(self._queue, select.POLLOUT)
        parent = os.getpid()
        for worker in range(number):
            pid = os.fork()
            if pid == 0:
                self._queue.close()
                _work(parent, taking, complaining, make, worker)
            self._pids.add(pid)
        taking.close()
        os.close(complaining)
        os.set_blocking(self._complaints, False)
        self._queue.settimeout(0)  # a send that must wait is told, not waited for

    def send(self, message: bytes) -> None:
        """Hand ``message`` to a worker, waiting for room in the queue. Raises CopyFailed when a worker has failed."""
        while True:
            self._look()
            try:
                self._queue.send(message)
            except BlockingIOError:
                self._writable.poll(_TICK * 1000)
            except (BrokenPipeError, ConnectionResetError):
                self.finish()
                raise CopyFailed("the workers have ended before all was copied") from None
            else:
                return

    def finish(self) -> None:
        """Let the workers copy what was sent, and wait until they have ended. Raises CopyFailed."""
        self._queue.close()
        while self._pids:
            self._look()
            time.sleep(_SOON)

    def pids(self) -> list[int]:
        """Return the processes that read the source: the workers and this one."""
        return [os.getpid(), *self._pids]

    def end(self) -> None:
        """End all workers at once."""
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        for pid in self._pids:
            os.waitpid(pid, 0)
        self._pids = set()

    def _look(self) -> None:
        """Let others of this process have their turn; tell whether a worker has failed."""
        self.on_wait()
        while self._pids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._pids.discard(pid)
            if status:
                raise CopyFailed(self._complaint() or f"a worker ended with wait status {status:#x}")

    def _complaint(self) -> str:
        try:
            return os.read(self._complaints, select.PIPE_BUF).decode("utf-8", "replace")
        except BlockingIOError:  # it had no time to say why
            return ""


def _work(
    parent: int, queue: socket.socket, complaining: int, make: Callable[[int], Copying], number: int
) -> NoReturn:
    """Be a worker: copy what comes until there is no more, and exit."""
    status = 1
    try:
        for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ending, signal.SIG_DFL)
        kernel.die_with(parent)
        _copy_all(queue, make(number))
        status = 0
    except Exception as error:  # noqa: BLE001  # whatever it is, the leading process is to tell it
        os.write(complaining, (str(error) or repr(error)).encode("utf-8", "replace")[: select.PIPE_BUF])
    finally:
        os._exit(status)


def _copy_all(queue: socket.socket, copying: Copying) -> None:
    buffer = memoryview(bytearray(_MESSAGE))
    while True:
        try:
            flags = socket.MSG_DONTWAIT if copying.has_waiting else 0
            length = queue.recv_into(buffer, 0, flags)
        except BlockingIOError:
            copying.finish_one()
            continue
        if not length:
            break
        copying.take(bytes(buffer[:length]))
    copying.finish()
