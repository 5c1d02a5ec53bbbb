"""Build what is delivered, into dist/: the wheel, the sdist, and the program as a single file.

The same commit, built by the same versions of Python, gives the same bytes: times come from the commit, order and modes
are fixed, dependencies are those of the lock, by their hashes.
"""

import argparse
import fcntl
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements/run.lock"
START: Final = ROOT / "tools/single_file_start.py"
SHEBANG: Final = b"#!/usr/bin/env -S python3 -IS\n"
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
MACHINES: Final = ("x86_64", "aarch64")
GLIBCS: Final = (36, 28, 17)
PACKAGE: Final = "dockerd_cfg"
_OLDEST_TIME: Final = 315532800  # 1980, before which a zip file has no times


def main(words: Sequence[str] | None = None) -> int:
    """Build as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--out", type=Path, default=ROOT / "dist")
    arguments.add_argument(
        "--wheels", type=Path, default=ROOT / "build/wheels", help="where dependencies are kept"
    )
    arguments.add_argument("--source", type=Path, default=ROOT, help="the checkout to build")
    arguments.add_argument("--python", action="append", choices=PYTHONS, help="run on these only; repeatable")
    arguments.add_argument(
        "--machine", action="append", choices=MACHINES, help="run on these only; repeatable"
    )
    arguments.add_argument("--parts", choices=("packages", "single-file", "all"), default="all")
    chosen = arguments.parse_args(words)
    os.environ["SOURCE_DATE_EPOCH"] = str(_commit_time(chosen.source))
    chosen.out.mkdir(parents=True, exist_ok=True)
    wheel = build_packages(chosen.source, chosen.out)
    if chosen.parts != "packages":
        pythons, machines = chosen.python or PYTHONS, chosen.machine or MACHINES
        wheels = [wheel, *download(chosen.wheels, pythons, machines)]
        version = wheel.name.split("-")[1]
        for path in chosen.out.glob("dockerd-cfg-*.pyz"):
            path.unlink()
        single = chosen.out / f"dockerd-cfg-{version}.pyz"
        build_single_file(single, wheels, pythons)
    for path in sorted(chosen.out.iterdir()):
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path}")
    return 0


def _commit_time(source: Path) -> int:
    """Return the time of the commit, or what the environment says, or for no repository the oldest there is."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    done = subprocess.run(
        ["git", "-C", source, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else _OLDEST_TIME


def build_packages(source: Path, out: Path) -> Path:
    """Build wheel and sdist; return the wheel."""
    for path in (*out.glob("dockerd_cfg-*.whl"), *out.glob("dockerd_cfg-*.tar.gz")):
        path.unlink()
    argv = [sys.executable, "-m", "build", "--no-isolation", f"--outdir={out}", str(source)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = out.glob("dockerd_cfg-*.whl")
    return wheel


def download(folder: Path, pythons: Sequence[str], machines: Sequence[str]) -> list[Path]:
    """Return the wheels of the lock for all of ``pythons`` and ``machines``, downloaded where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    locked = {_name(entry): entry for entry in _entries(LOCK.read_text(encoding="utf-8"))}
    found: dict[str, Path] = {}
    compiled: dict[str, str] = locked
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would take each other's folder away
        for python in pythons:
            for machine in machines:
                for wheel in _download(folder / f"{python}-{machine}", compiled.values(), python, machine):
                    found.setdefault(wheel.name, wheel)
                # those that are the same everywhere are there now
                names = {_name(wheel) for wheel in found if not wheel.endswith("-none-any.whl")}
                compiled = {name: entry for name, entry in locked.items() if name in names}
    return [found[name] for name in sorted(found)]


def _entries(lock: str) -> Iterator[str]:
    """Yield each requirement of ``lock`` with its hashes, but for those of other systems."""
    for entry in re.split(r"\n(?=[a-zA-Z])", lock.replace("\\\n", " ")):
        if "win32" not in entry:
            yield re.sub(r"(?m)^\s*#.*$", "", entry).strip()


def _name(text: str) -> str:
    return re.split(r"[-=]{2}|-\d", text)[0].strip().replace("_", "-").lower()


def _download(folder: Path, entries: Iterable[str], python: str, machine: str) -> list[Path]:
    wanted = "\n".join(sorted(entries)) + "\n"
    note = folder / "wanted.txt"
    if not (note.is_file() and note.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        unfinished = folder / "unfinished.txt"
        unfinished.write_text(wanted, encoding="utf-8")
        platforms = [f"manylinux_2_{glibc}_{machine}" for glibc in GLIBCS] + [f"manylinux2014_{machine}"]
        argv = [
            *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={python}", "--require-hashes"),
            *(f"--platform={name}" for name in platforms),
            *(f"--dest={folder}", "-r", str(unfinished)),
        ]
        subprocess.run(argv, check=True)
        unfinished.rename(note)
    return sorted(folder.glob("*.whl"))


def build_single_file(out: Path, wheels: Sequence[Path], pythons: Sequence[str]) -> None:
    """Write all of ``wheels`` into one file that Python runs, with byte code for each of ``pythons`` that is here."""
    with tempfile.TemporaryDirectory() as name:
        library = Path(name) / "library"
        contents = _contents(wheels)
        for path, data in contents.items():
            if path.endswith(".py"):
                _write(library / path, data)
        contents["__main__.py"] = START.read_bytes()
        own = {path: data for path, data in contents.items() if path.startswith(f"{PACKAGE}/_schemas/")}
        for python in pythons:
            tag = f"cp{python.replace('.', '')}"
            code = _byte_code(library, Path(name) / tag, python)
            if code:
                contents |= {f"{tag}/{path}": data for path, data in {**code, **own}.items()}
    archive = io.BytesIO()
    moment = datetime.fromtimestamp(max(int(os.environ["SOURCE_DATE_EPOCH"]), _OLDEST_TIME), UTC)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as writer:
        for path in sorted(contents):
            entry = zipfile.ZipInfo(path, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix
            entry.external_attr = 0o100644 << 16
            writer.writestr(entry, contents[path])
    out.write_bytes(SHEBANG + archive.getvalue())
    out.chmod(0o755)


def _contents(wheels: Sequence[Path]) -> dict[str, bytes]:
    """Return what is in ``wheels`` by its place in the single file."""
    contents: dict[str, bytes] = {}
    for wheel in wheels:
        _, _, python, _, platform = wheel.stem.rsplit("-", 4)
        machine = next((machine for machine in MACHINES if platform.endswith(machine)), None)
        with zipfile.ZipFile(wheel) as archive:
            for path in archive.namelist():
                if path.endswith((".pyi", "/", "/RECORD", "/py.typed")):
                    continue
                if path.endswith(".so"):
                    module = path.partition(".")[0].replace("/", ".")
                    contents[f"compiled/{python}-{machine}/{module}"] = archive.read(path)
                elif ".data/data/share/" in path:
                    contents["share/" + path.partition("/share/")[2]] = archive.read(path)
                else:
                    contents.setdefault(path, archive.read(path))
    return contents


def _byte_code(library: Path, folder: Path, python: str) -> dict[str, bytes]:
    """Return the byte code of ``library`` for ``python``, nothing where that is not here."""
    interpreter = _interpreter(python)
    if interpreter is None:
        print(f"no Python {python} here: the single file will start slowly on it", file=sys.stderr)
        return {}
    shutil.copytree(library, folder)
    argv = [interpreter, "-I", "-m", "compileall", "-q", "-b", "-j1", "--invalidation-mode=unchecked-hash"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    # what a dependency has for newer Pythons, or for other libraries, need not compile
    subprocess.run(
        [*argv, "-s", str(folder), str(folder)], check=False, env=environment, stdout=subprocess.DEVNULL
    )
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.pyc")}


def _interpreter(python: str) -> str | None:
    if sys.version_info[:2] == tuple(map(int, python.split("."))):
        return sys.executable
    name = f"python{python}"
    found = shutil.which(name)
    script = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[1])"
    is_it = (
        found
        and subprocess.run([name, "-c", script, python], check=False, capture_output=True).returncode == 0
    )
    return found if is_it else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
