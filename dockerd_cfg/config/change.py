"""What a change of daemon.json comes to. Pure."""

from dockerd_cfg.config.change_request import ConfigFacts, ConfigPlan, ConfigRequest, log_settings
from dockerd_cfg.config.daemon_json import changes_anything
from dockerd_cfg.config.judge import judge
from dockerd_cfg.findings import Finding

__all__ = ["ConfigFacts", "ConfigPlan", "ConfigRequest", "against_restart", "log_settings", "plan_change"]


def plan_change(facts: ConfigFacts, request: ConfigRequest, *, created: str) -> ConfigPlan:
    """Return the plan for ``request`` on the host described by ``facts``. Pure; findings may hold errors.

    Raises InvalidConfig when an option's parent in the file is no object.
    """
    if changes_anything(facts.file, request.edits) or facts.stale or request.restart == "always":
        from dockerd_cfg.config.change_steps import plan_with_steps  # noqa: PLC0415  # a second run needs none

        return plan_with_steps(facts, request, created=created)
    found = judge(
        facts.file,
        None,
        version=facts.version,
        arguments=facts.arguments,
        starts_now=facts.docker.was_up,
        surroundings=facts.surroundings,
    )
    return ConfigPlan(None, None, tuple(found), "none", "none", restart_required=False)


def against_restart(facts: ConfigFacts) -> tuple[Finding, ...]:
    """Return the errors because of which Docker should not be restarted with the file as it is; those of its start, if it is down.

    They are what stops ``--restart always``. Pure; ``facts`` are those with what Docker keeps, where it runs.
    """
    planned = plan_change(facts, ConfigRequest("restart", (), restart="always"), created="")
    return tuple(finding for finding in planned.findings if finding.is_error)
