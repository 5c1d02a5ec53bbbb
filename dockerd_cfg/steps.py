"""Every kind of step there is, by its name: what a plan read from disk may hold."""

from collections.abc import Mapping
from typing import Final

from dockerd_cfg.change.plan import Step
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.effect_check import CheckOptions
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.reload import ReloadDocker
from dockerd_cfg.service.steps import CheckDocker, NoteDocker, RestartDocker, StartDocker, StopDocker
from dockerd_cfg.storage.containerd import EditContainerdConfig
from dockerd_cfg.storage.steps import (
    FinalCopy,
    HandOver,
    PreCopy,
    RemoveTree,
    ReserveTarget,
    SetAside,
    VerifyTree,
    WriteDropIn,
)
from dockerd_cfg.storage.stored_paths import MoveStoredPaths

_CLASSES: Final[tuple[type[Step], ...]] = (
    CheckDocker,
    CheckLogging,
    CheckOptions,
    EditContainerdConfig,
    EditDaemonJson,
    ExpectConfirmation,
    FinalCopy,
    HandOver,
    MoveStoredPaths,
    NoteDocker,
    PreCopy,
    ReloadDocker,
    RemoveTree,
    ReserveTarget,
    RestartDocker,
    SetAside,
    StartDocker,
    StopDocker,
    VerifyTree,
    WriteDropIn,
)

KINDS: Final[Mapping[str, type[Step]]] = {step.model_fields["kind"].default: step for step in _CLASSES}
