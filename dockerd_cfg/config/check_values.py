"""Values that dockerd refuses while it reads daemon.json: stage ``parse``.

Source: ``Validate`` and the decoders in moby's ``daemon/config``, ``opts`` and ``registry``, and
``loadDaemonCliConfig``; tags v20.10.24 to docker-v29.7.2. A rule that an older Docker applies only when it starts
is told with stage ``start`` there.
"""

from collections.abc import Callable, Iterator
from typing import Final

from dockerd_cfg.config.check_context import Context, dotted
from dockerd_cfg.config.check_grammar import any_of, parse_duration, parse_integer
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.sizes import SizeError, parse_size
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)
_V28: Final = DockerVersion(28, 0, 0)
_V29: Final = DockerVersion(29, 0, 0)

_LEVELS: Final = ("panic", "fatal", "error", "warn", "info", "debug", "trace")
_RESERVED_LABELS: Final = ("com.docker.", "io.docker.", "org.dockerproject.")
_HIGHEST_PORT: Final = 65535


def value_findings(context: Context) -> Iterator[Finding]:
    """Yield the values that are refused while the file is read."""
    for rule in _RULES:
        yield from rule(context)


def _choices(context: Context) -> Iterator[Finding]:
    version = context.version
    levels = _LEVELS if version >= _V25 else (*_LEVELS, "warning")
    level = context.values.get("log-level")
    if isinstance(level, str) and level and level.lower() not in levels:
        yield context.bad_value(
            ("log-level",), f'Docker has no log level "{level}"', f"write {any_of(_LEVELS)}"
        )
    for key, words, since in (
        ("log-format", ("text", "json"), _V25),
        ("default-ipc-mode", ("private", "shareable"), None),
        ("default-cgroupns-mode", ("private", "host"), None),
        ("firewall-backend", ("iptables", "nftables"), _V29),
    ):
        value = context.values.get(key)
        if isinstance(value, str) and value and value not in words and (since is None or version >= since):
            yield context.bad_value((key,), f'{key} cannot be "{value}"', f"write {any_of(words)}")


def _numbers(context: Context) -> Iterator[Finding]:
    version = context.version
    lowest_attempts = 0 if version >= _V23 else 1
    limits: list[tuple[str, int, DockerVersion | None]] = [
        ("max-concurrent-downloads", 0, None),
        ("max-concurrent-uploads", 0, None),
        ("max-download-attempts", lowest_attempts, None),
        ("mtu", 0, _V23),
        ("default-stop-timeout", 0, DockerVersion(29, 7, 0)),
        ("network-diagnostic-port", 0, _V28),
    ]
    for key, lowest, since in limits:
        if (
            key in context.values
            and context.number(key) < lowest
            and (since is None or version >= since)
            and _is_int(context, key)
        ):
            yield context.bad_value(
                (key,),
                f"{key} must not be below {lowest}",
                f"write {lowest} or more, or leave it out",
            )
    if version >= _V28 and context.number("network-diagnostic-port") > _HIGHEST_PORT:
        yield context.bad_value(
            ("network-diagnostic-port",),
            "network-diagnostic-port is no port",
            "write a number from 0 to 65535",
        )


def _is_int(context: Context, key: str) -> bool:
    value = context.values.get(key)
    return isinstance(value, int) and not isinstance(value, bool)


def _labels(context: Context) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for path, text in context.texts("labels"):
        name, equals, value = text.partition("=")
        if not equals:
            yield context.bad_value(
                path,
                f'the label "{text}" is not of the form key=value',
                f'write "{text or "key"}=VALUE"',
            )
        elif text.lower().startswith(_RESERVED_LABELS):
            yield context.bad_value(
                path,
                f"the label {name} is in a namespace that Docker keeps to itself",
                "choose another prefix",
            )
        elif seen.setdefault(name, value) != value:
            yield context.bad_value(
                path, f"the label {name} is given twice with different values", "keep one of them"
            )


def _resources(context: Context) -> Iterator[Finding]:
    kinds: dict[str, list[str]] = {}
    hint = 'write for instance ["NVIDIA-GPU=UUID1"] or ["SSD=4"]'
    for path, text in context.texts("node-generic-resources"):
        if text.count("=") != 1:
            yield context.bad_value(path, f'the resource "{text}" is not of the form key=value', hint)
            continue
        name, _, value = (part.strip() for part in text.partition("="))
        kinds.setdefault(name, []).append(value)
    for name, values in kinds.items():
        numbers = [number for number in map(parse_integer, values) if number is not None]
        if numbers and (len(values) > 1 or numbers[0] < 0):
            message = f"the resource {name} must be one number from 0 up, or any count of names"
            yield context.bad_value(("node-generic-resources",), message, hint)


def _exec_opts(context: Context) -> Iterator[Finding]:
    """Before 28 anything but native.cgroupdriver=VALUE is skipped."""
    stage: Stage = "parse" if context.version >= _V28 else "ignored"
    consequence = "" if context.version >= _V28 else ", and Docker ignores it"
    hint = 'write ["native.cgroupdriver=systemd"] or ["native.cgroupdriver=cgroupfs"]'
    for path, text in context.texts("exec-opts"):
        name, _, value = (part.strip() for part in text.partition("="))
        if not value:
            message = f'the exec-opt "{text}" is not of the form key=value{consequence}'
            yield context.bad_value(path, message, hint, stage=stage)
        elif name.lower() != "native.cgroupdriver":
            yield context.bad_value(path, f"there is no exec-opt {name}{consequence}", hint, stage=stage)


def _userland_proxy(context: Context) -> Iterator[Finding]:
    path = context.text("userland-proxy-path")
    if (
        context.version >= _V25
        and path
        and not path.startswith("/")
        and context.switch("userland-proxy", default=True)
    ):
        message = f'userland-proxy-path must be an absolute path, not "{path}"'
        yield context.bad_value(
            ("userland-proxy-path",),
            message,
            'write for instance "/usr/bin/docker-proxy", or leave it out',
        )


def _sizes(context: Context) -> Iterator[Finding]:
    value = context.values.get("default-shm-size")
    if isinstance(value, str):
        try:
            parse_size(value, units="binary", version=context.version)
        except SizeError as problem:
            message = f"default-shm-size is no size that Docker understands: {problem}"
            yield context.bad_value(("default-shm-size",), message, 'write for instance "256M"')
    history = context.members("builder").get("history")
    age = history.get("maxAge") if isinstance(history, dict) else None
    if isinstance(age, str) and context.version >= _V25:
        text = age.strip("\"'")
        if text and parse_duration(text) is None and parse_integer(text) is None:
            path = ("builder", "history", "maxAge")
            yield context.bad_value(
                path, f'{dotted(path)} must be a duration, not "{age}"', 'write for instance "48h"'
            )


def _build_filters(context: Context) -> Iterator[Finding]:
    """20.10 crashes on a filter without "=" (moby daemon/config/builder.go)."""
    gc = context.members("builder").get("gc")
    rules = gc.get("policy") if isinstance(gc, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) and context.version < _V23 else []):
        filters = rule.get("filter") if isinstance(rule, dict) else None
        for place, text in enumerate(filters if isinstance(filters, list) else []):
            if text is None or (isinstance(text, str) and "=" not in text):
                path = ("builder", "gc", "policy", index, "filter", place)
                yield context.bad_value(
                    path,
                    f'the filter "{text or ""}" is not of the form key=value, which crashes Docker 20.10',
                    f'write "{text or "key"}=VALUE"',
                )


def _features(context: Context) -> Iterator[Finding]:
    features = context.members("features")
    if "windows-dns-proxy" in features and DockerVersion(26, 1, 0) <= context.version < _V28:
        yield context.bad_value(
            ("features", "windows-dns-proxy"),
            "windows-dns-proxy exists on Windows only",
            "remove it",
        )
    if (
        features.get("containerd-snapshotter") is True
        and context.version >= _V29
        and context.text("userns-remap")
    ):
        message = "containerd-snapshotter does not go together with userns-remap"
        yield context.bad_value(
            ("features", "containerd-snapshotter"),
            message,
            "leave out one of them",
            code="options-clash",
        )
    is_embedded = features.get("embedded-containerd") is True and context.version >= DockerVersion(29, 7, 0)
    if is_embedded and context.switch("cri-containerd", default=False):
        message = "embedded-containerd does not go together with cri-containerd"
        path = ("features", "embedded-containerd")
        yield context.bad_value(path, message, "leave out one of them", code="options-clash")


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _choices,
    _numbers,
    _labels,
    _resources,
    _exec_opts,
    _userland_proxy,
    _sizes,
    _build_filters,
    _features,
)
