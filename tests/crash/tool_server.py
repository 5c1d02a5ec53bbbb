"""Runs the tool in children of one small process, so that tests can kill it without paying for its start each time.

The process imports the tool once, listens on a unix socket and forks a child for every request. It has one thread,
so that forking is safe. A request is one JSON object: ``root`` (of a sandbox), ``argv``, ``out`` and ``err`` (files),
``environment``, and ``strikes``: the signals the child sends itself, or gets, and when:

    {"signals": ["SIGKILL"], "entry": 4, "when": "before"}             at the fifth entry it records
    {"signals": ["SIGINT"], "event": "started", "kind": "pre-copy"}    at that entry, once it is on disk
    {"signals": ["SIGTERM", "SIGHUP"], "call": "daemon_reload"}        within a step, when it calls systemd so
    {"signals": ["SIGHUP"], "text": "Moved:"}                          when it prints that
    {"signals": ["SIGTERM"], "seconds": 0.2}                           so long after its start, from outside

The answers are two lines: the child's pid, and its exit status (negative: the signal that ended it).
"""

import dataclasses
import heapq
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

import sh  # noqa: F401  # imported here, once, and not in every child
import tomlkit  # noqa: F401

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli import (
    move_storage,  # noqa: F401
    runs,  # noqa: F401
    set_logs,  # noqa: F401
    status,  # noqa: F401
)
from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.sandbox.host import sandbox_host

Strike = dict[str, Any]


def strike(names: list[str]) -> None:
    """Send this process signals, all in the same instant."""
    numbers = [getattr(signal, name) for name in names]
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    for number in numbers:
        os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


class StrikingWitness:
    """Sends signals when the journal gets to an entry."""

    def __init__(self, strikes: list[Strike]) -> None:
        self._strikes = [one for one in strikes if "entry" in one or "event" in one]
        self._count = 0

    def recording(self, entry: Entry) -> None:
        self._look(entry, "before")

    def recorded(self, entry: Entry) -> None:
        self._look(entry, "after")
        self._count += 1

    def _look(self, entry: Entry, when: str) -> None:
        for one in self._strikes:
            is_it = one["entry"] == self._count if "entry" in one else one["event"] == entry.event
            if is_it and one.get("kind") in {None, entry.kind} and one.get("when", "after") == when:
                strike(one["signals"])


class StrikingSystemd:
    """A sandbox's systemd that sends signals the first time one of its verbs is called."""

    def __init__(self, services: Any, strikes: list[Strike]) -> None:
        self._services = services
        self._strikes = {one["call"]: one["signals"] for one in strikes if "call" in one}

    def __getattr__(self, name: str) -> Any:
        names = self._strikes.pop(name, None)
        found = getattr(self._services, name)
        return found if names is None else partial(self._struck, names, found)

    @staticmethod
    def _struck(names: list[str], verb: Callable[..., Any], *arguments: str) -> Any:
        outcome = verb(*arguments)
        strike(names)
        return outcome


class StrikingStream:
    """Standard output or error, with signals when a text goes by."""

    def __init__(self, stream: TextIO, strikes: list[Strike]) -> None:
        self._stream = stream
        self._strikes = {one["text"]: one["signals"] for one in strikes if "text" in one}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        for part in [part for part in self._strikes if part in text]:
            strike(self._strikes.pop(part))
        return written


def make_host(root: Path, strikes: list[Strike]) -> Host:
    host = sandbox_host(root)
    if not any("call" in one for one in strikes):
        return host
    return dataclasses.replace(host, systemd=StrikingSystemd(host.systemd, strikes))


def be_the_tool(request: dict[str, Any]) -> None:
    """Run one command and end this process as the real program would."""
    os.setsid()
    for number, name in ((1, request["out"]), (2, request["err"])):
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.update(request["environment"])
    for name in request["ignored"]:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    strikes = request["strikes"]
    code = 1
    try:
        out: Any = StrikingStream(sys.stdout, strikes)
        err: Any = StrikingStream(sys.stderr, strikes)
        code = run(
            request["argv"],
            make_host=partial(make_host, Path(request["root"]), strikes),
            report=Report(as_json="--json" in request["argv"], out=out, err=err),
            witnesses=(StrikingWitness(strikes),),
        )
    except BaseException:  # noqa: BLE001  # what the interpreter does when nothing catches
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Server:
    """Takes requests, forks, strikes from outside, and tells how each child ended."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(64)
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        os.set_blocking(self._woken, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._children: dict[int, socket.socket] = {}
        self._strikes: list[tuple[float, int, list[str]]] = []

    def serve(self) -> None:
        """Serve until standard input is closed."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        while True:
            left = self._strikes[0][0] - time.monotonic() if self._strikes else None
            for key, _ in self._selector.select(None if left is None else max(0.0, left)):
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    os.read(self._woken, 4096)
            self._strike()
            self._reap()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        with connection.makefile("r", encoding="utf-8") as lines:
            request = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connection.close()
            for one in self._children.values():
                one.close()
            be_the_tool(request)
        self._children[pid] = connection
        connection.sendall(f"{pid}\n".encode())
        for one in request["strikes"]:
            if "seconds" in one:
                heapq.heappush(self._strikes, (time.monotonic() + one["seconds"], pid, one["signals"]))

    def _strike(self) -> None:
        while self._strikes and self._strikes[0][0] <= time.monotonic():
            _, pid, names = heapq.heappop(self._strikes)
            for name in names if pid in self._children else []:
                os.kill(pid, getattr(signal, name))

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                connection = self._children.pop(pid)
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                connection.close()


READY: Final = "ready"

if __name__ == "__main__":
    server = Server(sys.argv[1])
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    server.serve()
