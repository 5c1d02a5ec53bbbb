"""The log file for what users need not read: tracebacks of bugs and of failed undoing."""

import logging
import os
from pathlib import Path
from typing import Final

from dockerd_cfg.masking import masked
from dockerd_cfg.paths import HostPath, Layout

LOG: Final = HostPath("/var/log/dockerd-cfg.log")
_FORM: Final = "%(asctime)s dockerd-cfg[%(process)d] %(levelname)s %(message)s"


class _PrivateFile(logging.FileHandler):
    """Opens its file at the first message, readable by its owner alone; no message is worth failing for."""

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  # logging's own type for it is private
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say nothing: the disk may be full."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        return masked(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record`` if the file can be opened."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


def log_to(layout: Layout) -> Path:
    """Let the package's loggers write to the log file of the host, and nowhere else; return its path."""
    path = layout.real(LOG)
    logger = logging.getLogger("dockerd_cfg")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    handler = _PrivateFile(path, delay=True)
    handler.setFormatter(logging.Formatter(_FORM))
    logger.addHandler(handler)
    logger.propagate = False
    return path
