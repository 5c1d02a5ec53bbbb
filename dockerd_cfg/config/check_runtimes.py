"""Runtimes, control groups and resource limits in daemon.json: what containers are started with.

Source: ``verifyDaemonSettings`` and ``setupRuntimes`` of moby, tags v20.10.24 to docker-v29.7.2. Rules that a Docker
before 25.0 applies while it reads the file have stage ``parse`` there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dockerd_cfg.config.check_context import Context, Path
from dockerd_cfg.config.check_grammar import any_of, closest
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V24: Final = DockerVersion(24, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)

_STOCK_RUNTIMES: Final = frozenset({"runc", "io.containerd.runc.v2"})
# Runtimes whose programs have other names.
_PROGRAMS: Final = {"gvisor": "runsc", "nvidia": "nvidia-container-runtime"}
# What runc knows as RLIMIT_*.
_FILE_LIMITS: Final = frozenset({"core", "fsize", "locks", "nofile"})
_MEMORY_LIMITS: Final = frozenset({"as", "data", "memlock", "rss", "stack"})
_PROCESS_LIMITS: Final = frozenset({"cpu", "msgqueue", "nice", "nproc", "rtprio", "rttime", "sigpending"})
_LIMITS: Final = _FILE_LIMITS | _MEMORY_LIMITS | _PROCESS_LIMITS
_SLICE: Final = ".slice"
_FEWEST_FILES: Final = 3  # standard input, output and error
_MOST_FILES: Final = 2**31 - 64  # fs.nr_open goes no further


def runtime_findings(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with runtimes, control groups and limits."""
    for rule in _RULES:
        yield from rule(context)


def _cgroups(context: Context) -> Iterator[Finding]:
    driver = ""
    for path, text in context.texts("exec-opts"):
        name, _, value = (part.strip() for part in text.partition("="))
        if name.lower() == "native.cgroupdriver" and value:
            driver = value
            if value not in {"cgroupfs", "systemd"}:
                message = f'native.cgroupdriver cannot be "{value}"'
                yield context.finding(
                    "bad-value", "start", path, message, f"write {any_of(('systemd', 'cgroupfs'))}"
                )
    parent = context.text("cgroup-parent")
    if parent and driver == "systemd" and (len(parent) <= len(_SLICE) or not parent.endswith(_SLICE)):
        message = f'with the systemd cgroup driver cgroup-parent must be a slice, not "{parent}"'
        yield context.finding(
            "bad-value", "start", ("cgroup-parent",), message, 'write for instance "docker.slice"'
        )
    elif parent and driver == "systemd" and not _is_slice(parent):
        message = f'"{parent}" is no name of a slice: containers do not start'
        hint = 'write for instance "docker.slice", or "apps-docker.slice" for one inside "apps.slice"'
        yield context.finding("bad-value", "container", ("cgroup-parent",), message, hint)
    for key in ("cpu-rt-period", "cpu-rt-runtime"):
        if context.number(key) and context.host is not None and context.host.lacks_realtime:
            message = f"{key} is refused: this host has cgroup v2, or a kernel without real-time groups"
            yield context.finding("needs-cgroup-v1", "parse", (key,), message, "leave it out")
        elif context.number(key):
            message = f"{key} stops Docker wherever cgroup v2 or a kernel without real-time groups is at work"
            yield context.finding("needs-cgroup-v1", "advice", (key,), message, "leave it out")


def _realtime(context: Context) -> Iterator[Finding]:
    runtime, most = context.number("cpu-rt-runtime"), context.host.most_realtime if context.host else None
    if most is not None and runtime > most:
        message = f"this host's control groups have {most} µs of real time to share out, not {runtime}: containers do not start"
        yield context.finding(
            "bad-limit", "container", ("cpu-rt-runtime",), message, "leave it out, or lower it"
        )


def _is_slice(name: str) -> bool:
    """Runc's ExpandSlice: the parts between hyphens are the slices around it."""
    stem = name.removesuffix(_SLICE)
    return stem == "-" or ("/" not in stem and all(stem.split("-")))


def _runtimes(context: Context) -> Iterator[Finding]:
    version = context.version
    stage: Stage = "parse" if version < _V25 else "start"
    runtimes = context.members("runtimes")
    if "runc" in runtimes:
        yield context.finding(
            "reserved-runtime",
            stage,
            ("runtimes", "runc"),
            "the runtime name runc is reserved",
            "choose another name",
        )
    default = context.text("default-runtime")
    added = (
        {value.partition("=")[0] for value in context.flags.get("runtimes", ())} if version >= _V23 else set()
    )
    stock = _STOCK_RUNTIMES | ({"io.containerd.runtime.v1.linux"} if version < _V23 else set())
    known = {*runtimes, *added, *stock}
    if default and default not in known and not (version >= _V23 and _is_shim(default)):
        guess = closest(default, known)
        hint = (
            f"did you mean {guess}?"
            if guess
            else f'add it to runtimes: {{"{default}": {{"path": "{_usual_program(default)}"}}}}'
        )
        yield context.finding(
            "missing-runtime",
            stage,
            ("default-runtime",),
            f"default-runtime names {default}, which runtimes does not hold",
            hint,
        )
    for name, runtime in runtimes.items():
        if name != "runc" and (runtime is None or isinstance(runtime, Mapping)):
            fields = {key.lower(): value for key, value in (runtime or {}).items()}
            yield from _runtime(context, ("runtimes", name), fields)


def _usual_program(name: str) -> str:
    return f"/usr/bin/{_PROGRAMS.get(name, name)}"


def _is_shim(name: str) -> bool:
    prefix, dot, _ = name.partition(".")
    return bool(prefix and dot) and "/" not in name


def _runtime(context: Context, path: Path, runtime: Mapping[str, JsonValue]) -> Iterator[Finding]:
    problem = None
    if context.version < _V24:
        if runtime.get("runtimeargs") and not runtime.get("path"):
            problem = "it needs a path"
    elif not runtime.get("path") and not runtime.get("runtimetype"):
        problem = "it needs a path or a runtimeType"
    elif runtime.get("path") and runtime.get("runtimetype"):
        problem = "it cannot have both a path and a runtimeType"
    elif runtime.get("path") and runtime.get("options"):
        problem = "options go with runtimeType, not with path"
    elif runtime.get("runtimetype") and runtime.get("runtimeargs"):
        problem = "runtimeArgs go with path, not with runtimeType"
    if problem:
        hint = f'write for instance {{"path": "{_usual_program(str(path[-1]))}"}}'
        is_default = context.text("default-runtime") == path[-1]
        stage: Stage = "start" if context.version >= _V24 or is_default else "container"
        yield context.finding(
            "bad-runtime", stage, path, f"the runtime {path[-1]} cannot be used: {problem}", hint
        )


def _programs(context: Context) -> Iterator[Finding]:
    """What the runtimes consist of must be on the host, if it is known what is there.

    With arguments the default runtime is looked up for plugins already, whether or not there are any (moby's
    createPluginExec).
    """
    if context.host is None:
        return
    default = context.text("default-runtime")
    needed = {name: _program(context, runtime) for name, runtime in context.members("runtimes").items()}
    is_free = context.version >= _V23 and default not in _STOCK_RUNTIMES
    if default not in needed and is_free and _is_shim(default):
        needed[default] = _shim(default)
    for name, program in needed.items():
        if program is None or context.host.has_program(program):
            continue
        message = f"the runtime {name} is {program}, and there is no such program on this host"
        stage: Stage = "start" if name == default and _has_arguments(context, name) else "container"
        places: list[Path] = [("runtimes", name)] if name in context.members("runtimes") else []
        for place in [*places, ("default-runtime",)] if name == default else places:
            yield context.finding("missing-program", stage, place, message, "install it, or mend the path")


def _has_arguments(context: Context, name: str) -> bool:
    runtime = context.members("runtimes").get(name)
    fields = runtime.items() if isinstance(runtime, Mapping) else ()
    return any(key.lower() == "runtimeargs" and value for key, value in fields)


def _program(context: Context, runtime: JsonValue) -> str | None:
    """Return what a runtime is started by, None where nothing is named."""
    fields = {key.lower(): value for key, value in runtime.items()} if isinstance(runtime, Mapping) else {}
    path, kind = fields.get("path"), fields.get("runtimetype")
    if isinstance(path, str) and path:
        return path
    return _shim(kind) if isinstance(kind, str) and context.version >= _V24 else None


def _shim(name: str) -> str | None:
    """Return the program of a shim: containerd's BinaryName; a path is itself."""
    if name.startswith("/"):
        return name
    parts = name.split(".")
    return f"containerd-shim-{parts[-2]}-{parts[-1]}" if len(parts) > 1 else None


def _limits(context: Context) -> Iterator[Finding]:
    for key, limit in context.members("default-ulimits").items():
        path = ("default-ulimits", key)
        if limit is None:
            message = f"the limit {key} is null, which crashes Docker when a container starts"
            yield context.finding("bad-limit", "container", path, message, "remove it")
        if not isinstance(limit, Mapping):
            continue
        fields = {name.lower(): value for name, value in limit.items()}
        name, hard, soft = fields.get("name"), fields.get("hard", 0), fields.get("soft", 0)
        if name is None or name == "":
            hint = f'add "Name": "{key}"'
            yield context.finding(
                "bad-limit", "container", path, f"the limit {key} has no Name: containers do not start", hint
            )
        elif isinstance(name, str) and name.lower() not in _LIMITS:
            guess = closest(name, _LIMITS)
            hint = f"did you mean {guess}?" if guess else f"Linux knows {', '.join(sorted(_LIMITS))}"
            yield context.finding(
                "bad-limit", "container", path, f"Linux has no limit {name}: containers do not start", hint
            )
        if isinstance(hard, int) and isinstance(soft, int) and hard != -1 and (soft > hard or soft == -1):
            message = f"the limit {key} has a Soft value above its Hard value: containers do not start"
            yield context.finding("bad-limit", "container", path, message, "lower Soft, or raise Hard")
        elif isinstance(name, str) and name.lower() == "nofile":
            yield from _open_files(context, path, soft, hard)


def _open_files(context: Context, path: Path, soft: JsonValue, hard: JsonValue) -> Iterator[Finding]:
    if not isinstance(hard, int) or not isinstance(soft, int):
        return
    most = context.host.most_open_files if context.host else None
    if most is not None and _MOST_FILES >= hard > most:
        message = (
            f"this host lets a process open {most} files (fs.nr_open), not {hard}: containers do not start"
        )
        hint = f"lower Hard, or raise it: sysctl -w fs.nr_open={hard}"
        yield context.finding("bad-limit", "container", path, message, hint)
    elif hard < 0 or hard > _MOST_FILES:
        message = "Linux knows no unlimited number of open files: containers do not start"
        yield context.finding("bad-limit", "container", path, message, 'write for instance "Hard": 1048576')
    elif 0 <= soft < _FEWEST_FILES:
        message = f"with a Soft value of {soft} containers can open no file: they do not start"
        yield context.finding("bad-limit", "container", path, message, 'add for instance "Soft": 1024')


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _cgroups,
    _realtime,
    _runtimes,
    _programs,
    _limits,
)
