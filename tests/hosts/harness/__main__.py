"""Disposable hosts for a person: build what they take, boot one, look around in it, end it.

python -m tests.hosts.harness shell --variant docker28 --disk-fs xfs
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from types import FrameType

from tests.hosts.harness import leftovers
from tests.hosts.harness.availability import reason_left_out
from tests.hosts.harness.create import build_everything, create
from tests.hosts.harness.disks import FileSystem
from tests.hosts.harness.host import Host
from tests.hosts.harness.machine import Disks
from tests.hosts.harness.recipe import VARIANTS


def main() -> int:
    """Run one of the commands; its exit code is that of the command in the host."""
    arguments = _parser().parse_args()
    reason = reason_left_out()
    if reason:
        print(f"no real hosts here: {reason}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    for name in leftovers.sweep():
        print(f"ended {name}, left over", file=sys.stderr)
    if arguments.command == "build":
        started = time.monotonic()
        build_everything()
        print(f"everything is built ({time.monotonic() - started:.0f} s)", file=sys.stderr)
        return 0
    if arguments.command == "clean":
        return 0
    return _in_fresh_host(arguments)


def _in_fresh_host(arguments: argparse.Namespace) -> int:
    disk_fs: FileSystem = arguments.disk_fs
    shape = Disks(
        data_fs=disk_fs, data_mib=arguments.disk_mib, lib_mib=arguments.lib_mib, root_mib=arguments.root_mib
    )
    host = create(arguments.variant, shape)
    try:
        host.start()
        host.wait_until_up()
        if arguments.command == "shell":
            return _shell(host)
        argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
        return subprocess.run(host.entering(*argv), check=False).returncode
    finally:
        host.destroy()


def _shell(host: Host) -> int:
    print(f"{host.name}: {host.variant.name}, second disk at /mnt/data; gone when you leave", file=sys.stderr)
    terminal = os.environ.get("TERM", "dumb")
    # A service with a terminal of the host's own: job control works, and a reboot ends it as it ends a login.
    unit = ["systemd-run", "--quiet", "--pty", "--collect", "--property=WorkingDirectory=/root"]
    settings = [f"--setenv=TERM={terminal}", "--setenv=HOME=/root"]
    return subprocess.run(
        host.entering(*unit, *settings, "bash", "-l", terminal=terminal), check=False
    ).returncode


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.hosts.harness", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("build", help="build the hosts of every variant into the cache")
    verbs.add_parser("clean", help="end hosts whose owner is gone")
    for name, text in (("shell", "a shell in a fresh host"), ("run", "one command in a fresh host")):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--variant", choices=sorted(VARIANTS), default="docker28")
        verb.add_argument(
            "--disk-fs", choices=("ext4", "xfs"), default="ext4", help="of the disk at /mnt/data"
        )
        verb.add_argument("--disk-mib", type=int, default=Disks.data_mib)
        verb.add_argument("--lib-mib", type=int, default=Disks.lib_mib, help="the disk that holds /var/lib")
        verb.add_argument("--root-mib", type=int, default=Disks.root_mib, help="the disk that holds the rest")
        if name == "run":
            verb.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
