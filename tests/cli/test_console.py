"""Streams, colour and what people read."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_cli.console import columns, printable, say, wants_color


@pytest.mark.property
@given(st.text(st.characters(), max_size=20))
def test_messages_cannot_steer_a_terminal(text):
    """Whatever a name holds, one printable line comes out, and printable text stays as it is."""
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert shown == text or not text.isprintable()


def test_bytes_of_foreign_paths_are_escaped():
    """Undecodable bytes and escape sequences are spelled out."""
    assert printable("a\x1b[2Jb\udcff\n") == "a\\x1b[2Jb\\udcff\\n"


@pytest.mark.parametrize(
    ("color", "no_color", "force_color", "term", "terminal", "expected"),
    [
        ("auto", "", "", "xterm", True, True),
        ("auto", "", "", "xterm", False, False),
        ("auto", "", "", "dumb", True, False),
        ("auto", "1", "", "xterm", True, False),
        ("auto", "1", "1", "xterm", True, False),
        ("auto", "", "1", "xterm", False, True),
        ("auto", "", "0", "xterm", True, False),
        ("always", "1", "0", "dumb", False, True),
        ("never", "", "1", "xterm", True, False),
    ],
)
def test_colour(color, no_color, force_color, term, terminal, expected):
    """`--color`, then NO_COLOR, then FORCE_COLOR, then the terminal."""
    settings = SimpleNamespace(color=color, no_color=no_color, force_color=force_color, term=term)
    assert wants_color(settings, terminal=terminal) is expected


def test_say_is_one_line(capsys):
    """A message with line breaks in it stays one line, on standard error only."""
    say("a\nb")
    assert capsys.readouterr() == ("", "a\\nb\n")


def test_width_without_a_terminal(monkeypatch):
    """100 columns where the terminal's size is unknown."""
    monkeypatch.setattr("sys.stdout", None)
    assert columns() == 100
