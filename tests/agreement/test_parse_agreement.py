"""`check` and real dockerds agree on which daemon.json can be read: stage ``parse``."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.host.surroundings import Surroundings
from tests.agreement.binaries import SUITES, Dockerd, UnavailableError, dockerd
from tests.agreement.documents import Case, cases

pytestmark = pytest.mark.hosts

CORPUS: Final = Path(__file__).parents[3] / "shared" / "corpus" / "files"

# Of this machine only files count, of which HOME, where dockerd looks by default, has none.
HERE: Final = Surroundings(
    has_program=lambda _: True,
    has_file=lambda name: not name.startswith("/root/") and Path(name).is_file(),
    most_open_files=None,
    lacks_realtime=False,
)

_HOST: Final = "depends on what there is on the host"
_TOO_LARGE: Final = "dockerd overflows silently; refused on purpose"
_GO_UNITS: Final = (
    "upstream's 26.1.5 refuses it; Debian builds with an older go-units, and both are asked for"
)

# Where they differ, with the reason; a suite, or all of them.
EXCEPTIONS: Final = {
    ("*", '{"default-shm-size": "99999999999p"}'): _TOO_LARGE,
    ("trixie", '{"default-shm-size": "64Mi"}'): _GO_UNITS,
    ("trixie", '{"default-shm-size": "10ib"}'): _GO_UNITS,
    ("trixie", '{"userns-remap": "default"}'): _HOST,
    ("sid", '{"userns-remap": "default"}'): _HOST,
    ("trixie", '{"userland-proxy-path": "/usr/bin/docker-proxy"}'): _HOST,
    ("sid", '{"userland-proxy-path": "/usr/bin/docker-proxy"}'): _HOST,
}

# Files of the corpus with userns-remap, whose user must exist.
NEEDS_A_USER: Final = {"250.json"}


@pytest.fixture(scope="module", params=SUITES)
def daemon(request: pytest.FixtureRequest) -> Dockerd:
    try:
        return dockerd(request.param)
    except UnavailableError as reason:
        pytest.skip(f"no dockerd of Debian {request.param}: {reason}")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that nobody, as whom dockerd runs, can read: none of pytest's own, which another run of it closes."""
    with tempfile.TemporaryDirectory(prefix="dockerd-cfg-agreement-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def verdict(daemon: Dockerd, case: Case) -> bool:
    flags = daemon.flags(Path("daemon.json"), case.flags)
    return not any(
        finding.stage == "parse"
        for finding in check_bytes(case.data, version=daemon.version, flags=flags, host=HERE)
    )


def together(daemon: Dockerd, accepted: Iterable[Case]) -> Iterator[Case]:
    """Put cases of different options that check accepts into common documents: one run of dockerd proves them all."""
    documents: list[dict[str, object]] = []
    for case in accepted:
        document = json.loads(case.data) if case.option else None
        if document is None:
            yield case
            continue
        fitting = (
            held
            for held in documents
            if case.option not in held and verdict(daemon, _packed({**held, **document}))
        )
        home = next(fitting, None)
        if home is None:
            documents.append(document)
        else:
            home.update(document)
    yield from map(_packed, documents)


def _packed(document: dict[str, object]) -> Case:
    text = json.dumps(document, ensure_ascii=False)
    return Case(text, text.encode())


def disagreements(daemon: Dockerd, asked: Iterable[Case], folder: Path) -> list[str]:
    files: list[tuple[Case, Path]] = []
    for case in asked:
        path = folder / f"{len(files)}.json"
        path.write_bytes(case.data)
        files.append((case, path))
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        answers = list(pool.map(lambda pair: daemon.accepts(pair[1], pair[0].flags), files))
    return [
        f"dockerd {daemon.version} {'accepts' if answer else 'refuses'} {case.name}"
        for (case, _), answer in zip(files, answers, strict=True)
        if answer != verdict(daemon, case)
    ]


def is_exception(daemon: Dockerd, case: Case) -> bool:
    return bool({("*", case.name), (daemon.suite, case.name)} & EXCEPTIONS.keys())


def test_dockerd_refuses_what_check_refuses(daemon: Dockerd, folder: Path) -> None:
    refused = [case for case in cases() if not verdict(daemon, case) and not is_exception(daemon, case)]
    assert len(refused) > 300
    assert disagreements(daemon, refused, folder) == []


def test_dockerd_accepts_what_check_accepts(daemon: Dockerd, folder: Path) -> None:
    accepted = [case for case in cases() if verdict(daemon, case) and not is_exception(daemon, case)]
    assert len(accepted) > 300
    assert disagreements(daemon, together(daemon, accepted), folder) == []


def test_the_exceptions_are_still_ones(daemon: Dockerd, folder: Path) -> None:
    known = [case for case in cases() if is_exception(daemon, case)]
    assert len(disagreements(daemon, known, folder)) == len(known)


def test_real_files_are_judged_alike(daemon: Dockerd, folder: Path) -> None:
    paths = [path for path in sorted(CORPUS.glob("*.json")) if path.name not in NEEDS_A_USER]
    files = [Case(path.name, path.read_bytes()) for path in paths]
    if not files:
        pytest.skip("the corpus of real files is not at hand")
    assert disagreements(daemon, files, folder) == []
