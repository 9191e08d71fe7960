"""The quick command line parser, made from the option table.

Comes in: arguments. Goes out: a `Call`, or `UsageError` with a hint. The grammar is the one of typer's commands
(options anywhere, `--option=value`, bundled short flags, `--`), and a property test holds the two together.
Abbreviated options are not understood: a script must not change its meaning when an option is added.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from stellaops_cli.options import BY_PATH, GROUPS, Option, Verb
from stellaops_core.errors import UsageError

HELP = Option(("-h", "--help"), "show this message")


class Call(Struct, frozen=True):
    """What the command line asks for."""

    verb: Verb
    values: Mapping[str, Any]
    """By name: text, `True`, or a list of texts; what was not given is absent."""
    help: bool = False


def find_verb(arguments: Sequence[str]) -> tuple[Verb, Sequence[str]]:
    """Split arguments into the verb and the rest."""
    if not arguments:
        raise UsageError("no command", hint=f"commands: {', '.join(_words())}; more: stella --help")
    first, *rest = arguments
    if first in GROUPS and rest:
        second, *after = rest
        if verb := BY_PATH.get((first, second)):
            return verb, after
        raise _unknown_verb(f"{first} {second}", second, [path[1] for path in BY_PATH if path[0] == first])
    if first in GROUPS:
        choices = ", ".join(path[1] for path in BY_PATH if path[0] == first)
        raise UsageError(f"stella {first} needs a command", hint=f"choose one of: {choices}")
    if verb := BY_PATH.get((first,)):
        return verb, rest
    if first.startswith("-"):
        raise UsageError(f"no such option: {first}", hint="options stand after the command, as in: stella scan -q REF")
    raise _unknown_verb(first, first, _words())


def parse(arguments: Sequence[str]) -> Call:
    """Read a whole command line; raise `UsageError`."""
    verb, rest = find_verb(arguments)
    given, values = _split(verb, list(rest))
    if values.pop("help", False):
        return Call(verb, values, help=True)
    for number, argument in enumerate(verb.arguments):
        if number >= len(given):
            raise UsageError(
                f"stella {' '.join(verb.path)} needs {argument.metavar}",
                hint=f"{argument.metavar} is {argument.help}"
                if argument.choices
                else f"such as: stella {' '.join(verb.path)} {argument.example}",
            )
        values[argument.name] = given[number:] if argument.repeat else given[number]
    if len(given) > len(verb.arguments) and not (verb.arguments and verb.arguments[-1].repeat):
        raise UsageError(
            f"one argument too many: {given[len(verb.arguments)]!r}", hint=f"see stella {' '.join(verb.path)} --help"
        )
    return Call(verb, values)


def _split(verb: Verb, rest: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Positional arguments, and values of options by name."""
    options = {flag: option for option in (*verb.options, HELP) for flag in option.flags}
    given: list[str] = []
    values: dict[str, Any] = {}
    rest.reverse()
    while rest:
        word = rest.pop()
        if word == "--":
            given.extend(reversed(rest))
            break
        if word.startswith("--"):
            _take_long(verb, options, word, rest, values)
        elif word.startswith("-") and word != "-":
            _take_short(verb, options, word, rest, values)
        else:
            given.append(word)
    return given, values


def _take_long(verb: Verb, options: Mapping[str, Option], word: str, rest: list[str], values: dict[str, Any]) -> None:
    flag, equals, value = word.partition("=")
    option = options.get(flag)
    if option is None:
        raise _unknown_option(verb, options, flag)
    if equals and not option.metavar:
        raise UsageError(f"{flag} takes no value", hint=f"write {flag} alone")
    if equals:
        rest.append(value)
    _store(option, flag, rest, values)


def _take_short(verb: Verb, options: Mapping[str, Option], word: str, rest: list[str], values: dict[str, Any]) -> None:
    """One word of short flags: each is a flag of its own, until one takes the remainder as its value."""
    for position, letter in enumerate(word[1:], 2):
        option = options.get(f"-{letter}")
        if option is None:
            raise _unknown_option(verb, options, f"-{letter}")
        takes = bool(option.metavar)
        if takes and word[position:]:
            rest.append(word[position:])
        _store(option, f"-{letter}", rest, values)
        if takes:
            return


def _store(option: Option, flag: str, rest: list[str], values: dict[str, Any]) -> None:
    if not option.metavar:
        values[option.name] = True
        return
    if not rest:
        raise UsageError(f"{flag} needs a value", hint=f"write {flag} {option.metavar}")
    if option.repeat:
        values.setdefault(option.name, []).append(rest.pop())
    else:
        values[option.name] = rest.pop()


def _words() -> list[str]:
    return list(dict.fromkeys(path[0] for path in BY_PATH))


def _unknown_verb(shown: str, word: str, known: Sequence[str]) -> UsageError:
    from stellaops_cli.suggest import suggest  # noqa: PLC0415  # only for mistakes

    return UsageError(f"no such command: {shown}", hint=suggest(word, known))


def _unknown_option(verb: Verb, options: Mapping[str, Option], flag: str) -> UsageError:
    from stellaops_cli.suggest import suggest  # noqa: PLC0415  # only for mistakes

    hint = suggest(flag, [known for known in options if known.startswith("--")])
    if not hint.startswith("did"):
        hint = f"see stella {' '.join(verb.path)} --help"
    return UsageError(f"stella {' '.join(verb.path)} has no option {flag}", hint=hint)
