"""Commands that a shell does by itself.

Comes in: a command's fields and the state. Goes out: the states after it. Rule: a built-in command is no program of the
image; what one of them can't be told of is unknown.

Source: POSIX.1-2024, XCU 2.15 "Special Built-In Utilities"; Bash Reference Manual 4.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.assign import assign, temporary_variables
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.files import absolute
from stellaops_core.entrytrace.shell.functions import read_file, run_text
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.printf import echoed, formatted
from stellaops_core.entrytrace.shell.state import NO, NOBODY, PERHAPS, YES, State, Truth, Variable
from stellaops_core.entrytrace.shell.syntax import Assignment, Command, Word
from stellaops_core.entrytrace.shell.test import Tester

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell

Builtin = Callable[["Shell", Command, State, Expander, list[str]], list[State]]

KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "case", "esac", "for", "while", "until", "do", "done", "function"}
)
_INSIDE = "stella_unknown"
"""A variable that stands, in a text to be evaluated, for what isn't known of it."""
_LONG = {"e": "errexit", "u": "nounset", "f": "noglob", "a": "allexport", "x": "xtrace"}


def _done(state: State, truth: Truth = YES) -> list[State]:
    state.status = truth
    return [state]


def _nothing(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """Change nothing that matters here."""
    return _done(state)


def _perhaps(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """End one way or the other."""
    state.write(UNKNOWN)
    return _done(state, PERHAPS)


def _false(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    return _done(state, NO)


def _test(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    if fields[0] == "[" and fields[-1] == "]":
        fields = fields[:-1]
    value = Tester(expander, state).brackets(fields[1:])
    return _done(state, Truth(value, frozenset(expander.reads)))


def _echo(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    state.write(echoed(fields[1:]))
    return _done(state)


def _printf(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    arguments = fields[1:]
    if arguments[:1] == ["-v"] and len(arguments) > 2:
        state.set(arguments[1], formatted(arguments[2:]), frozenset(expander.reads))
        return _done(state)
    state.write(formatted(arguments[1:] if arguments[:1] == ["--"] else arguments))
    return _done(state)


def _pwd(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    state.write(state.directory + "\n")
    return _done(state)


def _cd(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    where = [field for field in fields[1:] if field == "-" or not field.startswith("-")]
    target = where[0] if where else expander.parameters.text("HOME") or UNKNOWN
    state.directory = UNKNOWN if UNKNOWN in target or target == "-" else absolute(state.directory, target)
    state.variables["PWD"] = Variable(state.directory, NOBODY, exported=True)
    known = UNKNOWN not in state.directory and shell.root.is_directory(state.directory)
    return _done(state, YES if known else PERHAPS)


def _export(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:
    """`export`, `readonly`, `declare`, `typeset`, `local`."""
    kind = fields[0]
    flags = "".join(field[1:] for field in fields[1:] if field[:1] in {"-", "+"} and "=" not in field)
    exported = (kind == "export" and "n" not in flags) or (kind in {"declare", "typeset", "local"} and "x" in flags)
    hides = kind == "local" or (kind in {"declare", "typeset"} and bool(state.frames) and "g" not in flags)
    for word in node.words[1:]:
        for one in _declared(word, expander):
            if hides and state.frames:
                state.frames[-1].saved.setdefault(one.name, state.variables.get(one.name))
            _declare(shell, one, state, hides=hides, keyed="A" in flags)
            if exported:
                state.export(one.name)
    return _done(state, shell.captured if kind == "export" else YES)


def _declared(word: Word | Assignment, expander: Expander) -> list[Assignment]:
    """What one argument declares; a plain word is split at its first `=`."""
    if isinstance(word, Assignment):
        return [word]
    found = []
    for text in expander.word(word):
        name, equals, value = text.partition("=")
        if not name.startswith(("-", "+")) and UNKNOWN not in name and name.isidentifier():
            found.append(Assignment(name, _plain(value) if equals else None))
    return found


def _plain(text: str) -> Word:
    from stellaops_core.entrytrace.shell.syntax import Literal  # noqa: PLC0415  # one name among many

    return Word((Literal(text, quoted=True),))


def _declare(shell: "Shell", one: Assignment, state: State, *, hides: bool, keyed: bool) -> None:
    if keyed and one.elements is not None:
        _declare_keyed(one, Expander(shell, state), state)
    elif one.value is not None or one.elements is not None:
        assign(shell, one, state)
    elif hides:
        state.variables[one.name] = Variable(() if keyed else None)


def _declare_keyed(one: Assignment, expander: Expander, state: State) -> None:
    """`declare -A name=([key]=value …)`."""
    known: dict[str, str] = {}
    for text in expander.fields(one.elements or ()):
        key, _, value = text.partition("]=")
        known[key.removeprefix("[")] = value
    state.set(one.name, tuple(known.values()), frozenset(expander.reads), tuple(known))


def _unset(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    for name in fields[1:]:
        if name.startswith("-"):
            continue
        if "-f" in fields:
            state.functions.pop(name, None)
        else:
            state.variables[name] = Variable(None)
    return _done(state)


def _set(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    at = 1
    options = set(state.options)
    while at < len(fields) and fields[at][:1] in {"-", "+"} and fields[at] not in {"--", "-"}:
        field = fields[at]
        on = field[0] == "-"
        names = [_LONG.get(letter, letter) for letter in field[1:] if letter != "o"]
        if field.endswith("o") and at + 1 < len(fields):
            at += 1
            names.append(fields[at])
        options = options | set(names) if on else options - set(names)
        at += 1
    state.options = frozenset(options)
    if at < len(fields):
        at += fields[at] in {"--", "-"}
        state.call_with(fields[at:], expander.field_reads[at:])
    return _done(state)


def _shopt(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    names = {field for field in fields[1:] if not field.startswith("-")}
    state.options = (
        state.options | names if "-s" in fields else state.options - names if "-u" in fields else state.options
    )
    return _done(state, PERHAPS if "-q" in fields else YES)


def _shift(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    count = fields[1] if len(fields) > 1 else "1"
    gone = state.positional[: int(count)] if count.isdigit() else (MANY,)
    if MANY in gone:
        state.call_with((MANY,), ())
        return _done(state, PERHAPS)
    if len(gone) < int(count):
        return _done(state, NO)
    state.call_with(state.positional[int(count) :], state.positional_reads[int(count) :])
    return _done(state)


def _leave(flow: str) -> Builtin:
    def leave(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
        if len(fields) > 1:
            code = fields[1]
            state.status = Truth(int(code) == 0, frozenset(expander.reads)) if code.isdigit() else PERHAPS
        failed = len(fields) > 1 and fields[1].isdigit() and int(fields[1]) != 0
        state.flow = "fail" if flow == "exit" and failed else flow
        return [state]

    return leave


def _skip(flow: str) -> Builtin:
    def skip(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
        state.flow = flow
        state.levels = int(fields[1]) if len(fields) > 1 and fields[1].isdigit() and len(fields[1]) < 3 else 1
        return [state]

    return skip


def _read(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    names = _operands(fields[1:], "adinNptu") or ["REPLY"]
    if state.stdin is None or UNKNOWN in state.stdin or "-a" in fields or "-d" in fields or "-n" in fields:
        known = state.stdin is not None and not state.stdin
        for name in names:
            state.set(name, "" if known else UNKNOWN)
        return _done(state, NO if known else PERHAPS)
    line, end, state.stdin = state.stdin.partition("\n")
    parts = [line.strip()] if len(names) == 1 else line.split(None, len(names) - 1)
    for name, value in zip(names, [*parts, *[""] * len(names)], strict=False):
        state.set(name, value)
    return _done(state, YES if end else NO)


def _operands(fields: list[str], with_values: str) -> list[str]:
    """Arguments that are neither options nor their values."""
    found: list[str] = []
    at = 0
    while at < len(fields):
        field = fields[at]
        if field.startswith("-") and len(field) > 1:
            at += field[-1] in with_values
        else:
            found.append(field)
        at += 1
    return found


def _mapfile(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    name = (_operands(fields[1:], "dnOsuCc") or ["MAPFILE"])[-1]
    known = state.stdin is not None and UNKNOWN not in state.stdin
    state.set(name, tuple((state.stdin or "").splitlines()) if known else (MANY,))
    return _done(state)


def _getopts(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """Without arguments there are no options; with them, any."""
    arguments = fields[3:] or list(state.positional)
    if not arguments or (arguments[0] != MANY and not arguments[0].startswith(("-", "+", UNKNOWN))):
        return _done(state, NO)
    for name in (*fields[2:3], "OPTARG", "OPTIND"):
        state.set(name, UNKNOWN)
    return _done(state, PERHAPS)


def _let(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    for field in fields[1:]:
        state.set(field.partition("=")[0].strip("+-*/%"), UNKNOWN)
    return _done(state, PERHAPS)


def _eval(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    text = " ".join(fields[1:])
    if text.startswith(UNKNOWN):
        shell.gap(node.line, f"a text that is not known is run: {shell.source.step(node.line).text}")
        return _done(state, PERHAPS)
    if UNKNOWN in text:
        state.variables[_INSIDE] = Variable(UNKNOWN)
        text = text.replace(UNKNOWN, f"${{{_INSIDE}}}")
    return run_text(shell, text, shell.source.within(text, node.line), state)


def _source(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:
    arguments = fields[2:] if fields[1:2] == ["--"] else fields[1:]
    if not arguments or UNKNOWN in arguments[0]:
        shell.gap(node.line, f"a file that is not known is sourced: {shell.source.step(node.line).text}")
        return _done(state, PERHAPS)
    path = _sourced_path(shell, expander, arguments[0])
    return read_file(shell, path, node.line, state, tuple(arguments[1:]) or None)


def _sourced_path(shell: "Shell", expander: Expander, name: str) -> str:
    if "/" not in name:
        for directory in (expander.parameters.text("PATH") or "").split(":"):
            if shell.root.is_file(f"{directory}/{name}"):
                return f"{directory}/{name}"
    return absolute(expander.state.directory, name)


def _exec(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    at = 1
    while at < len(fields) and fields[at].startswith("-"):
        at += 2 if fields[at] == "-a" else 1
    argv = fields[at:]
    if not argv:
        return _done(state)
    if UNKNOWN in argv[0]:
        shell.gap(node.line, f"the name of the program is not known: {shell.source.step(node.line).text}")
        state.last = ()
    else:
        state.last = shell.external(state, argv, node.line, temporary_variables(shell, node.assignments, state))
    state.flow = "exit"
    return _done(state, PERHAPS)


def _command(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:
    """`command`, `builtin`: past functions; `-v` asks."""
    at = 1
    while at < len(fields) and fields[at].startswith("-"):
        if fields[at] in {"-v", "-V"}:
            return _which(shell, node, state, expander, [fields[0], *fields[at + 1 :]])
        at += 1
    if at >= len(fields):
        return _done(state)
    hidden = state.functions.pop(fields[at], None)
    states = shell.dispatch(node, state, expander, fields[at:])
    for one in states:
        if hidden:
            one.functions.setdefault(fields[at], hidden)
    return states


def _which(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """`command -v`, `type`, `hash`, `which`: where a command is."""
    names = [field for field in fields[1:] if not field.startswith("-")]
    found = True
    for name in names:
        if UNKNOWN in name:
            state.write(UNKNOWN)
            return _done(state, PERHAPS)
        where = name if name in BUILTINS or name in state.functions else shell.find(name, state)
        found = found and where is not None
        if where and fields[0] != "hash":
            state.write(f"{where}\n" if fields[0] != "type" or "-p" in fields or "-P" in fields else UNKNOWN)
    return _done(state, Truth(found, frozenset(expander.reads)))


def _kill(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """`kill`: what runs in the background was there for a while only."""
    if "-0" not in fields:
        state.background = ()
    return _done(state, PERHAPS)


def _umask(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    state.write("0022\n" if len(fields) == 1 else "")
    return _done(state)


def _moved(shell: "Shell", node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:  # noqa: ARG001
    """`pushd`, `popd`."""
    known = fields[0] == "pushd" and len(fields) == 2 and UNKNOWN not in fields[1]
    state.directory = absolute(state.directory, fields[1]) if known else UNKNOWN
    return _done(state)


BUILTINS: dict[str, Builtin] = {
    **dict.fromkeys(
        (":", "true", "trap", "alias", "unalias", "enable", "bind", "complete", "ulimit", "times"), _nothing
    ),
    **dict.fromkeys(("wait", "jobs", "bg", "fg", "disown", "dirs", "caller", "compgen", "history"), _perhaps),
    **dict.fromkeys(("export", "readonly", "declare", "typeset", "local"), _export),
    **dict.fromkeys(("type", "hash"), _which),
    **dict.fromkeys(("test", "["), _test),
    **dict.fromkeys((".", "source"), _source),
    **dict.fromkeys(("command", "builtin"), _command),
    **dict.fromkeys(("pushd", "popd"), _moved),
    **dict.fromkeys(("mapfile", "readarray"), _mapfile),
    "false": _false,
    "echo": _echo,
    "printf": _printf,
    "pwd": _pwd,
    "cd": _cd,
    "unset": _unset,
    "set": _set,
    "shopt": _shopt,
    "shift": _shift,
    "exit": _leave("exit"),
    "return": _leave("return"),
    "break": _skip("break"),
    "continue": _skip("continue"),
    "read": _read,
    "getopts": _getopts,
    "let": _let,
    "eval": _eval,
    "exec": _exec,
    "kill": _kill,
    "umask": _umask,
}
CHANGING = frozenset(BUILTINS) - {":", "true", "false", "test", "[", "echo", "type", "hash", "pwd"}
"""Built-in commands after which the state may be another; the others only answer."""
