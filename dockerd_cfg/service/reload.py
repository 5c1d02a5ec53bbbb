"""The step that makes Docker take over its configuration without a restart, and proves that it did."""

import time
from typing import Final, Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE

RELOAD_DOCKER: Final = "reload-docker"
_PATIENCE: Final = 20.0
_LOOK_EVERY: Final = 0.1


class ReloadDocker(Step):
    """Have docker.service read daemon.json again. What undoes it is `NoteDocker`, once the old file is back."""

    kind: Literal["reload-docker"] = "reload-docker"

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "Reload docker.service; its containers do not notice"

    def capture(self, context: Context) -> Before:
        """Note the moment, to tell this reload from earlier ones."""
        return {"moment": time.time()}

    def apply(self, context: Context, before: Before) -> None:
        """Reload, and wait until Docker tells that it did. Raises CommandFailed."""
        reload_docker(context.host)


def reload_docker(host: Host) -> None:
    """Make Docker take over its configuration.

    ``systemctl reload`` succeeds whatever Docker thinks of the file, so its own event of the reload is waited for.
    Raises CommandFailed with its complaint when none comes.
    """
    begun = time.time()
    host.systemd.reload(DOCKER_SERVICE)
    end = time.monotonic() + _PATIENCE
    while not host.docker.reloads(begun):
        complaint = _complaint(host, begun)
        if complaint or time.monotonic() >= end or not host.systemd.unit(DOCKER_SERVICE).is_active:
            raise CommandFailed(
                f"Docker did not take over the changed configuration: {complaint or 'it does not say why'}",
                hint="look at: journalctl -u docker.service",
            )
        time.sleep(_LOOK_EVERY)


def was_taken_over(host: Host, before: Before) -> bool:
    """Tell whether Docker took over a configuration since ``before``, what the step captured; if unsure, yes."""
    moment = before.get("moment")
    try:
        return not isinstance(moment, int | float) or host.docker.reloads(float(moment)) > 0
    except CommandFailed:
        return True


def _complaint(host: Host, begun: float) -> str:
    """Return what Docker logged of a reload that failed (moby daemon/command: "Error reloading configuration")."""
    log = host.systemd.log_tail(DOCKER_SERVICE, 40, since=begun)
    telling = [line.strip() for line in log.splitlines() if "reloading configuration" in line.lower()]
    return next((line for line in reversed(telling) if "rror" in line), "")
