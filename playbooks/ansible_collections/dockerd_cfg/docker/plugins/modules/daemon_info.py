#!/usr/bin/python
"""Tells how Docker is configured on a host, without changing anything."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_info
short_description: Ask how Docker is configured
version_added: 1.0.0
description:
  - Changes nothing and takes no lock.
  - What cannot be told is in RV(failures) and does not fail the task, so that an audit reaches every host.
options:
  gather:
    description:
      - What to ask for.
      - V(status) is where the data is, how full its disk is, what run is open, what old data is kept, what drifted.
      - V(check) is what is wrong with daemon.json.
      - V(options) is every option in use and where its value comes from.
      - V(history) is what was done when.
    type: list
    elements: str
    choices: [status, check, options, history]
    default: [status, check]
extends_documentation_fragment:
  - dockerd_cfg.docker.tool
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - The authors of dockerd-cfg (@dockerd-cfg)
"""

EXAMPLES = r"""
- name: Ask how Docker is configured
  dockerd_cfg.docker.daemon_info:
  register: docker

- name: Require a daemon.json without faults
  ansible.builtin.assert:
    that: docker.valid
"""

RETURN = r"""
installed:
  description: Whether the tool is on the host.
  returned: always
  type: bool
status:
  description: What C(dockerd-cfg status) tells.
  returned: when asked for and told
  type: dict
restart_required:
  description: Whether Docker does not use its configuration yet.
  returned: when status was asked for and told
  type: bool
valid:
  description: Whether daemon.json has no errors.
  returned: when check was asked for and told
  type: bool
findings:
  description: What is wrong with daemon.json.
  returned: when check was asked for and told
  type: list
  elements: dict
options:
  description: Every option with C(key), C(value), C(source), C(origin) and C(note).
  returned: when asked for and told
  type: list
  elements: dict
history:
  description: The runs, oldest first.
  returned: when asked for and told
  type: list
  elements: dict
failures:
  description: What could not be told, with C(command), C(exit_code) and C(error).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockerd_cfg.docker.plugins.module_utils.tool import (
    TOOL_OPTIONS,
    NoAnswer,
    Tool,
    options,
)

INVALID = 3


def main():
    """Run the module."""
    parts = ["status", "check", "options", "history"]
    module = AnsibleModule(
        argument_spec=options(
            TOOL_OPTIONS,
            gather=dict(type="list", elements="str", choices=parts, default=["status", "check"]),
        ),
        supports_check_mode=True,
    )
    tool = Tool(module)
    result = dict(changed=False, installed=tool.path() is not None, failures=[])
    if result["installed"]:
        for part in module.params["gather"]:
            ask(tool, part, result)
    module.exit_json(**result)


def ask(tool, part, result):
    """Ask for one part and put what is told into the result."""
    command = ["show", "--effective"] if part == "options" else [part]
    try:
        code, answer = tool.answer(command[0], command[1:])
    except NoAnswer as error:
        told = dict(code="no-answer", message=error.message, state=None, hint=None)
        result["failures"].append(dict(command=command[0], exit_code=error.code, error=told))
        return
    if part == "check" and code in (0, INVALID):
        result["valid"] = code == 0
        result["findings"] = answer["findings"]
    elif code:
        result["failures"].append(dict(command=command[0], exit_code=code, error=answer["error"]))
    elif part == "status":
        result["status"] = answer["data"]
        result["restart_required"] = answer["restart_required"]
    elif part == "options":
        result["options"] = answer["data"]["options"]
    else:
        result["history"] = answer["data"]["runs"]


if __name__ == "__main__":
    main()
