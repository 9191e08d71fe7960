"""Errors to exit codes."""

import pytest

from stellaops_cli import run
from stellaops_core import errors
from stellaops_core.errors import StellaError, UsageError

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StellaError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_has_its_code(kind, capsys):
    """Any error of the core ends in one line, its hint, and its own exit code."""
    assert run.explain(kind("what is wrong", hint="what to do"), debug=False) == kind.exit_code
    assert capsys.readouterr() == ("", "stella: error: what is wrong\nhint: what to do\n")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, ""),
        (run.Terminated(), 143, ""),
        (BrokenPipeError(), 141, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(), 0, ""),
        (SystemExit("text"), 1, ""),
        (
            ZeroDivisionError("division\nby zero"),
            1,
            "stella: error: internal error: ZeroDivisionError: division\\nby zero\n",
        ),
        (MemoryError(), 1, "stella: error: internal error: MemoryError: \n"),
    ],
)
def test_other_ends(error, code, text, capsys):
    """Interruption is quiet; a bug is one line."""
    assert run.explain(error, debug=False) == code
    err = capsys.readouterr().err
    assert err == (text + "hint: rerun with --debug for the traceback\n" if text else "")


def test_debug_adds_the_traceback(capsys):
    """With --debug the traceback comes before the line."""
    assert run.explain(UsageError("wrong"), debug=True) == 3
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "stellaops_core.errors.UsageError: wrong",
        "stella: error: wrong",
    ]
