#!/usr/bin/python
"""Changes any option of daemon.json, by dockerd-cfg merge."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemon_config
short_description: Set and unset options of daemon.json
version_added: 1.0.0
description:
  - Merges options into daemon.json and takes others out, reloads or restarts Docker, whichever they need, proves that
    Docker uses them, or undoes it all.
  - Only what is named changes. The options of one task cost one restart at most.
options:
  options:
    description:
      - Options to set, nested as in daemon.json. Objects are merged, arrays replaced, and a null takes an option out.
      - Types count; the values of C(log-opts) are strings.
    type: dict
    default: {}
  secret_options:
    description:
      - The same for options with values that nobody shall see; they are in no log and no output, nor is what they replace.
      - Other tasks do not know of them. Their diff shows what is near to what they change, without the secrets that the tool
        knows by their names, as passwords of proxies and tokens of log drivers.
    type: dict
    default: {}
  unset:
    description: Options to take out where they are set, dotted where nested. Docker's default holds again then.
    type: list
    elements: str
    default: []
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
- name: Set some options
  dockerd_cfg.docker.daemon_config:
    options:
      live-restore: true
      log-opts:
        labels: com.example.service
    unset:
      - debug
    consent: true

- name: Send logs to a collector, with a token from the vault
  dockerd_cfg.docker.daemon_config:
    options:
      log-driver: splunk
      log-opts:
        splunk-url: https://splunk.example.net:8088
    secret_options:
      log-opts:
        splunk-token: "{{ splunk_token }}"
    confirm_within: 10m
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
            options=dict(type="dict", default={}),
            secret_options=dict(type="dict", default={}, no_log=True),
            unset=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    patch = {}
    try:
        for source in (module.params["options"], module.params["secret_options"]):
            merge(patch, source)
    except ValueError as error:
        module.fail_json(msg="%s is named twice" % error)
    unset = module.params["unset"]
    if not patch and not unset:
        module.fail_json(msg="name an option: in options, secret_options or unset")
    # The patch on standard input: a command line can be read by every user of the host.
    arguments = ["-"] + ["--unset=" + key for key in unset]
    Tool(module).change("merge", arguments, stdin=json.dumps(patch))


def merge(patch, source, above=""):
    """Merge a dictionary into another; raise ValueError with the dotted name of what both say."""
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(patch.get(key), dict):
            merge(patch[key], value, above + key + ".")
        elif key in patch:
            raise ValueError(above + key)
        else:
            # a copy: what is merged into it later must not appear in the module's own parameters
            patch[key] = json.loads(json.dumps(value))


if __name__ == "__main__":
    main()
