"""Which libraries a PE file loads, what it calls itself, and how it is hardened.

Comes in: a `Pe`. Goes out: records and words. The rule: tables end at their empty entry, at their limit, or where they
lead out of the file, whichever comes first; none is an error.

Source: Microsoft, "PE Format": "The .idata Section", "Delay-Load Import Tables", "The .edata Section", "Windows
Subsystem", "DLL Characteristics".
"""

from collections.abc import Iterator
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.readers.pe import DELAYED_IMPORTS, EXPORTS, IMPORTS, Pe

LIBRARY_LIMIT: Final = 1024
"""Libraries that one file imports from."""
FUNCTION_LIMIT: Final = 65_536
"""Functions that one file imports, of all libraries."""
NAME_LIMIT: Final = 260
"""Bytes of a library's name."""

SUBSYSTEMS: Final = {
    1: "native",
    2: "windows",
    3: "console",
    5: "os2",
    7: "posix",
    9: "windows-ce",
    10: "efi-application",
    11: "efi-boot-driver",
    12: "efi-runtime-driver",
    13: "efi-rom",
    14: "xbox",
    16: "boot-application",
}
"""What runs the program."""

_IMPORT = Binary("<5I")
_DELAYED = Binary("<8I")
_EXPORT = Binary("<12xI4x2I12x")
_BY_RVA = 1
_HARDENING = (
    (0x0020, "high-entropy-va"),
    (0x0040, "aslr"),
    (0x0080, "force-integrity"),
    (0x0100, "nx"),
    (0x0400, "no-seh"),
    (0x1000, "app-container"),
    (0x4000, "cfg"),
)


class Imported(Struct, frozen=True):
    """A library that the loader is to find."""

    name: str
    """As written: Windows ignores case."""
    functions: int
    """How many are imported from it."""
    delayed: bool = False
    """Whether it is loaded only when the first of them is called."""


class Exported(Struct, frozen=True):
    """What a library offers."""

    name: str = ""
    """What it calls itself."""
    functions: int = 0
    names: int = 0
    """How many of the functions have a name."""


def read_imports(pe: Pe) -> tuple[Imported, ...]:
    """Return the libraries in the order of the table, those that are loaded late last."""
    left, imports = FUNCTION_LIMIT, []
    for names, library, thunks, delayed in (*_at_once(pe), *_delayed(pe)):
        functions = _count_functions(pe, names or thunks, left)
        left -= functions
        imports.append(Imported(library, functions, delayed))
    return tuple(imports)


def read_exports(pe: Pe) -> Exported:
    """Return what the file exports."""
    place = pe.directory(EXPORTS)
    head = pe.read(place.rva, _EXPORT.size) if place.size else b""
    if len(head) < _EXPORT.size:
        return Exported()
    name, functions, names = _EXPORT.unpack(head)
    return Exported(_text(pe, name), functions, names)


def read_security(pe: Pe) -> tuple[str, ...]:
    """Return the words of `DllCharacteristics` that concern safety: `aslr`, `nx`, `cfg` and so on."""
    return tuple(word for bit, word in _HARDENING if pe.dll_characteristics & bit)


def _at_once(pe: Pe) -> Iterator[tuple[int, str, int, bool]]:
    for names, _, _, name, thunks in _entries(pe, IMPORTS, _IMPORT):
        if not name:
            return
        yield names, _text(pe, name), thunks, False


def _delayed(pe: Pe) -> Iterator[tuple[int, str, int, bool]]:
    for flags, name, _, thunks, names, *_ in _entries(pe, DELAYED_IMPORTS, _DELAYED):
        if not name:
            return
        base = 0 if flags & _BY_RVA else pe.image_base  # the linkers of the 1990s wrote addresses
        yield max(names - base, 0), _text(pe, name - base), max(thunks - base, 0), True


def _entries(pe: Pe, number: int, form: Binary) -> Iterator[tuple[int, ...]]:
    place = pe.directory(number)
    table = pe.read(place.rva, LIBRARY_LIMIT * form.size) if place.size else b""
    yield from form.iter_unpack(table[: len(table) - len(table) % form.size])


def _count_functions(pe: Pe, rva: int, limit: int) -> int:
    width = pe.bits // 8
    table = pe.read(rva, limit * width)
    return next(
        (at for at in range(len(table) // width) if not any(table[at * width : at * width + width])),
        len(table) // width,
    )


def _text(pe: Pe, rva: int) -> str:
    return pe.read(rva, NAME_LIMIT).partition(b"\0")[0].decode("utf-8", "replace") if rva > 0 else ""
