"""What reaches the user: nothing that a terminal would obey, whatever a daemon.json or its keys contain."""

import io
import json
from pathlib import Path

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.cli.result import Result
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.findings import Finding
from dockerd_cfg.sandbox.host import sandbox_host

EVIL = "\x1b]0;evil\x07\x9b31m\x7f\u202e\r"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(sandbox: Path, *argv: str) -> str:
    out, err = Terminal(), Terminal()
    run(
        argv,
        make_host=lambda: sandbox_host(sandbox),
        report=Report(as_json="--json" in argv, out=out, err=err),
    )
    return out.getvalue() + err.getvalue()


def obeyed(text: str) -> set[str]:
    """Return the control characters in ``text``, but for ends of lines and our own colours."""
    for colour in ("0", "1", "31", "32", "33"):
        text = text.replace(f"\x1b[{colour}m", "")
    return {character for character in text if not character.isprintable()} - {"\n"}


@pytest.mark.parametrize(
    "argv",
    [
        ("set", "labels", json.dumps([f"a={EVIL}"]), "--restart", "never"),
        ("set", EVIL, "x"),
        ("set", EVIL, EVIL, "--force", EVIL),
        ("set-logs", "--max-size", EVIL),
        ("unset", EVIL),
        ("merge", EVIL),
        ("show",),
        ("show", "--effective"),
        ("show", "labels"),
        ("show", EVIL),
        ("check",),
        ("check", EVIL),
        ("status",),
        ("move-storage", f"/mnt/{EVIL}"),
        (EVIL,),
    ],
    ids=lambda argv: argv[0] if argv[0].isprintable() else "",
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_no_control_character_reaches_the_terminal(
    sandbox: Path, argv: tuple[str, ...], form: tuple[str, ...]
) -> None:
    file = {"labels": [f"b={EVIL}"], f"key{EVIL}": EVIL, "log-opts": {EVIL: EVIL}}
    (sandbox / "etc/docker/daemon.json").write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
    assert obeyed(printed(sandbox, *argv, *form)) == set()


def test_a_diff_shows_control_characters_of_the_file(sandbox: Path) -> None:
    (sandbox / "etc/docker/daemon.json").write_text('{"labels": ["a=\x9b"]}\r\n', encoding="utf-8")
    said = printed(sandbox, "set", "debug", "true", "--dry-run")
    assert obeyed(said) == set()
    assert '-{"labels": ["a=\\u009b"]}' in said


@pytest.mark.parametrize("end", ["", "\r\n"], ids=["no end of the last line", "an end of the last line"])
def test_a_diff_of_a_file_from_windows_is_no_harder_to_read(sandbox: Path, end: str) -> None:
    (sandbox / "etc/docker/daemon.json").write_bytes(b'{\r\n  "icc": true\r\n}' + end.encode())
    said = printed(sandbox, "set", "debug", "true", "--dry-run")
    assert "u000d" not in said
    assert '"icc": true,' in said


def test_a_diff_shows_carriage_returns_where_the_ends_of_lines_differ(sandbox: Path) -> None:
    (sandbox / "etc/docker/daemon.json").write_bytes(b'{\r\n  "icc": true\n}\n')
    assert "{\\u000d" in printed(sandbox, "set", "debug", "true", "--dry-run")


def test_a_message_cannot_forge_another_line(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("x", "error", "parse", "a\nerror: b", hint="c\nerror: d")
    error = DockerdCfgError("e\nerror: f", hint="g\nerror: h", findings=(finding,))
    Report().failure(error, Result.of_error("set", error))
    assert [line[:8] for line in capsys.readouterr().err.splitlines()] == [
        "error: a",
        "  hint: ",
        "error: e",
        "  hint: ",
    ]


def test_what_nothing_can_encode_is_told_nevertheless(capsys: pytest.CaptureFixture[str]) -> None:
    Report().say("\udcff")
    assert capsys.readouterr().err == "\\udcff\n"


def test_the_answer_for_programs_keeps_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    Report(as_json=True).result(Result(command="show", data={"value": EVIL}))
    out = capsys.readouterr().out
    assert obeyed(out) == set()
    assert json.loads(out)["data"]["value"] == EVIL
