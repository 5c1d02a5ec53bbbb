"""A change of daemon.json as steps: what makes Docker use it, how that is proved, what speaks against it. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.config.catalogue import Need, find_option, needs
from dockerd_cfg.config.change_request import (
    SUBJECT,
    ConfigFacts,
    ConfigPlan,
    ConfigRequest,
    Restart,
    log_settings,
)
from dockerd_cfg.config.daemon_json import KeyEdit, parse
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson, edit_step
from dockerd_cfg.config.effect import is_in_use, wanted_values
from dockerd_cfg.config.effect_check import CheckOptions
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.judge import is_within, judge, mends_in_part
from dockerd_cfg.config.lasting_addresses import lasting_addresses
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.config.reach import lost_socket
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.reload import ReloadDocker
from dockerd_cfg.service.steps import CheckDocker, NoteDocker, RestartDocker

_LOGGING: Final = frozenset({"log-driver", "log-opts"})
# With another value of these Docker looks elsewhere for what it keeps, and does not find it.
_HIDING: Final = frozenset({"containerd-namespace", "data-root", "graph", "storage-driver", "userns-remap"})
# Without a driver named, the daemon takes the one of these whose data it finds (moby daemon/graphdriver, priority).
_FOUND_AGAIN: Final = frozenset({"btrfs", "fuse-overlayfs", "overlay2", "overlayfs", "zfs"})
_PLUGIN: Final = "unknown-log-driver"
_MENDED_IN_PART: Final = "mended-in-part"
# Findings whose hint is how to force them.
_FORCE_HINTS: Final = frozenset({"hides-data", _PLUGIN})
_IMAGE_STORE: Final = ("features", "containerd-snapshotter")
# Properties of the default bridge, which stays as it is as long as containers that survive a restart use it.
_BRIDGE: Final = frozenset({"bip", "fixed-cidr", "icc", "ip", "ip-masq", "mtu"})


def plan_with_steps(facts: ConfigFacts, request: ConfigRequest, *, created: str) -> ConfigPlan:
    """Return the plan for a change, like `plan_change`, which calls this where there may be something to do."""
    edit = edit_step(facts.file, request.edits, yields=request.confirm_within is not None)
    wanted = facts.file.value if edit is None else parse(edit.new.image.data, facts.file.path).value
    need = _need(facts, edit, wanted)
    findings = (
        *_judged(facts, request, edit, wanted),
        *lasting_addresses(() if edit is None else edit.edits),
    )
    is_mended_in_part = any(finding.code == _MENDED_IN_PART for finding in findings)
    action = "none" if is_mended_in_part else _action(facts, request.restart, need)
    if action == "restart":
        waiting = _waiting(facts, () if edit is None else edit.edits, wanted)
        findings += tuple(_overruled(finding, request.force) for finding in waiting)
        findings += tuple(lost_socket(facts, wanted))  # not to be forced: nothing could be proved then
    edits = () if edit is None else edit.edits
    leads_elsewhere = any(finding.code == "hides-data" for finding in findings) or any(
        _changes_place(facts, one, wanted) for one in edits
    )
    keys = [one.key for one in (request.edits if edit is None else edits)]
    steps: list[Step] = []
    if action != "none":
        undo_reload = _undo_reload(facts, edit)
        steps.append(NoteDocker(undo_reload=undo_reload, leads_elsewhere=leads_elsewhere))
    if edit is not None:
        steps.append(edit)
    if action != "none":
        steps.append(ReloadDocker() if action == "reload" else RestartDocker())
        steps += _proofs(facts, wanted, keys)
        if not leads_elsewhere:
            steps.append(CheckDocker(noted_by="note-docker"))
    if steps and request.confirm_within is not None:
        command = tuple(request.undo_command)
        steps.insert(0, ExpectConfirmation(seconds=request.confirm_within, command=command))
    required = facts.docker.should_run and need != "none" and action == "none"
    summary = {"changed": [".".join(key) for key in keys], "restart_required": required, **request.summary}
    plan = Plan(
        command=request.command,
        subject=SUBJECT,
        tool=__version__,
        created=created,
        steps=tuple(steps),
        summary=summary,
        confirm_within=request.confirm_within,
    )
    goes_on = facts.containers_go_on(wanted)
    return ConfigPlan(
        edit, plan if steps else None, findings, need, action, required, goes_on, is_mended_in_part
    )


def _need(facts: ConfigFacts, edit: EditDaemonJson | None, wanted: Mapping[str, JsonValue]) -> Need:
    """Return what it takes for the daemon to use ``wanted``: the changed options, and those it does not use yet."""
    if not facts.docker.should_run:
        return "none"
    edits = () if edit is None else edit.edits
    removed = {one.dotted for one in edits if one.unset}
    need = needs([one.dotted for one in edits] + sorted(facts.stale), removed=removed)
    return "restart" if need == "reload" and _reload_is_risky(wanted, edits) else need


def _reload_is_risky(wanted: Mapping[str, JsonValue], edits: Sequence[KeyEdit]) -> bool:
    """Tell whether a reload would fail for sure, or end the daemon if the new value is wrong.

    A reload judges the file alone, without the default of userland-proxy-path (moby daemon/config, Reload, 25 on); a
    plugin that is missing makes the daemon exit (moby cmd/dockerd, reloadConfig).
    """
    return (wanted.get("userland-proxy") is True and not wanted.get("userland-proxy-path")) or any(
        one.key[0] == "authorization-plugins" for one in edits
    )


def _action(facts: ConfigFacts, restart: Restart, need: Need) -> Need:
    if not facts.docker.should_run or restart == "never":
        return "none"
    # a daemon that failed to come up does not hear a reload
    return "restart" if restart == "always" or (need == "reload" and not facts.docker.was_up) else need


def _undo_reload(facts: ConfigFacts, edit: EditDaemonJson | None) -> Literal["reload", "restart"]:
    """Return what brings the old configuration back: what was not set before is taken out again."""
    edits = () if edit is None else edit.edits
    added = {one.dotted for one in edits if facts.file.json.member(one.key) is None}
    return "restart" if needs([one.dotted for one in edits], removed=added) == "restart" else "reload"


def _proofs(
    facts: ConfigFacts, wanted: Mapping[str, JsonValue], keys: Sequence[tuple[str, ...]]
) -> list[Step]:
    flags = parse_flags(facts.arguments.now)
    steps: list[Step] = []
    if any(key[0] in _LOGGING for key in keys):
        driver, options = log_settings(wanted, flags)
        steps.append(CheckLogging(driver=driver, options=options))
    survives = facts.containers_go_on(wanted)
    others = [key for key in keys if key[0] not in _LOGGING and not (survives and key[0] in _BRIDGE)]
    values = wanted_values(wanted, others, flags=flags)
    if values:
        steps.append(CheckOptions(values=values))
    return steps


def _judged(
    facts: ConfigFacts,
    request: ConfigRequest,
    edit: EditDaemonJson | None,
    wanted: Mapping[str, JsonValue],
) -> tuple[Finding, ...]:
    """Return all findings: what is wrong, what would have no effect, what would hide data; less what is forced.

    A change that only mends faults, though not all, is no error: they could not be mended one by one else.
    """

    def judged_with(edit: EditDaemonJson | None) -> tuple[Finding, ...]:
        return judge(
            facts.file,
            edit,
            version=facts.version,
            arguments=facts.arguments,
            starts_now=facts.docker.was_up,
            is_stale=bool(facts.stale),
            surroundings=facts.surroundings,
        )

    found = [*judged_with(edit)]
    edits = () if edit is None else edit.edits
    set_now = [one for one in edits if not one.unset]
    dotted = [one.dotted for one in set_now]
    tops = {one.key[0] for one in set_now}
    found = [
        _refused(finding)
        if finding.stage != "advice"
        and not finding.is_error
        and (finding.key in tops or is_within(finding.key, dotted))
        else finding
        for finding in found
    ]
    found += [_hides(one.dotted) for one in edits if facts.keeps_data and _changes_place(facts, one, wanted)]
    after = tuple(_overruled(finding, request.force) for finding in found)
    if request.restart == "always" or not any(finding.is_error for finding in after):
        return after
    before = [_overruled(finding, request.force) for finding in judged_with(None)]
    if not mends_in_part(before, after, edits):
        return after
    return (*(replace(finding, severity="warning") for finding in after), _other_faults(facts))


def _other_faults(facts: ConfigFacts) -> Finding:
    return Finding(
        code=_MENDED_IN_PART,
        severity="warning",
        stage="start",
        message=(
            f"{facts.file.path} has other faults, with which Docker would break: the change is written, "
            "and Docker is not told of it before they are mended, too"
        ),
        hint="see: dockerd-cfg check",
    )


def _refused(finding: Finding) -> Finding:
    """Return the warning ``finding`` as an error, because the change itself brings it about."""
    hint = f"{finding.hint}; if so, add: --force {finding.key}" if finding.code == _PLUGIN else finding.hint
    return replace(finding, severity="error", hint=hint)


def _overruled(finding: Finding, force: Collection[str]) -> Finding:
    """Return ``finding`` as no more than a warning if it is forced; how to force it is no hint any more."""
    if not finding.is_error or not is_within(finding.key, force):
        return finding
    return replace(finding, severity="warning", hint=None if finding.code in _FORCE_HINTS else finding.hint)


def _is_hiding(one: KeyEdit) -> bool:
    return _is_about_image_store(one) or one.key[0] in _HIDING


def _is_about_image_store(one: KeyEdit) -> bool:
    return one.key in {_IMAGE_STORE, _IMAGE_STORE[:1]}


def _changes_place(facts: ConfigFacts, one: KeyEdit, wanted: Mapping[str, JsonValue]) -> bool:
    """Tell whether Docker will look elsewhere for what it keeps; of one that is down only its data root is known."""
    info = facts.docker.info
    if not _is_hiding(one) or (info is None and one.key[0] != "data-root"):
        return False
    if info is not None and _is_about_image_store(one):
        return _changes_image_store(facts, wanted, info.image_store)
    values = wanted_values(wanted, [one.key])
    if info is None:
        present = wanted_values(facts.file.value, [("data-root",)], flags=parse_flags(facts.arguments.now))
    else:
        present = {"data-root": str(info.data_root), "storage-driver": info.driver}
    if one.key[0] == "storage-driver" and not values:
        return info is None or info.driver not in _FOUND_AGAIN
    return not values or any(not _is_there(facts, name, value, present) for name, value in values.items())


def _is_there(facts: ConfigFacts, name: str, value: JsonValue, present: Mapping[str, JsonValue]) -> bool:
    if name == "storage-driver":
        return value == present[name]  # overlay2 is not overlayfs: the one's images are not the other's
    if name == "data-root":
        value, present = facts.resolve(str(value)), {name: facts.resolve(str(present[name]))}
    return is_in_use(name, value, present) is True


def _waiting(
    facts: ConfigFacts, edits: Sequence[KeyEdit], wanted: Mapping[str, JsonValue]
) -> Iterator[Finding]:
    """Yield what somebody else wrote, that Docker does not use yet, and with which a restart would hide its data."""
    info = facts.docker.info
    if info is None or not facts.keeps_data:
        return
    touched = {one.key[0] for one in edits}
    flags = parse_flags(facts.arguments.now)
    present: dict[str, JsonValue] = {"data-root": str(info.data_root), "storage-driver": info.driver}
    waiting = [
        name
        for name, value in wanted_values(wanted, [(name,) for name in present], flags=flags).items()
        if name not in touched and not _is_there(facts, name, value, present)
    ]
    features = wanted.get("features")
    snapshotter = features.get(_IMAGE_STORE[1]) if isinstance(features, dict) else None
    if "features" not in touched and snapshotter is not None:
        waiting += (
            [".".join(_IMAGE_STORE)] if (snapshotter is True) != (info.image_store == "containerd") else []
        )
    for key in waiting:
        yield Finding(
            code="hides-data",
            severity="error",
            stage="preflight",
            key=key,
            message=(
                f"{facts.file.path} names another {key} than Docker uses: it was changed and Docker not restarted "
                "since; with a restart, Docker would no longer find the images, containers and volumes it has"
            ),
            hint=f"take it out again: dockerd-cfg unset {key} --restart never; or, if it is meant: --force {key}",
        )


def _changes_image_store(facts: ConfigFacts, wanted: Mapping[str, JsonValue], present: str) -> bool:
    """Tell whether the image store becomes another; not set, the daemon goes by what it finds, which it made itself."""

    def asked(value: Mapping[str, JsonValue]) -> JsonValue:
        features = value.get("features")
        return features.get(_IMAGE_STORE[1]) if isinstance(features, dict) else None

    before, after = asked(facts.file.value), asked(wanted)
    if before is after:
        return False
    return after is not True if present == "containerd" else after is True


def _hides(key: str) -> Finding:
    option = find_option(key)
    better = "to move the data, use: dockerd-cfg move-storage; " if key == "data-root" else ""
    return Finding(
        code="hides-data",
        severity="error",
        stage="preflight",
        key=option.key if option else key,
        message=f"with another {key} Docker would no longer find the images, containers and volumes it has",
        hint=f"{better}if that is meant, add: --force {key}",
    )
