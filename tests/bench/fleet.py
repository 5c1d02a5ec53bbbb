"""Measures one playbook run that brings many made-up roots to the same configuration, and one that finds them so.

The collection's ``set_logs`` acts on systems that do not run, on this machine, over Ansible's local connection.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOTS: Final = 200
BIN: Final = Path(sys.executable).parent
TOOL: Final = BIN / "dockerd-cfg"
COLLECTIONS: Final = Path(__file__).resolve().parents[2] / "playbooks"
# As found on hosts: none, empty, of one line, indented by two and four, with tabs.
FILES: Final = (
    None,
    "{}\n",
    '{"log-driver": "json-file", "debug": false}\n',
    '{\n  "live-restore": true\n}\n',
    '{\n    "dns": ["10.0.0.53"],\n    "log-opts": {"max-size": "1g"}\n}\n',
    '{\n\t"mtu": 1400\n}\n',
)
CHANGED: Final = re.compile(r" changed=(\d+) ")
WANTED: Final = {"max-size": "50m", "max-file": "3"}


def main() -> int:
    """Measure; return 0 if all roots are as wanted at the end, and 1 if not."""
    forks = 2 * (os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="dockerd-cfg-fleet-") as folder:
        roots = make_roots(Path(folder), ROOTS)
        first, changed = play(Path(folder), roots, forks)
        second, again = play(Path(folder), roots, forks)
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        wrong = [root for root in roots if not is_wanted(root)]
    print(f"{len(roots)} roots, {forks} forks, connection local")
    print(f"{'first run':12} {first:7.1f} s  {changed:4} changed")
    print(f"{'second run':12} {second:7.1f} s  {again:4} changed (target: 0)")
    print(f"largest process (ansible-playbook) {largest / 1024:.0f} MB")
    print(f"{len(wrong)} roots are not as wanted (target: 0)")
    return int(bool(wrong or again))


def make_roots(folder: Path, number: int) -> list[Path]:
    """Make that many roots of systems that do not run, with the files that are found on hosts by turns."""
    roots = []
    for index in range(number):
        root = folder / f"root{index:03}"
        (root / "etc/docker").mkdir(parents=True)
        (root / "var/lib").mkdir(parents=True)
        text = FILES[index % len(FILES)]
        if text is not None:
            (root / "etc/docker/daemon.json").write_text(text)
        roots.append(root)
    return roots


def play(folder: Path, roots: list[Path], forks: int) -> tuple[float, int]:
    """Run the playbook once over all roots; return how many seconds it took, and how many hosts changed."""
    inventory = folder / "hosts"
    common = {
        "ansible_connection": "local",
        "ansible_become": "false",
        "ansible_python_interpreter": sys.executable,
        "dockerd_cfg_executable": str(TOOL),
    }
    lines = [f"{root.name} dockerd_cfg_root={root}" for root in roots]
    lines += ["[all:vars]", *(f"{name}={value}" for name, value in common.items())]
    inventory.write_text("\n".join(lines) + "\n")
    given = {
        "dockerd_cfg_max_size": WANTED["max-size"],
        "dockerd_cfg_max_file": WANTED["max-file"],
        "dockerd_cfg_serial": "100%",
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
    }
    started = time.monotonic()
    done = subprocess.run(
        [
            *(str(BIN / "ansible-playbook"), "-i", str(inventory), f"--forks={forks}"),
            *("-e", json.dumps(given), "dockerd_cfg.docker.set_logs"),
        ],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-4000:])
    seconds = time.monotonic() - started
    return seconds, sum(number != "0" for number in CHANGED.findall(done.stdout))


def is_wanted(root: Path) -> bool:
    """Whether a root has the log options that were asked for."""
    options = json.loads((root / "etc/docker/daemon.json").read_text()).get("log-opts")
    return bool(options == WANTED)
