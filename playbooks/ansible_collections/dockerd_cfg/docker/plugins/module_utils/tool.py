"""Runs dockerd-cfg and turns its answer into what Ansible expects."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

FOLDERS = ["/usr/local/bin", "/usr/local/sbin", "/opt/dockerd-cfg/bin", "/opt/dockerd-cfg/venv/bin"]

TOOL_OPTIONS = dict(
    executable=dict(type="str", default="dockerd-cfg"),
    root=dict(type="path"),
)
CHANGE_OPTIONS = dict(
    consent=dict(type="bool", default=False),
    confirm_within=dict(type="str"),
)
CONFIG_OPTIONS = dict(
    restart=dict(type="str", choices=["auto", "never", "always"], default="auto"),
    force=dict(type="list", elements="str", default=[]),
    config_file=dict(type="path"),
)

# What an exit code says of the host: in one word for programs, and in words for people.
EXIT_CODES = {
    0: ("done", "done, or nothing to do"),
    1: ("untouched", "failed, the host is untouched"),
    2: ("untouched", "wrong usage, the host is untouched"),
    3: ("untouched", "daemon.json, present or wanted, is invalid; the host is untouched"),
    4: ("untouched", "refused before anything was touched"),
    5: ("untouched", "another run is active or unfinished, the host is untouched"),
    6: ("undone", "failed midway, everything is undone and Docker runs as before"),
    7: ("broken", "undoing failed too, look at the host now"),
    70: ("unknown", "a bug in dockerd-cfg, see /var/log/dockerd-cfg.log on the host"),
}
UNKNOWN = ("unknown", "ended unexpectedly, ask dockerd-cfg status on the host")
FORMAT = 1
USAGE = 2
TAIL = 2000
TEXTS = (str, type(b"".decode("ascii")))  # in Python 2, what is read from JSON is no str


def options(*groups, **own):
    """Return the argument spec made of groups of options and a module's own."""
    merged = {}
    for group in groups + (own,):
        merged.update(group)
    return merged


class NoAnswer(Exception):
    """The tool gave no answer that can be read: its message, and the exit code."""

    def __init__(self, message, code):
        Exception.__init__(self, message)
        self.message = message
        self.code = code


class Tool(object):
    """The tool on this host, run for one module."""

    def __init__(self, module):
        self.module = module

    def path(self):
        """Return the path of the program, or None if there is none."""
        name = self.module.params["executable"]
        if os.path.sep in name:
            return name if os.access(name, os.X_OK) else None
        return self.module.get_bin_path(name, opt_dirs=FOLDERS)

    def ask(self, command, arguments=(), stdin=None):
        """Run a command of the tool; return the exit code and its answer, or fail if it gives none."""
        try:
            return self.answer(command, arguments, stdin)
        except NoAnswer as error:
            state = EXIT_CODES.get(error.code, UNKNOWN)[0] if error.code else "unknown"
            self.module.fail_json(msg=error.message, exit_code=error.code, host_state=state)

    def answer(self, command, arguments=(), stdin=None):
        """Run a command of the tool; return the exit code and its answer, or raise NoAnswer."""
        program = self.path()
        if program is None:
            self.module.fail_json(
                msg="there is no %s on this host; install it, with the role dockerd_cfg.docker.dockerd_cfg for"
                " instance, or name it with executable" % self.module.params["executable"]
            )
        argv = [program, command, "--json"]
        if self.module.params["root"] is not None:  # an empty one is refused, not taken for the host
            argv += ["--root", self.module.params["root"]]
        argv += arguments
        code, out, err = self.module.run_command(argv, data=stdin)
        try:
            answer = json.loads(out)
            if answer["version"] != FORMAT:
                raise ValueError(
                    "answers in format %s, this collection reads %d" % (answer["version"], FORMAT)
                )
        except (ValueError, KeyError, TypeError) as error:
            meaning = EXIT_CODES.get(code, UNKNOWN)[1]
            raise NoAnswer(
                "%s %s gave no answer that can be read (exit code %d, %s): %s\n%s"
                % (program, command, code, meaning, error, err[-TAIL:] or out[-TAIL:]),
                code,
            )
        return code, answer

    def change(self, command, arguments=(), stdin=None, dry_run=True):
        """Run a command that changes the host, as a dry run in check mode, and end the module with the result."""
        params, module = self.module.params, self.module
        argv = list(arguments)
        if module.check_mode and dry_run:
            argv.append("--dry-run")
        if params["consent"]:
            argv.append("--yes")
        if params.get("confirm_within"):
            argv += ["--confirm-within", params["confirm_within"]]
        if "restart" in params:
            argv += ["--restart", params["restart"]]
            if params["config_file"]:
                argv += ["--config-file", params["config_file"]]
            for key in params["force"]:
                argv.append("--force=" + key)
        code, answer = self.ask(command, argv, stdin)
        hide(self.module, params.get("secret_options"), answer)
        self.refuse_failure(command, code, answer)
        result = result_of(code, answer)
        if result["changed"]:
            self._warn(answer)
        module.exit_json(**result)

    def refuse_failure(self, command, code, answer):
        """Fail with what the tool tells of a failure, if it is one."""
        if code:
            self.module.fail_json(msg=self._reasons(command, code, answer), **result_of(code, answer))

    def _warn(self, answer):
        module = self.module
        for finding in answer["findings"]:
            module.warn(line_of(finding))
        if answer["restart_required"]:
            module.warn("Docker does not use the new configuration yet: restart_required")
        if module.check_mode and answer["data"].get("restarts") and not module.params["consent"]:
            module.warn("Docker would be restarted; without consent this is refused where containers run")

    @staticmethod
    def _reasons(command, code, answer):
        meaning = EXIT_CODES.get(code, UNKNOWN)[1]
        error = answer.get("error") or {}
        lines = ["dockerd-cfg %s: %s (exit code %d, %s)" % (command, error.get("message"), code, meaning)]
        for name in ("state", "hint"):
            if error.get(name):
                lines.append("%s: %s" % (name, error[name]))
        if "--yes" in (error.get("hint") or ""):
            lines.append("in Ansible: consent: true")
        lines += [line_of(finding) for finding in answer.get("findings") or []]
        return "\n".join(lines)


def hide(module, secrets, answer):
    """Let Ansible hide secrets in whatever form the answer has them: as JSON writes them, and what stood there before."""
    if not secrets:
        return
    shown = [secrets]
    diff = (answer.get("data") or {}).get("diff") or {}
    for text in (diff.get("before"), diff.get("after")):
        try:
            shown.append(meant(secrets, json.loads(text)))
        except (TypeError, ValueError):
            continue
    for text in texts(shown):
        module.no_log_values.update(
            [text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]]
        )


def meant(secrets, options):
    """Return of some options what stands where the secrets do."""
    if isinstance(secrets, dict) and isinstance(options, dict):
        return [meant(value, options[key]) for key, value in secrets.items() if key in options]
    return options


def texts(value):
    """Return all texts in a value but empty ones."""
    if isinstance(value, dict):
        return texts(list(value.values()))
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if value and isinstance(value, TEXTS) else []


def line_of(finding):
    """Return a finding as one line of text."""
    place = ", ".join(
        "%s %s" % (name, finding[name]) for name in ("key", "line") if finding.get(name) is not None
    )
    text = "%s: %s [%s]" % (finding["severity"], finding["message"], finding["code"])
    if place:
        text += " (%s)" % place
    if finding.get("hint"):
        text += ": " + finding["hint"]
    return text


def result_of(code, answer):
    """Return an answer of the tool as the result of a module."""
    data = dict(answer["data"])
    result = dict(
        changed=answer["changed"],
        restart_required=answer["restart_required"],
        findings=answer["findings"],
        exit_code=code,
        host_state=EXIT_CODES.get(code, UNKNOWN)[0],
    )
    diff = data.pop("diff", None)
    if diff and diff["before"] != diff["after"]:
        name = data.get("file", "daemon.json")
        result["diff"] = dict(diff, before_header=name, after_header=name)
    if data.get("run"):
        result["run"] = data["run"]
    if answer.get("error"):
        result["error"] = answer["error"]
    result["data"] = data
    return result
