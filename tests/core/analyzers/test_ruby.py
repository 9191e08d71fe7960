"""Ruby gems: what is a record, what is found, which gem another one gets."""

import pytest

from analyses import installed, is_wanted
from case_texts import cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.ruby import ANALYZER


@pytest.mark.parametrize("case", cases_of("ruby"))
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec", True),
        ("usr/lib/ruby/gems/3.1.0/specifications/default/a-1.gemspec", True),
        ("specifications/a-1.gemspec", True),
        ("usr/share/rubygems-integration/all/specifications/a-1.gemspec", True),
        ("app/vendor/bundle/ruby/3.3.0/bundler/gems/a-0123456789ab/a.gemspec", True),
        ("app/vendor/bundle/ruby/3.3.0/bundler/gems/a-0123456789ab/test/a.gemspec", False),
        ("usr/lib/ruby/gems/3.1.0/gems/a-1/a.gemspec", False),
        ("usr/lib/ruby/gems/3.1.0/gems/a-1/specifications/x/a.gemspec", False),
        ("app/a.gemspec", False),
        ("usr/lib/ruby/3.1.0/x86_64-linux/rbconfig.rb", True),
        ("usr/lib/x86_64-linux-gnu/ruby/3.1.0/rbconfig.rb", True),
        ("usr/lib64/ruby/rbconfig.rb", True),
        ("usr/lib/ruby/gems/3.1.0/gems/a-1/ruby/rbconfig.rb", False),
        ("app/rbconfig.rb", False),
    ],
)
def test_wants(path, wanted):
    """Records are wanted; sources of gems and of applications are not."""
    assert is_wanted(ANALYZER, path) is wanted


def gem(name, version, *needs):
    lines = [f'  s.name = "{name}".freeze', f'  s.version = "{version}"']
    lines += [f'  s.add_dependency(%q<{need}>.freeze, ["{wanted}"])' for need, wanted in needs]
    return "\n".join(["Gem::Specification.new do |s|", *lines, "end"])


def test_a_newer_ruby_lends_nothing():
    """Homes that name another interface of Ruby belong to another Ruby; the newest that fits is taken."""
    home = "usr/lib/ruby/gems/{}/specifications/default/json-{}.gemspec"
    files = {home.format(abi, version): gem("json", version) for abi, version in [("3.1.0", "2.6"), ("3.3.0", "2.9")]}
    files["app/ruby/3.1.0/specifications/a-1.gemspec"] = gem("a", "1", ("json", ">= 2"))
    files["bundle/specifications/b-1.gemspec"] = gem("b", "1", ("json", ">= 2"))
    items, _ = installed(ANALYZER, files)
    depends = {item.package.name: item.depends for item in items}
    assert depends["a"] == ("pkg:gem/json@2.6",)
    assert depends["b"] == ("pkg:gem/json@2.9",)
