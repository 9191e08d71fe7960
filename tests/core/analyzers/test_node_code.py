"""Facts of JavaScript and TypeScript sources."""

from roots import root_of
from stellaops_core.analyzers import node_code
from stellaops_core.analyzers.node_code import SIZE_LIMIT, NodeCode


def facts(path, content):
    return root_of({path: content}, analyzers=(node_code.ANALYZER,)).facts(path, NodeCode)


def test_mentions_are_kept():
    """What a source mentions is kept; of a source that mentions nothing nothing is."""
    assert facts("node_modules/a/x.cjs", b"require('b')").mentions == (("require", "b", 1, True),)
    assert facts("node_modules/a/x.js", b"'word'") is None


def test_words_are_kept_where_a_name_may_come_from():
    """Words in quotes are kept of an application's own files, and where a name is worked out."""
    assert facts("app/x.ts", b"use('pug')").names == ("pug",)
    assert facts("app/node_modules/a/x.js", b"require('b');'pug'").names == ()
    assert facts("app/node_modules/a/x.js", b"require(b);'pug'").names == ("pug",)


def test_declarations_of_types_do_not_run():
    """They are not looked at."""
    assert facts("app/x.d.ts", b"import 'b'") is None


def test_a_large_source_is_said_to_be_unread():
    """Beyond the bound nothing is known, which is not the same as nothing."""
    assert facts("app/x.js", b" " * (SIZE_LIMIT + 1)).unread
