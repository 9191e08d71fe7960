"""BOM-Links: how one CycloneDX document names another, or something in it.

Comes in: a serial number and a `bom-ref`, or a link. Goes out: the link, or its parts. The rule: what a URI's fragment
can't hold is percent-encoded in the `bom-ref`, so that every one comes back as it was.

Source: CycloneDX 1.6, `bomLinkDocumentType` and `bomLinkElementType`; RFC 3986, 3.5 (fragment).
"""

import re
from urllib.parse import quote, unquote

from msgspec import Struct

PREFIX = "urn:cdx:"
_URN = "urn:uuid:"
_FRAGMENT = "!$&'()*+,;=:@/?-._~"
_LINK = re.compile(r"urn:cdx:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([1-9][0-9]{0,8})(?:#(.+))?", re.DOTALL)


class BomLink(Struct, frozen=True):
    """A document by serial number and version, and perhaps an element of it."""

    serial: str
    """`urn:uuid:…`, as documents state it."""
    version: int = 1
    ref: str = ""
    """The element's `bom-ref`; empty for the document."""

    def __str__(self) -> str:
        link = f"{PREFIX}{self.serial.removeprefix(_URN)}/{self.version}"
        return f"{link}#{quote(self.ref, safe=_FRAGMENT)}" if self.ref else link


def parse_bom_link(text: str) -> BomLink:
    """Read a link. Raises `ValueError`."""
    found = _LINK.fullmatch(text)
    if not found:
        raise ValueError(f"not a BOM-Link: {text[:200]!r}")
    serial, version, ref = found.groups()
    return BomLink(_URN + serial, int(version), unquote(ref or "", errors="strict"))
