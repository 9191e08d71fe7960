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

_FEW = 8  # names that are searched for one by one

_Names = tuple[int, str]  # a layer, and names that it has, with a slash before, between and after them

_Record = TypeVar("_Record", bound=Struct)


class RootFs:
    """What the image holds at which path; an `entrytrace.root.Root`.

    Names stay joined as the packs have them, by directory: of millions of files, hardly any is ever asked about.
    """

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._files: dict[str, tuple[_Names, ...]] = {"": ()}  # every directory to what is in it but directories
        self._folders: dict[str, str] = {}  # directory to the directories in it, as in _Names
        self._links: dict[str, str] = {}
        self._facts = [pack.facts() for pack in packs]
        self._names: dict[str, tuple[str, ...]] = {}
        self._real: dict[str, str | None] = {}
        for number, pack in enumerate(packs):
            self._apply(pack, number)

    def _apply(self, pack: Pack, number: int) -> None:
        others, directories = _joined(pack.others()), _joined(pack.directories())
        if number:
            self._hide(pack, others, directories)
        for directory, names in directories.items():
            prefix = directory and directory + "/"
            new = [name for name in _split(names) if prefix + name not in self._files]
            self._files.update((prefix + name, ()) for name in new)
            self._folders[directory] = self._folders.get(directory, "/") + "".join(f"{name}/" for name in new)
        while others:  # which frees it on the way
            directory, names = others.popitem()
            self._files[directory] = (*self._files.get(directory, ()), (number, names))
        self._links.update(pack.links())

    def _hide(self, pack: Pack, others: Mapping[str, str], directories: Mapping[str, str]) -> None:
        """Take away what a layer hides of those below it."""
        whiteouts = _joined(path.rpartition("/")[::2] for path in pack.fragment.whiteouts)
        for table in (others, whiteouts, directories):
            for directory in table.keys() & self._files.keys():
                self._remove(directory, table[directory])
        roots = {
            f"{directory}/{name}" if directory else name
            for table in (others, whiteouts)
            for directory in table.keys() & self._folders.keys()
            for name in _common(table[directory], self._folders[directory])
        }
        opaque = self._files.keys() & set(pack.fragment.opaque)
        if not (roots or opaque):
            return
        hidden: dict[str, bool] = {"": "" in opaque}  # of each directory: whether what it held is gone
        for directory in sorted(self._files.keys() - {""}):  # parents come first
            hidden[directory] = directory in roots or directory in opaque or hidden.get(_parent(directory), False)
        for path in [path for path in self._links if hidden.get(_parent(path), False)]:
            del self._links[path]
        self._files = {
            directory: () if hidden.get(directory, False) else names
            for directory, names in self._files.items()
            if not directory or not (directory in roots or hidden.get(_parent(directory), False))
        }
        self._folders = _joined(path.rpartition("/")[::2] for path in self._files if path)

    def _remove(self, directory: str, names: str) -> None:
        """Take files out of a directory."""
        kept: list[_Names] = []
        for layer, known in self._files[directory]:
            gone = _common(names, known)
            for name in gone:
                self._links.pop(f"{directory}/{name}" if directory else name, None)
            left = "/".join(name for name in _split(known) if name not in gone) if gone else known.strip("/")
            if left:
                kept.append((layer, f"/{left}/"))
        self._files[directory] = tuple(kept)

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
            if done not in self._files:  # a file has nothing below it
                return None
            done = f"{done}/{step}" if done else step
            if (target := self._links.get(done)) is not None:
                left -= 1
                if left < 0:
                    return None
                steps += target.split("/")[::-1]
                done = "" if target.startswith("/") else done[: max(done.rfind("/"), 0)]
        return done if done in self._files or self.layer_of(done) >= 0 else None

    def is_file(self, path: str) -> bool:
        """Whether a path, links followed, is anything but a directory."""
        real = self.real(path)
        return real is not None and real not in self._files

    def is_directory(self, path: str) -> bool:
        """Whether a path, links followed, is a directory."""
        return self.real(path) in self._files

    def names(self, directory: str) -> tuple[str, ...]:
        """Return the sorted names in a directory."""
        real = self.real(directory)
        if real is None:
            return ()
        if real not in self._names:
            files = [name for _, names in self._files.get(real, ()) for name in _split(names)]
            self._names[real] = tuple(sorted({*files, *_split(self._folders.get(real, "/"))}))
        return self._names[real]

    def facts(self, path: str, kind: type[_Record]) -> _Record | None:
        """Return the record of this type that was kept of a file."""
        real = self.real(path)
        layer = self.layer_of(real) if real else -1
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
            if self.layer_of(path) == layer and _is_code(records)
        ]

    def layer_of(self, path: str) -> int:
        """Return the layer that has a real path, -1 where it is a directory or nothing."""
        directory, _, name = path.rpartition("/")
        for layer, names in self._files.get(directory, ()):
            if f"/{name}/" in names:
                return layer
        return -1


def _is_code(records: Mapping[str, bytes]) -> bool:
    text = records.get(Text.__name__)
    return len(records) > (text is not None) or (
        text is not None and msgspec.msgpack.decode(text, type=Text).content.startswith(b"#!")
    )


def _parent(path: str) -> str:
    return path[: max(path.rfind("/"), 0)]


def _joined(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Join the names of all groups of a directory, with slashes around."""
    found: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for directory, names in groups:
        if directory in found:
            several.setdefault(directory, [found[directory]]).append(names)
        else:
            found[directory] = names
    for directory, parts in several.items():
        found[directory] = "/".join(parts)
    for directory, names in found.items():
        found[directory] = f"/{names}/"
    return found


def _split(names: str) -> list[str]:
    return names[1:-1].split("/") if len(names) > 1 else []


def _common(names: str, known: str) -> set[str]:
    """Return those of the names that are known, at the cost of the fewer ones."""
    wanted = _split(names)
    if len(wanted) <= _FEW:
        return {name for name in wanted if f"/{name}/" in known}
    return set(wanted).intersection(_split(known))
