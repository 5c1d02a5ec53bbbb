"""Disposable hosts with a real systemd and a real dockerd, for tests and for people; no test lives here."""

from tests.hosts.harness.commands import CommandError, CommandTimeoutError, Result
from tests.hosts.harness.host import Host
from tests.hosts.harness.machine import Disks, HostDownError
from tests.hosts.harness.network import Network
from tests.hosts.harness.recipe import VARIANTS, Variant

__all__ = [
    "VARIANTS",
    "CommandError",
    "CommandTimeoutError",
    "Disks",
    "Host",
    "HostDownError",
    "Network",
    "Result",
    "Variant",
]
