"""What one layer, or a whole directory, holds.

Comes in: entries, in their order. Goes out: tables of paths and the captured content of wanted files. Rules: memory is
bounded whatever comes: wanted content beyond MEMORY_LIMIT goes to a temporary file, large files that are only looked at
pass through one, and tables have an end.

Entries apply in their order, as when they are extracted: a path that comes twice counts as it came last, a link in the
place of a directory takes away what the directory held, and an entry below a symbolic link of the same layer lands
where the link leads. Between layers overlayfs's rules hold; that is `scan.compose`'s business.
"""

import mmap
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from stellaops_core.errors import TargetError, Unsupported
from stellaops_core.images.captured import CapturedFile
from stellaops_core.images.path_table import PathTable

MEMORY_LIMIT = 32 << 20
"""Most captured bytes of a layer that are held in memory."""

FILE_LIMIT = 256 << 20
"""Largest single file that is kept; a larger one is reported as unknown."""

LOOK_MEMORY_LIMIT = 16 << 20
"""Largest file that is held in memory to be looked at; a larger one is mapped from a temporary file."""

LOOK_LIMIT = 4 << 30
"""Largest file that is looked at; a larger one is reported as unknown."""

CAPTURE_LIMIT = 8 << 30
"""Most captured bytes of a layer in all; files beyond are reported as unknown."""

DIRECTORIES_LIMIT = 64 << 20
"""Most bytes of the table of a layer's directories, before it is compressed."""

TABLE_LIMIT = 256 << 20
"""Most bytes of the table of everything else in a layer, before it is compressed."""

LINK_LIMIT = 1_000_000
"""Most symbolic links of a layer."""

TARGETS_LIMIT = 64 << 20
"""Most characters of paths and targets of a layer's symbolic links."""

UNKNOWN_LIMIT = 10_000
"""Most files of a layer that are named as unknown; more of them are an error."""

REPLACED_LIMIT = 512 << 20
"""Bytes of path tables that are gone through because files take the place of directories in one layer."""

FOLLOWED_LIMIT = 50_000_000
"""Steps of paths that are gone through to follow the links of one layer."""

_LINK_STEPS = 40  # as many as Linux follows

KEEP, LOOK = 1, 2
"""What to do with a file that is offered: keep its content until the layer is read; look at it now. 0: neither."""

Wants = Callable[[str, str, str, int, bytes], int]
"""Asked of every regular file: (path, its directory, its name, size, first bytes) to KEEP | LOOK."""

Look = Callable[["Tree", CapturedFile], object]
"""Sees a file that is to be looked at, while the tree is still growing; what it returns becomes the file's result."""


class Tree:
    """What one layer, or a whole directory, holds. Paths have no leading slash."""

    def __init__(self, wants: Wants, *, look: Look | None = None, spool_dir: str | None = None) -> None:
        self.captured: dict[str, CapturedFile] = {}
        self.others = PathTable(TABLE_LIMIT)
        """Paths of everything that is no directory."""
        self.directories = PathTable(DIRECTORIES_LIMIT)
        """Paths of directories, those without entries of their own included."""
        self.links: dict[str, str] = {}
        """Symbolic links: path to target as written."""
        self.whiteouts: list[str] = []
        self.opaque: list[str] = []
        self.unknowns: list[tuple[str, str]] = []
        """(path, reason) of what could not be captured."""
        self.entries = 0
        self.wants, self._look = wants, look
        self.pending: dict[str, list[str]] = {}
        """Targets of wanted hard links whose content has not been captured: target to the links' paths."""
        self._parents: dict[str, str] = {"": ""}  # directory as entries name it: where it really is
        self._known: set[str] = {""}  # directories, where they really are
        self._memory = self._total = self._replaced = self._followed = self._targets = 0
        self.spool_dir = spool_dir
        self._spool: IO[bytes] | None = None

    def close(self) -> None:
        """Drop the captured content."""
        for file in self.captured.values():
            file.release()
        self.captured.clear()
        if self._spool:
            self._spool.close()

    # -- an analyzer's view ------------------------------------------------------------------------------------------

    def get(self, path: str) -> CapturedFile | None:
        """Return the captured file at a path."""
        return self.captured.get(path)

    def under(self, directory: str) -> Iterator[CapturedFile]:
        """Yield captured files below a directory, in the order of their paths."""
        prefix = directory.rstrip("/") + "/"
        for path in sorted(path for path in self.captured if path.startswith(prefix)):
            yield self.captured[path]

    # -- growing -----------------------------------------------------------------------------------------------------

    def place(self, path: str) -> tuple[str, str, str]:
        """Say where an entry lands: (path, parent, name), symbolic links of this layer followed."""
        parent, _, name = path.rpartition("/")
        real = self._parents.get(parent)
        if real is None:
            real = self._enter(parent)
        return (path if real == parent else (f"{real}/{name}" if real else name)), real, name

    def _enter(self, parent: str) -> str:
        """Resolve a directory that entries are named below for the first time."""
        named = real = ""
        for step in parent.split("/"):
            named = f"{named}/{step}" if named else step
            known = self._parents.get(named)
            if known is None:
                known = f"{real}/{step}" if real else step
                if known in self.links:
                    known = self.follow(known)
                    for end, letter in enumerate(known):
                        if letter == "/":
                            self._know(known[:end])
                if known == named:
                    known = named  # one text for both, not two that are equal
                self._parents[named] = known
                self._know(known)
            real = known
        return real

    def follow(self, path: str) -> str:
        """Resolve a path over the symbolic links known so far; what does not resolve stays as it is."""
        steps, done, left = path.split("/")[::-1], "", _LINK_STEPS
        while steps:
            step = steps.pop()
            self._followed += 1
            if self._followed > FOLLOWED_LIMIT:
                raise Unsupported("its symbolic links lead through too many directories")
            if step == "..":
                done = done.rpartition("/")[0]
            elif step not in {"", "."}:
                done = f"{done}/{step}" if done else step
                target = self.links.get(done)
                if target is not None:
                    left -= 1
                    if left < 0:
                        return path
                    steps.extend(target.split("/")[::-1])
                    done = "" if target.startswith("/") else done.rpartition("/")[0]
        return done

    def adopt(self, other: "Tree", paths: Iterable[str]) -> None:
        """Take over the files at `paths` that another walk of the same layer has captured."""
        for path in sorted(paths):
            self.captured.pop(path, None)
            if (file := other.captured.get(path)) is None:
                continue
            parent, _, name = path.rpartition("/")
            if how := self.wants(path, parent, name, file.size, file.head):
                self.capture(path, file.size, iter((file.read(),)), how, file.head, executable=file.executable)

    def add_unknown(self, path: str, reason: str) -> None:
        """Take note of something that could not be read."""
        self.unknowns.append((path, reason))
        if len(self.unknowns) > UNKNOWN_LIMIT:
            raise Unsupported(f"more than {UNKNOWN_LIMIT:,} things in it can't be read, such as {path[:200]!a}")

    def add_other(self, path: str, parent: str, name: str) -> None:
        """Take note of anything that is no directory; it replaces whatever this layer had at its path."""
        self.entries += 1
        if path in self._known:
            self._drop(path)
        if path in self.links:
            del self.links[path]
        self.others.add(parent, name)

    def add_directory(self, path: str) -> None:
        """Take note of a directory."""
        self.entries += 1
        if path in self.links:
            del self.links[path]
            self._parents = {"": ""}
        self._know(path)

    def _know(self, directory: str) -> None:
        """Note, once, that a directory is there, whether it has an entry of its own or only something below it."""
        if directory not in self._known:
            self._known.add(directory)
            parent, _, name = directory.rpartition("/")
            self.directories.add(parent, name)
            self.captured.pop(directory, None)  # it took a file's place

    def add_link(self, path: str, parent: str, name: str, target: str) -> None:
        """Take note of a symbolic link."""
        self.add_other(path, parent, name)
        self.captured.pop(path, None)
        self.links[path] = target
        self._targets += len(path) + len(target)
        if len(self.links) > LINK_LIMIT or self._targets > TARGETS_LIMIT:
            raise Unsupported(f"it has more than {LINK_LIMIT:,} symbolic links, or too long ones")

    def add_hard_link(self, path: str, parent: str, name: str, target: str) -> None:
        """Take note of a hard link; its content is the target's."""
        if path != target and target in self.links:  # link(2) does not follow it: this is the same symbolic link
            self.add_link(path, parent, name, self.links[target])
            return
        self.add_other(path, parent, name)
        self.captured.pop(path, None)
        file = self.captured.get(target)
        how = self.wants(path, parent, name, file.size, file.head) if file else self.wants(path, parent, name, 0, b"")
        if how and file and (file.is_kept or not how & KEEP):
            self.captured[path] = file.at(path)
        elif how:
            self.pending.setdefault(target, []).append(path)

    def add_whiteout(self, parent: str, name: str) -> None:
        """Take note of a whiteout or an opaque directory; AUFS's own bookkeeping is nothing."""
        self.entries += 1
        if name == ".wh..wh..opq":
            self.opaque.append(parent)
        elif name in {".wh.", ".wh..", ".wh..."}:
            self.add_unknown(f"{parent}/{name}" if parent else name, "a whiteout that names nothing in its directory")
        elif not name.startswith(".wh..wh."):
            self.whiteouts.append(f"{parent}/{name[4:]}" if parent else name[4:])

    def capture(
        self, path: str, size: int, pieces: Iterable[bytes], how: int, head: bytes = b"", *, executable: bool = False
    ) -> None:
        """Keep a file's content, or look at it, or both; the pieces may be left unread."""
        limit = FILE_LIMIT if how & KEEP else LOOK_LIMIT
        if size > limit or (how & KEEP and self._total + size > CAPTURE_LIMIT):
            self.add_unknown(path, f"not read: {size:,} bytes are over the limit of what is read of a layer")
            self.captured.pop(path, None)
            return
        file = self._kept(path, size, pieces) if how & KEEP else self._passing(path, size, pieces)
        file.head, file.executable = head, executable
        if how & LOOK and self._look:
            file.result = self._look(self, file)
            if not how & KEEP:
                file.release()
        self.captured[path] = file

    def _kept(self, path: str, size: int, pieces: Iterable[bytes]) -> CapturedFile:
        self._total += size
        if self._memory + size <= MEMORY_LIMIT:
            self._memory += size
            return CapturedFile(path, size, b"".join(pieces))
        if self._spool is None:
            self._spool = self._temporary()
        end = self._spool.seek(0, 2)
        offset = self._spool.seek(end + -end % mmap.ALLOCATIONGRANULARITY)
        _spill(self._spool, pieces)
        return CapturedFile(path, size, None, self._spool, offset)

    def _passing(self, path: str, size: int, pieces: Iterable[bytes]) -> CapturedFile:
        if size <= LOOK_MEMORY_LIMIT:
            return CapturedFile(path, size, b"".join(pieces))
        with self._temporary() as spool:
            _spill(spool, pieces)
            return CapturedFile(path, size, mmap.mmap(spool.fileno(), size, access=mmap.ACCESS_READ))

    def _temporary(self) -> IO[bytes]:
        import tempfile  # noqa: PLC0415  # 14 ms that most layers need not pay

        try:
            return tempfile.TemporaryFile(dir=self.spool_dir, buffering=0)
        except OSError as error:
            raise _no_room(error) from None

    def _drop(self, path: str) -> None:
        """Take away what this layer had below a path that is no directory any more."""
        self._replaced += self.others.size + self.directories.size
        if self._replaced > REPLACED_LIMIT:
            raise Unsupported("it replaces too many directories that it holds itself")
        prefix = path + "/"
        self.captured = {key: file for key, file in self.captured.items() if not key.startswith(prefix)}
        self.links = {key: target for key, target in self.links.items() if not key.startswith(prefix)}
        self.others = self.others.without(path)
        self.directories = self.directories.without(path)
        self._known = {one for one in self._known if one != path and not one.startswith(prefix)}
        self._parents = {"": ""}


def _spill(spool: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        view = memoryview(piece)
        try:
            while view:
                view = view[spool.write(view) :]
        except OSError as error:
            raise _no_room(error) from None


def _no_room(error: OSError) -> TargetError:
    reason = error.strerror or "they can't be written"
    return TargetError(f"no room for temporary files: {reason}", hint="choose another TMPDIR")
