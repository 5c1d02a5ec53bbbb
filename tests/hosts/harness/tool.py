"""The tool as users get it: its wheel and its pinned dependencies, installed into layers by the hosts' own Python."""

import functools
import platform
import shutil
import sys
from pathlib import Path

from tests.hosts.harness import base, cache, recipe
from tests.hosts.harness.commands import run

CHECKOUT = Path(__file__).parents[3]
SOURCES = ("dockerd_cfg", "schemas", "share", "pyproject.toml", "README.md", "LICENSE")
LOCK = CHECKOUT / "requirements" / "run.lock"
VENV = "/opt/dockerd-cfg/venv"
COMMAND = "usr/local/bin/dockerd-cfg"
TIMEOUT = 300

# Runs in a mount namespace of its own, so that nothing stays mounted: $1 lower folders, $2 upper, $3 folder with wheels.
IN_LAYER = """\
set -e
work=$2.work; root=$2.root; rm -rf --one-file-system $work $root; mkdir $work $root
mount -t overlay layer -o "lowerdir=$1,upperdir=$2,workdir=$work" $root
mount --bind "$3" $root/mnt/data
mount -t proc proc $root/proc
shift 3
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
  chroot $root sh -ec "$1"
"""


@functools.cache  # one build for the whole session, whatever is edited meanwhile
def layers() -> tuple[Path, ...]:
    """The layers with the tool and its dependencies, the uppermost first; built if they are not there."""
    (system,) = base.layers(recipe.DOCKER20)
    dependencies_key = cache.key_of(LOCK.read_bytes(), base.recipe_key(), Path(__file__).read_bytes())
    wheels = cache.product("wheels", dependencies_key, _download)

    def install_dependencies(folder: Path) -> None:
        pip = f"{VENV}/bin/pip install -q --no-index --find-links=/mnt/data --require-hashes -r /mnt/data/{LOCK.name}"
        _in_layer(folder, (system,), wheels, f"python3 -m venv {VENV}; {pip}")

    dependencies = cache.product("dependencies", dependencies_key, install_dependencies)

    with cache.locked("checkout"):
        # A copy first: somebody may be editing the checkout.
        copy = cache.folder() / "checkout"
        _copy_sources(copy)
        key = cache.key_of(cache.folder_key(*(copy / name for name in SOURCES)), dependencies_key)

        def install(folder: Path) -> None:
            wheel = cache.product("wheel", key, lambda out: _build_wheel(copy, out))
            pip = f"{VENV}/bin/pip install -q --no-index --no-deps /mnt/data/*.whl"
            link = f"mkdir -p /usr/local/bin; ln -s {VENV}/bin/dockerd-cfg /{COMMAND}"
            _in_layer(folder, (dependencies, system), wheel, f"{pip}; {link}")

        return cache.product("tool", key, install), dependencies


def _download(folder: Path) -> None:
    machine = platform.machine()
    platforms = [f"manylinux_2_{glibc}_{machine}" for glibc in (36, 28, 17)] + [f"manylinux2014_{machine}"]
    run(
        [
            *(sys.executable, "-m", "pip", "download", "-q", "--require-hashes", "-r", str(LOCK)),
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={recipe.PYTHON}"),
            *(f"--platform={name}" for name in platforms),
            f"--dest={folder}",
        ],
        timeout=TIMEOUT,
    )
    shutil.copy(LOCK, folder)


def _copy_sources(copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)


def _build_wheel(copy: Path, out: Path) -> None:
    run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={out}", str(copy)],
        timeout=TIMEOUT,
    )


def _in_layer(folder: Path, lower: tuple[Path, ...], wheels: Path, script: str) -> None:
    """Run a script in the stack of those folders; what it writes is the new layer."""
    stack = ":".join(map(str, lower))
    unshare = ["unshare", "--mount", "--propagation", "private"]
    try:
        run(
            [*unshare, "sh", "-c", IN_LAYER, "layer", stack, str(folder), str(wheels), script],
            timeout=TIMEOUT,
        )
    finally:
        shutil.rmtree(f"{folder}.work", ignore_errors=True)
        shutil.rmtree(f"{folder}.root", ignore_errors=True)
    folder.chmod(0o755)
