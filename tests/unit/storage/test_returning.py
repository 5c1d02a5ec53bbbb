"""Whether what is mounted comes back at the next boot, by the unit that would mount it then."""

from pathlib import Path

import pytest

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Mount
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.returning import mounted_instead, returns
from tests.loop_disk import loop_disk

POINT = HostPath("/mnt/data")
UNIT = HostPath("/run/systemd/generator/mnt-data.mount")


def unit_of(host: Host, what: str) -> UnitState:
    file = host.layout.real(UNIT)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"[Mount]\nWhat={what}\nWhere={POINT}\n", encoding="utf-8")
    return UnitState("mnt-data.mount", load="loaded", sources=(str(UNIT),))


@pytest.mark.parametrize(
    ("source", "is_so"),
    [
        pytest.param((), False, id="mounted by hand"),
        pytest.param(("/run/systemd/transient/mnt-data.mount",), False, id="by systemd-mount"),
        pytest.param(("/run/systemd/generator/mnt-data.mount",), True, id="by fstab"),
        pytest.param(("/etc/systemd/system/mnt-data.mount",), True, id="by a unit"),
    ],
)
def test_a_mount_returns_if_a_file_says_so(source: tuple[str, ...], *, is_so: bool) -> None:
    assert returns(UnitState("mnt-data.mount", sources=source)) is is_so


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_another_disk_is_told_from_the_same_by_another_name(host: Host, tmp_path: Path) -> None:
    (tmp_path / "other.img").write_bytes(b"")
    with loop_disk(tmp_path, "disk", size="10M") as disk:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        source = next(line.split()[0] for line in lines if line.split()[1] == str(disk))
        (tmp_path / "name").symlink_to(source)
        image = Path(f"/sys/block/{Path(source).name}/loop/backing_file").read_text(encoding="utf-8").strip()
        mount = Mount(POINT, "ext4", source, frozenset(), "7:0")

        def told(what: str, fstype: str = "ext4") -> str | None:
            return mounted_instead(host, mount._replace(fstype=fstype), unit_of(host, what))

        assert told(str(tmp_path / "other.img")) == str(tmp_path / "other.img")
        assert told("/dev/zero") is None  # no disk: whatever it means
        for same in (source, str(tmp_path / "name"), image, "LABEL=data", "server:/export", str(tmp_path)):
            assert told(same) is None
        assert told(str(tmp_path / "other.img"), "btrfs") is None  # of several disks
