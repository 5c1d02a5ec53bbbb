"""This machine's own apt: where it gets Debian from and how, so that builds need no address of their own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.harness.commands import run

SOURCES = Path("/etc/apt")
NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "rsync": "rsync",
    "mkfs.xfs": "xfsprogs",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.btrfs": "btrfs-progs",
    "resize2fs": "e2fsprogs",
    "ssh": "openssh-client",
}


@dataclass(frozen=True)
class Archive:
    """A Debian archive as this machine's sources name it."""

    uri: str
    signed_by: str

    def source(self, suite: str) -> str:
        """The deb822 source of a suite in it."""
        return (
            f"Types: deb\nURIs: {self.uri}\nSuites: {suite}\nComponents: main\nSigned-By: {self.signed_by}\n"
        )


def archive() -> Archive | None:
    """The Debian archive in this machine's sources, or None."""
    codename = _os_release().get("VERSION_CODENAME", "")
    for stanza in _stanzas():
        if _os_release().get("ID") == "debian" and codename in stanza.get("suites", "").split():
            signed_by = stanza.get("signed-by") or "/usr/share/keyrings/debian-archive-keyring.gpg"
            return Archive(stanza["uris"].split()[0], signed_by)
    return None


def acquire_options() -> str:
    """How this machine's apt fetches (proxy, certificates, checks), as configuration for another apt."""
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::Languages")
    return "\n".join(line for line in dump if line.startswith(wanted)) + "\n"


def install_needed() -> None:
    """Install the programs that building and running hosts take, where they are missing."""
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if not missing:
        return
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    env_timeout = 300
    if run(install, check=False, timeout=env_timeout).returncode:
        run(["apt-get", "update", "-q"], check=False, timeout=env_timeout)
        run(install, timeout=env_timeout)


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def _stanzas() -> list[dict[str, str]]:
    """Every source of binary packages, in either of apt's formats, with lower-case field names."""
    stanzas = []
    for file in [*sorted(SOURCES.glob("sources.list.d/*.sources"))]:
        for block in file.read_text().split("\n\n"):
            lines = [line for line in block.splitlines() if ":" in line and not line.startswith("#")]
            fields = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no":
                stanzas.append(fields)
    for file in [SOURCES / "sources.list", *sorted(SOURCES.glob("sources.list.d/*.list"))]:
        for line in file.read_text().splitlines() if file.exists() else []:
            words = line.split()
            if words[:1] == ["deb"]:
                words = [
                    word for word in words if not word.startswith(("[", "arch=")) and not word.endswith("]")
                ]
                stanzas.append({"uris": words[1], "suites": words[2]})
    return stanzas
