"""Where a dynamic linker looks for libraries: its directories, its cache, the variables in its paths.

Comes in: the root, a process, what its program says. Goes out: a `Search`. Rules: what is built into glibc's linker
can't be seen from outside, so its directories are taken from where it lies: beside its own library directory stands
that of `/usr`. A file for another processor is passed over, as the linker does. A library of which processors choose
the variant is found in every variant.

Source: ld.so(8); glibc, elf/dl-load.c, elf/dl-cache.c, sysdeps/x86_64/dl-hwcaps_subdirs.c; ldconfig(8); musl,
ldso/dynlink.c (`path_open`, `fixup_rpath`).
"""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.loader_files import LoaderCache
from stellaops_core.analyzers.native import Native
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Process
from stellaops_core.entrytrace.root import Root

DIRECTORY_LIMIT: Final = 500
"""Directories of one path."""
INCLUDE_LIMIT: Final = 1000
"""Files that ld.so.conf includes, directly or not."""
PATTERN_LIMIT: Final = 100
"""Patterns by which ld.so.conf includes them."""
LINE_LIMIT: Final = 10_000
"""Lines of one of these files."""
LOOK_LIMIT: Final = 500_000
"""Places that are looked at for one process; one with 500 libraries looks at some 10,000."""

AFTER_LDCONFIG: Final = "ldconfig is run first"
"""The condition of a library that only `etc/ld.so.conf` leads to, for glibc reads no more than the cache."""

_SYSTEM = re.compile(r"(?:usr/)?(lib[a-z0-9]*)(?:/([^/]+-linux[^/]*))?")
_TOKEN = re.compile(r"\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})")
_VARIANTS: Final = {
    "amd64": ("glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", "tls", "tls/x86_64",
              "haswell", "haswell/avx512_1", "haswell/x86_64", "avx512_1", "x86_64"),
    "386": ("tls", "tls/i686", "tls/i686/sse2", "i686", "i686/sse2", "i686/cmov", "sse2"),
    "arm": ("tls", "neon", "neon/vfp", "vfp"),
    "ppc64le": ("glibc-hwcaps/power10", "glibc-hwcaps/power9", "power10", "power9", "power8"),
    "s390x": ("glibc-hwcaps/z16", "glibc-hwcaps/z15", "glibc-hwcaps/z14", "glibc-hwcaps/z13", "z15", "z14", "z13"),
}  # fmt: skip
_FLAGS: Final = {
    ("amd64", 64): 0x303, ("amd64", 32): 0x803, ("386", 32): 0x3, ("arm64", 64): 0xA03, ("ppc64le", 64): 0x503,
    ("s390x", 64): 0x403,
}  # fmt: skip
"""Of entries in glibc's cache, by processor."""
_PLATFORMS: Final = {"amd64": "x86_64", "386": "i686", "arm64": "aarch64", "arm": "v7l", "ppc64le": "power8"}


class Candidate(Struct, frozen=True):
    """A library that was found."""

    path: str
    """As the linker comes to it: its last name may be a link."""
    real: str
    condition: str = ""
    """On which it is taken; empty: always."""


class Search:
    """Where the dynamic linker of one process looks."""

    def __init__(self, root: Root, process: Process, program: Native) -> None:
        self._root, self._process = root, process
        self._machine = (program.machine, program.bits)
        self._natives: dict[str, Native | None] = {}
        self._variants: dict[str, tuple[str, ...] | None] = {}
        self.left = LOOK_LIMIT
        """Places that may still be looked at."""
        self.bounds = Bounds(process.program)
        self.interpreter = root.real(program.interpreter) or ""
        name = program.interpreter.rpartition("/")[2]
        self.is_musl = name.startswith("ld-musl-")
        home = self.interpreter.rpartition("/")[0]
        prefix = home.rpartition("/")[0]
        self._library = "lib"
        self._etc = f"{prefix}/etc" if prefix else "etc"
        self.defaults: tuple[str, ...] = (home,)
        if system := _SYSTEM.fullmatch(home):
            self._etc = "etc"
            libraries = [f"{system[1]}/{system[2]}", "lib"] if system[2] else [system[1]]
            self._library = libraries[0]
            self.defaults = tuple(where + one for one in libraries for where in ("", "usr/"))
        if self.is_musl:
            self.defaults = self._musl_path(program.interpreter, name)
        self._cache = self._read_cache()

    # -- files ---------------------------------------------------------------------------------------------------------

    def native(self, path: str) -> Native | None:
        """Return what an ELF file for the program's processor says; None of any other file."""
        if path not in self._natives:
            native = self._root.facts(path, Native)
            fits = native and native.format == "elf" and (native.machine, native.bits) == self._machine
            self._natives[path] = native if fits else None
        return self._natives[path]

    def _candidate(self, path: str, condition: str = "") -> Candidate | None:
        self.left -= 1
        real = self._root.real(path) if self.left >= 0 else None
        return Candidate(path, real, condition) if real is not None and self.native(real) else None

    def at(self, path: str) -> list[Candidate]:
        """Take a library by its path."""
        found = self._candidate(path if path.startswith("/") else f"{self._process.directory}/{path}")
        return [found] if found else []

    def inside(self, directories: Sequence[str], name: str) -> list[Candidate]:
        """Look through directories in their order: all variants for some processors, and the one for all."""
        found = []
        for directory in directories:
            if (variants := self._variants_in(directory)) is None:
                continue
            places = [self._candidate(f"{directory}/{variant}/{name}", variant) for variant in variants]
            found += [one for one in places if one]
            if one := self._candidate(f"{directory}/{name}"):
                return [*found, one]
        return found

    def _variants_in(self, directory: str) -> tuple[str, ...] | None:
        """Return a directory's own directories for some processors; None where there is no such directory."""
        if directory not in self._variants:
            self.left -= 1
            names = () if self.is_musl else _VARIANTS.get(self._machine[0], ())
            known = self.left >= 0 and self._root.is_directory(directory)
            found = tuple(one for one in names if self._root.is_directory(f"{directory}/{one}")) if known else None
            self._variants[directory] = found
        return self._variants[directory]

    # -- paths ---------------------------------------------------------------------------------------------------------

    def directories(self, path: str, origin: str, separators: str = ":") -> tuple[str, ...]:
        """Take a path apart and put in what its variables stand for; `origin`: where the file lies that has it."""
        self.left -= 1
        parts = re.split(f"[{separators}]", path) if path else []
        full = (self._expand(part, origin) for part in self.first(parts))
        return tuple(dict.fromkeys(one if one.startswith("/") else f"{self._process.directory}/{one}" for one in full))

    def first(self, directories: Sequence[str]) -> Sequence[str]:
        """Return as many directories as one path may have."""
        return self.bounds.first(directories, DIRECTORY_LIMIT, "directories on one path of the linker")

    def expand(self, name: str, origin: str) -> str:
        """Put in what the variables in a library's name stand for."""
        return self._expand(name, origin) if "$" in name else name

    def _expand(self, text: str, origin: str) -> str:
        values = {"ORIGIN": f"/{origin}", "LIB": self._library, "PLATFORM": _PLATFORMS.get(self._machine[0], "")}
        return _TOKEN.sub(lambda match: values[match[1] or match[2]], text)

    def _musl_path(self, interpreter: str, name: str) -> tuple[str, ...]:
        prefix = interpreter.rpartition("/")[0].rpartition("/")[0]
        architecture = name.removeprefix("ld-musl-").partition(".")[0]
        path = self.bounds.text(self._root, f"{prefix}/etc/ld-musl-{architecture}.path")
        return self.directories("/lib:/usr/local/lib:/usr/lib" if path is None else path.strip(), "", ":\n")

    # -- glibc's cache -------------------------------------------------------------------------------------------------

    def _read_cache(self) -> dict[str, list[tuple[str, bool]]] | None:
        """None where there is a cache that can't be read."""
        if self.is_musl:
            return {}
        cache = self._root.facts(f"{self._etc}/ld.so.cache", LoaderCache)
        if cache is None:
            return None if self._root.is_file(f"{self._etc}/ld.so.cache") else {}
        entries: dict[str, list[tuple[str, bool]]] = {}
        wanted = _FLAGS.get(self._machine)
        for name, path, flags, conditional in cache.entries:
            if wanted is None or flags == wanted:
                entries.setdefault(name, []).append((path, conditional))
        return entries

    def cached(self, name: str) -> list[Candidate]:
        """Look into the cache; where it can't be read, into the directories that it was made of.

        The first entry for all processors counts even if the file is gone: the linker doesn't try the next.
        """
        if self._cache is None:
            return self.inside(self.configured, name)
        found = []
        for path, conditional in self._cache.get(name, ()):
            if one := self._candidate(path, path.rpartition("/")[0].rpartition("/")[2] if conditional else ""):
                found.append(one)
            if not conditional:
                break
        return found

    def after_ldconfig(self, name: str) -> list[Candidate]:
        """Look where the cache would lead if it were made anew."""
        found = () if self.is_musl else self.inside(self.configured, name)
        return [Candidate(one.path, one.real, one.condition or AFTER_LDCONFIG) for one in found]

    @cached_property
    def configured(self) -> tuple[str, ...]:
        """The directories of `etc/ld.so.conf` and what it includes."""
        return tuple(self.first(tuple(dict.fromkeys(self._configured()))))

    def _configured(self) -> Iterator[str]:
        bounds, root = self.bounds, self._root
        files, done, patterns = [f"{self._etc}/ld.so.conf"], 0, set[str]()
        while done < len(files) and not bounds.is_full(done, INCLUDE_LIMIT, "files that ld.so.conf includes"):
            lines = (bounds.text(root, files[done]) or "").splitlines()
            for line in bounds.first(lines, LINE_LIMIT, "lines", files[done]):
                word, *rest = line.partition("#")[0].split() or [""]
                if word == "include":
                    new = [one for one in dict.fromkeys(rest) if one not in patterns]
                    new = list(bounds.first(new, PATTERN_LIMIT - len(patterns), "patterns in ld.so.conf", files[done]))
                    patterns.update(new)
                    files += [path for pattern in new for path in self._matching(pattern)]
                elif word and word != "hwcap":
                    yield word.partition("=")[0]
            done += 1

    def _matching(self, pattern: str) -> list[str]:
        """Return files by a pattern whose last name alone has wildcards, as ldconfig sorts them."""
        directory, _, last = (pattern if pattern.startswith("/") else f"{self._etc}/{pattern}").rpartition("/")
        names = [name for name in self._root.names(directory) if fnmatchcase(name, last)]
        return [f"{directory}/{name}" for name in self.bounds.first(names, INCLUDE_LIMIT, f"files like {last}")]

    def preloaded(self) -> list[str]:
        """Return the names in glibc's `etc/ld.so.preload`."""
        text = "" if self.is_musl else self.bounds.text(self._root, f"{self._etc}/ld.so.preload") or ""
        return [name for line in text.splitlines() for name in re.split(r"[:\s]+", line.partition("#")[0]) if name]
