"""The mount table, read, and which mount a path lies on."""

from pathlib import Path

import pytest

from dockerd_cfg.host.mounts import LinuxFilesystems, fstab_line, mount_of, mounts_below, parse_mountinfo
from dockerd_cfg.paths import HostPath
from dockerd_cfg.runner import Runner
from tests.loop_disk import loop_disk

TABLE = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 22 254:17 / /mnt/data rw,noexec shared:2 master:3 - xfs /dev/vdb1 rw,attr2
31 22 0:5 / /mnt/with\\040blank ro - tmpfs tmp\\134fs rw
32 30 254:18 / /mnt/data rw - ext4 /dev/vdc1 rw
33 22 0:50 / /mnt/database rw - nfs4 server:/export rw
34 22 0:51 / /no-tags rw - overlay overlay rw,lowerdir=/a:/b
"""


def test_points_file_systems_and_sources_are_read() -> None:
    mounts = parse_mountinfo(TABLE)

    assert [(str(mount.point), mount.fstype, mount.source) for mount in mounts] == [
        ("/", "ext4", "/dev/vda1"),
        ("/mnt/data", "xfs", "/dev/vdb1"),
        ("/mnt/with blank", "tmpfs", "tmp\\fs"),
        ("/mnt/data", "ext4", "/dev/vdc1"),
        ("/mnt/database", "nfs4", "server:/export"),
        ("/no-tags", "overlay", "overlay"),
    ]


def test_options_of_the_mount_and_of_the_file_system_count_alike() -> None:
    assert parse_mountinfo(TABLE)[1].options == {"rw", "noexec", "attr2"}


def test_a_place_may_hold_what_ends_a_line_elsewhere() -> None:
    """Users may mount at places of their own, by FUSE; the kernel escapes no more than blanks and newlines."""
    table = TABLE.replace("/no-tags", "/home/u/a\x0bb\x85c\u2028d\re")

    assert [str(mount.point) for mount in parse_mountinfo(table)][-1] == "/home/u/a\x0bb\x85c\u2028d\re"


FOLDERS = """\
22 1 254:1 / / rw - ext4 /dev/vda1 rw
30 22 254:17 / /mnt/my\\040disk rw - xfs /dev/vdb1 rw
31 22 254:17 /sub/folder /srv/data rw - xfs /dev/vdb1 rw
32 22 254:33 /gone /srv/alone rw - ext4 /dev/vdd1 rw
33 22 0:60 /@data /srv/btrfs rw - btrfs /dev/vdc1 rw
"""


@pytest.mark.parametrize(
    ("point", "line"),
    [
        pytest.param("/mnt/my disk", "/dev/vdb1 /mnt/my\\040disk xfs defaults,nofail 0 2", id="a disk"),
        pytest.param(
            "/srv/data", "/mnt/my\\040disk/sub/folder /srv/data none bind 0 0", id="a folder of a disk"
        ),
        pytest.param("/srv/alone", "", id="a folder of a disk that is mounted nowhere else"),
        pytest.param(
            "/srv/btrfs", "/dev/vdc1 /srv/btrfs btrfs defaults,nofail,subvol=/@data 0 0", id="a subvolume"
        ),
    ],
)
def test_a_line_for_fstab_makes_the_same_mount_again(point: str, line: str) -> None:
    mounts = parse_mountinfo(FOLDERS)
    (mount,) = [mount for mount in mounts if mount.point == HostPath(point)]

    assert fstab_line(mount, mounts) == line


def test_an_empty_table_has_no_mounts() -> None:
    assert parse_mountinfo("") == []
    assert mount_of(HostPath("/"), []) is None


@pytest.mark.parametrize(
    ("path", "device"),
    [
        pytest.param("/", "254:1", id="the root"),
        pytest.param("/mnt", "254:1", id="above a mount"),
        pytest.param("/mnt/data", "254:18", id="the later of two on one point"),
        pytest.param("/mnt/data/docker", "254:18", id="below a mount"),
        pytest.param("/mnt/data2", "254:1", id="a name that begins alike"),
        pytest.param("/mnt/with blank/x", "0:5", id="a name with a blank"),
    ],
)
def test_a_path_lies_on_the_nearest_mount_above_it(path: str, device: str) -> None:
    mount = mount_of(HostPath(path), parse_mountinfo(TABLE))

    assert mount is not None
    assert mount.device == device


def test_a_mount_is_not_below_itself_nor_below_its_namesake() -> None:
    below = mounts_below(HostPath("/mnt/data"), parse_mountinfo(TABLE))

    assert below == []


def test_mounts_below_a_path_are_found_at_any_depth() -> None:
    below = mounts_below(HostPath("/mnt"), parse_mountinfo(TABLE))

    assert [str(mount.point) for mount in below] == [
        "/mnt/data",
        "/mnt/with blank",
        "/mnt/data",
        "/mnt/database",
    ]


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("kind", "failure"), [("ext4 with small inodes", "does not keep the times"), ("ext4", "")]
)
def test_a_disk_that_rounds_times_is_none_for_a_copy(tmp_path: Path, kind: str, failure: str) -> None:
    """No copy there could be verified, which would be found only when Docker is stopped."""
    with loop_disk(tmp_path, "disk", kind=kind, size="40M") as disk:
        assert failure in (LinuxFilesystems(Runner()).try_overlay(disk) or "")
