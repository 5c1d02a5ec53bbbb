"""The number of layers a copy has begun with is told beside its bytes."""

from pathlib import Path

from dockerd_cfg.storage.layers import LayersBegun, Onward


class Told:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        assert (done_bytes, total_bytes, done_files) == (1, 2, 3)
        self.notes.append(note)


def test_layers_are_counted_without_the_folder_of_their_links(tmp_path: Path) -> None:
    source, target, told = tmp_path / "source", tmp_path / "target", Told()
    for name in ("l", "a", "b", "c"):
        (source / "overlay2" / name).mkdir(parents=True)
    progress = LayersBegun(told, source, target)

    progress.tell(done_bytes=1, total_bytes=2, done_files=3, note="copying")
    for name in ("l", "a"):
        (target / "overlay2" / name).mkdir(parents=True)
    progress.tell(done_bytes=1, total_bytes=2, done_files=3, note="copying")

    assert told.notes == ["copying, layer 0 of 3", "copying, layer 1 of 3"]


def test_where_there_are_no_layers_none_are_counted(tmp_path: Path) -> None:
    told = Told()
    LayersBegun(told, tmp_path, tmp_path).tell(done_bytes=1, total_bytes=2, done_files=3, note="copying")
    assert told.notes == ["copying"]


def test_copies_one_after_the_other_are_told_as_one() -> None:
    told: list[tuple[int, int]] = []

    class Listener:
        def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
            told.append((done_bytes, done_files))

    progress = Onward(Listener())
    for done_bytes, done_files in ((5, 1), (9, 2), (2, 1), (3, 2), (0, 0), (4, 1)):
        progress.tell(done_bytes=done_bytes, total_bytes=0, done_files=done_files, note="")

    assert told == [(5, 1), (9, 2), (11, 3), (12, 4), (12, 4), (16, 5)]
