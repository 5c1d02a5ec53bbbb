"""The pretended daemon takes and refuses the files that a real one does."""

import codecs
from pathlib import Path

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import DAEMON_JSON

TEXT = '{"debug": true}'
NOTHING = [b"", b"  \n", b"null", b"{}"]
ENCODED = [
    TEXT.encode(),
    codecs.BOM_UTF8 + TEXT.encode(),
    codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
]


@pytest.mark.parametrize("data", NOTHING + ENCODED, ids=repr)
def test_it_takes_a_file_of_nothing_and_files_with_a_mark(host: Host, tmp_path: Path, data: bytes) -> None:
    candidate = tmp_path / "daemon.json"
    candidate.write_bytes(data)
    assert host.dockerd.validate(candidate, ["-H", "fd://"]) is None
    host.layout.real(DAEMON_JSON).write_bytes(data)
    host.systemd.restart(DOCKER_SERVICE)
    assert host.docker.options()["debug"] is (data in ENCODED)
    host.systemd.reload(DOCKER_SERVICE)
    assert host.docker.options()["debug"] is (data in ENCODED)


@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff{}", b'{"debug": true} x'], ids=repr)
def test_it_refuses_what_is_no_daemon_json(host: Host, tmp_path: Path, data: bytes) -> None:
    candidate = tmp_path / "daemon.json"
    candidate.write_bytes(data)
    assert host.dockerd.validate(candidate, []) is not None
    host.layout.real(DAEMON_JSON).write_bytes(data)
    with pytest.raises(CommandFailed):
        host.systemd.restart(DOCKER_SERVICE)
