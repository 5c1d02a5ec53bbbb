#!/usr/bin/python
"""Undoes, resumes, confirms or finishes a run of dockerd-cfg."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_run
short_description: Roll back, resume, confirm or finish a run
version_added: 1.0.0
description:
  - A run is one change that the tool made, or was making when it was interrupted.
options:
  command:
    description:
      - V(rollback) undoes a run; the open one, else the latest.
      - V(resume) goes on with an interrupted run.
      - V(confirm) keeps a change made with C(confirm_within).
      - V(finish) deletes the old data that a move set aside. There is no way back from it.
    type: str
    choices: [rollback, resume, confirm, finish]
    required: true
  run:
    description:
      - A run's number or id, as RV(dockerd_cfg.docker.daemon_logs#module:run) gives it.
      - Without it the open run, else the latest. Nothing is done when that is undone, or finished, already.
    type: str
  consent:
    description: Consent to what the tool would ask a person for; V(finish) always needs it.
    type: bool
    default: false
extends_documentation_fragment:
  - dockerd_cfg.docker.tool
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The authors of dockerd-cfg (@dockerd-cfg)
"""

EXAMPLES = r"""
- name: Undo a change
  dockerd_cfg.docker.daemon_run:
    command: rollback
    run: 0001-set-logs
    consent: true

- name: Delete the old data of the latest move, without a way back
  dockerd_cfg.docker.daemon_run:
    command: finish
    consent: true
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
    TOOL_OPTIONS,
    Tool,
    options,
)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec=options(
            TOOL_OPTIONS,
            command=dict(type="str", choices=["rollback", "resume", "confirm", "finish"], required=True),
            run=dict(type="str"),
            consent=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    tool, command, run = Tool(module), module.params["command"], module.params["run"]
    if module.check_mode and command in ("resume", "confirm"):
        predict(module, tool, command, run)
    arguments = [run] if run else []
    if command == "confirm":
        module.params["consent"] = False  # it asks for nothing, and has no option for that
    tool.change(command, arguments)


def predict(module, tool, command, run):
    """Tell what a command would do that has no dry run: something only if a run is open."""
    code, answer = tool.ask("status")
    tool.refuse_failure("status", code, answer)
    found = answer["data"].get("open_run")
    changed = bool(found) and (command == "resume" or found["state"] == "unconfirmed")
    if run:
        named, told = tool.ask("history", [run])
        tool.refuse_failure("history", named, told)
        changed = changed and told["data"]["runs"][0]["run"] == found["run"]
    module.exit_json(
        changed=changed,
        restart_required=answer["restart_required"],
        findings=[],
        data={},
        exit_code=code,
        host_state="done",
    )


if __name__ == "__main__":
    main()
