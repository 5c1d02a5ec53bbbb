"""Bringing the copy to disk all the time, so that little is left to be written at its end."""

import _thread

from dockerd_cfg.copier import kernel


class Flushing:
    """A thread that syncs a file system again and again; the call waits without holding up others."""

    def __init__(self, folder: int, interval: float) -> None:
        """Sync the file system of ``folder`` every ``interval`` seconds."""
        self._folder = folder
        self._interval = interval
        self._ending = _thread.allocate_lock()
        self._ended = _thread.allocate_lock()
        self._error: OSError | None = None

    def start(self) -> None:
        """Begin; processes must have been forked before."""
        self._ending.acquire()
        self._ended.acquire()
        _thread.start_new_thread(self._run, ())

    def end(self) -> None:
        """Stop, after the sync under way. Raises OSError when one has failed."""
        self._ending.release()
        with self._ended:
            if self._error is not None:
                raise self._error

    def _run(self) -> None:
        while self._error is None and not self._ending.acquire(timeout=self._interval):
            try:
                kernel.sync_filesystem(self._folder)
            except OSError as error:
                self._error = error
        self._ended.release()
