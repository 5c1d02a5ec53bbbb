"""What the kernel lets this process do (setrlimit(2)): a run that could neither go on nor back must not begin."""

import resource
from typing import Final

from dockerd_cfg.errors import DockerdCfgError

# What a program started costs at its worst, beside what is open anyway; and a journal with room to spare.
ENOUGH_FILES: Final = 64
ENOUGH_BYTES: Final = 1 << 20


def refuse_tight_limits() -> None:
    """Raise DockerdCfgError when this process may open too few files or write too small ones for a run and its undoing.

    A limit that it may raise by itself is raised.
    """
    for limit, enough, what, option in (
        (resource.RLIMIT_NOFILE, ENOUGH_FILES, "open no more than {} files", "-n"),
        (resource.RLIMIT_FSIZE, ENOUGH_BYTES, "write no files larger than {} bytes", "-f"),
    ):
        soft, hard = resource.getrlimit(limit)
        if not _is_less(soft, enough):
            continue
        if _is_less(hard, enough):
            raise DockerdCfgError(
                f"this process may {what.format(hard)}, and a run needs {enough}",
                hint=f"raise the limit: ulimit {option}",
            )
        resource.setrlimit(limit, (hard, hard))


def _is_less(limit: int, enough: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < enough
