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
from dockerd_cfg.config.tree import Document, Member, ObjectNode
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


def lines_of(document: Document, other: Document, path: tuple[str, ...]) -> set[str]:
    """Return the lines that may change when ``path`` does, so that ``document`` becomes ``other`` or the other way.

    Those are its own (all of an object around it that only one of the two has) and the ends of its neighbours, which
    gain or lose a comma; where it is not there, the ends of the object it would be in.
    """
    text, parent = document.text, document.root
    assert parent is not None
    member = None
    for length in range(1, len(path) + 1):
        member, counterpart = document.member(path[:length]), other.member(path[:length])
        if not (has_members(member) and has_members(counterpart)):
            break
        assert member is not None
        assert isinstance(member.value, ObjectNode)
        parent = member.value
    if member is not None:
        before = len(text[: member.span.start].rstrip(", \t\r\n")) - 1
        behind = len(text) - len(text[member.span.end :].lstrip(", \t\r\n"))
        ends = [(before, behind)]
    else:
        ends = [(parent.start, parent.spans[0].start), (parent.spans[-1].end - 1, parent.end - 1)]
    numbers = [[document.place(offset).line for offset in pair] for pair in ends]
    return {line for first, last in numbers for line in text.split("\n")[first - 1 : last]}


def has_members(member: Member | None) -> bool:
    return member is not None and isinstance(member.value, ObjectNode) and bool(member.value.members)


def strange_lines(before: bytes, after: bytes, edits: Sequence[KeyEdit]) -> list[str]:
    """Return the lines that differ although a change as asked for in ``edits`` need not touch them."""
    old, new = parse(before, DAEMON_JSON), parse(after, DAEMON_JSON)
    texts = old.text.split("\n"), new.text.split("\n")
    mine = [{line for one in edits for line in lines_of(*pair, one.key)} for pair in ((old, new), (new, old))]
    strange = []
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag != "equal":
            strange += [line for line in texts[0][first:last] if line not in mine[0]]
            strange += [line for line in texts[1][new_first:new_last] if line not in mine[1]]
    return strange


def edits_of(command: str, file: DaemonJson) -> list[list[KeyEdit]]:
    """Return what ``command`` asks of ``file``, once for each way to ask it."""
    if command == "set-logs":
        is_able = isinstance(file.value.get("log-opts", {}), dict)
        return [edits_for(wanted_settings(file.value, SetLogsRequest()))] if is_able else []
    if command == "set":
        return [set_edits(file, "data-root", "/mnt/x")]
    return [unset_edits(file, key) for key in file.value]


every_command = pytest.mark.parametrize("command", ["set-logs", "set", "unset"])
SOMETHING: Final = {name: data for name, data in WHOLE.items() if json.loads(data)}
ABSENT: Final = [
    pytest.param(data, key, value, id=f"{name}: {key}")
    for name, data in SOMETHING.items()
    for key, value in {"log-opts.max-size": "9m", "proxies.no-proxy": "x", "dns": "192.0.2.1"}.items()
    if key.partition(".")[0] not in json.loads(data)
]


@pytest.mark.parametrize("data", SOMETHING.values(), ids=SOMETHING.keys())
@every_command
def test_every_line_that_changes_is_one_that_was_asked_for(data: bytes, command: str) -> None:
    file = read(data)
    changed = [(edits, made(file, edits)) for edits in edits_of(command, file)]
    strange = [strange_lines(data, after, edits) for edits, after in changed if read(after).value]
    assert [lines for lines in strange if lines] == []


@every_whole_file
@every_command
def test_the_same_edits_change_nothing_a_second_time(data: bytes, command: str) -> None:
    file = read(data)
    assert [
        edits for edits in edits_of(command, file) if edit_step(read(made(file, edits)), edits) is not None
    ] == []


@pytest.mark.parametrize(("data", "key", "value"), ABSENT)
def test_what_is_set_and_unset_again_leaves_no_trace(data: bytes, key: str, value: str) -> None:
    file = read(data)
    once = read(made(file, set_edits(file, key, value)))
    assert made(once, unset_edits(once, key)) == data
