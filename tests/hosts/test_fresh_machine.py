"""The first thing a stranger does: a clean clone, and the README's commands as written, on a machine with nothing but make."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.hosts.harness import apt, leftovers
from tests.hosts.harness.commands import run

pytestmark = pytest.mark.long

ROOT: Final = Path(__file__).resolve().parents[2]
CLONE: Final = "root/dockerd-cfg"
NETWORK: Final = re.compile(r"(.*_proxy|SSL_CERT_FILE)", re.IGNORECASE)
COMMANDS: Final = re.compile(r"^    (make [a-z]+) +#", re.MULTILINE)

# In namespaces of its own: nothing stays mounted, and no process stays. $1 the root, $2 and so on the folders shown in it.
INSIDE: Final = """\
set -e
root=$1; script=$2; shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
for folder; do mkdir -p "$root$folder"; mount --bind -o ro "$folder" "$root$folder"; done
exec chroot "$root" sh -ec "$script"
"""


@pytest.fixture(params=["bookworm", "trixie"])
def fresh(real_hosts: None, request: pytest.FixtureRequest) -> Iterator[Path]:  # noqa: ARG001  # it skips where there are none
    """The root of Debian's minimal system, with make, and with a clean clone."""
    folder = leftovers.hosts() / f"fresh-{os.getpid()}-{request.param}"
    leftovers.claim(folder, (), ())
    try:
        make_root(folder, request.param)
        copy_clone(folder / "root" / CLONE)
        yield folder / "root"
    finally:
        leftovers.end(folder)


def make_root(folder: Path, suite: str) -> None:
    apt.install_needed()
    archive = apt.archive()
    assert archive is not None
    (folder / "debian.sources").write_text(archive.source(suite))
    (folder / "apt.conf").write_text(apt.acquire_options())
    argv = ["unshare", "--mount", "--propagation", "private", "mmdebstrap", "--quiet", "--mode=root"]
    argv += ["--variant=minbase", "--include=make", f"--aptopt={folder / 'apt.conf'}"]
    run([*argv, suite, str(folder / "root"), str(folder / "debian.sources")], timeout=400)


def copy_clone(target: Path) -> None:
    """Copy what git has of the checkout, as it stands now."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--cached"]
    listed = subprocess.run(git, check=False, capture_output=True)
    if listed.returncode:
        pytest.skip("no clone: git knows nothing of this folder")
    target.mkdir(parents=True)
    present = b"".join(
        name + b"\0" for name in listed.stdout.split(b"\0") if (ROOT / os.fsdecode(name)).is_file()
    )
    tar = ["tar", "-C", str(ROOT), "--null", "--files-from=-", "-c"]
    packed = subprocess.run(tar, input=present, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-C", str(target), "-x"], input=packed, check=True)


def settings_of_pip() -> dict[str, str]:
    """How this machine's pip finds packages, as the environment of another."""
    told = run([sys.executable, "-m", "pip", "config", "list"]).stdout
    found = re.findall(r"^[^=\n]*\.([a-z-]+)='(.*)'$", told, re.MULTILINE)
    return {f"PIP_{name.replace('-', '_').upper()}": value for name, value in found}


def hand_in(word: str, root: Path, shown: set[Path]) -> str:
    """Make what ``word`` names, if it names a file or folder of this machine, be in ``root`` as well; say how it is named there."""
    path = Path(word.removeprefix("file://"))
    if path.is_absolute() and path.is_dir():
        # of an index in a folder, simple/, the files lie beside it
        shown.add(path.parent if path.name == "simple" else path)
    elif path.is_absolute() and path.is_file():
        # elsewhere: in its own place a package may put another, as ca-certificates does
        copy = root / "mnt" / path.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        return f"/mnt{path}"
    return word


def do(root: Path, command: str, **environment: str) -> str:
    """Run a command in the clone, as somebody who has just logged in as root, with the network that this machine has."""
    network = {name: value for name, value in os.environ.items() if NETWORK.fullmatch(name)}
    shown: set[Path] = set()
    for name, value in (network | settings_of_pip()).items():
        network[name] = " ".join(hand_in(word, root, shown) for word in value.split())
    for name in ("etc/resolv.conf", "etc/hosts"):
        (root / name).write_bytes(Path("/", name).read_bytes())
    argv = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    argv += [
        "sh",
        "-c",
        INSIDE,
        "inside",
        str(root),
        f"cd /{CLONE}; exec {command}",
        *map(str, sorted(shown)),
    ]
    login = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    return run(argv, env={**login, **network, **environment}, timeout=900).stdout


@pytest.mark.timeout(1800)
def test_the_commands_of_the_readme_work_as_written_on_a_fresh_machine(fresh: Path) -> None:
    top = (fresh / CLONE / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert COMMANDS.findall(top) == ["make demo", "make test"]
    assert "That was all of it" in do(fresh, "make demo")
    # all that it takes, but of the tests themselves a few: all of them take twenty minutes
    told = do(fresh, "make test", PYTEST_ADDOPTS="-k test_docs")
    assert re.search(r"\d+ passed", told)
    assert not re.search(r"\d+ (failed|error)", told)
