"""Loops of a script.

Comes in: a loop and a state. Goes out: the states after it. Rules: a loop over known words is run word by word; one
whose rounds are not known is run once, on that condition, and what it changes is unknown afterwards.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.assign import redirected_body
from stellaops_core.entrytrace.shell.branches import text_at
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.judge import decided
from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.split import gather, split
from stellaops_core.entrytrace.shell.state import NOBODY, PERHAPS, State, Truth, Variable, merge
from stellaops_core.entrytrace.shell.syntax import For, ForArithmetic, Node, While

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


LOOP_LIMIT = 200
"""Rounds of one loop over known words that are followed; further ones are undetermined."""
ROUND_LIMIT = 8
"""Rounds of a loop with a known condition, or over numbers, that are followed one by one."""


def run_for(shell: "Shell", node: For, state: State) -> list[State]:
    """`for name in words`."""
    return redirected_body(shell, node.redirects, state, lambda inner: _for(shell, node, inner))


def _for(shell: "Shell", node: For, state: State) -> list[State]:
    expander = Expander(shell, state)
    items = list(state.positional) if node.words is None else _without_missing(expander.fields(node.words))
    if len(items) > LOOP_LIMIT:
        shell.gap(node.line, f"a loop over more than {LOOP_LIMIT} words")
        items = items[:LOOP_LIMIT]
    if len(items) > ROUND_LIMIT and all(item.lstrip("-").isdigit() for item in items):
        items = [items[0], MANY, items[-1]]
    if not expander.reads:
        return _rounds(shell, node, items, state)
    branch = split(shell, state, Truth(True, frozenset(expander.reads)), shell.source.step(node.line).text)
    main = _rounds(shell, node, items, branch.yes) if branch.yes else []
    return gather(branch, main, _rounds(shell, node, [MANY], branch.no) if branch.no else [])


def _rounds(shell: "Shell", node: For, items: list[str], state: State) -> list[State]:
    going, done = [state], []
    for item in items:
        if item == MANY:
            going, left = _run_perhaps(
                shell, node.body, going, lambda one: one.set(node.name, UNKNOWN), text_at(shell, node)
            )
        else:
            for one in going:
                one.set(node.name, item)
            going, left = _looped(shell, shell.run(node.body, going))
        done.extend(left)
        if not going:
            break
    return shell.merged([*done, *going])


def _looped(shell: "Shell", states: list[State]) -> tuple[list[State], list[State]]:
    """Which states go on with the next round, and which leave the loop."""
    going: list[State] = []
    left: list[State] = []
    for state in states:
        leaves = bool(state.flow)
        if state.flow in {"break", "continue"}:
            state.levels -= 1
            leaves = state.flow == "break" or state.levels > 0
            state.flow = state.flow if state.levels > 0 else ""
        (left if leaves else going).append(state)
    as_configured = shell.caller.forks.is_as_configured
    return merge(going, as_configured, shell.limit, heed_status=False), left


def _run_perhaps(
    shell: "Shell", body: Node, states: list[State], prepare: Callable[[State], None], text: str
) -> tuple[list[State], list[State]]:
    """Run a loop's body on the condition that it is run at all; what it changes is unknown afterwards."""
    going: list[State] = []
    done: list[State] = []
    for state in states:
        branch = split(shell, state, PERHAPS, text)
        if not branch.yes or not branch.no:
            continue
        before = dict(branch.yes.variables)
        prepare(branch.yes)
        went, left = _looped(shell, shell.run(body, [branch.yes]))
        for one in went:
            _widen(one, before)
        ends = gather(branch, [*went, *left], [branch.no])
        going.extend(one for one in ends if not any(one is other for other in left))
        done.extend(one for one in ends if any(one is other for other in left))
    return shell.merged(going), done


def run_while(shell: "Shell", node: While, state: State) -> list[State]:
    """`while` and `until`."""
    return redirected_body(shell, node.redirects, state, lambda inner: _while(shell, node, inner))


def _while(shell: "Shell", node: While, state: State) -> list[State]:
    going: list[State] = [state]
    done: list[State] = []
    first = dict(state.variables)
    for _ in range(ROUND_LIMIT if state.stdin is None else LOOP_LIMIT):
        before = [(dict(one.variables), one.stdin) for one in going]
        going = _round(shell, node, going, done)
        if not going:
            return shell.merged(done)
        if all((one.variables, one.stdin) in before for one in going):
            for one in going if not done else ():
                one.flow = "exit"  # the container stays in this loop
            return shell.merged([*done, *going])
    for one in going:
        _widen(one, first)
        one.stdin = one.stdin and UNKNOWN
    ends, left = _run_perhaps(shell, node.body, going, _nothing, text_at(shell, node.condition))
    return shell.merged([*done, *ends, *left])


def _round(shell: "Shell", node: While, going: list[State], done: list[State]) -> list[State]:
    """One round: states that surely go on with another one."""
    still: list[State] = []
    for end in [end for one in going for end in decided(shell, node.condition, one)]:
        truth = end.status.negated() if node.until else end.status
        if end.flow or (truth.value is False and not truth.reads):
            done.append(end)
        elif truth.value is True and not truth.reads:
            ends, left = _looped(shell, shell.run(node.body, [end]))
            still.extend(ends)
            done.extend(left)
        else:
            ends, left = _run_perhaps(shell, node.body, [end], _nothing, text_at(shell, node.condition))
            done.extend([*ends, *left])
    return shell.merged(still)


def run_for_arithmetic(shell: "Shell", node: ForArithmetic, state: State) -> list[State]:
    """`for ((…))`: the body, perhaps."""

    def body(inner: State) -> list[State]:
        inner.set(_first_name(node.text), UNKNOWN)
        going, done = _run_perhaps(shell, node.body, [inner], _nothing, shell.source.step(node.line).text)
        return [*going, *done]

    return redirected_body(shell, node.redirects, state, body)


def _without_missing(items: list[str]) -> list[str]:
    """A pattern that fits no file of the image is not a file."""
    return [item for item in items if not ("/" in item and "*" in item and UNKNOWN not in item)]


def _widen(state: State, before: dict[str, Variable]) -> None:
    """What a loop changed may be changed once more."""
    for name, variable in state.variables.items():
        old = before.get(name)
        if old != variable:
            many = isinstance(variable.value, tuple)
            state.variables[name] = variable._replace(value=(MANY,) if many else UNKNOWN, reads=NOBODY, keys=())


def _nothing(state: State) -> None:
    """Change nothing."""


def _first_name(text: str) -> str:
    return text.partition("=")[0].strip() or "_"
