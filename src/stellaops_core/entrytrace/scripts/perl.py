"""What a Perl process loads.

Comes in: a process and the root. Goes out: an edge to each module, and to the libraries of those that have one. Rules:
`use` runs whenever its file does; modules are looked for over @INC as distributions build it, in the image's own
directories; a computed name is undetermined.

Source: perlrun, perlfunc "require", perlvar "@INC"; XSLoader; Debian Perl Policy 2.2 "Module Path".
"""

import re
from collections.abc import Iterator

from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.scripts.files import follow_files, path_from, script_of
from stellaops_core.readers.node_imports import COMPUTED, Mention
from stellaops_core.readers.script_imports import PLACE, read_perl_imports

_BASES = (
    "etc/perl", "usr/local/lib/*/perl/5*", "usr/local/share/perl/5*", "usr/lib/*/perl5/5*", "usr/share/perl5",
    "usr/lib/*/perl-base", "usr/lib/*/perl/5*", "usr/share/perl/5*", "usr/local/lib/site_perl",
    "usr/local/lib64/perl5", "usr/local/share/perl5", "usr/lib64/perl5/vendor_perl", "usr/share/perl5/vendor_perl",
    "usr/lib64/perl5", "usr/local/lib/perl5/site_perl/5*/*", "usr/local/lib/perl5/site_perl/5*",
    "usr/local/lib/perl5/vendor_perl/5*/*", "usr/local/lib/perl5/vendor_perl/5*", "usr/local/lib/perl5/5*/*",
    "usr/local/lib/perl5/5*", "usr/local/lib/perl5/site_perl", "usr/local/share/perl5/site_perl",
    "usr/lib/perl5/vendor_perl", "usr/lib/perl5/core_perl", "usr/share/perl5/core_perl",
)  # fmt: skip
"""@INC of Debian, Fedora, Alpine and a Perl that was built as it comes; `*` stands for any name."""
_SWITCH = re.compile(r"-([mM])-?([\w:]+)(?:=(.*))?")


def follow_perl(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a Perl process loads; see `entrytrace.process.Follow`."""
    yield from _Perl(root, process).run()


class _Perl:
    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._script, self._options = script_of(process, with_value=frozenset({"-e", "-E", "-I", "-M", "-m"}))
        self._found: dict[str, str | None] = {}
        stated = [option[2:] for option in self._options if option[:2] == "-I" and option != "-I"]
        stated += [value for option, value in zip(self._options, self._options[1:], strict=False) if option == "-I"]
        library = process.environment.get("PERL5LIB") or ""
        places = [path_from(process.directory, place) for place in (*stated, *library.split(":")) if place]
        self._places = dict.fromkeys((*places, *(place for base in _BASES for place in _matching(root, base))))

    def run(self) -> Iterator[Edge | Undetermined]:
        starts = [(path, f"perl {word}", True) for word in self._options for path in self._switched(word)]
        for option, value in zip(self._options, self._options[1:], strict=False):
            if option in {"-e", "-E"}:
                for mention in read_perl_imports(value.encode().replace(b";", b";\n")):
                    starts += self._find(f"{self._process.directory}/-", mention)
        if self._script is None:
            yield Undetermined(self._process.program, 0, "what perl runs is not known", "cpan")
        elif self._script:
            main = self._root.real(path_from(self._process.directory, self._script))
            if main is None:
                yield Undetermined(self._process.program, 0, f"{self._script} is not in the image", "cpan")
            else:
                starts.append((main, f"perl {self._script}", True))
        yield from follow_files(self._root, self._process, starts, self._find, read_perl_imports, "cpan")

    def _switched(self, word: str) -> list[str]:
        match = _SWITCH.fullmatch(word)
        return [path for path in (self._module(match[2]),) if path] if match else []

    def _find(self, source: str, mention: Mention) -> Iterator[tuple[str, str, bool]]:
        how, what, _, runs = mention
        if how == COMPUTED and "/" in what:
            for one in self._beginning(what):
                yield one, f"require {what}…", False
        elif how == COMPUTED:
            yield "", "the name of a module is computed", False
        elif how == PLACE:
            directory = source.rpartition("/")[0] if what[:2] == "./" else self._process.directory
            self._places = {path_from(directory, what): None, **self._places}
            self._found.clear()
        elif path := self._module(what):
            yield path, f"use {what}", runs
            if library := self._library(what):
                yield library, f"XSLoader of {what}", runs
        elif what == "POSIX" or "/" in what:
            beside = self._root.real(path_from(self._process.directory, what))
            if beside:
                yield beside, f"require {what}", runs

    def _module(self, name: str) -> str | None:
        if name not in self._found:
            self._found[name] = self._first(
                name if "/" in name or name.endswith(".pl") else name.replace("::", "/") + ".pm"
            )
        return self._found[name]

    def _beginning(self, start: str) -> Iterator[str]:
        directory, _, name = start.rpartition("/")
        for place in self._places:
            for other in self._root.names(f"{place}/{directory}"):
                if other.startswith(name) and other.endswith((".pm", ".pl")):
                    yield self._root.real(f"{place}/{directory}/{other}") or ""

    def _library(self, name: str) -> str | None:
        return self._first(f"auto/{name.replace('::', '/')}/{name.rpartition('::')[2]}.so")

    def _first(self, path: str) -> str | None:
        for place in self._places:
            if self._root.is_file(f"{place}/{path}"):
                return self._root.real(f"{place}/{path}")
        return None


def _matching(root: Root, pattern: str) -> list[str]:
    places = [""]
    for step in pattern.split("/"):
        begin, star, _ = step.partition("*")
        places = [
            f"{place}/{name}" if place else name
            for place in places
            for name in ((name for name in root.names(place) if name.startswith(begin)) if star else (step,))
        ]
        places = [place for place in places if root.is_directory(place)]
    return places
