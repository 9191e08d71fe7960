"""The classes in a Java archive, and as much of each as names other classes.

Comes in: what `Archive` takes. Goes out: the classes by the central directory, and the first bytes of those that
somebody wants. Rule: there are tens of thousands of them in an image, so no more than the directory is looked at for
each, and nothing is checked that a wrong answer would show anyway.

Source: APPNOTE.TXT 6.3.10 of the zip format, section 4.3.12; JVMS 4.1: the constant pool stands first.
"""

import zlib
from collections.abc import Callable
from functools import cache
from struct import Struct as Binary
from struct import error as OutOfBounds  # noqa: N812  # what it means here
from typing import Any, Final, TypeAlias, cast

from stellaops_core.readers.jar import Archive, Entry

CLASSES_LIMIT: Final = 200_000
"""Classes of one archive; the largest ones have some 30,000."""

_ENTRY: Final = Binary("<10xH8xLL3H8xL").unpack_from  # method, sizes, lengths of name and so on, offset
_LENGTHS: Final = Binary("<2H").unpack_from
_STORED, _DEFLATED = 0, 8


Compiled: TypeAlias = tuple[bytes, int, int, int, int]
"""A class: its name as stored, method, bytes as stored, bytes, and where in the content its local header is."""


class ClassArchive(Archive):
    """An archive that tells of its classes. Raises `ValueError` where there is none."""

    def classes(self, wanted: Callable[[bytes], object]) -> tuple[list[Compiled], list[Entry]]:
        """Return the classes, and those other entries whose raw names `wanted` likes; up to where the directory ends.

        Both in its order, and up to CLASSES_LIMIT.
        """
        directory, base, at = self._directory, self._base, 0
        classes: list[Compiled] = []
        others: list[Entry] = []
        try:
            while directory[at : at + 4] == b"PK\1\2" and len(classes) + len(others) < CLASSES_LIMIT:
                method, stored, size, name, extra, comment, offset = _ENTRY(directory, at)
                start = at + 46
                path = directory[start : start + name]
                if path[-6:] == b".class":
                    classes.append((path, method, stored, size, base + offset))
                elif wanted(path):
                    others.append(self._entry(at, name, extra))
                at = start + name + extra + comment
        except OutOfBounds:
            pass
        return classes, others

    def begin(self, compiled: Compiled, limit: int) -> bytes:
        """Return at most the first `limit` bytes of a class; none where it can't be read."""
        _, method, stored, _, at = compiled
        if not self._start <= at <= self._end - 30:
            return b""
        name, extra = _LENGTHS(self._content, at + 26)
        start = at + 30 + name + extra
        data = self._content[start : min(start + stored, self._end)]
        if method == _STORED:
            return data[:limit]
        if method != _DEFLATED or not limit:
            return b""
        make, broken = _inflaters()
        try:
            found: bytes = make(-15).decompress(data, limit)
        except broken:
            return b""
        return found


@cache
def _inflaters() -> tuple[Callable[[int], Any], type[Exception]]:
    """Return what makes inflaters, and what these raise."""
    try:
        from isal import isal_zlib  # noqa: PLC0415  # twice as fast as zlib, but built for few platforms
    except ImportError:
        return zlib.decompressobj, zlib.error
    return isal_zlib.decompressobj, cast("type[Exception]", isal_zlib.error)
