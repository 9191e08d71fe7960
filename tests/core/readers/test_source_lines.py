"""Where something stands in a source."""

import pytest

from stellaops_core.readers.source_lines import OPENER_WINDOW, SourceLines


@pytest.mark.parametrize(
    ("before", "runs"),
    [
        ("a = ", True),
        ("  a = ", True),
        ("{\n  ", True),
        ("x = {\n  a: ", True),
        ("x = {\n  a: {\n    b: ", True),
        ("f(x) {\n  y = {\n    a: ", False),
        ("x ? ", False),
        ("if (x) ", False),
        ("'", False),
        ("for (;;)\n  ", False),
        ("!function () {\n\t", True),
        ("function f() {\n\t", False),
        ("f(function () {\n  ", False),
        ("x = {\n" + "  y: 1,\n" * OPENER_WINDOW + "  a: ", False),
    ],
)
def test_runs(before, runs):
    """Conditions, functions and blocks, on the line or above it by indentation, keep a thing from running for sure."""
    text = (before + "HERE").encode()
    assert SourceLines(text).runs(text.index(b"HERE")) is runs


def test_lines_and_comments():
    """Lines count from 1, also after going back; beginnings of comments are told."""
    text = b"a\n// b\n * c\n/** @x\n d */ e /* f"
    lines = SourceLines(text)
    assert [lines.line(text.index(letter)) for letter in (b"a", b"b", b"c")] == [1, 2, 3]
    lines.rewind()
    assert lines.line(text.index(b"b")) == 2
    assert [lines.is_comment(text.index(letter)) for letter in (b"a", b"b", b"c", b"e")] == [False, True, True, False]
    assert [lines.is_documentation(text.index(letter)) for letter in (b" d", b"e")] == [True, False]
    assert [lines.is_plain(text.index(letter)) for letter in (b"a", b" d", b"e", b"f")] == [True, False, True, False]


def test_begins():
    """A line that is known not to branch before a place is not looked at again before it."""
    text = b"if (x) y; z"
    lines = SourceLines(text)
    lines.begins(0, text.index(b"z"))
    assert lines.runs(text.index(b"z"))
