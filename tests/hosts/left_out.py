"""The report's closing word on what was left out. A conftest that pytest reads at its start imports the hook as well:
under xdist the process that reports collects nothing, and so does not read the one beside this file."""

import pytest

SKIPPED = "real hosts: "
TOLD = pytest.StashKey[bool]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    marked = f"Skipped: {SKIPPED}"
    reasons = {
        str(report.longrepr[2]).removeprefix(marked)
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and str(report.longrepr[2]).startswith(marked)
    }
    if reasons and not terminalreporter.config.stash.get(TOLD, False):
        terminalreporter.config.stash[TOLD] = True
        terminalreporter.section("Left out")
        for reason in sorted(reasons):
            terminalreporter.write_line(f"Left out: real hosts: {reason}")
