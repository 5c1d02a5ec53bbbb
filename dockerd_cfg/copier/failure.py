"""What ends a copy."""

import os


class CopyFailed(Exception):
    """Something could not be copied; the message is for people, on one line."""


def shown(path: bytes) -> str:
    """Return ``path`` as text on one line."""
    return path.decode("utf-8", "backslashreplace").replace("\n", "\\n")


def failed(path: bytes, error: OSError) -> CopyFailed:
    """Return the failure to copy ``path`` (relative to the source), with the kernel's words for why."""
    why = os.strerror(error.errno) if error.errno else str(error)
    return CopyFailed(f"cannot copy {shown(path) or '.'}: {why}")
