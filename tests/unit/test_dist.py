"""What is delivered: complete, well described, and the same bytes whenever it is built."""

import configparser
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import Final

import pytest
from packaging.metadata import Metadata
from trove_classifiers import classifiers

from dockerd_cfg import __version__
from dockerd_cfg.cli.app import COMMANDS

ROOT: Final = Path(__file__).resolve().parents[2]
BUILT_FOR: Final = f"{sys.version_info[0]}.{sys.version_info[1]}"


def build(out: Path) -> dict[str, bytes]:
    argv = [sys.executable, str(ROOT / "tools/build_dist.py"), "--parts=packages", f"--out={out}"]
    subprocess.run(argv, check=True, capture_output=True, cwd=ROOT, timeout=200)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(packages: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    path = tmp_path_factory.mktemp("wheel") / f"dockerd_cfg-{__version__}-py3-none-any.whl"
    path.write_bytes(packages[path.name])
    return zipfile.ZipFile(path)


def test_two_builds_give_the_same_bytes(packages: dict[str, bytes], tmp_path: Path) -> None:
    assert build(tmp_path / "again") == packages


def test_a_single_file_is_built_twice_the_same_and_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import os; os.environ['SOURCE_DATE_EPOCH'] = '1700000000'\n"
        "from pathlib import Path; import build_dist\n"
        "build_dist.build_single_file(Path(sys.argv[3]), [Path(sys.argv[2])], [sys.argv[4]])\n"
    )
    built = []
    for name in ("one.pyz", "other.pyz"):
        argv = [
            sys.executable,
            "-c",
            script,
            str(ROOT / "tools"),
            str(wheel.filename),
            str(tmp_path / name),
            BUILT_FOR,
        ]
        subprocess.run(argv, check=True, capture_output=True, timeout=100)
        built.append((tmp_path / name).read_bytes())
    assert built[0] == built[1]
    argv = [sys.executable, "-IS", str(tmp_path / "one.pyz"), "-m", "dockerd_cfg.copier"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "SOURCE TARGET" in done.stderr


@pytest.mark.parametrize("name", ["{folder}/link", "./link", "./here.pyz", "../here/here.pyz"])
def test_a_single_file_reads_its_own_schema_by_whatever_name_it_is_started(
    wheel: zipfile.ZipFile, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "here.pyz").write_bytes(Path(str(wheel.filename)).read_bytes())
    (folder / "link").symlink_to("here.pyz")
    script = (
        "import sys; sys.path[:1] = [sys.argv[1]]\n"
        "from dockerd_cfg.config.catalogue import options; print('log-opts' in options())"
    )
    argv = [sys.executable, "-IS", "-c", script, name.format(folder=folder)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=folder)
    assert done.stdout == "True\n", done.stderr


def test_the_wheel_has_schemas_completion_and_manual_pages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    data = f"dockerd_cfg-{__version__}.data/data/share/"
    assert {f"dockerd_cfg/_schemas/{path.name}" for path in ROOT.glob("schemas/*.json")} <= names
    assert {f"{data}man/man1/dockerd-cfg-{name}.1" for name in COMMANDS} <= names
    assert f"{data}bash-completion/completions/dockerd-cfg" in names
    assert f"{data}zsh/site-functions/_dockerd-cfg" in names
    assert f"{data}fish/vendor_completions.d/dockerd-cfg.fish" in names
    assert not [name for name in names if "__pycache__" in name or "tests/" in name]


def test_the_metadata_is_valid_and_complete(wheel: zipfile.ZipFile) -> None:
    raw = wheel.read(f"dockerd_cfg-{__version__}.dist-info/METADATA")
    metadata = Metadata.from_email(raw, validate=True)
    assert metadata.license_expression == "MIT"
    assert metadata.license_files == ["LICENSE"]
    assert metadata.description_content_type == "text/markdown"
    assert "# dockerd-cfg" in (metadata.description or "")
    assert set(metadata.classifiers or ()) <= set(classifiers)
    assert str(metadata.requires_python) == ">=3.11"
    assert BytesParser().parsebytes(raw)["Summary"]
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f"dockerd_cfg-{__version__}.dist-info/entry_points.txt").decode())
    assert entries["console_scripts"]["dockerd-cfg"] == "dockerd_cfg.cli:main"


def test_the_sdist_has_what_the_wheel_is_built_from(packages: dict[str, bytes], tmp_path: Path) -> None:
    name = f"dockerd_cfg-{__version__}"
    (tmp_path / "sdist").write_bytes(packages[f"{name}.tar.gz"])
    with tarfile.open(tmp_path / "sdist") as archive:
        members = {member.name.removeprefix(f"{name}/") for member in archive.getmembers()}
    wanted = {
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements/run.lock",
        "tools/build_dist.py",
        "share/man/man1/dockerd-cfg.1",
    }
    assert wanted <= members
