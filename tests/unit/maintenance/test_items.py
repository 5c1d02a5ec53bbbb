"""What goes and what stays: by age, label, use, and what needs what."""

from collections.abc import Mapping

import pytest

from dockerd_cfg.maintenance.items import Item, Key, choose
from dockerd_cfg.maintenance.settings import Settings
from dockerd_cfg.maintenance.sizes import Layer, freed

NOW = 1_000_000.0
OLD = NOW - 1000
SETTINGS = Settings(older_than=100)
Labels = Mapping[str, str]
NONE: Labels = {}
KEEP: Labels = {"dockerd-cfg.keep": ""}


def image(name: str, *needs: str, last: float | None = OLD, size: int = 0, labels: Labels = NONE) -> Item:
    keys: frozenset[Key] = frozenset(("image", need) for need in needs)
    return Item(kind="image", id=name, name=name, last=last, needs=keys, labels=labels, size=size)


def container(name: str, *needs: Key, is_free: bool = True, last: float = OLD, labels: Labels = NONE) -> Item:
    return Item(
        kind="container",
        id=name,
        name=name,
        last=last,
        is_free=is_free,
        needs=frozenset(needs),
        labels=labels,
    )


def going(*items: Item, settings: Settings = SETTINGS) -> list[str]:
    return [item.id for item in choose(items, settings, NOW).going]


@pytest.mark.parametrize(
    ("last", "goes"),
    [
        pytest.param(OLD, True, id="old"),
        pytest.param(NOW - 100, True, id="just old enough"),
        pytest.param(NOW - 99, False, id="young"),
        pytest.param(NOW + 1e6, False, id="of the future"),
        pytest.param(None, False, id="of unknown age"),
    ],
)
def test_only_what_is_known_to_be_old_goes(last: float | None, goes: bool) -> None:
    assert bool(going(image("one", last=last))) is goes


def test_what_a_container_that_stays_needs_stays_whatever_its_age() -> None:
    network = Item(kind="network", id="net", name="net", last=OLD)
    items = (image("base"), image("app", "base"), network)
    needs: tuple[Key, ...] = (("image", "app"), ("network", "net"))

    assert going(container("runs", *needs, is_free=False), *items) == []
    assert going(container("young", *needs, last=NOW), *items) == []
    assert going(container("kept", *needs, labels=KEEP), *items) == []
    assert going(container("old", *needs), *items) == ["old", "app", "base", "net"]


def test_what_needs_others_goes_before_them() -> None:
    assert going(image("a"), image("b", "a"), image("c", "b", "a")) == ["c", "b", "a"]


def test_what_is_kept_by_its_label_keeps_what_it_is_made_of() -> None:
    assert going(image("base"), image("app", "base", labels={"dockerd-cfg.keep": "no matter"})) == []


@pytest.mark.parametrize(
    ("label", "goes"), [("stage", False), ("stage=live", False), ("stage=test", True), ("other", True)]
)
def test_a_label_keeps_by_its_key_or_by_both(label: str, goes: bool) -> None:
    assert bool(going(image("one", labels={"stage": "live"}), settings=Settings(100, label))) is goes


def test_how_many_unused_ones_stay_and_why_is_told() -> None:
    busy = container("runs", ("image", "used"), is_free=False)
    items = (busy, image("used"), image("young", last=NOW), image("kept", labels=KEEP))
    choice = choose(items, SETTINGS, NOW)

    assert (choice.too_young, choice.labelled, choice.going) == (1, 1, ())


def layers(*steps: tuple[str, int]) -> list[Layer]:
    return [Layer(tuple((name,) for name, _ in steps[: n + 1]), size) for n, (_, size) in enumerate(steps)]


def test_an_image_frees_the_layers_that_no_image_which_stays_has() -> None:
    one, other, stays = image("one", size=111), image("other", size=1111), image("stays", size=1)
    found = {
        "one": layers(("base", 1), ("x", 10), ("y", 100)),
        "other": layers(("base", 1), ("x", 10), ("z", 1100)),
        "stays": layers(("base", 1)),
    }

    assert freed([one], [one, other, stays], found) == {"one": 100}
    assert freed([one, other], [one, other, stays], found) == {"one": 100, "other": 1110}


def test_an_image_that_is_kept_packed_as_well_frees_that_in_proportion() -> None:
    one, stays = image("one", size=300), image("stays", size=30)
    found = {"one": layers(("base", 20), ("x", 180)), "stays": layers(("base", 20))}

    assert freed([one], [one, stays], found) == {"one": 270}
