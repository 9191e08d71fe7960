"""Where a script is, as far as that is known: variables, arguments, directory, and the way that led there.

Comes in: what commands change. Goes out: `State`. Rules: a state is one way through a script; states that are the same
in everything but the way are merged; when there are too many, what differs becomes unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from stellaops_core.component import Step
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.syntax import Node  # noqa: TC001  # records are decoded by their annotations
from stellaops_core.entrytrace.ways import ALWAYS, Ways, extend, unite

STATE_LIMIT = 6
"""States of one script that are followed side by side; of more, the most alike are merged."""
VALUE_LIMIT = 64 << 10
"""Characters of a variable's value; longer ones are not known."""

Value = str | tuple[str, ...] | None
"""Text, array, or unset."""
NOBODY: frozenset[str] = frozenset()


class Variable(NamedTuple):
    """A variable."""

    value: Value
    reads: frozenset[str] = NOBODY
    """Variables the image doesn't set, and which were assumed to be unset for this value."""
    exported: bool = False
    keys: tuple[str, ...] = ()
    """Of an associative array, beside its values."""


class Frame(NamedTuple):
    """A function being run, or a file being sourced."""

    name: str
    """`source` for a file."""
    positional: tuple[str, ...]
    """Of the caller."""
    positional_reads: tuple[frozenset[str], ...]
    saved: dict[str, Variable | None]
    """What local variables hide."""
    step: Step


class Truth(NamedTuple):
    """Whether a condition holds: None where that isn't known."""

    value: bool | None
    reads: frozenset[str] = NOBODY
    """Variables that were assumed to be unset."""

    def negated(self) -> "Truth":
        """The opposite."""
        return Truth(None if self.value is None else not self.value, self.reads)


YES, NO, PERHAPS = Truth(True), Truth(False), Truth(None)


class State:
    """One way through a script, up to here."""

    __slots__ = (
        "background",
        "directory",
        "flow",
        "frames",
        "functions",
        "last",
        "levels",
        "options",
        "output",
        "positional",
        "positional_reads",
        "status",
        "stdin",
        "variables",
        "ways",
    )

    def __init__(self, variables: dict[str, Variable], positional: tuple[str, ...], directory: str) -> None:
        self.variables = variables
        self.positional = positional
        self.positional_reads: tuple[frozenset[str], ...] = ()
        """What was assumed for each of the arguments; empty where nothing was."""
        self.directory = directory
        """Absolute; `UNKNOWN` where it isn't known."""
        self.functions: dict[str, tuple[Node, object]] = {}
        """Body, and the source that it stands in."""
        self.frames: tuple[Frame, ...] = ()
        self.ways: Ways = ALWAYS
        self.status = YES
        self.flow = ""
        """Why commands are skipped: `exit`, `fail`, `return`, `break`, `continue`; else empty."""
        self.levels = 0
        """How many loops `break` or `continue` still leaves."""
        self.options: frozenset[str] = frozenset()
        self.stdin: str | None = None
        self.output: str | None = None
        """What was printed; None where nobody reads it."""
        self.last: tuple[int, ...] = ()
        """Numbers of what the last foreground command ran."""
        self.background: tuple[int, ...] = ()

    def copy(self) -> "State":
        """Return a state that changes on its own."""
        new = State.__new__(State)
        for name in State.__slots__:
            setattr(new, name, getattr(self, name))
        new.variables = dict(self.variables)
        new.functions = dict(self.functions)
        new.frames = tuple(frame._replace(saved=dict(frame.saved)) for frame in self.frames)
        return new

    def decide(self, decision: int) -> "State":
        """Return a copy that has taken a branch."""
        new = self.copy()
        new.ways = extend(self.ways, decision)
        return new

    def forget(self, names: Iterable[str]) -> None:
        """Take variables, assumed to be unset so far, for unknown; also whatever came of that assumption."""
        gone = frozenset(names)
        for name, variable in list(self.variables.items()):
            if variable.reads & gone:
                self.variables[name] = variable._replace(value=UNKNOWN, reads=NOBODY)
        for name in gone:
            if name not in self.variables and name != UNKNOWN:
                self.variables[name] = Variable(UNKNOWN)
        if any(reads & gone for reads in self.positional_reads):
            pairs = zip(self.positional, self.positional_reads, strict=False)
            self.positional = tuple(UNKNOWN if reads & gone else text for text, reads in pairs)
            self.positional_reads = tuple(reads - gone for reads in self.positional_reads)

    def set(self, name: str, value: Value, reads: frozenset[str] = NOBODY, keys: tuple[str, ...] = ()) -> None:
        """Assign."""
        if isinstance(value, str) and len(value) > VALUE_LIMIT:
            value = UNKNOWN
        before = self.variables.get(name)
        exported = "allexport" in self.options or (before is not None and before.exported)
        self.variables[name] = Variable(value, reads, exported, keys)

    def call_with(self, fields: Sequence[str], reads: Sequence[frozenset[str]]) -> None:
        """Set the positional parameters."""
        self.positional = tuple(fields)
        self.positional_reads = tuple(reads) if any(reads) else ()

    def export(self, name: str) -> None:
        """Have programs see a variable."""
        before = self.variables.get(name)
        if before:
            self.variables[name] = before._replace(exported=True)

    def write(self, text: str) -> None:
        """Print, where somebody reads it."""
        if self.output is not None:
            self.output = self.output + text if len(self.output) < VALUE_LIMIT else UNKNOWN

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a program run from here sees."""
        names = {
            name: variable.value
            for name, variable in self.variables.items()
            if variable.exported and isinstance(variable.value, str)
        }
        return {**names, **(extra or {})}

    def key(self) -> tuple[object, ...]:
        """Everything but the way, and the variables."""
        return (
            self.flow,
            self.levels,
            self.positional,
            self.directory,
            len(self.frames),
            self.options,
            self.stdin,
            self.output,
            tuple(self.functions),
        )


def merge(
    states: list[State],
    is_as_configured: Callable[[Ways], bool],
    limit: int = STATE_LIMIT,
    *,
    heed_status: bool = True,
) -> list[State]:
    """Merge states that are the same but for the way; when there are too many, also those that are not."""
    if len(states) < 2:
        return states
    main: list[State] = []
    others: list[State] = []
    for state in states:
        group = main if is_as_configured(state.ways) else others
        if not any(_joins(one, state, heed_status=heed_status) for one in group):
            group.append(state)
    others = _condense([state for state in others if not any(_includes(one, state) for one in main)])
    for key_of in (_place, _level):
        if len(main) > limit:
            main = _squeeze(main, key_of, limit)
        if len(others) > limit:
            others = _squeeze(others, key_of, limit)
    return [*main, *others]


def _joins(state: State, other: State, *, heed_status: bool) -> bool:
    """Take another state in, where nothing of worth is lost: what differs is unknown in one of them."""
    if (heed_status and state.status != other.status) or state.key() != other.key():
        return False
    if state.variables != other.variables:
        mine, theirs = state.variables, other.variables
        for name in mine.keys() | theirs.keys():
            one, two = mine.get(name), theirs.get(name)
            if one != two and not (one and one.value == UNKNOWN) and not (two and two.value == UNKNOWN):
                return False
    absorb(state, other)
    return True


def _includes(state: State, other: State) -> bool:
    """Take in a state that is the same but for the way."""
    if state.status != other.status or state.key() != other.key() or state.variables != other.variables:
        return False
    absorb(state, other)
    return True


def _condense(states: list[State]) -> list[State]:
    """Make one state of all those of one place that the image does not come to by itself."""
    groups: dict[object, State] = {}
    for state in states:
        first = groups.setdefault(_place(state), state)
        if first is not state:
            absorb(first, state)
    return list(groups.values())


def _place(state: State) -> tuple[object, ...]:
    return (state.flow, state.levels, state.positional, state.directory, len(state.frames))


def _level(state: State) -> tuple[object, ...]:
    return (state.flow, len(state.frames))


def _squeeze(states: list[State], key_of: Callable[[State], tuple[object, ...]], limit: int) -> list[State]:
    """Join states of one key, the last ones first, until there are few enough."""
    groups: dict[object, list[State]] = {}
    for state in states:
        groups.setdefault(key_of(state), []).append(state)
    excess = len(states) - limit
    result = []
    for group in groups.values():
        keep = max(1, len(group) - excess - 1) if excess > 0 else len(group)
        excess -= len(group) - keep
        result.extend(group[: keep - 1])
        first = group[keep - 1]
        for other in group[keep:]:
            absorb(first, other)
        result.append(first)
    return result


def absorb(state: State, other: State) -> None:
    """Make one state of two: what differs is unknown."""
    state.ways = unite((*state.ways, *other.ways))
    for name in state.variables.keys() | other.variables.keys():
        mine, theirs = state.variables.get(name), other.variables.get(name)
        if mine != theirs:
            same = mine is not None and theirs is not None and mine.value == theirs.value
            value = mine.value if same and mine else UNKNOWN
            exported = bool((mine and mine.exported) or (theirs and theirs.exported))
            reads = (mine.reads if mine else NOBODY) | (theirs.reads if theirs else NOBODY) if same else NOBODY
            state.variables[name] = Variable(value, reads, exported)
    if state.positional != other.positional:
        state.positional, state.positional_reads = (MANY,), ()
    if state.directory != other.directory:
        state.directory = UNKNOWN
    if state.status != other.status:
        state.status = PERHAPS
    if state.stdin != other.stdin:
        state.stdin = None
    if state.output != other.output:
        state.output = UNKNOWN if state.output is not None else None
    state.functions = {**other.functions, **state.functions}
    state.last = tuple(sorted({*state.last, *other.last}))
    state.background = tuple(sorted({*state.background, *other.background}))
