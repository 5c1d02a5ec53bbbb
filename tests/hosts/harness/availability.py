"""Whether real hosts can run on this machine at all, and if not, the one reason to tell."""

import functools
import os
import shutil
import sys

from tests.hosts.harness import apt, cache
from tests.hosts.harness.commands import run

# In a mount namespace that ends with the script: $1 is a folder for the attempt.
ATTEMPT = """\
set -e
mkdir -p "$1/lower" "$1/upper" "$1/work" "$1/merged" "$1/disk"
mount -t overlay attempt -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/merged" || { echo "no overlay file system on $1"; exit 1; }
truncate -s 8M "$1/image"
mkfs.ext4 -q -F "$1/image"
mount -o loop "$1/image" "$1/disk" || { echo "no loop devices"; exit 1; }
"""


@functools.cache
def reason_left_out() -> str | None:
    """Why no host can run here, or None if they can."""
    if sys.platform != "linux":
        return "not Linux"
    if os.geteuid() != 0:
        return "not root"
    if not shutil.which("apt-get"):
        return "not Debian: no apt-get"
    if apt.archive() is None:
        return "apt's sources name no Debian archive"
    if not os.path.ismount("/sys/fs/cgroup") and not os.path.ismount("/sys/fs/cgroup/systemd"):
        return "no control groups"
    attempt = cache.folder() / f"attempt-{os.getpid()}"
    try:
        attempt.mkdir(parents=True)
        script = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            ATTEMPT,
            "attempt",
            str(attempt),
        ]
        answer = run(script, check=False)
    except OSError as error:
        return str(error)
    finally:
        shutil.rmtree(attempt, ignore_errors=True)
    if answer.returncode:
        lines = (answer.stdout.strip() or answer.stderr.strip()).splitlines()
        return lines[-1] if lines else "no mounts"
    return None
