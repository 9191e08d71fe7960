"""Compiled Java classes for tests: constant pools without code.

`compiled("org/a/Main", refers=["org/b/X"])` gives a class file, `module_info("a.b")` a module's declaration.
"""

import struct
from collections.abc import Sequence


class _Pool:
    """Constants, each at the number that `text` and `named` give."""

    def __init__(self) -> None:
        self.data, self.count = b"", 1

    def text(self, text: str) -> int:
        raw = text.encode()
        return self._add(b"\1" + struct.pack(">H", len(raw)) + raw)

    def named(self, tag: int, name: str) -> int:
        """A class (7), a module (19) or a package (20)."""
        return self._add(struct.pack(">BH", tag, self.text(name)))

    def long(self) -> int:
        """A number that takes two places."""
        number = self._add(b"\5" + bytes(8))
        self.count += 1
        return number

    def _add(self, data: bytes) -> int:
        self.data += data
        self.count += 1
        return self.count - 1

    def file(self, flags: int, this: int, attributes: bytes = struct.pack(">H", 0)) -> bytes:
        head = b"\xca\xfe\xba\xbe" + struct.pack(">3H", 0, 55, self.count)
        return head + self.data + struct.pack(">6H", flags, this, 0, 0, 0, 0) + attributes


def compiled(name: str, refers: Sequence[str] = (), *, texts: Sequence[str] = (), loader: bool = False) -> bytes:
    """A class that names others; `loader`: it makes a URLClassLoader."""
    pool = _Pool()
    pool.long()
    this = pool.named(7, name)
    for other in (*refers, *(["java/net/URLClassLoader"] if loader else [])):
        pool.named(7, other)
    for text in (*texts, *(["([Ljava/net/URL;)V"] if loader else [])):
        pool.text(text)
    return pool.file(0x21, this)


def module_info(name: str, requires: Sequence[str] = ("java.base",), main: str = "") -> bytes:
    """A `module-info.class`; `main`: its main class, by slashes."""
    pool = _Pool()
    this = pool.named(7, "module-info")
    rows = b"".join(struct.pack(">3H", pool.named(19, other), 0, 0) for other in requires)
    body = struct.pack(">4H", pool.named(19, name), 0, 0, len(requires)) + rows + bytes(8)
    attributes = [(pool.text("SourceFile"), bytes(2)), (pool.text("Module"), body)]
    if main:
        attributes.append((pool.text("ModuleMainClass"), struct.pack(">H", pool.named(7, main))))
    table = b"".join(struct.pack(">HI", kind, len(data)) + data for kind, data in attributes)
    return pool.file(0x8000, this, struct.pack(">H", len(attributes)) + table)
