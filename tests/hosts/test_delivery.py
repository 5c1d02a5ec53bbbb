"""Each form in which the tool is delivered, on hosts that do not have it: installed without a network, it does both jobs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.hosts.harness import Disks, Host, base, create, recipe

ROOT: Final = Path(__file__).resolve().parents[2]
SINGLE: Final = "/usr/local/bin/dockerd-cfg"
WHEELHOUSE: Final = "/root/wheelhouse"
PYTHON: Final = f"python{recipe.PYTHON}"


@pytest.fixture(scope="module")
def delivered(real_hosts: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001  # it skips where there are none
    """The wheel, the wheels of the lock and the single file, in one folder."""
    out = tmp_path_factory.mktemp("delivered")
    argv = [sys.executable, str(ROOT / "tools/build_dist.py"), f"--out={out / 'dist'}"]
    argv += [f"--python={recipe.PYTHON}", "--machine=x86_64"]
    subprocess.run(argv, check=True, capture_output=True, timeout=300)
    (out / "wheelhouse").mkdir()
    for wheel in [
        *(out / "dist").glob("*.whl"),
        *(ROOT / f"build/wheels/{recipe.PYTHON}-x86_64").glob("*.whl"),
    ]:
        (out / "wheelhouse" / wheel.name).write_bytes(wheel.read_bytes())
    return out


@pytest.fixture
def bare(real_hosts: None) -> Iterator[Host]:  # noqa: ARG001  # it skips where there are none
    """A host without the tool."""
    variant = recipe.VARIANTS["docker28"]
    host = Host(
        variant, base.layers(variant.docker), create.prepared_lib(variant) / create.LIB, Disks(root_mib=512)
    )
    try:
        host.start()
        host.wait_until_up()
        yield host
    finally:
        host.destroy()


def do_both_jobs(host: Host, program: str) -> None:
    def run(*words: str) -> str:
        return host.run(program, *words, timeout=200).stdout

    host.docker("run", "--detach", "--name=one", "--stop-signal=KILL", "app:1", "sleep", "1000")
    run("set-logs", "--max-size", "7m", "--yes")
    assert "Nothing to do" in run("set-logs", "--max-size", "7m", "--yes")
    host.systemctl("reset-failed", "docker.service")
    run("move-storage", "/mnt/data", "--yes")
    assert host.docker("info", "--format", "{{.DockerRootDir}}") == "/mnt/data/docker"
    run("rollback", "--yes")
    assert host.docker("info", "--format", "{{.DockerRootDir}}") == "/var/lib/docker"
    assert host.docker("ps", "--format", "{{.Names}}") == "one"
    told = host.shell("journalctl -t dockerd-cfg DOCKERD_CFG_RUN=0002-move-storage -o cat")
    assert "0002-move-storage: applied" in told
    assert "0002-move-storage: reverted" in told


def test_the_single_file_does_both_jobs_and_leaves_nothing_beside_it(bare: Host, delivered: Path) -> None:
    (single,) = (delivered / "dist").glob("*.pyz")
    bare.run(
        "sh", "-c", f"mkdir -p /usr/local/bin; cat > {SINGLE}; chmod 755 {SINGLE}", stdin=single.read_bytes()
    )
    do_both_jobs(bare, SINGLE)
    assert bare.shell("ls -A /root /tmp | grep -i -e dockerd -e cache -e MEI || :") == ""
    bare.run(SINGLE, "set", "debug", "true", "--yes", "--confirm-within", "10s")
    bare.wait_for(lambda: '"debug"' not in bare.read("/etc/docker/daemon.json"), what="the timer undoes it")


def test_the_wheel_is_installed_by_pip_without_a_network(bare: Host, delivered: Path) -> None:
    bare.copy_in(delivered / "wheelhouse", "/root")
    bare.run(PYTHON, "-m", "venv", "/opt/d", timeout=100)
    bare.run(
        "/opt/d/bin/pip",
        "install",
        "-q",
        "--no-index",
        f"--find-links={WHEELHOUSE}",
        "dockerd-cfg",
        timeout=200,
    )
    assert bare.exists("/opt/d/share/man/man1/dockerd-cfg.1")
    do_both_jobs(bare, "/opt/d/bin/dockerd-cfg")


def test_the_wheel_is_installed_by_uv_without_a_network(delivered: Path, tmp_path: Path) -> None:
    folders = {name: str(tmp_path / name) for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "UV_CACHE_DIR")}
    argv = [
        str(Path(sys.executable).with_name("uv")),
        "tool",
        "install",
        "--offline",
        "--no-index",
        "--no-config",
    ]
    argv += [f"--python={sys.executable}", f"--find-links={delivered / 'wheelhouse'}", "dockerd-cfg"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **folders}
    subprocess.run(argv, check=True, capture_output=True, env=environment, timeout=100)
    program = str(tmp_path / "UV_TOOL_BIN_DIR/dockerd-cfg")
    done = subprocess.run([program, "--version"], check=True, capture_output=True, text=True, timeout=30)
    assert done.stdout.startswith("dockerd-cfg ")
