"""Assignments, redirections, and the words of a command.

Comes in: their trees and a state. Goes out: fields; the state changes. Rule: of redirections only the input, the loss
of output, and the files that they make matter.
"""

from collections.abc import Callable
from collections.abc import Sequence as Several
from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.expand import FIELD_LIMIT, Expander
from stellaops_core.entrytrace.shell.files import absolute, make_files, text_of
from stellaops_core.entrytrace.shell.patterns import MANY
from stellaops_core.entrytrace.shell.state import State
from stellaops_core.entrytrace.shell.syntax import Assignment, Command, Redirect

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


def expand_arguments(node: Command, expander: Expander) -> list[str]:
    """Expand the words; declarations stay one field each."""
    fields: list[str] = []
    reads = expander.reads
    for word in node.words:
        before = frozenset(reads)
        reads.clear()
        if isinstance(word, Assignment):
            value = "" if word.value is None else expander.text(word.value)
            fields.append(word.name if word.value is None else f"{word.name}={value}")
        else:
            fields.extend(expander.word(word))
        if len(fields) > FIELD_LIMIT:
            fields[FIELD_LIMIT:] = [MANY]
        added = len(fields) - len(expander.field_reads)
        if added > 1 and added == len(expander.state.positional_reads):
            expander.field_reads.extend(expander.state.positional_reads)
        else:
            expander.field_reads.extend([frozenset(reads)] * added)
        reads |= before
    return fields


def temporary_variables(shell: "Shell", assignments: Several[Assignment], state: State) -> dict[str, str]:
    """Variables that a single command gets."""
    return {one.name: Expander(shell, state).text(one.value) for one in assignments if one.value}


def assign(shell: "Shell", one: Assignment, state: State) -> None:
    """Do `name=value`, `name+=value`, `name[i]=value`, `name=(…)`."""
    expander = Expander(shell, state)
    before = state.variables.get(one.name)
    if one.elements is not None:
        added = tuple(expander.fields(one.elements))
        old = before.value if one.append and before and isinstance(before.value, tuple) else ()
        state.set(one.name, bounded((*old, *added)), frozenset(expander.reads))
    elif one.subscript:
        _assign_element(one, expander, state)
    else:
        text = expander.text(one.value)
        if one.append:
            text = (expander.parameters.text(one.name) or "") + text
        state.set(one.name, text, frozenset(expander.reads))


def bounded(fields: tuple[str, ...]) -> tuple[str, ...]:
    """No more fields than one command line may come to."""
    return fields if len(fields) <= FIELD_LIMIT else (*fields[:FIELD_LIMIT], MANY)


def _assign_element(one: Assignment, expander: Expander, state: State) -> None:
    key, text = expander.text(one.subscript), expander.text(one.value)
    before = state.variables.get(one.name)
    values = before.value if before and isinstance(before.value, tuple) else ()
    keys = before.keys if before else ()
    if keys or not key.isdigit() or int(key) > len(values):
        keys = keys or tuple(str(n) for n in range(len(values)))
        known = dict(zip(keys, values, strict=False))
        known[key] = text
        state.set(one.name, tuple(known.values()), frozenset(expander.reads), tuple(known))
    else:
        at = int(key)
        state.set(one.name, (*values[:at], text, *values[at + 1 :]), frozenset(expander.reads))


def redirected(shell: "Shell", redirects: Several[Redirect], expander: Expander) -> str | None:
    """Evaluate redirections; return the new standard input, where one is given and known."""
    stdin = None
    for one in redirects:
        if one.operator in {"<<", "<<-"}:
            stdin = expander.text(one.target)
        elif one.operator == "<<<":
            stdin = expander.text(one.target) + "\n"
        else:
            target = expander.text(one.target)
            if one.operator == "<" and one.descriptor in {"", "0"}:
                stdin = text_of(shell.root, absolute(expander.state.directory, target))
    return stdin


def redirect(shell: "Shell", redirects: Several[Redirect], expander: Expander) -> None:
    """Redirect one command."""
    state = expander.state
    if not redirects:
        return
    stdin = redirected(shell, redirects, expander)
    if any(one.operator[0] == "<" and one.descriptor in {"", "0"} for one in redirects):
        state.stdin = stdin
    make_files(state, [expander.text(one.target) for one in redirects if one.operator[0] in ">&"])
    if any(one.operator[0] in ">&" and one.descriptor in {"", "1"} for one in redirects):
        state.output = None


def redirected_body(
    shell: "Shell", redirects: Several[Redirect], state: State, run: Callable[[State], list[State]]
) -> list[State]:
    """Run a compound command with its redirections."""
    if not redirects:
        return run(state)
    before = (state.stdin, state.output)
    redirect(shell, redirects, Expander(shell, state))
    states = run(state)
    for one in states:
        one.stdin = before[0]
        one.output = before[1] if one.output is None else one.output
    return states
