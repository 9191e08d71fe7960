"""Compiled Java classes: which packages they name, and what a `module-info.class` says.

Comes in: a class file, whole or its beginning. Goes out: names of packages, or a `Module`. Rules: names of packages are
by dots; a class that is named only in the type of a field or method isn't loaded for that, and doesn't count.

Source: JVMS 4.1, 4.2, 4.4 (constant pool), 4.7.25 and 4.7.27 (Module, ModuleMainClass).
"""

import re
import struct
from typing import Final

from msgspec import Struct

CONSTANT_LIMIT: Final = 0xFFFF
"""Constants of one class; the format has no more."""
REQUIRES_LIMIT: Final = 4096
"""Modules that a module requires."""

MAGIC: Final = b"\xca\xfe\xba\xbe"

# A class's name in the pool: a text of less than 256 bytes that begins with folders. Types begin with `(`, `[` or `L`.
_NAMES: Final = re.compile(
    rb"\x01\x00.((?!java/(?!awt/)|sun/|jdk/)[A-KM-Za-z_$\x80-\xff][\w$\x80-\xff-]*/(?:[\w$\x80-\xff-]+/)*)", re.DOTALL
)
_SIZES: Final = {
    **dict.fromkeys((7, 8, 16, 19, 20), 2),
    15: 3,
    **dict.fromkeys((3, 4, 9, 10, 11, 12, 17, 18), 4),
    **dict.fromkeys((5, 6), 8),
}
_UTF8, _LONG, _DOUBLE = 1, 5, 6
_ACC_MODULE: Final = 0x8000


class Module(Struct, frozen=True):
    """A module's declaration."""

    name: str
    requires: tuple[str, ...] = ()
    main: str = ""
    """Its main class, by dots."""


def read_packages(data: bytes) -> set[bytes]:
    """Return the packages of the classes that a class names, by slashes, with one at the end: `org/slf4j/`.

    Those of the Java runtime but `java/awt/` are left out, as far as their first folder tells, and so are classes
    without a package. A text that looks like a class's name counts as one.
    """
    return set(_NAMES.findall(data))


def makes_loader(data: bytes) -> bool:
    """Say whether a class makes a `URLClassLoader`, or is one: it names it and calls one of its constructors."""
    return b"java/net/URLClassLoader" in data and b"([Ljava/net/URL;" in data


def read_module(data: bytes) -> Module | None:
    """Read a `module-info.class`; None where the class is none. Raises `ValueError` for a damaged one."""
    try:
        return _Class(data).module()
    except (struct.error, IndexError, KeyError) as error:
        raise ValueError("a class that is cut off, or none") from error


class _Class:
    """A class file's constants and attributes."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != MAGIC:
            raise ValueError("not a class")
        self._data = data
        self._constants: dict[int, tuple[int, int]] = {}  # number to (tag, where its content begins)
        (count,) = struct.unpack_from(">H", data, 8)
        at, number = 10, 1
        while number < count:
            tag = data[at]
            self._constants[number] = tag, at + 1
            at += 1 + (2 + struct.unpack_from(">H", data, at + 1)[0] if tag == _UTF8 else _SIZES[tag])
            number += 2 if tag in {_LONG, _DOUBLE} else 1
        self._after = at

    def _text(self, number: int) -> str:
        """Return a text, or the name that a class, a module or a package has."""
        tag, at = self._constants[number]
        if tag != _UTF8:
            tag, at = self._constants[struct.unpack_from(">H", self._data, at)[0]]
        if tag != _UTF8:
            raise ValueError("a class whose constants contradict each other")
        (size,) = struct.unpack_from(">H", self._data, at)
        return self._data[at + 2 : at + 2 + size].decode("utf-8", "replace")

    def module(self) -> Module | None:
        """Return the module's declaration."""
        flags, _, _, interfaces = struct.unpack_from(">4H", self._data, self._after)
        if not flags & _ACC_MODULE:
            return None
        at = self._after + 8 + 2 * interfaces
        fields, methods, count = struct.unpack_from(">3H", self._data, at)
        if fields or methods:
            raise ValueError("a module with fields or methods")
        at += 6
        name, main = "", ""
        requires: tuple[str, ...] = ()
        for _ in range(count):
            kind, size = struct.unpack_from(">HI", self._data, at)
            at += 6
            match self._text(kind):
                case "Module":
                    name, requires = self._declared(at)
                case "ModuleMainClass":
                    main = self._text(struct.unpack_from(">H", self._data, at)[0]).replace("/", ".")
            at += size
        return Module(name, requires, main)

    def _declared(self, at: int) -> tuple[str, tuple[str, ...]]:
        name, _, _, count = struct.unpack_from(">4H", self._data, at)
        rows = range(at + 8, at + 8 + 6 * min(count, REQUIRES_LIMIT), 6)
        return self._text(name), tuple(self._text(struct.unpack_from(">H", self._data, row)[0]) for row in rows)
