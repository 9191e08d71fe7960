"""A state at a branch: taking both ways, and going on behind it.

Comes in: a state and what is known of a condition. Goes out: the state on either branch, or all states behind both.
Rule: a branch that can only fail is none, and then the other one is no decision.
"""

from typing import TYPE_CHECKING, NamedTuple

from stellaops_core.entrytrace.shell.state import State, Truth
from stellaops_core.entrytrace.ways import drop

if TYPE_CHECKING:
    from stellaops_core.entrytrace.shell.run import Shell


class Split(NamedTuple):
    """A state at a branch."""

    fork: int
    """-1 where there is only one way."""
    yes: State | None
    no: State | None


def split(shell: "Shell", state: State, truth: Truth, text: str) -> Split:
    """Take both branches where a condition isn't known, or only assumed."""
    value, reads = truth
    if value is not None and not reads:
        return Split(-1, state if value else None, None if value else state)
    other = f"not: {text}" if text else ""
    forks = shell.caller.forks
    if value is None:
        fork = forks.new(text, other)
        return Split(fork, state.decide(fork), state.decide(fork + 1))
    fork = forks.new("", other if value else text, assumed=True)
    alternative = state.decide(fork + 1)
    alternative.forget(reads)
    return Split(fork, state, alternative) if value else Split(fork, alternative, state)


def gather(branch: Split, yes: list[State], no: list[State]) -> list[State]:
    """Go on with both branches; one that can only fail is none."""
    if branch.fork < 0 or not branch.yes or not branch.no:
        return [*yes, *no]
    for ends, rest in ((yes, no), (no, yes)):
        if all(state.flow == "fail" for state in ends) and any(state.flow != "fail" for state in rest):
            for state in rest:
                state.ways = drop(drop(state.ways, branch.fork), branch.fork + 1)
            return rest
    return [*yes, *no]
