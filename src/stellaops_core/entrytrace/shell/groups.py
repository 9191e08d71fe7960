"""Groups, subshells, command substitutions, pipelines, and the background.

Comes in: a command and a state. Goes out: the states after it. Rule: of what runs in a copy only its output, its status
and its programs come back.
"""

from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.assign import redirected, redirected_body
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.judge import decided
from stellaops_core.entrytrace.shell.patterns import UNKNOWN
from stellaops_core.entrytrace.shell.state import NO, NOBODY, PERHAPS, YES, State, Truth
from stellaops_core.entrytrace.shell.syntax import Background, Command, Group, Node, Pipeline, Sequence

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


def run_group(shell: "Shell", node: Group, state: State) -> list[State]:
    """`{ … }` and `( … )`."""
    if node.subshell:
        return redirected_body(shell, node.redirects, state, lambda inner: run_subshell(shell, node.body, inner))
    return redirected_body(shell, node.redirects, state, lambda inner: shell.run(node.body, [inner]))


def run_subshell(shell: "Shell", body: Node, state: State) -> list[State]:
    """Run in a copy: only what is printed, and how it ended, comes back."""
    ends = shell.run(body, [state.copy()])
    for one in ends:
        if one.flow == "fail":
            one.status = NO
    state.status = _one_of({one.status for one in ends})
    if state.output is not None:
        state.output = _told(shell, [(one.output or "", one) for one in ends])[0]
    state.last = tuple(dict.fromkeys(number for one in ends for number in one.last))
    state.background = tuple(dict.fromkeys(number for one in ends for number in one.background))
    return [state]


def _told(shell: "Shell", texts: list[tuple[str, State]]) -> tuple[str, frozenset[str]]:
    """What all ways print; else what the image prints by itself, and what that assumes."""
    if len({text for text, _ in texts}) == 1:
        return texts[0][0], NOBODY
    forks = shell.caller.forks
    main = {text for text, state in texts if forks.is_as_configured(state.ways)}
    if len(main) == 1:
        return main.pop(), frozenset({UNKNOWN})
    return UNKNOWN, NOBODY


def capture(shell: "Shell", body: Sequence, state: State) -> tuple[str, frozenset[str]]:
    """Run a command substitution."""
    if (quick := _only_file(shell, body, state)) is not None:
        return quick, NOBODY
    copy = state.copy()
    copy.output = ""
    ends = shell.run(body, [copy])
    shell.captured = _one_of({one.status for one in ends})
    return _told(shell, [(one.output or "", one) for one in ends])


def _only_file(shell: "Shell", body: Sequence, state: State) -> str | None:
    """`$(< file)`."""
    node = body.commands[0] if len(body.commands) == 1 else None
    if not isinstance(node, Command) or node.words or node.assignments or not node.redirects:
        return None
    text = redirected(shell, node.redirects, Expander(shell, state))
    return UNKNOWN if text is None else text


def run_pipeline(shell: "Shell", node: Pipeline, state: State) -> list[State]:
    """`a | b`: each in a copy of its own."""
    if len(node.commands) == 1:
        states = decided(shell, node.commands[0], state)
        for one in states:
            one.status = one.status.negated() if node.negated else one.status
        return states
    text = state.stdin
    numbers: list[int] = []
    status = YES
    for command in node.commands:
        copy = state.copy()
        copy.stdin, copy.output, copy.last = text, "", ()
        ends = shell.run(command, [copy])
        text = _told(shell, [(one.output or "", one) for one in ends])[0]
        status = _one_of({one.status for one in ends})
        numbers.extend(number for one in ends for number in one.last)
        text = None if text == UNKNOWN else text
    state.write(UNKNOWN if text is None else text)
    state.last = tuple(dict.fromkeys(numbers)) or state.last
    state.status = status.negated() if node.negated else status
    return [state]


def run_behind(shell: "Shell", node: Background, state: State) -> list[State]:
    """`a &`."""
    copy = state.copy()
    copy.last = ()
    ends = shell.run(node.command, [copy])
    numbers = (number for one in ends for number in (*one.last, *one.background))
    state.background = tuple(dict.fromkeys((*state.background, *numbers)))
    state.status = YES
    return [state]


def _one_of(truths: set[Truth]) -> Truth:
    return truths.pop() if len(truths) == 1 else PERHAPS
