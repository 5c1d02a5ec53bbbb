"""The pretended daemon takes and refuses the files that a real one does."""

import codecs
import json
from pathlib import Path

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import DAEMON_JSON, HostPath
from dockerd_cfg.sandbox.tree import identifier

TEXT = '{"debug": true}'
NOTHING = [b"", b"  \n", b"null", b"{}"]
ENCODED = [
    TEXT.encode(),
    codecs.BOM_UTF8 + TEXT.encode(),
    codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
]


@pytest.mark.parametrize("data", NOTHING + ENCODED, ids=repr)
def test_it_takes_a_file_of_nothing_and_files_with_a_mark(host: Host, data: bytes) -> None:
    assert host.dockerd.validate(data, ["-H", "fd://"]) is None
    host.layout.real(DAEMON_JSON).write_bytes(data)
    host.systemd.restart(DOCKER_SERVICE)
    assert host.docker.options()["debug"] is (data in ENCODED)
    host.systemd.reload(DOCKER_SERVICE)
    assert host.docker.options()["debug"] is (data in ENCODED)


@pytest.mark.parametrize("value", [None, ""])
def test_it_takes_null_and_empty_text_for_not_given(host: Host, value: str | None) -> None:
    before = host.docker.info()
    data = {"data-root": value, "log-driver": value, "log-opts": None, "live-restore": None}
    host.layout.real(DAEMON_JSON).write_text(json.dumps(data), encoding="utf-8")

    host.systemd.reload(DOCKER_SERVICE)
    host.systemd.restart(DOCKER_SERVICE)

    assert host.docker.info() == before
    assert host.docker.probe_log_config("image") == LogConfig(driver="json-file", options={})


@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff{}", b'{"debug": true} x'], ids=repr)
def test_it_refuses_what_is_no_daemon_json(host: Host, data: bytes) -> None:
    assert host.dockerd.validate(data, []) is not None
    host.layout.real(DAEMON_JSON).write_bytes(data)
    with pytest.raises(CommandFailed):
        host.systemd.restart(DOCKER_SERVICE)


LIMITED = {"Type": "json-file", "Config": {"max-size": "1m"}}


def give_limit(host: Host, name: str) -> Path:
    """Edit the record of a container as an administrator might."""
    path = host.layout.real(HostPath(f"/var/lib/docker/containers/{identifier(name)}/hostconfig.json"))
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "LogConfig": LIMITED}))
    return path


def test_a_record_that_is_edited_while_it_is_stopped_counts(host: Host) -> None:
    host.systemd.stop(DOCKER_SERVICE)
    path = give_limit(host, "web")
    host.systemd.start(DOCKER_SERVICE)
    config = host.docker.log_config(identifier("web"))
    assert config is not None
    assert config.options == {"max-size": "1m"}
    assert json.loads(path.read_bytes())["LogConfig"] == LIMITED


def test_a_record_of_a_running_container_that_is_edited_meanwhile_is_written_over(host: Host) -> None:
    path = give_limit(host, "web")
    config = host.docker.log_config(identifier("web"))
    assert config is not None
    assert config.options == {}
    host.systemd.restart(DOCKER_SERVICE)
    assert json.loads(path.read_bytes())["LogConfig"]["Config"] == {}
