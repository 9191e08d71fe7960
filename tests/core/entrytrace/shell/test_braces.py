"""Brace expansion."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.braces import BRACE_LIMIT, EXPANSION_LIMIT
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.source import EXPANDED_LIMIT
from stellaops_core.entrytrace.shell.syntax import Literal, Parameter, Word


def texts(text):
    return ["".join(part.text for part in word.parts) for word in one("x " + text).words[1:]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a{b,c}d", "abd acd"),
        ("{a,b}{1,2}", "a1 a2 b1 b2"),
        ("{a,b{1,2}c}", "a b1c b2c"),
        ("{,a}b", "b ab"),
        ("a{,}", "a a"),
        ("{1..3}", "1 2 3"),
        ("{3..1}", "3 2 1"),
        ("{01..10..3}", "01 04 07 10"),
        ("{-1..1}", "-1 0 1"),
        ("{a..e..2}", "a c e"),
        ("{c..a}", "c b a"),
        ("{a}", "{a}"),
        ("{}", "{}"),
        ("{},a", "{},a"),
        ("{a,b", "{a,b"),
        ("{{a,b}", "{a {b"),
        ("{a,b}}", "a} b}"),
        ("{a..}", "{a..}"),
        ("{1..a}", "{1..a}"),
        ("{a},b}", "a} b"),
        ("{'a,b',c}", "a,b c"),
        ("{a\\,b}", "{a,b}"),
        ("\\{a,b}", "{a,b}"),
        ("'{a,b}'", "{a,b}"),
    ],
)
def test_expansion(text, wanted):
    """As bash does it."""
    assert texts(text) == wanted.split()


def test_parts_are_carried_along():
    """What stands between and around braces need not be text; an empty alternative is no word."""
    assert one('x {"$a",}b').words[1:] == (Word((Parameter("a", quoted=True), Literal("b"))), plain("b"))
    assert one("x {,a}").words[1:] == (plain("a"),)
    assert one("x {$a..3}").words[1:] == (Word((Literal("{"), Parameter("a"), Literal("..3}"))),)


@pytest.mark.parametrize(
    "text",
    [f"{{1..{EXPANSION_LIMIT + 1}}}", "{a,b}" * 11, "{" * (BRACE_LIMIT + 1) + "a,b}", "{1..999999999999999}"],
)
def test_too_many_words_are_unknown(text):
    """Beyond the limits there is one word of which nothing is known, and no damage."""
    assert one(f"x {text} y").words[1:] == (Word((Parameter(""),)), plain("y"))


def test_all_words_of_a_script_are_bounded():
    """Many words with braces, or long ones, make no more than the limit together."""
    for text in ("x " + "{1..900} " * 5000, "x " + "a" * 5000 + "{1..900}" + "{1..2}" * 2):
        words = parse(text).body.commands[0].words
        assert (
            sum(len(part.text) for word in words for part in word.parts if isinstance(part, Literal)) <= EXPANDED_LIMIT
        )
