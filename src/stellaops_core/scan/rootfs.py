"""The squashed file system of an image, to be asked about: what `entrytrace.root.Root` promises.

Comes in: the packs of all layers, base first. Goes out: a `RootFs`. Rules: the topmost layer that has a path wins, as
in `compose`; a link is followed as the kernel does, but never out of the image; facts are decoded when they are asked
for.

Source: path_resolution(7); OCI image specification 1.1, layer.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from stellaops_core.analyzers.texts import Text
from stellaops_core.scan.fragment import Pack

LINK_LIMIT = 40
"""Symbolic links that are followed in one path; as many as Linux follows."""

_Record = TypeVar("_Record", bound=Struct)


class RootFs:
    """What the image holds at which path; an `entrytrace.root.Root`."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._files: dict[str, int] = {}  # all but directories, links as well: the layer that has it
        self._directories: set[str] = {""}
        self._links: dict[str, str] = {}
        self._facts = [pack.facts() for pack in packs]
        self._names: dict[str, tuple[str, ...]] | None = None
        self._real: dict[str, str | None] = {}
        for number, pack in enumerate(packs):
            self._apply(pack, number)

    def _apply(self, pack: Pack, number: int) -> None:
        others, directories = (set(table.decode().split("\0")) - {""} for table in pack.paths())
        if number:
            self._hide(pack, others, directories)
        self._files.update(dict.fromkeys(others, number))
        self._directories |= directories
        self._links.update(pack.links())

    def _hide(self, pack: Pack, others: set[str], directories: set[str]) -> None:
        """Take away what a layer hides of those below it."""
        above = others.union(pack.fragment.whiteouts)
        for path in (above | directories).intersection(self._files):
            del self._files[path]
            self._links.pop(path, None)
        roots = above & self._directories
        opaque = set(pack.fragment.opaque) & self._directories
        if not (roots or opaque):
            return
        hidden: dict[str, bool] = {"": "" in opaque}  # of each directory: whether what it held is gone
        for directory in sorted(self._directories - {""}):  # parents come first
            parent = directory[: max(directory.rfind("/"), 0)]
            hidden[directory] = directory in roots or directory in opaque or hidden.get(parent, False)
        gone = [path for path in self._files if hidden.get(path[: max(path.rfind("/"), 0)], False)]
        for path in gone:
            del self._files[path]
            self._links.pop(path, None)
        self._directories = {
            directory
            for directory in self._directories
            if not directory or not (directory in roots or hidden.get(directory[: max(directory.rfind("/"), 0)], False))
        }

    # -- entrytrace.root.Root ------------------------------------------------------------------------------------------

    def real(self, path: str) -> str | None:
        """Follow all links of a path; None where nothing is."""
        path = path.strip("/")
        if path in self._real:
            return self._real[path]
        found = self._follow(path)
        self._real[path] = found
        return found

    def _follow(self, path: str) -> str | None:
        steps, done, left = path.split("/")[::-1], "", LINK_LIMIT
        while steps:
            step = steps.pop()
            if step == "..":
                done = done[: max(done.rfind("/"), 0)]
                continue
            if step in {"", "."}:
                continue
            if done not in self._directories:  # a file has nothing below it
                return None
            done = f"{done}/{step}" if done else step
            if (target := self._links.get(done)) is not None:
                left -= 1
                if left < 0:
                    return None
                steps += target.split("/")[::-1]
                done = "" if target.startswith("/") else done[: max(done.rfind("/"), 0)]
        return done if done in self._files or done in self._directories else None

    def is_file(self, path: str) -> bool:
        """Whether a path, links followed, is anything but a directory."""
        return self.real(path) in self._files

    def is_directory(self, path: str) -> bool:
        """Whether a path, links followed, is a directory."""
        return self.real(path) in self._directories

    def names(self, directory: str) -> tuple[str, ...]:
        """Return the sorted names in a directory."""
        if self._names is None:
            self._names = _listed((self._files, self._directories))
        real = self.real(directory)
        return () if real is None else self._names.get(real, ())

    def facts(self, path: str, kind: type[_Record]) -> _Record | None:
        """Return the record of this type that was kept of a file."""
        real = self.real(path)
        layer = self._files.get(real, -1) if real else -1
        if layer < 0 or (data := self._facts[layer].get(str(real), {}).get(kind.__name__)) is None:
            return None
        return msgspec.msgpack.decode(data, type=kind)

    def kept_of(self, path: str, layer: int) -> tuple[str, ...]:
        """Return the names of all records that were kept of a file of one layer, whether that is hidden or not."""
        return tuple(sorted(self._facts[layer].get(path, ())))

    def code(self) -> list[str]:
        """Return all files of which facts of code were kept: programs, libraries, scripts, modules. Unsorted."""
        return [
            path
            for layer, facts in enumerate(self._facts)
            for path, records in facts.items()
            if self._files.get(path) == layer and _is_code(records)
        ]

    def layer_of(self, path: str) -> int:
        """Return the layer that has a real path, -1 where it is a directory or nothing."""
        return self._files.get(path, -1)


def _is_code(records: Mapping[str, bytes]) -> bool:
    text = records.get(Text.__name__)
    return len(records) > (text is not None) or (
        text is not None and msgspec.msgpack.decode(text, type=Text).content.startswith(b"#!")
    )


def _listed(tables: Iterable[Iterable[str]]) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for table in tables:
        for path in table:
            if path:
                parent, _, name = path.rpartition("/")
                names.setdefault(parent, []).append(name)
    return {directory: tuple(sorted(found)) for directory, found in names.items()}
