"""Programs for tests: ELF, PE and Mach-O files of any sections, made of nothing but dictionaries.

`elf({".text": b"…"})` gives a file's bytes. What a section holds may be a function of the addresses of the sections
before it, `{name: address}`, for records with pointers.
"""

import struct
from collections.abc import Callable, Mapping, Sequence

Body = bytes | Callable[[dict[str, int]], bytes]

BASE = 0x400000
"""Address of the file's first byte, or of the image's."""

PAGE = 0x1000


def _aligned(data: bytearray, step: int) -> int:
    data += bytes(-len(data) % step)
    return len(data)


def elf_note(owner: bytes, kind: int, content: bytes, order: str = "<") -> bytes:
    """A note."""
    head = struct.pack(order + "3I", len(owner) + 1, len(content), kind)
    return b"".join(part + bytes(-len(part) % 4) for part in (head, owner + b"\0", content))


def _dynamic(
    entries: Sequence[tuple[int, str]], tags: Mapping[int, int | str], order: str, word: str
) -> tuple[bytes, Body]:
    """The texts, and the table that leads to them."""
    texts, table = b"\0", []
    for tag, text in entries:
        table.append((tag, len(texts)))
        texts += text.encode() + b"\0"
    return texts, lambda at: b"".join(
        struct.pack(order + 2 * word, *pair)
        for pair in [
            *table, (5, at[".dynstr"]), (10, len(texts)),
            *((tag, at[value] if isinstance(value, str) else value) for tag, value in tags.items()), (0, 0),
        ]
    )  # fmt: skip


def elf(
    sections: Mapping[str, Body] = {},
    *,
    writable: Sequence[str] = (),
    bits: int = 64,
    order: str = "<",
    machine: int = 62,
    kind: int = 2,
    entry: int = 0,
    dynamic: Sequence[tuple[int, str]] = (),
    tags: Mapping[int, int | str] = {},
    headers: Sequence[tuple[int, int]] = (),
    interpreter: str = "",
    notes: bytes = b"",
    stripped: bool = False,
) -> bytes:
    """An ELF file. `dynamic`: (tag, text) entries; `stripped`: without section headers.

    `tags`: further entries, a number or a section whose address it is; `headers`: (type, flags) of further program
    headers.
    """
    word, wide = ("I", False) if bits == 32 else ("Q", True)
    parts: dict[str, Body] = dict(sections)
    if dynamic or tags:
        parts[".dynstr"], parts[".dynamic"] = _dynamic(dynamic, tags, order, word)
    if interpreter:
        parts[".interp"] = interpreter.encode() + b"\0"
    if notes:
        parts[".note"] = notes
    special = {".dynamic": 2, ".interp": 3, ".note": 4}
    loads = [name for name in parts if name in writable]
    header_size, program_size, section_size = (64, 56, 64) if wide else (52, 32, 40)
    programs = [*(name for name in special if name in parts), *loads, ""]
    data = bytearray(header_size + program_size * (len(programs) + len(headers)))
    places: dict[str, tuple[int, int]] = {}
    for name, body in parts.items():
        at = _aligned(data, 16)
        content = body if isinstance(body, bytes) else body({key: BASE + start for key, (start, _) in places.items()})
        data += content
        places[name] = (at, len(content))
    end = len(data)
    names, rows = b"\0", [(0,) * 10]
    for name, (at, size) in places.items():
        section_kind = {".note": 7, ".dynamic": 6}.get(name, 1)
        rows.append((len(names), section_kind, 3 if name in loads else 2, BASE + at, at, size, 0, 0, 16, 0))
        names += name.encode() + b"\0"
    rows.append((len(names), 3, 0, 0, len(data), len(names) + 10, 0, 0, 1, 0))
    data += names + b".shstrtab\0"
    sections_at = _aligned(data, 16)
    form = order + ("IIQQQQIIQQ" if wide else "10I")
    data += b"" if stripped else b"".join(struct.pack(form, *row) for row in rows)
    table = b""
    for name in programs:
        at, size = places[name] if name else (0, end)
        number, flags = special.get(name, 1), 6 if name in loads else 4
        fields = (flags, at, BASE + at, 0, size, size) if wide else (at, BASE + at, 0, size, size, flags)
        table += struct.pack(order + ("IIQQQQQQ" if wide else "8I"), number, *fields, 16)
    for number, flags in headers:
        fields = (flags, *[0] * 5) if wide else (*[0] * 5, flags)
        table += struct.pack(order + ("IIQQQQQQ" if wide else "8I"), number, *fields, 16)
    data[header_size : header_size + len(table)] = table
    ident = b"\x7fELF" + bytes([bits // 32, 1 if order == "<" else 2, 1, 0]) + bytes(8)
    at = (header_size, 0, 0) if stripped else (header_size, sections_at, 0)
    counts = (header_size, program_size, len(programs) + len(headers), section_size)
    last = (0, 0) if stripped else (len(rows), len(rows) - 1)
    data[:header_size] = ident + struct.pack(f"{order}HHI{3 * word}I6H", kind, machine, 1, entry, *at, *counts, *last)
    return bytes(data)


def pe(
    sections: Mapping[str, Body] = {},
    *,
    writable: Sequence[str] = (),
    bits: int = 64,
    machine: int = 0x8664,
    characteristics: int = 0x22,
    subsystem: int = 3,
    dll_characteristics: int = 0,
    directories: Mapping[int, tuple[str, int]] = {},
    overlay: bytes = b"",
) -> bytes:
    """A PE file. `directories`: number to (section that is one, bytes of it)."""
    start, optional_size = 0x80, (112 if bits == 64 else 96) + 16 * 8
    data = bytearray(start + 24 + optional_size + 40 * len(sections))
    headers = _aligned(data, 512)
    table, addresses, address = b"", {}, PAGE
    for name, body in sections.items():
        content = body if isinstance(body, bytes) else body(dict(addresses))
        at = _aligned(data, 512)
        data += content
        size = _aligned(data, 512) - at
        addresses[name] = BASE + address
        flags = 0xC0000040 if name in writable else 0x40000040
        table += struct.pack("<8s6I4xI", name.encode(), len(content), address, size, at, 0, 0, flags)
        address += size + -size % PAGE
    pairs = [directories.get(number) for number in range(16)]
    entries = b"".join(struct.pack("<2I", addresses[pair[0]] - BASE, pair[1]) if pair else bytes(8) for pair in pairs)
    optional = bytearray(optional_size - 128)
    struct.pack_into("<H", optional, 0, 0x20B if bits == 64 else 0x10B)
    struct.pack_into("<Q" if bits == 64 else "<I", optional, 24 if bits == 64 else 28, BASE)
    struct.pack_into("<I", optional, 60, headers)
    struct.pack_into("<2H", optional, 68, subsystem, dll_characteristics)
    struct.pack_into("<I", optional, len(optional) - 4, 16)
    head = struct.pack("<4sHHIIIHH", b"PE\0\0", machine, len(sections), 0, 0, 0, optional_size, characteristics)
    data[:2], data[60:64] = b"MZ", struct.pack("<I", start)
    whole = head + optional + entries + table
    data[start : start + len(whole)] = whole
    return bytes(data) + overlay


def _node(key: str, value: bytes = b"", children: bytes = b"", *, text: bool = False) -> bytes:
    """A node of a version resource."""
    head = key.encode("utf-16-le") + b"\0\0"
    head += bytes(-(6 + len(head)) % 4) + value
    head += bytes(-(6 + len(head)) % 4) if children else b""
    length = 6 + len(head) + len(children)
    node = struct.pack("<3H", length, len(value) // 2 if text else len(value), text) + head + children
    return node + bytes(-len(node) % 4)


def version_resource(texts: Mapping[str, str], file_version: Sequence[int], address: int = PAGE) -> bytes:
    """A `.rsrc` section with one version resource, loaded at a relative address."""
    strings = b"".join(_node(name, text.encode("utf-16-le") + b"\0\0", text=True) for name, text in texts.items())
    one, two, three, four = file_version
    fixed = struct.pack("<2I8H", 0xFEEF04BD, 0x10000, two, one, four, three, two, one, four, three) + bytes(28)
    info = _node("StringFileInfo", children=_node("040904B0", children=strings, text=True), text=True)
    version = _node("VS_VERSION_INFO", fixed, info)
    level = 24  # a directory's header and one entry
    head = b"".join(
        struct.pack("<IIHHHH2I", 0, 0, 0, 0, 0, 1, number, place)
        for number, place in ((16, level | 1 << 31), (1, 2 * level | 1 << 31), (1033, 3 * level))
    )
    return head + struct.pack("<4I", address + 3 * level + 16, len(version), 0, 0) + version


def macho(
    sections: Mapping[str, Body] = {},
    *,
    writable: Sequence[str] = (),
    bits: int = 64,
    order: str = "<",
    machine: int = 0x01000007,
    kind: int = 2,
    flags: int = 0,
    commands: Sequence[bytes] = (),
) -> bytes:
    """A Mach-O file for one processor; `commands`: further load commands."""
    wide = bits == 64
    header_size, segment_size, section_size = (32, 72, 80) if wide else (28, 56, 68)
    groups = {"__TEXT": [name for name in sections if name not in writable], "__DATA": list(writable)}
    groups = {group: names for group, names in groups.items() if names}
    size = sum(segment_size + section_size * len(names) for names in groups.values()) + sum(map(len, commands))
    data = bytearray(header_size + size)
    places: dict[str, tuple[int, int]] = {}
    for name in sections:
        body, at = sections[name], _aligned(data, 16)
        content = body if isinstance(body, bytes) else body({key: BASE + start for key, (start, _) in places.items()})
        data += content
        places[name] = (at, len(content))
    table = b""
    for group, names in groups.items():
        start = min(places[name][0] for name in names)
        stop = max(sum(places[name]) for name in names)
        rights = 3 if group == "__DATA" else 5
        length = segment_size + section_size * len(names)
        table += struct.pack(order + "2I16s", 0x19 if wide else 1, length, group.encode())
        spans = (BASE + start, stop - start, start, stop - start)
        table += struct.pack(order + ("4Q" if wide else "4I") + "4I", *spans, rights, rights, len(names), 0)
        for name in names:
            at, length = places[name]
            table += struct.pack(order + "16s16s", name.encode(), group.encode())
            table += struct.pack(order + ("2Q8I" if wide else "9I"), BASE + at, length, at, *([0] * (7 if wide else 6)))
    table += b"".join(commands)
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    count = len(groups) + len(commands)
    data[:header_size] = struct.pack(f"{order}7I", magic, machine, 0, kind, count, len(table), flags) + bytes(4 * wide)
    data[header_size : header_size + len(table)] = table
    return bytes(data)


def symbol_versions(
    needed: Mapping[int, Sequence[int]], defined: Mapping[int, int] = {}, order: str = "<"
) -> tuple[bytes, bytes]:
    """Tables of symbol versions, needed and defined; names are positions in the dynamic section's texts.

    `needed`: library to its versions; `defined`: version to its flags.
    """
    one = b""
    for number, (library, names) in enumerate(needed.items(), 1):
        size = 16 + 16 * len(names)
        one += struct.pack(order + "2H3I", 1, len(names), library, 16, size if number < len(needed) else 0)
        for count, name in enumerate(names, 1):
            one += struct.pack(order + "I2H2I", 0, 0, 2, name, 16 if count < len(names) else 0)
    two = b""
    for number, (name, flags) in enumerate(defined.items(), 1):
        two += struct.pack(order + "4H3I", 1, flags, number, 1, 0, 20, 28 if number < len(defined) else 0)
        two += struct.pack(order + "2I", name, 0)
    return one, two


def text_positions(dynamic: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Where the texts of an ELF file's dynamic section stand."""
    positions, at = {}, 1
    for _, text in dynamic:
        positions[text] = at
        at += len(text.encode()) + 1
    return positions


def text_command(number: int, text: str, order: str = "<") -> bytes:
    """A load command that names a library or a path."""
    start = 12 if number == 0x8000001C else 24
    body = text.encode() + b"\0"
    body += bytes(-(start + len(body)) % 8)
    return struct.pack(order + "3I", number, start + len(body), start) + bytes(start - 12) + body


def fat(*programs: bytes, wide: bool = False) -> bytes:
    """A Mach-O file for several processors."""
    row = ">2I2Q2I" if wide else ">5I"
    data = bytearray(8 + struct.calcsize(row) * len(programs))
    table = b""
    for number, program in enumerate(programs):
        at = _aligned(data, 64)
        data += program
        table += struct.pack(row, number, 0, at, len(program), 6, *([0] if wide else []))
    head = struct.pack(">2I", 0xCAFEBABF if wide else 0xCAFEBABE, len(programs)) + table
    data[: len(head)] = head
    return bytes(data)


def xcoff(
    sections: Mapping[str, Body] = {},
    *,
    bits: int = 64,
    flags: int = 2,
    imports: Sequence[tuple[str, str, str]] = (),
) -> bytes:
    """An XCOFF file. `imports`: (directory, file, member), of which the first is where to search."""
    wide = bits == 64
    bodies: dict[str, Body] = dict(sections)
    if imports:
        names = b"".join(part.encode() + b"\0" for one in imports for part in one)
        head = (1, 0, 0, len(names), len(imports))
        bodies[".loader"] = (
            struct.pack(">6I4Q", *head, 0, 56, 0, 0, 0) if wide else struct.pack(">8I", *head, 32, 0, 0)
        ) + names
    start = (24 if wide else 20) + (120 if wide else 72)
    data = bytearray(start + (72 if wide else 40) * len(bodies))
    table, places = b"", {}
    for name, body in bodies.items():
        at = _aligned(data, 16)
        content = body if isinstance(body, bytes) else body({key: BASE + place for key, place in places.items()})
        data += content
        places[name] = at
        kind = {".text": 0x20, ".data": 0x40, ".loader": 0x1000}.get(name, 0x8)
        span = (BASE + at, BASE + at, len(content), at, 0, 0)
        table += struct.pack(">8s6Q3I4x" if wide else ">8s6I2HI", name.encode(), *span, 0, 0, kind)
    if wide:
        head_bytes = struct.pack(">2HIQ2HI", 0x1F7, len(bodies), 0, 0, 120, flags, 0)
    else:
        head_bytes = struct.pack(">2H3I2H", 0x1DF, len(bodies), 0, 0, 0, 72, flags)
    data[: len(head_bytes)] = head_bytes
    data[start : start + len(table)] = table
    return bytes(data)
