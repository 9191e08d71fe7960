"""Words and assignments."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.syntax import Assignment, Literal, Parameter, Word


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=b", Assignment("a", plain("b"))),
        ("a=", Assignment("a", Word(()))),
        ("a+=b", Assignment("a", plain("b"), append=True)),
        ("a[1]=b", Assignment("a", plain("b"), subscript=plain("1"))),
        ("a[x y]+=b", Assignment("a", plain("b"), append=True, subscript=plain("x y"))),
        ("a[b[1]]=c", Assignment("a", plain("c"), subscript=plain("b[1]"))),
        ("a={b,c}", Assignment("a", plain("{b,c}"))),
        ("a=()", Assignment("a", elements=())),
        ("a=(b # c\n\n d)", Assignment("a", elements=(plain("b"), plain("d")))),
        ("a+=({b,c})", Assignment("a", append=True, elements=(plain("b"), plain("c")))),
        ("a=([k]=v [$i]=w)", Assignment("a", elements=(
            plain("[k]=v"), Word((Literal("["), Parameter("i"), Literal("]=w")))))),
    ],
)  # fmt: skip
def test_assignments(text, wanted):
    """Before a command, and on their own."""
    assert one(text).assignments == (wanted,)
    assert one(text).words == ()
    assert one(f"{text} c").assignments == (wanted,)


@pytest.mark.parametrize("text", ["a-b=c", "1a=b", "'a'=b", "=b", "a[1]b=c", "a[1]", "a[b=c", "a[$(b)]c]=d"])
def test_what_only_begins_as_an_assignment_is_a_word(text):
    """Then it is the command, and what follows are arguments."""
    command = one(f"{text} d=e")
    assert command.assignments == ()
    assert command.words[1:] == (plain("d=e"),)


def test_nested_keys_are_read_once():
    """A key that turns out to be none is not read again, or this would never end."""
    assert one("a[$(" * 20 + "b" + ")]x ]=" * 20).words


@pytest.mark.parametrize("end", ["", " ", " #a", ";", "\n", " \\\n"])
def test_where_words_end(end):
    """Blanks, comments, operators and line ends are no words."""
    assert one("x" + end).words == (plain("x"),)
