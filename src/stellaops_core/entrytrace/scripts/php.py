"""What a PHP process loads.

Comes in: a process and the root. Goes out: an edge to each file. Rules: files that Composer's autoloader names are
loaded with it; every class that it knows may be; a computed name is undetermined unless its directory is known.

Source: PHP manual "require", "include_path"; getcomposer.org "autoload"; PSR-4.
"""

from collections.abc import Iterator

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.root import Root
from stellaops_core.entrytrace.scripts.files import files_below, follow_files, path_from, script_of
from stellaops_core.readers.node_imports import COMPUTED, FILE, Mention
from stellaops_core.readers.script_imports import SOURCES, read_php_imports

_INCLUDED = ("usr/share/php", "usr/local/lib/php", "usr/share/pear")
_ENDINGS = (".php", ".inc", ".phtml")
_GENERATED = ("autoload_real.php", "ClassLoader.php", "autoload_static.php", "platform_check.php")
_TABLES = ("autoload_files.php", "autoload_psr4.php", "autoload_namespaces.php")


def follow_php(root: Root, process: Process) -> Iterator[Edge | Undetermined]:
    """Yield what a PHP process loads; see `entrytrace.process.Follow`."""
    yield from _Php(root, process).run()


class _Php:
    def __init__(self, root: Root, process: Process) -> None:
        self._root, self._process = root, process
        self._bounds = Bounds(process.program, "composer")

    def run(self) -> Iterator[Edge | Undetermined]:
        process = self._process
        values = frozenset({"-c", "-d", "-r", "-f", "-z", "-t", "-S"})
        script, options = script_of(process, with_value=values)
        if "-f" in options:
            script = options[options.index("-f") + 1]
        starts: list[tuple[str, str, bool]] = []
        if "-r" in options:
            code = options[options.index("-r") + 1]
            for mention in read_php_imports(code.replace(";", "\n").encode()):
                starts += self._find(f"{process.directory}/-", mention)
        elif script is None:
            yield Undetermined(process.program, 0, "what php runs is not known", "composer")
        elif script:
            main = self._root.real(path_from(process.directory, script))
            if main is None:
                yield Undetermined(process.program, 0, f"{script} is not in the image", "composer")
            else:
                starts.append((main, f"php {script}", True))
        else:
            yield Undetermined(process.program, 0, "php runs what it is asked for", "composer")
        yield from follow_files(self._root, process, starts, self._find, read_php_imports, "composer")
        yield from self._bounds.gaps

    def _find(self, source: str, mention: Mention) -> Iterator[tuple[str, str, bool]]:
        how, what, _, runs = mention
        directory = source.rpartition("/")[0]
        if how == SOURCES:
            for one in files_below(self._root, path_from(directory, what), _ENDINGS, self._bounds):
                yield one, f"autoload of {what}", False
        elif how == COMPUTED:
            place = path_from(directory, what.rpartition("/")[0]) if "/" in what else ""
            found = files_below(self._root, place, _ENDINGS, self._bounds) if place else []
            for one in found:
                yield one, f"include of {what}…", False
            if not found:
                yield "", "the name of a file is computed", False
        else:
            places = [directory] if how == FILE else [directory, self._process.directory, *_INCLUDED]
            if how == FILE and self._root.is_directory(path_from(directory, what)):
                for one in files_below(self._root, path_from(directory, what), _ENDINGS, self._bounds):
                    yield one, f"a file in {what}", False
                return
            paths = (self._root.real(path_from(place, what)) for place in places)
            if (path := next(filter(None, paths), None)) and self._root.is_file(path):
                yield path, f"require {what}", runs
                yield from self._autoloader(path, runs=runs)

    def _autoloader(self, path: str, *, runs: bool) -> Iterator[tuple[str, str, bool]]:
        """What Composer's autoloader loads, where `path` is one."""
        directory, _, name = path.rpartition("/")
        if name != "autoload.php" or not self._root.is_file(f"{directory}/composer/autoload_real.php"):
            return
        for other in (*_GENERATED, *_TABLES):
            if found := self._root.real(f"{directory}/composer/{other}"):
                yield found, "Composer's autoloader", runs
        for package in self._root.names(directory):
            if not self._root.is_file(f"{directory}/composer/autoload_psr4.php"):
                for file in files_below(self._root, f"{directory}/{package}", _ENDINGS, self._bounds):
                    yield file, "Composer's autoloader", False
