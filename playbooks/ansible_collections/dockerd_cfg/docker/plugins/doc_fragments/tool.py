"""What the documentation of several modules shares."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Options that every module has that runs dockerd-cfg, and those of every change."""

    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The dockerd-cfg program on the host, by path or by name.
      - A name is looked for on the V(PATH) and in V(/usr/local/bin), V(/usr/local/sbin) and V(/opt/dockerd-cfg/bin).
    type: str
    default: dockerd-cfg
  root:
    description:
      - Act on the system in this folder, which does not run; an image being built, a chroot, a rescue disk.
      - Given to the tool as C(--root); a tool without that option refuses it.
    type: path
requirements:
  - dockerd-cfg on the host
attributes:
  check_mode:
    description: Can run in check mode, and tells what would change without changing it.
  diff_mode:
    description: Tells which lines of daemon.json change, or would.
"""

    CHANGE = r"""
options:
  consent:
    description:
      - Consent to what the tool would ask a person for, such as a restart of Docker under running containers.
      - Without it the host is left untouched and the task fails when there is something to ask for.
    type: bool
    default: false
  confirm_within:
    description:
      - Let the change undo itself after this time, such as V(5m), unless it is confirmed.
      - Confirm it with M(dockerd_cfg.docker.daemon_run).
    type: str
"""

    CONFIG = r"""
options:
  restart:
    description:
      - V(auto) does what the changed options need, be it nothing, a reload or a restart.
      - V(never) only writes; RV(restart_required) tells what is left to do.
      - V(always) restarts Docker in any case, so that each run of the task changes something.
    type: str
    choices: [auto, never, always]
    default: auto
  force:
    description: Options, dotted where nested, that are written although the tool's own check refuses them.
    type: list
    elements: str
    default: []
  config_file:
    description: Another daemon.json than the one that dockerd uses.
    type: path
"""
