"""The host this process runs on."""

import os

from dockerd_cfg.host.docker import EngineApi
from dockerd_cfg.host.dockerd import DockerdProgram
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import LinuxFilesystems
from dockerd_cfg.host.processes import ProcProcesses
from dockerd_cfg.host.systemd import SystemctlSystemd
from dockerd_cfg.paths import Layout
from dockerd_cfg.runner import Runner


def local_host() -> Host:
    """Return the gateways of the running host; nothing is read yet."""
    layout, runner = Layout(), Runner()
    return Host(
        layout=layout,
        runner=runner,
        systemd=SystemctlSystemd(layout, runner),
        docker=EngineApi(layout),
        dockerd=DockerdProgram(runner),
        filesystems=LinuxFilesystems(runner),
        processes=ProcProcesses(),
        is_privileged=os.geteuid() == 0,
    )
