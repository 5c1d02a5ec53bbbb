"""Rolling back a move: whose data it brings back, and what it must not touch."""

from pathlib import Path

import pytest

from dockerd_cfg.sandbox.host import make_sandbox
from tests.unit.cli.test_config_commands import Tool


def volume(root: Path, tree: str = "var/lib/docker") -> Path:
    return root / tree / "volumes/records/_data"


def test_the_disk_of_another_host_is_neither_carried_back_nor_emptied(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are the same on all hosts of a fleet; a mix-up of volumes, or a clone, shows in nothing else."""
    disks = {}
    for name in ("one", "other"):
        root = place / name
        make_sandbox(root)
        (volume(root) / f"of-{name}").write_text(name)
        assert Tool(root, monkeypatch)("move-storage", "/mnt/data", "--yes").code == 0
        disks[name] = (root / "mnt/data/docker").rename(place / f"disk-of-{name}")
    one = place / "one"
    disks["other"].rename(one / "mnt/data/docker")

    refused = Tool(one, monkeypatch)("rollback", "--yes")

    assert refused.code == 4
    assert "and not another" in refused.result["error"]["message"]
    assert (volume(one, "mnt/data/docker") / "of-other").exists()
    (one / "mnt/data/docker").rename(disks["other"])
    disks["one"].rename(one / "mnt/data/docker")
    assert Tool(one, monkeypatch)("rollback", "--yes").code == 0
    assert [path.name for path in volume(one).glob("of-*")] == ["of-one"]
