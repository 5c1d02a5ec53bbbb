"""Editing, over generated documents in generated layouts: regular ones, and ones that no editor would write."""

import codecs
import json
from copy import deepcopy
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.edit import Set, Unset, edit, merge_patch
from dockerd_cfg.config.scan import scan

PROPERTY = settings(max_examples=70)

Tree = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Hand:
    """How an author writes; with `whim` every gap is written by the whim of the moment."""

    newline: str
    unit: str
    colon: str
    comma: str
    pad: str
    arrays_on_lines: bool
    commas_first: bool
    tail: str
    whim: Random | None = None

    def write(self, tree: Tree) -> str:
        return self._blank("") + self._value(tree, "", lines=True) + (self.tail or self._blank(""))

    def _value(self, value: Any, indent: str, *, lines: bool) -> str:
        if self.whim:
            lines = self.whim.random() < 0.5
        if isinstance(value, dict):
            members = [
                json.dumps(key, ensure_ascii=self._is_whim())
                + self._blank(self.colon)
                + self._value(item, indent + self.unit * lines, lines=lines)
                for key, item in value.items()
            ]
            return self._container("{}", members, indent, lines=lines)
        if isinstance(value, list):
            has_containers = any(isinstance(item, dict | list) for item in value)
            lines = lines and (has_containers or self.arrays_on_lines)
            items = [self._value(item, indent + self.unit * lines, lines=lines) for item in value]
            return self._container("[]", items, indent, lines=lines)
        return json.dumps(value, ensure_ascii=self._is_whim())

    def _container(self, brackets: str, items: list[str], indent: str, *, lines: bool) -> str:
        opener, closer = brackets[0], brackets[1]
        if not items:
            return opener + self._blank("") + closer
        if not lines:
            return (
                opener
                + self._blank(self.pad)
                + self._join(items, self.comma)
                + self._blank(self.pad)
                + closer
            )
        line = self.newline + indent
        between = f"{line}{self.unit}, " if self.commas_first else f",{line}{self.unit}"
        first = line + self.unit + "  " * self.commas_first
        return opener + self._blank(first) + self._join(items, between) + self._blank(line) + closer

    def _join(self, items: list[str], between: str) -> str:
        return "".join(item if not index else self._blank(between) + item for index, item in enumerate(items))

    def _is_whim(self) -> bool:
        return self.whim is not None and self.whim.random() < 0.5

    def _blank(self, regular: str) -> str:
        """The gap `regular`, or by whim others around its comma or colon."""
        if self.whim is None:
            return regular
        sign = regular.strip()
        gaps = [
            "",
            "",
            " ",
            "  ",
            "\t",
            self.newline,
            self.newline + "    ",
            self.newline * 2 + "\t",
            " \r\n",
            "\n ",
        ]
        return sign.join(self.whim.choice(gaps) for _ in range(2 if sign else 1))


KEYS = st.sampled_from(["a", "b", "c", "log-opts", "dns", "é", 'q"', "", "\\", "\U0001f600"]) | st.text(
    max_size=3
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["10m", "overlay2", "\x7f", "\u2028", '"', "\n"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TREES = st.dictionaries(KEYS, VALUES, max_size=4)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)
MARKS = st.sampled_from([("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE)])

HANDS = st.builds(
    Hand,
    newline=st.sampled_from(["\n", "\r\n"]),
    unit=st.sampled_from(["", " ", "  ", "   ", "    ", " " * 8, "\t"]),
    colon=st.sampled_from([":", ": ", " : ", " :"]),
    comma=st.sampled_from([",", ", "]),
    pad=st.sampled_from(["", " "]),
    arrays_on_lines=st.booleans(),
    commas_first=st.booleans(),
    tail=st.sampled_from(["", "\n", "\r\n", "\n\n"]),
)
WILD_HANDS = st.builds(
    lambda hand, whim: replace(hand, whim=whim, tail=""), HANDS, st.randoms(use_true_random=False)
)


@dataclass(frozen=True)
class Written:
    """A document with the tree it says."""

    tree: Tree
    data: bytes


DOCUMENTS = st.builds(
    lambda tree, hand, mark: Written(tree, mark[1] + hand.write(tree).encode(mark[0])),
    TREES,
    HANDS | WILD_HANDS,
    MARKS,
)


def paths_of(tree: Tree) -> list[Path]:
    """Every path of the tree, through objects only."""
    paths: list[Path] = []
    for key, value in tree.items():
        paths.append((key,))
        if isinstance(value, dict):
            paths += [(key, *rest) for rest in paths_of(value)]
    return paths


def found(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def obstacle(tree: Any, path: Path) -> bool:
    """Whether something that is no object stands on the way."""
    for key in path[:-1]:
        if key not in tree:
            return False
        tree = tree[key]
        if not isinstance(tree, dict):
            return True
    return False


def deepest(tree: Any, path: Path) -> Tree:
    """The last object on the way that is there."""
    for key in path[:-1]:
        if key not in tree:
            break
        tree = tree[key]
    assert isinstance(tree, dict)
    return tree


def settled(old: Any, new: Any) -> Any:
    """`new` with the keys that `old` has too in their old order, the others behind."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    order = [key for key in old if key in new] + [key for key in new if key not in old]
    return {key: settled(old.get(key), new[key]) for key in order}


def with_value(tree: Tree, path: Path, value: Any) -> Tree:
    tree = deepcopy(tree)
    parent = tree
    for key in path[:-1]:
        parent = parent.setdefault(key, {})
    parent[path[-1]] = settled(parent.get(path[-1]), value)
    return tree


def canonical(value: Any) -> str:
    """Text that tells any two JSON values apart; within arrays, keys have no order."""
    return json.dumps(_keys_sorted_in_arrays(value))


def _keys_sorted_in_arrays(value: Any, *, inside: bool = False) -> Any:
    if isinstance(value, dict):
        keys = sorted(value) if inside else list(value)
        return {key: _keys_sorted_in_arrays(value[key], inside=inside) for key in keys}
    if isinstance(value, list):
        return [_keys_sorted_in_arrays(item, inside=True) for item in value]
    return value


def load(data: bytes) -> Any:
    """What the standard library reads."""
    if data.startswith(codecs.BOM_UTF16_LE):
        return json.loads(data[2:].decode("utf-16-le"))
    return json.loads(data.decode("utf-8-sig"))


@PROPERTY
@given(DOCUMENTS)
def test_a_document_is_scanned_as_it_was_meant(written: Written) -> None:
    assert json.dumps(scan(written.data).value) == json.dumps(written.tree)


@PROPERTY
@given(DOCUMENTS)
def test_no_change_keeps_the_bytes(written: Written) -> None:
    assert edit(written.data, []) == written.data


@PROPERTY
@given(DOCUMENTS, PATHS, VALUES)
def test_a_set_gives_exactly_the_wanted_value(written: Written, path: Path, value: Any) -> None:
    assume(not obstacle(written.tree, path))
    after = edit(written.data, [Set(path, value)])
    assert canonical(load(after)) == canonical(with_value(written.tree, path, value))


@PROPERTY
@given(DOCUMENTS, PATHS, VALUES)
def test_a_second_run_changes_nothing(written: Written, path: Path, value: Any) -> None:
    assume(not obstacle(written.tree, path))
    once = edit(written.data, [Set(path, value)])
    assert edit(once, [Set(path, value)]) == once


@PROPERTY
@given(DOCUMENTS, st.data(), VALUES)
def test_setting_an_option_that_is_there_gives_the_wanted_value(
    written: Written, data: st.DataObject, value: Any
) -> None:
    assume(written.tree)
    path = data.draw(st.sampled_from(paths_of(written.tree)))
    after = edit(written.data, [Set(path, value)])
    assert canonical(load(after)) == canonical(with_value(written.tree, path, value))


@PROPERTY
@given(DOCUMENTS, st.data(), VALUES)
def test_only_the_bytes_of_the_value_change(written: Written, data: st.DataObject, value: Any) -> None:
    assume(written.tree)
    path = data.draw(st.sampled_from(paths_of(written.tree)))
    document = scan(written.data)
    member = document.member(path)
    assert member is not None
    head, tail = document.text[: member.value.start], document.text[member.value.end :]
    after = scan(edit(written.data, [Set(path, value)])).text
    assert (after[: len(head)], after[len(after) - len(tail) :]) == (head, tail)


@PROPERTY
@given(DOCUMENTS, PATHS, VALUES)
def test_a_new_option_is_one_insertion(written: Written, path: Path, value: Any) -> None:
    assume(not obstacle(written.tree, path) and path not in paths_of(written.tree))
    assume(deepest(written.tree, path))
    before, after = (scan(data).text for data in (written.data, edit(written.data, [Set(path, value)])))
    assert is_one_insertion(before, after)


@PROPERTY
@given(DOCUMENTS, st.data())
def test_a_removal_is_one_deletion(written: Written, data: st.DataObject) -> None:
    assume(written.tree)
    path = data.draw(st.sampled_from(paths_of(written.tree)))
    assume(len(found(written.tree, path[:-1])) > 1)
    before, after = (scan(data).text for data in (written.data, edit(written.data, [Unset(path)])))
    assert is_one_insertion(after, before)


def is_one_insertion(shorter: str, longer: str) -> bool:
    """Whether `longer` is `shorter` with one stretch put in."""
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    rest = len(shorter) - same
    return longer[len(longer) - rest :] == shorter[same:]


@PROPERTY
@given(DOCUMENTS, st.data())
def test_an_unset_takes_out_the_option_alone(written: Written, data: st.DataObject) -> None:
    assume(written.tree)
    path = data.draw(st.sampled_from(paths_of(written.tree)))
    wanted = deepcopy(written.tree)
    del found(wanted, path[:-1])[path[-1]]
    assert canonical(load(edit(written.data, [Unset(path, prune=False)]))) == canonical(wanted)


@PROPERTY
@given(DOCUMENTS, st.data())
def test_an_unset_takes_the_emptied_parents_with_it(written: Written, data: st.DataObject) -> None:
    assume(written.tree)
    path = data.draw(st.sampled_from(paths_of(written.tree)))
    wanted = deepcopy(written.tree)
    del found(wanted, path[:-1])[path[-1]]
    for length in range(len(path) - 1, 0, -1):
        if not found(wanted, path[:length]):
            del found(wanted, path[: length - 1])[path[length - 1]]
        else:
            break
    assert canonical(load(edit(written.data, [Unset(path)]))) == canonical(wanted)


@PROPERTY
@given(DOCUMENTS, PATHS, VALUES)
def test_set_then_unset_restores_the_bytes(written: Written, path: Path, value: Any) -> None:
    assume(not obstacle(written.tree, path) and path not in paths_of(written.tree))
    assume(deepest(written.tree, path) or (not written.tree and b"{}" in written.data.replace(b"\0", b"")))
    assert edit(edit(written.data, [Set(path, value)]), [Unset(path)]) == written.data


@PROPERTY
@given(HANDS, TREES, KEYS, KEYS, VALUES)
def test_set_then_unset_without_pruning_restores_an_empty_parent(
    hand: Hand, tree: Tree, parent: str, key: str, value: Any
) -> None:
    before = hand.write(tree | {parent: {}}).encode()
    path = (parent, key)
    assert edit(edit(before, [Set(path, value)]), [Unset(path, prune=False)]) == before


@PROPERTY
@given(DOCUMENTS, TREES)
def test_many_options_set_then_unset_restore_the_bytes(written: Written, more: Tree) -> None:
    fresh = {key: value for key, value in more.items() if key not in written.tree}
    assume(written.tree)
    once = edit(written.data, [Set((key,), value) for key, value in fresh.items()])
    assert edit(once, [Unset((key,)) for key in fresh]) == written.data


@PROPERTY
@given(DOCUMENTS, TREES)
def test_any_document_can_be_made_to_say_anything(written: Written, wanted: Tree) -> None:
    after = load(edit(written.data, [Set((), wanted)]))
    assert canonical(after) == canonical(settled(written.tree, wanted))


def rfc_7396(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = rfc_7396(result.get(key), value)
    return result


@PROPERTY
@given(DOCUMENTS, TREES)
def test_a_merge_patch_gives_what_rfc_7396_says(written: Written, patch: Tree) -> None:
    wanted = settled(written.tree, rfc_7396(written.tree, patch))
    assert canonical(load(merge_patch(written.data, patch))) == canonical(wanted)


@PROPERTY
@given(DOCUMENTS, TREES)
def test_a_merge_patch_made_twice_is_made_once(written: Written, patch: Tree) -> None:
    once = merge_patch(written.data, patch)
    assert merge_patch(once, patch) == once


PLAIN_KEYS = st.text("abcdefg-", min_size=1, max_size=6)
PLAIN_VALUES = st.recursive(
    st.booleans() | st.integers(0, 99) | st.text("xyz/.", max_size=6),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(PLAIN_KEYS, inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)
TIDY_HANDS = HANDS.map(lambda hand: replace(hand, commas_first=False))
MODEL: Tree = {
    "DNS": ["1.1.1.1", "9.9.9.9"],
    "POOLS": [{"base": "x", "size": 1}],
    "OPTS": {"one": [1, 2], "two": {"x": 3}},
}


@PROPERTY
@given(TIDY_HANDS, st.dictionaries(PLAIN_KEYS, PLAIN_VALUES, max_size=3), PLAIN_KEYS, PLAIN_VALUES)
def test_a_regular_file_stays_as_its_author_would_have_written_it(
    hand: Hand, more: Tree, key: str, value: Any
) -> None:
    tree = MODEL | more
    assume(key not in tree)
    assert edit(hand.write(tree).encode(), [Set((key,), value)]).decode() == hand.write(tree | {key: value})


@PROPERTY
@given(
    TIDY_HANDS,
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=5),
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=5),
)
def test_a_list_changes_as_its_author_would_have_changed_it(
    hand: Hand, old: list[str], new: list[str]
) -> None:
    before, wanted = (hand.write(MODEL | {"dns": items}) for items in (old, new))
    assert edit(before.encode(), [Set(("dns",), new)]).decode() == wanted
