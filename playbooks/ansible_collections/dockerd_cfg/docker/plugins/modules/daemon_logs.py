#!/usr/bin/python
"""Limits container logs, by dockerd-cfg set-logs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_logs
short_description: Limit the logs of containers
version_added: 1.0.0
description:
  - Merges log rotation into daemon.json, restarts Docker where needed, proves that Docker uses it, or undoes it all.
  - An option given wins; one not given keeps its present value; where there is none, it is C(json-file), C(50m) and C(3).
  - Containers that exist already keep the options they were created with, unless O(existing) says otherwise.
options:
  driver:
    description: Log driver, such as V(json-file) or V(local).
    type: str
  max_size:
    description: Largest size of a log file, such as V(50m).
    type: str
  max_file:
    description: How many files a log is rotated through.
    type: int
  log_opts:
    description:
      - Further log options; the values are strings.
      - They are on the command line of the tool. Give secrets with M(dockerd_cfg.docker.daemon_config) instead.
    type: dict
    default: {}
  existing:
    description:
      - Give containers that exist already the limits too; V(unlimited) those without a limit, V(all), or those named.
      - Docker is stopped for it where a container is to be changed.
    type: str
extends_documentation_fragment:
  - dockerd_cfg.docker.tool
  - dockerd_cfg.docker.tool.change
  - dockerd_cfg.docker.tool.config
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The authors of dockerd-cfg (@dockerd-cfg)
"""

EXAMPLES = r"""
- name: Limit container logs
  dockerd_cfg.docker.daemon_logs:
    max_size: 50m
    max_file: 3
    consent: true

- name: Write the limits now, and let the next restart of Docker bring them into effect
  dockerd_cfg.docker.daemon_logs:
    driver: local
    restart: never
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

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockerd_cfg.docker.plugins.module_utils.tool import (
    CHANGE_OPTIONS,
    CONFIG_OPTIONS,
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
            CONFIG_OPTIONS,
            driver=dict(type="str"),
            max_size=dict(type="str"),
            max_file=dict(type="int"),
            log_opts=dict(type="dict", default={}),
            existing=dict(type="str"),
        ),
        supports_check_mode=True,
    )
    argv = []
    for name in ("driver", "max_size", "max_file", "existing"):
        value = module.params[name]
        if value is not None:
            argv.append("--%s=%s" % (name.replace("_", "-"), value))
    for key, value in sorted(module.params["log_opts"].items()):
        if value is None or isinstance(value, (dict, list)):
            module.fail_json(
                msg="log_opts: %s takes a text, not %s; to take it out: unset of daemon_config"
                % (key, json.dumps(value))
            )
        argv.append("--log-opt=%s=%s" % (key, text_of(value)))
    Tool(module).change("set-logs", argv)


def text_of(value):
    """Return a value as Docker wants it: YAML makes a boolean of what is to be the word true."""
    return str(value).lower() if isinstance(value, bool) else value


if __name__ == "__main__":
    main()
