"""What a run leaves in the log of the host: what was done, by run and step, and no secret."""

import logging
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.log import log_to, masked_words
from dockerd_cfg.errors import EXIT_BUG
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host


@pytest.fixture
def root() -> Iterator[Path]:
    """A sandbox whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp") as folder:
        root = Path(folder) / "h"
        make_sandbox(root)
        yield root


class Journal:
    """Reads all the while, as the real one does: a socket holds but a few messages."""

    def __init__(self, path: Path, listening: socket.socket) -> None:
        self._path = path
        self._listening = listening
        self._messages: list[dict[str, str]] = []
        self._is_read = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while data := self._listening.recv(1 << 18).decode():
            if data == "read\n":
                self._is_read.set()
            else:
                self._messages.append(dict(line.split("=", 1) for line in data.splitlines()))

    def send(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, str(self._path))

    def received(self) -> list[dict[str, str]]:
        """Return what has come since the last call."""
        self._is_read.clear()
        self.send(b"read\n")  # comes after what was sent before
        assert self._is_read.wait(30)
        messages, self._messages = self._messages, []
        return messages


@pytest.fixture
def journal(root: Path) -> Iterator[Journal]:
    path = root / "run/systemd/journal/socket"
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        journal = Journal(path, listening)
        yield journal
        journal.send(b"")


def call(root: Path, *argv: str) -> int:
    return run(argv, make_host=partial(sandbox_host, root))


def test_a_run_is_told_to_the_journal_with_its_id_and_steps(root: Path, journal: Journal) -> None:
    assert call(root, "set-logs", "--max-size", "7m", "--yes") == 0
    first, *steps, last = journal.received()
    assert first["MESSAGE"] == "0001-set-logs: dockerd-cfg set-logs --max-size 7m --yes"
    assert last["DOCKERD_CFG_EVENT"] == "applied"
    assert {one["DOCKERD_CFG_RUN"] for one in (first, *steps, last)} == {"0001-set-logs"}
    assert {one["SYSLOG_IDENTIFIER"] for one in steps} == {"dockerd-cfg"}
    assert {one["DOCKERD_CFG_KIND"] for one in steps} >= {"edit-daemon-json", "restart-docker"}
    assert not (root / "var/log/dockerd-cfg.log").exists()


def test_without_a_journal_a_run_is_told_to_a_private_file(root: Path) -> None:
    assert call(root, "set-logs", "--max-size", "7m", "--yes") == 0
    log = root / "var/log/dockerd-cfg.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert "0001-set-logs: step 2 done: " in log.read_text()
    assert "0001-set-logs: applied" in log.read_text()


def test_nothing_is_logged_through_a_planted_link(root: Path) -> None:
    other = root / "other"
    other.write_text("kept")
    (root / "var/log").mkdir(exist_ok=True)
    (root / "var/log/dockerd-cfg.log").symlink_to(other)
    assert call(root, "set-logs", "--max-size", "7m", "--yes") == 0
    assert other.read_text() == "kept"


def test_a_run_with_nothing_to_do_leaves_nothing(root: Path, journal: Journal) -> None:
    call(root, "set-logs", "--yes")
    journal.received()
    assert call(root, "set-logs", "--yes") == 0
    assert journal.received() == []


def test_no_secret_is_logged(root: Path, journal: Journal) -> None:
    call(root, "set", "proxies.http-proxy", "http://user:geheim@proxy.example:3128", "--yes")
    told = journal.received()
    assert told
    assert "geheim" not in repr(told)
    assert "user:***@proxy.example" in told[0]["MESSAGE"]


def test_no_secret_in_an_error_is_logged(root: Path, journal: Journal) -> None:
    log = log_to(Layout(root))
    logging.getLogger("dockerd_cfg.change").error("cannot reach http://user:geheim@proxy.example")
    (told,) = journal.received()
    for text in (told["MESSAGE"], log.read_text()):
        assert "http://user:***@proxy.example" in text


def test_a_secret_is_masked_that_the_word_before_names() -> None:
    assert masked_words(["set", "log-opts.splunk-token", "geheim"]) == ["set", "log-opts.splunk-token", "***"]


def test_a_bug_is_logged_without_the_secret(root: Path) -> None:
    asked: list[str] = []

    def broken_at_first() -> Host:
        asked.append("")
        if len(asked) == 1:
            raise RuntimeError("a bug of ours")
        return sandbox_host(root)  # for the log

    argv = ["set", "log-opts.splunk-token", "geheim"]
    assert run(argv, make_host=broken_at_first) == EXIT_BUG
    log = (root / "var/log/dockerd-cfg.log").read_text()
    assert "a bug of ours" in log
    assert "geheim" not in log


def test_the_kernel_is_not_left_to_tell_the_secret() -> None:
    script = (
        "from dockerd_cfg.cli.log import hide_secrets_of_own_command_line\n"
        "hide_secrets_of_own_command_line(); print(open('/proc/self/cmdline').read().replace(chr(0), ' '))"
    )
    argv = [sys.executable, "-c", script, "set", "http-proxy", "http://user:geheimes@proxy"]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert "geheim" not in shown
    assert "http://user:***@proxy" in shown


def test_a_line_cannot_be_forged(root: Path, journal: Journal) -> None:
    call(root, "set-logs", "--log-opt", "tag=a\nPRIORITY=0\x1b[31m", "--yes")
    assert "\x1b" not in repr([one["MESSAGE"] for one in journal.received()])
