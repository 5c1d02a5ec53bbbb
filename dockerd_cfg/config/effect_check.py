"""The step that proves that the running daemon uses what daemon.json says."""

from collections.abc import Mapping
from typing import Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.config.effect import is_in_use, shown
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.service.state import wait_for_api


class CheckOptions(Step):
    """Check that the daemon uses ``values``, by dotted name, as far as it tells what it uses."""

    kind: Literal["check-options"] = "check-options"
    values: dict[str, JsonValue]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Check that Docker uses the new {', '.join(self.values)}"

    def apply(self, context: Context, before: Before) -> None:
        """Ask the daemon. Raises CommandFailed when it uses another value."""
        host: Host = context.host
        wait_for_api(host)
        reported = host.docker.options()
        values = self.values | _resolved(host, self.values)
        wrong = [name for name, value in values.items() if is_in_use(name, value, reported) is False]
        if wrong:
            name = wrong[0]
            raise CommandFailed(
                f"Docker uses {name} {shown(reported[name])} instead of {shown(self.values[name])}",
                hint="see what else sets it: dockerd-cfg show --effective",
            )


def _resolved(host: Host, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the data root as the daemon tells it."""
    root = values.get("data-root")
    return {"data-root": host.layout.resolved(root)} if isinstance(root, str) else {}
