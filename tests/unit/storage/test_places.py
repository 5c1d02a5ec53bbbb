"""What stands at a place is exchanged at once, and what was done by half is done or undone."""

from pathlib import Path

import pytest

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files.links import put_back, remove_link, switch_together
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.storage.boot import mount_unit, mount_unit_step
from dockerd_cfg.storage.places import (
    exchange_with_link,
    exchange_with_link_back,
    lead_back,
    lead_to,
    old_tree,
    refuse_without_room,
)
from tests.loop_disk import loop_disk

OLD, NEW, ASIDE = HostPath("/var/lib/docker"), HostPath("/mnt/docker"), HostPath("/var/lib/docker.old")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    for folder in ("var/lib/docker", "mnt"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "var/lib/docker/data").write_text("old")
    return Layout(tmp_path)


def content(layout: Layout, path: HostPath) -> str:
    return (layout.real(path) / "data").read_text()


def test_a_renamed_tree_is_found_at_both_places(layout: Layout) -> None:
    exchange_with_link(layout, OLD, NEW)
    exchange_with_link(layout, OLD, NEW)
    assert content(layout, OLD) == content(layout, NEW) == "old"
    assert layout.real(OLD).is_symlink()
    assert not layout.real(NEW).is_symlink()


def test_a_rename_stopped_before_the_exchange_is_done_and_undone(layout: Layout) -> None:
    layout.real(NEW).symlink_to("docker")
    exchange_with_link_back(layout, OLD, NEW)
    assert not layout.real(NEW).is_symlink()
    layout.real(NEW).symlink_to("docker")
    exchange_with_link(layout, OLD, NEW)
    assert content(layout, NEW) == "old"


def test_a_rename_is_undone_twice(layout: Layout) -> None:
    exchange_with_link(layout, OLD, NEW)
    for _ in range(2):
        exchange_with_link_back(layout, OLD, NEW)
    assert content(layout, OLD) == "old"
    assert list((layout.root / "mnt").iterdir()) == []


def test_a_target_that_is_not_empty_is_not_overwritten(layout: Layout) -> None:
    layout.real(NEW).mkdir()
    (layout.real(NEW) / "mine").write_text("")
    with pytest.raises(FileProblem):
        exchange_with_link(layout, OLD, NEW)
    assert content(layout, OLD) == "old"


def lead(layout: Layout) -> None:
    switch_together(lead_to(layout, OLD, NEW, ASIDE))


def back(layout: Layout, place: HostPath = OLD, link: str | None = None) -> None:
    switch_together(lead_back(layout, OLD, place, ASIDE, link))


@pytest.fixture
def copied(layout: Layout) -> Layout:
    layout.real(NEW).mkdir()
    (layout.real(NEW) / "data").write_text("new")
    return layout


def test_a_link_takes_the_place_of_the_tree_and_gives_it_back(copied: Layout) -> None:
    for _ in range(2):
        lead(copied)
        assert content(copied, OLD) == "new"
        assert content(copied, ASIDE) == "old"
    for _ in range(2):
        back(copied)
        assert content(copied, OLD) == "old"
        assert copied.real(ASIDE).is_symlink()  # whoever hands back removes it


def test_a_link_stopped_before_the_exchange_leads_nobody(copied: Layout) -> None:
    copied.real(ASIDE).symlink_to(copied.link_text(NEW, OLD))
    assert content(copied, OLD) == "old"
    back(copied)
    assert content(copied, OLD) == "old"


def test_a_link_that_was_there_gets_its_text_back(copied: Layout) -> None:
    copied.real(OLD).rename(copied.root / "disk")
    copied.real(OLD).symlink_to("../../disk")
    lead(copied)
    assert content(copied, OLD) == "new"
    back(copied, HostPath("/disk"), link="../../disk")
    assert str(copied.real(OLD).readlink()) == "../../disk"


def test_a_folder_that_came_to_the_place_of_the_link_is_not_lost(copied: Layout) -> None:
    lead(copied)
    copied.real(OLD).unlink()
    copied.real(OLD).mkdir()
    with pytest.raises(FileProblem, match="is a folder again"):
        lead(copied)


def test_what_failed_since_a_name_was_too_long_to_be_set_aside_is_undone(copied: Layout) -> None:
    too_long = OLD.with_name("d" * 256)
    with pytest.raises(FileProblem, match="ENAMETOOLONG"):
        lead_to(copied, OLD, NEW, too_long)

    assert lead_back(copied, OLD, OLD, too_long, None) == []
    remove_link(copied.real(too_long))
    put_back(copied.real(too_long), copied.real(OLD))
    assert old_tree(copied, OLD, too_long, NEW, was_mounted=False) == copied.real(OLD)
    assert content(copied, OLD) == "old"


@pytest.mark.parametrize("length", [238, 239, 255])
def test_a_link_with_the_longest_of_names_is_led_elsewhere_and_back(copied: Layout, length: int) -> None:
    link = OLD.with_name("d" * length)
    copied.real(link).symlink_to("docker")
    switch_together(lead_to(copied, link, NEW, ASIDE))
    assert content(copied, link) == "new"
    switch_together(lead_back(copied, link, OLD, ASIDE, "docker"))
    assert content(copied, link) == "old"


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/var/lib/docker", "var-lib-docker.mount"),
        ("/var/lib/docker-data", "var-lib-docker\\x2ddata.mount"),
        ("/.hidden/a.b", "\\x2ehidden-a.b.mount"),
        ("/a b/\u00e9", "a\\x20b-\\xc3\\xa9.mount"),
        ("/a_b:c", "a_b:c.mount"),
    ],
    ids=str,
)
def test_a_mount_unit_is_named_as_systemd_wants_it(path: str, unit: str) -> None:
    assert mount_unit(HostPath(path)) == unit


def test_a_mount_unit_keeps_specifiers_from_being_read() -> None:
    text = mount_unit_step(HostPath("/mnt/100%/docker"), OLD).new.text or ""
    assert "What=/mnt/100%%/docker\n" in text
    assert 'RequiresMountsFor="/mnt/100%%/docker"\n' in text


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("megabytes", [1, 12])
def test_a_way_back_needs_room_for_what_was_written_since(tmp_path: Path, megabytes: int) -> None:
    with loop_disk(tmp_path, "small", size="10M") as small:
        old, new = small / "docker", tmp_path / "new"
        old.mkdir()
        new.mkdir()
        (new / "file").write_bytes(bytes(megabytes << 20))
        if megabytes == 1:
            refuse_without_room(Layout(), HostPath(new), old)
        else:
            with pytest.raises(FileProblem, match="free, and 12"):
                refuse_without_room(Layout(), HostPath(new), old)
