"""Bind mounts that lead into the data root, by whatever path they name it."""

import json
from pathlib import Path

import pytest

from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.storage.binds import binds_into

ROOT = HostPath("/srv/docker")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A host whose data root was moved the classic way: a link at the old place."""
    (tmp_path / "srv/docker").mkdir(parents=True)
    (tmp_path / "var/lib").mkdir(parents=True)
    (tmp_path / "var/lib/docker").symlink_to("/srv/docker")
    return Layout(tmp_path)


def store(root: Path, name: str, **config: object) -> None:
    folder = root / "containers" / name
    folder.mkdir(parents=True)
    (folder / "hostconfig.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "config.v2.json").write_text(json.dumps({"Name": f"/{name}"}), encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "is_found", "is_root"),
    [
        ("/srv/docker/volumes/v/_data", True, False),
        ("/var/lib/docker/volumes", True, False),
        ("/var/lib/docker", True, True),
        ("/srv/docker/", True, True),
        ("/srv/docker2", False, False),
        ("/srv", False, False),
        ("/run/docker.sock", False, False),
        ("volume", False, False),
    ],
)
@pytest.mark.parametrize("below", ["", "100000.100000"])
def test_a_bind_is_found_by_where_it_leads(
    layout: Layout, path: str, below: str, *, is_found: bool, is_root: bool
) -> None:
    root = layout.real(ROOT) / below
    store(root, "short", Binds=[f"{path}:/x:ro"])
    if path.startswith("/"):
        store(root, "long", Mounts=[{"Type": "bind", "Source": path, "Target": "/x"}])
        (root / "volumes/device").mkdir(parents=True)
        options = {"MountType": "none", "MountOpts": "bind", "MountDevice": path, "Quota": {"Size": 0}}
        (root / "volumes/device/opts.json").write_text(json.dumps(options), encoding="utf-8")

    found = binds_into(layout, ROOT)

    assert [bind.who for bind in found] == ["container long", "container short", "volume device"] * is_found
    assert {bind.is_root for bind in found} <= {is_root}


def test_the_device_of_a_remote_volume_is_no_path_of_this_host(layout: Layout) -> None:
    folder = layout.real(ROOT) / "volumes/remote"
    folder.mkdir(parents=True)
    (folder / "opts.json").write_text('{"MountType": "nfs", "MountDevice": ":/srv/docker"}', encoding="utf-8")

    assert binds_into(layout, ROOT) == ()
