"""containerd's configuration: one key changes, comments and layout stay, and others' changes are not lost."""

import tomllib
from dataclasses import dataclass, replace
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
        (root / "etc/containerd").mkdir(parents=True)
        (root / "etc/containerd/config.toml").write_bytes(config)
    return read_containerd(replace(host, systemd=units, runner=Silent()), DOCKER)  # type: ignore[arg-type]


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
        pytest.param((), b'imports = ["/etc/x.toml"]\n', "imports other files", id="imports"),
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
        pytest.param(None, "inactive", False, id="down"),
        pytest.param(b'root = "/var/lib/docker/containerd"\n', "active", False, id="inside Docker's root"),
    ],
)
def test_a_containerd_is_separate_when_it_runs_outside_dockers_root(
    tmp_path: Path, config: bytes | None, active: str, is_separate: bool
) -> None:
    assert facts_of(tmp_path, config=config, active=active).is_separate is is_separate
