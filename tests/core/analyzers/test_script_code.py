"""Facts of Ruby, Perl and PHP sources."""

import pytest

from roots import root_of
from stellaops_core.analyzers import script_code
from stellaops_core.analyzers.script_code import SIZE_LIMIT, ScriptCode


def facts(path, content):
    return root_of({path: content}, analyzers=(script_code.ANALYZER,)).facts(path, ScriptCode)


@pytest.mark.parametrize(
    ("path", "content", "mention"),
    [
        ("a.rb", b"require 'x'", ("require", "x", 1, True)),
        ("a.pm", b"use X;", ("require", "X", 1, True)),
        ("a.php", b"require 'x';", ("require", "x", 1, True)),
        ("v/composer/autoload_files.php", b"$vendorDir . '/x.php'", ("file", "../x.php", 1, True)),
        ("v/composer/autoload_psr4.php", b"$vendorDir . '/x'", ("sources", "../x", 1, False)),
    ],
)
def test_mentions_are_kept(path, content, mention):
    """Each language by its ending, Composer's files by their names."""
    assert facts(path, content).mentions == (mention,)


def test_nothing_is_kept_of_a_source_that_mentions_nothing():
    """A large one is said to be unread."""
    assert facts("a.rb", b"puts 1") is None
    assert facts("a.rb", b" " * (SIZE_LIMIT + 1)).unread
