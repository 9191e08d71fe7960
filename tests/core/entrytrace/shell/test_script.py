"""Whole scripts: text, damage, bounds."""

import pytest

from shell_scripts import one, plain
from stellaops_core.entrytrace.shell.script import LINE_LIMIT, SCRIPT_LIMIT, decode, line_text, parse
from stellaops_core.entrytrace.shell.source import DEPTH_LIMIT
from stellaops_core.entrytrace.shell.syntax import Command, Damage, Literal, Sequence, Word


def test_an_empty_script_has_no_commands():
    """Nothing, blanks and comments are a script without commands."""
    for text in ("", " \n\t\n", "#!/bin/sh\n# only this", b"\xef\xbb\xbf"):
        assert parse(text).body == Sequence(())
        assert parse(text).damage is None


@pytest.mark.parametrize(
    ("text", "kept", "line"),
    [
        ("a\nb\n(", 2, 4),
        ("a\n)\nb", 1, 2),
        ("a\nif b; then c\n", 1, 3),
        ("a\n\necho 'b\n\n", 1, 3),
        ("a\nf() {\n", 1, 3),
        ("a; ;; b", 1, 1),
        ("a\n<>", 1, 2),
        ("a | | b", 0, 1),
        ("case a in b) c", 0, 2),
        ("for in x; do done", 0, 1),
        ("echo ${a", 0, 1),
        ("echo $(a", 0, 1),
        ("echo `a", 0, 1),
        ("a=(b", 0, 1),
        ("{ }", 0, 1),
        ("[[ a", 0, 1),
        ("fi", 0, 1),
    ],
)
def test_damage_keeps_what_is_complete(text, kept, line):
    """What stands before the damage is there, and the damage has the line at which reading ended or the quote began."""
    script = parse(text)
    assert len(script.body.commands) == kept
    assert script.damage
    assert script.damage.line == line


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"), ("{ ", "; }"), ("$(", ")"), ("if a; then ", "; fi"), ("a | (", ")"), ("${a:-", "}"), ('"$(', ')"'),
        ("<(", ")"), ("a=(", ")"), ("while a; do ", "; done"), ("case a in b) ", ";; esac"), ("coproc ", ""),
        ("f() ", ""), ("function f { ", "; }"), ("[[ ! ", " ]]"), ("[[ ( ", " ) ]]"), ("a@(", ")"), ("a=$[[", "]]"),
        ("((", "))"), ("${a[", "]}"), ("time ", ""), ("$((", "))"), ("a[$(", ")]=1"), ("cat <<E\n$(", ")\nE\n"),
    ],
)  # fmt: skip
def test_depth_is_bounded(opening, closing):
    """However deep the nesting, there is an answer: a tree, or damage that says that it is too deep."""
    for text in (opening * 5000, opening * 5000 + "x" + closing * 5000):
        damage = parse(text).damage
        assert damage is None or damage.line >= 1
    assert parse("( " * (DEPTH_LIMIT + 1) + "x" + " )" * (DEPTH_LIMIT + 1)).damage == Damage(
        1, f"nested deeper than {DEPTH_LIMIT}"
    )
    assert parse("{ " * DEPTH_LIMIT + "x" + "; }" * DEPTH_LIMIT).damage is None


def test_length_is_bounded():
    """Beyond the limit nothing is read, and that is said."""
    text = ("a" * 1023 + "\n") * (SCRIPT_LIMIT >> 10) + "b\n"
    script = parse(text)
    assert len(script.body.commands) == SCRIPT_LIMIT >> 10
    assert script.damage
    assert "longer" in script.damage.reason


def test_text_is_decoded():
    """NULs go, CR LF is a line end where all lines have it, and what is no UTF-8 is replaced."""
    assert decode(b"a\0b\xff") == "ab\ufffd"
    assert decode(b"a\r\nb\r\n") == "a\nb\n"
    assert decode(b"a\r\nb\n") == "a\r\nb\n"
    assert parse("if a\r\nthen b\r\nfi\r\n").damage is None


def test_other_shells_expand_no_braces():
    """`bash=False`: braces are text, `time` is a program."""
    assert one("x {a,b}", bash=False).words == (plain("x"), plain("{a,b}"))
    assert one("time x", bash=False).words == (plain("time"), plain("x"))
    assert one("time -p x") == Command(0, words=(plain("x"),))


def test_lines():
    """Commands and words have the lines on which they begin; quotes, continued lines and here-documents count."""
    text = "a 'x\ny' b\nc \\\n d\ncat <<E\n1\n2\nE\nz $(\nq)"
    commands = parse(text).body.commands
    assert [command.line for command in commands] == [1, 3, 5, 9]
    assert [word.line for word in commands[0].words] == [1, 1, 2]
    assert [word.line for word in commands[1].words] == [3, 4]
    assert commands[2].redirects[0].target == Word((Literal("1\n2\n", quoted=True),), 6)
    assert commands[3].words[1].parts[0].body.commands[0].line == 10


def test_a_line_is_shown():
    """Trimmed, shortened, and empty where there is none."""
    assert line_text("a\n  exec b  \n", 2) == "exec b"
    assert line_text(b"a", 2) == line_text("a", 0) == ""
    assert len(line_text("x" * 500, 1)) == LINE_LIMIT
