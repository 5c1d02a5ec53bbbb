"""The program is started again by the same means by which it runs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dockerd_cfg import own_program

PYTHON = Path(sys.executable)


def test_an_installed_program_is_started_again_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dockerd-cfg"
    program.touch()
    monkeypatch.setattr(sys, "argv", [str(program), "status"])
    assert own_program.own_command() == (str(program),)


def test_a_program_run_as_a_module_is_started_again_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/nowhere/pytest"])
    assert own_program.own_command() == (sys.executable, "-m", "dockerd_cfg")
    assert own_program.part_command("dockerd_cfg.copier") == (
        sys.executable,
        "-P",
        "-m",
        "dockerd_cfg.copier",
    )


def test_a_package_in_folders_is_no_single_file(tmp_path: Path) -> None:
    assert own_program.single_file() is None
    assert own_program.single_file(str(tmp_path / "dockerd_cfg" / "own_program.py")) is None


def test_a_single_file_is_started_again_by_the_same_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    single = tmp_path / "dockerd-cfg"
    with zipfile.ZipFile(single, "w") as archive:
        archive.writestr("dockerd_cfg/own_program.py", "")
    assert own_program.single_file(f"{single}/cp311/dockerd_cfg/own_program.pyc") == single
    monkeypatch.setattr(own_program, "single_file", lambda: single)
    assert own_program.own_command() == (str(PYTHON), "-IS", str(single))
    assert own_program.part_command("dockerd_cfg.copier")[1:] == (
        "-IS",
        str(single),
        "-m",
        "dockerd_cfg.copier",
    )


def test_the_version_is_told_without_importing_any_command() -> None:
    script = (
        "import sys\n"
        "from dockerd_cfg.cli.app import run\n"
        "run(['--version'])\n"
        "assert not [name for name in sys.modules if name.startswith(('dockerd_cfg.config', 'pydantic'))]\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("dockerd-cfg ")
