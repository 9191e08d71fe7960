"""What Go's linker and cargo-auditable write into programs, for tests."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from programs import Body, elf, macho, pe

START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
END = bytes.fromhex("f932433186182072008242104116d8f2")
MAKERS = {"elf": elf, "pe": pe, "macho": macho}
GO_SECTION = {"elf": ".go.buildinfo", "pe": ".data", "macho": "__go_buildinfo"}


def framed(lines: str) -> bytes:
    """The list of modules between its marks."""
    return START + lines.encode() + END if lines else b""


def varint(number: int) -> bytes:
    """A number as Go's `binary.Uvarint` reads it."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def inline_record(version: str, lines: str) -> bytes:
    """The record since Go 1.18."""
    texts = (version.encode(), framed(lines))
    return b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16) + b"".join(varint(len(text)) + text for text in texts)


def pointer_record(version: str, lines: str, bits: int = 64, order: str = "<") -> dict[str, Body]:
    """Sections with the record before Go 1.18: pointers to two Go strings."""
    word = order + ("Q" if bits == 64 else "I")
    version_text, text = version.encode(), framed(lines)

    def strings(at: dict[str, int]) -> bytes:
        start = at[".rodata"]
        return struct.pack(word + word[1:], start, len(version_text)) + struct.pack(
            word + word[1:], start + len(version_text), len(text)
        )

    def record(at: dict[str, int]) -> bytes:
        head = b"\xff Go buildinf:" + bytes([bits // 8, order == ">"])
        pointers = struct.pack(word + word[1:], at["strings"], at["strings"] + bits // 4)
        return (head + pointers).ljust(32, b"\0")

    return {".rodata": version_text + text, "strings": strings, ".go.buildinfo": record}


def go_program(version: str, lines: str, kind: str = "elf", **knobs: Any) -> bytes:
    """A program that Go's linker could have made."""
    name = GO_SECTION[kind]
    return MAKERS[kind]({name: inline_record(version, lines)}, writable=[name], **knobs)


def robbed_program(version: str, lines: str) -> bytes:
    """A program that the record was taken away from, as some builds do."""
    text = version.encode()
    return elf(
        {
            ".rodata": b"go1.3go1.99 " + text + b"\0" + framed(lines),
            ".gopclntab": b"\xf1\xff\xff\xff",
            ".data": lambda at: bytes(8) + struct.pack("<2Q", at[".rodata"] + 12, len(text)),
        },
        writable=[".data"],
    )


def audit(packages: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
    """The content of `.dep-v0`."""
    return zlib.compress(json.dumps({"packages": packages, **more}).encode())


def rust_program(packages: Sequence[Mapping[str, Any]], kind: str = "elf") -> bytes:
    """A program that cargo-auditable could have made."""
    return MAKERS[kind]({".dep-v0": audit(packages)})
