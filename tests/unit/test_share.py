"""Completion in real shells, and manual pages that readers of manual pages like; both as the program is."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.cli.app import COMMANDS

ROOT: Final = Path(__file__).resolve().parents[2]
SHARE: Final = ROOT / "share"
BASH: Final = SHARE / "bash-completion/completions/dockerd-cfg"
ZSH: Final = SHARE / "zsh/site-functions"
FISH: Final = SHARE / "fish/vendor_completions.d/dockerd-cfg.fish"
PAGES: Final = sorted((SHARE / "man/man1").iterdir())
ENVIRONMENT: Final = {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
# What is typed, and what must be proposed, among others or (True) alone.
CASES: Final = [
    ("dockerd-cfg move-storage --mode ", {"data-root", "symlink", "bind"}, True),
    ("dockerd-cfg se", {"set", "set-logs"}, True),
    ("dockerd-cfg set-logs --driver j", {"json-file", "journald"}, True),
    ("dockerd-cfg set live-re", {"live-restore"}, True),
    ("dockerd-cfg set live-restore ", {"true", "false"}, True),
    ("dockerd-cfg unset log-opts.max-", {"log-opts.max-size", "log-opts.max-file"}, False),
    ("dockerd-cfg move-storage --ver", {"--verify", "--verbose"}, True),
    ("dockerd-cfg maintenance ", {"enable", "disable", "status", "run"}, True),
    ("dockerd-cfg maintenance enable --s", {"--schedule"}, True),
    ("dockerd-cfg maintenance status --", {"--json", "--verbose", "--help"}, True),
    ("dockerd-cfg status --v", {"--verbose"}, True),
    ("dockerd-cfg logs t", {"trim"}, True),
    ("dockerd-cfg set --restart never live-re", {"live-restore"}, True),
    ("dockerd-cfg set --restart never live-restore t", {"true"}, True),
]
cases = pytest.mark.parametrize(("typed", "expected", "alone"), CASES)


def need(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")


def run(*argv: str) -> list[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=ENVIRONMENT, timeout=30)
    return done.stdout.splitlines()


def in_bash(typed: str) -> set[str]:
    words = typed.split(" ")
    array = " ".join(f"'{word}'" for word in words)
    script = f"source {BASH}; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _dockerd_cfg; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return {line for line in run("bash", "--norc", "-c", script) if line}


def in_fish(typed: str) -> set[str]:
    lines = run("fish", "--no-config", "-c", f"source {FISH}; complete -C '{typed}'")
    return {line.partition("\t")[0] for line in lines}


def in_zsh(typed: str, home: Path) -> set[str]:
    """Type into a zsh at a terminal and press the key twice; return the words that it lists."""
    (home / ".zshrc").write_text(
        f"PS1='> '; fpath=({ZSH} $fpath); autoload -Uz compinit; compinit -D -u\n"
        "zstyle ':completion:*' list-colors ''; setopt list_packed; LISTMAX=10000; stty cols 200 rows 200\n"
        "bindkey '^I' list-choices; print ready\n",
        encoding="utf-8",
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(  # noqa: S606  # a shell at a terminal of its own is what is tested
            "zsh",
            ["zsh", "-d", "-i"],
            {**ENVIRONMENT, "HOME": str(home), "ZDOTDIR": str(home), "TERM": "xterm"},
        )
    try:
        read_until(terminal, "ready")
        os.write(terminal, typed.encode() + b"\t")
        shown = read_until(terminal, None)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
    return set(re.findall(r"[\w.-]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", " ", shown)))


def read_until(terminal: int, text: str | None) -> str:
    """Read until ``text`` has come, or (None) until nothing has come for a while."""
    shown, end = "", time.monotonic() + 20
    while time.monotonic() < end:
        if select.select([terminal], [], [], 20 if text or len(shown) < 60 else 1)[0]:
            shown += os.read(terminal, 1 << 16).decode(errors="replace")
        elif text is None:
            break
        if text is not None and text in shown:
            break
    return shown


def test_all_of_it_is_as_the_program_is() -> None:
    checked = subprocess.run([sys.executable, ROOT / "tools/gen_share.py", "--check"], check=False, cwd=ROOT)
    assert checked.returncode == 0, "write it anew: make schemas"


@cases
def test_bash_completes(typed: str, expected: set[str], alone: bool) -> None:
    need("bash")
    found = in_bash(typed)
    assert found == expected if alone else found >= expected


@cases
def test_fish_completes(typed: str, expected: set[str], alone: bool) -> None:
    need("fish")
    found = in_fish(typed)
    assert found == expected if alone else found >= expected


@pytest.mark.parametrize(("typed", "expected"), [case[:2] for case in CASES if len(case[1]) > 1])
def test_zsh_completes(typed: str, expected: set[str], tmp_path: Path) -> None:
    need("zsh")
    assert in_zsh(typed, tmp_path) >= expected


def test_bash_completes_after_an_equals_sign() -> None:
    need("bash")
    script = f"source {BASH}; COMP_WORDS=(dockerd-cfg move-storage --mode = s); COMP_CWORD=4; _dockerd_cfg; echo $COMPREPLY"
    assert run("bash", "--norc", "-c", script) == ["symlink"]


def test_folders_are_proposed_for_a_target_and_files_for_a_file(tmp_path: Path) -> None:
    need("bash")
    (tmp_path / "disk").mkdir()
    (tmp_path / "daemon.json").touch()
    assert in_bash(f"dockerd-cfg move-storage {tmp_path}/d") == {f"{tmp_path}/disk"}
    assert in_bash(f"dockerd-cfg check {tmp_path}/da") == {f"{tmp_path}/daemon.json"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_manual_page(name: str) -> None:
    assert (SHARE / f"man/man1/dockerd-cfg-{name}.1").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_manual_page_is_as_its_readers_want_it(page: Path) -> None:
    need("mandoc")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert done.stdout + done.stderr == ""


def test_man_itself_has_nothing_to_say_against_them() -> None:
    need("man")
    if shutil.which("groff") is None:
        pytest.skip("needs groff")
    for page in PAGES:
        argv = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)]
        done = subprocess.run(
            argv, capture_output=True, text=True, check=True, env={**ENVIRONMENT, "MANWIDTH": "80"}
        )
        assert done.stderr == "", page
