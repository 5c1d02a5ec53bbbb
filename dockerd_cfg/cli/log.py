"""The log, for who wants to know next week what happened: systemd's journal, or where there is none a file.

A run writes a line for each thing that its own journal records, with fields to search by (`journalctl
DOCKERD_CFG_RUN=0001-set-logs`). Tracebacks of bugs and of failed undoing go to the file in any case.
"""

import logging
import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dockerd_cfg.masking import MASK, masked, visible
from dockerd_cfg.paths import HostPath, Layout

if TYPE_CHECKING:
    from dockerd_cfg.change.journal import Entry
    from dockerd_cfg.change.plan import Plan

LOG: Final = HostPath("/var/log/dockerd-cfg.log")
JOURNAL: Final = HostPath("/run/systemd/journal/socket")
_FORM: Final = "%(asctime)s dockerd-cfg[%(process)d] %(levelname)s %(message)s"
_PATIENCE: Final = 1.0
_MOST: Final = 32 << 10  # characters of a message: it must fit into one datagram
_PRIORITIES: Final = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_BAD: Final = frozenset({"failed", "needs-attention"})


class _PrivateFile(logging.FileHandler):
    """Opens its file at the first message, readable by its owner alone; no message is worth failing for."""

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  # logging's own type for it is private
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say nothing: the disk may be full."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets, and without characters that a terminal would obey."""
        return visible(masked(super().format(record)), kept="\t\n")

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record`` if the file can be opened."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


class _SystemJournal(logging.Handler):
    """Sends each message to systemd's journal, with the fields it brings along (systemd's native protocol)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = str(path)

    def emit(self, record: logging.LogRecord) -> None:
        """Send ``record``; a journal that does not listen is no reason to fail."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        fields = {
            "MESSAGE": record.getMessage()[:_MOST],
            "PRIORITY": str(priority),
            "SYSLOG_IDENTIFIER": "dockerd-cfg",
            **getattr(record, "fields", {}),
        }
        data = b"".join(_field(name, visible(masked(text), kept="\t\n")) for name, text in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_PATIENCE)  # a stuck journal must not hold up a run
                sender.sendto(data, self._path)
        except OSError:
            pass


def _field(name: str, text: str) -> bytes:
    data = text.encode("utf-8", "backslashreplace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


def log_to(layout: Layout) -> Path:
    """Let the package's loggers write to the log of the host, and nowhere else; return the file with the tracebacks."""
    path = layout.real(LOG)
    logger = logging.getLogger("dockerd_cfg")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    handler = _PrivateFile(path, delay=True)
    handler.setFormatter(logging.Formatter(_FORM))
    journal = layout.file(JOURNAL)
    if _listens(journal):
        handler.setLevel(logging.ERROR)
        logger.addHandler(_SystemJournal(journal))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return path


def _listens(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


class RunLog:
    """Sees the entries of a run's journal, and writes them to the log."""

    def __init__(self, layout: Layout, run: str, plan: "Plan", argv: Sequence[str]) -> None:
        self._run = run
        self._plan = plan
        self._command = argv[0] if argv else plan.command
        self._logger = logging.getLogger("dockerd_cfg.run")
        log_to(layout)
        hide_secrets_of_own_command_line()
        words = " ".join(masked_words(argv))
        self._say(logging.INFO, f"dockerd-cfg {words}", {"DOCKERD_CFG_EVENT": "begun"})

    def recording(self, entry: "Entry") -> None:
        """Nothing is logged of what may not happen."""

    def recorded(self, entry: "Entry") -> None:
        """Log an entry that is on disk."""
        fields: dict[str, str] = {"DOCKERD_CFG_EVENT": entry.event}
        text: str = entry.event
        if entry.step is not None:
            step = self._plan.all_steps[entry.step]
            fields |= {"DOCKERD_CFG_STEP": str(entry.step + 1), "DOCKERD_CFG_KIND": step.kind}
            text = f"step {entry.step + 1} {entry.event}: {step.describe()}"
        if entry.error:
            text += f": {entry.error}"
        self._say(logging.WARNING if entry.event in _BAD else logging.INFO, text, fields)

    def _say(self, level: int, text: str, fields: dict[str, str]) -> None:
        own = {"DOCKERD_CFG_RUN": self._run, "DOCKERD_CFG_COMMAND": self._command, **fields}
        self._logger.log(level, "%s: %s", self._run, " ".join(text.split()), extra={"fields": own})


def masked_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command line without secrets; one may be named by the word before it."""
    shown = [masked(word) for word in words]
    for number in range(1, len(words)):
        name = words[number - 1].rpartition(".")[2]
        pair = f"{name}={words[number]}"
        if masked(pair) != pair:
            shown[number] = masked(pair).partition("=")[2]
    return shown


def hide_secrets_of_own_command_line() -> None:
    """Overwrite secrets in what the kernel tells of our command line: the journal notes that of who writes to it."""
    try:
        present = Path("/proc/self/cmdline").read_bytes()
        words = present.decode("utf-8", "surrogateescape").split("\0")
        hidden = masked_words(words)
        if hidden == words:
            return
        fields = (
            Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, proc(5)
    except (OSError, ValueError, IndexError):
        return
    if end - start != len(present):
        return
    import ctypes  # noqa: PLC0415  # only where there is a secret

    pieces = []
    for word, shown in zip(words, hidden, strict=True):
        size = len(word.encode("utf-8", "surrogateescape"))
        text = word if shown == word else shown if len(shown.encode()) <= size else MASK
        pieces.append(text.encode("utf-8", "surrogateescape")[:size].ljust(size, b"*"))
    ctypes.memmove(start, b"\0".join(pieces), len(present))
