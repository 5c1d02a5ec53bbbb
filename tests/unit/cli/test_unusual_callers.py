"""Callers and hosts that are unlike the rest: closed streams, a terminal that ends, Docker from elsewhere."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE, UnitState
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import SandboxProcesses, sandbox_host

Outcome = tuple[int, str, str]
ON_SANDBOX = """
import os, sys
from pathlib import Path
import dockerd_cfg.cli
from dockerd_cfg.cli import app
from dockerd_cfg.sandbox.host import sandbox_host
real = app.run
app.run = lambda argv: real(argv[1:], make_host=lambda: sandbox_host(Path(argv[0])))
dockerd_cfg.cli.main()
"""

INTERRUPTED_EARLY = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from dockerd_cfg.cli import main
main()
"""


class WithUnits(SandboxServices):
    """Units other than the sandbox's own."""

    def __init__(self, root: Path, **units: UnitState) -> None:
        super().__init__(Layout(root))
        self._units = {unit.name: unit for unit in units.values()}

    def unit(self, name: str) -> UnitState:
        return self._units.get(name) or UnitState(name)


class Rootless(SandboxProcesses):
    """A host whose Docker runs for a user."""

    def of_rootless(self) -> list[str]:
        return ["rootlesskit (pid 42)"]


class Unpersuaded(SandboxServices):
    """A dockerd that refuses every file; the one it runs with it read before."""

    def validate(self, data: bytes, flags: object) -> str | None:
        return "no such thing"


class Deaf(SandboxServices):
    """A daemon that takes over nothing when it is told to reload."""

    def reload(self, name: str) -> None:
        """Nothing comes of it."""

    def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
        return 'level=error msg="Error reloading configuration" error="so it is"'


def told(host: Host, *argv: str) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    code = run(argv, make_host=lambda: host, report=Report(as_json="--json" in argv, out=out, err=err))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_change_is_made_whole_whatever_streams_the_caller_closed(sandbox: Path, closed: str) -> None:
    argv = [sys.executable, "-c", ON_SANDBOX, str(sandbox), "set", "debug", "true"]
    script = f'exec "$@" {closed}'
    done = subprocess.run(["sh", "-c", script, "sh", *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((sandbox / "etc/docker/daemon.json").read_bytes())["debug"] is True
    (journal,) = (sandbox / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    assert json.loads(journal.read_bytes().splitlines()[-1])["event"] == "applied"


def test_an_end_of_input_at_the_question_is_a_no(sandbox: Path) -> None:
    leader, follower = pty.openpty()
    argv = [sys.executable, "-c", ON_SANDBOX, str(sandbox), "set", "mtu", "1400"]
    with subprocess.Popen(argv, stdin=follower, stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        os.write(leader, b"\x04")
        code = process.wait(30)
    os.close(leader)
    assert code == 1
    assert "mtu" not in (sandbox / "etc/docker/daemon.json").read_text()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda host: host._replace(systemd=WithUnits(host.layout.root)), "not installed"),
        (
            lambda host: host._replace(
                systemd=WithUnits(host.layout.root, docker=UnitState(DOCKER_SERVICE, load="masked"))
            ),
            "systemctl unmask docker.service",
        ),
        (
            lambda host: host._replace(systemd=WithUnits(host.layout.root), processes=Rootless()),
            "rootlesskit (pid 42)",
        ),
        (
            lambda host: host._replace(
                systemd=WithUnits(
                    host.layout.root, snap=UnitState("snap.docker.dockerd.service", load="loaded")
                ),
            ),
            "snap",
        ),
    ],
    ids=["none", "masked", "rootless", "snap"],
)
def test_a_docker_that_cannot_be_managed_is_told_apart(
    sandbox: Path, change: Callable[[Host], Host], says: str
) -> None:
    code, out, err = told(change(sandbox_host(sandbox)), "set", "debug", "true")
    assert code == 4
    assert says in out + err


def test_a_reload_that_docker_does_not_take_is_undone_with_its_complaint(sandbox: Path) -> None:
    deaf = Deaf(Layout(sandbox))
    before = (sandbox / "etc/docker/daemon.json").read_bytes()
    code, _, err = told(sandbox_host(sandbox)._replace(systemd=deaf), "set", "debug", "true")
    assert code == 6
    assert "so it is" in err
    assert (sandbox / "etc/docker/daemon.json").read_bytes() == before


def test_dockerd_judges_what_is_only_brought_into_effect(sandbox: Path) -> None:
    host = sandbox_host(sandbox)
    assert told(host, "set", "mtu", "1400", "--restart", "never")[0] == 0
    services = Unpersuaded(Layout(sandbox))
    starts = services.read()["invocation"]
    code, _, err = told(host._replace(dockerd=services), "set", "mtu", "1400", "--yes")
    assert code == 3
    assert "no such thing" in err
    assert services.read()["invocation"] == starts


@pytest.mark.parametrize(
    "argv", [("check",), ("set", "debug", "true", "--dry-run")], ids=lambda argv: argv[0]
)
def test_a_folder_that_docker_does_not_read_is_told_of(sandbox: Path, argv: tuple[str, ...]) -> None:
    (sandbox / "etc/docker/daemon.json.d").mkdir()
    _, out, _ = told(sandbox_host(sandbox), *argv, "--json")
    assert "drop-in-folder" in [finding["code"] for finding in json.loads(out)["findings"]]


class NoSystemd(SandboxServices):
    """A host whose first process is something else."""

    def is_running(self) -> bool:
        return False

    def unit(self, name: str) -> UnitState:
        raise CommandFailed("systemctl is not installed")


class Mute(SandboxServices):
    """A daemon that does not answer."""

    def info(self) -> Info:
        raise CommandFailed("Docker does not answer")


WITHOUT_DOCKER = [
    pytest.param(WithUnits, "no docker.service", id="not-installed"),
    pytest.param(
        lambda root: WithUnits(root, docker=UnitState(DOCKER_SERVICE, load="masked")), "masked", id="masked"
    ),
    pytest.param(
        lambda root: WithUnits(root, docker=UnitState(DOCKER_SERVICE, load="loaded", active="failed")),
        "docker.service is failed",
        id="failed",
    ),
    pytest.param(lambda root: NoSystemd(Layout(root)), "systemd does not run", id="no-systemd"),
]


@pytest.mark.parametrize(("systemd", "says"), WITHOUT_DOCKER)
def test_what_was_done_can_be_seen_without_a_docker_that_runs(
    sandbox: Path, systemd: Callable[[Path], SandboxServices], says: str
) -> None:
    assert told(sandbox_host(sandbox), "move-storage", "/mnt/data", "--yes")[0] == 0
    host = sandbox_host(sandbox)._replace(systemd=systemd(sandbox))
    code, out, err = told(host, "status")
    assert (code, says in out) == (0, True), out + err
    assert "data root: /mnt/data/docker" in out
    assert "old data: " in out
    code, out, _ = told(host, "history")
    assert (code, "0001-move-storage" in out) == (0, True)


def test_options_are_shown_where_systemd_does_not_run(sandbox: Path) -> None:
    (sandbox / "etc/docker/daemon.json").write_text('{"mtu": 1400}', encoding="utf-8")
    host = sandbox_host(sandbox)._replace(systemd=NoSystemd(Layout(sandbox)))

    assert told(host, "show", "mtu")[:2] == (0, "1400\n")
    code, out, _ = told(host, "show", "--effective")
    assert (code, "1400  (/etc/docker/daemon.json)" in out) == (0, True)


@pytest.mark.parametrize("text", ["{", '{"data-root": "x/../y"}', '{"data-root": 5}'])
def test_a_status_is_told_whatever_the_file_says(sandbox: Path, text: str) -> None:
    host = sandbox_host(sandbox)
    host.systemd.stop(DOCKER_SERVICE)
    (sandbox / "etc/docker/daemon.json").write_text(text)
    code, out, _ = told(host, "status")
    assert (code, "data root: /var/lib/docker" in out) == (0, True)


def test_a_docker_that_does_not_answer_is_told_from_one_that_does_not_run(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", count(step=10).__next__)
    host = sandbox_host(sandbox)._replace(docker=Mute(Layout(sandbox)))
    code, out, _ = told(host, "status")
    assert (code, "does not answer, though docker.service is active" in out) == (0, True)


@pytest.mark.parametrize("argv", [("status",), ("history",)], ids=lambda argv: argv[0])
def test_who_is_not_root_is_told_to_become_it(sandbox: Path, argv: tuple[str, ...]) -> None:
    code, _, err = told(sandbox_host(sandbox)._replace(is_privileged=False), *argv)
    assert code == 4
    assert f"sudo dockerd-cfg {argv[0]}" in err


@pytest.mark.parametrize("options", [("--yes", "-v"), ("--yes", "--verbose"), ("-yv",)], ids=" ".join)
def test_programs_that_are_run_are_told_of_when_asked(sandbox: Path, options: tuple[str, ...]) -> None:
    argv = ("move-storage", "/mnt/data")
    assert "rsync -aHAXXS" not in told(sandbox_host(sandbox), *argv, "--yes", "--dry-run")[2]
    assert "rsync -aHAXXS" in told(sandbox_host(sandbox), *argv, *options)[2]


class BuiltByHand(SandboxServices):
    """A daemon whose version says nothing."""

    def info(self) -> Info:
        return replace(super().info(), version="dev")

    def version(self) -> str | None:
        return "dev"


@pytest.mark.parametrize(
    "argv",
    [
        ("set", "debug", "true"),
        ("check",),
        ("show", "--effective"),
        ("status",),
        ("move-storage", "/mnt/data", "--dry-run"),
    ],
    ids=lambda argv: argv[0],
)
def test_a_docker_whose_version_says_nothing_is_any_docker(sandbox: Path, argv: tuple[str, ...]) -> None:
    services = BuiltByHand(Layout(sandbox))
    code, _, err = told(sandbox_host(sandbox)._replace(docker=services, dockerd=services), *argv)
    assert code == 0, err


def shell(sandbox: Path, script: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as ``"$@"`` of a shell script."""
    words = ["bash", "-c", script, "bash", sys.executable, "-c", ON_SANDBOX, str(sandbox), *argv]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_answer_for_programs_is_json_whatever_the_encoding_of_the_output(
    sandbox: Path, encoding: str
) -> None:
    labels = ["é", "\U0001f433", "splunk-token=gehéim"]
    (sandbox / "etc/docker/daemon.json").write_text(json.dumps({"labels": labels}), encoding="utf-8")
    words = [sys.executable, "-c", ON_SANDBOX, str(sandbox), "show", "labels", "--json"]
    env = {**os.environ, "PYTHONIOENCODING": encoding}

    out = subprocess.run(words, capture_output=True, check=False, env=env).stdout

    assert json.loads(out)["data"]["value"] == ["é", "\U0001f433", "splunk-token=***"]
    assert out.isascii() is (encoding != "utf-8")


SHOW = ("show",)
CHANGE = ("set", "debug", "true")
FULL = "the answer cannot be written: No space left on device"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        pytest.param(SHOW, 1, id="show"),
        pytest.param((*SHOW, "--json"), 1, id="json"),
        pytest.param((*CHANGE, "--dry-run"), 1, id="dry-run"),
        pytest.param(CHANGE, 0, id="change"),
        pytest.param((*CHANGE, "--json"), 0, id="change-json"),
        pytest.param(("show", "nope"), 3, id="failure"),
        pytest.param(("--version",), 1, id="version"),
        pytest.param(("--help",), 1, id="help"),
    ],
)
def test_an_answer_that_cannot_be_written_is_told_of(sandbox: Path, argv: tuple[str, ...], code: int) -> None:
    done = shell(sandbox, 'exec "$@" > /dev/full', *argv)
    assert done.returncode == code, done.stderr
    assert (FULL in done.stderr) or code == 3 or argv[0].startswith("--")
    assert "Exception ignored" not in done.stderr
    assert "Traceback" not in done.stderr
    debug = json.loads((sandbox / "etc/docker/daemon.json").read_bytes()).get("debug")
    assert debug is (True if argv in {CHANGE, (*CHANGE, "--json")} else None)


@pytest.mark.parametrize(
    "argv", [SHOW, (*SHOW, "--json"), CHANGE, (*CHANGE, "--json"), ("--version",)], ids=" ".join
)
@pytest.mark.parametrize("pipe", ["|", "2>&1 |"])
def test_a_reader_that_has_enough_is_no_failure(sandbox: Path, argv: tuple[str, ...], pipe: str) -> None:
    # the reader is gone before anything is written
    done = shell(sandbox, f'exec 3>&1; {{ sleep 0.2; "$@"; echo $? >&3; }} {pipe} true', *argv)
    assert done.stdout == "0\n"
    assert "Exception ignored" not in done.stderr
    if "set" in argv:
        assert json.loads((sandbox / "etc/docker/daemon.json").read_bytes())["debug"] is True


def test_an_error_that_cannot_be_written_makes_no_noise(sandbox: Path) -> None:
    done = shell(sandbox, 'exec "$@" 2> /dev/full', "show", "nope")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


@pytest.mark.parametrize(
    "limit",
    [*(f"-n {number}" for number in (5, 6, 7, 8, 10, 12)), *(f"-f {number}" for number in (0, 1, 2, 8, 100))],
)
def test_a_limit_of_the_process_leaves_the_host_whole(sandbox: Path, limit: str) -> None:
    before = (sandbox / "etc/docker/daemon.json").read_bytes()
    done = shell(sandbox, f'ulimit {limit}; exec "$@"', "set", "mtu", "1400", "--yes")
    assert done.returncode in {0, 1, 6}, done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "error: " in done.stderr
        assert (sandbox / "etc/docker/daemon.json").read_bytes() == before
        assert told(sandbox_host(sandbox), "set", "mtu", "1400", "--yes")[0] == 0


def test_ctrl_c_during_the_imports_is_told_like_any_other() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_EARLY, "show", "--json"],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )

    assert (ended.returncode, ended.stderr) == (1, "error: interrupted by SIGINT; nothing was changed\n")
    assert json.loads(ended.stdout)["error"]["message"] == "interrupted by SIGINT; nothing was changed"


def test_without_a_command_the_help_is_shown() -> None:
    bare, asked = (
        subprocess.run(
            [sys.executable, "-m", "dockerd_cfg", *argv], capture_output=True, text=True, check=False
        )
        for argv in ([], ["--help"])
    )
    assert (bare.returncode, bare.stdout, bare.stderr) == (0, asked.stdout, asked.stderr)
    assert "Usage: dockerd-cfg" in bare.stdout


@pytest.mark.parametrize("argv", [("show",), ("check",), ("set", "debug", "true")], ids=" ".join)
def test_who_may_not_read_daemon_json_is_sent_to_sudo_and_not_told_that_it_is_invalid(
    sandbox: Path, argv: tuple[str, ...]
) -> None:
    without_rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if subprocess.run([*without_rights, "true"], check=False, capture_output=True).returncode:
        pytest.skip("rights cannot be given up here")
    (sandbox / "etc/docker/daemon.json").chmod(0)
    words = [sys.executable, "-m", "dockerd_cfg", *argv, "--root", str(sandbox), "--json"]

    ended = subprocess.run([*without_rights, *words], check=False, capture_output=True)

    error = json.loads(ended.stdout)["error"]
    assert (ended.returncode, error["code"]) == (4, "preflight-refused")
    assert "Permission denied" in error["message"]
    assert "sudo" in error["hint"]
