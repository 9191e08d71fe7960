"""The entry point scripts of twenty official images are read whole, with every command on the line where it stands."""

import os
import re
from pathlib import Path

import pytest

from shell_scripts import nodes
from stellaops_core.entrytrace.shell.script import decode, parse
from stellaops_core.entrytrace.shell.syntax import Command, Literal, Word

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "entrypoints"
SHELL = re.compile(rb"#![^\n]*\b(sh|bash|dash|ash)\b")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (entrypoints)"),
]


def scripts():
    for path in sorted(FIXTURES.rglob("*")):
        if path.is_file():
            text = path.read_bytes()
            if SHELL.match(text):
                yield path, text


def test_all_scripts_are_read_whole():
    """No damage in any of them, by either shell's rules."""
    found = list(scripts())
    assert len(found) > 250
    distinct = {text: path for path, text in found}
    damaged = {
        str(path): damage
        for text, path in distinct.items()
        for bash in (True, False)
        if (damage := parse(text, bash=bash).damage)
    }
    assert damaged == {}


def test_commands_stand_where_they_say():
    """A command's first word, where it is plain, is in the text of the line that it gives."""
    seen = 0
    for text, path in {text: path for path, text in scripts()}.items():
        lines = decode(text).split("\n")
        for command in nodes(parse(text).body, Command):
            first = command.words[0] if command.words else None
            if isinstance(first, Word) and isinstance(first.parts[0], Literal) and not first.parts[0].quoted:
                seen += 1
                assert first.parts[0].text in lines[first.line - 1], path
    assert seen > 2_000
