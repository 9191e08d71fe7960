"""Gem specifications as RubyGems writes them, and Ruby's configuration."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.gemspec import Gemspec, read_gemspec, read_rbconfig

NEW = r"""# -*- encoding: utf-8 -*-
# stub: thing 1.2.3.pre.4 x86_64-linux lib

Gem::Specification.new do |s|
  s.name = "thing".freeze
  s.version = "1.2.3.pre.4"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new("> 1.3.1".freeze) if s.respond_to? :required_rubygems_version=
  s.metadata = { "source_code_uri" => "https://git.example.org/x", "other" => "y" } if s.respond_to? :metadata=
  s.authors = ["A \"B\" \#{c}".freeze, "\u00DCn\xC3\xAF\t".freeze]
  s.homepage = "https://example.org/".freeze
  s.licenses = ["MIT".freeze, "Apache-2.0".freeze]
  s.description = "s.name = \"wrong\"\n".freeze

  s.specification_version = 4

  s.add_runtime_dependency(%q<rack>.freeze, [">= 1", "!= 2.0", "< 4"])
  s.add_dependency(%q<any>.freeze, [">= 0"])
  s.add_development_dependency(%q<rake>.freeze, [">= 0"])
end
"""
OLD = """Gem::Specification.new do |spec|
  spec.name = %q{old-thing}
  spec.version = '0.9'
  spec.license = "MIT"
  spec.author = "Ada"
  if spec.respond_to? :specification_version then
    spec.specification_version = 3
    if Gem::Version.new(Gem::VERSION) >= Gem::Version.new('1.2.0') then
      spec.add_runtime_dependency(%q<rack>, ["~> 1.0"])
      spec.add_development_dependency(%q<rspec>, [">= 0"])
    else
      spec.add_dependency(%q<wrong>, [">= 0"])
    end
  else
    spec.add_dependency(%q<rspec>, [">= 0"])
  end
  spec.platform = Gem::Platform.new(["x86", "mingw32", nil])
end
spec.name = "behind"
"""


def test_what_is_written_today():
    """Escapes are undone, conditions behind values are no values, development dependencies are not needed."""
    assert read_gemspec(NEW.encode()) == Gemspec(
        "thing",
        "1.2.3.pre.4",
        "x86_64-linux",
        ("MIT", "Apache-2.0"),
        'A "B" #{c}, Ünï',
        (("vcs", "https://git.example.org/x"), ("website", "https://example.org/")),
        ("any >= 0", "rack >= 1, != 2.0, < 4"),
    )


def test_what_was_written_once():
    """Only the branch of today's RubyGems counts: the other one lists what development needs as well."""
    found = read_gemspec(OLD.encode())
    assert (found.name, found.version, found.platform) == ("old-thing", "0.9", "x86-mingw32")
    assert (found.licenses, found.authors, found.requires) == (("MIT",), "Ada", ("rack ~> 1.0",))


def spec(*lines):
    return "\n".join(["Gem::Specification.new do |s|", *lines, "end"]).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a gem specification"),
        (b"# Gem::Specification.new do |s|", "not a gem specification"),
        (spec('  s.version = "1"'), "no name"),
        (spec('  s.name = "a"'), "no version"),
        (spec('  s.name = "a"', "  s.version = A::VERSION"), "no version"),
        (spec('  s.name = "a"', '  s.version = "1#{x}"'), "no version"),
        (spec('  s.name = "a" + "b"', '  s.version = "1"'), "no name"),
        (spec('  s.name = "a b"', '  s.version = "1"'), "no name"),
        (spec('  s.name = "a', '  s.version = "1"'), "no name"),
        (spec('  t.name = "a"', '  s.version = "1"'), "no name"),
    ],
)
def test_what_would_have_to_be_run(data, reason):
    """Is not guessed."""
    with pytest.raises(ValueError, match=reason):
        read_gemspec(data)


def dumped(text):
    """As Ruby's String#dump."""
    plain = {'"': '\\"', "\\": "\\\\", "#": "\\#", "\n": "\\n"}
    return '"' + "".join(plain.get(c, c if 0x20 <= ord(c) < 0x7F else f"\\u{{{ord(c):X}}}") for c in text) + '".freeze'


@given(st.lists(st.text(st.characters(min_codepoint=0x21, codec="utf-8"), min_size=1, max_size=20), max_size=4))
def test_any_text_comes_back(texts):
    """Whatever is in a text, it ends where it ends."""
    texts = [text.replace("\x7f", "").strip() for text in texts if "://" not in text and text.isprintable()]
    data = spec('  s.name = "a"', '  s.version = "1"', f"  s.licenses = [{', '.join(map(dumped, texts))}]")
    assert read_gemspec(data).licenses == tuple(text for text in texts if text)


@given(st.text(st.sampled_from("\"'\\%q<>{}[]#.s \nnameversionelseend=("), max_size=300))
def test_any_code_is_read_or_refused(text):
    """No text raises anything but `ValueError`."""
    with contextlib.suppress(ValueError):
        read_gemspec(
            spec('  s.name = "a"', '  s.version = "1"', *(f"  s.licenses = {line}" for line in text.split("\n")))
        )


@pytest.mark.parametrize("piece", ['\\"', "'", '"', "%q{", "#{", "\\", "\\u{", " ", "[", "%q<"])
def test_hostile_lines_take_no_time(piece):
    """Each character is looked at a few times at most."""
    line = f'  s.licenses = "{piece * (90_000 // len(piece))}'
    started = time.process_time()
    read_gemspec(spec('  s.name = "a"', '  s.version = "1"', *[line] * 3))
    assert time.process_time() - started < 2


CONFIG = '  CONFIG["MAJOR"] = "3"\n  CONFIG["MINOR"] = "1"\n  CONFIG["TEENY"] = "7"\n'


def test_ruby():
    """The patch level of a preview is none."""
    assert read_rbconfig((CONFIG + '  CONFIG["PATCHLEVEL"] = "261"\n').encode()) == ("3.1.7", "261")
    assert read_rbconfig((CONFIG + '  CONFIG["PATCHLEVEL"] = "-1"\n').encode()) == ("3.1.7", "")
    with pytest.raises(ValueError, match="no version"):
        read_rbconfig(b'  CONFIG["MAJOR"] = "3"\n')
