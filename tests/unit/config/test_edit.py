"""Editing: what an edit writes, to the byte, for the layouts people use."""

import codecs
import json
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest

from dockerd_cfg.config import rewrite
from dockerd_cfg.config.edit import Change, EditBugError, EditError, JsonInput, Set, Unset, edit, merge_patch
from dockerd_cfg.config.scan import DEEPEST, ScanError

DRIVER = Set(("log-driver",), "local")
SIZE = Set(("log-opts", "max-size"), "50m")

ADDED: list[tuple[str, str, Change, str]] = [
    ("two spaces", '{\n  "a": 1\n}\n', DRIVER, '{\n  "a": 1,\n  "log-driver": "local"\n}\n'),
    ("four spaces", '{\n    "a": 1\n}\n', SIZE, '{\n    "a": 1,\n    "log-opts": {\n        "max-size": "50m"\n    }\n}\n'),
    ("three spaces", '{\n   "a": 1\n}\n', SIZE, '{\n   "a": 1,\n   "log-opts": {\n      "max-size": "50m"\n   }\n}\n'),
    ("tabs", '{\n\t"a": 1\n}\n', SIZE, '{\n\t"a": 1,\n\t"log-opts": {\n\t\t"max-size": "50m"\n\t}\n}\n'),
    ("no indentation", '{\n"a": 1\n}\n', SIZE, '{\n"a": 1,\n"log-opts": {\n"max-size": "50m"\n}\n}\n'),
    ("CRLF", '{\r\n  "a": 1\r\n}\r\n', SIZE, '{\r\n  "a": 1,\r\n  "log-opts": {\r\n    "max-size": "50m"\r\n  }\r\n}\r\n'),
    ("CR", '{\r  "a": 1\r}\r', DRIVER, '{\r  "a": 1,\r  "log-driver": "local"\r}\r'),
    ("no final newline", '{\n  "a": 1\n}', DRIVER, '{\n  "a": 1,\n  "log-driver": "local"\n}'),
    ("blank lines at the end", '{\n  "a": 1\n}\n\n\n', DRIVER, '{\n  "a": 1,\n  "log-driver": "local"\n}\n\n\n'),
    ("spaces around colons", '{\n  "a" : 1\n}\n', SIZE, '{\n  "a" : 1,\n  "log-opts" : {\n    "max-size" : "50m"\n  }\n}\n'),
    ("bare colons", '{\n  "a":1\n}\n', DRIVER, '{\n  "a":1,\n  "log-driver":"local"\n}\n'),
    ("aligned values", '{\n  "a":         1\n}\n', DRIVER, '{\n  "a":         1,\n  "log-driver": "local"\n}\n'),
    ("mostly bare colons", '{\n  "a": 1,\n  "b":1,\n  "c":1\n}\n', DRIVER, '{\n  "a": 1,\n  "b":1,\n  "c":1,\n  "log-driver":"local"\n}\n'),
    ("one line", '{"a": 1}\n', SIZE, '{"a": 1, "log-opts": {"max-size": "50m"}}\n'),
    ("one line, padded", '{ "a": 1 }\n', SIZE, '{ "a": 1, "log-opts": { "max-size": "50m" } }\n'),
    ("one line, compact", '{"a":1}', SIZE, '{"a":1,"log-opts":{"max-size":"50m"}}'),
    ("one line, spaces behind commas only", '{"a":1, "b":2}', SIZE, '{"a":1, "b":2, "log-opts":{"max-size":"50m"}}'),
    ("an empty object", "{}\n", SIZE, '{\n  "log-opts": {\n    "max-size": "50m"\n  }\n}\n'),
    ("an empty object with CRLF", "{}\r\n", DRIVER, '{\r\n  "log-driver": "local"\r\n}\r\n'),
    ("an empty object without newline", "{}", DRIVER, '{\n  "log-driver": "local"\n}'),
    ("an empty object with blanks", "{\n\n}\n", DRIVER, '{\n  "log-driver": "local"\n}\n'),
    ("an empty nested object", '{\n\t"log-opts": {}\n}\n', SIZE, '{\n\t"log-opts": {\n\t\t"max-size": "50m"\n\t}\n}\n'),
    ("an empty nested object on one line", '{"log-opts": { }}', SIZE, '{"log-opts": {"max-size": "50m"}}'),
    ("one-line siblings", '{\n  "features": { "cdi": true }\n}\n', SIZE, '{\n  "features": { "cdi": true },\n  "log-opts": { "max-size": "50m" }\n}\n'),
    ("blank lines between", '{\n  "a": 1,\n\n  "b": 2,\n\n  "c": 3\n}\n', DRIVER, '{\n  "a": 1,\n\n  "b": 2,\n\n  "c": 3,\n\n  "log-driver": "local"\n}\n'),
    ("one blank line somewhere", '{\n  "a": 1,\n\n  "b": 2\n}\n', DRIVER, '{\n  "a": 1,\n\n  "b": 2,\n  "log-driver": "local"\n}\n'),
    ("blank lines inside the braces", '{\n\n  "a": 1\n\n}\n', DRIVER, '{\n\n  "a": 1,\n  "log-driver": "local"\n\n}\n'),
    ("blanks at line ends", '{ \n  "a": 1, \n  "b": 2 \n}\n', DRIVER, '{ \n  "a": 1, \n  "b": 2,\n  "log-driver": "local" \n}\n'),
    ("commas first", '{\n    "a": 1\n  , "b": 2\n}\n', DRIVER, '{\n    "a": 1\n  , "b": 2\n  , "log-driver": "local"\n}\n'),
    ("the first option beside the brace", '{ "a": 1,\n  "b": 2\n}\n', DRIVER, '{ "a": 1,\n  "b": 2,\n  "log-driver": "local"\n}\n'),
    ("one option beside the brace", '{ "a": 1\n}\n', DRIVER, '{ "a": 1,\n  "log-driver": "local"\n}\n'),
    ("the brace beside the last option", '{\n  "a": 1}\n', DRIVER, '{\n  "a": 1,\n  "log-driver": "local"}\n'),
    ("an odd closing brace", '{\n    "a": 1\n  }', DRIVER, '{\n    "a": 1,\n    "log-driver": "local"\n  }'),
    ("one odd indentation", '{\n  "a": 1,\n      "b": 2,\n  "c": 3\n}', DRIVER, '{\n  "a": 1,\n      "b": 2,\n  "c": 3,\n  "log-driver": "local"\n}'),
    ("siblings with a unit of their own", '{\n    "f": {\n      "x": 1\n    }\n}', SIZE, '{\n    "f": {\n      "x": 1\n    },\n    "log-opts": {\n      "max-size": "50m"\n    }\n}'),
    ("an object that has members", '{\n  "log-opts": {\n    "tag": "x"\n  }\n}', SIZE, '{\n  "log-opts": {\n    "tag": "x",\n    "max-size": "50m"\n  }\n}'),
    ("mixed line ends, local first", '{\n  "a": {\r\n    "x": 1\r\n  }\n}\n', Set(("a", "y"), 2), '{\n  "a": {\r\n    "x": 1,\r\n    "y": 2\r\n  }\n}\n'),
    ("a short list", '{\n  "a": 1\n}\n', Set(("dns",), ["1.1.1.1", "9.9.9.9"]), '{\n  "a": 1,\n  "dns": ["1.1.1.1", "9.9.9.9"]\n}\n'),
    ("a list like its sibling's", '{\n  "a": [\n    1\n  ]\n}\n', Set(("b",), [2, 3]), '{\n  "a": [\n    1\n  ],\n  "b": [\n    2,\n    3\n  ]\n}\n'),
    ("a padded list", '{\n  "a": [ 1 ]\n}\n', Set(("b",), [2, 3]), '{\n  "a": [ 1 ],\n  "b": [ 2, 3 ]\n}\n'),
    ("a list of objects", '{\n  "a": 1\n}\n', Set(("p",), [{"x": 1}]), '{\n  "a": 1,\n  "p": [\n    {\n      "x": 1\n    }\n  ]\n}\n'),
    ("empty containers", '{\n  "a": 1\n}\n', Set(("p",), {"x": [], "y": {}}), '{\n  "a": 1,\n  "p": {\n    "x": [],\n    "y": {}\n  }\n}\n'),
    ("a list too long for one line in a file that has one", '{"a": 1}', Set(("b",), ["x" * 90]), '{"a": 1, "b": ["' + "x" * 90 + '"]}'),
    ("members that are not indented, beside items that are", '{\n"a": ["x",\n  "y"\n]\n}', SIZE, '{\n"a": ["x",\n  "y"\n],\n"log-opts": {\n  "max-size": "50m"\n}\n}'),
    ("siblings that are not indented", '{\n    "f": {\n    "x": 1\n    }\n}', SIZE, '{\n    "f": {\n    "x": 1\n    },\n    "log-opts": {\n        "max-size": "50m"\n    }\n}'),
    ("an object with a unit of its own", '{\n    "x": {\n        "p": 1\n    },\n    "y": {\n     "q": 1\n    }\n}', Set(("y", "z"), {"w": 1}), '{\n    "x": {\n        "p": 1\n    },\n    "y": {\n     "q": 1,\n     "z": {\n      "w": 1\n     }\n    }\n}'),
    ("members left of their object", '{\n  "a": {\n"x": 1\n  }\n}', Set(("a", "y"), {"z": 1}), '{\n  "a": {\n"x": 1,\n"y": {\n  "z": 1\n}\n  }\n}'),
    ("a value on the line below its key", '{\n  "a":\n  1\n}', DRIVER, '{\n  "a":\n  1,\n  "log-driver": "local"\n}'),
    ("siblings of two kinds, like the last", '{\n  "a": { "x": 1 },\n  "b": {\n    "y": 1\n  }\n}', SIZE, '{\n  "a": { "x": 1 },\n  "b": {\n    "y": 1\n  },\n  "log-opts": {\n    "max-size": "50m"\n  }\n}'),
    ("commas of two kinds, like the last", '{"a":1,"b":2, "c":3}', DRIVER, '{"a":1,"b":2, "c":3, "log-driver":"local"}'),
    ("colons of two kinds, like the last", '{\n  "a":1,\n  "b": 2\n}', DRIVER, '{\n  "a":1,\n  "b": 2,\n  "log-driver": "local"\n}'),
    ("lists with a unit of their own", '{\n  "a": [\n   1\n  ]\n}', Set(("b",), {"x": [2]}), '{\n  "a": [\n   1\n  ],\n  "b": {\n    "x": [\n     2\n    ]\n  }\n}'),
    ("one option beside a nested brace", '{\n  "a": { "x": 1\n  }\n}', Set(("a", "y"), 2), '{\n  "a": { "x": 1,\n    "y": 2\n  }\n}'),
    ("the last option oddly indented", '{\n  "a": 1,\n  "b": 2,\n      "c": 3\n}', SIZE, '{\n  "a": 1,\n  "b": 2,\n      "c": 3,\n  "log-opts": {\n    "max-size": "50m"\n  }\n}'),
    ("a short list beside a list of objects", '{\n  "p": [\n    {"x": 1}\n  ]\n}', Set(("dns",), ["a"]), '{\n  "p": [\n    {"x": 1}\n  ],\n  "dns": ["a"]\n}'),
]  # fmt: skip

CHANGED: list[tuple[str, str, list[Change], str]] = [
    ("a value", '{\n  "a" : 1 ,\n  "b": 2\n}', [Set(("a",), "x")], '{\n  "a" : "x" ,\n  "b": 2\n}'),
    ("an integer to a float", '{"a": 1}', [Set(("a",), 1.0)], '{"a": 1.0}'),
    ("an integer to a boolean", '{"a": 1}', [Set(("a",), True)], '{"a": true}'),  # noqa: FBT003 - a value
    ("a boolean to an integer", '{"a": false}', [Set(("a",), 0)], '{"a": 0}'),
    ("null to a value", '{"a": null}', [Set(("a",), "")], '{"a": ""}'),
    ("a scalar to an object", '{\n\t"a": 1\n}', [Set(("a",), {"b": 2})], '{\n\t"a": {\n\t\t"b": 2\n\t}\n}'),
    ("a list to an object", '{ "a": [ 1 ] }', [Set(("a",), {"b": 2})], '{ "a": { "b": 2 } }'),
    ("an object to nothing", '{\n  "a": {\n    "b": 1\n  }\n}', [Set(("a",), {})], '{\n  "a": {}\n}'),
    ("a list to nothing", '{"a": [\n1\n]}', [Set(("a",), [])], '{"a": []}'),
    ("a member of an object set as a whole", '{"a": {"x": 1,  "y":2}}', [Set(("a",), {"y": 3, "z": 4, "x": 1})], '{"a": {"x": 1,  "y":3,  "z":4}}'),
    ("an object set as a whole that loses one", '{"a": { "x": 1, "y" : 2, "z": 3 }}', [Set(("a",), {"x": 1, "z": 3})], '{"a": { "x": 1, "z": 3 }}'),
    ("all members of an object", '{\n\t"a": {\n\t\t"x": 1\n\t}\n}', [Set(("a",), {"y": 2, "z": 3})], '{\n\t"a": {\n\t\t"y": 2,\n\t\t"z": 3\n\t}\n}'),
    ("the whole document", '{\n "a": 1,\n "b": 2\n}', [Set((), {"b": 3, "c": 4})], '{\n "b": 3,\n "c": 4\n}'),
    ("an item appended", '{"a": [ 1,2 ]}', [Set(("a",), [1, 2, 3])], '{"a": [ 1,2,3 ]}'),
    ("an equal item appended", '{"a": [1.50]}', [Set(("a",), [1.5, 1.5])], '{"a": [1.50, 1.5]}'),
    ("an item appended on its line", '{"a": [\n  1.0\n]}', [Set(("a",), [1.0, 2])], '{"a": [\n  1.0,\n  2\n]}'),
    ("an item put first", '{"a": [\n  1,\n  2\n]}', [Set(("a",), [0, 1, 2])], '{"a": [\n  0,\n  1,\n  2\n]}'),
    ("an item put between", '{"a": [\n  1,\n  2\n]}', [Set(("a",), [1, 5, 2])], '{"a": [\n  1,\n  5,\n  2\n]}'),
    ("an item taken out", '{"a": [\n  1.50,\n  2,\n  3e0\n]}', [Set(("a",), [1.5, 3.0])], '{"a": [\n  1.50,\n  3e0\n]}'),
    ("the first item taken out", '{"a": [ 1, 2 ]}', [Set(("a",), [2])], '{"a": [ 2 ]}'),
    ("items in rows", '{"a": [1, 2,\n       3, 4]}', [Set(("a",), [1, 2, 3, 4, 5])], '{"a": [1, 2,\n       3, 4, 5]}'),
    ("an object in a list", '{"p": [{"base":"a", "size": 24}, {"base":"b"}]}', [Set(("p",), [{"size": 25, "base": "a"}, {"base": "b"}])], '{"p": [{"base":"a", "size": 25}, {"base":"b"}]}'),
    ("an object added to a list", '{"p": [\n  {"base":"a"}\n]}', [Set(("p",), [{"base": "a"}, {"base": "b"}])], '{"p": [\n  {"base":"a"},\n  {"base":"b"}\n]}'),
    ("one option for another", '{\n  "a": 1,\n  "b": 2\n}', [Unset(("b",)), Set(("c",), 3)], '{\n  "a": 1,\n  "c": 3\n}'),
    ("the only option for another", '{ "a": 1 }', [Unset(("a",)), Set(("c",), 3)], '{ "c": 3 }'),
    ("unset and set again", '{"a": 1, "b": 2}', [Unset(("a",)), Set(("a",), 3)], '{"a": 3, "b": 2}'),
    ("text that needs escapes", '{"a": 1}', [Set(("a",), 'é"\\/\n\x01\x7f\u2028')], '{"a": "é\\"\\\\/\\n\\u0001\x7f\u2028"}'),
    ("a key that needs escapes", '{"a": 1}', [Set(('b"',), 2)], '{"a": 1, "b\\"": 2}'),
    ("a key written with escapes", '{"\\u0061": 1}', [Set(("a",), 2)], '{"\\u0061": 2}'),
    ("a value on the line below", '{\n  "a":\n  [ 1 ],\n  "b": 2\n}', [Set(("a",), [2])], '{\n  "a":\n  [ 2 ],\n  "b": 2\n}'),
]  # fmt: skip

REMOVED: list[tuple[str, str, Change, str]] = [
    ("the first", '{\n  "a": 1,\n\n  "b": 2\n}\n', Unset(("a",)), '{\n  "b": 2\n}\n'),
    ("one between", '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', Unset(("b",)), '{\n  "a": 1,\n  "c": 3\n}\n'),
    ("the first after a blank line", '{\n  "a": 1,\n\n  "b": 2,\n  "c": 3\n}\n', Unset(("b",)), '{\n  "a": 1,\n\n  "c": 3\n}\n'),
    ("the last before a blank line", '{\n  "a": 1,\n  "b": 2,\n\n  "c": 3\n}\n', Unset(("b",)), '{\n  "a": 1,\n\n  "c": 3\n}\n'),
    ("one between blank lines", '{\n  "a": 1,\n\n  "b": 2,\n\n  "c": 3\n}\n', Unset(("b",)), '{\n  "a": 1,\n\n  "c": 3\n}\n'),
    ("one with blanks at its end", '{\r\n  "a": 1,\r\n  "b": {\r\n  }, \r\n  "c": 3\r\n}\r\n', Unset(("b",)), '{\r\n  "a": 1,\r\n  "c": 3\r\n}\r\n'),
    ("one after blanks at an end", '{\n  "a": 1 , \n  "b": 2,\n  "c": 3\n}\n', Unset(("b",)), '{\n  "a": 1 , \n  "c": 3\n}\n'),
    ("one between with commas first", '{\n    "a": 1\n  , "b": 2 \n  , "c": 3\n}', Unset(("b",)), '{\n    "a": 1 \n  , "c": 3\n}'),
    ("one that shares its line", '{\n  "a": 1,\n  "b": 2, "c": 3,\n  "d": 4\n}', Unset(("b",)), '{\n  "a": 1,\n  "c": 3,\n  "d": 4\n}'),
    ("one that others share a line with", '{\n  "a": 1, "b": 2,\n  "c": 3\n}', Unset(("b",)), '{\n  "a": 1,\n  "c": 3\n}'),
    ("an item after a blank line", '{"a": [\n  1,\n\n  2,\n  3\n]}', Set(("a",), [1, 3]), '{"a": [\n  1,\n\n  3\n]}'),
    ("the last", '{\n  "a": 1 ,\n  "b": 2  \n}\n', Unset(("b",)), '{\n  "a": 1  \n}\n'),
    ("the only one", '{\n  "a": 1\n}\n', Unset(("a",)), "{}\n"),
    ("the first with commas first", '{\n    "a": 1\n  , "b": 2\n}', Unset(("a",)), '{\n    "b": 2\n}'),
    ("the last with commas first", '{\n    "a": 1\n  , "b": 2\n}', Unset(("b",)), '{\n    "a": 1\n}'),
    ("on one line", '{ "a": 1, "b": 2 }', Unset(("a",)), '{ "b": 2 }'),
    ("the last of a parent", '{"x": 1, "a": {"b": {"c": 1}}}', Unset(("a", "b", "c")), '{"x": 1}'),
    ("the last of a parent that stays", '{"x": 1, "a": { "b": 1 }}', Unset(("a", "b"), prune=False), '{"x": 1, "a": {}}'),
    ("one of two in a parent", '{"a": {"b": 1, "c": 2}}', Unset(("a", "b")), '{"a": {"c": 2}}'),
    ("the last of all", '{"a": {"b": 1}}', Unset(("a", "b")), "{}"),
]  # fmt: skip

UNTOUCHED: list[tuple[str, str, Change]] = [
    ("an equal text", '{ "a" : "\\u0078" }', Set(("a",), "x")),
    ("an equal number", '{"a": 1.50e0}', Set(("a",), 1.5)),
    ("an equal list", '{"a": [1 ,2]}', Set(("a",), (1, 2))),
    ("an equal object in another order", '{"a": {"x":1,"y" :2}}', Set(("a",), {"y": 2, "x": 1})),
    ("an equal empty object", '{"a": { }}', Set(("a",), {})),
    ("an equal empty list", '{"a": [ ]}', Set(("a",), [])),
    ("an equal document", '{ "a":1}', Set((), {"a": 1})),
    ("an option that is not there", '{ "a":1}', Unset(("b",))),
    ("an option of no object", '{ "a":1}', Unset(("a", "b"))),
    ("an option of a missing object", '{ "a":1}', Unset(("b", "c"))),
    ("an empty object beside", '{ "a": { } }', Unset(("a", "b"))),
    ("null at the top", " null\n", Unset(("b",))),
]


@pytest.mark.parametrize(
    ("before", "change", "after"), [row[1:] for row in ADDED], ids=[row[0] for row in ADDED]
)
def test_a_new_option_is_written_in_the_style_of_the_file(before: str, change: Change, after: str) -> None:
    assert edit(before.encode(), [change]).decode() == after


@pytest.mark.parametrize(
    ("before", "change", "after"), [row[1:] for row in ADDED], ids=[row[0] for row in ADDED]
)
def test_a_second_run_changes_nothing(before: str, change: Change, after: str) -> None:
    assert before != after
    assert edit(after.encode(), [change]).decode() == after


@pytest.mark.parametrize(
    ("before", "changes", "after"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED]
)
def test_a_change_alters_nothing_else(before: str, changes: list[Change], after: str) -> None:
    assert edit(before.encode(), changes).decode() == after


@pytest.mark.parametrize(
    ("before", "change", "after"), [row[1:] for row in REMOVED], ids=[row[0] for row in REMOVED]
)
def test_a_removal_takes_its_line_and_its_comma(before: str, change: Change, after: str) -> None:
    assert edit(before.encode(), [change]).decode() == after


@pytest.mark.parametrize(
    ("before", "change"), [row[1:] for row in UNTOUCHED], ids=[row[0] for row in UNTOUCHED]
)
def test_a_change_that_changes_nothing_keeps_the_bytes(before: str, change: Change) -> None:
    assert edit(before.encode(), [change]).decode() == before


def test_no_change_keeps_the_bytes() -> None:
    assert edit(b'{"a" :1 }', []) == b'{"a" :1 }'


@pytest.mark.parametrize("data", [None, b"", b"\n \n"], ids=["absent", "empty", "blank"])
def test_a_new_file_has_two_spaces_and_a_final_newline(data: bytes | None) -> None:
    assert (
        edit(data, [DRIVER, SIZE])
        == b'{\n  "log-driver": "local",\n  "log-opts": {\n    "max-size": "50m"\n  }\n}\n'
    )


@pytest.mark.parametrize("data", [None, b"", b"\n \n"], ids=["absent", "empty", "blank"])
def test_a_file_is_never_left_empty(data: bytes | None) -> None:
    assert edit(data, [Unset(("a",))]) == b"{}\n"


def test_a_blank_file_keeps_its_line_ends() -> None:
    assert edit(b"\r\n", [DRIVER]) == b'{\r\n  "log-driver": "local"\r\n}\r\n'


def test_a_blank_file_keeps_its_byte_order_mark() -> None:
    assert edit(codecs.BOM_UTF8, []) == codecs.BOM_UTF8 + b"{}\n"


def test_null_at_the_top_gives_way_to_an_object() -> None:
    assert edit(b" null \n", [DRIVER]) == b' {\n   "log-driver": "local"\n } \n'


@pytest.mark.parametrize(
    ("codec", "mark"),
    [("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)],
)
def test_the_encoding_is_kept(codec: str, mark: bytes) -> None:
    before, after = '{"a": "é"}', '{"a": "é", "b": "ü"}'
    assert edit(mark + before.encode(codec), [Set(("b",), "ü")]) == mark + after.encode(codec)


def test_a_long_list_of_text_goes_on_lines() -> None:
    mirrors = [f"https://mirror-{number}.example.com" for number in range(3)]
    after = edit(None, [Set(("registry-mirrors",), mirrors)]).decode()
    assert after == json.dumps({"registry-mirrors": mirrors}, indent=2) + "\n"


def test_changes_are_made_in_turn() -> None:
    changes: list[Change] = [Set(("a", "b"), 1), Set(("a",), {"c": 2}), Set(("a", "d"), 3), Unset(("a", "c"))]
    assert json.loads(edit(None, changes)) == {"a": {"d": 3}}


def test_a_value_is_read_when_the_edit_is_made() -> None:
    value: dict[str, JsonInput] = {"a": 1}
    edit(None, [Set(("x",), value), Set(("x", "b"), 2)])
    assert value == {"a": 1}


class Driver(str, Enum):  # noqa: UP042 - such enums are what callers have
    """A text that is more than a text."""

    LOCAL = "local"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MappingProxyType({"a": (1, 2)}), '{"a":[1,2]}'),
        (Driver.LOCAL, '"local"'),
        (10**300, "1" + "0" * 300),
        (1e300, "1e+300"),
        (-0.0, "-0.0"),
        ("\U0001f600", '"\U0001f600"'),
    ],
    ids=["read-only", "an enum", "a long integer", "a large float", "minus zero", "beyond 16 bits"],
)
def test_any_kind_of_json_value_can_be_set(value: JsonInput, text: str) -> None:
    assert edit(b'{"x":0}', [Set(("x",), value)]).decode() == f'{{"x":{text}}}'


def nested(levels: int) -> JsonInput:
    value: JsonInput = 1
    for _ in range(levels):
        value = [value]
    return value


LOOP: list[JsonInput] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Set(("x",), float("nan")), "the number is not finite, or too large for JSON"),
        (Set(("x",), [float("-inf")]), "the number is not finite, or too large for JSON"),
        (Set(("x",), 10**309), "the number is not finite, or too large for JSON"),
        (Set(("x",), "\ud800"), "'\\ud800' is not valid Unicode"),
        (Set(("\udcff",), 1), "'\\udcff' is not valid Unicode"),
        (Unset(("\udcff",)), "'\\udcff' is not valid Unicode"),
        (Set(("x",), {"\ud800": 1}), "'\\ud800' is not valid Unicode"),
        (Set(("x",), b"x"), "a bytes is no JSON value"),
        (Set(("x",), {1: 1}), "the key 1 is no text"),  # type: ignore[dict-item]
        (Set(("x",), {1}), "a set is no JSON value"),  # type: ignore[arg-type]
        (Set((), 1), "daemon.json has to be an object"),
        (Unset(()), "nothing to unset: the path is empty"),
        (Set(("x",), nested(DEEPEST)), "nested deeper than 200 levels"),
        (Set(("x",) * (DEEPEST + 1), 1), "nested deeper than 200 levels"),
        (Set(("x",), LOOP), "nested deeper than 200 levels"),
        (Set(("text", "x"), 1), "cannot set text.x: text is a string, not an object"),
        (Set(("yes", "x"), 1), "cannot set yes.x: yes is a boolean, not an object"),
        (Set(("list", "0"), 1), "cannot set list.0: list is an array, not an object"),
        (
            Set(("deep", "number", "x", "y"), 1),
            "cannot set deep.number.x.y: deep.number is a number, not an object",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_said_in_the_file_is_refused(change: Change, message: str) -> None:
    data = b'{"text": "", "null": null, "yes": true, "list": [1], "deep": {"number": 1.5}}'
    with pytest.raises(EditError) as caught:
        edit(data, [change])
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ('{"log-opts": null}', ("log-opts", "max-size"), '{"log-opts": {"max-size": "1m"}}'),
        ('{"a": {"b" : null},\n"c": 1}', ("a", "b", "c"), '{"a": {"b" : {"c" : "1m"}},\n"c": 1}'),
    ],
)
def test_a_null_on_the_way_gives_place_to_an_object(before: str, path: tuple[str, ...], after: str) -> None:
    assert edit(before.encode(), [Set(path, "1m")]).decode() == after


def test_the_deepest_value_can_be_set() -> None:
    assert edit(b'{"x": 0}', [Set(("x",), nested(DEEPEST - 1))]).count(b"[") == DEEPEST - 1


def test_an_obstacle_on_the_way_is_named() -> None:
    with pytest.raises(EditError) as caught:
        edit(b'{"a": {"b": 1}}', [Set(("a", "b", "c"), 1)])
    assert (caught.value.path, caught.value.hint) == (("a", "b"), "unset a.b first, or set it to an object")


def test_a_path_that_is_one_text_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="not the string 'debug'"):
        edit(b"{}", [Set("debug", 1)])  # type: ignore[arg-type]


def test_a_file_that_is_no_json_is_not_edited() -> None:
    with pytest.raises(ScanError):
        edit(b"{,}", [DRIVER])


RFC_7396: list[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({"a": "foo"}, {"b": {"c": None}}, {"a": "foo", "b": {}}),
    ({"a": "foo"}, {"a": {"b": {"ccc": None}}}, {"a": {"b": {}}}),
    ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {}}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), RFC_7396, ids=[str(row[1]) for row in RFC_7396])
def test_a_merge_patch_gives_what_rfc_7396_says(
    before: Mapping[str, Any], patch: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    assert json.loads(merge_patch(json.dumps(before).encode(), patch)) == after


def test_a_merge_patch_touches_what_it_names_only() -> None:
    before = b'{\n  "a": {"x" :1, "y" :2},\n  "b": [ ],\n  "c": 1.0\n}\n'
    after = b'{\n  "a": {"x" :1, "y" :3},\n  "b": [ ],\n  "d": true\n}\n'
    assert merge_patch(before, {"a": {"y": 3}, "c": None, "d": True}) == after


def test_a_merge_patch_of_an_absent_file_makes_one() -> None:
    assert merge_patch(None, {"a": 1, "b": None}) == b'{\n  "a": 1\n}\n'


def test_a_merge_patch_has_to_be_an_object() -> None:
    with pytest.raises(EditError, match="has to be an object"):
        merge_patch(b"{}", [1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda text, _: text + "}", "would break it"),
        (lambda text, _: text, "would not give the wanted values"),
        (lambda _, splices: '{"b": 2, "a":1}' if splices else "", "would not give the wanted values"),
        (lambda _, splices: '{"a": 1, "b": 2}' if splices else "", "would change more than was asked for"),
        (lambda _, splices: '\ufeff{"a":1,"b":2}' if splices else "", "would change more than was asked for"),
    ],
    ids=["no JSON", "nothing done", "another order", "a blank more", "a byte order mark"],
)
def test_an_edit_that_goes_wrong_is_found(monkeypatch: pytest.MonkeyPatch, broken: Any, message: str) -> None:
    monkeypatch.setattr(rewrite, "_spliced", broken)
    with pytest.raises(EditBugError, match=message):
        edit(b'{"a":1}', [Set(("b",), 2)])
