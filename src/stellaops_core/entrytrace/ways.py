"""On which ways through a script something happens.

Comes in: decisions at branches whose condition is not known. Goes out: whether something happens on all ways, and else
on which conditions. Rules: a way is the decisions taken on it, in order; two ways that differ in one decision alone
are the way without it.

A decision may be `assumed`: it hangs on nothing but that variables, which the image does not set, stay unset. What the
image does by itself is then no decision, and only the other branch (1) is one; it never makes up all ways.
"""

from collections.abc import Iterable

WAY_LIMIT = 24
"""Ways that are told apart for one thing; of more the shortest count, so that it is `maybe` rather than `used`."""
LENGTH_LIMIT = 40
"""Decisions of one way."""
COVER_LIMIT = 200
"""Decisions that are tried to find out whether some ways make up all ways."""

Way = tuple[int, ...]
"""Decisions: twice the fork's number, plus the branch (0 or 1)."""
Ways = tuple[Way, ...]
ALWAYS: Ways = ((),)
LOST: Way = (1,)
"""A way of too many decisions: never all ways."""


class Forks:
    """All decisions of one trace."""

    def __init__(self) -> None:
        self._assumed = [True]
        self._texts = ["", ""]

    def new(self, text: str, other: str = "", *, assumed: bool = False) -> int:
        """Add a fork with the conditions of its branches; the number is branch 0, the next one branch 1."""
        self._assumed.append(assumed)
        self._texts.extend((text, other))
        return len(self._texts) - 2

    def is_always(self, ways: Ways) -> bool:
        """Whether the ways together are all ways."""
        return self._covers(ways, [COVER_LIMIT])

    def _covers(self, ways: Iterable[Way], budget: list[int]) -> bool:
        ways = list(ways)
        if () in ways:
            return True
        budget[0] -= 1
        if not ways or budget[0] < 0:
            return False
        first = ways[0][0] & ~1
        branches = (0,) if self._assumed[first >> 1] else (0, 1)
        return all(self._covers(_given(ways, first + branch), budget) for branch in branches)

    def conditions(self, ways: Ways) -> tuple[str, ...]:
        """Tell the conditions of the shortest way, outermost first; none where all ways lead there."""
        if not ways or self.is_always(ways):
            return ()
        texts = [self._texts[one] for one in min(ways, key=len)]
        return tuple(dict.fromkeys(text for text in texts if text))

    def is_as_configured(self, ways: Ways) -> bool:
        """Whether a way among them assumes nothing but what the image does by itself."""
        return any(all(not one & 1 or not self._assumed[one >> 1] for one in way) for way in ways)


def _given(ways: list[Way], decision: int) -> list[Way]:
    """What is left of the ways once a decision is known."""
    return [tuple(one for one in way if one != decision) for way in ways if decision ^ 1 not in way]


def extend(ways: Ways, decision: int) -> Ways:
    """Take a decision on all ways. Of a way with too many of them only that it hangs on something is kept."""
    return tuple((*way, decision) if len(way) < LENGTH_LIMIT else LOST for way in ways)


def prefix(before: Ways, after: Ways) -> Ways:
    """Put the ways of a caller before those within what it calls."""
    if before == ALWAYS:
        return after
    both = ((*first, *then) for first in before for then in after)
    return unite(way if len(way) <= LENGTH_LIMIT else LOST for way in both)


def unite(ways: Iterable[Way]) -> Ways:
    """Join ways that differ in one decision alone, and drop those that others include."""
    left = set(ways)
    todo = list(left) if len(left) > 1 else []
    while todo:
        way = todo.pop()
        if way not in left:
            continue
        for at in range(len(way) - 1, -1, -1):
            other = (*way[:at], way[at] ^ 1, *way[at + 1 :])
            if other in left:
                shorter = (*way[:at], *way[at + 1 :])
                left -= {way, other}
                left.add(shorter)
                todo.append(shorter)
                break
    kept: list[Way] = []
    for way in sorted(left):
        if not kept or way[: len(kept[-1])] != kept[-1]:
            kept.append(way)
    return tuple(sorted(kept, key=lambda way: (len(way), way))[:WAY_LIMIT])


def drop(ways: Ways, decision: int) -> Ways:
    """Forget a decision whose other branch can only fail."""
    return unite(tuple(one for one in way if one != decision) for way in ways)
