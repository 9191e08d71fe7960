"""Branches of a script: `if`, `case`, `&&` and `||`.

Comes in: a command and a state. Goes out: the states after it. Rules: a condition that isn't known takes both branches;
one that hangs on a variable or file, which the image doesn't have, takes the branch of its absence for sure, and the
other on that condition; a branch that can only fail is none.
"""

from typing import TYPE_CHECKING

from stellaops_core.entrytrace.shell.assign import redirected_body
from stellaops_core.entrytrace.shell.expand import Expander
from stellaops_core.entrytrace.shell.judge import decided
from stellaops_core.entrytrace.shell.patterns import UNKNOWN, fits
from stellaops_core.entrytrace.shell.split import gather, split
from stellaops_core.entrytrace.shell.state import NO, YES, State, Truth
from stellaops_core.entrytrace.shell.syntax import AndOr, Arm, Case, If, Node, Sequence
from stellaops_core.entrytrace.shell.test import either
from stellaops_core.entrytrace.shell.text import condition_text

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


def run_and_or(shell: "Shell", node: AndOr, state: State) -> list[State]:
    """`a && b || c`."""
    states = decided(shell, node.first, state)
    for operator, command in node.rest:
        done: list[State] = []
        for one in states:
            done.extend([one] if one.flow else _link(shell, one, operator, command))
        states = shell.merged(done)
    return states


def _link(shell: "Shell", state: State, operator: str, command: Node) -> list[State]:
    line = getattr(command, "line", 0)
    branch = split(shell, state, state.status, condition_text(shell.source.step(line).text, operator))
    go, stay = (branch.yes, branch.no) if operator == "&&" else (branch.no, branch.yes)
    went = shell.run(command, [go]) if go else []
    if stay:
        stay.status = NO if operator == "&&" else YES
    stayed = [stay] if stay else []
    return gather(branch, went, stayed) if operator == "&&" else gather(branch, stayed, went)


def run_if(shell: "Shell", node: If, state: State) -> list[State]:
    """`if … elif … else … fi`."""
    return redirected_body(shell, node.redirects, state, lambda inner: _branch(shell, node, 0, inner))


def _branch(shell: "Shell", node: If, number: int, state: State) -> list[State]:
    if number == len(node.branches):
        if node.otherwise:
            return shell.run(node.otherwise, [state])
        state.status = YES
        return [state]
    condition, body = node.branches[number]
    done: list[State] = []
    for one in decided(shell, condition, state):
        if one.flow:
            done.append(one)
            continue
        branch = split(shell, one, one.status, text_at(shell, condition))
        yes = shell.run(body, [branch.yes]) if branch.yes else []
        no = (
            shell.deeper(node.line, branch.no, lambda rest: _branch(shell, node, number + 1, rest)) if branch.no else []
        )
        done.extend(gather(branch, yes, no))
    return shell.merged(done)


def text_at(shell: "Shell", node: Node) -> str:
    """What a condition's line says."""
    while isinstance(node, Sequence) and node.commands:
        node = node.commands[-1]
    return condition_text(shell.source.step(getattr(node, "line", 0)).text)


def run_case(shell: "Shell", node: Case, state: State) -> list[State]:
    """`case … in … esac`."""
    return redirected_body(shell, node.redirects, state, lambda inner: _case(shell, node, inner))


def _case(shell: "Shell", node: Case, state: State) -> list[State]:
    expander = Expander(shell, state)
    subject = expander.text(node.subject)
    if not expander.reads:
        return _arms(shell, node, 0, subject, state)
    branch = split(shell, state, Truth(True, frozenset(expander.reads)), "")
    main = _arms(shell, node, 0, subject, branch.yes) if branch.yes else []
    return gather(branch, main, _arms(shell, node, 0, UNKNOWN, branch.no) if branch.no else [])


def _arms(shell: "Shell", node: Case, number: int, subject: str, state: State) -> list[State]:
    value: bool | None = False
    while number < len(node.arms) and value is False:
        value = _matches(shell, node.arms[number], subject, state)
        number += 1
    if value is False:
        return [state]
    arm = node.arms[number - 1]
    branch = split(shell, state, Truth(value), _arm_text(shell, node, arm) if value is None else "")
    yes = _arm(shell, node, number - 1, subject, branch.yes) if branch.yes else []
    no = shell.deeper(node.line, branch.no, lambda rest: _arms(shell, node, number, subject, rest)) if branch.no else []
    return gather(branch, yes, no)


def _matches(shell: "Shell", arm: Arm, subject: str, state: State) -> bool | None:
    expander = Expander(shell, state)
    value: bool | None = False
    for pattern in arm.patterns:
        value = either(value, fits(expander.pattern(pattern), subject))
        if value:
            break
    return value


def _arm(shell: "Shell", node: Case, number: int, subject: str, state: State) -> list[State]:
    arm = node.arms[number]
    states = shell.run(arm.body, [state])
    if arm.ending == ";&" and number + 1 < len(node.arms):
        return [end for one in states for end in ([one] if one.flow else _arm(shell, node, number + 1, subject, one))]
    if arm.ending == ";;&":
        return [end for one in states for end in ([one] if one.flow else _arms(shell, node, number + 1, subject, one))]
    return states


def _arm_text(shell: "Shell", node: Case, arm: Arm) -> str:
    head = shell.source.step(node.line).text.partition(" in")[0]
    return f"{head} in {shell.source.step(arm.line).text.partition(')')[0]})"
