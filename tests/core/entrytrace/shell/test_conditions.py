"""What stands between `[[` and `]]`."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.script import parse
from stellaops_core.entrytrace.shell.syntax import Binary, Literal, Logical, Not, Parameter, Unary, Word

A, B, C = (Unary("-n", plain(name)) for name in "abc")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", A),
        ("-f a", Unary("-f", plain("a"))),
        ("! a", Not(A)),
        ("! ! a", Not(Not(A))),
        ("a && b || c", Logical("||", Logical("&&", A, B), C)),
        ("a || b && c", Logical("||", A, Logical("&&", B, C))),
        ("( a || b ) && c", Logical("&&", Logical("||", A, B), C)),
        ("! a && b", Logical("&&", Not(A), B)),
        ("a ||\n b # x\n", Logical("||", A, B)),
        ("a == b*", Binary("==", plain("a"), plain("b*"))),
        ("a != 'b'", Binary("!=", plain("a"), Word((Literal("b", quoted=True),)))),
        ("a < b", Binary("<", plain("a"), plain("b"))),
        ("a -nt b", Binary("-nt", plain("a"), plain("b"))),
        ("$a -eq 1", Binary("-eq", Word((Parameter("a"),)), plain("1"))),
        ("-n == -n", Binary("==", plain("-n"), plain("-n"))),
        ("'-n'", Unary("-n", Word((Literal("-n", quoted=True),)))),
        ("{a,b} == c", Binary("==", plain("{a,b}"), plain("c"))),
        ("a =~ ^(b|c d)+$", Binary("=~", plain("a"), plain("^(b|c d)+$"))),
        ("a =~ b|c", Binary("=~", plain("a"), plain("b|c"))),
        ("a =~ [[:space:]]*'.'", Binary("=~", plain("a"), Word((Literal("[[:space:]]*"), Literal(".", quoted=True))))),
        ("( a =~ b )", Binary("=~", plain("a"), plain("b"))),
        ("a == @(b|c)", Binary("==", plain("a"), plain("@(b|c)"))),
    ],
)
def test_conditions(text, wanted):
    """Precedence, operators, words; a word alone is `-n`."""
    assert one(f"[[ {text} ]]").condition == wanted


@pytest.mark.parametrize(
    "text", ["[[ ]]", "[[ a", "[[ a b ]]", "[[ -n ]]", "[[ ( a ]]", "[[ a && ]]", "[[ a =~ ]]", "[[ a ]] b"]
)
def test_damage(text):
    """What bash refuses is damage."""
    assert parse(text).damage
