"""What works, or is quietly ignored, and will hurt one day; and the log configuration as a whole."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_grammar import closest
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.log_drivers import DRIVERS, check_log_config
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding
from dockerd_cfg.paths import DEFAULT_DATA_ROOT

_WINDOWS_PATH: Final = r"[A-Za-z]:|\\\\"
_V25: Final = DockerVersion(25, 0, 0)
# The alias that its documentation gives a plugin; all others go by the repository they come from.
_PLUGIN_ALIASES: Final = frozenset({"loki"})


def advice_findings(context: Context) -> Iterator[Finding]:
    """Yield advice, and every finding on log-driver and log-opts."""
    for rule in _RULES:
        yield from rule(context)


def _logs(context: Context) -> Iterator[Finding]:
    driver = context.values.get("log-driver")
    if driver is not None and not isinstance(driver, str):
        return
    opts: dict[str, JsonValue] = dict(context.members("log-opts"))
    if not opts:
        opts.update(value.partition("=")[::2] for value in context.flags.get("log-opts", ()))
    for finding in check_log_config(context.text("log-driver"), opts, version=context.version):
        placed = context.placed(finding)
        if finding.code == "unknown-log-driver" and _may_be_plugin(context):
            hint = "docker plugin ls tells whether it is installed and enabled"
            yield replace(placed, severity="warning", hint=hint)
        else:
            yield placed


def _may_be_plugin(context: Context) -> bool:
    """Whether the log driver could be a plugin: of a host that runs it is known, else the name must be one of a plugin."""
    driver, host = context.text("log-driver"), context.host
    if host is not None and host.is_running:
        return not closest(driver, DRIVERS) and host.has_plugin(
            driver, context.text("data-root") or str(DEFAULT_DATA_ROOT)
        )
    return "/" in driver or driver in _PLUGIN_ALIASES


def _data_root(context: Context) -> Iterator[Finding]:
    root = context.text("data-root")
    if root and not root.startswith("/") and "data-root" in context.values:
        message = (
            f'data-root "{root}" is relative: Docker takes it from the folder it happens to be started in'
        )
        hint = f'write "/{root}"'
        if "$" in root or root.startswith("~"):
            hint = "write the whole path: Docker puts nothing in the place of variables and ~"
        elif re.match(_WINDOWS_PATH, root):
            hint = "write a path of Linux: this one is of Windows, and becomes the name of a folder"
        yield context.finding("relative-data-root", "advice", ("data-root",), message, hint)


def _reload(context: Context) -> Iterator[Finding]:
    """A reload validates the file alone, without the default of userland-proxy-path (moby Reload, 25.0 on)."""
    if (
        context.version >= _V25
        and context.values.get("userland-proxy") is True
        and not context.text("userland-proxy-path")
    ):
        message = "userland-proxy true without userland-proxy-path makes every reload fail"
        hint = "leave it out: it is the default"
        yield context.finding("reload-fails", "advice", ("userland-proxy",), message, hint)


def _features(context: Context) -> Iterator[Finding]:
    known = options()["features"].schema.get("properties")
    for name in context.members("features"):
        node = known.get(name) if isinstance(known, dict) else None
        path = ("features", name)
        since = node.get("x-since") if isinstance(node, dict) else None
        if node is None:
            yield context.finding(
                "unknown-feature",
                "ignored",
                path,
                f"Docker has no feature {name} and ignores it",
                "check its spelling",
            )
        elif isinstance(since, str) and context.version < DockerVersion.parse(since):
            message = f"the feature {name} does nothing before Docker {since.removesuffix('.0')}"
            yield context.finding(
                "feature-too-new", "ignored", path, message, "leave it out, or update Docker"
            )


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (_logs, _data_root, _reload, _features)
