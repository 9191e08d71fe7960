"""Completion scripts for bash, zsh and fish, made from the option table.

Comes in: nothing. Goes out: the text of a script. The scripts are static: pressing Tab starts no Python. They complete
verbs, options, choices, formats, files and the schemes of image references.
"""

from collections.abc import Callable, Iterable, Mapping

from stellaops_cli.options import GROUPS, VERBS, Argument, Option, Verb
from stellaops_cli.parser import HELP
from stellaops_core.images.image import SCHEMES
from stellaops_core.sbom.formats import FORMATS

NOTICE = "Made by `stella completion {}` from the command's own option table."


def write_bash() -> str:
    """Script for bash 4.4 and later. Words break at `:` and `=`, as readline's default has it."""
    lines = [
        f"# {NOTICE.format('bash')}",
        "_stella() {",
        "    local current previous command words whole=split",
        "    COMPREPLY=()",
        "    current=${COMP_WORDS[COMP_CWORD]}",
        "    previous=${COMP_WORDS[COMP_CWORD-1]}",
        "    if [[ $current == = ]]; then",
        "        current=",
        "    elif [[ $previous == = ]]; then",
        "        previous=${COMP_WORDS[COMP_CWORD-2]}",
        "    else",
        "        whole=",
        "    fi",
        "    [[ -n $whole && $previous != -* ]] && previous=--file  # the path of FORMAT=PATH",
        "    command=${COMP_WORDS[1]}",
        f'    case "$command" in {"|".join(GROUPS)}) ((COMP_CWORD > 2)) && command+=" ${{COMP_WORDS[2]}}" ;; esac',
        "    if ((COMP_CWORD == 1)); then",
        f'        mapfile -t COMPREPLY < <(compgen -W "{" ".join(_top())} --help --version" -- "$current")',
        "        return",
        "    fi",
        '    case "$command:$previous" in',
        *(line for verb in VERBS for option in verb.options if option.metavar for line in _bash_value(verb, option)),
        '        *:--file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;',
        "    esac",
        '    case "$command" in',
        *(f'        {name}) words="{" ".join(_second(name))} --help" ;;' for name in GROUPS),
        *(f'        "{" ".join(verb.path)}") words="{" ".join(_bash_words(verb))}" ;;' for verb in VERBS),
        "    esac",
        '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
        "    if [[ $command == scan && $current != -* ]]; then",
        "        compopt -o filenames",
        '        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")',
        "    fi",
        "    [[ ${COMPREPLY[0]-} == *: ]] && compopt -o nospace",
        "}",
        "complete -F _stella stella",
    ]
    return "\n".join(lines) + "\n"


def write_zsh() -> str:
    """Script for zsh's completion system."""
    lines = ["#compdef stella", f"# {NOTICE.format('zsh')}", ""]
    for verb in VERBS:
        lines += [f"_stella_{'_'.join(verb.path)}() {{", "    _arguments -s -S \\"]
        lines += [f"        {spec} \\" for spec in _zsh_specs(verb)]
        lines += ["        && return 0", "}", ""]
    for name in GROUPS:
        inner = {verb.path[1]: verb for verb in VERBS if verb.path[0] == name}
        lines += _zsh_dispatch(name, {word: verb.help for word, verb in inner.items()})
    lines += _zsh_dispatch("", _top())
    lines += ['_stella "$@"', ""]
    return "\n".join(lines)


def write_fish() -> str:
    """Script for fish."""
    lines = [f"# {NOTICE.format('fish')}", "complete -c stella -f"]
    lines += [
        f"complete -c stella -n __fish_use_subcommand -a {word} -d {_quote(text)}" for word, text in _top().items()
    ]
    lines.append("complete -c stella -n __fish_use_subcommand -l version -d 'Show the version and exit'")
    for name in GROUPS:
        words = " ".join(_second(name))
        unseen = f"'__fish_seen_subcommand_from {name}; and not __fish_seen_subcommand_from {words}'"
        for verb in VERBS:
            if verb.path[0] == name:
                lines.append(f"complete -c stella -n {unseen} -a {verb.path[1]} -d {_quote(verb.help)}")
    for verb in VERBS:
        seen = "'" + "; and ".join(f"__fish_seen_subcommand_from {word}" for word in verb.path) + "'"
        lines += [f"complete -c stella -n {seen} {_fish_argument(argument)}" for argument in verb.arguments]
        lines += [f"complete -c stella -n {seen} {_fish_option(option)}" for option in (*verb.options, HELP)]
    return "\n".join(lines) + "\n"


SCRIPTS: Mapping[str, Callable[[], str]] = {"bash": write_bash, "zsh": write_zsh, "fish": write_fish}


def _top() -> dict[str, str]:
    """Words after `stella`, with what they do."""
    return {verb.path[0]: GROUPS.get(verb.path[0], verb.help) for verb in VERBS}


def _second(name: str) -> list[str]:
    return [verb.path[1] for verb in VERBS if verb.path[0] == name]


def _values(option: Option | Argument) -> list[str]:
    if option.complete == "output":
        return list(FORMATS)
    if option.complete == "image":
        return [f"{scheme}:" for scheme in SCHEMES]
    return list(option.choices)


def _flags(verb: Verb) -> Iterable[str]:
    return (flag for option in (*verb.options, HELP) for flag in option.flags)


def _bash_words(verb: Verb) -> list[str]:
    return [*(word for argument in verb.arguments for word in _values(argument)), *_flags(verb)]


def _bash_value(verb: Verb, option: Option) -> list[str]:
    """The case of one option's value."""
    pattern = "|".join(f'"{" ".join(verb.path)}:{flag}"' for flag in option.flags)
    if option.complete in {"file", "directory"}:
        kind = "-f" if option.complete == "file" else "-d"
        action = f'compopt -o filenames; mapfile -t COMPREPLY < <(compgen {kind} -- "$current")'
    elif words := _values(option):
        action = f'mapfile -t COMPREPLY < <(compgen -W "{" ".join(words)}" -- "$current")'
    else:
        action = ":"
    return [f"        {pattern}) {action}; return ;;"]


def _zsh_specs(verb: Verb) -> list[str]:
    specs = [_zsh_option(option) for option in (*verb.options, HELP)]
    for position, argument in enumerate(verb.arguments, 1):
        action = "_stella_image" if argument.complete == "image" else f"({' '.join(_values(argument))})"
        if argument.complete == "file":
            action = "_files"
        if argument.complete == "image":
            schemes = " ".join(_values(argument))
            action = f'{{_alternative "schemes:scheme:compadd -S \\"\\" {schemes}" "files:path:_files"}}'
        specs.append(_quote(f"{'*' if argument.repeat else position}:{argument.name}:{action}"))
    return specs


def _zsh_option(option: Option) -> str:
    """One `_arguments` specification; an option that does not repeat excludes itself."""
    star = "*" if option.repeat else f"({' '.join(option.flags)})"
    value = ""
    if option.metavar:
        actions = {"file": "_files", "directory": "_files -/"}
        action = actions.get(option.complete, f"({' '.join(_values(option))})" if _values(option) else " ")
        value = f":{option.metavar.replace(':', '')}:{action}"
    text = f"[{_bracketed(option.help)}]{value}"
    if len(option.flags) == 1:
        long = option.flags[0] + ("=" if option.metavar else "")
        return _quote(f"{star}{long}{text}")
    short, long = option.flags
    marks = ("+", "=") if option.metavar else ("", "")
    return _quote(star) + "{" + f"{short}{marks[0]},{long}{marks[1]}" + "}" + _quote(text)


def _zsh_dispatch(name: str, words: Mapping[str, str]) -> list[str]:
    """A function that offers words, and passes on to the function of the word that was chosen."""
    function = f"_stella_{name}" if name else "_stella"
    return [
        f"{function}() {{",
        "    local -a words_of_command",
        "    words_of_command=(",
        *(f"        {_quote(word + ':' + text)}" for word, text in words.items()),
        "    )",
        "    if (( CURRENT == 2 )); then",
        "        _describe command words_of_command && return 0",
        "    fi",
        "    local chosen=$words[2]",
        "    (( $+functions[" + function + "_$chosen] )) || return 1",
        "    shift words",
        "    (( CURRENT-- ))",
        f"    {function}_$chosen",
        "}",
        "",
    ]


def _fish_argument(argument: Argument) -> str:
    words = _values(argument)
    files = "-F " if argument.complete == "image" else ""
    return f"{files}-a {_quote(' '.join(words))} -d {_quote(argument.metavar)}"


def _fish_option(option: Option) -> str:
    parts = [f"-{'l' if flag.startswith('--') else 's'} {flag.lstrip('-')}" for flag in option.flags]
    if option.metavar:
        parts.append("-r")
        if option.complete in {"file", "directory"}:
            parts.append("-F" if option.complete == "file" else "-a '(__fish_complete_directories)'")
        elif words := _values(option):
            parts.append(f"-a {_quote(' '.join(words))}")
    return " ".join([*parts, f"-d {_quote(option.help)}"])


def _bracketed(text: str) -> str:
    return text.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
