"""What .NET's tools write, for tests: assemblies, single-file applications, deps.json.

`assembly("Name", (1, 2, 3, 4))` gives a library's bytes, `bundle({"App.deps.json": (3, b"…")})` a program's.
"""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from programs import elf, pe

SIGNATURE = bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae")
TEXT_AT = 0x1000


class _Heap:
    """Texts or blobs, each at the index that `add` gives."""

    def __init__(self, wide: bool) -> None:
        self.data, self._form = b"\0", "<I" if wide else "<H"

    def add(self, data: bytes) -> bytes:
        at = len(self.data)
        self.data += data
        return struct.pack(self._form, at)

    def text(self, text: str) -> bytes:
        return self.add(text.encode() + b"\0") if text else struct.pack(self._form, 0)


def _serialized(text: str) -> bytes:
    """An attribute's value: prolog, one text, no named arguments; as a blob."""
    raw = text.encode()
    length = bytes([len(raw)]) if len(raw) < 0x80 else struct.pack(">H", 0x8000 | len(raw))
    value = b"\1\0" + length + raw + b"\0\0"
    return (bytes([len(value)]) if len(value) < 0x80 else struct.pack(">H", 0x8000 | len(value))) + value


def _tables(
    name: str,
    version: Sequence[int],
    culture: str,
    attributes: Mapping[str, str],
    wide: bool,
    fields: int,
    references: Sequence[str] = (),
    modules: Sequence[str] = (),
) -> tuple[bytes, bytes, bytes]:
    """The tables' stream and both heaps. More than 2,047 `fields` make the owners of attributes four bytes wide."""
    texts, blobs = _Heap(wide), _Heap(wide)
    none = bytes(4 if wide else 2)
    owner = "<I" if fields > 0x7FF else "<H"
    rows: dict[int, list[bytes]] = {table: [] for table in (0x00, 0x01, 0x04, 0x0A, 0x0C, 0x1A, 0x20, 0x23)}
    rows[0x00].append(b"\0\0" + texts.text("module") + 3 * none)
    rows[0x04] += [b"\0\0" + none + none] * fields
    rows[0x0C].append(struct.pack(owner, 1 << 5 | 7) + struct.pack("<H", 1 << 3 | 3) + none)  # the module's
    for number, (attribute, text) in enumerate(attributes.items(), 1):
        rows[0x01].append(struct.pack("<H", 1 << 2 | 2) + texts.text(attribute) + texts.text("System.Reflection"))
        rows[0x0A].append(struct.pack("<H", number << 3 | 1) + texts.text(".ctor") + none)
        value = blobs.add(_serialized(text))
        rows[0x0C].append(struct.pack(owner, 1 << 5 | 14) + struct.pack("<H", number << 3 | 3) + value)
    rows[0x0C].append(struct.pack(owner, 2 << 5 | 14) + struct.pack("<H", 1 << 3 | 3) + none)  # of nothing that exists
    rows[0x20].append(
        struct.pack("<I4HI", 0x8004, *version, 0) + none + texts.text(name) + texts.text(culture)
    )  # fmt: skip
    rows[0x1A] += [texts.text(module) for module in modules]
    for other in references:
        rows[0x23].append(struct.pack("<4HI", *version, 0) + none + texts.text(other) + none + none)
    present = {table: found for table, found in rows.items() if found}
    mask = sum(1 << table for table in present)
    head = struct.pack("<IBBBBQQ", 0, 2, 0, 7 if wide else 0, 1, mask, 0)
    counts = b"".join(struct.pack("<I", len(found)) for found in present.values())
    return head + counts + b"".join(b"".join(found) for found in present.values()), texts.data, blobs.data


def assembly(
    name: str,
    version: Sequence[int] = (1, 0, 0, 0),
    *,
    culture: str = "",
    attributes: Mapping[str, str] = {},
    wide: bool = False,
    fields: int = 0,
    bits: int = 32,
    references: Sequence[str] = (),
    modules: Sequence[str] = (),
) -> bytes:
    """A library of managed code, with nothing but its manifest. `attributes`: class name to its one argument.

    `references`: assemblies by their simple names; `modules`: native libraries that functions are imported from.
    """
    tables, texts, blobs = _tables(name, version, culture, attributes, wide, fields, references, modules)
    streams = {b"#~": tables, b"#Strings": texts, b"#Blob": blobs}
    runtime = b"v4.0.30319\0\0"
    root = struct.pack("<IHHII", 0x424A5342, 1, 1, 0, len(runtime)) + runtime + struct.pack("<HH", 0, len(streams))
    at = len(root) + sum(8 + (len(key) // 4 + 1) * 4 for key in streams)
    heads = body = b""
    for key, data in streams.items():
        heads += struct.pack("<II", at + len(body), len(data)) + key + bytes(4 - len(key) % 4)
        body += data + bytes(-len(data) % 4)
    metadata = root + heads + body
    header = struct.pack("<IHHIII", 72, 2, 5, TEXT_AT + 72, len(metadata), 1).ljust(72, b"\0")
    return pe({".text": header + metadata}, bits=bits, directories={14: (".text", 72)})


def _text(text: str) -> bytes:
    raw = text.encode()
    return (bytes([len(raw)]) if len(raw) < 0x80 else bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7])) + raw


def host(*, windows: bool = False, **options: Any) -> bytes:
    """A host program whose application lies beside it."""
    data = b"x" * 24 + bytes(8) + SIGNATURE
    return pe({".data": data}, **options) if windows else elf({".data": data}, **options)


def bundle(
    files: Mapping[str, tuple[int, bytes]], *, version: int = 6, compress: bool = False, program: bytes | None = None
) -> bytes:
    """A single-file application: path to (kind, content)."""
    program = host() if program is None else program
    data, rows = bytearray(program), []
    for path, (kind, content) in files.items():
        squeezed = zlib.compress(content, wbits=-15) if compress and kind == 1 else b""
        numbers = (len(data), len(content)) + ((len(squeezed),) if version >= 6 else ())
        rows.append(struct.pack(f"<{len(numbers)}qB", *numbers, kind) + _text(path))
        data += squeezed or content
    start = len(data)
    data += struct.pack("<IIi", version, 0, len(rows)) + _text("id") + (bytes(40) if version >= 2 else b"")
    data += b"".join(rows)
    at = data.index(SIGNATURE)
    data[at - 8 : at] = struct.pack("<q", start)
    return bytes(data)


def deps(libraries: Mapping[str, Mapping[str, Any]], *, target: str = ".NETCoreApp,Version=v8.0") -> str:
    """A deps.json of {`name/version`: type, sha512, path; dependencies, runtime, native, resources, …}."""
    stated = ("type", "sha512", "path")
    return json.dumps(
        {
            "runtimeTarget": {"name": target, "signature": ""},
            "targets": {
                target: {
                    label: {key: value for key, value in facts.items() if key not in stated}
                    for label, facts in libraries.items()
                }
            },
            "libraries": {
                label: {"type": "package", **{key: facts[key] for key in stated if key in facts}}
                for label, facts in libraries.items()
            },
        }
    )
