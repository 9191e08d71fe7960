"""A shell script, run without running it: all ways that it may take, as far as they can be told apart.

Comes in: a parsed script, a first state, and what runs programs. Goes out: what it runs (`Found`). Rules: a condition
that isn't known takes both branches; one that hangs on a variable, which the image doesn't set, takes the branch of the
unset variable for sure and the other on that condition; a branch that can only fail is none.

Source: POSIX.1-2024, XCU 2 "Shell Command Language"; Bash Reference Manual.
"""

from collections.abc import Callable
from collections.abc import Sequence as Several

from stellaops_core.entrytrace.calls import DEFAULT_PATH, Call, Caller, Found
from stellaops_core.entrytrace.process import Undetermined
from stellaops_core.entrytrace.shell.arithmetic import change
from stellaops_core.entrytrace.shell.assign import assign, expand_arguments, redirect, redirected, temporary_variables
from stellaops_core.entrytrace.shell.branches import run_and_or, run_case, run_if
from stellaops_core.entrytrace.shell.builtins import BUILTINS
from stellaops_core.entrytrace.shell.commands import output_of
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.files import MAKERS, make_files
from stellaops_core.entrytrace.shell.functions import define_function, read_file, run_function
from stellaops_core.entrytrace.shell.groups import capture, run_behind, run_group, run_pipeline
from stellaops_core.entrytrace.shell.judge import judge
from stellaops_core.entrytrace.shell.loops import run_for, run_for_arithmetic, run_while
from stellaops_core.entrytrace.shell.patterns import UNKNOWN
from stellaops_core.entrytrace.shell.state import NOBODY, PERHAPS, STATE_LIMIT, YES, State, Truth, Variable, merge
from stellaops_core.entrytrace.shell.syntax import (
    AndOr,
    ArithmeticCommand,
    Background,
    Case,
    Command,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Node,
    Pipeline,
    Sequence,
    Test,
    While,
)
from stellaops_core.entrytrace.shell.text import Source
from stellaops_core.entrytrace.ways import unite

RUN_DEPTH_LIMIT = 70
"""Commands within one another, over all scripts that call each other."""


class _Entry:
    """One program that is run at one place, on any way."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.ways = found.ways
        self.tip = False


class Shell:
    """One run of a shell: of a script, or of a text."""

    def __init__(self, caller: Caller, source: Source, call: Call, name: str) -> None:
        self.caller = caller
        self.root = caller.root
        self.volumes = caller.volumes
        self.source = source
        self.call = call
        self.name = name
        """`$0`."""
        self.entries: dict[tuple[object, ...], int] = {}
        self.kept: list[_Entry] = []
        self.limit = STATE_LIMIT
        """States that may stand side by side; fewer within commands that are run for several."""
        self.captured = YES
        """How the last command substitution ended."""

    @property
    def place(self) -> str:
        """The file that is being run."""
        return self.source.place

    def capture(self, body: Sequence, state: State) -> tuple[str, frozenset[str]]:
        """Run a command substitution."""
        return capture(self, body, state)

    # --- whole scripts ---

    def start(self, body: Sequence, positional: tuple[str, ...], before: Several[str] = ()) -> tuple[Found, ...]:
        """Run a script from its first command to its end, after files that the shell reads first."""
        variables = {name: Variable(value, NOBODY, exported=True) for name, value in self.call.environment.items()}
        state = State(variables, positional, self.call.directory)
        state.stdin = self.call.stdin
        states = [state]
        for path in before:
            states = [end for one in states for end in read_file(self, path, 0, one, None)]
        ends = self.run(body, states)
        for end in [one for one in ends if one.flow != "fail"] or ends:
            for number in (*end.last, *end.background):
                self.kept[number].tip = True
        return tuple(Found(entry.found.process, entry.ways, tip=entry.tip) for entry in self.kept)

    # --- what it runs ---

    def keep(self, found: Found) -> int:
        """Keep a find, once for all ways that lead there; return its number."""
        process = found.process
        key = (
            process.program,
            process.arguments,
            process.script,
            process.directory,
            process.steps[-1],
            len(process.steps),
        )
        number = self.entries.setdefault(key, len(self.kept))
        if number == len(self.kept):
            self.kept.append(_Entry(found))
        else:
            entry = self.kept[number]
            entry.ways = unite((*entry.ways, *found.ways))
        return number

    def find(self, name: str, state: State) -> str | None:
        """Where a program is, as `command -v` tells it."""
        path = state.variables.get("PATH")
        where = path.value if path and isinstance(path.value, str) else DEFAULT_PATH
        return self.caller.find(name, where, state.directory)

    def external(self, state: State, argv: Several[str], line: int, extra: dict[str, str]) -> tuple[int, ...]:
        """Run a program; return the numbers of what a process that becomes it ends as."""
        call = Call(
            argv=tuple(argv),
            environment=state.environment(extra),
            directory=state.directory,
            user=self.call.user,
            stdin=state.stdin,
            place=self.source.place,
            line=self.source.line or line,
        )
        steps = (*(frame.step for frame in state.frames), self.source.step(line))
        tips = []
        for found in self.caller.run(call):
            number = self.keep(found.within(steps, state.ways, tip=True))
            if found.tip:
                tips.append(number)
        return tuple(dict.fromkeys(tips))

    def gap(self, line: int, reason: str, scope: str = "") -> None:
        """Tell that something can't be followed."""
        self.caller.note(Undetermined(self.source.place, self.source.line or line, reason, scope))

    # --- commands ---

    def run(self, node: Node, states: list[State]) -> list[State]:
        """Run a command on all ways that are still going."""
        handler = _HANDLERS[type(node)]
        done: list[State] = []
        limit, going = self.limit, sum(not state.flow for state in states)
        self.limit = max(1, limit // going) if going else limit
        for state in states:
            line = getattr(node, "line", 0)
            done.extend([state] if state.flow else self.deeper(line, state, lambda one: handler(self, node, one)))
        self.limit = limit
        return self.merged(done)

    def deeper(self, line: int, state: State, run: Callable[[State], list[State]]) -> list[State]:
        """Run something within something else, unless that is too deep."""
        if self.caller.depth >= RUN_DEPTH_LIMIT:
            self.gap(line, f"commands nested deeper than {RUN_DEPTH_LIMIT}")
            return [state]
        self.caller.depth += 1
        states = run(state)
        self.caller.depth -= 1
        return states

    def merged(self, states: list[State]) -> list[State]:
        """Merge what can be merged, and what must be."""
        return merge(states, self.caller.forks.is_as_configured, self.limit)

    def sequence(self, node: Sequence, state: State) -> list[State]:
        """Run commands one after the other."""
        states = [state]
        for command in node.commands:
            if len(states) > 1:
                states = merge(states, self.caller.forks.is_as_configured, self.limit, heed_status=False)
            states = self.run(command, states)
            if all(one.flow for one in states):
                break
        return states

    def command(self, node: Command, state: State) -> list[State]:
        """Run a simple command."""
        if not self.caller.spend():
            state.flow = "exit"
            return [state]
        self.captured = YES
        expander = Expander(self, state)
        fields = expand_arguments(node, expander)
        if not fields:
            for assignment in node.assignments:
                assign(self, assignment, state)
            redirected(self, node.redirects, expander)
            state.status = self.captured
            return [state]
        before = (state.stdin, state.output)
        redirect(self, node.redirects, expander)
        states = self.dispatch(node, state, expander, fields)
        for one in states:
            one.stdin = before[0] if node.redirects else one.stdin
            if before[1] is not None and one.output is None:
                one.output = before[1]
        return states

    def dispatch(self, node: Command, state: State, expander: Expander, fields: list[str]) -> list[State]:
        """Find what a command's name stands for."""
        name = fields[0]
        if UNKNOWN in name:
            self.gap(node.line, f"the name of the command is not known: {self.source.step(node.line).text}")
            state.status, state.last = PERHAPS, ()
            return [state]
        if name in state.functions:
            return run_function(self, node, state, fields, expander.field_reads)
        if name in BUILTINS:
            return BUILTINS[name](self, node, state, expander, fields)
        extra = temporary_variables(self, node.assignments, state)
        if name.rpartition("/")[2] in MAKERS:
            make_files(state, fields[1:])
        state.last = self.external(state, fields, node.line, extra)
        state.status = PERHAPS
        if state.output is not None:
            told = self.which(fields, state) if name == "which" else output_of(self.root, fields, state, self.call.user)
            state.write(UNKNOWN if told is None else told)
        return [state]

    def which(self, fields: Several[str], state: State) -> str:
        """What the program `which` prints."""
        names = [field for field in fields[1:] if not field.startswith("-")]
        found = [UNKNOWN if UNKNOWN in name else self.find(name, state) for name in names]
        return "".join(f"{path}\n" for path in found if path)

    # --- the rest ---

    def test(self, node: Test, state: State) -> list[State]:
        """`[[ … ]]`."""
        state.status = judge(self, node, state) or PERHAPS
        return [state]

    def arithmetic(self, node: ArithmeticCommand, state: State) -> list[State]:
        """`(( … ))`."""
        expander = Expander(self, state)
        value = change(node.text, lambda name: expander.parameters.text(name) or "", state.set)
        state.status = PERHAPS if value is None else Truth(value != 0, frozenset(expander.reads))
        return [state]


_HANDLERS: dict[type, Callable[..., list[State]]] = {
    Sequence: Shell.sequence,
    Command: Shell.command,
    Pipeline: run_pipeline,
    AndOr: run_and_or,
    Background: run_behind,
    Group: run_group,
    If: run_if,
    Case: run_case,
    For: run_for,
    ForArithmetic: run_for_arithmetic,
    While: run_while,
    Function: define_function,
    ArithmeticCommand: Shell.arithmetic,
    Test: Shell.test,
}
