"""What a Ruby process loads.

Comes in: a process and the root. Goes out: an edge to each file, and to the libraries written in C. Rules: the load
path comes first, then the gems that are installed, the newest version first; Bundler.require may load every gem; a
computed name may be any file of the gem that computes it.

Source: Kernel#require, RubyGems "require" and "Gem::Specification#require_paths"; ruby(1); Bundler "Bundler.require";
Debian's rubygems-integration.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.scripts.files import files_below, follow_files, path_from, script_of
from stellaops_core.readers.node_imports import COMPUTED, FILE, Mention
from stellaops_core.readers.script_imports import EVERY, PLACE, read_ruby_imports

_ENDINGS = (".rb", ".so")
_FIRST = ("rubygems", "error_highlight", "did_you_mean", "syntax_suggest/core", "monitor", "rbconfig",
          "enc/encdb", "enc/trans/transdb")  # fmt: skip
"""What Ruby loads before anything else, where it is there."""
_BASES = ("usr/local/lib/ruby", "usr/lib/ruby", "usr/share/ruby", "usr/lib64/ruby", "usr/local/share/ruby")
_GEMS = (
    "usr/local/bundle", "var/lib/gems", "usr/local/lib/ruby/gems", "usr/lib/ruby/gems", "usr/local/bundle/ruby",
    "usr/lib64/ruby/gems", "usr/share/gems", "usr/lib64/gems/ruby", "usr/share/rubygems-integration",
)  # fmt: skip
_HOOKS = frozenset({"rubygems", "bundler"})
"""Libraries that stand behind `require` itself: the names that they work out are those of the caller."""
_NUMBER = re.compile(r"\d+")
_WITH_VALUE = frozenset({"-I", "-r", "-e", "-C", "-E", "--encoding"})


def follow_ruby(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a Ruby process loads; see `entrytrace.process.Follow`."""
    yield from _Ruby(root, process).run()


class _Ruby:
    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._bounds = Bounds(process.program, "gem")
        self._script, self._options = script_of(process, with_value=_WITH_VALUE)
        stated = self._values("-I") + (process.environment.get("RUBYLIB") or "").split(":")
        self._stated = [path_from(process.directory, place) for place in stated if place]
        self._places = dict.fromkeys((*self._stated, *_load_path(root)))
        self._gems = dict(_gems(root, process))
        self._found: dict[str, str | None] = {}

    def _values(self, option: str) -> list[str]:
        pairs = pairwise((*self._options, ""))
        return [
            word[2:] or value for word, value in pairs if word.startswith(option) and (word == option or option != "-e")
        ]

    def run(self) -> Iterator[Edge | Undetermined]:
        starts = [(path, "ruby loads it first", True) for name in _FIRST for path in [self._feature(name)] if path]
        options = (self._process.environment.get("RUBYOPT") or "").split()
        names = self._values("-r") + [word[2:] for word in options if word[:2] == "-r"]
        starts += [(path, f"-r {name}", True) for name in names for path in [self._feature(name)] if path]
        for code in self._values("-e"):
            for mention in read_ruby_imports(code.replace(";", "\n").encode()):
                starts += self._find(f"{self._process.directory}/-", mention)
        if self._script is None:
            yield Undetermined(self._process.program, 0, "what ruby runs is not known", "gem")
        elif self._script:
            main = self._root.real(path_from(self._process.directory, self._script))
            if main is None:
                yield Undetermined(self._process.program, 0, f"{self._script} is not in the image", "gem")
            else:
                starts.append((main, f"ruby {self._script}", True))
                starts += [(one, "Bundler.require", False) for one in self._bundled(main)]
        yield from follow_files(self._root, self._process, starts, self._find, read_ruby_imports, "gem")
        yield from self._bounds.gaps

    def _bundled(self, script: str) -> Iterator[str]:
        """Programs of frameworks load the application, which may load every gem."""
        if script.rpartition("/")[2] in {"bundle", "rails", "rackup", "puma", "unicorn", "sidekiq", "rake", "thin"}:
            for name in ("config.ru", "config/environment.rb", "config/application.rb", "Rakefile", "app.rb"):
                path = self._root.real(path_from(self._process.directory, name))
                if path:
                    yield path
            yield from files_below(self._root, f"{self._process.directory}/app", (".rb",), self._bounds)
            yield from files_below(self._root, f"{self._process.directory}/config", (".rb",), self._bounds)
            yield from self._every()

    def _every(self) -> Iterator[str]:
        """Return what Bundler requires of each gem."""
        for name, places in self._gems.items():
            for place in places:
                for feature in (name, name.replace("-", "/")):
                    if path := self._in(place, feature):
                        yield path

    def _find(self, source: str, mention: Mention) -> Iterator[tuple[str, str, bool]]:
        how, what, _, runs = mention
        directory = source.rpartition("/")[0]
        if how == EVERY:
            for one in self._every():
                yield one, "Bundler.require", False
        elif how == PLACE:
            self._places = {
                path_from(directory if what[:2] == "./" else self._process.directory, what): None,
                **self._places,
            }
            self._found.clear()
        elif how == FILE:
            place, _, name = path_from(directory, what).rpartition("/")
            if path := self._in(place, name):
                yield path, f"require_relative {what}", runs
            elif self._root.is_directory(f"{place}/{name}"):
                for one in files_below(self._root, f"{place}/{name}", _ENDINGS, self._bounds):
                    yield one, f"a file in {what}", False
        elif how == COMPUTED:
            yield from self._computed(source, what)
        elif path := self._feature(what):
            yield path, f"require {what}", runs

    def _computed(self, source: str, what: str) -> Iterator[tuple[str, str, bool]]:
        """Let the files of the library that computes a name stand for it; where there is none, it is undetermined."""
        place = next((place for place in self._all_places() if source.startswith(place + "/")), None)
        if place is None:
            yield "", "the name of a file is computed", False
            return
        inside = source[len(place) + 1 :].partition("/")[0].removesuffix(".rb")
        if inside in _HOOKS:
            return
        for path in files_below(self._root, f"{place}/{inside}", _ENDINGS, self._bounds):
            yield path, f"a computed name {what}".rstrip(), False

    def _all_places(self) -> Iterator[str]:
        for places in self._gems.values():
            yield from places
        yield from self._places

    def _feature(self, name: str) -> str | None:
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> str | None:
        if name[:1] in {"/", "."}:
            place, _, last = path_from(self._process.directory, name).rpartition("/")
            return self._in(place, last)
        return next((path for place in self._all_in_order() if (path := self._in(place, name))), None)

    def _all_in_order(self) -> Iterator[str]:
        yield from self._places
        for places in self._gems.values():
            yield from places

    def _in(self, place: str, name: str) -> str | None:
        if name.endswith(_ENDINGS) and self._root.is_file(f"{place}/{name}"):
            return self._root.real(f"{place}/{name}")
        for ending in _ENDINGS:
            if self._root.is_file(f"{place}/{name}{ending}"):
                return self._root.real(f"{place}/{name}{ending}")
        return None


def _load_path(root: Root) -> Iterator[str]:
    """Yield the load path that Ruby was built with: site, vendor, its own, each with its architecture's part."""
    for base in _BASES:
        versions = [name for name in root.names(base) if name[:1].isdigit()]
        for kind in ("site_ruby", "vendor_ruby", ""):
            top = f"{base}/{kind}" if kind else base
            for version in sorted({*versions, *(n for n in root.names(top) if n[:1].isdigit())}, reverse=True):
                yield f"{top}/{version}"
                yield from (f"{top}/{version}/{name}" for name in root.names(f"{top}/{version}") if "linux" in name)
            if kind:
                yield top
    for multiarch in root.names("usr/lib"):
        if "-linux-" in multiarch:
            for version in reversed(root.names(f"usr/lib/{multiarch}/ruby")):
                yield f"usr/lib/{multiarch}/ruby/{version}"
            vendor = f"usr/lib/{multiarch}/ruby/vendor_ruby"
            yield from (f"{vendor}/{version}" for version in root.names(vendor))


def _gems(root: Root, process: Process) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield installed gems and where their files are looked for, the newest version first."""
    homes = [process.environment.get("GEM_HOME") or "", *(process.environment.get("GEM_PATH") or "").split(":"), *_GEMS]
    homes += [f"usr/lib/{name}/rubygems-integration" for name in root.names("usr/lib") if "-linux-" in name]
    homes += [f"{process.directory}/vendor/bundle/ruby"]
    found: dict[str, list[tuple[list[int], str, str]]] = {}
    for home in dict.fromkeys(home.strip("/") for home in homes if home):
        for top in (home, *(f"{home}/{name}" for name in root.names(home))):
            for gem in root.names(f"{top}/gems"):
                name, _, version = gem.rpartition("-")
                number = [int(part) for part in _NUMBER.findall(version)]
                found.setdefault(name, []).append((number, top, gem))
    for name, versions in sorted(found.items()):
        versions.sort(key=lambda one: one[0], reverse=True)
        yield name, tuple(place for _, top, gem in versions for place in _parts(root, top, gem))


def _parts(root: Root, top: str, gem: str) -> Iterator[str]:
    """Yield the directories of a gem that belong on the load path: its sources, and what was compiled of it."""
    if root.is_directory(f"{top}/gems/{gem}/lib"):
        yield f"{top}/gems/{gem}/lib"
    for platform in root.names(f"{top}/extensions"):
        for version in root.names(f"{top}/extensions/{platform}"):
            if root.is_directory(f"{top}/extensions/{platform}/{version}/{gem}"):
                yield f"{top}/extensions/{platform}/{version}/{gem}"
