"""What Ruby, Perl and PHP sources mention."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.readers.node_imports import COMPUTED, FILE, REQUIRE
from stellaops_core.readers.script_imports import (
    EVERY,
    LINE_LIMIT,
    PLACE,
    SOURCES,
    read_composer_imports,
    read_perl_imports,
    read_php_imports,
    read_ruby_imports,
)


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        (b"require 'a'", (REQUIRE, "a", 1, True)),
        (b"\nrequire_relative('b')", (FILE, "b", 2, True)),
        (b"module A\n  class B\n    require 'a'", (REQUIRE, "a", 3, True)),
        (b"def f\n  require 'a'\nend", (REQUIRE, "a", 2, False)),
        (b"require 'a' if x", (REQUIRE, "a", 1, False)),
        (b"autoload :A, 'a/b'", (REQUIRE, "a/b", 1, False)),
        (b"require File.expand_path('../a', __FILE__)", (FILE, "../a", 1, True)),
        (b"$LOAD_PATH.unshift 'lib'", (PLACE, "lib", 1, True)),
        (b"Bundler.require(*x)", (EVERY, "", 1, False)),
        (b"require x", (COMPUTED, "", 1, False)),
    ],
)
def test_ruby(text, mention):
    """Each way of loading, and whether it runs with the file."""
    assert mention in read_ruby_imports(text)


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        (b"use A::B qw(c);", (REQUIRE, "A::B", 1, True)),
        (b"sub f {\n  use A;\n  require B;\n}", (REQUIRE, "A", 2, True)),
        (b"sub f {\n  use A;\n  require B;\n}", (REQUIRE, "B", 3, False)),
        (b"use parent -x, qw(A::B C);", (REQUIRE, "C", 1, True)),
        (b"use lib 'd';", (PLACE, "d", 1, True)),
        (b"use if $x, A::B => 1;", (REQUIRE, "A::B", 1, False)),
        (b"require 'a/b.pl';", (REQUIRE, "a/b.pl", 1, True)),
        (b'  require "A/$x.pm";', (COMPUTED, "A/", 1, False)),
        (b"eval { require A::B };", (REQUIRE, "A::B", 1, False)),
        (b"f('A::B')", (REQUIRE, "A::B", 1, False)),
        (b"=pod\n\nuse X;\n\n=cut\nuse A;", (REQUIRE, "A", 6, True)),
        (b"require $x;", (COMPUTED, "", 1, False)),
    ],
)
def test_perl(text, mention):
    """`use` runs with its file wherever it stands; `require` by where it stands."""
    assert mention in read_perl_imports(text)


def test_perl_documentation():
    """Documentation and what follows the program's end mention nothing; versions are no modules."""
    assert read_perl_imports(b"use 5.010;\n=pod\n\nuse X;\n") == []
    assert read_perl_imports(b"1;\n__END__\nuse X;\n") == []


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        (b"<?php\nrequire 'a.php';", (REQUIRE, "a.php", 2, True)),
        (b"require_once __DIR__ . '/../a.php';", (FILE, "../a.php", 1, True)),
        (b"  include('a.php');", (REQUIRE, "a.php", 1, False)),
        (b"if (x) include 'a.php';", (REQUIRE, "a.php", 1, False)),
        (b"require __DIR__ . $x;", (FILE, ".", 1, False)),
        (b"require 'a/' . $x;", (COMPUTED, "a/", 1, False)),
        (b"require $x;", (COMPUTED, "", 1, False)),
    ],
)
def test_php(text, mention):
    """Each way of loading, and whether it runs with the file."""
    assert mention in read_php_imports(text)


def test_php_comments():
    """Comments mention nothing."""
    assert read_php_imports(b"// require 'a.php';\n * require 'b.php'\n# include 'c.php'") == []


def test_composer():
    """Paths are told from the directory of the generated file."""
    text = b"<?php\n'x' => $vendorDir . '/a/b.php',\n'y' => array($baseDir . '/src'),"
    assert read_composer_imports(text, FILE) == [(FILE, "../a/b.php", 2, True), (FILE, "../../src", 3, True)]
    assert not any(runs for *_, runs in read_composer_imports(text, SOURCES))


def test_there_is_an_end():
    """Mentions beyond the bound count as computed."""
    text = b"".join(b"use A%d;\n" % number for number in range(LINE_LIMIT + 5))
    assert read_perl_imports(text)[-1][0] == COMPUTED


TOKENS = (
    b"require ",
    b"use ",
    b"'a'",
    b'"',
    b"$x",
    b"\n",
    b"  ",
    b"=pod\n",
    b"=cut\n",
    b"__DIR__ . ",
    b"def f",
    b";",
    b"\xff",
)


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TOKENS)))
def test_anything_can_be_read(parts):
    """No input raises; lines are lines of the input."""
    text = b"".join(parts)
    for read in (read_ruby_imports, read_perl_imports, read_php_imports):
        assert all(1 <= line <= text.count(b"\n") + 1 for _, _, line, _ in read(text))
