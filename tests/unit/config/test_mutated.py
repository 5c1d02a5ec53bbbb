"""check and set-logs, over texts damaged in every way that hands, editors and programs damage a daemon.json.

What is damaged are a few texts of our own and, where they lie beside the checkout, files that real people wrote.
"""

import codecs
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any, Final

import jsonschema
import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.change import ConfigFacts, ConfigPlan, ConfigRequest, plan_change
from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, parse
from dockerd_cfg.config.judge import refuse_errors
from dockerd_cfg.config.scan import scan
from dockerd_cfg.config.set_logs import SetLogsRequest, edits_for, wanted_settings
from dockerd_cfg.errors import DockerdCfgError, InvalidConfig, PreflightRefused
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import DAEMON_JSON, DEFAULT_DATA_ROOT, STATE, HostPath, Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from dockerd_cfg.service.inventory import Inventory
from dockerd_cfg.service.state import DockerState

CORPUS: Final = Path(__file__).resolve().parents[4] / "shared" / "corpus"
OUR_OWN: Final = (
    b"",
    b"{}",
    b"{\n}\n",
    b"null\n",
    b'{"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}',
    b'{\r\n\t"dns": ["192.0.2.1", "192.0.2.2"],\r\n\t"debug": true\r\n}\r\n',
    '{\n  "log-driver": "splunk",\n  "log-opts": {\n    "splunk-token": "geheim",\n    "tag": "é"\n  }\n}'.encode(),
    b"""{
    "builder": {"gc": {"enabled": true, "policy": [{"keepStorage": "10GB", "filter": ["unused-for=48h"]}]}},
    "default-address-pools": [{"base": "10.1.0.0/16", "size": 24}],
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 64000, "Soft": 64000}},
    "features": {"containerd-snapshotter": false},
    "labels": ["site=a"],
    "log-opts": {"labels": "site", "max-file": "2"},
    "runtimes": {"other": {"path": "/usr/bin/other", "runtimeArgs": ["--debug"]}}
}
""",
)
SEEDS: Final = (*OUR_OWN, *(path.read_bytes() for path in sorted(CORPUS.glob("*/*.json"))))

TEXTS: Final = 20_000
CHUNK: Final = 1_000
SAMPLE_EVERY: Final = 100
SAMPLE_CHUNK: Final = 2_000

V28: Final = DockerVersion(28, 5, 2)
VERSIONS: Final = (None, DockerVersion(20, 10, 24), DockerVersion(26, 1, 5), V28, DockerVersion(29, 7, 2))
FLAGS: Final = (
    (),
    ("/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"),
    ("/usr/bin/dockerd", "--log-driver=journald"),
    ("/usr/bin/dockerd", "-D", "--log-opt", "max-size=5m", "--dns", "192.0.2.9"),
)
REQUESTS: Final = (
    SetLogsRequest(),
    SetLogsRequest(driver="local"),
    SetLogsRequest(driver="json-file", max_size="10m", max_file="5"),
    SetLogsRequest(options={"compress": "true"}),
    SetLogsRequest(driver="journald"),
    SetLogsRequest(max_size="nonsense"),
)

# Damage

Damage = Callable[[bytes, Random], bytes]

STRAYS: Final = [
    *(bytes([sign]) for sign in b"{}[]:,\"'\\/ \n\r\t0-"),
    *(b"\0", b"\x07", b"\x1b[0m", b"\x7f", b"\x85", b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"),
    *(b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xe2\x80\x9c", b"\xf0\x9f\x98\x80"),
    *(b"\\u", b"\\ud800", b"\\udc00", b"\\u0000", b"\\x41", b"${HOME}", b"{{ name }}", b"<<<<<<< HEAD\n"),
]  # fmt: skip
COMMENTS: Final = [
    b"// why",
    b"# why",
    b"/* why */",
    b'// "debug": true,',
    b"/* why",
    b"<!-- why -->",
    b"; why",
]
VALUES: Final = [
    *(b"null", b"true", b"false", b"True", b"yes", b"{}", b"[]", b"[null]", b"[[[]]]", b'{"a": null}', b'["a", 1]'),
    *(b"0", b"-1", b"-0", b"5", b"1.5", b"1E5", b"010", b"0x10", b"+1", b".5", b"1.", b"1e400", b"-1e400"),
    *(b"12345678901234567890", b"9" * 300, b"9" * 400, b"9" * 5000, b"1e-999", b"NaN", b"Infinity", b"-Infinity"),
    *(b'""', b'" "', b'"0"', b'"-1"', b'"10m"', b'"10 MB"', b'"true"', b'"1"', b'"a=b"', b'"/srv/x"', b'"../x"'),
    *(b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\\u0000"', b'"\\n"', b'"a\tb"', b'"' + b"x" * 3000 + b'"', "'é'".encode()),
    *(b'"json-file"', b'"local"', b'"journald"', b'"syslog"', b'"splunk"', b'"none"', b'"me/plugin:latest"', b'"Local"'),
    *(b'{"max-size": 10}', b'{"max-size": "x", "max-file": "0"}', b'{"max-size": "10m", "MAX-SIZE": "5m"}'),
]  # fmt: skip
DEPTHS: Final = [1, 2, 5, 50, 198, 199, 200, 201, 1000, 20_000]

VALUE: Final = re.compile(rb':\s*("[^"\n]*"|[\w.+-]+)')
KEY: Final = re.compile(rb'"([\w.-]+)"(?=\s*:)')
MEMBER: Final = re.compile(rb'"[\w.-]+"\s*:\s*(?:"[^"\n]*"|[\w.+-]+|\{[^{}]*\}|\[[^\[\]]*\])')
SIGN: Final = re.compile(rb'["{}\[\],:]')
CLOSER: Final = re.compile(rb"[}\]]")
LINE_END: Final = re.compile(rb"\n|$")
DIGITS: Final = re.compile(rb'"(\d+)"|(?<=[ :\[])(\d+)')


def somewhere(data: bytes, random: Random) -> int:
    return random.randrange(len(data) + 1)


def stretch(data: bytes, random: Random) -> slice:
    start = somewhere(data, random)
    return slice(start, start + random.choice([1, 1, 2, 5, 20, 80]))


def spliced(data: bytes, start: int, end: int, new: bytes) -> bytes:
    return data[:start] + new + data[end:]


def one_of(pattern: re.Pattern[bytes], data: bytes, random: Random) -> tuple[int, int]:
    """The place of one match, a group's where it has one; the end of the text where there is none."""
    matches = list(pattern.finditer(data))
    if not matches:
        return len(data), len(data)
    match = random.choice(matches)
    return match.span(1 if pattern.groups == 1 else 0)


def flip_bit(data: bytes, random: Random) -> bytes:
    at = somewhere(data, random)
    return spliced(data, at, at + 1, bytes(byte ^ 1 << random.randrange(8) for byte in data[at : at + 1]))


def delete(data: bytes, random: Random) -> bytes:
    where = stretch(data, random)
    return spliced(data, where.start, where.stop, b"")


def insert(data: bytes, random: Random) -> bytes:
    at = somewhere(data, random)
    return spliced(data, at, at, random.choice(STRAYS))


def overwrite(data: bytes, random: Random) -> bytes:
    at = somewhere(data, random)
    return spliced(data, at, at + 1, random.choice(STRAYS))


def duplicate(data: bytes, random: Random) -> bytes:
    where = stretch(data, random)
    return spliced(data, where.start, where.start, data[where])


def truncate(data: bytes, random: Random) -> bytes:
    return data[: somewhere(data, random)]


def behead(data: bytes, random: Random) -> bytes:
    return data[somewhere(data, random) :]


def swap_lines(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def drop_sign(data: bytes, random: Random) -> bytes:
    start, end = one_of(SIGN, data, random)
    return spliced(data, start, end, b"")


def comment(data: bytes, random: Random) -> bytes:
    at, _ = one_of(LINE_END, data, random)
    return spliced(data, at, at, b" " + random.choice(COMMENTS))


def trailing_comma(data: bytes, random: Random) -> bytes:
    at, _ = one_of(CLOSER, data, random)
    return spliced(data, at, at, b",")


def single_quotes(data: bytes, random: Random) -> bytes:
    start, end = one_of(KEY, data, random)
    return spliced(data, start - 1, end + 1, b"'" + data[start:end] + b"'") if start < end else data


def other_line_ends(data: bytes, random: Random) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\n", b" \n"]))


def other_encoding(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    codec = random.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7"])
    mark = random.choice([b"", b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
    return mark + text.encode(codec, "replace")


def marked(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return random.choice(
        [
            codecs.BOM_UTF8 + data,
            codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
            codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        ]
    )


def concatenate(data: bytes, random: Random) -> bytes:
    return data + random.choice([b"", b"\n", b",", b"---\n"]) + random.choice(SEEDS)


def other_value(data: bytes, random: Random) -> bytes:
    start, end = one_of(VALUE, data, random)
    return spliced(data, start, end, random.choice(VALUES))


def number_for_text(data: bytes, random: Random) -> bytes:
    matches = list(DIGITS.finditer(data))
    if not matches:
        return data
    match = random.choice(matches)
    return spliced(data, *match.span(), match[1] or b'"' + match[2] + b'"')


def other_case(data: bytes, random: Random) -> bytes:
    start, end = one_of(KEY, data, random)
    key = data[start:end]
    other = [key.upper(), key.title(), key.replace(b"-", b"_"), key.replace(b"-", b""), key + b"s", key[:-1]]
    return spliced(data, start, end, random.choice(other))


def repeat_member(data: bytes, random: Random) -> bytes:
    start, end = one_of(MEMBER, data, random)
    again = data[start:end].replace(b"e", random.choice([b"e", b"e", b"E", b"\\u0065"]))
    return spliced(data, end, end, b", " + again) if start < end else data


def drop_member(data: bytes, random: Random) -> bytes:
    start, end = one_of(MEMBER, data, random)
    return data[:start].rstrip(b", \n\t") + data[end:]


def nest(data: bytes, random: Random) -> bytes:
    start, end = one_of(VALUE, data, random)
    depth = random.choice(DEPTHS)
    opener, closer = random.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"[", b""), (b'[{"a":', b"}]")])
    return spliced(data, start, end, opener * depth + data[start:end] + closer * depth)


def add_option(data: bytes, random: Random) -> bytes:
    name = random.choice([*options(), "log-opt", "storage_driver", "", "a.b", "é"])
    known = options().get(name)
    examples = [json.dumps(one).encode() for one in known.examples] if known else []
    return with_member(data, name, random.choice(examples * 10 + VALUES))


def add_logging(data: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        return with_member(data, "log-driver", random.choice(VALUES))
    names = [
        "max-size",
        "max-file",
        "compress",
        "tag",
        "labels",
        "mode",
        "syslog-address",
        "splunk-token",
        "x",
    ]
    members = [
        f'"{name}": {random.choice(VALUES[:3] + VALUES[-25:]).decode()}'
        for name in random.sample(names, random.randrange(4))
    ]
    return with_member(data, "log-opts", f"{{{', '.join(members)}}}".encode())


def with_member(data: bytes, name: str, value: bytes) -> bytes:
    head, brace, tail = data.partition(b"{")
    if not brace:
        return data
    comma = b"" if tail.lstrip().startswith(b"}") else b", "
    return head + brace + json.dumps(name, ensure_ascii=False).encode() + b": " + value + comma + tail


BREAKING: Final[list[Damage]] = [
    flip_bit,
    delete,
    insert,
    overwrite,
    duplicate,
    truncate,
    behead,
    swap_lines,
    drop_sign,
    comment,
    trailing_comma,
    single_quotes,
    other_encoding,
    concatenate,
    repeat_member,
    nest,
]
BENDING: Final[list[Damage]] = [
    other_line_ends,
    marked,
    other_value,
    number_for_text,
    other_case,
    drop_member,
    nest,
    add_option,
    add_option,
    add_logging,
    add_logging,
]


def mutated(number: int) -> bytes:
    """The damaged text of that number, always the same; half of them are damaged so that they may still be JSON."""
    random = Random(number)  # noqa: S311 - repeatable damage, no secrets
    kinds = BENDING if number % 2 else BREAKING + BENDING
    data = random.choice(SEEDS)
    for _ in range(random.choice([1, 1, 1, 2, 2, 3, 5])):
        data = random.choice(kinds)(data, random)
    return data


# What becomes of a text


def running_docker() -> DockerState:
    info = Info(
        version="28.5.2",
        data_root=DEFAULT_DATA_ROOT,
        driver="overlay2",
        image_store="graphdriver",
        log_driver="json-file",
        live_restore=False,
        swarm="inactive",
        security=(),
    )
    nothing: frozenset[str] = frozenset()
    inventory = Inventory(
        DEFAULT_DATA_ROOT, "overlay2", "graphdriver", frozenset({"sha256:1"}), nothing, nothing, nothing
    )
    return DockerState(
        active_units=frozenset({DOCKER_SERVICE}),
        failed_units=nothing,
        invocation="1",
        info=info,
        inventory=inventory,
    )


@dataclass(frozen=True)
class Planned:
    """What planning came to: the value before, the value wanted, the new text, and the plan with its findings."""

    wanted: dict[str, Any]
    after: bytes
    plan: ConfigPlan


def set_logs(
    data: bytes, request: SetLogsRequest, version: DockerVersion | None, flags: Sequence[str]
) -> Planned:
    """What set-logs does before it touches anything. Raises InvalidConfig or PreflightRefused."""
    file = DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))
    settings = wanted_settings(file.value, request, version)
    facts = ConfigFacts(
        file=file, version=version, arguments=CommandLines(tuple(flags)), docker=running_docker()
    )
    edits = edits_for(settings)
    plan = plan_change(facts, ConfigRequest("set-logs", edits), created="2026-01-01T00:00:00+00:00")
    refuse_errors(plan.findings, file)
    after = data if plan.edit is None else plan.edit.new.image.data
    assert after is not None
    wanted: dict[str, Any] = file.value | {"log-driver": settings.driver}
    present = file.value.get("log-opts", {})
    if isinstance(present, dict):
        kept = {name: value for name, value in present.items() if name not in settings.dropped}
        wanted["log-opts"] = kept | dict(settings.options)
        if not wanted["log-opts"] and (settings.dropped or "log-opts" not in file.value):
            del wanted["log-opts"]  # what becomes empty goes
    return Planned(wanted, after, plan)


@dataclass(frozen=True)
class Trial:
    """One damaged text, the Docker it is for, and what is asked for."""

    number: int
    data: bytes

    @property
    def version(self) -> DockerVersion | None:
        return VERSIONS[self.number % len(VERSIONS)]

    @property
    def flags(self) -> tuple[str, ...]:
        return FLAGS[self.number // 5 % len(FLAGS)]

    @property
    def request(self) -> SetLogsRequest:
        return REQUESTS[self.number // 20 % len(REQUESTS)]

    @cached_property
    def checked(self) -> list[Finding]:
        with self.named():
            return check_bytes(self.data, version=self.version, flags=self.flags)

    @cached_property
    def outcome(self) -> Planned | InvalidConfig | PreflightRefused:
        with self.named():
            try:
                return set_logs(self.data, self.request, self.version, self.flags)
            except (InvalidConfig, PreflightRefused) as error:
                return error

    @contextmanager
    def named(self) -> Iterator[None]:
        """Name the text with every error that is none of ours."""
        try:
            yield
        except Exception as error:
            error.add_note(f"of {self}")
            raise

    def told(self) -> list[Finding]:
        """Every finding on the text as it is."""
        outcome = self.outcome
        is_about_it = isinstance(outcome, Planned) and outcome.plan.edit is None
        return [
            *self.checked,
            *(outcome.plan.findings if isinstance(outcome, Planned) and is_about_it else ()),
        ]


class Texts(list[Trial]):
    """A chunk of damaged texts."""

    @property
    def planned(self) -> Iterator[tuple[Trial, Planned]]:
        return ((one, one.outcome) for one in self if isinstance(one.outcome, Planned))

    @property
    def refused(self) -> Iterator[tuple[Trial, DockerdCfgError]]:
        return ((one, one.outcome) for one in self if isinstance(one.outcome, DockerdCfgError))


@pytest.fixture(scope="module", params=range(0, TEXTS, CHUNK), ids=lambda first: f"from {first}")
def texts(request: pytest.FixtureRequest) -> Texts:
    """A thousand damaged texts; what was found out about them is kept for the next test."""
    return Texts(Trial(number, mutated(number)) for number in range(request.param, request.param + CHUNK))


def lines(data: bytes) -> list[str]:
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
    mark, codec = next((pair for pair in marks.items() if data.startswith(pair[0])), (b"", "utf-8"))
    return re.split(r"\r\n|\r|\n", data.removeprefix(mark).decode(codec, "replace"))


def is_within(finding: Finding, text: Sequence[str]) -> bool:
    """Whether the finding has no place, or one in the text; behind the last character of a line is in it."""
    if finding.line is None or finding.column is None:
        return finding.line is finding.column
    return 1 <= finding.line <= len(text) and 1 <= finding.column <= len(text[finding.line - 1]) + 1


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def strictly(data: bytes) -> Any:
    """What the standard library reads, when it takes nothing that is not JSON."""
    return json.loads("\n".join(lines(data)), object_pairs_hook=unrepeated, parse_constant=no_constant)


def is_strict(data: bytes) -> bool:
    try:
        return isinstance(strictly(data), dict)
    except (ValueError, RecursionError):
        return False


def test_what_a_check_finds_has_a_code_and_a_message(texts: Texts) -> None:
    assert [one for one in texts if not all(found.code and found.message for found in one.checked)] == []


def test_what_a_check_finds_has_its_place_in_the_text(texts: Texts) -> None:
    assert [
        one for one in texts for text in [lines(one.data)] if not all(is_within(f, text) for f in one.told())
    ] == []


def test_what_no_strict_parser_reads_has_one_finding_with_a_place(texts: Texts) -> None:
    blank = {b"", b"null"}
    broken = [
        one
        for one in texts
        if not is_strict(one.data) and "\n".join(lines(one.data)).strip().encode() not in blank
    ]
    assert [one for one in broken if len(one.checked) != 1 or one.checked[0].line is None] == []


def test_texts_are_planned_for_and_refused(texts: Texts) -> None:
    assert min(len(list(texts.planned)), len(list(texts.refused))) > CHUNK / 10


def test_a_refusal_says_why(texts: Texts) -> None:
    assert [one for one, refusal in texts.refused if not refusal.message] == []


def test_what_a_refusal_names_has_a_code_and_a_message(texts: Texts) -> None:
    assert [one for one, it in texts.refused if not all(f.code and f.message for f in it.findings)] == []


def test_a_new_text_is_strict_json(texts: Texts) -> None:
    assert [one for one, planned in texts.planned if not is_strict(planned.after)] == []


def test_a_new_text_has_the_wanted_log_settings_and_is_else_the_same(texts: Texts) -> None:
    wrong = [one for one, it in texts.planned if json.dumps(strictly(it.after)) != json.dumps(it.wanted)]
    assert wrong == []


def test_what_is_found_in_a_new_text_has_its_place_there(texts: Texts) -> None:
    assert [
        one
        for one, it in texts.planned
        for text in [lines(it.after)]
        if not all(is_within(finding, text) for finding in it.plan.findings)
    ] == []


def test_a_new_text_needs_no_second_change(texts: Texts) -> None:
    def again(one: Trial, planned: Planned) -> ConfigPlan:
        with one.named():
            return set_logs(planned.after, one.request, one.version, one.flags).plan

    assert [one for one, it in texts.planned if again(one, it).plan is not None] == []


# The whole tool


class StrictDockerd(SandboxServices):
    """A pretended dockerd that reads files as the real one does, and refuses what our checks say it refuses."""

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        message = next(
            (found.message for found in check_bytes(data, version=V28, flags=flags) if found.is_error), None
        )
        return message or self._lost_root(scan(data).value)

    def _lost_root(self, value: dict[str, Any]) -> str | None:
        """Say that a sandbox has no such data root."""
        root = HostPath(value.get("data-root") or DEFAULT_DATA_ROOT)
        return None if root.is_absolute() and ".." not in root.parts else f"the sandbox has no {root}"

    def _load(self) -> dict[str, Any]:
        """Use the file, with or without a byte order mark; what is null or empty is not set."""
        path = self._layout.real(DAEMON_JSON)
        flags = self.unit(DOCKER_SERVICE).exec_start
        complaint = self.validate(path.read_bytes(), flags) if path.exists() else None
        if complaint is not None:
            raise ValueError(complaint)
        defaults = {"data-root": str(DEFAULT_DATA_ROOT), "log-driver": "json-file", "log-opts": {}}
        value: dict[str, Any] = scan(path.read_bytes()).value
        used = defaults | {name: one for name, one in value.items() if one not in (None, "")}
        self.write(config=used)
        return used


@dataclass(frozen=True)
class Answer:
    """How a command ended, what it printed for programs, what it said besides, and whether the file is the same."""

    number: int
    code: int
    out: str
    err: str
    is_same: bool


@dataclass(frozen=True)
class Machine:
    """A sandbox whose daemon.json is damaged."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / "etc/docker/daemon.json"

    def host(self) -> Host:
        services = StrictDockerd(Layout(self.root))
        return sandbox_host(self.root)._replace(systemd=services, docker=services, dockerd=services)

    def answer(self, number: int, *argv: str) -> Answer:
        """Let Docker run with the damaged text if it can, and run the command."""
        host, data = self.host(), mutated(number)
        shutil.rmtree(host.layout.real(STATE), ignore_errors=True)
        self.file.write_bytes(b"{}")
        host.systemd.restart(DOCKER_SERVICE)
        self.file.write_bytes(data)
        if host.dockerd.validate(data, host.processes.arguments(0)) is None:
            host.systemd.restart(DOCKER_SERVICE)
        out, err = io.StringIO(), io.StringIO()
        code = run([*argv, "--json"], make_host=self.host, report=Report(as_json=True, out=out, err=err))
        return Answer(number, code, out.getvalue(), err.getvalue(), self.file.read_bytes() == data)


@pytest.fixture(scope="module", params=range(0, TEXTS, SAMPLE_CHUNK), ids=lambda first: f"from {first}")
def sample(request: pytest.FixtureRequest, in_memory: Path) -> Iterator[tuple[Machine, range]]:
    """A machine for some of the texts, and their numbers."""
    root = in_memory / f"mutated {request.param}"
    make_sandbox(root, layers=1, files=2)
    # an odd step, so that both halves of the texts are met
    yield Machine(root), range(request.param, request.param + SAMPLE_CHUNK, SAMPLE_EVERY + 1)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def set_logs_answers(sample: tuple[Machine, range]) -> list[Answer]:
    machine, numbers = sample
    return [machine.answer(number, "set-logs", "--yes") for number in numbers]


@pytest.fixture(scope="module")
def check_answers(sample: tuple[Machine, range]) -> list[Answer]:
    machine, numbers = sample
    return [machine.answer(number, "check", str(machine.file)) for number in numbers]


@pytest.fixture(scope="module")
def answers(set_logs_answers: list[Answer], check_answers: list[Answer]) -> list[Answer]:
    return set_logs_answers + check_answers


@cache
def validator() -> Any:
    schema = Path(__file__).parents[3] / "schemas" / "result.schema.json"
    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def test_the_tool_prints_one_object_that_the_schema_allows(answers: list[Answer]) -> None:
    assert [
        one for one in answers if one.out.count("\n") != 1 or not validator().is_valid(json.loads(one.out))
    ] == []


def test_the_tool_does_it_or_refuses(answers: list[Answer]) -> None:
    assert [one for one in answers if one.code not in {0, 3, 4}] == []


def test_the_tool_shows_no_traceback(answers: list[Answer]) -> None:
    assert [one for one in answers if "Traceback" in one.err] == []


def test_a_file_is_left_alone_when_it_is_refused(set_logs_answers: list[Answer]) -> None:
    assert [one for one in set_logs_answers if one.code and not one.is_same] == []


def test_a_file_is_left_alone_when_it_is_checked(check_answers: list[Answer]) -> None:
    assert [one for one in check_answers if not one.is_same] == []


def test_the_tool_limits_logs_or_tells_of_an_error(set_logs_answers: list[Answer]) -> None:
    assert [
        one for one in set_logs_answers if (json.loads(one.out)["status"] == "ok") != (one.code == 0)
    ] == []
