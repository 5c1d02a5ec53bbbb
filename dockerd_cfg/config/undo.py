"""What undoing a run makes of daemon.json, and whether Docker would take that."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.config.check import check
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import parse
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.facts import read_daemon
from dockerd_cfg.config.judge import ask_dockerd
from dockerd_cfg.errors import InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.surroundings import surroundings
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import Layout

if TYPE_CHECKING:
    from dockerd_cfg.change.history import Run


class UndoneFile(NamedTuple):
    """A daemon.json as it is (``present``) and as undoing a run makes it; ``before`` is what the run met."""

    step: EditDaemonJson
    present: FileImage
    undone: FileImage
    before: FileImage

    @property
    def is_a_mixture(self) -> bool:
        """Whether undoing makes a file that there never was: one with what was written since, too."""
        return self.undone.digest not in (self.present.digest, self.before.digest)


def undone_files(layout: Layout, run: "Run") -> Iterator[UndoneFile]:
    """Yield each daemon.json that undoing ``run`` gives back. Raises FileProblem when somebody else's change is in the way."""
    for number, step in enumerate(run.plan.steps):
        captured = run.record.captured("started", number)
        for part, before in () if captured is None else step.replaced(captured):
            if isinstance(part, EditDaemonJson):
                present, undone = part.undone(layout, before)
                yield UndoneFile(part, present, undone, StoredImage.model_validate(before).image)


def refuse_broken_undo(host: Host, unit: UnitState, one: UndoneFile) -> None:
    """Raise InvalidConfig when what undoing leaves has a fault that the present file has not: Docker has run with neither.

    ``unit`` is docker.service. The file that the run met is given back unseen: that Docker is as it was before is what
    undoing promises.
    """
    if not one.is_a_mixture:
        return
    file, arguments = read_daemon(host, unit, one.step.path)
    version = DockerVersion.told(host.dockerd.version())
    around = surroundings(host.layout, is_running=not host.is_offline)

    def faults(image: FileImage) -> list[Finding]:
        document = None if image.data is None else parse(image.data, one.step.path)
        found = check(document, version=version, flags=arguments.next, host=around)
        return [finding for finding in found if finding.is_error]

    old = {(finding.code, finding.key) for finding in faults(one.present)}
    new = [finding for finding in faults(one.undone) if (finding.code, finding.key) not in old]
    if new:
        raise InvalidConfig(new[0].message, hint=new[0].hint, findings=tuple(new))
    try:
        ask_dockerd(host, None, arguments, present=file)
    except InvalidConfig:
        return  # it refuses the present one, too
    ask_dockerd(host, one.step.model_copy(update={"new": StoredImage.of(one.undone)}), arguments)
