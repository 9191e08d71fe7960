"""Ranges of versions."""

import pytest

from stellaops_core.errors import UsageError
from stellaops_core.sbom.version_range import RANGE_LIMIT, read_range


@pytest.mark.parametrize(
    ("type_", "text", "inside", "outside"),
    [
        ("npm", ">=1.2.0,<1.10.0", ["1.2.0", "1.9.9"], ["1.1.9", "1.10.0", "2.0.0-rc.1"]),
        ("deb", "<3.0.15-1", ["3.0.15~rc1-1", "3.0.9-2"], ["3.0.15-1", "1:1.0-1"]),
        ("rpm", ">= 1:3.0.7-1", ["1:3.0.7-1", "2:1-1"], ["3.0.7-1"]),
        ("pypi", "=1.0", ["1.0.0"], ["1.0.post1"]),
        ("pypi", "!=1.0,>0", ["1.1"], ["1.0", "0"]),
        ("npm", "<=1.0.0", ["1.0.0", "main", ""], ["1.0.1"]),
    ],
)
def test_ranges(type_, text, inside, outside):
    """By the type's own order; versions of which nobody knows where they stand are in."""
    accepts = read_range(type_, text)
    assert [accepts(version) for version in inside] == [True] * len(inside)
    assert [accepts(version) for version in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("npm", ""),
        ("npm", "1.0.0"),
        ("npm", ">=1.0.0,"),
        ("npm", "~1.0.0"),
        ("npm", ">=main"),
        ("npm", ",".join([">1.0.0"] * (RANGE_LIMIT + 1))),
        ("generic", ">1"),
    ],
)
def test_what_has_no_meaning_is_refused(type_, text):
    """Rather than finding nothing, or everything."""
    with pytest.raises(UsageError):
        read_range(type_, text)
