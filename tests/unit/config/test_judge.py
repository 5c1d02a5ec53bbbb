"""dockerd's last word on a daemon.json: with which flags it is asked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dockerd_cfg.config.daemon_json import read_daemon_json
from dockerd_cfg.config.judge import ask_dockerd
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.paths import DAEMON_JSON
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host


class Listening:
    """A dockerd that is content, and remembers what it was asked."""

    def __init__(self) -> None:
        self.flags: Sequence[str] = ()

    def version(self) -> str | None:
        return "28.5.2"

    def validate(self, config: Path, flags: Sequence[str]) -> str | None:
        self.flags = flags
        return None


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (CommandLines(("--debug",)), ("--debug",)),
        (CommandLines(("--debug",), (("--mtu=1400",),)), ("--mtu=1400",)),
        (CommandLines((), (("--mtu=1300",), ("--mtu=1400",))), ("--mtu=1400",)),
    ],
    ids=["no others", "others", "others, not read by systemd yet"],
)
def test_dockerd_is_asked_with_the_flags_of_its_next_start(
    tmp_path: Path, arguments: CommandLines, asked: tuple[str, ...]
) -> None:
    make_sandbox(tmp_path)
    dockerd = Listening()
    host = replace(sandbox_host(tmp_path), dockerd=dockerd)

    ask_dockerd(host, None, arguments, present=read_daemon_json(host.layout, DAEMON_JSON))

    assert dockerd.flags == asked
