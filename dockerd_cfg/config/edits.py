"""From what users ask for to edits of daemon.json: a key and a text, a key to take out, a merge patch. Pure."""

import json
from collections.abc import Collection, Mapping

from dockerd_cfg.config.catalogue import UnknownOptionError, find_option, split_key, suggest
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, differs
from dockerd_cfg.config.scan import ScanError, scan_value
from dockerd_cfg.config.set_logs import DEFAULT_DRIVER, as_text, options_to_drop
from dockerd_cfg.config.value_text import BadValueError, parse_value
from dockerd_cfg.errors import InvalidConfig, UsageProblem
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import MASK


def set_edits(
    file: DaemonJson,
    key: str,
    text: str,
    *,
    force: Collection[str] = (),
    version: DockerVersion | None = None,
) -> list[KeyEdit]:
    """Return the edits for ``set KEY VALUE``: the option, and log options that a new log driver does not know.

    ``force`` are keys that may be unknown: their value is JSON if it can be read as that, else a string.
    Raises InvalidConfig when there is no such option or the text is no value of it, UsageProblem for an empty key.
    """
    path = key_path(file.value, key)
    known = find_option(key)
    if known is not None and known.no_effect and key not in force:
        raise _refusal("no-effect", key, f"{key} would do nothing: {known.no_effect}", known.instead)
    try:
        value = _json_or_text(text) if known is not None and known.type == "any" else parse_value(key, text)
    except UnknownOptionError as error:
        if key not in force and path[0] not in force:
            raise _refusal(
                "unknown-option",
                key,
                f"Docker has no option {key}",
                f"did you mean {error.hint}?"
                if error.hint
                else "see the names in: dockerd-cfg show --effective --json",
            ) from error
        value = _json_or_text(text)
    except BadValueError as error:
        raise _refusal("wrong-type", key, error.message, error.hint) from error
    return with_dropped_log_options(file, [KeyEdit(key=path, value=value)], version)


def unset_edits(file: DaemonJson, key: str, *, version: DockerVersion | None = None) -> list[KeyEdit]:
    """Return the edits for ``unset KEY``. A key that is neither set nor known is refused: InvalidConfig."""
    path = key_path(file.value, key)
    if file.json.member(path) is None and find_option(key) is None:
        near = suggest(key) or next((name for name in file.value if name.lower() == key.lower()), None)
        raise _refusal(
            "unknown-option",
            key,
            f"Docker has no option {key}, and {file.path} does not set it",
            f"did you mean {near}?" if near else None,
        )
    return with_dropped_log_options(file, [KeyEdit(key=path, unset=True)], version)


def merge_edits(
    file: DaemonJson,
    patch: Mapping[str, JsonValue],
    *,
    unset: Collection[str] = (),
    version: DockerVersion | None = None,
) -> list[KeyEdit]:
    """Return the edits that a JSON merge patch (RFC 7396) makes: null takes out, objects are merged, the rest is set.

    An object in the patch that meets no object in the file replaces what is there, its nulls left out: it is there
    then, if empty. The keys of ``unset`` are taken out like a null where they are set, and leave no such object.
    Raises UsageProblem for an empty key, and for one that the patch names as well.
    """
    edits = _merged(file.value, patch, ())
    for key in dict.fromkeys(unset):
        path = key_path(file.value, key)
        if _names(patch, path):
            raise UsageProblem(f"{key} is in the patch and is to be taken out", hint="name it once")
        if file.json.member(path) is not None:
            edits.append(KeyEdit(key=path, unset=True, prune=False))
    return with_dropped_log_options(file, edits, version)


def with_dropped_log_options(
    file: DaemonJson, edits: list[KeyEdit], version: DockerVersion | None = None
) -> list[KeyEdit]:
    """Return ``edits`` with, where they change the log driver, present log options taken out that it does not know."""
    driver_edit = next((one for one in edits if one.key == ("log-driver",)), None)
    opts = file.value.get("log-opts")
    if driver_edit is None or not isinstance(opts, dict):
        return edits
    named = {one.key for one in edits}
    new = DEFAULT_DRIVER if driver_edit.unset else driver_edit.value
    if not isinstance(new, str) or ("log-opts",) in named:
        return edits
    dropped = options_to_drop(opts, str(file.value.get("log-driver") or DEFAULT_DRIVER), new, version)
    return edits + [
        KeyEdit(key=("log-opts", name), unset=True) for name in dropped if ("log-opts", name) not in named
    ]


def dropped_options(edits: Collection[KeyEdit]) -> list[str]:
    """Return the names of the log options that ``edits`` take out because of a change of the log driver.

    What a merge patch itself takes out leaves an object that becomes empty by it.
    """
    if not any(one.key == ("log-driver",) for one in edits):
        return []
    dropped = [one for one in edits if one.unset and one.prune and one.key[0] == "log-opts"]
    return [one.key[1] for one in dropped if len(one.key) > 1]


def refuse_placeholders(file: DaemonJson, edits: Collection[KeyEdit]) -> None:
    """Raise InvalidConfig when one of ``edits`` would write the asterisks that stand for a secret in what is shown."""
    for one in edits:
        if differs(file, one) and MASK in json.dumps(one.value):
            raise _refusal(
                "masked-secret",
                one.dotted,
                f"{one.dotted} contains {MASK}, which stands for a secret that was not shown",
                f"write the secret itself, or leave {one.dotted} out; {file.path} has what is in use",
            )


def quoted_options(file: DaemonJson, edits: Collection[KeyEdit]) -> list[str]:
    """Return the names of the log options that ``edits`` leave as they are, but for writing them as text."""
    opts = file.value.get("log-opts")
    present = opts if isinstance(opts, dict) else {}
    named = {one.key[1]: one.value for one in edits if one.key[0] == "log-opts" and len(one.key) > 1}
    return [
        name
        for name, value in named.items()
        if isinstance(present.get(name), int) and as_text(present[name]) == value
    ]


def key_path(present: Mapping[str, JsonValue], key: str) -> tuple[str, ...]:
    """Return the path that the dotted ``key`` means; a name that ``present``, the file's value, has just so is itself.

    Raises UsageProblem for an empty part.
    """
    if key in present:
        return (key,)
    path = split_key(key)
    if not all(path):
        raise UsageProblem(f"{key!r} is no key", hint="write for instance log-opts.max-size")
    return path


def _merged(present: JsonValue, patch: Mapping[str, JsonValue], path: tuple[str, ...]) -> list[KeyEdit]:
    inside = present if isinstance(present, dict) else {}
    edits: list[KeyEdit] = []
    for name, value in patch.items():
        here = (*path, name)
        if value is None:
            if name in inside:
                edits.append(KeyEdit(key=here, unset=True, prune=False))
        elif isinstance(value, dict) and isinstance(inside.get(name), dict):
            edits += _merged(inside[name], value, here)
        else:
            edits.append(KeyEdit(key=here, value=_without_nulls(value)))
    return edits


def _names(patch: Mapping[str, JsonValue], path: tuple[str, ...]) -> bool:
    """Tell whether ``patch`` says something about what is at ``path``, above it or in it."""
    if path[0] not in patch:
        return False
    inside = patch[path[0]]
    return len(path) == 1 or not isinstance(inside, dict) or _names(inside, path[1:])


def _without_nulls(value: JsonValue) -> JsonValue:
    """Apply an object of a patch to nothing: its nulls have nothing to take out."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(one) for name, one in value.items() if one is not None}


def _json_or_text(text: str) -> JsonValue:
    try:
        return scan_value(text)
    except ScanError:
        return text


def _refusal(code: str, key: str, message: str, hint: str | None) -> InvalidConfig:
    finding = Finding(code=code, severity="error", stage="parse", key=key, message=message, hint=hint)
    return InvalidConfig(message, hint=hint, findings=(finding,))
