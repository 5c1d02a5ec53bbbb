"""Rolling back a move: whose data it brings back, and what it must not touch."""

import io
import json
from pathlib import Path

import pytest

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
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


class LosesDisk:
    """Lets Docker write to the new place, and its disk drop out, when ``kind`` has been started."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.kind = root, kind

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if (entry.event, entry.kind) == ("started", self.kind):
            (volume(self.root, "mnt/data/docker") / "order").write_text("acknowledged")
            (self.root / "mnt/data/docker").rename(self.root / "disk-gone")


@pytest.mark.parametrize(("kind", "is_told"), [("check-docker", True), ("hand-over", False)])
def test_what_docker_wrote_to_a_new_disk_that_drops_out_in_the_move_is_told(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, is_told: bool
) -> None:
    """Docker has to come up again, and only the old data is there; nothing was written before its start."""
    out = io.StringIO()

    code = run(
        ["move-storage", "/mnt/data", "--yes", "--json"],
        make_host=lambda: sandbox_host(sandbox),
        report=Report(as_json=True, out=out, err=io.StringIO()),
        witnesses=(LosesDisk(sandbox, kind),),
    )

    state = json.loads(out.getvalue())["error"]["state"]
    assert code == 6
    assert Tool(sandbox, monkeypatch).services.unit("docker.service").is_active
    assert ("but what Docker wrote to /mnt/data/docker since 20" in state) == is_told
    assert (volume(sandbox.parent, "host/disk-gone") / "order").exists()
