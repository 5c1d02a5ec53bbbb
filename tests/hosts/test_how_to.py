"""The worked examples do what they say: each command in them is run, twice."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # comes with ansible-core, without types

from tests.hosts.harness import Host

HOW_TO = Path(__file__).resolve().parents[2] / "docs/how-to"


def block(document: str, language: str) -> str:
    """Return the first code block of a language in a document."""
    text = (HOW_TO / document).read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_what_cloud_init_runs_at_the_first_boot_limits_logs_and_moves_the_data(host: Host) -> None:
    config = yaml.safe_load(block("cloud-init.md", "yaml"))
    (mount,) = config["mounts"]
    assert mount[1] == "/mnt/data"
    for command in config["runcmd"]:
        first = json.loads(host.run(*command, "--json", timeout=120).stdout)
        second = json.loads(host.run(*command, "--json", timeout=120).stdout)
        assert (first["changed"], second["changed"]) == (True, False)
    assert host.docker("info", "--format", "{{.DockerRootDir}}") == "/mnt/data/docker"
    assert json.loads(host.read("/etc/docker/daemon.json"))["log-opts"] == {
        "max-size": "50m",
        "max-file": "3",
    }


def test_what_packer_runs_in_a_machine_limits_logs(host: Host) -> None:
    lines = re.findall(r'"(dockerd-cfg [^"]*)"', block("packer.md", "hcl"))
    assert len(lines) == 2
    for line in lines:
        host.run(*shlex.split(line), timeout=120)
    assert json.loads(host.read("/etc/docker/daemon.json"))["log-opts"]["max-size"] == "50m"


def test_what_packer_runs_on_a_folder_prepares_it(tmp_path: Path) -> None:
    root = tmp_path / "image"
    for folder in ("etc/systemd/system", "var/lib", "run", "mnt/data"):
        (root / folder).mkdir(parents=True)
    text = (HOW_TO / "packer.md").read_text(encoding="utf-8")
    lines = [line for line in re.findall(r'"(dockerd-cfg [^"]*)"', text) if "--root" in line]
    assert len(lines) == 3
    for line in lines * 2:
        words = shlex.split(line.replace("${var.root}", str(root)))[1:]
        subprocess.run(
            [sys.executable, "-m", "dockerd_cfg", *words], check=True, capture_output=True, timeout=60
        )
    config = json.loads((root / "etc/docker/daemon.json").read_text())
    assert config["data-root"] == "/mnt/data/docker"
