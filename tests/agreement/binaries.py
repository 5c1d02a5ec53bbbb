"""Real dockerd binaries of three generations, unpacked from Debian's packages, and their verdict on a daemon.json.

Nothing is installed: ``apt-get download`` with lists of its own, then ``dpkg -x``, into a cache folder
(``DOCKERD_CFG_DOCKERD_CACHE``, by default ``/var/cache/dockerd-cfg-dockerd``). The mirror is the machine's own.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dockerd_cfg.config.check import DockerVersion
from dockerd_cfg.locks import locked

SUITES: Final = ("bookworm", "trixie", "sid")  # Docker 20.10.24, 26.1.5 and 28.5.2
CACHE: Final = Path(os.environ.get("DOCKERD_CFG_DOCKERD_CACHE", "/var/cache/dockerd-cfg-dockerd"))

_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
# setpriv, not subprocess's own user=: with that, Python forks a copy of itself for each run
_AS_NOBODY: Final = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
_FETCH_PATIENCE: Final = 900.0
_VALIDATES: Final = DockerVersion(23, 0, 0)
_PARSED_20_10: Final = "needs to be started with root privileges"


class UnavailableError(Exception):
    """The binaries cannot be had here; the message says why."""


@dataclass(frozen=True)
class Dockerd:
    """One unpacked dockerd."""

    suite: str
    program: Path
    version: DockerVersion

    def flags(self, config_file: Path, more: Sequence[str] = ()) -> list[str]:
        """The flags that `accepts` gives it: they count, like any others, when daemon.json holds the same names."""
        return [
            *(["--validate"] if self.version >= _VALIDATES else []),
            "--config-file",
            str(config_file),
            *more,
        ]

    def accepts(self, config_file: Path, more: Sequence[str] = ()) -> bool:
        """Whether this dockerd reads ``config_file`` together with the flags ``more`` without complaint.

        It runs as nobody, so that nothing on the machine can change. 20.10 has no ``--validate``: as another user
        than root it reads the file first, and complains about root afterwards.
        """
        environment = {
            "GOGC": "off",  # it lives for a few milliseconds
            "HOME": "/nonexistent",
            # docker-proxy must be found, or 25.0 and newer refuse everything
            "PATH": f"{self.program.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        done = subprocess.run(
            [*_AS_NOBODY, str(self.program), *self.flags(config_file, more)],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
        return done.returncode == 0 if self.version >= _VALIDATES else _PARSED_20_10 in done.stderr


def dockerd(suite: str) -> Dockerd:
    """Return the dockerd of Debian's ``suite``, fetched on first use. Raises UnavailableError."""
    if os.geteuid() != 0:
        raise UnavailableError("needs root, to run dockerd as nobody")
    missing = [name for name in ("apt-get", "dpkg", "setpriv") if shutil.which(name) is None]
    if missing:
        raise UnavailableError(f"needs Debian, with {' and '.join(missing)}")
    root = CACHE / suite / "root"
    program = root / "usr" / "sbin" / "dockerd"
    with locked(CACHE / suite / "lock", f"pid {os.getpid()}", patience=_FETCH_PATIENCE) as other:
        if other is not None:
            raise UnavailableError(f"another test run fetches it for too long: {other}")
        if not program.exists():
            _fetch(suite, root)
    shown = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    return Dockerd(suite, program, DockerVersion.parse(shown.removeprefix("Docker version ")))


def _fetch(suite: str, root: Path) -> None:
    work = CACHE / suite
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    sources = work / f"{suite}.sources"
    sources.write_text(
        f"Types: deb\nURIs: {debian_mirror()}\nSuites: {suite}\nComponents: main\nSigned-By: {_KEYRING}\n",
        encoding="utf-8",
    )
    options = [
        f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=/dev/null", f"Dir::State::lists={work}/lists",
        f"Dir::Cache={work}", "APT::Sandbox::User=root",
    ]  # fmt: skip
    apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    _run([*apt, "update"], work)
    _run([*apt, "download", f"docker.io/{suite}"], work)
    package = max(work.glob("docker.io_*.deb"), key=lambda path: path.stat().st_mtime)
    unpacked = work / "unpacking"
    shutil.rmtree(unpacked, ignore_errors=True)
    _run(["dpkg", "-x", str(package), str(unpacked)], work)
    unpacked.rename(root)  # complete or not there


def _run(words: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        raise UnavailableError(
            f"{words[0]} failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
        )


def debian_mirror() -> str:
    """Return the archive that this machine itself installs Debian from. Raises UnavailableError."""
    folder = Path("/etc/apt")
    for path in [*sorted((folder / "sources.list.d").glob("*")), folder / "sources.list"]:
        if path.is_file():
            for address in _addresses(path.read_text(encoding="utf-8")):
                if re.fullmatch(r"https?://\S*/debian/?", address):
                    return address
    raise UnavailableError("no Debian archive among the sources of apt")


def _addresses(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["deb"]:  # one line: deb [options] address suite component...
            yield from (word for word in words if "://" in word)
        elif words[:1] == ["URIs:"]:
            yield from words[1:]
