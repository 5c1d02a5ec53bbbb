"""What daemon.json said before our runs changed it: the defaults that older containers were created with."""

from collections.abc import Iterator, Mapping, Sequence

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.scan import ScanError, scan


def past_configs(runs: Sequence[Run]) -> list[Mapping[str, object]]:
    """Return the contents of daemon.json before and after each of ``runs``, those that can be read."""
    return list(_configs(runs))


def _configs(runs: Sequence[Run]) -> Iterator[Mapping[str, object]]:
    for run in runs:
        for step in run.plan.parts:
            if not isinstance(step, EditDaemonJson):
                continue
            before = run.record.captured("started", step.kind)
            images = [step.new.image, *([StoredImage.model_validate(before).image] if before else [])]
            for image in images:
                try:
                    value = scan(image.data or b"{}").value
                except ScanError:
                    continue
                if isinstance(value, dict):
                    yield value
