"""Node's command line."""

import pytest

from stellaops_core.entrytrace.node import command as node_command
from stellaops_core.entrytrace.node.command import read_command
from stellaops_core.entrytrace.process import Process


def read(*words, script="", **environment):
    return read_command(Process("usr/bin/node", ("node", *words), script=script, environment=environment))


@pytest.mark.parametrize(
    ("words", "main", "arguments"),
    [
        (("x.js", "a"), "x.js", ("a",)),
        (("--inspect", "x.js"), "x.js", ()),
        (("--title", "t", "x.js"), "x.js", ()),
        (("--title=t", "x.js"), "x.js", ()),
        (("--max-old-space-size=4096", "x.js", "-r", "no"), "x.js", ("-r", "no")),
        (("--", "-x.js"), "-x.js", ()),
        (("inspect", "x.js"), "x.js", ()),
        ((), "", ()),
    ],
)
def test_script(words, main, arguments):
    """The first word that is no option's is the script."""
    command = read(*words)
    assert (command.main, command.arguments, command.gaps) == (main, arguments, [])


def test_preloaded():
    """Modules may be named by options, and by NODE_OPTIONS before them."""
    command = read("-r", "a", "--import=b", "x.js", NODE_OPTIONS='--require "c d" --loader e')
    assert command.preloaded == [("require", "c d"), ("import", "e"), ("require", "a"), ("import", "b")]


def test_code():
    """Code on the command line leaves no script."""
    command = read("-e", "require('a')", "b.js")
    assert (command.code, command.main) == ([("-e", "require('a')")], "")
    assert read("-p").main == ""


def test_other_options():
    """Conditions and links are taken in."""
    command = read("-C", "a", "--conditions=b", "--preserve-symlinks", "x.js")
    assert (command.conditions, command.links) == (["a", "b"], False)
    assert read("--run", "build").script_name == "build"


def test_script_of_the_kernel():
    """A script that the kernel handed over is the script, whatever it was called."""
    command = read("/usr/bin/x", "a", script="usr/lib/x.js")
    assert (command.main, command.arguments) == ("/usr/lib/x.js", ("a",))


@pytest.mark.parametrize("words", [(None,), ("-r", None, "x.js"), ("-",), ("--test",)])
def test_what_is_not_known(words):
    """A word that isn't known is undetermined, for npm's packages."""
    assert [gap.scope for gap in read(*words).gaps] == ["npm"]


def test_options_that_are_not_known():
    """So are options in a variable whose value isn't."""
    assert len(read("x.js", NODE_OPTIONS=None).gaps) == 1


def test_too_many_words_are_told(monkeypatch):
    """On the command line, and in NODE_OPTIONS."""
    monkeypatch.setattr(node_command, "WORDS_LIMIT", 1)
    assert [one.reason for one in read("a.js", "b", NODE_OPTIONS="-r x").gaps] == [
        "more than 1 words in NODE_OPTIONS",
        "more than 1 words on the command line",
    ]
