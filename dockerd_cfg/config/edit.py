"""Changes to the options of a daemon.json, made in its text: only the bytes of what was named change."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple, TypeAlias

from dockerd_cfg.config.rewrite import EditBugError, rewrite
from dockerd_cfg.config.scan import DEEPEST, scan
from dockerd_cfg.config.tree import Scalar

__all__ = ["Change", "EditBugError", "EditError", "JsonInput", "Set", "Unset", "edit", "merge_patch"]

JsonInput: TypeAlias = "Scalar | Sequence[JsonInput] | Mapping[str, JsonInput]"
_Plain: TypeAlias = dict[str, Any]


class EditError(ValueError):
    """The change cannot be made: `message` says why, `path` where, `hint` what to do."""

    def __init__(self, message: str, *, path: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.hint = hint


class Set(NamedTuple):
    """Give the option at `path` a value; objects that are missing on the way are created.

    A null on the way is replaced by one: dockerd takes it for not given.
    An object set where one stands keeps the layout and the place of the members both have.
    The empty path is the whole document.
    """

    path: tuple[str, ...]
    value: JsonInput


class Unset(NamedTuple):
    """Take the option at `path` out; it is no error if it is not there.

    With `prune`, objects on the way that become empty by this go too; without, they stay as `{}`.
    The top level always stays.
    """

    path: tuple[str, ...]
    prune: bool = True


Change: TypeAlias = Set | Unset


def edit(data: bytes | None, changes: Sequence[Change]) -> bytes:
    """The bytes of a daemon.json after `changes`, made in turn; None stands for an absent file.

    What is equal already (same type and value: `1`, `1.0` and `true` differ) keeps its bytes, so that a second
    run changes none. New text follows the style of its siblings, then of the document. An absent or blank file
    becomes a new one, `{}` at least: dockerd 20.10 dies on an empty file (moby daemon/config/config.go).

    Setting paths that were not there and unsetting them again gives back the same bytes whenever the deepest
    object that was already there has a member, or is a top-level object written `{}`. Where it is a nested object
    written `{}`, `Unset(path, prune=False)` does it; an empty object written otherwise comes back as `{}`.

    Raises ScanError if `data` is no daemon.json, EditError if a change cannot be made.
    """
    document = scan(data)
    wanted: Any = document.value
    for change in changes:
        _check_path(change.path)
        if isinstance(change, Set):
            wanted = _with(wanted, change.path, change.value)
        else:
            _take_out(wanted, change.path, prune=change.prune)
    return rewrite(document, wanted)


def merge_patch(data: bytes | None, patch: Mapping[str, JsonInput]) -> bytes:
    """The bytes of a daemon.json after a JSON merge patch (RFC 7396); None stands for an absent file.

    A null in the patch takes the member out (an object that becomes empty by this stays), an object is merged,
    any other value is set. Otherwise like `edit`, with its errors.
    """
    if not isinstance(patch, Mapping):
        raise EditError("a merge patch for daemon.json has to be an object", hint='write { "option": value }')
    document = scan(data)
    return rewrite(document, _merged(document.value, _plain(patch, ())))


def _check_path(path: Sequence[str]) -> None:
    if isinstance(path, str):
        raise TypeError(f"a path is a tuple of keys, not the string {path!r}")
    for key in path:
        _plain_key(key, path)
    if len(path) > DEEPEST:
        raise EditError(f"nested deeper than {DEEPEST} levels", path=path, hint="this is no daemon.json")


def _with(wanted: _Plain, path: tuple[str, ...], value: JsonInput) -> _Plain:
    plain = _plain(value, path, len(path))
    if not path:
        if not isinstance(plain, dict):
            raise EditError("daemon.json has to be an object", hint='write { "option": value }')
        return plain
    parent = wanted
    for depth, key in enumerate(path[:-1], start=1):
        if parent.get(key) is None:
            parent[key] = {}
        parent = parent[key]
        if not isinstance(parent, dict):
            name = ".".join(path[:depth])
            raise EditError(
                f"cannot set {'.'.join(path)}: {name} is {_kind(parent)}, not an object",
                path=path[:depth],
                hint=f"unset {name} first, or set it to an object",
            )
    parent[path[-1]] = plain
    return wanted


def _take_out(wanted: _Plain, path: tuple[str, ...], *, prune: bool) -> None:
    if not path:
        raise EditError("nothing to unset: the path is empty", hint="name an option")
    parents = [wanted]
    for key in path[:-1]:
        parent = parents[-1].get(key)
        if not isinstance(parent, dict):
            return
        parents.append(parent)
    if path[-1] not in parents[-1]:
        return
    for parent, key in zip(reversed(parents), reversed(path), strict=True):
        del parent[key]
        if parent or not prune:
            return


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _plain(value: Any, path: Sequence[str], depth: int = 0) -> Any:
    """A copy of `value` made of plain dicts, lists and scalars that JSON can say; else EditError.

    `depth` is the number of objects and arrays around it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value, path)
    if isinstance(value, int):
        return _plain_number(int(value), path)
    if isinstance(value, float):
        return _plain_number(float(value), path)
    if depth >= DEEPEST:
        raise EditError(f"nested deeper than {DEEPEST} levels", path=path, hint="this is no daemon.json")
    if isinstance(value, Mapping):
        return {_plain_key(key, path): _plain(item, path, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, path, depth + 1) for item in value]
    raise EditError(
        f"a {type(value).__name__} is no JSON value", path=path, hint="use text, a number, a list, ..."
    )


def _plain_key(key: Any, path: Sequence[str]) -> str:
    if not isinstance(key, str):
        raise EditError(f"the key {key!r} is no text", path=path, hint="keys are text")
    return _plain_text(key, path)


def _plain_text(text: str, path: Sequence[str]) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise EditError(f"{text!r} is not valid Unicode", path=path, hint="dockerd reads UTF-8 only")
    return str.__str__(text)


def _plain_number(number: float, path: Sequence[str]) -> float:
    try:
        is_finite = isfinite(number)
    except OverflowError:
        is_finite = False
    if not is_finite:
        raise EditError(
            "the number is not finite, or too large for JSON", path=path, hint="use a smaller number"
        )
    return number


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return kinds[type(value)]
