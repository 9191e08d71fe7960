"""Conditions of a script that only ask: answered without taking branches of their own.

Comes in: the command after `if`, `while`, `&&`, `||`. Goes out: a `Truth`, or None where the command may change the
state and must be run. Rule: `a && b` is known to fail where either is, whatever the other.
"""

from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.builtins import CHANGING
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.split import split
from stellaops_core.entrytrace.shell.state import State, Truth
from stellaops_core.entrytrace.shell.syntax import AndOr, Command, Group, Literal, Node, Pipeline, Sequence, Test, Word
from stellaops_core.entrytrace.shell.test import Tester, both, either

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


def judge(shell: "Shell", node: Node, state: State) -> Truth | None:  # noqa: PLR0911  # one for each sort
    """Answer a condition that changes no variable; None where it must be run instead."""
    if isinstance(node, Sequence):
        return judge(shell, node.commands[0], state) if len(node.commands) == 1 else None
    if isinstance(node, Test):
        expander = Expander(shell, state)
        value = Tester(expander, state).condition(node.condition)
        return Truth(value, frozenset(expander.reads))
    if isinstance(node, Command):
        return _judge_command(shell, node, state)
    if isinstance(node, AndOr):
        return _judge_chain(shell, node, state)
    if isinstance(node, Group) and not node.redirects and not node.subshell:
        return judge(shell, node.body, state)
    if isinstance(node, Pipeline):
        if len(node.commands) == 1:
            truth = judge(shell, node.commands[0], state)
            return truth.negated() if truth and node.negated else truth
        return shell.run(node, [state])[0].status
    return None


def _judge_command(shell: "Shell", node: Command, state: State) -> Truth | None:
    first = node.words[0] if node.words else None
    if node.assignments or not isinstance(first, Word) or len(first.parts) != 1:
        return None
    part = first.parts[0]
    if not isinstance(part, Literal) or part.text in CHANGING or part.text in state.functions:
        return None
    return shell.command(node, state)[0].status


def _judge_chain(shell: "Shell", node: AndOr, state: State) -> Truth | None:
    truth = judge(shell, node.first, state)
    for operator, command in node.rest:
        if truth is None:
            return None
        truth = _judge_link(shell, truth, operator, command, state)
    return truth


def _judge_link(shell: "Shell", left: Truth, operator: str, command: Node, state: State) -> Truth | None:
    """`left && right`, without a branch where the value can be told."""
    stops = operator == "||"
    if left.value is stops and not left.reads:
        return left
    if left.value is stops or left.value is None:
        branch = split(shell, state, left if operator == "&&" else left.negated(), "")
        there = branch.yes
        right = judge(shell, command, there) if there else None
        if right is None:
            return None
        if left.value is stops:
            return Truth(right.value) if right.value is stops and not right.reads else left
        join = either if stops else both
        return Truth(join(left.value, right.value), right.reads)
    right = judge(shell, command, state)
    if right is None:
        return None
    return right if right.value is stops and not right.reads else Truth(right.value, left.reads | right.reads)


def decided(shell: "Shell", node: Node, state: State) -> list[State]:
    """Run a condition: states with the `status` that it has there."""
    truth = judge(shell, node, state) if is_judgeable(node, state) else None
    if truth is not None:
        state.status = truth
        return [state]
    return shell.run(node, [state])


def is_judgeable(node: Node, state: State) -> bool:  # noqa: PLR0911  # one for each sort
    """Whether a condition changes nothing, so that it may be answered without its own branches."""
    if isinstance(node, Sequence):
        return len(node.commands) == 1 and is_judgeable(node.commands[0], state)
    if isinstance(node, Test):
        return True
    if isinstance(node, Command):
        first = node.words[0] if node.words else None
        part = first.parts[0] if isinstance(first, Word) and len(first.parts) == 1 else None
        return (
            isinstance(part, Literal)
            and not node.assignments
            and part.text not in CHANGING
            and part.text not in state.functions
        )
    if isinstance(node, AndOr):
        return is_judgeable(node.first, state) and all(is_judgeable(command, state) for _, command in node.rest)
    if isinstance(node, Group):
        return not node.redirects and not node.subshell and is_judgeable(node.body, state)
    if isinstance(node, Pipeline):
        return len(node.commands) > 1 or is_judgeable(node.commands[0], state)
    return False
