"""The record of programs that a source starts."""

from roots import root_of
from stellaops_core.analyzers import node_code, python_code
from stellaops_core.analyzers.starts import Starts, starts_of
from stellaops_core.readers.starts import START_LIMIT


def test_kept_where_there_are_any():
    """Of both languages; not of other files."""
    files = {
        "a.py": "import subprocess\nsubprocess.run(['git'])\n",
        "b.py": "import os\n",
        "c.js": "const cp = require('child_process')\ncp.exec('ls')\n",
        "d.js": "require('fs').exec('ls')\n",
    }
    root = root_of(files, analyzers=(python_code.ANALYZER, node_code.ANALYZER))
    assert [root.facts(path, Starts) for path in files] == [Starts((("git", 2),)), None, Starts((("ls", 2),)), None]


def test_cut():
    """That there are more is kept."""
    many = [("p", number) for number in range(START_LIMIT + 1)]
    assert starts_of(many) == Starts(tuple(many[:-1]), cut=True)
