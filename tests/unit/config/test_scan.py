"""Scanning: what is accepted, with which spans and values, and how everything else is refused."""

import codecs
import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.scan import DEEPEST, ArrayNode, Node, ObjectNode, ScalarNode, ScanError, scan

PROPERTY = settings(max_examples=150)

ACCEPTED = {
    "an empty object": "{}",
    "every kind of value": '{"a": "x", "b": 1, "c": -1.5e3, "d": true, "e": false, "f": null, "g": [], "h": {}}',
    "nesting": '{"a": {"b": [{"c": [1, [2]]}, {}]}}',
    "blanks everywhere": ' \t\r\n{ \n"a"\t:\r\n1 ,"b" : [ 1 , 2 ] } \n\n',
    "no blanks": '{"a":{"b":[1,"c",null]}}',
    "every escape": r'{"\"\\\/\b\f\n\r\t\u00e9": "\"\\\/\b\f\n\r\t\u00E9"}',
    "a surrogate pair": r'{"a": "\ud83d\ude00"}',
    "text beyond ASCII": '{"é": "日本\U0001f600\u2028"}',
    "a delete character in a string": '{"a": "\x7f"}',
    "the largest float": '{"a": 1.7976931348623157e308}',
    "an integer beyond 64 bits": '{"a": 123456789012345678901234567890}',
    "minus zero": '{"a": -0, "b": -0.0}',
    "a number too small for a float": '{"a": 1e-999}',
    "an empty key": '{"": 1}',
    "keys that differ in case": '{"debug": true, "Debug": false}',
}

REFUSED = [
    ("a // comment", '{\n  // log\n  "a": 1\n}', 2, 3, "comments are not allowed in daemon.json"),
    ("a # comment", '{\n  "a": 1 # log\n}', 2, 10, "comments are not allowed in daemon.json"),
    ("a /* comment", '/* log */ {"a": 1}', 1, 1, "comments are not allowed in daemon.json"),
    ("a comment glued to a number", '{"a": 1// x\n}', 1, 8, "comments are not allowed in daemon.json"),
    ("a comment at the end", '{"a": 1}\n# end\n', 2, 1, "comments are not allowed in daemon.json"),
    (
        "a trailing comma in an object",
        '{\n  "a": 1,\n}',
        2,
        9,
        "trailing commas are not allowed in daemon.json",
    ),
    ("a trailing comma in an array", '{"a": [1, ]}', 1, 9, "trailing commas are not allowed in daemon.json"),
    ("single quotes", "{'a': 1}", 1, 2, "single quotes are not allowed in daemon.json"),
    ("single quotes around a value", "{\"a\": 'x'}", 1, 7, "single quotes are not allowed in daemon.json"),
    ("typographic quotes", "{\u201ca\u201d: 1}", 1, 2, "\u201c is no JSON quote"),
    ("a duplicate key", '{"a": 1,\n "a": 2}', 2, 2, 'the key "a" is given twice: first at line 1, column 2'),
    (
        "a duplicate key deep down",
        '{"a": {"b": [{"c": 1, "d": 2, "c": 3}]}}',
        1,
        31,
        'the key "c" is given twice: first at line 1, column 15',
    ),
    (
        "a duplicate key in disguise",
        '{"a":1,"\\u0061":2}',
        1,
        8,
        'the key "a" is given twice: first at line 1, column 2',
    ),
    ("a second object", '{"a": 1}\n{"b": 2}\n', 2, 1, "a second object follows the first"),
    ("trailing text", '{"a": 1} x', 1, 10, "x follows the closing brace"),
    ("a brace too many", '{"a": 1}}', 1, 9, "one } too many"),
    ("a comma at the end", '{"a": 1},', 1, 9, "a comma follows the closing brace"),
    ("a brace too early", '{"a": 1}\n"b": 2', 2, 1, "the object is closed before the end of the file"),
    ("no outer braces", ' "dns": ["1.1.1.1"]\n', 1, 2, "the outer braces are missing"),
    ("a top-level array", "[1]", 1, 1, "the top level is an array, not an object"),
    ("a top-level string", '"x"', 1, 1, "the top level is a string, not an object"),
    ("a top-level number", "12", 1, 1, "the top level is a number, not an object"),
    ("a top-level boolean", "true", 1, 1, "the top level is a boolean, not an object"),
    ("two top-level nulls", "null null", 1, 6, "something follows null at the top level"),
    ("an error page", "\n<!DOCTYPE html><html></html>", 2, 1, "this is an HTML or XML page, not JSON"),
    ("YAML", "log-driver: local\n", 1, 1, "log-driver is no JSON"),
    ("a template", "{{ docker_daemon | to_json }}", 1, 1, "{{ looks like a template that was not filled in"),
    (
        "a variable for a value",
        '{"a": [$registry] }',
        1,
        8,
        "$registry looks like a template that was not filled in",
    ),
    ("a template for a value", '{"a": {{ x }} }', 1, 7, "{{ looks like a template that was not filled in"),
    ("a merge conflict", '{\n<<<<<<< HEAD\n"a": 1}', 2, 1, "a merge conflict marker"),
    ("a missing comma", '{\n  "a": 1\n  "b": 2\n}', 2, 9, "a comma is missing here"),
    ("a missing comma in an array", '{"a": [1 2]}', 1, 9, "a comma is missing here"),
    ("a comma too many", '{"a": 1,, "b": 2}', 1, 9, "a comma too many"),
    ("a missing item", '{"a": [1,,2]}', 1, 10, "a value is missing before this comma"),
    ("a missing value", '{"a": }', 1, 5, "a value is missing after this colon"),
    ("a key alone", '{"a"}', 1, 5, "this key has no value"),
    ("a missing colon", '{"a" 1}', 1, 5, "a colon is missing after this key"),
    ("an equals sign", '{"a" = 1}', 1, 6, "= stands where a colon has to"),
    ("a semicolon", '{"a": 1; "b": 2}', 1, 8, "; stands where a comma has to"),
    ("something odd for a comma", '{"a": "x" <- y}', 1, 11, "<- stands where a comma or } has to"),
    ("a second colon", '{"a": "b": "c"}', 1, 10, "a second colon after one key"),
    ("a key in an array", '{"a": ["b": 1]}', 1, 11, "an array holds values, not keys"),
    ("a key without quotes", "{a: 1}", 1, 2, "the key a is not in double quotes"),
    ("a bracket for a key", "{]", 1, 2, "] stands where a key has to"),
    ("an object for a key", '{ {"a": 1} }', 1, 3, "{ stands where a key has to"),
    ("a value without quotes", '{"max-size": 10m}', 1, 14, "10m is not in double quotes"),
    ("an address without quotes", '{"dns": [192.168.1.13]}', 1, 10, "192.168.1.13 is not in double quotes"),
    ("a word without quotes", '{"log-driver": local}', 1, 16, "local is not in double quotes"),
    ("Python's True", '{"a": True}', 1, 7, "True is no JSON"),
    ("YAML's yes", '{"a": yes}', 1, 7, "yes is no JSON"),
    ("true in capitals", '{"a": TRUE}', 1, 7, "TRUE is no JSON"),
    ("true with a tail", '{"a": truely}', 1, 7, "truely is not in double quotes"),
    ("NaN", '{"a": NaN}', 1, 7, "NaN is no JSON number"),
    ("Infinity", '{"a": Infinity}', 1, 7, "Infinity is no JSON number"),
    ("-Infinity", '{"a": -Infinity}', 1, 7, "-Infinity is no JSON number"),
    ("a leading zero", '{"a": 01}', 1, 7, "01 is no JSON number: leading zeros"),
    ("a plus sign", '{"a": +1}', 1, 7, "+1 is no JSON number: a plus sign"),
    ("no digit after the point", '{"a": 1.}', 1, 7, "1. is no JSON number"),
    ("no digit before the point", '{"a": .5}', 1, 7, ".5 is no JSON number"),
    ("no digit in the exponent", '{"a": 1e}', 1, 7, "1e is no JSON number"),
    ("a hexadecimal number", '{"a": 0x1F}', 1, 7, "0x1F is not in double quotes"),
    ("digits that are not ASCII", '{"a": 1\u0661}', 1, 7, "1\u0661 is not in double quotes"),
    ("a minus alone", '{"a": -}', 1, 7, "- is no JSON value"),
    ("a float beyond 64 bits", '{"a": 1e309}', 1, 7, "the number 1e309 is too large"),
    ("an integer beyond floats", '{"a": 9' + "9" * 400 + "}", 1, 7, f"the number {'9' * 40}... is too large"),
    ("a brace for a bracket", '{"a": [1}', 1, 9, "} cannot close the array that begins at line 1, column 7"),
    (
        "a bracket for a brace",
        '{"a": {"b": 1]',
        1,
        14,
        "] cannot close the object that begins at line 1, column 7",
    ),
    (
        "a cut file",
        '{\n  "a": 1\n',
        2,
        9,
        "the file ends before the object that begins at line 1, column 1 is closed",
    ),
    (
        "a file cut in an array",
        '{"a": [1,',
        1,
        10,
        "the file ends before the array that begins at line 1, column 7 is closed",
    ),
    ("a file cut in a string", '{"a": "x', 1, 7, "the string that begins here is never closed"),
    (
        "a line break in a string",
        '{"a": "x\n"}',
        1,
        7,
        "the string that begins here is not closed on its line",
    ),
    ("a tab in a string", '{"a": "x\ty"}', 1, 9, "a tab inside a string"),
    (
        "a control character in a string",
        '{"a": "x\x01"}',
        1,
        9,
        "a control character (U+0001) inside a string",
    ),
    (
        "the last control character in a string",
        '{"a": "\x1f"}',
        1,
        8,
        "a control character (U+001F) inside a string",
    ),
    ("an unknown escape", r'{"a": "C:\Docker"}', 1, 10, r"\D is no JSON escape"),
    ("an escaped single quote", r"""{"a": "it\'s"}""", 1, 10, r"\' is no JSON escape"),
    ("a short escape", r'{"a": "\u12"}', 1, 8, r"\u needs four hexadecimal digits"),
    ("an escape with a sign", r'{"a": "\u+123"}', 1, 8, r"\u needs four hexadecimal digits"),
    ("a lone high surrogate", r'{"a": "x\ud83dy"}', 1, 9, r"\ud83d is half a character"),
    ("a lone low surrogate", r'{"a": "\ud83d\ude00\\ud83d\ude00"}', 1, 27, r"\ude00 is half a character"),
    ("a lone surrogate in a key", r'{"\uDE00": 1}', 1, 3, r"\uDE00 is half a character"),
    ("a no-break space", '{\u00a0"a": 1}', 1, 2, "a no-break space (U+00A0) between values"),
    ("a form feed", '{"a": 1\f}', 1, 8, "a form feed (U+000C) between values"),
    ("a second byte order mark", "\ufeff\ufeff{}", 1, 1, "a second byte order mark (U+FEFF) between values"),
    ("a NUL character", '{"a": 1}\0', 1, 9, "a NUL character"),
    ("only a closing brace", "}", 1, 1, "} closes nothing"),
    ("columns count characters", '{"日本\U0001f600": x}', 1, 9, "x is not in double quotes"),
    ("columns leave out the byte order mark", "\ufeff{x}", 1, 2, "the key x is not in double quotes"),
    ("lines end with CRLF", '{\r\n"a": 1,\r\n"b": x}', 3, 6, "x is not in double quotes"),
    ("lines end with CR", '{\r"a": 1,\r"b": x}', 3, 6, "x is not in double quotes"),
]


def walk(node: Node) -> list[Node]:
    nodes: list[Node] = [node]
    if isinstance(node, ObjectNode):
        nodes += [inner for member in node.members for inner in walk(member.value)]
    elif isinstance(node, ArrayNode):
        nodes += [inner for item in node.items for inner in walk(item)]
    return nodes


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_value_is_the_one_the_standard_library_reads(text: str) -> None:
    assert repr(scan(text.encode()).value) == repr(json.loads(text))


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_every_span_holds_the_text_of_its_node(text: str) -> None:
    document = scan(text.encode())
    assert document.root is not None
    for node in walk(document.root):
        assert repr(json.loads(document.text[node.start : node.end])) == repr(node.value)


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_every_key_span_holds_the_key_with_its_quotes(text: str) -> None:
    document = scan(text.encode())
    assert document.root is not None
    members = [
        member for node in walk(document.root) if isinstance(node, ObjectNode) for member in node.members
    ]
    assert [json.loads(document.text[slice(*member.key_span)]) for member in members] == [
        m.key for m in members
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_refusal_says_what_it_is_and_where(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ScanError) as caught:
        scan(text.encode())
    error = caught.value
    assert (error.line, error.column, error.message) == (line, column, message)


@pytest.mark.parametrize("text", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_refusal_says_what_to_do(text: str) -> None:
    with pytest.raises(ScanError) as caught:
        scan(text.encode())
    assert caught.value.hint


def test_an_error_reads_as_place_and_message() -> None:
    with pytest.raises(ScanError, match=r"^line 1, column 2: the key a is not in double quotes$"):
        scan(b"{a: 1}")


def test_the_hint_tells_of_a_missing_bracket_where_a_list_is_closed_in_an_object() -> None:
    with pytest.raises(ScanError) as caught:
        scan(b'{ "insecure-registries":"registry:5000"] }')
    assert caught.value.hint == "put [ in front of the list that this closes, or } in its place"


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("True", "true"),
        ("FALSE", "false"),
        ("None", "null"),
        ("on", "true"),
        ("No", "false"),
        ("-007", "-7"),
        ("+0", "0"),
    ],
)
def test_the_hint_gives_the_right_spelling(word: str, right: str) -> None:
    with pytest.raises(ScanError) as caught:
        scan(f'{{"a": {word}}}'.encode())
    assert f"write {right}" in caught.value.hint


@pytest.mark.parametrize("data", [None, b"", b" \n\t\r\n", codecs.BOM_UTF8, b"null", b" null\n"], ids=repr)
def test_a_file_without_an_object_is_an_empty_configuration(data: bytes | None) -> None:
    assert (scan(data).root, scan(data).value) == (None, {})


@pytest.mark.parametrize(
    ("codec", "mark"),
    [("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)],
)
def test_a_byte_order_mark_decides_the_encoding(codec: str, mark: bytes) -> None:
    assert scan(mark + '{"é": "\U0001f600"}'.encode(codec)).value == {"é": "\U0001f600"}


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b'{"a":\n "\xc3\xa9\xff"}', 2, 4, "not valid UTF-8: byte 0xff at offset 10"),
        (b'\xef\xbb\xbf{"\xff"}', 1, 3, "not valid UTF-8: byte 0xff at offset 5"),
        (b'{"\xed\xa0\x80": 1}', 1, 3, "not valid UTF-8: byte 0xed at offset 2"),
        (b'{"\xc0\xaf": 1}', 1, 3, "not valid UTF-8: byte 0xc0 at offset 2"),
        (b"\xff\xfe{\0}", 1, 2, "not valid UTF-16-LE: byte 0x7d at offset 4"),
        (b"\xfe\xff\0{\xd8\x00\0}", 1, 2, "not valid UTF-16-BE: byte 0xd8 at offset 4"),
    ],
    ids=[
        "a stray byte",
        "after a mark",
        "an encoded surrogate",
        "an overlong form",
        "half a unit",
        "half a pair",
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_place(
    data: bytes, line: int, column: int, message: str
) -> None:
    with pytest.raises(ScanError) as caught:
        scan(data)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)


def test_utf_16_without_a_mark_is_named() -> None:
    with pytest.raises(ScanError) as caught:
        scan("{}".encode("utf-16-be"))
    assert "looks like UTF-16" in caught.value.hint


@pytest.mark.parametrize(("opener", "closer"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_the_deepest_nesting_is_scanned(opener: str, closer: str) -> None:
    levels = DEEPEST - 1
    assert scan(('{"a":' + opener * levels + "1" + closer * levels + "}").encode()).root


@pytest.mark.parametrize("levels", [DEEPEST, 1_000_000])
@pytest.mark.parametrize("opener", ["[", '{"a":'], ids=["arrays", "objects"])
def test_deeper_nesting_is_refused(opener: str, levels: int) -> None:
    with pytest.raises(ScanError, match="nested deeper than 200 levels"):
        scan(('{"a":' + opener * levels).encode())


@pytest.mark.parametrize("container", ["[]", "{}"])
def test_an_empty_container_counts_as_a_level(container: str) -> None:
    with pytest.raises(ScanError, match="nested deeper"):
        scan(('{"a":' + "[" * (DEEPEST - 1) + container).encode())


def test_numbers_keep_their_text() -> None:
    document = scan(b'{"a": 1.50E+1, "b": 123456789012345678901234567890}')
    assert document.root is not None
    texts = [document.text[member.value.start : member.value.end] for member in document.root.members]
    assert texts == ["1.50E+1", "123456789012345678901234567890"]


def test_a_member_is_found_by_its_path() -> None:
    member = scan(b'{"builder": {"gc": {"enabled": true}}}').member(("builder", "gc", "enabled"))
    assert member is not None
    assert isinstance(member.value, ScalarNode)


@pytest.mark.parametrize("path", [(), ("b",), ("a", "b"), ("a", "b", "c"), ("c", "0")])
def test_no_member_is_found_where_none_is(path: tuple[str, ...]) -> None:
    assert scan(b'{"a": 1, "c": [1]}').member(path) is None


def test_both_characters_of_a_line_end_belong_to_their_line() -> None:
    document = scan(b"{\r\n}")
    assert [document.place(offset).line for offset in range(4)] == [1, 1, 1, 2]


def test_a_document_tells_the_place_of_a_member() -> None:
    document = scan('\ufeff{\r\n  "é": 1, "b": 2\r\n}'.encode())
    member = document.member(("b",))
    assert member is not None
    assert document.place(member.span.start) == (2, 11)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[' + "0," * 200_000 + "0]}",
        '{"a":"' + "\\n" * 400_000 + '"}',
        '{"a":"' + "\\n" * 400_000,
        '{"a":"' + "\\ud83d" * 130_000 + '"}',
        '{"a":"' + "\\ud83d\\ude00" * 65_000 + '\\ude00"}',
        '{"a":1' + "x" * 800_000,
        '{"a":' + "1" * 800_000 + "}",
        '{"a":[' + " " * 400_000 + "," + " " * 400_000,
        "[" * 800_000,
        "{" + ",".join(f'"{number}":1' for number in range(60_000)) + "}",
        "{" + "\r" * 800_000 + "x",
    ],
    ids=[
        "items",
        "escapes",
        "escapes without an end",
        "lone surrogates",
        "surrogate pairs",
        "text without quotes",
        "digits",
        "blanks",
        "nesting",
        "keys",
        "line ends",
    ],
)
def test_time_grows_with_size_only(text: str) -> None:
    data = text.encode()
    before = time.process_time()
    with contextlib.suppress(ScanError):
        scan(data)
    assert time.process_time() - before < 5


JSON_LIKE = st.lists(
    st.sampled_from(
        [
            *"{}[],:\"10-.+ \n\t\f\\#'\0\x7f\u00a0\ufeffé",
            '"a"',
            '"b"',
            "e5",
            "true",
            "null",
            "NaN",
            "//",
            "\\u",
            "d83d",
        ]
    ),
    max_size=14,
).map("".join)
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
ALMOST_JSON = st.builds(
    lambda tree, at, stray: (
        (text := json.dumps(tree))[: at % (len(text) + 1)] + stray + text[at % (len(text) + 1) :]
    ),
    st.dictionaries(st.text(max_size=8), TREES, max_size=3),
    st.integers(0, 200),
    JSON_LIKE,
)


@PROPERTY
@given(JSON_LIKE.map("{{{}}}".format) | JSON_LIKE | ALMOST_JSON)
def test_what_is_accepted_the_standard_library_accepts_with_the_same_value(text: str) -> None:
    data = text.encode("utf-8", "replace")
    try:
        value = scan(data).value
    except ScanError:
        return
    body = data.removeprefix(codecs.BOM_UTF8).strip()
    assert repr(value) == repr(json.loads(body or b"{}") or {})


@PROPERTY
@given(
    tree=st.dictionaries(st.text(max_size=8), TREES, max_size=4),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1, "\t"]),
)
def test_what_the_standard_library_writes_is_accepted(
    tree: dict[str, object], *, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    assert repr(scan(text.encode()).value) == repr(json.loads(text))


@PROPERTY
@given(st.binary(max_size=40))
def test_any_bytes_are_scanned_or_refused(data: bytes) -> None:
    try:
        scan(data)
    except ScanError as error:
        assert error.line >= 1 <= error.column  # noqa: PT017 - either outcome is fine, a place is always there
