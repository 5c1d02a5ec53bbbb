"""containerd's configuration: one key changes, comments and layout stay, and others' changes are not lost."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import sandbox_host
from dockerd_cfg.storage.containerd import ContainerdFacts, containerd_step, read_containerd, with_root

NEW = HostPath("/mnt/data/containerd")
DOCKER = HostPath("/var/lib/docker")
COMMENTED = b'# ours\nversion = 2   # keep\n\n[grpc]\n  address = "/run/x.sock"\n'


@dataclass(frozen=True)
class Silent:
    """A runner of a host where nothing is installed."""

    def find(self, program: str) -> str | None:
        return None


class Units(SandboxServices):
    """The sandbox's services, with a containerd that was started as told."""

    words: tuple[str, ...] = ()
    active = "active"

    def unit(self, name: str) -> UnitState:
        return UnitState(
            name, load="loaded", active=self.active, exec_start=("/usr/bin/containerd", *self.words)
        )


def facts_of(root: Path, *words: str, config: bytes | None = None, active: str = "active") -> ContainerdFacts:
    host: Host = sandbox_host(root)
    units = Units(host.layout)
    units.words, units.active = words, active
    if config is not None:
        (root / "etc/containerd").mkdir(parents=True, exist_ok=True)
        (root / "etc/containerd/config.toml").write_bytes(config)
    return read_containerd(host._replace(systemd=units, runner=Silent()), DOCKER)  # type: ignore[arg-type]  # it runs nothing


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(None, id="no file"),
        pytest.param(b"", id="an empty file"),
        pytest.param(COMMENTED, id="tables and comments"),
        pytest.param(b'root = "/var/lib/containerd"\n' + COMMENTED, id="a root of its own"),
        pytest.param(b"root = '/x' # why\n[a]\nroot = 'other'\n", id="another root in a table"),
    ],
)
def test_the_new_root_is_what_containerd_would_read(data: bytes | None) -> None:
    before = tomllib.loads((data or b"version = 2\n").decode()) if data != b"" else {}

    after = tomllib.loads(with_root(data, NEW).decode())

    assert after == before | {"root": str(NEW)}


def test_comments_and_layout_stay() -> None:
    changed = with_root(COMMENTED, NEW)

    assert all(line in changed.splitlines() for line in COMMENTED.splitlines())


def test_a_root_that_was_added_can_be_taken_out_again() -> None:
    assert tomllib.loads(with_root(with_root(COMMENTED, NEW), None).decode()) == tomllib.loads(
        COMMENTED.decode()
    )


def test_taking_back_keeps_what_somebody_else_wrote(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, config=COMMENTED)
    step = containerd_step(facts, NEW)
    theirs = with_root(COMMENTED, NEW).replace(b"x.sock", b"y.sock")

    taken = tomllib.loads((step.take_back(FileImage(theirs), facts.image) or b"").decode())

    assert taken == {"version": 2, "grpc": {"address": "/run/y.sock"}}


@pytest.mark.parametrize(
    "present", [b'root = "/theirs"\n', b"version = 2\n", b"root = ", b"\xff", None], ids=repr
)
def test_a_root_that_somebody_else_changed_is_not_taken_back(tmp_path: Path, present: bytes | None) -> None:
    facts = facts_of(tmp_path, config=COMMENTED)

    with pytest.raises(FileProblem):
        containerd_step(facts, NEW).take_back(FileImage(present), facts.image)


@pytest.mark.parametrize(
    ("words", "config", "root"),
    [
        pytest.param((), None, "/var/lib/containerd", id="nothing said"),
        pytest.param((), b'root = "/srv/c"\n', "/srv/c", id="in its file"),
        pytest.param(("--root", "/flag"), b'root = "/srv/c"\n', "/flag", id="as a flag"),
        pytest.param(("--root=/flag",), None, "/flag", id="as a flag with an equals sign"),
        pytest.param((), b"root = 1\n", "/var/lib/containerd", id="no text"),
    ],
)
def test_the_root_is_where_containerd_looks(
    tmp_path: Path, words: tuple[str, ...], config: bytes | None, root: str
) -> None:
    assert str(facts_of(tmp_path, *words, config=config).root) == root


@pytest.mark.parametrize(
    ("words", "config", "told"),
    [
        pytest.param(("--root", "/flag"), None, "flag", id="a flag"),
        pytest.param((), b"root = \n", "cannot be read", id="no TOML"),
        pytest.param((), b"\xff", "cannot be read", id="no UTF-8"),
    ],
)
def test_a_root_that_cannot_be_moved_says_why(
    tmp_path: Path, words: tuple[str, ...], config: bytes | None, told: str
) -> None:
    assert told in (facts_of(tmp_path, *words, config=config).trouble or "")


@pytest.mark.parametrize(
    ("config", "active", "is_separate"),
    [
        pytest.param(None, "active", True, id="beside Docker"),
        pytest.param(None, "inactive", False, id="down, and never ran"),
        pytest.param(b'root = "/var/lib/docker/containerd"\n', "active", False, id="inside Docker's root"),
    ],
)
def test_a_containerd_is_separate_when_it_runs_outside_dockers_root(
    tmp_path: Path, config: bytes | None, active: str, is_separate: bool
) -> None:
    assert facts_of(tmp_path, config=config, active=active).is_separate is is_separate


def test_a_containerd_that_is_down_counts_by_what_it_keeps(tmp_path: Path) -> None:
    database = tmp_path / "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"")

    assert facts_of(tmp_path, active="inactive").is_separate


def test_the_root_in_an_imported_file_is_the_one_that_counts(tmp_path: Path) -> None:
    folder = tmp_path / "etc/containerd/conf.d"
    folder.mkdir(parents=True)
    (folder / "10-other.toml").write_text("[debug]\n")
    (folder / "20-root.toml").write_text('root = "/imported"\n')

    found = facts_of(tmp_path, config=b'root = "/main"\nimports = ["conf.d/*.toml"]\n')

    assert str(found.config) == "/etc/containerd/conf.d/20-root.toml"
    assert str(found.named) == "/imported"
    assert found.trouble is None


def test_files_that_import_each_other_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "etc/containerd").mkdir(parents=True)
    (tmp_path / "etc/containerd/other.toml").write_text('imports = ["config.toml"]\n')

    found = facts_of(tmp_path, config=b'root = "/main"\nimports = ["other.toml"]\n')

    assert str(found.named) == "/main"


def test_an_import_that_is_missing_is_a_reason_not_to_guess(tmp_path: Path) -> None:
    found = facts_of(tmp_path, config=b'imports = ["gone/../x.toml", "broken.toml"]\n')
    assert found.trouble is None  # containerd reads nothing there either

    (tmp_path / "etc/containerd/broken.toml").write_text("root = \n")
    found = facts_of(tmp_path, config=b'imports = ["broken.toml"]\n')
    assert "cannot be read" in (found.trouble or "")
