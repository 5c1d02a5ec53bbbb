"""Targets and hosts that a move refuses before anything is touched, and configurations of containerd that it understands."""

from contextlib import closing

import pytest

from tests.hosts.hard_stops import NEW, OLD, Watched
from tests.hosts.harness import Host
from tests.hosts.test_faults import assert_untouched
from tests.hosts.test_jobs import answer, data_root, inventory, start_containers
from tests.hosts.test_moves import move


def mounted(host: Host, name: str, make: str, options: str = "loop") -> str:
    """Make a disk with the command ``make``, mount it as its line in fstab says, and return where."""
    where = f"/mnt/{name}"
    host.shell(
        f"truncate -s 330M /disks/{name}.img; {make} /disks/{name}.img >&2; mkdir {where}; "
        f"echo '/disks/{name}.img {where} auto {options} 0 0' >> /etc/fstab; systemctl daemon-reload; mount {where}"
    )
    return where


def test_targets_that_cannot_hold_docker_are_refused_untouched(host: Host) -> None:
    start_containers(host)
    before = inventory(host)

    def check(target: str, *, says: str) -> None:
        assert_untouched(host, before, 4, "move-storage", target, "--yes", says=says)

    few = mounted(host, "few", "mkfs.ext4 -qF -N 500")
    check(few, says="inodes free")
    host.shell(f"umount {few}")
    noexec = mounted(host, "noexec", "mkfs.ext4 -qF", "loop,noexec,nodev")
    check(noexec, says="mounted with nodev")
    host.shell(f"umount {noexec}")
    host.shell("mkdir /mnt/memory; mount -t tmpfs none /mnt/memory")
    check("/mnt/memory", says="tmpfs")
    host.shell("fallocate -l 900M /mnt/data/large")
    check(NEW, says="are needed")
    host.shell("rm /mnt/data/large")

    check("/var/lib/docker/volumes/records/_data", says="lies inside")
    host.shell("ln -s /var/lib/docker/volumes /mnt/way")
    check("/mnt/way", says="lies inside")
    host.shell("ln -s /etc /mnt/data/docker")
    check(NEW, says="not an empty folder of root")
    host.shell("rm /mnt/data/docker; ln -s /mnt/nowhere /mnt/data/docker")
    check(NEW, says="not an empty folder of root")
    host.shell("rm /mnt/data/docker; mkdir -p /mnt/data/shared/mine; chmod 777 /mnt/data/shared")
    check("/mnt/data/shared/mine", says="chown root:root /mnt/data/shared && chmod go-w /mnt/data/shared")
    host.shell("rm -r /mnt/data/shared")

    rsync = host.shell("command -v rsync")
    host.shell(f"mv {rsync} /root/rsync")
    check(NEW, says="apt-get install rsync")
    host.shell(f"mv /root/rsync {rsync}")

    assert not answer(host, "status")["data"]["open_run"]
    # nothing of that stays in the way
    move(host, "move-storage", NEW)
    # a target around the source: TARGET/docker holds the root
    host.shell(
        "systemctl stop docker.socket docker.service; mkdir /mnt/data/around; mv /mnt/data/docker /mnt/data/around/"
    )
    host.shell("mkdir /mnt/data/docker; mv /mnt/data/around/docker /mnt/data/docker/below")
    host.write("/etc/docker/daemon.json", '{"data-root": "/mnt/data/docker/below"}')
    host.systemctl("start", "docker")
    said = move(host, "move-storage", NEW, code=4)
    assert "lies inside" in said


def test_what_leads_into_the_data_root_from_outside_is_refused(host: Host) -> None:
    def check(*, says: str) -> None:
        assert_untouched(host, inventory(host), 4, "move-storage", NEW, "--yes", says=says)

    host.docker("volume", "create", "theirs")
    host.shell("mount -t tmpfs none /var/lib/docker/volumes/theirs/_data")
    check(says="/var/lib/docker/volumes/theirs/_data is mounted below /var/lib/docker")
    host.shell("umount /var/lib/docker/volumes/theirs/_data")
    host.shell(
        "docker volume create -o type=tmpfs -o device=none docks; docker run -d -v docks:/x busybox:1 sleep 1000"
    )

    host.docker(
        "volume", "create", "--opt=type=none", "--opt=o=bind", f"--opt=device={OLD}/docker/tmp", "leads-into"
    )
    check(says="volume leads-into: /var/lib/docker/tmp")
    host.docker("volume", "rm", "leads-into")
    host.docker("create", "--name=into", f"--volume={OLD}/docker/volumes:/all", "app:1", "true")
    check(says="container into: /var/lib/docker/volumes")
    host.docker("rm", "into")
    move(host, "move-storage", NEW)


def test_a_disk_that_would_not_come_back_as_it_is_now_is_refused(host: Host) -> None:
    before = inventory(host)

    def check(target: str, *, says: str) -> None:
        assert_untouched(host, before, 4, "move-storage", target, "--yes", says=says)

    host.shell(
        "cp /etc/fstab /root/fstab; sed -i /data.img/d /etc/fstab; umount /mnt/data; systemctl daemon-reload"
    )
    host.shell("mount -o loop /disks/data.img /mnt/data")
    device = host.shell("findmnt -no SOURCE /mnt/data")
    line = f"{device} /mnt/data ext4 defaults,nofail 0 2"
    check(NEW, says=line)
    # fstab knows the place, but has another disk come there at the next boot
    host.shell(
        "truncate -s 300M /disks/other.img; mkfs.ext4 -qF /disks/other.img; "
        "sed 's:^/disks/data.img:/disks/other.img:' /root/fstab > /etc/fstab; systemctl daemon-reload"
    )
    check(NEW, says="at the next boot /disks/other.img is mounted at /mnt/data")
    # and a folder of a disk, whose line is another than that of the disk
    host.shell("cp /root/fstab /etc/fstab; systemctl daemon-reload; mkdir /mnt/data/part '/mnt/a part'")
    host.shell("mount --bind /mnt/data/part '/mnt/a part'")
    check("/mnt/a part", says="/mnt/data/part /mnt/a\\\\040part none bind 0 0")
    host.shell("umount '/mnt/a part'; rmdir /mnt/data/part")
    move(host, "move-storage", NEW)


# An empty folder, served over FUSE (fuse_kernel.h): what a user-space file system is to a host, whichever it is.
FUSE = """\
import ctypes, errno, os, struct
os.path.exists("/dev/fuse") or os.mknod("/dev/fuse", 0o020600, os.makedev(10, 229))
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
data = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"pretend", b"/mnt/odd", b"fuse.pretend", 0, data):
    raise OSError(ctypes.get_errno(), "mount")
folder = struct.pack("<QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
answers = {
    26: struct.pack("<IIIIHHIIHHI", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0) + bytes(28),  # INIT
    3: struct.pack("<QII", 1, 0, 0) + folder,  # GETATTR
    17: struct.pack("<QQQQQIIII", 10**6, 10**6, 10**6, 10**6, 10**6, 4096, 255, 4096, 0) + bytes(24),  # STATFS
    27: bytes(16), 28: b"", 29: b"",  # OPENDIR, READDIR, RELEASEDIR
}
while True:
    asked = os.read(fuse, 1 << 20)
    operation, unique = struct.unpack_from("<IQ", asked, 4)
    if operation == 2:  # FORGET
        continue
    error = 0 if operation in answers else errno.ENOENT if operation == 1 else errno.ENOSYS
    body = answers.get(operation, b"")
    os.write(fuse, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)
"""
ODD = {
    "no d_type": ("mkfs.ext4 -qF -O ^filetype", "do not tell the type of their entries (d_type)"),
    "small inodes": ("mkfs.ext4 -qF -I 128", "does not keep the times of files exactly"),
    "ext2": ("mkfs.ext2 -qF", "lies on ext2"),
    "vfat": ("mkfs.vfat", "lies on vfat"),
    "xfs without d_type": ("mkfs.xfs -q -f -m crc=0 -n ftype=0", "d_type"),
}
NOT_EVERYWHERE = {"vfat", "xfs without d_type"}  # kernels are built without them


def test_file_systems_without_what_overlays_need_are_refused(host: Host) -> None:
    before, left_out = inventory(host), []
    host.shell("mkdir /mnt/odd")
    for name, (make, says) in ODD.items():
        print(f"== {name}")
        script = (
            f"truncate -s 400M /disks/odd.img; {make} /disks/odd.img; mount -o loop /disks/odd.img /mnt/odd"
        )
        made = host.run("sh", "-euc", script, check=False)
        if made.returncode:
            assert name in NOT_EVERYWHERE, made.stderr
            left_out.append(name)
            continue
        assert_untouched(host, before, 4, "move-storage", "/mnt/odd", "--yes", says=says)
        host.shell("umount /mnt/odd; rm /disks/odd.img")
    print(f"not on this kernel: {left_out}")
    with closing(host.popen("python3", "-c", FUSE)):
        host.wait_for(lambda: "fuse" in host.shell("findmnt -no FSTYPE /mnt/odd || :"), what="no FUSE")
        assert_untouched(host, before, 4, "move-storage", "/mnt/odd", "--yes", says="lies on fuse")
        host.shell("umount --lazy /mnt/odd")


CONFIGS = {
    "version 1": "version = 1\nroot = '/var/lib/containerd' # ours\n[plugins.cri]\nsandbox_image = 'x'\n",
    "version 2, imported": "version = 2\nimports = ['conf.d/*.toml']\nroot = '/nowhere'\n",
    "version 3": "version = 3\n",
}


@pytest.mark.long
@pytest.mark.parametrize("variant", ["docker28-containerd"])
def test_containerd_moves_whatever_its_configuration_looks_like(host: Host) -> None:
    watched = Watched(host, near=False)
    host.run("ctr", "namespaces", "create", "k8s.io")
    said = move(host, "move-storage", NEW, code=4)
    assert "containerd also serves k8s.io" in said
    assert "hint" in said
    host.run("ctr", "namespaces", "remove", "k8s.io")
    host.write(
        "/etc/containerd/conf.d/10-root.toml", "version = 2\n# where it is\nroot = '/var/lib/containerd'\n"
    )
    for name, text in CONFIGS.items():
        print(f"== {name}")
        host.write("/etc/containerd/config.toml", text)
        host.shell(
            "systemctl stop docker.socket docker.service; systemctl restart containerd; systemctl start docker"
        )
        watched.wait_for_records()
        move(host, "move-storage", NEW)
        assert "/mnt/data/containerd" in host.run("containerd", "config", "dump").stdout
        watched.assert_whole()
        move(host, "rollback")
        assert host.read("/etc/containerd/config.toml") == text
        watched.assert_whole()
    assert "# where it is" in host.read("/etc/containerd/conf.d/10-root.toml")


@pytest.mark.parametrize("variant", ["docker28-containerd"])
def test_a_containerd_inside_of_dockers_root_moves_with_it(host: Host) -> None:
    watched = Watched(host, near=False)
    host.shell(
        "systemctl stop docker.socket docker.service containerd; mv /var/lib/containerd /var/lib/docker/containerd; "
        "printf 'version = 2\\nroot = \"/var/lib/docker/containerd\"\\n' > /etc/containerd/config.toml; "
        "systemctl start containerd docker"
    )
    watched.wait_for_records()
    move(host, "move-storage", NEW)
    assert data_root(host) == "/mnt/data/docker"
    assert "/mnt/data/docker/containerd" in host.read("/etc/containerd/config.toml")
    watched.assert_whole(images=True)
    move(host, "rollback")
    watched.assert_whole(images=True)
