"""What the closures of Ruby, Perl and PHP share."""

import pytest

from builders import Link
from roots import root_of
from stellaops_core.analyzers import script_code, texts
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.scripts import files as script_files
from stellaops_core.entrytrace.scripts.files import files_below, follow_files, path_from, script_of
from stellaops_core.readers.script_imports import read_ruby_imports


def test_follow_files():
    """Sure files come first, each once; a script without an ending is read from its text; gaps have their place."""
    root = root_of(
        {"s": b"#!/usr/bin/ruby\nrequire 'a'\nrequire x\n", "a.rb": b"require 'b'", "b.rb": b"require 'a'"},
        analyzers=(script_code.ANALYZER, texts.ANALYZER),
    )

    def find(source, mention):
        yield ("", "computed", False) if mention[0] == "computed" else (f"{mention[1]}.rb", mention[1], mention[3])

    process = Process("ruby", ("ruby", "s"))
    items = list(follow_files(root, process, [("s", "ruby s", True)], find, read_ruby_imports, "gem"))
    assert items == [
        Edge("ruby", "s", "ruby s", 0, "used"),
        Undetermined("s", 3, "computed", "gem"),
        Edge("s", "a.rb", "a", 2, "used"),
        Edge("a.rb", "b.rb", "b", 1, "used"),
    ]


@pytest.mark.parametrize(
    ("words", "script", "options"),
    [
        (("a", "b"), "a", []),
        (("-w", "-I", "d", "a"), "a", ["-w", "-I", "d"]),
        (("--", "-a"), "-a", []),
        ((None,), None, []),
        ((), "", []),
    ],
)
def test_script_of(words, script, options):
    """The first word that is no option's is the script."""
    assert script_of(Process("p", ("p", *words)), with_value=frozenset({"-I"})) == (script, options)


def test_places():
    """Paths become paths from the root; files below a directory are sorted."""
    assert path_from("a/b", "../c") == "a/c"
    assert path_from("a", "/c") == "c"
    root = root_of({"a/b/c.rb": b"", "a/a.rb": b"", "a/x.py": b""}, analyzers=())
    assert files_below(root, "a", (".rb",), Bounds("p")) == ["a/a.rb", "a/b/c.rb"]


def test_there_is_an_end(monkeypatch):
    """That there are more files, or deeper ones, is told; a link to what is around it is not gone into again."""
    monkeypatch.setattr(script_files, "LISTED_LIMIT", 1)
    monkeypatch.setattr(script_files, "LISTED_DEPTH", 2)
    root = root_of({"a/b.rb": b"", "a/c.rb": b"", "d/e/f/g/h.rb": b"", "d/up": Link(".")}, analyzers=())
    bounds = Bounds("p", "gem")
    assert files_below(root, "a", (".rb",), bounds) == ["a/b.rb"]
    assert files_below(root, "d", (".rb",), bounds) == []
    assert [(one.place, one.reason) for one in bounds.gaps] == [
        ("a", "more than 1 files that may be loaded"),
        ("d", "more than 2 directories within one another"),
    ]
