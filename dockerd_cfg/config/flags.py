"""dockerd's command line: which flags there are, and which option of daemon.json each one sets.

Pure parsing; where the command line comes from is not decided here. Source: ``cmd/dockerd`` of moby 20.10 to
28, ``daemon/command`` of 29; the parser there is spf13/pflag.
"""

from collections.abc import Sequence
from typing import Final

SHORTHANDS: Final = {
    "D": "debug",
    "G": "group",
    "H": "host",
    "b": "bridge",
    "g": "graph",
    "h": "help",
    "l": "log-level",
    "p": "pidfile",
    "r": "restart",
    "s": "storage-driver",
    "v": "version",
}

# Flags that take no value as a separate word: ``--debug``, ``--icc=false``.
BOOLEAN_FLAGS: Final = frozenset(
    {
        "allow-direct-routing",
        "cri-containerd",
        "debug",
        "experimental",
        "help",
        "icc",
        "init",
        "ip-forward",
        "ip-forward-no-drop",
        "ip-masq",
        "ip6tables",
        "iptables",
        "ipv6",
        "live-restore",
        "no-new-privileges",
        "raw-logs",
        "restart",
        "rootless",
        "selinux-enabled",
        "tls",
        "tlsverify",
        "userland-proxy",
        "validate",
        "version",
    }
)

# moby's NamedOption: the option of daemon.json has another name than the flag.
OPTION_OF_FLAG: Final = {
    "add-runtime": "runtimes",
    "authorization-plugin": "authorization-plugins",
    "cdi-spec-dir": "cdi-spec-dirs",
    "cluster-store-opt": "cluster-store-opts",
    "default-address-pool": "default-address-pools",
    "default-network-opt": "default-network-opts",
    "default-ulimit": "default-ulimits",
    "dns-opt": "dns-opts",
    "exec-opt": "exec-opts",
    "feature": "features",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}


def option_of_flag(flag: str) -> str:
    """Return the name in daemon.json of what the flag ``flag`` (long name, no dashes) sets."""
    return OPTION_OF_FLAG.get(flag, flag)


def parse_flags(argv: Sequence[str]) -> dict[str, list[str]]:
    """Return what a dockerd command line sets: option names as in daemon.json, each with its values in order.

    ``argv`` may or may not start with the program; shorthands, ``--flag=value``, ``--flag value``, ``-Hfd://`` and
    bundled ``-Dl debug`` are read as pflag reads them; a switch without a value counts as ``true``. A flag without
    its value is kept with no value. Words that belong to no flag are left out, as are flags after ``--``.
    """
    found: dict[str, list[str]] = {}
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            _parse_long(word[2:], words, found)
        elif word.startswith("-") and len(word) > 1:
            _parse_short(word[1:], words, found)
    return found


def _parse_long(text: str, words: list[str], found: dict[str, list[str]]) -> None:
    name, has_value, value = text.partition("=")
    _note(name, [value] if has_value else _separate_value(name, words), found)


def _parse_short(letters: str, words: list[str], found: dict[str, list[str]]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        name = SHORTHANDS.get(letter, letter)
        if letters.startswith("="):
            _note(name, [letters[1:]], found)
            return
        if name not in BOOLEAN_FLAGS and letters:
            _note(name, [letters], found)
            return
        _note(name, _separate_value(name, words), found)


def _separate_value(name: str, words: list[str]) -> list[str]:
    if name in BOOLEAN_FLAGS:
        return ["true"]
    return [words.pop(0)] if words else []


def _note(name: str, values: list[str], found: dict[str, list[str]]) -> None:
    found.setdefault(option_of_flag(name), []).extend(values)
