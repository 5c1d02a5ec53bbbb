"""What set-logs, set and unset make of files that real people wrote; they lie beside the checkout."""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, parse
from dockerd_cfg.config.edit_daemon_json import edit_step
from dockerd_cfg.config.edits import merge_edits, set_edits, unset_edits
from dockerd_cfg.config.set_logs import SetLogsRequest, edits_for, wanted_settings
from dockerd_cfg.errors import InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.paths import DAEMON_JSON

CORPUS: Final = Path(__file__).resolve().parents[4] / "shared" / "corpus"
FILES: Final = {
    f"{path.parent.name}/{path.stem}": path.read_bytes() for path in sorted(CORPUS.glob("*/*.json"))
}
if not FILES:
    pytest.skip("the corpus of real daemon.json files is not beside the checkout", allow_module_level=True)


def is_whole(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


WHOLE: Final = {name: data for name, data in FILES.items() if is_whole(data)}
BROKEN: Final = {name: data for name, data in FILES.items() if name not in WHOLE}
MEMBERS: Final = [
    pytest.param(data, key, id=f"{name}: {key}") for name, data in WHOLE.items() for key in json.loads(data)
]
every_whole_file = pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())


def read(data: bytes) -> DaemonJson:
    return DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))


def made(file: DaemonJson, edits: Sequence[KeyEdit]) -> bytes:
    step = edit_step(file, edits)
    return (file.image.data if step is None else step.new.image.data) or b""


def touched_lines(before: bytes, after: bytes) -> list[str]:
    """Return the lines that differ, without signs and the comma at their end."""
    lines = difflib.ndiff(before.decode().splitlines(), after.decode().splitlines())
    return [line[2:].strip().rstrip(",") for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_with_the_line(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match=r"line \d+, column \d+") as refusal:
        read(data)
    (finding,) = refusal.value.findings
    assert finding.line is not None


@every_whole_file
def test_set_logs_changes_nothing_but_the_logging(data: bytes) -> None:
    file = read(data)
    try:
        after = made(file, edits_for(wanted_settings(file.value, SetLogsRequest())))
    except InvalidConfig as refusal:
        assert "log-opts" in refusal.message  # noqa: PT017  # some hold log-opts that are no object
        return
    old, new = json.loads(data), json.loads(after)
    logging: dict[str, Any] = {"log-driver": None, "log-opts": None}
    assert old | logging == new | logging
    assert [key for key in new if key in old] == list(old)
    assert read(after).image.data == made(read(after), edits_for(wanted_settings(new, SetLogsRequest())))


@every_whole_file
def test_set_data_root_adds_or_changes_one_member(data: bytes) -> None:
    file = read(data)
    after = made(file, set_edits(file, "data-root", "/mnt/x"))
    assert json.loads(after) == file.value | {"data-root": "/mnt/x"}
    if data.count(b"\n") > 2:
        told = [line for line in touched_lines(data, after) if "data-root" not in line]
        # the member before gains a comma, or a brace is moved to a line of its own
        assert len({line.strip("{} ") for line in told} - {""}) <= 1
    assert made(read(after), set_edits(read(after), "data-root", "/mnt/x")) == after
    if "data-root" not in file.value and file.value:
        assert made(read(after), unset_edits(read(after), "data-root")) == data


@pytest.mark.parametrize(("data", "key"), MEMBERS)
def test_unset_takes_out_one_member(data: bytes, key: str) -> None:
    file = read(data)
    after = made(file, unset_edits(file, key))
    wanted = {name: value for name, value in file.value.items() if name != key}
    if key == "log-driver":
        wanted.pop("log-opts", None)
        found = json.loads(after)
        found.pop("log-opts", None)
        assert found == wanted
    else:
        assert json.loads(after) == wanted


@every_whole_file
def test_a_patch_of_the_file_itself_changes_nothing(data: bytes) -> None:
    file = read(data)
    assert made(file, merge_edits(file, file.value)) == data
