"""A run does not begin under limits that could keep it from being undone."""

import resource

import pytest

from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.limits import ENOUGH_BYTES, ENOUGH_FILES, refuse_tight_limits

LIMITS = [
    pytest.param(resource.RLIMIT_NOFILE, ENOUGH_FILES, "ulimit -n", id="files"),
    pytest.param(resource.RLIMIT_FSIZE, ENOUGH_BYTES, "ulimit -f", id="bytes"),
]


class Kernel:
    """Pretended limits: lowering a real one could not be taken back."""

    def __init__(self) -> None:
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        self.limits = {resource.RLIMIT_NOFILE: infinite, resource.RLIMIT_FSIZE: infinite}

    def set(self, limit: int, values: tuple[int, int]) -> None:
        self.limits[limit] = values


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(resource, "getrlimit", kernel.limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", kernel.set)
    return kernel


def test_no_limit_is_no_hindrance(kernel: Kernel) -> None:
    before = dict(kernel.limits)
    refuse_tight_limits()
    assert kernel.limits == before


@pytest.mark.parametrize(("limit", "enough", "hint"), LIMITS)
def test_a_limit_that_may_be_raised_is_raised(kernel: Kernel, limit: int, enough: int, hint: str) -> None:  # noqa: ARG001 - one list of cases for all
    kernel.set(limit, (1, enough))
    refuse_tight_limits()
    assert kernel.limits[limit] == (enough, enough)


@pytest.mark.parametrize(("limit", "enough", "hint"), LIMITS)
def test_a_limit_that_may_not_be_raised_is_told_of(
    kernel: Kernel, limit: int, enough: int, hint: str
) -> None:
    kernel.set(limit, (1, enough - 1))
    with pytest.raises(DockerdCfgError) as refused:
        refuse_tight_limits()
    assert hint in (refused.value.hint or "")
