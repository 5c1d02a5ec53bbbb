"""Docker images without a registry: a busybox from the host's own binary, and images with layers above it."""

from tests.hosts.harness.host import Host

BUSYBOX = "busybox:1"
APP = "app:1"
WEB = "web:1"

ROOT_FILE_SYSTEM = f"""\
root=$(mktemp -d)
mkdir -p $root/bin $root/etc $root/tmp $root/proc $root/sys $root/dev $root/root
cp /bin/busybox $root/bin/
chroot $root /bin/busybox --install -s /bin
echo 'root:x:0:0:root:/root:/bin/sh' > $root/etc/passwd
tar -C $root -c . | docker import -c 'CMD ["sh"]' - {BUSYBOX}
rm -rf $root
"""

# Each layer holds what a faithful copy must keep: links, a fifo, odd owners, a hole, and traces of things deleted.
LAYERS = {
    APP: (
        """\
mkdir -p /srv/app/old
echo one > /srv/app/one
ln /srv/app/one /srv/app/hard
ln -s one /srv/app/soft
echo old > /srv/app/old/file
mkfifo /srv/app/fifo
chown 1234:5678 /srv/app/one
""",
        """\
rm -r /srv/app/old
mkdir /srv/app/old
echo new > /srv/app/old/new
rm /srv/app/fifo
dd if=/dev/zero of=/srv/app/hole bs=1 count=1 seek=4194304 2>/dev/null
chmod 4755 /srv/app/one
""",
    ),
    WEB: (
        "mkdir -p /srv/web; dd if=/dev/urandom of=/srv/web/random bs=64k count=16 2>/dev/null",
        "for i in $(seq 200); do echo $i > /srv/web/page$i; done",
        "rm /srv/web/page1?; mv /srv/web /srv/site",
    ),
}


def build_images(host: Host) -> None:
    """Make the three images on a host: one with a single layer, and two with several above it."""
    host.shell(ROOT_FILE_SYSTEM)
    for name, scripts in LAYERS.items():
        parent = BUSYBOX
        for script in scripts:
            container = host.docker("create", "--network=none", parent, "sh", "-euc", script)
            host.docker("start", "--attach", container)
            host.docker("commit", "--change", 'CMD ["sh"]', container, name)
            host.docker("rm", container)
            parent = name
    dangling = host.docker("images", "--quiet", "--filter", "dangling=true").split()
    if dangling:
        host.docker("rmi", *dangling)
