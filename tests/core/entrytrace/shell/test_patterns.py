"""Texts of which parts may be unknown, and patterns on them."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.entrytrace.shell.patterns import (
    UNKNOWN,
    fits,
    is_empty,
    join,
    literal,
    parse_pattern,
    replace,
    same,
    trim,
)

TEXT = st.text("ab/.", max_size=6)
PATTERN = st.text("ab*?.", max_size=6)


@given(PATTERN, TEXT)
def test_patterns_agree_with_the_library(pattern, text):
    """On what both know."""
    assert fits(parse_pattern(pattern), text) is fnmatch.fnmatchcase(text, pattern)


@given(PATTERN, TEXT, TEXT, TEXT)
def test_what_is_said_of_unknown_text_holds_for_any(pattern, before, hidden, after):
    """A certain answer is the answer for each text that may stand there."""
    said = fits(parse_pattern(pattern), join(before, UNKNOWN, after))
    assert said in {None, fits(parse_pattern(pattern), before + hidden + after)}


@given(TEXT, TEXT, TEXT, TEXT, st.sampled_from(["#", "##", "%", "%%"]), st.text("ab/.", max_size=3))
def test_trimming_unknown_text_is_sound(before, hidden, after, other, operator, cut):
    """Where the result is known, it is so whatever stands there."""
    result = trim(join(before, UNKNOWN, after), literal(cut), operator)
    assert fits(literal(result), trim(before + hidden + after, literal(cut), operator)) is not False
    assert same(before, other) is (before == other)


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        ("[0-9]*", "5x", True),
        ("[!a-c]", "b", False),
        ("[[:digit:]]?", "5x", True),
        ("[]]", "]", True),
        ("[a", "[a", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
        ("apache2*", "php", False),
    ],
)
def test_brackets(pattern, text, answer):
    """Sets, classes, and what only looks like them."""
    assert fits(parse_pattern(pattern), text) is answer


@pytest.mark.parametrize(
    ("text", "pattern", "operator", "result"),
    [
        ("a.b.c", ".*", "%", "a.b"),
        ("a.b.c", ".*", "%%", "a"),
        ("a/b/c", "*/", "#", "b/c"),
        ("a/b/c", "*/", "##", "c"),
        ("--x", "-", "#", "-x"),
    ],
)
def test_trimming(text, pattern, operator, result):
    """Shortest and longest, from either end."""
    assert trim(text, parse_pattern(pattern), operator) == result


def test_replacing():
    """Once, everywhere, at the ends, and by the longest fit."""
    assert replace("a_b_c", parse_pattern("_"), "-", "/") == "a-b_c"
    assert replace("a_b_c", parse_pattern("_"), "-", "//") == "a-b-c"
    assert replace("a_b_c", parse_pattern("_*"), "", "/") == "a"
    assert replace("aXa", parse_pattern("a"), "b", "/%") == "aXb"
    assert replace("\0x", parse_pattern("x"), "y", "/") == UNKNOWN


def test_emptiness():
    """Unknown text may be empty; with a known character it isn't."""
    assert [is_empty(text) for text in ("", "a", "\0", "a\0")] == [True, False, None, False]


def test_long_patterns_end_quickly():
    """Many stars on a long text: no search without end."""
    assert fits(parse_pattern("a*" * 50 + "b"), "a" * 5000) is False
    assert fits(parse_pattern("a*" * 5000), "a" * 50000) is None
