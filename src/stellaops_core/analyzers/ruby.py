"""Ruby gems that are installed, and Ruby itself.

Comes in: gem specifications in a `specifications` directory (RubyGems, Bundler's `vendor/bundle`, Ruby's own default
and bundled gems, Debian's rubygems-integration), those of gems that Bundler took from Git, and `rbconfig.rb`. Goes out:
one `Package` each; after `join`, dependency edges within a gem home and the homes of Ruby itself.

A specification that lies in a gem's own directory is that gem's source, and no record of an installation; Gemfiles
and their locks say what was wanted.

Source: RubyGems guides, "Specification Reference", "Command Reference"; Bundler, `bundler/source/git.rb` for where it
writes specifications.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cmp_to_key
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import (
    Analyzer,
    Found,
    Installed,
    LayerFile,
    LayerFiles,
    Malformed,
    Package,
    View,
)

if TYPE_CHECKING:
    from stellaops_core.purl import Purl

SIZE_LIMIT: Final = 4 << 20
"""Bytes of one specification."""

_SPECIFICATION = re.compile(r"((?:.*/)?)specifications/(default/)?[^/]+\.gemspec")
_FROM_GIT = re.compile(r"((?:.*/)?)bundler/gems/[^/]+-([0-9a-f]{7,40})/[^/]+\.gemspec")
_CONFIG = re.compile(r"(?:.*/)?ruby/(?:[^/]+/){0,3}rbconfig\.rb")
_ABI = re.compile(r"(?:.*/)?([0-9]+\.[0-9]+\.[0-9]+)/?")
_INTEGRATION: Final = "share/rubygems-integration/"


class Ruby(Analyzer):
    """The analyzer; see the module."""

    name = "ruby"
    version = 1
    names = frozenset({"rbconfig.rb"})
    endings = (".gemspec",)

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002  # too large ones become an Unknown in `analyze`
        """Whether the path is that of a record."""
        if path.endswith(".gemspec"):
            return bool(_SPECIFICATION.fullmatch(path) or _FROM_GIT.fullmatch(path))
        return bool(_CONFIG.fullmatch(path)) and "/gems/" not in path

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Found]:  # noqa: ARG002
        """Yield the gem, or Ruby."""
        if file.size > SIZE_LIMIT:
            raise Malformed(f"larger than {SIZE_LIMIT} bytes")
        try:
            return (_gem(file) if file.path.endswith(".gemspec") else _ruby(file),)
        except ValueError as error:
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Give each gem its purl and the gems it needs."""
        return _Homes(view).installed()


ANALYZER = Ruby()


def _gem(file: LayerFile) -> Package:
    from stellaops_core.readers.gemspec import read_gemspec  # noqa: PLC0415  # read with a find

    said = read_gemspec(file.read())
    return Package(
        "gem",
        said.name,
        said.version,
        key=f"{said.name}-{said.version}-{said.platform}" if said.platform else f"{said.name}-{said.version}",
        qualifiers={"platform": said.platform} if said.platform else {},
        licenses=said.licenses,
        requires=said.requires,
        supplier=said.authors,
        urls=said.urls,
        properties=tuple(_properties(file.path)),
    )


def _properties(path: str) -> Iterator[tuple[str, str]]:
    git, default = _FROM_GIT.fullmatch(path), _SPECIFICATION.fullmatch(path)
    if git:
        yield "stella:gem:commit", git[2]
    elif default and default[2]:
        yield "stella:gem:default", "true"


def _ruby(file: LayerFile) -> Package:
    from stellaops_core.readers.gemspec import read_rbconfig  # noqa: PLC0415  # read with a find

    version, level = read_rbconfig(file.read())
    return Package(
        "generic", "ruby", version, key="ruby", properties=(("stella:ruby:patchLevel", level),) if level else ()
    )


class _Gem(Struct, frozen=True):
    """A gem and where it was found."""

    path: str
    package: Package
    home: str
    """Directory that holds `specifications`, with a closing slash; empty for the root, and for Ruby itself."""
    purl: "Purl"


class _Homes:
    """The gems of an image, by the home that they lie in."""

    def __init__(self, view: View) -> None:
        from stellaops_core.purl import make_purl  # noqa: PLC0415  # joins only

        self._gems = [
            _Gem(path, fact, _home(path), make_purl(fact.type, fact.name, fact.version, qualifiers=fact.qualifiers))
            for path, facts in view.found.items()
            for fact in facts
            if isinstance(fact, Package)
        ]
        self._named: dict[str, list[_Gem]] = {}
        for gem in self._gems:
            if gem.package.type == "gem":
                self._named.setdefault(gem.package.name, []).append(gem)
        self._shared = {gem.home for gem in self._gems if _is_shared(gem)}

    def installed(self) -> Iterator[Installed]:
        """Yield all, in the order of paths."""
        for gem in self._gems:
            depends = {str(found.purl) for text in gem.package.requires if (found := self._needed(gem, text))}
            yield Installed(
                gem.package,
                gem.path,
                gem.purl,
                licenses=gem.package.licenses,
                depends=tuple(sorted(depends - {str(gem.purl)})),
                properties=gem.package.properties,
                directory=_directory(gem.path),
            )

    def _needed(self, gem: _Gem, requirement: str) -> _Gem | None:
        """Return the newest gem that a requirement means: of the same home, else of those that Ruby always has."""
        from stellaops_core.readers.gem_version import compare, satisfies, segments_of  # noqa: PLC0415  # joins only

        name, _, wanted = requirement.partition(" ")
        fit = [one for one in self._named.get(name, ()) if satisfies(one.package.version, wanted)]
        near = [one for one in fit if one.home == gem.home]
        fit = near or [one for one in fit if one.home in self._shared and _fits(one.home, gem.home)]
        order = cmp_to_key(compare)
        return max(
            fit, key=lambda one: (order(segments_of(one.package.version)), str(one.purl), one.path), default=None
        )


def _home(path: str) -> str:
    match = _SPECIFICATION.fullmatch(path) or _FROM_GIT.fullmatch(path)
    return match[1] if match else ""


def _directory(path: str) -> str:
    """Where a gem's files lie; default gems have no directory of their own."""
    if _FROM_GIT.fullmatch(path):
        return path.rpartition("/")[0]
    match = _SPECIFICATION.fullmatch(path)
    name = path.rpartition("/")[2].removesuffix(".gemspec")
    return f"{match[1]}gems/{name}" if match and not match[2] else ""


def _is_shared(gem: _Gem) -> bool:
    """Whether a gem's home is one that Ruby looks in whatever GEM_HOME says."""
    return ("stella:gem:default", "true") in gem.package.properties or _INTEGRATION in gem.home


def _fits(shared: str, home: str) -> bool:
    """Whether two homes can belong to one Ruby: where both name its interface, they name the same."""
    one, other = _ABI.fullmatch(shared), _ABI.fullmatch(home)
    return not one or not other or one[1] == other[1]
