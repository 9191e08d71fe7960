"""Which components hold a file: whose record lists it, whose directory it lies in, or which were found in it.

Comes in: the composed image's packages, and the packs that keep their file lists. Goes out: a `Holders`, to be asked
about paths. Rules: a path is also looked for under the names that links below the root give it; a directory that is
one package's own ends where another's begins; a record that lists packages (a status file, a lock) is none of them.
"""

from collections.abc import Iterable, Iterator, Sequence

from stellaops_core.analyzers.analyzer import Installed
from stellaops_core.component import OS_PACKAGE_TYPES
from stellaops_core.scan.compose import Overlay
from stellaops_core.scan.fragment import Pack
from stellaops_core.scan.ownership import owners_of

_RECORDS = (".json", ".xml", ".yaml", ".yml", ".toml", ".lock", ".props", ".db", ".sqlite", "/METADATA", "/PKG-INFO")
_CODE = (".jar", ".war", ".ear", ".par", ".jpi", ".hpi", ".zip", ".pyz", ".pex", ".egg", ".dll", ".exe", ".phar")


class Holders:
    """Tells which components hold a file; they are named by their `ref`."""

    def __init__(
        self, overlay: Overlay, packs: Sequence[Pack], installed: Sequence[tuple[str, Installed]], first_layer: int
    ) -> None:
        self._links = overlay.links
        self._layer_of, self._packs, self._first = overlay.layer_of, packs, first_layer
        self._installed = [one for _, one in installed]
        self._sections: dict[int, dict[str, dict[str, str]]] = {}
        self._found: dict[str, list[str]] | None = None
        self._directories: dict[str, list[str]] = {}

    def file_lists(self, *, system: bool) -> Iterator[tuple[str, str]]:
        """Yield (ref, files joined by newlines) of packages of the operating system, or of all others."""
        for one in self._installed:
            if (one.type in OS_PACKAGE_TYPES) is system:
                for path in one.owns:
                    if files := self._list(path, one.package.key):
                        yield one.ref, files

    def _list(self, path: str, key: str) -> str:
        number = self._layer_of[path] - self._first
        if number not in self._sections:
            self._sections[number] = self._packs[number].owned()
        lists = self._sections[number].get(path, {})
        files = lists.get(key)
        if files is None and len(lists) == 1:  # a file that is about one package only
            files = next(iter(lists.values()))
        return files or ""

    def with_files(self) -> set[str]:
        """Return the components of which any file is known to be theirs."""
        self._places()
        known = {ref for refs in self._directories.values() for ref in refs}
        known.update(one.ref for one in self._installed if _is_code(one))
        known.update(ref for system in (True, False) for ref, _ in self.file_lists(system=system))
        return known

    def owners(self, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the operating system's packages that list a path."""
        wanted = set(paths)
        return owners_of(wanted, self.file_lists(system=True), self._links) if wanted else {}

    def of(self, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return all components that hold a path."""
        wanted = set(paths)
        holders = {path: set(refs) for path, refs in self.owners(wanted).items()}
        for path, refs in owners_of(wanted, self.file_lists(system=False), self._links).items():
            holders.setdefault(path, set()).update(refs)
        found = self._places()
        for path in wanted:
            if inside := [*found.get(path, ()), *self._around(path)]:
                holders.setdefault(path, set()).update(inside)
        return {path: tuple(sorted(refs)) for path, refs in holders.items()}

    def _places(self) -> dict[str, list[str]]:
        """Map each file that packages were found in, archives within archives included, to those packages."""
        if self._found is None:
            self._found = {}
            for one in self._installed:
                if one.directory:
                    self._directories.setdefault(one.directory, []).append(one.ref)
                if one.type not in OS_PACKAGE_TYPES:
                    for path in dict.fromkeys((one.path, *one.evidence)):
                        self._place(one, path)
        return self._found

    def _place(self, one: Installed, path: str) -> None:
        assert self._found is not None  # noqa: S101
        if not path.endswith(_RECORDS):
            self._found.setdefault(path, []).append(one.ref)
        archive, inside, _ = path.rpartition("!/")
        if inside and path.endswith((*_RECORDS, ".properties", ".MF")):
            self._found.setdefault(archive, []).append(one.ref)

    def _around(self, path: str) -> list[str]:
        """Return whose directory a path lies in; the innermost counts."""
        self._places()
        while path:
            path = path[: max(path.rfind("/"), 0)]
            if path in self._directories:
                return self._directories[path]
        return []


def _is_code(one: Installed) -> bool:
    """Whether a package was found in its own code, a program or an archive, rather than in a record of it."""
    return one.package.technique == "binary-analysis" or any(
        path.endswith(_CODE) or "!/" in path for path in (one.path, *one.evidence)
    )
