"""A network of its own for some hosts: a bridge in a network namespace, with ssh into each; nothing of it is outside."""

import ipaddress
import itertools
import subprocess
import time
from pathlib import Path

from tests.hosts.harness import apt, commands
from tests.hosts.harness.commands import Result

BRIDGE = "br0"
SUBNET = ipaddress.ip_network("10.77.0.0/24")
LINK = "host0"  # what nspawn calls a host's end of the cable
UNITS = "etc/systemd/system"
CABLE = f"""\
[Unit]
Description=give the host its address
DefaultDependencies=no
Before=network.target ssh.service docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip address replace {{address}} dev {LINK} && ip link set {LINK} up'
"""
# The namespace lives as long as a process is in it: this one, which dies with its owner, and the hosts' own nspawn.
HOLD = f"""\
set -e
ip link set lo up
ip link add {BRIDGE} type bridge
ip address add {SUBNET[1]}/{SUBNET.prefixlen} dev {BRIDGE}
ip link set {BRIDGE} up
echo up
exec sleep infinity
"""


class Network:
    """A switch, and a key that opens every host on it; to be closed after the hosts are gone."""

    def __init__(self, folder: Path) -> None:
        apt.install_needed()
        self.key = folder / "id"
        commands.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)])
        self._numbers = itertools.count(11)
        self._holder = subprocess.Popen(
            ["unshare", "--net", "setpriv", "--pdeathsig", "KILL", "sh", "-c", HOLD],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"up\n":
            self.close()
            raise RuntimeError("no network namespace with a bridge can be made here")

    def next_address(self) -> str:
        """An address that no host on this network has."""
        return str(SUBNET[next(self._numbers)])

    def entering(self, *argv: str) -> list[str]:
        """The command line that runs a command in the network, with this machine's files."""
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--", *argv]

    def run(self, *argv: str, check: bool = True, timeout: float = 60) -> Result:
        """Run a command in the network to its end."""
        return commands.run(self.entering(*argv), check=check, timeout=timeout, shown=argv)

    def wait_for_ssh(self, address: str, timeout: float = 30) -> None:
        """Wait until something answers on the port of ssh."""
        deadline = time.monotonic() + timeout
        probe = ["bash", "-c", f"exec 3<>/dev/tcp/{address}/22; read -r -t 5 line <&3; [[ $line == SSH-* ]]"]
        while self.run(*probe, check=False, timeout=10).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no ssh on {address} after {timeout:g} s")
            time.sleep(0.1)

    def furnish(self, root: Path, address: str) -> None:
        """Write into a host's root what gives it its address and lets the key in."""
        units = root / UNITS
        wanted = units / "multi-user.target.wants"
        wanted.mkdir(parents=True)
        (units / "cable.service").write_text(CABLE.format(address=f"{address}/{SUBNET.prefixlen}"))
        (wanted / "cable.service").symlink_to("../cable.service")
        (wanted / "ssh.service").symlink_to("/lib/systemd/system/ssh.service")
        ssh = root / "root/.ssh"
        (root / "root").mkdir(mode=0o700, exist_ok=True)
        ssh.mkdir(mode=0o700)
        (ssh / "authorized_keys").write_text(self.key.with_suffix(".pub").read_text())
        (ssh / "authorized_keys").chmod(0o600)

    def close(self) -> None:
        """Let go of the namespace; it is gone when the last host is."""
        self._holder.kill()
        self._holder.wait(10)
        if self._holder.stdout is not None:
            self._holder.stdout.close()
