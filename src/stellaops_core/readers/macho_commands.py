"""What a Mach-O file asks of the dynamic linker, for which systems it was built, and how it is hardened.

Comes in: a `MachO`. Goes out: records and words. The rule: a load command that is too short for what it should say is
passed over.

Source: Apple, <mach-o/loader.h>: `dylib_command`, `build_version_command`, `version_min_command`,
`encryption_info_command`, header flags.
"""

from collections.abc import Iterator, Mapping
from struct import Struct as Binary
from typing import Final, TypeVar

from msgspec import Struct

from stellaops_core.readers.content import text_at
from stellaops_core.readers.macho import TEXT_LIMIT, MachO

KINDS: Final = {
    1: "object",
    2: "executable",
    3: "library",
    4: "core",
    5: "executable",
    6: "library",
    7: "library",
    8: "library",
}
"""By file type: objects, programs, fixed libraries, cores, preloaded programs, dylibs, linkers, bundles."""
PLATFORMS: Final = {
    1: "macos",
    2: "ios",
    3: "tvos",
    4: "watchos",
    5: "bridgeos",
    6: "mac-catalyst",
    7: "ios-simulator",
    8: "tvos-simulator",
    9: "watchos-simulator",
    10: "driverkit",
    11: "visionos",
    12: "visionos-simulator",
}
"""Of `LC_BUILD_VERSION`."""

_LC_DYLIBS = {
    0xC: "",
    0xD: "id",
    0x20: "lazy",
    0x80000018: "weak",
    0x8000001F: "reexport",
    0x80000023: "upward",
}
_LC_MINIMA = {0x24: 1, 0x25: 2, 0x2F: 3, 0x30: 4}
_LC_BUILD_VERSION, _LC_ENCRYPTION_INFO, _LC_ENCRYPTION_INFO_64 = 0x32, 0x21, 0x2C
_EXECUTE = 2
_T = TypeVar("_T")
_PIE, _STACK_EXECUTION, _NO_HEAP_EXECUTION = 0x200000, 0x20000, 0x1000000


class Dylib(Struct, frozen=True):
    """A library that is linked to."""

    name: str
    """Its path, or one that begins with `@rpath`, `@loader_path` or `@executable_path`."""
    current: str
    """Its version when the file was linked, such as `1.2.3`."""
    compatible: str
    """The lowest version that will do."""
    how: str = ""
    """`lazy`, `weak` (may be absent), `reexport` or `upward`; `id` where the library names itself."""


class Target(Struct, frozen=True):
    """A system that it was built for."""

    platform: str
    minimum: str
    """The lowest version that it runs on, such as `11.0`."""
    sdk: str
    """Version of the development kit; empty where that is not said."""


def read_dylibs(file: MachO) -> tuple[Dylib, ...]:
    """Return all libraries in the order of the load commands, the file's own name among them."""
    form = _form(file, "8x4I")
    return tuple(
        Dylib(text_at(data, at, min(at + TEXT_LIMIT, len(data))), _version(current), _version(least), how)
        for how, data in _commands(file, _LC_DYLIBS, form)
        for at, _, current, least in [form.unpack_from(data)]
    )


def read_targets(file: MachO) -> tuple[Target, ...]:
    """Return the systems it was built for; older files name one, by a command of its own."""
    form, old = _form(file, "8x3I"), _form(file, "8x2I")
    targets = [form.unpack_from(data) for _, data in _commands(file, {_LC_BUILD_VERSION: ""}, form)]
    for number, data in _commands(file, _LC_MINIMA, old):
        targets.append((number, *old.unpack_from(data)))
    return tuple(
        Target(PLATFORMS.get(number, f"platform-{number}"), _version(least), _version(sdk) if sdk else "")
        for number, least, sdk in targets
    )


def is_encrypted(file: MachO) -> bool:
    """Whether a part of it is encrypted, as programs from Apple's shops are."""
    form = _form(file, "16xI")
    commands = _commands(file, {_LC_ENCRYPTION_INFO: "", _LC_ENCRYPTION_INFO_64: ""}, form)
    return any(form.unpack_from(data)[0] for _, data in commands)


def read_security(file: MachO) -> tuple[str, ...]:
    """Return the words that hold: `pie`, `nx` (no executable stack), `nx-heap`, `signed`, `encrypted`."""
    words = (
        ("pie", file.type == _EXECUTE and file.flags & _PIE),
        ("nx", file.type == _EXECUTE and not file.flags & _STACK_EXECUTION),
        ("nx-heap", file.flags & _NO_HEAP_EXECUTION),
        ("signed", file.linked.signed),
        ("encrypted", is_encrypted(file)),
    )
    return tuple(word for word, holds in words if holds)


def _form(file: MachO, form: str) -> Binary:
    return Binary((">" if file.big_endian else "<") + form)


def _commands(file: MachO, wanted: Mapping[int, _T], form: Binary) -> Iterator[tuple[_T, bytes]]:
    """Yield (what `wanted` says of it, all bytes) of load commands that are long enough."""
    for number, data in file.commands:
        if number in wanted and len(data) >= form.size:
            yield wanted[number], data


def _version(number: int) -> str:
    """Two bytes, one byte, one byte; the last is left out where it is 0."""
    first = f"{number >> 16}.{number >> 8 & 0xFF}"
    return f"{first}.{number & 0xFF}" if number & 0xFF else first
