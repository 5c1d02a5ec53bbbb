"""A unified diff of two daemon.json, for people to read and for `patch` to apply."""

from dockerd_cfg.config.text import ScanError, decode

__all__ = ["text_of", "unified_diff"]

_CONTEXT = 3


def unified_diff(before: bytes | None, after: bytes | None, path: str) -> str:
    r"""The unified diff from `before` to `after` (None: an absent file), both named `path`; empty if there is none.

    Lines end at `\n` only, so a carriage return is part of its line. Bytes that are no text are shown as `\xff`.
    """
    if before == after:
        return ""
    from difflib import unified_diff as compare  # noqa: PLC0415 - costs start-up time, and few commands show a diff

    old, new = _lines(before or b""), _lines(after or b"")
    source, target = ("/dev/null" if data is None else path for data in (before, after))
    lines = compare(old, new, source, target, n=_CONTEXT)
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )


def text_of(data: bytes | None) -> str:
    """Return ``data``, the contents of a file or None for no file, for programs."""
    return (data or b"").decode("utf-8", "replace")


def _lines(data: bytes) -> list[str]:
    try:
        text, _ = decode(data)
    except ScanError:
        text = data.decode("utf-8", "backslashreplace")
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
