"""Ladders of versions: each step is newer than the one before; spellings on one step are the same version."""

from itertools import product

from stellaops_core.versions.scheme import SCHEMES, compare, sort_key


def check_ladder(type_, text):
    """Compare every version with every other: `1.0~rc1 < 1.0 == 1.0-0 < 2`."""
    steps = [[version.strip() for version in step.split("==")] for step in text.split("<")]
    for low, one in enumerate(steps):
        for high, other in enumerate(steps):
            for left, right in product(one, other):
                assert compare(type_, left, right) == sign(low - high), (type_, left, right)


def check_refused(type_, versions):
    """They have no key, so nothing is said of them."""
    for version in versions:
        assert sort_key(type_, version) is None, (type_, version)
    assert SCHEMES[type_]


def sign(number):
    return (number > 0) - (number < 0)
