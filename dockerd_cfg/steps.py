"""Every kind of step there is, by its name: what a plan read from disk may hold."""

from collections.abc import Mapping
from typing import Final

from dockerd_cfg.change.plan import Step
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.effect_check import CheckOptions
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.logs.existing_steps import CheckExistingLogs, LimitExistingLogs
from dockerd_cfg.maintenance.timer import SetTimer
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.hold import FreeUnits, HoldUnits
from dockerd_cfg.service.reload import ReloadDocker
from dockerd_cfg.service.steps import CheckDocker, NoteDocker, RestartDocker, StartDocker, StopDocker
from dockerd_cfg.storage.boot import WriteDropIn, WriteMountUnit
from dockerd_cfg.storage.containerd import EditContainerdConfig
from dockerd_cfg.storage.copying import CatchUp, FinalCopy, PreCopy, VerifyTree
from dockerd_cfg.storage.hand_over import HandOver
from dockerd_cfg.storage.old_tree import CarryAhead, DropLink, RemoveTree, SetAside
from dockerd_cfg.storage.selinux import LabelTarget
from dockerd_cfg.storage.stored_paths import MoveStoredPaths
from dockerd_cfg.storage.target import ReserveTarget

_CLASSES: Final[tuple[type[Step], ...]] = (
    CarryAhead,
    CheckDocker,
    CheckExistingLogs,
    CheckLogging,
    CheckOptions,
    DropLink,
    EditContainerdConfig,
    EditDaemonJson,
    ExpectConfirmation,
    FinalCopy,
    FreeUnits,
    HandOver,
    HoldUnits,
    LabelTarget,
    LimitExistingLogs,
    MoveStoredPaths,
    NoteDocker,
    PreCopy,
    CatchUp,
    ReloadDocker,
    RemoveTree,
    ReserveTarget,
    RestartDocker,
    SetAside,
    SetTimer,
    StartDocker,
    StopDocker,
    VerifyTree,
    WriteDropIn,
    WriteMountUnit,
)

KINDS: Final[Mapping[str, type[Step]]] = {step.model_fields["kind"].default: step for step in _CLASSES}
