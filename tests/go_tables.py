"""Go's table of functions for tests: `go_table(["main.main"], ["ex.org/b@v1.0.0/b.go"])` gives a section's bytes."""

import struct
from collections.abc import Sequence

MAGIC = {"1.2": 0xFFFFFFFB, "1.16": 0xFFFFFFFA, "1.18": 0xFFFFFFF0, "1.20": 0xFFFFFFF1}


def _texts(names: Sequence[str]) -> bytes:
    return b"".join(name.encode() + b"\0" for name in names)


def go_table(
    functions: Sequence[str],
    files: Sequence[str] = (),
    *,
    version: str = "1.20",
    bits: int = 64,
    order: str = "<",
    quantum: int = 1,
) -> bytes:
    """A table of any of the four forms."""
    word = "Q" if bits == 64 else "I"
    head = struct.pack(order + "IHBB", MAGIC[version], 0, quantum, bits // 8)
    if version == "1.2":
        return head + _old_table(functions, order, word, len(head))
    names, paths = _texts(functions), _texts(files)
    extra = 1 if version != "1.16" else 0  # where the code begins
    start = len(head) + (7 + extra) * struct.calcsize(word)
    units = start + len(names)
    lines = units + 8 + len(paths)
    words = (len(functions), len(files), *(0,) * extra, start, units, units + 8, lines, lines + 16)
    return head + struct.pack(f"{order}{len(words)}{word}", *words) + names + bytes(8) + paths + bytes(64)


def _old_table(functions: Sequence[str], order: str, word: str, start: int) -> bytes:
    """Count, then (address, place) of each function; at its place: address, place of its name; names between."""
    width = struct.calcsize(word)
    place = start + width + (2 * len(functions) + 1) * width + 4
    rows, bodies = b"", b""
    for number, name in enumerate(functions):
        at = place + len(bodies)
        rows += struct.pack(order + 2 * word, 0x1000 + number, at)
        bodies += struct.pack(order + word + "I", 0x1000 + number, at + width + 4) + name.encode() + b"\0"
    return struct.pack(order + word, len(functions)) + rows + struct.pack(order + word + "I", 0x2000, 0) + bodies
