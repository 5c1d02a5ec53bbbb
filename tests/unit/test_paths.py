"""Host paths and real paths: the same on a host, below a folder in a sandbox."""

from pathlib import Path

import pytest

from dockerd_cfg.paths import DAEMON_JSON, HostPath, Layout


def test_on_the_running_host_a_host_path_is_its_own_real_path() -> None:
    assert Layout().real(DAEMON_JSON) == Path("/etc/docker/daemon.json")


def test_below_another_root_every_path_is_below_that_root(tmp_path: Path) -> None:
    assert Layout(tmp_path).real(DAEMON_JSON) == tmp_path / "etc/docker/daemon.json"


@pytest.mark.parametrize("path", ["/", "/a", "/a b/c\n", "/a/./b"])
def test_a_real_path_is_turned_back_into_its_host_path(path: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert layout.host(layout.real(HostPath(path))) == HostPath(path)


@pytest.mark.parametrize("path", ["etc", "", "../etc", "/a/../../etc", "/.."])
def test_a_path_that_could_leave_the_root_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an absolute, plain path"):
        Layout(tmp_path).real(HostPath(path))


def test_a_real_path_outside_the_root_has_no_host_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not in the subpath"):
        Layout(tmp_path / "root").host(tmp_path)


def test_a_drop_in_stands_in_the_folder_that_systemd_reads_for_its_unit() -> None:
    drop_in = Layout().drop_in("docker.service")
    assert drop_in == HostPath("/etc/systemd/system/docker.service.d/50-dockerd-cfg.conf")


@pytest.mark.parametrize("is_whole", [True, False], ids=["the running host", "below a root"])
def test_a_link_that_leads_to_itself_leads_no_further(is_whole: bool, tmp_path: Path) -> None:
    (tmp_path / "to-itself").symlink_to("to-itself")
    (tmp_path / "to-folder").symlink_to("folder")
    layout, folder = (Layout(), HostPath(tmp_path)) if is_whole else (Layout(tmp_path), HostPath("/"))

    assert layout.resolve(folder / "to-itself") == folder / "to-itself"
    assert layout.resolve(folder / "to-folder/file") == folder / "folder/file"


@pytest.mark.parametrize("is_whole", [True, False], ids=["the running host", "below a root"])
def test_two_slashes_at_the_beginning_of_a_link_are_one(is_whole: bool, tmp_path: Path) -> None:
    layout, folder = (Layout(), HostPath(tmp_path)) if is_whole else (Layout(tmp_path), HostPath("/"))
    (tmp_path / "link").symlink_to(f"/{folder / 'disk'}")

    assert layout.resolve(folder / "link/file") == folder / "disk/file"


@pytest.mark.parametrize("name", ["n" * 300, "nul\0"])
def test_a_name_that_no_file_can_have_leads_no_further(name: str, tmp_path: Path) -> None:
    assert Layout().resolve(HostPath(tmp_path / name)) == HostPath(tmp_path / name)
