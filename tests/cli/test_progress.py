"""The live line."""

import pytest

from stellaops_cli.progress import Live, describe
from stellaops_cli.settings import load_settings
from stellaops_core.scan.scan import Progress


@pytest.mark.parametrize(
    ("progress", "seconds", "text"),
    [
        (Progress(0, 5, 0, 200_000_000), 0.0, "layers 0/5  0.0 of 200.0 MB"),
        (Progress(2, 5, 50_000_000, 200_000_000), 2.0, "layers 2/5  50.0 of 200.0 MB  25.0 MB/s"),
        (Progress(2, 5, 50_000_000, -1), 2.0, "layers 2/5  50.0 MB  25.0 MB/s"),
        (Progress(5, 5, 10**8, 10**8), 2.0, "layers 5/5  100.0 of 100.0 MB  50.0 MB/s  composing"),
    ],
)
def test_describes(progress, seconds, text):
    """Layers, megabytes, rate, and the step that follows the last layer."""
    assert describe(progress, seconds) == text


def test_warnings_stay_on_their_own_lines(capsys):
    """Without a terminal nothing is drawn, and warnings are plain lines."""
    with Live(load_settings({}, {}), terminal=False) as live:
        live.update(Progress(1, 2, 3, 4))
        live.warn("odd\nname")
    assert capsys.readouterr() == ("", "stella: warning: odd\\nname\n")


def test_drawing_is_cleared(capsys, monkeypatch):
    """The line is drawn over itself, steps aside for a warning, and is gone at the end."""
    monkeypatch.setattr("stellaops_cli.progress.INTERVAL", 0.0)
    with Live(load_settings({}, {"TERM": "xterm"}), terminal=True) as live:
        live.update(Progress(1, 2, 3, 4))
        live.warn("odd")
        live.update(Progress(1, 2, 3, 4))
    clear = "\r\x1b[K"
    pieces = capsys.readouterr().err.split(clear)
    assert [piece[:10] for piece in pieces] == ["", "layers 1/2", "stella: wa", "layers 1/2", ""]


@pytest.mark.parametrize(("flags", "environ"), [({"quiet": True}, {"TERM": "xterm"}), ({}, {"TERM": "dumb"})])
def test_nothing_is_drawn(capsys, monkeypatch, flags, environ):
    """--quiet and dumb terminals get no live line."""
    monkeypatch.setattr("stellaops_cli.progress.INTERVAL", 0.0)
    with Live(load_settings(flags, environ), terminal=True) as live:
        live.update(Progress(1, 2, 3, 4))
    assert capsys.readouterr().err == ""
