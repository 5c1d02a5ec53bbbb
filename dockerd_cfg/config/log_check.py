"""The step that proves that log settings are in effect in the running daemon."""

from typing import Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.masking import masked_value
from dockerd_cfg.service.state import wait_for_api


class CheckLogging(Step):
    """Check that the daemon gives new containers the log driver and options wanted."""

    kind: Literal["check-logging"] = "check-logging"
    driver: str
    options: dict[str, str]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Check that new containers get {self.driver} with {_shown(self.options)}"

    def apply(self, context: Context, before: Before) -> None:
        """Ask the daemon for its driver and, where an image is at hand, create and remove a container."""
        host: Host = context.host
        driver = wait_for_api(host).log_driver
        if driver != self.driver:
            raise CommandFailed(f"Docker uses the log driver {driver} instead of {self.driver}")
        found = probe(host)
        if found is not None and found != LogConfig(driver=self.driver, options=self.options):
            raise CommandFailed(
                f"a new container gets {found.driver} with {_shown(found.options)} "
                f"instead of {self.driver} with {_shown(self.options)}"
            )


def probe(host: Host) -> LogConfig | None:
    """Return what a new container gets, None where none can be created: without an image, for instance.

    Raises CommandFailed, where Docker takes the log settings themselves for wrong, for instance.
    """
    images = sorted(host.docker.images())
    return host.docker.probe_log_config(images[0]) if images else None


def _shown(options: dict[str, str]) -> str:
    return ", ".join(f"{name}={masked_value(name, value)}" for name, value in options.items()) or "no options"
