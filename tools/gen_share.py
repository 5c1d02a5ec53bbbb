"""Write what a system has of a program beside it: completion for bash, zsh and fish, and manual pages, into share/.

All comes from the program's own command line and from the reference. With ``--check``, tell whether it is up to date.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from command_line import (
    HELP,
    REFERENCE,
    ROOT,
    VERSION,
    Command,
    Parameter,
    note,
    option_keys,
    program,
    values_of,
)

from dockerd_cfg import __version__

SHARE: Final = ROOT / "share"
_RUNS: Final = "/var/lib/dockerd-cfg/runs"
_CODES: Final = ROOT / "docs/reference/exit-codes.md"
_DATE: Final = (
    "2026-11-24"  # of the pages' form; not of the build, so that they are the same whenever they are made
)
_FILES: Final = {
    "/etc/docker/daemon.json": "the configuration that is changed",
    "/var/lib/dockerd-cfg/runs": "a folder for each run, with its plan and its journal",
    "/var/log/dockerd-cfg.log": "tracebacks of bugs; all else too where there is no systemd journal",
}


def generated() -> dict[str, str]:
    """Return the text of each file by its path below share/."""
    purpose, commands = program()
    present = REFERENCE.read_text(encoding="utf-8")
    pages = {f"man/man1/dockerd-cfg-{one.label}.1": _page(one, note(present, one.name)) for one in commands}
    return {
        "bash-completion/completions/dockerd-cfg": _bash(commands),
        "zsh/site-functions/_dockerd-cfg": _zsh(commands),
        "fish/vendor_completions.d/dockerd-cfg.fish": _fish(commands),
        "man/man1/dockerd-cfg.1": _main_page(purpose, commands),
        **pages,
    }


# Completion


def _bash(commands: Iterable[Command]) -> str:
    lines = [
        "# bash completion for dockerd-cfg; generated, see: make schemas",
        "_dockerd_cfg() {",
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= first= place=0 i=1 word",
        "  COMPREPLY=()",
        "  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi",
        "  while ((i < COMP_CWORD)); do",
        "    word=${COMP_WORDS[i]}",
        "    if [[ -z $command ]]; then",
        "      [[ $word == -* ]] || command=$word",
        "    elif [[ $word == -* ]]; then",
        '      case "$command:$word" in',
        f"        {'|'.join(_taking(commands))})",
        "          [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))",
        "          ((i++)) ;;",
        "      esac",
        f"    elif [[ $place == 0 && ' {' '.join(_verbs(commands))} ' == *\" $command-$word \"* ]]; then",
        "      command+=-$word",
        "    else",
        "      ((place++))",
        "      [[ $place == 1 ]] && first=$word",
        "    fi",
        "    ((i++))",
        "  done",
        '  case "$command:$prev" in',
    ]
    for one in commands:
        for option in one.options:
            if option.takes_value:
                labels = "|".join(f"{one.label}:{name}" for name in option.names)
                lines.append(f"    {labels}) {_bash_reply(option)}; return ;;")
    lines += [
        "  esac",
        "  if [[ -z $command ]]; then",
        f'    COMPREPLY=($(compgen -W "{" ".join(_tops(commands))} {_names((HELP, VERSION))}" -- "$cur"))',
        "    return",
        "  fi",
        "  if [[ $cur == -* ]]; then",
        "    case $command in",
        *(
            f'      {one.label}) COMPREPLY=($(compgen -W "{_names(one.options)}" -- "$cur")) ;;'
            for one in commands
        ),
        "    esac",
        "    return",
        "  fi",
        '  case "$command:$place" in',
    ]
    for one in commands:
        for number, argument in enumerate(one.arguments):
            lines.append(f"    {one.label}:{number}) {_bash_reply(argument)} ;;")
    lines += [
        "  esac",
        "}",
        "_dockerd_cfg_keys() {",
        f'  echo "{" ".join(option_keys())}"',
        "}",
        "_dockerd_cfg_values() {",
        "  case $1 in",
        *(f'    {"|".join(keys)}) echo "{" ".join(values)}" ;;' for values, keys in _values().items()),
        "  esac",
        "}",
        "complete -F _dockerd_cfg dockerd-cfg",
    ]
    return "\n".join(lines) + "\n"


def _bash_reply(one: Parameter) -> str:
    files = 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -{} -- "$cur")'
    match one.kind:
        case "folder":
            return files.format("d")
        case "file":
            return files.format("f")
        case "run":
            return f'COMPREPLY=($(compgen -W "$(command ls {_RUNS} 2>/dev/null)" -- "$cur"))'
        case "keys":
            return 'COMPREPLY=($(compgen -W "$(_dockerd_cfg_keys)" -- "$cur"))'
        case "values":
            return 'COMPREPLY=($(compgen -W "$(_dockerd_cfg_values "$first")" -- "$cur"))'
        case "words":
            blank = (
                "compopt -o nospace 2>/dev/null; " if any(word.endswith("=") for word in one.words) else ""
            )
            return f'{blank}COMPREPLY=($(compgen -W "{" ".join(one.words)}" -- "$cur"))'
        case _:
            return ":"


def _values() -> dict[tuple[str, ...], list[str]]:
    """Return the keys that can have the same few values, by these values."""
    found: dict[tuple[str, ...], list[str]] = {}
    for key in option_keys():
        values = values_of(key)
        if values:
            found.setdefault(values, []).append(key)
    return found


def _taking(commands: Iterable[Command]) -> list[str]:
    """Return each option after which a word follows, with its command: set:--restart."""
    return [
        f"{one.label}:{name}"
        for one in commands
        for option in one.options
        if option.takes_value
        for name in option.names
    ]


def _tops(commands: Iterable[Command]) -> list[str]:
    return [one.name for one in commands if " " not in one.name]


def _verbs(commands: Iterable[Command]) -> list[str]:
    return [one.label for one in commands if " " in one.name]


def _names(options: Iterable[Parameter]) -> str:
    return " ".join(name for option in options for name in option.names)


def _zsh(commands: Iterable[Command]) -> str:
    lines = [
        "#compdef dockerd-cfg",
        "# zsh completion for dockerd-cfg; generated, see: make schemas",
        "_dockerd-cfg() {",
        "  local curcontext=$curcontext state line",
        "  local -a commands keys",
        "  commands=(",
        *(f"    {_zsh_quoted(f'{one.name}:{one.summary}')}" for one in commands if " " not in one.name),
        "  )",
        f"  keys=({' '.join(option_keys())})",
        "  _arguments -C '(- *)--version[Show the version.]' '(- *)--help[Show this message and exit.]' \\",
        "    '1:command:->command' '*::argument:->argument'",
        "  case $state in",
        "    command) _describe command commands ;;",
        "    argument)",
        f"      if ((CURRENT > 2)) && [[ ' {' '.join(_verbs(commands))} ' == *\" $words[1]-$words[2] \"* ]]; then",
        "        words[1]+=-$words[2]; words[2]=(); ((CURRENT--))",
        "      fi",
        "      case $words[1] in",
    ]
    for one in commands:
        specs = [_zsh_option(option, name) for option in one.options for name in option.names]
        specs += [
            f"{number}:{argument.metavar}:{_zsh_action(argument)}"
            for number, argument in enumerate(one.arguments, start=1)
        ]
        joined = " \\\n          ".join(map(_zsh_quoted, specs))
        lines.append(f"        {one.label}) _arguments \\\n          {joined} ;;")
    lines += ["      esac ;;", "  esac", "}", "_dockerd-cfg_values() {", "  case $words[2] in"]
    lines += [f"    {'|'.join(keys)}) compadd {' '.join(values)} ;;" for values, keys in _values().items()]
    lines += ["  esac", "}", '_dockerd-cfg "$@"']
    return "\n".join(lines) + "\n"


def _zsh_option(option: Parameter, name: str) -> str:
    told = re.sub(r"([\[\]:])", r"\\\1", option.help)
    repeat = "*" if option.is_repeatable else ""
    if not option.takes_value:
        return f"{repeat}{name}[{told}]"
    joint = "=" if name.startswith("--") else "+"
    return f"{repeat}{name}{joint}[{told}]:{option.metavar.replace('|', ' ')}:{_zsh_action(option)}"


def _zsh_action(one: Parameter) -> str:
    match one.kind:
        case "folder":
            return "_files -/"
        case "file":
            return "_files"
        case "run":
            return f"_files -W {_RUNS} -/"
        case "keys":
            return "compadd -a keys"
        case "values":
            return "_dockerd-cfg_values"
        case "words" if any(word.endswith("=") for word in one.words):
            return f"compadd -S '' {' '.join(one.words)}"
        case "words":
            return f"({' '.join(one.words)})"
        case _:
            return " "


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(commands: Iterable[Command]) -> str:
    lines = [
        "# fish completion for dockerd-cfg; generated, see: make schemas",
        "complete -c dockerd-cfg -f",
        "complete -c dockerd-cfg -n __fish_use_subcommand -l version -d 'Show the version.'",
        "complete -c dockerd-cfg -n __fish_use_subcommand -l help -d 'Show this message and exit.'",
        "function __dockerd_cfg_place",
        "    set -l words (commandline -opc) (commandline -ct)",
        "    set -l count 0",
        "    set -l before",
        "    for word in $words[3..-1]",
        "        string match -q -- '-*' $word; or contains -- $words[2]:$before $__dockerd_cfg_taking",
        "        or contains -- $words[2]-$words[3]:$before $__dockerd_cfg_taking; or set count (math $count + 1)",
        "        set before $word",
        "    end",
        "    test $count = $argv[1]",
        "end",
        "function __dockerd_cfg_is",
        "    set -l words (commandline -opc)",
        "    set -l here $words[2]",
        f"    contains -- $here-$words[3] {' '.join(_verbs(commands))}; and set here $here-$words[3]",
        '    test "$here" = $argv[1]',
        "end",
        "function __dockerd_cfg_values",
        "    for word in (commandline -opc)[3..-1]",
        "        contains -- $word $__dockerd_cfg_keys; and set -f key $word; and break",
        "    end",
        '    switch "$key"',
        *(
            f"        case {' '.join(keys)}\n            printf '%s\\n' {' '.join(values)}"
            for values, keys in _values().items()
        ),
        "    end",
        "end",
        f"set -g __dockerd_cfg_keys {' '.join(option_keys())}",
        f"set -g __dockerd_cfg_taking {' '.join(_taking(commands))}",
    ]
    for one in commands:
        if " " not in one.name:
            lines.append(
                f"complete -c dockerd-cfg -n __fish_use_subcommand -a {one.name} -d {_fish_quoted(one.summary)}"
            )
        here = f"complete -c dockerd-cfg -n '__dockerd_cfg_is {one.label}"
        for option in one.options:
            names = " ".join(
                ("-l " if name.startswith("--") else "-s ") + name.lstrip("-") for name in option.names
            )
            lines.append(f"{here}' {names}{_fish_value(option, ' -x')} -d {_fish_quoted(option.help)}")
        for number, argument in enumerate(one.arguments, start=1 + one.name.count(" ")):
            value = _fish_value(argument, "")
            if value.strip():
                lines.append(f"{here}; and __dockerd_cfg_place {number}'{value}")
    return "\n".join(lines) + "\n"


def _fish_value(one: Parameter, alone: str) -> str:
    if not one.takes_value:
        return ""
    match one.kind:
        case "folder":
            return f"{alone} -a '(__fish_complete_directories)'"
        case "file":
            return " -r -F"
        case "run":
            return f"{alone} -a '(command ls {_RUNS} 2>/dev/null)'"
        case "keys":
            return f"{alone} -a '$__dockerd_cfg_keys'"
        case "values":
            return f"{alone} -a '(__dockerd_cfg_values)'"
        case "words":
            return f"{alone} -a '{' '.join(one.words)}'"
        case _:
            return alone


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# Manual pages


def _main_page(purpose: str, commands: Iterable[Command]) -> str:
    lines = [
        *_head("dockerd-cfg", purpose),
        ".SH SYNOPSIS",
        ".B dockerd-cfg",
        r"\fICOMMAND\fR [\fIOPTIONS\fR]",
    ]
    lines += [".SH DESCRIPTION", _roff(purpose), "Each command has a page of its own.", ".SH COMMANDS"]
    for one in commands:
        lines += [".TP", f".BR dockerd\\-cfg\\-{_roff(one.label)} (1)", _roff(one.summary)]
    lines += [".SH OPTIONS", *_options((HELP, VERSION)), ".SH EXIT STATUS"]
    for row in re.findall(r"(?m)^\| (\d+) \| (.*?) \|", _CODES.read_text(encoding="utf-8")):
        lines += [".TP", f".B {row[0]}", *_prose(row[1])]
    lines.append(".SH FILES")
    for path, meaning in _FILES.items():
        lines += [".TP", f".I {_roff(path)}", _roff(meaning)]
    lines += [".SH SEE ALSO", ".BR dockerd (8),", ".BR journalctl (1)"]
    return "\n".join(lines) + "\n"


def _page(one: Command, told: str) -> str:
    name = f"dockerd-cfg-{one.label}"
    words = [
        argument.metavar if argument.is_required else f"[{argument.metavar}]" for argument in one.arguments
    ]
    lines = [*_head(name, one.summary), ".SH SYNOPSIS", f".B dockerd\\-cfg {_roff(one.name)}"]
    lines.append(r"[\fIOPTIONS\fR] " + " ".join(rf"\fI{_roff(word)}\fR" for word in words))
    lines[-1] = lines[-1].rstrip()
    lines.append(".SH DESCRIPTION")
    for number, paragraph in enumerate(one.help):
        lines += [*([".PP"] if number else []), _roff(paragraph)]
    for paragraph in told.split("\n\n"):
        if paragraph.strip():
            lines += [*([] if paragraph.startswith("|") else [".PP"]), *_prose(paragraph)]
    if one.arguments:
        lines.append(".SH ARGUMENTS")
        for argument in one.arguments:
            lines += [".TP", f".I {_roff(argument.metavar)}", _roff(argument.help)]
    lines += [".SH OPTIONS", *_options(one.options), ".SH SEE ALSO"]
    lines += [f".BR dockerd\\-cfg\\-{one.label}\\-{_roff(verb)} (1)," for verb in one.verbs]
    lines.append(".BR dockerd\\-cfg (1)")
    return "\n".join(lines) + "\n"


def _head(name: str, what: str) -> Iterator[str]:
    yield '.\\" Generated, see: make schemas'
    yield f'.TH {name.upper()} 1 {_DATE} "dockerd-cfg {__version__}" "dockerd-cfg"'.replace("-CFG", r"\-CFG")
    yield from (".SH NAME", f"{_roff(name)} \\- {_roff(what.rstrip('.'))}")


def _options(options: Iterable[Parameter]) -> Iterator[str]:
    for option in options:
        names = ", ".join(rf"\fB{_roff(name)}\fR" for name in option.names)
        value = rf" \fI{_roff(option.metavar)}\fR" if option.takes_value else ""
        default = f" [default: {option.default}]" if option.default else ""
        yield from (".TP", names + value, _roff(option.help + default))


def _prose(text: str) -> Iterator[str]:
    """Yield the lines of a piece of Markdown: code is bold, of links the text is left, tables become lines."""
    if text.startswith("|"):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
        for first, *others in rows[2:]:
            yield from (".TP", *_prose(first), *_prose("; ".join(cell for cell in others if cell) or "."))
        return
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    pieces = re.split(r"`([^`]*)`", plain.replace("**", ""))
    shown = "".join(
        rf"\fB{_roff(piece)}\fR" if number % 2 else _roff(piece) for number, piece in enumerate(pieces)
    )
    yield from re.split(r"(?<=[.:;]) (?=[A-Z\\])", shown) if shown else ()


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("“", r"\(lq").replace("”", r"\(rq")
    return re.sub(r"^([.'])", r"\\&\1", escaped)


def main() -> int:
    """Write the files, or with ``--check`` tell whether they are up to date."""
    files = generated()
    present = {
        str(path.relative_to(SHARE)): path.read_text(encoding="utf-8")
        for path in SHARE.rglob("*")
        if path.is_file()
    }
    if "--check" in sys.argv[1:]:
        return int(present != files)
    for name in present.keys() - files.keys():
        (SHARE / name).unlink()
    for name, text in files.items():
        (SHARE / name).parent.mkdir(parents=True, exist_ok=True)
        (SHARE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
