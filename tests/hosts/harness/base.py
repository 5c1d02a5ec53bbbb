"""The layers that a host's root is stacked from: the base system, and newer Docker releases above it."""

import shutil
from pathlib import Path

from tests.hosts.harness import apt, cache, recipe
from tests.hosts.harness.commands import run

BUILD_TIMEOUT = 400


class BuildError(RuntimeError):
    """What was found is not what the recipe asks for."""


def layers(release: recipe.Release) -> tuple[Path, ...]:
    """The folders of a host's root with that Docker release, the uppermost first; built if they are not there."""
    base = cache.product("base", recipe_key(), _build_base)
    if release == recipe.DOCKER20:
        return (base,)

    def build(folder: Path) -> None:
        _build_release(folder, release, base)

    return cache.product(f"docker-{release.suite}", recipe_key(), build), base


def recipe_key() -> str:
    """The key of everything that follows from the recipe."""
    return cache.key_of(Path(recipe.__file__).read_text(), Path(__file__).read_text())


def _build_base(folder: Path) -> None:
    apt.install_needed()
    archive = apt.archive()
    if archive is None:
        raise BuildError("this machine's apt sources name no Debian archive")
    root = folder / "unfinished"  # mmdebstrap wants an empty folder
    sources = folder / "debian.sources"
    sources.write_text(archive.source(recipe.SUITE))
    options = folder / "apt.conf"
    options.write_text(apt.acquire_options())
    # In a mount namespace of its own: nothing stays mounted, whatever ends the build.
    run(
        [
            *("unshare", "--mount", "--propagation", "private"),
            *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--aptopt={options}"),
            *(f"--dpkgopt=path-exclude={path}" for path in recipe.EXCLUDED_PATHS),
            *(f"--include={','.join(recipe.PACKAGES)}", recipe.SUITE, str(root), str(sources)),
        ],
        timeout=BUILD_TIMEOUT,
    )
    check_version(_dpkg_version(root, "docker.io"), recipe.DOCKER20)
    _shape(root)
    for path in root.iterdir():
        path.rename(folder / path.name)
    root.rmdir()
    sources.unlink()
    options.unlink()


def _shape(root: Path) -> None:
    for name in recipe.REMOVED:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in recipe.EMPTIED:
        for path in (root / name).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for name in recipe.FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in recipe.FILES.items():
        (root / name).write_text(text)
    units = root / recipe.UNITS
    for name in recipe.ENABLED:
        (units / "sysinit.target.wants" / name).symlink_to(f"../{name}")
    for name in recipe.MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")


def _build_release(folder: Path, release: recipe.Release, base: Path) -> None:
    archive = apt.archive()
    if archive is None:
        raise BuildError("this machine's apt sources name no Debian archive")
    work = folder / "work"
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (work / name).mkdir(parents=True)
    (work / "debian.sources").write_text(archive.source(release.suite))
    apt_get = [
        *("apt-get", "-q", "-o", f"Dir::Etc::sourcelist={work}/debian.sources"),
        *("-o", "Dir::Etc::sourceparts=/dev/null", "-o", f"Dir::State::lists={work}/lists"),
        *("-o", f"Dir::Cache={work}/cache", "-o", "APT::Sandbox::User=root"),
    ]
    run([*apt_get, "update"], timeout=BUILD_TIMEOUT)
    names = [f"{package}/{release.suite}" for package in release.packages]
    run([*apt_get, "download", *names], cwd=work / "debs", timeout=BUILD_TIMEOUT)
    # The base's merged folders: without these links the packages' /lib would hide the base's whole /lib.
    links = [path for path in base.iterdir() if path.is_symlink()]
    for link in links:
        (folder / link.name).symlink_to(link.readlink())
        (folder / link.readlink()).mkdir(parents=True, exist_ok=True)
    for package in sorted((work / "debs").iterdir()):
        if package.name.startswith("docker.io"):
            check_version(run(["dpkg-deb", "-f", str(package), "Version"]).stdout, release)
        run(["dpkg", "-x", str(package), str(folder)], timeout=BUILD_TIMEOUT)
    for name in ("usr/share/doc", "usr/share/man"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.rmtree(work)
    folder.chmod(0o755)


def _dpkg_version(root: Path, package: str) -> str:
    return run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Version}", package]).stdout


def check_version(found: str, release: recipe.Release) -> None:
    """Fail where a suite carries another Docker than the recipe expects."""
    if not found.startswith((f"{release.version}+", f"{release.version}-")):
        raise BuildError(
            f"{release.suite} now has docker.io {found.strip()}, the recipe expects {release.version}: "
            f"look at what changed and bump the release in {recipe.__name__}"
        )
