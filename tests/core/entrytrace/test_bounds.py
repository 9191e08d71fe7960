"""What is left out because there is too much of it."""

import ast
import re

from roots import root_of
from sources import modules
from stellaops_core.analyzers import texts
from stellaops_core.analyzers.texts import TEXT_LIMIT, Text
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Undetermined

TELLING = {"first", "fail", "gap", "is_full", "more_than", "note", "ValueError"}
"""Functions that tell of a bound, or fail with it."""
UNTOLD = {
    "BRACE_LIMIT": "the word is not known", "COVER_LIMIT": "maybe", "EXPAND_DEPTH_LIMIT": "the text is not known",
    "EXPANDED_LIMIT": "the text is not known", "EXPANSION_LIMIT": "the words are not known",
    "EXPRESSION_LIMIT": "the number is not known", "FIELD_LIMIT": "the fields are not known",
    "FIND_LIMIT": "the output is not known", "GLOB_LIMIT": "the names are not known", "LENGTH_LIMIT": "maybe",
    "LOOK_LIMIT": "told by the loader", "shell.arithmetic.DEPTH_LIMIT": "the number is not known",
    "MATCH_LIMIT": "whether it fits is not known", "MISSING_LIMIT": "the first ones are told",
    "PRINT_LIMIT": "the text is not known", "ROUND_LIMIT": "a further round with unknown values",
    "SHEBANG_LIMIT": "told by _note_unread", "STATE_LIMIT": "states are merged",
    "TERM_LIMIT": "whether it holds is not known", "TRIM_LIMIT": "the text is not known",
    "VALUE_LIMIT": "the value is not known", "WAY_LIMIT": "maybe",
}  # fmt: skip
"""Bounds that make something unknown or uncertain instead, and what."""
SHOWN = {"LINE_LIMIT", "TEXT_LIMIT"}
"""In `shell.text`, `shell.script` and `shell.commands`: how much of a line is shown, or known."""


def test_what_is_met_is_told():
    """Once for each place and bound, with the scope; nothing where all was taken."""
    bounds = Bounds("p", "npm")
    assert bounds.first("abc", 3, "letters") == "abc"
    assert not bounds.is_full(2, 3, "words")
    assert list(bounds.gaps) == []
    assert bounds.first("abcd", 3, "letters") == bounds.first("abcx", 3, "letters") == "abc"
    assert bounds.first([1, 2], 1, "rows", "f", 7) == [1]
    assert bounds.is_full(1000, 1000, "words", "f")
    assert list(bounds.gaps) == [
        Undetermined("p", 0, "more than 3 letters", "npm"),
        Undetermined("f", 7, "more than 1 rows", "npm"),
        Undetermined("f", 0, "more than 1,000 words", "npm"),
    ]


def test_what_was_not_kept():
    """A file that is there without its content is told; what is not there, and a directory, are not."""
    root = root_of({"a.conf": "x", "b.conf": "#" * (TEXT_LIMIT + 1), "d/c": ""}, analyzers=(texts.ANALYZER,))
    bounds = Bounds("p")
    assert bounds.text(root, "a.conf") == "x"
    assert bounds.kept(root, "none", Text) is bounds.kept(root, "d", Text) is None
    assert list(bounds.gaps) == []
    assert bounds.text(root, "/b.conf") is None
    assert [one.place for one in bounds.gaps] == ["b.conf"]


def test_no_bound_is_silent():
    """Each bound of tracing is told where it is met, or makes something unknown."""
    silent = []
    for source in modules("stellaops_core"):
        if not source.name.startswith("entrytrace."):
            continue
        tree = source.parse()
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        told = set()
        for node in ast.walk(tree):
            called = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if called.lstrip("_") in TELLING or called in {"Undetermined", "_miss"} or isinstance(node, ast.JoinedStr):
                told |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        bounds = {name for name in names if re.fullmatch(r"[A-Z_]+_(LIMIT|DEPTH)", name)}
        silent += [f"{source.name}.{name}" for name in sorted(bounds - told - UNTOLD.keys())]
    silent = [one for one in silent if ".shell" not in one or one.rpartition(".")[2] not in SHOWN]
    assert [one for one in silent if not one.endswith(tuple(UNTOLD))] == []
