"""What is in a sandbox at first: a daemon.json, a data root in overlay2's layout, and an empty second disk."""

import hashlib
import json
import os
from pathlib import Path
from typing import Final

_DAEMON_JSON: Final = """{
    "dns": ["10.0.0.53", "1.1.1.1"],
    "log-driver": "json-file",
    "registry-mirrors": [
        "https://mirror.example.net"
    ],
    "live-restore": false
}
"""
CONTAINERS: Final = {"web": "always", "database": "unless-stopped", "job": "no"}


def identifier(name: str) -> str:
    """Return a 64-digit id for ``name``, always the same."""
    return hashlib.sha256(name.encode()).hexdigest()


def populate(root: Path, *, file_bytes: int, layers: int, files: int) -> None:
    """Fill the empty folder ``root`` with so many image layers of so many files of ``file_bytes`` each."""
    for folder in (
        "etc/docker",
        "etc/systemd/system",
        "run/systemd/system",
        "mnt/data",
        "var/lib",
        "var/log",
    ):
        (root / folder).mkdir(parents=True)
    (root / "etc/docker/daemon.json").write_text(_DAEMON_JSON, encoding="utf-8")
    docker = root / "var/lib/docker"
    _layers(docker, file_bytes, layers, files)
    for name, policy in CONTAINERS.items():
        _container(docker, name, policy)
    volume = docker / "volumes/records/_data"
    volume.mkdir(parents=True)
    (volume / "journal.txt").write_text(
        "".join(f"record {number}\n" for number in range(1000)), encoding="utf-8"
    )
    (docker / "volumes/metadata.db").write_bytes(bytes(32768))
    docker.chmod(0o710)


def _layers(docker: Path, file_bytes: int, layers: int, files: int) -> None:
    links = docker / "overlay2/l"
    links.mkdir(parents=True)
    for number in range(layers):
        cache_id = identifier(f"layer {number}")
        diff = docker / "overlay2" / cache_id / "diff"
        (diff / "usr/share").mkdir(parents=True)
        for index in range(files):
            content = hashlib.sha256(f"{number}/{index}".encode()).digest() * (file_bytes // 32)
            (diff / "usr/share" / f"file-{index}").write_bytes(content)
        os.link(diff / "usr/share/file-0", diff / "usr/share/hard-link")
        (diff / "usr/share/symbolic-link").symlink_to("file-1")
        (links / f"L{number}").symlink_to(f"../{cache_id}/diff")
        layer = docker / "image/overlay2/layerdb/sha256" / identifier(f"chain {number}")
        layer.mkdir(parents=True)
        (layer / "cache-id").write_text(cache_id, encoding="utf-8")
    images = docker / "image/overlay2/imagedb/content/sha256"
    images.mkdir(parents=True)
    for name in ("busybox", "nginx", "postgres"):
        (images / identifier(name)).write_text(json.dumps({"name": name}), encoding="utf-8")


def _container(docker: Path, name: str, policy: str) -> None:
    folder = docker / "containers" / identifier(name)
    folder.mkdir(parents=True)
    volume = {"Type": "volume", "Name": "records", "Source": "/var/lib/docker/volumes/records/_data"}
    record = {"ID": identifier(name), "Name": f"/{name}", "MountPoints": {"/data": volume}}
    (folder / "config.v2.json").write_text(json.dumps(record), encoding="utf-8")
    settings = {"LogConfig": {"Type": "json-file", "Config": {}}, "RestartPolicy": {"Name": policy}}
    (folder / "hostconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "hostconfig.json").chmod(0o600)
