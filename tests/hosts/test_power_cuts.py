"""The power goes at any instant of a move or of its rollback: Docker comes up by itself with all that was on disk, and
whatever is written after that survives the end of the move, whichever way it ends."""

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.hard_stops import Case, Watched, end, entries, place, seeds, started, wait_for_instant

SAMPLE, FULL = (0, 11, 18, 26, 54), 60
SWITCH_SAMPLE, SWITCH_FULL = (1,), 20


@pytest.mark.parametrize("case", [Case.of(seed) for seed in seeds(SAMPLE, FULL)], ids=str)
def test_a_power_cut_at_any_instant_loses_nothing(boot_host: BootHost, case: Case) -> None:
    _cut_and_end(boot_host, case)


@pytest.mark.parametrize(
    "case", [Case.of_switch(seed) for seed in seeds(SWITCH_SAMPLE, SWITCH_FULL)], ids=str
)
def test_a_power_cut_in_the_moment_of_the_switch_loses_nothing(boot_host: BootHost, case: Case) -> None:
    _cut_and_end(boot_host, case)


def _cut_and_end(boot_host: BootHost, case: Case) -> None:
    host = boot_host(case.variant, disk_fs=case.disk_fs)
    watched = Watched(host, near=case.is_near)
    running = started(host, case)
    instant = wait_for_instant(host, case, running)
    host.power_cut(losing=case.rng.random() < 0.8)
    print(f"cut {case.delay:.3f} s after {case.at}, at: {instant}")

    host.start()
    host.wait_until_up()
    assert host.is_active("docker"), "Docker does not come up by itself"
    first = place(host, case)
    print(
        f"came up on the {first} place; journal: {[(e['event'], e.get('kind')) for e in entries(host)][-3:]}"
    )
    watched.wait_for_records()
    watched.assert_whole()
    watched.make()

    expected, said = end(host, case, lambda: place(host, case))
    print(said)
    assert host.is_active("docker")
    assert place(host, case) == expected
    watched.assert_whole(images=True)
