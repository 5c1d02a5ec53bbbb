"""Several test workers share one cache of dockerd binaries."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.agreement import binaries


@pytest.mark.usefixtures("as_root")
def test_workers_that_begin_at_once_fetch_a_binary_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def fetch(suite: str, root: Path) -> None:
        fetched.append(suite)
        time.sleep(0.2)
        program = root / "usr/sbin/dockerd"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho Docker version 28.5.2, build x\n", encoding="utf-8")
        program.chmod(0o755)

    monkeypatch.setattr(binaries, "CACHE", tmp_path)
    monkeypatch.setattr(binaries, "_fetch", fetch)
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(binaries.dockerd, ["sid"] * 3))
    assert fetched == ["sid"]
    assert [str(one.version) for one in found] == ["28.5.2"] * 3
