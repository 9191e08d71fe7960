"""Quotes, backslashes, backquotes, process substitution, extended globs."""

import pytest

from shell_scripts import one, plain, word
from stellaops_core.entrytrace.shell.syntax import (
    Command,
    Literal,
    Parameter,
    ProcessSubstitution,
    Sequence,
    Substitution,
)


def quoted(text):
    return Literal(text, quoted=True)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a'b c'd", (Literal("a"), quoted("b c"), Literal("d"))),
        ("''", (quoted(""),)),
        ('""', (quoted(""),)),
        ('""$a', (quoted(""), Parameter("a"))),
        ("""'a'"b"\\c""", (quoted("abc"),)),
        ("\\*", (quoted("*"),)),
        ("a\\\nb", (Literal("ab"),)),
        ('"a\\\nb"', (quoted("ab"),)),
        ('"\\$\\`\\"\\\\\\a"', (quoted('$`"\\\\a'),)),
        ("'\\'", (quoted("\\"),)),
        ('"it\'s"', (quoted("it's"),)),
        ('"a$b c"', (quoted("a"), Parameter("b", quoted=True), quoted(" c"))),
        ("a\\", (Literal("a"),)),
        ("@(a|b c)*", (Literal("@(a|b c)*"),)),
        ("!(a|'b|')", (Literal("!(a|"), quoted("b|"), Literal(")"))),
        ("+(a|?(b))", (Literal("+(a|?(b))"),)),
        ("é\r", (Literal("é\r"),)),
    ],
)
def test_quoting(text, wanted):
    """Quotes go, and what is between them says so."""
    assert word(text) == wanted


def command(*words):
    return Sequence((Command(0, words=tuple(map(plain, words))),))


def test_backquotes():
    """Backslashes are taken off once for each level, and between double quotes before double quotes as well."""
    assert word("`a b`") == (Substitution(command("a", "b")),)
    assert word("`a \\`b\\``") == (Substitution(Sequence((one("a $(b)"),))),)
    assert word('"`a \\"b\\"`"') == (Substitution(Sequence((one('a "b"'),)), quoted=True),)


def test_process_substitutions():
    """A word of its own, a part of one, or behind a redirection."""
    inner = ProcessSubstitution(command("a"), "<")
    assert word("<(a)") == (inner,)
    assert word("x=<(a)") == (Literal("x="), inner)
    assert one("x < <(a)").redirects[0].target.parts == (inner,)
    assert word(">(a)") == (ProcessSubstitution(command("a"), ">"),)
