"""When images came to the host, by image store, by file and by event."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.maintenance.moments import Arrivals, moment
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import identifier

ID = identifier("nginx")
IMAGE = {"Id": f"sha256:{ID}", "RepoTags": ["nginx:1"], "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}}


def arrivals(
    host: Host, *, store: str = "graphdriver", events: list[dict[str, Any]] | None = None
) -> Arrivals:
    SandboxServices(host.layout).write(engine={"events": events or []})
    info = replace(host.docker.info(), image_store=store)
    return Arrivals(host.docker, info, host.layout, since=0, now=1e9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2001-09-09T01:46:40Z", 1e9),
        ("2001-09-09T01:46:40.123456789Z", 1e9 + 0.123456),
        ("2001-09-09T03:46:40.5+02:00", 1e9 + 0.5),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_read_as_go_writes_them(text: str | None, seconds: float | None) -> None:
    assert moment(text) == seconds


def test_an_image_that_was_pulled_shows_it_by_its_file(host: Host, sandbox: Path) -> None:
    file = sandbox / "var/lib/docker/image/overlay2/imagedb/content/sha256" / ID
    os.utime(file, (5e8, 5e8))

    assert arrivals(host).of(IMAGE) == 5e8
    assert arrivals(host).of({**IMAGE, "Metadata": {"LastTagTime": "2001-09-09T01:46:40Z"}}) == 1e9


def test_an_image_whose_arrival_is_not_known_has_none(host: Host) -> None:
    assert arrivals(host).of({**IMAGE, "Id": "sha256:00"}) is None
    assert arrivals(host).of({**IMAGE, "Id": "sha256:../../x"}) is None
    assert arrivals(host, store="containerd").of(IMAGE) is None


@pytest.mark.parametrize(
    ("event", "seconds"),
    [
        pytest.param({"Action": "pull", "Actor": {"ID": "nginx:1"}}, 9e8, id="pulled by this name"),
        pytest.param({"Action": "tag", "Actor": {"ID": IMAGE["Id"]}}, 9e8, id="tagged"),
        pytest.param({"Action": "pull", "Actor": {"ID": "other:1"}}, 5e8, id="another"),
        pytest.param({"Action": "save", "Actor": {"ID": IMAGE["Id"]}}, 5e8, id="only saved"),
    ],
)
def test_what_was_here_already_and_was_pulled_again_is_young(
    host: Host, sandbox: Path, event: dict[str, Any], seconds: float
) -> None:
    os.utime(sandbox / "var/lib/docker/image/overlay2/imagedb/content/sha256" / ID, (5e8, 5e8))
    found = arrivals(host, events=[json.loads(json.dumps({**event, "time": 9e8}))])

    assert found.of(IMAGE) == seconds
