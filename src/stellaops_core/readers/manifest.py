"""JAR manifests and Java properties files.

Comes in: bytes. Goes out: a dictionary. Rules: a line that is no attribute is passed over, as other readers of broken
manifests do; of two attributes of one name the first counts for a manifest, the last for properties; values are one
line of text. Where the main section names no implementation, the first package's section that does speaks for it.

Source: JAR File Specification, "JAR Manifest"; `java.util.Properties.load`.
"""

import re
from typing import Final

MANIFEST_LIMIT: Final = 256 << 10
"""Bytes of a manifest that are read: its main section stands first, sections of packages and files follow."""
PROPERTIES_LIMIT: Final = 64 << 10
"""Bytes of a pom.properties."""
ATTRIBUTE_LIMIT: Final = 4096
"""Characters of an attribute's value."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,70}")
_ENDS = re.compile(rb"\r\n|\r|\n")
_PAIR = re.compile(r"((?:\\.|[^\\\s=:])*)\s*[=:\s]?\s*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROL: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_CLAUSE = re.compile(r'((?:"[^"]*"|[^,"])*)(?:,|$)')


def read_manifest(data: bytes) -> dict[str, str]:
    """Return the attributes of the main section by lower-case name."""
    text = _ENDS.sub(b"\n", data.removeprefix(b"\xef\xbb\xbf"))
    main, _, rest = text.partition(b"\n\n")
    found = _section(main)
    at = rest.find(b"Implementation-Version:")
    if "implementation-version" not in found and at >= 0:
        start, end = rest.rfind(b"\n\n", 0, at) + 1, rest.find(b"\n\n", at)
        section = _section(rest[start : end if end >= 0 else len(rest)])
        found |= {name: value for name, value in section.items() if name.startswith("implementation-")} | found
    return found


def _section(text: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.replace(b"\n ", b"").split(b"\n"):  # lines break after 72 bytes, within a character if need be
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon and _NAME.fullmatch(name):
            found.setdefault(name.lower(), " ".join(value[:ATTRIBUTE_LIMIT].split()))
    return found


def read_clauses(value: str) -> tuple[tuple[str, str], ...]:
    """Split a header of OSGi into (first path of a clause, the rest of it): `a;x:=1,"b, c"` has two."""
    clauses = []
    for match in _CLAUSE.finditer(value):
        head, _, rest = match[1].strip().partition(";")
        if text := head.strip().strip('"').strip():
            clauses.append((text, rest.strip()))
    return tuple(clauses)


def read_properties(data: bytes) -> dict[str, str]:
    """Return keys and values of a properties file in ISO 8859-1, as its format says."""
    found = {}
    lines = iter(re.split(r"\r\n|\r|\n", data[:PROPERTIES_LIMIT].decode("latin-1")))
    for line in lines:
        text = line.lstrip()
        if not text or text[0] in "#!":
            continue
        while (len(text) - len(text.rstrip("\\"))) % 2:
            text = text[:-1] + next(lines, "").lstrip()
        if match := _PAIR.match(text):
            found[_unescape(match[1])] = " ".join(_unescape(match[2])[:ATTRIBUTE_LIMIT].split())
    return found


def _unescape(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _CONTROL.get(code, code)

    return _ESCAPE.sub(character, text) if "\\" in text else text
