"""A bill of materials from a file, whatever it is written in.

Comes in: bytes, or a path. Goes out: an `Sbom`. What is read: Stella's own documents; CycloneDX as JSON, XML and
Protocol Buffers; SPDX 2 as JSON and tag-value; SPDX 3 as JSON. The format is told from the content, never from a name.
"""

import os
import re
from importlib import import_module
from typing import TYPE_CHECKING

from stellaops_core.errors import TargetError, TargetNotFound
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.stella_json import MAX_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = 4096
"""Bytes at the start of a file by which `is_sbom` tells what it is."""
_MARKS = (
    ("cyclonedx_reader", re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')),
    ("spdx3_json_reader", re.compile(rb'"@context"\s*:\s*"https://spdx\.org/rdf/3\.0')),
    ("spdx_json_reader", re.compile(rb'"spdxVersion"\s*:\s*"SPDX-2')),
    ("stella_json", re.compile(rb'"schema"\s*:\s*"https://stella-ops\.org/schema/sbom/')),
)
_LINKED = (
    ("cyclonedx_reader", b'"urn:cdx:', "cdx-json"),
    ("spdx_json_reader", b'"COPY_OF"', "spdx-json"),
)
"""Which documents may be linked: their reader, what they hold then, and the format."""
_XML = re.compile(rb"\s*<[?!a-z]")
_XML_MARK = re.compile(rb"<bom[^>]*http://cyclonedx\.org/schema/bom/")
_TAG_VALUE = re.compile(rb"^SPDXVersion:\s*SPDX-2", re.MULTILINE)
_PROTOBUF = re.compile(rb"\n\x031\.[0-9]")
"""Field 1 of the message, as every serialiser puts it: `specVersion`."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_sbom(data: bytes, *, complete: bool = False) -> Sbom:
    """Read a document. Raises `TargetError` when it is none that is known, or contradicts itself.

    `complete`: or when it is of a format that leaves out packages which were removed.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    module = _reader(data, len(data))
    if not module:
        raise TargetError(
            "not a bill of materials that can be read",
            hint="Stella's json, CycloneDX (JSON, XML, Protobuf) and SPDX (JSON, tag-value) are",
        )
    if complete and module != "stella_json":
        raise TargetError("the document does not tell of removed packages", hint="stella scan -o json writes one")
    decode: Callable[[bytes], Sbom] = import_module(f"stellaops_core.sbom.{module}").decode
    return decode(data)


def read_file(path: str, *, complete: bool = False) -> Sbom:
    """Read a document from a file, as `read_sbom` does; a linked one with the documents of layers beside it.

    Raises `TargetNotFound` and `TargetError`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_DOCUMENT + 1)
    except FileNotFoundError:
        raise TargetNotFound(f"no bill of materials at {path}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise TargetError(f"{path!r} can't be read: {reason}") from None
    for module, mark, format_ in () if complete else _LINKED:
        if mark in data and _reader(data, len(data)) == module:
            from stellaops_core.sbom.beside import read_beside  # noqa: PLC0415  # few documents are linked

            linked = read_beside(data.removeprefix(_BYTE_ORDER_MARK), os.path.dirname(path) or ".", format_)
            return linked or read_sbom(data)
    return read_sbom(data, complete=complete)


def is_sbom_file(path: str) -> bool:
    """Whether a regular file stands there that begins like a bill of materials; a pipe or device is not opened."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return is_sbom(file.read(HEAD))
    except (OSError, ValueError):
        return False


def is_sbom(head: bytes) -> bool:
    """Whether a file that begins like this looks like a bill of materials; `HEAD` bytes are enough for most."""
    return bool(_reader(head.removeprefix(_BYTE_ORDER_MARK), HEAD))


def _reader(data: bytes, size: int) -> str:
    """Name the module that reads this; empty for none."""
    if _PROTOBUF.match(data):
        return "cyclonedx_protobuf_reader"
    if _XML.match(data):
        return "cyclonedx_xml_reader" if _XML_MARK.search(data, 0, HEAD) else ""
    if _TAG_VALUE.search(data, 0, HEAD):
        return "spdx_tag_value_reader"
    if data.lstrip()[:1] != b"{":
        return ""
    places = [(found.start(), module) for module, mark in _MARKS if (found := mark.search(data, 0, size))]
    return min(places)[1] if places else ""
