"""A new host of a variant, with everything that it takes built or taken from the cache."""

from pathlib import Path

from tests.hosts.harness import base, cache, disks, images, tool
from tests.hosts.harness.host import Host
from tests.hosts.harness.images import build_images
from tests.hosts.harness.machine import Disks
from tests.hosts.harness.network import Network
from tests.hosts.harness.recipe import VARIANTS, Variant

LIB = "lib.img"


def create(variant: str | Variant, shape: Disks | None = None, network: Network | None = None) -> Host:
    """A host with the tool and the images on it, ready to be started; alone unless it is on a network."""
    chosen = VARIANTS[variant] if isinstance(variant, str) else variant
    layers = (*tool.layers(), *base.layers(chosen.docker))
    return Host(chosen, layers, prepared_lib(chosen) / LIB, shape or Disks(), network=network)


def build_everything() -> None:
    """Fill the cache for every variant."""
    tool.layers()
    for variant in VARIANTS.values():
        prepared_lib(variant)


def prepared_lib(variant: Variant) -> Path:
    """The folder with the image of a /var/lib in which Docker has once run and holds the images."""
    key = cache.key_of(base.recipe_key(), str(Disks.lib_mib), Path(images.__file__).read_bytes())

    def prepare(folder: Path) -> None:
        plain = folder / "plain.img"
        layers = base.layers(variant.docker)
        disks.make(plain, Disks.lib_mib, content=layers[-1] / "var/lib")
        host = Host(variant, layers, plain, Disks())
        try:
            host.start()
            host.wait_until_up()
            _check_docker(host)
            build_images(host)
            host.power_off()
            disks.copy(host.lib_image, folder / LIB, Disks.lib_mib)
        finally:
            host.destroy()
            plain.unlink()

    return cache.product(f"lib-{variant.name}", key, prepare)


def _check_docker(host: Host) -> None:
    """A host that quietly runs another Docker than its name says would prove nothing."""
    version = host.docker("version", "--format", "{{.Server.Version}}").partition("+")[0]
    driver = host.docker("info", "--format", "{{.Driver}}")
    expected = (host.variant.docker.version, host.variant.storage_driver)
    if (version, driver) != expected:
        raise base.BuildError(f"{host.variant.name} runs Docker {version} with {driver}, not {expected}")
