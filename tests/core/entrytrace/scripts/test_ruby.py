"""What a Ruby process loads."""

import pytest

from roots import root_of
from stellaops_core.analyzers import script_code, texts
from stellaops_core.entrytrace.process import Edge, Process
from stellaops_core.entrytrace.scripts.ruby import follow_ruby

GEMS = "var/lib/gems/3.1.0"
FILES = {
    "usr/lib/ruby/3.1.0/json.rb": b"require 'json/ext'",
    "usr/lib/x86_64-linux-gnu/ruby/3.1.0/json/ext.so": b"",
    "usr/lib/ruby/vendor_ruby/rubygems.rb": b"require x",
    f"{GEMS}/gems/rack-2.0/lib/rack.rb": b"",
    f"{GEMS}/gems/rack-3.0/lib/rack.rb": b"autoload :X, 'rack/x'",
    f"{GEMS}/gems/rack-3.0/lib/rack/x.rb": b"",
    f"{GEMS}/gems/native-1/lib/native.rb": b"require 'native.so'",
    f"{GEMS}/extensions/x86_64-linux/3.1.0/native-1/native.so": b"",
    f"{GEMS}/gems/other-1/lib/other.rb": b"",
    "app/main.rb": b"require 'rack'\nrequire_relative 'own'\nrequire 'json'",
    "app/own.rb": b"",
    "app/all.rb": b"Bundler.require",
}


def trace(*words, **environment):
    root = root_of(FILES, analyzers=(script_code.ANALYZER, texts.ANALYZER))
    items = list(
        follow_ruby(root, Process("usr/bin/ruby3.1", ("ruby", *words), environment=environment, directory="app"))
    )
    edges = [item for item in items if isinstance(item, Edge)]
    return {edge.target: edge.level for edge in edges}, [item for item in items if item not in edges]


def test_load_path_and_gems():
    """The load path comes first, then the newest version of a gem."""
    levels, gaps = trace("main.rb")
    assert levels == {
        "usr/lib/ruby/vendor_ruby/rubygems.rb": "used",
        "app/main.rb": "used",
        f"{GEMS}/gems/rack-3.0/lib/rack.rb": "used",
        "app/own.rb": "used",
        "usr/lib/ruby/3.1.0/json.rb": "used",
        "usr/lib/x86_64-linux-gnu/ruby/3.1.0/json/ext.so": "used",
        f"{GEMS}/gems/rack-3.0/lib/rack/x.rb": "maybe",
    }
    assert gaps == []


def test_what_was_compiled():
    """A gem's library written in C is found beside its sources."""
    assert f"{GEMS}/extensions/x86_64-linux/3.1.0/native-1/native.so" in trace("-rnative")[0]


def test_bundler():
    """Bundler.require may load every gem."""
    levels, _ = trace("all.rb")
    assert levels[f"{GEMS}/gems/other-1/lib/other.rb"] == "maybe"


@pytest.mark.parametrize(
    ("words", "environment"), [(("-e", "require 'own'"), {"RUBYLIB": "/app"}), (("-I", ".", "-rown"), {})]
)
def test_forms_of_the_command(words, environment):
    """Code, options and variables count."""
    assert trace(*words, **environment)[0]["app/own.rb"] == "used"


@pytest.mark.parametrize("words", [("gone.rb",), (None,)])
def test_what_is_not_there(words):
    """A script that is not known or not there is undetermined."""
    assert [gap.scope for gap in trace(*words)[1]] == ["gem"]
