"""Opening below a root, with the kernel's help and without: no way out, however long the path."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from dockerd_cfg.copier import folders
from dockerd_cfg.copier.folders import Root, remove
from dockerd_cfg.copier.kernel import has_openat2
from tests.unit.copier.torture import make_very_deep

pytestmark = pytest.mark.parametrize("is_quick", [True, False], ids=["openat2", "part by part"])


@pytest.fixture(autouse=True)
def way(is_quick: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_quick and not has_openat2():
        pytest.skip("the kernel has no openat2")
    monkeypatch.setattr("dockerd_cfg.copier.folders.has_openat2", lambda: is_quick)


def opened(root: Path, path: bytes) -> bool:
    """Tell whether what is opened is what is there."""
    descriptor = Root(os.fsencode(root)).open(path)
    try:
        return os.path.samestat(os.fstat(descriptor), (root / os.fsdecode(path)).stat())
    finally:
        os.close(descriptor)


def test_a_folder_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)

    assert opened(tmp_path, b"")
    assert opened(tmp_path, b"a")
    assert opened(tmp_path, b"a/b/c")


@pytest.mark.parametrize("path", [b"link", b"link/inner", b"a/link", b"a/link/inner"])
def test_no_symlink_is_followed(tmp_path: Path, path: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "out/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("out")
    (tmp_path / "a/link").symlink_to("../out")

    with pytest.raises(OSError, match=r"symbolic links|Not a directory") as refusal:
        opened(tmp_path, path)

    assert refusal.value.errno in folders.GONE


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_another_file_system_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a/mounted").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", tmp_path / "a/mounted"], check=True)
    try:
        with pytest.raises(OSError, match="cross-device") as refusal:
            opened(tmp_path, b"a/mounted")
    finally:
        subprocess.run(["umount", tmp_path / "a/mounted"], check=True)

    assert refusal.value.errno == errno.EXDEV


def test_a_path_longer_than_any_call_takes_is_opened_and_removed(tmp_path: Path) -> None:
    make_very_deep(tmp_path, depth=40)
    path = b"/".join(b"%0200d" % number for number in range(40))
    root = Root(os.fsencode(tmp_path))

    descriptor = root.open(path)
    names = sorted(os.fsdecode(entry.name) for entry in os.scandir(descriptor))
    os.close(descriptor)
    remove(b"%0200d" % 0, root.folder)

    assert names == ["file", "link", "second"]
    assert list(tmp_path.iterdir()) == []
