"""Measures how long a command that has nothing to do takes, as a whole process, on a host."""

import json
import statistics
import sys
from pathlib import Path
from typing import Final

from tests.bench.report import row
from tests.hosts.harness import availability
from tests.hosts.harness.create import create

INSIDE: Final = Path(__file__).with_name("inside.py")
PYTHON: Final = "/opt/dockerd-cfg/venv/bin/python3"
TOOL: Final = "/usr/local/bin/dockerd-cfg"
IMPORTS: Final = "import typer, pydantic"
COMMANDS: Final = {
    f'python -c "{IMPORTS}"': [PYTHON, "-c", IMPORTS],
    "set-logs, nothing to do": [TOOL, "set-logs", "--yes"],
    "set-logs --json, nothing to do": [TOOL, "set-logs", "--yes", "--json"],
    "python -c pass": [PYTHON, "-c", "pass"],
    "systemctl show docker": ["systemctl", "show", "docker.service"],
}
MOST: Final = 1.5
LAZY: Final = ("pydantic", "sh", "rich", "tomlkit", "jsonschema", "logging")
PROBE: Final = f"""
import sys
from dockerd_cfg.cli.app import run
run(["set-logs"])
print(*[name for name in {LAZY!r} if name in sys.modules], sep=",")
"""


def main() -> int:
    """Measure; return 0 whether or not a target is reached: the figures are for people."""
    reason = availability.reason_left_out()
    if reason is not None:
        print(f"No real host can be had here: {reason}", file=sys.stderr)
        return 1
    host = create("docker28")
    try:
        host.start()
        host.wait_until_up()
        host.tool("set-logs", "--yes", check=True)
        inside = INSIDE.read_text(encoding="utf-8")
        measured = json.loads(host.run(PYTHON, "-c", inside, json.dumps(COMMANDS), timeout=300).stdout)
        imported = host.run(PYTHON, "-c", PROBE).stdout.splitlines()[-1].split(",")
    finally:
        host.destroy()
    print(f"{'whole process, on a host with Docker 28.5.2':46} {'median':>8} {'min':>8} {'max':>8}   ms")
    for name, figures in measured.items():
        print(f"{name:46} {row(figures)}")
    base, *_ = measured.values()
    ratio = statistics.median(measured["set-logs, nothing to do"]) / statistics.median(base)
    print(f"ratio {ratio:.2f} (target: at most {MOST})")
    print(f"imported only when needed: {', '.join(name for name in LAZY if name not in imported)}")
    return 0
