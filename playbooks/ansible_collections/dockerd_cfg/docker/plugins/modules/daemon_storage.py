#!/usr/bin/python
"""Moves Docker's storage, by dockerd-cfg move-storage."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_storage
short_description: Move Docker's storage to another disk
version_added: 1.0.0
description:
  - Copies Docker's data while Docker runs, stops it, copies the rest, switches, starts and checks it, or undoes it all.
  - The old data is kept until M(dockerd_cfg.docker.daemon_run) with O(dockerd_cfg.docker.daemon_run#module:command=finish).
  - Run it with C(async), so that a lost connection does not end it.
options:
  target:
    description: A folder on the new disk; the data goes to V(docker) below it.
    type: path
    required: true
  containerd:
    description: Move the root of containerd too; V(auto) when images live there.
    type: str
    choices: [auto, "yes", "no"]
    default: auto
  mode:
    description: What leads to the new place; daemon.json, a link at the old place, or a mount there.
    type: str
    choices: [data-root, symlink, bind]
    default: data-root
  verify:
    description: With V(full), compare the contents of all files too.
    type: str
    choices: [attributes, full]
    default: attributes
  bwlimit:
    description: Copy at most so many bytes a second while Docker runs, such as V(50m).
    type: str
  start_timeout:
    description: Undo it all when Docker takes longer to start at the new place. The tool's default is V(5m).
    type: str
  full_speed:
    description: Copy without giving way to what else uses the disk.
    type: bool
    default: false
  adopt:
    description: Copy nothing, the data is at the target already.
    type: bool
    default: false
extends_documentation_fragment:
  - dockerd_cfg.docker.tool
  - dockerd_cfg.docker.tool.change
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The authors of dockerd-cfg (@dockerd-cfg)
"""

EXAMPLES = r"""
- name: Move Docker's storage to the disk at /mnt/data
  dockerd_cfg.docker.daemon_storage:
    target: /mnt/data
    consent: true
  async: "{{ 0 if ansible_check_mode else 86400 }}"
  poll: 10
"""

RETURN = r"""
changed:
  description: Whether the host was changed; in check mode, whether it would be.
  returned: always
  type: bool
restart_required:
  description: Whether Docker does not use the new configuration yet.
  returned: always
  type: bool
findings:
  description: What the tool found; warnings, or with a failure its reasons.
  returned: always
  type: list
  elements: dict
  contains:
    code: {description: A stable word for programs., type: str}
    severity: {description: Either error or warning., type: str}
    stage: {description: When it would hurt., type: str}
    message: {description: What is the matter., type: str}
    hint: {description: What to do about it., type: str}
    key: {description: "The option meant, dotted where nested.", type: str}
    line: {description: The line of daemon.json., type: int}
    column: {description: The column in that line., type: int}
data:
  description: The tool's own data for the command; its reference describes it.
  returned: always
  type: dict
run:
  description: The id of the run, for rolling it back.
  returned: when something was changed
  type: str
  sample: 0001-set-logs
diff:
  description: The whole text of daemon.json before and after.
  returned: when it changes
  type: dict
exit_code:
  description: The exit code of the tool.
  returned: always
  type: int
host_state:
  description:
    - What state the host is in.
    - V(done), or there was nothing to do; V(untouched) by a change that failed; V(undone), as it was before the change.
    - V(broken) when undoing failed too; V(unknown) when the tool ended unexpectedly.
  returned: always
  type: str
  sample: done
error:
  description: What went wrong, with code, message, state and hint.
  returned: on failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockerd_cfg.docker.plugins.module_utils.tool import (
    CHANGE_OPTIONS,
    TOOL_OPTIONS,
    Tool,
    options,
)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec=options(
            TOOL_OPTIONS,
            CHANGE_OPTIONS,
            target=dict(type="path", required=True),
            containerd=dict(type="str", choices=["auto", "yes", "no"], default="auto"),
            mode=dict(type="str", choices=["data-root", "symlink", "bind"], default="data-root"),
            verify=dict(type="str", choices=["attributes", "full"], default="attributes"),
            bwlimit=dict(type="str"),
            start_timeout=dict(type="str"),
            full_speed=dict(type="bool", default=False),
            adopt=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    argv = [module.params["target"]]
    for name in ("containerd", "mode", "verify", "bwlimit", "start_timeout"):
        if module.params[name] is not None:
            argv.append("--%s=%s" % (name.replace("_", "-"), module.params[name]))
    for name in ("full_speed", "adopt"):
        if module.params[name]:
            argv.append("--" + name.replace("_", "-"))
    Tool(module).change("move-storage", argv)


if __name__ == "__main__":
    main()
