"""Versions of gems: their order, and which of them a requirement means.

Comes in: texts. Goes out: sort keys and answers. Rules: `Gem::Version` and `Gem::Requirement` of RubyGems: segments of
digits count as numbers, letters stand before numbers and make a pre-release.
"""

import re
from itertools import zip_longest
from typing import Final

SEGMENT_LIMIT: Final = 64
"""Segments of one version."""

_SEGMENT = re.compile(r"[0-9]{1,4000}|[A-Za-z]+")
_REQUIREMENT = re.compile(r"\s*(=|!=|>=|<=|~>|>|<)?\s*([0-9A-Za-z.-]+)\s*")

Segments = tuple[int | str, ...]


def segments_of(version: str) -> Segments:
    """Split a version: `1.2.rc1` is 1, 2, rc, 1; a dash stands for `.pre.`."""
    found = _SEGMENT.findall(version.replace("-", ".pre."))[:SEGMENT_LIMIT]
    return tuple(int(part) if part[0].isdigit() else part for part in found)


def compare(left: Segments, right: Segments) -> int:
    """Return less than 0, 0, or more than 0; missing segments count as 0."""
    for one, other in zip_longest(left, right, fillvalue=0):
        if one == other:
            continue
        if isinstance(one, int) and isinstance(other, int):
            return 1 if one > other else -1
        if isinstance(one, str) and isinstance(other, str):
            return 1 if one > other else -1
        return 1 if isinstance(one, int) else -1
    return 0


def satisfies(version: str, requirement: str) -> bool:
    """Whether a version is one that `~> 2.8, != 2.8.3` means; an empty requirement means any."""
    given = segments_of(version)
    return all(_meets(given, part) for part in requirement.split(",") if part.strip())


def _meets(given: Segments, part: str) -> bool:
    match = _REQUIREMENT.fullmatch(part)
    if not match:
        return False
    wanted = segments_of(match[2])
    order = compare(given, wanted)
    operator = match[1] or "="
    if operator == "~>":
        return order >= 0 and compare(_release(given), _bumped(wanted)) < 0
    return {"=": order == 0, "!=": order != 0, ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[
        operator
    ]


def _release(segments: Segments) -> Segments:
    """The version without its pre-release."""
    for at, segment in enumerate(segments):
        if isinstance(segment, str):
            return segments[:at]
    return segments


def _bumped(segments: Segments) -> Segments:
    """The first version that `~>` does not mean any more."""
    numbers = [segment for segment in _release(segments) if isinstance(segment, int)] or [0]
    if len(numbers) > 1:
        numbers.pop()
    return (*numbers[:-1], numbers[-1] + 1)
