"""Functions, sourced files, and texts that are evaluated: all that is run one level deeper, in the same shell.

Comes in: what is called and a state. Goes out: the states after it.
"""

from typing import TYPE_CHECKING

from stellaops_core.entrytrace.process import Edge, Undetermined
from stellaops_core.entrytrace.shell.assign import assign
from stellaops_core.entrytrace.shell.files import text_of
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.state import PERHAPS, YES, Frame, State, Variable
from stellaops_core.entrytrace.shell.syntax import Command, Function, Node
from stellaops_core.entrytrace.shell.text import Source

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


CALL_DEPTH_LIMIT = 16
"""Functions and sourced files within one another."""


def run_function(
    shell: "Shell", node: Command, state: State, fields: list[str], reads: list[frozenset[str]]
) -> list[State]:
    """Call a function."""
    body, source = state.functions[fields[0]]
    if len(state.frames) >= CALL_DEPTH_LIMIT:
        shell.gap(node.line, f"functions nested deeper than {CALL_DEPTH_LIMIT}")
        return [state]
    saved: dict[str, Variable | None] = {}
    for one in node.assignments:
        saved.setdefault(one.name, state.variables.get(one.name))
        assign(shell, one, state)
    frame = Frame(fields[0], state.positional, state.positional_reads, saved, shell.source.step(node.line))
    state.call_with(fields[1:], reads[1:])
    return enter(shell, frame, body, state, source, restore=True)


def enter(shell: "Shell", frame: Frame, body: Node, state: State, source: object, *, restore: bool) -> list[State]:
    """Run a body one level deeper, and come back."""
    state.frames = (*state.frames, frame)
    outer, shell.source = shell.source, source if isinstance(source, Source) else shell.source
    states = shell.run(body, [state])
    shell.source = outer
    for one in states:
        _leave(one, restore=restore)
    return shell.merged(states)


def _leave(state: State, *, restore: bool) -> None:
    frame = state.frames[-1]
    state.frames = state.frames[:-1]
    if state.flow == "return":
        state.flow = ""
    if restore:
        state.positional, state.positional_reads = frame.positional, frame.positional_reads
    for name, variable in frame.saved.items():
        if variable is None:
            state.variables.pop(name, None)
        else:
            state.variables[name] = variable


def read_file(shell: "Shell", path: str, line: int, state: State, arguments: tuple[str, ...] | None) -> list[State]:
    """Run a file of the image within this shell."""
    real = shell.root.real(path)
    state.status = PERHAPS
    if real is None or not shell.root.is_file(path):
        return [state]
    text = text_of(shell.root, path)
    if text is None:
        shell.gap(line, f"the text of the sourced file was not kept: {real}")
        return [state]
    step = shell.source.step(line)
    shell.caller.source(Edge(shell.source.place, real, step.text, shell.source.line or line))
    return run_text(
        shell,
        text,
        Source(real, tuple(text.split("\n"))),
        state,
        Frame("source", state.positional, state.positional_reads, {}, step),
        arguments,
    )


def run_text(
    shell: "Shell",
    text: str,
    source: Source,
    state: State,
    frame: Frame | None = None,
    arguments: tuple[str, ...] | None = None,
) -> list[State]:
    """Run a text within this shell; with a frame, it is a file of its own."""
    if len(state.frames) >= CALL_DEPTH_LIMIT:
        shell.gap(0, f"files sourced deeper than {CALL_DEPTH_LIMIT}")
        return [state]
    script = parse(text)
    if script.damage:
        line = source.line or script.damage.line
        shell.caller.note(Undetermined(source.place, line, f"the script can't be read: {script.damage.reason}"))
    if frame:
        if arguments is not None:
            state.call_with(arguments, ())
        return enter(shell, frame, script.body, state, source, restore=arguments is not None)
    outer, shell.source = shell.source, source
    states = shell.run(script.body, [state])
    shell.source = outer
    return states


def define_function(shell: "Shell", node: Function, state: State) -> list[State]:
    """`name() { … }`."""
    state.functions[node.name] = (node.body, shell.source)
    state.status = YES
    return [state]
