"""Lines as a person reads them."""

import pytest

from stellaops_core.entrytrace.shell.text import TEXT_LIMIT, Source, condition_text, line_text


@pytest.mark.parametrize(
    ("line", "operator", "text"),
    [
        ('if [ "$1" = x ]; then', "", '[ "$1" = x ]'),
        ("  elif a && b; then c; fi", "", "a && b"),
        ("while read -r x; do", "", "read -r x"),
        ("[ a ] && b", "&&", "[ a ]"),
        ("until x", "", "x"),
    ],
)
def test_conditions(line, operator, text):
    """Without the words around them."""
    assert condition_text(line, operator) == text


def test_lines_are_short_and_harmless():
    """Bounded, without control characters."""
    assert line_text("\ta\x1b[31m b\n") == "a [31m b"
    assert len(line_text("x" * 1000)) == TEXT_LIMIT


def test_hostile_lines_take_no_time():
    """Neither a long line that is shown often nor many spaces in one; they would take hours."""
    assert all(line_text(line) for line in ["a|" * 500_000] * 20_000)
    assert condition_text("if a" + " " * 5000 + "b; then") == "a" + " " * 5000 + "b"


def test_a_text_within_a_text_has_its_line():
    """`eval` and `sh -c` stand where their caller's line is."""
    source = Source("entry.sh", ("one", "two"))
    assert (source.step(2).line, source.step(2).text) == (2, "two")
    assert (source.within("a\nb", 2).step(2).line, source.within("a\nb", 2).step(2).text) == (2, "b")
    assert source.step(9).text == ""
