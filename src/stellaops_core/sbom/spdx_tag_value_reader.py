"""SPDX 2.2 and 2.3 as tag-value text, read back.

Comes in: the bytes of a document. Goes out: an `Sbom`, as `spdx_json_reader` makes it of the same document in JSON.
The rule: one pass, linear in the size; tags that aren't needed are passed over.

Source: SPDX 2.3, chapters 6 to 12, and 5.4 (multi-line values).
"""

import re
from collections.abc import Iterator
from typing import Any

from stellaops_core.errors import TargetError
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_json_reader import read_document
from stellaops_core.sbom.stella_json import MAX_DOCUMENT

Json = dict[str, Any]

_TAG = re.compile(r"[ \t]*([A-Za-z0-9]+):[ \t]*")
_PACKAGE = {
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageDownloadLocation": "downloadLocation",
    "PackageHomePage": "homepage",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageSourceInfo": "sourceInfo",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_STARTS = frozenset({"PackageName", "FileName", "SnippetSPDXID", "LicenseID"})
"""Tags that begin an element."""


def decode(data: bytes) -> Sbom:
    """Read a document. Raises `TargetError` when it isn't one, or contradicts itself."""
    if len(data) > MAX_DOCUMENT:
        raise TargetError(f"not an SPDX document: larger than {MAX_DOCUMENT >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TargetError("not an SPDX document: not UTF-8") from None
    reader = _Reader()
    for tag, value in _tags(text):
        reader.take(tag, value)
    return read_document(reader.document())


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield (tag, value); lines that are neither are comments."""
    at, size = 0, len(text)
    while at < size:
        end = text.find("\n", at)
        end = size if end < 0 else end
        if match := _TAG.match(text, at, end):
            start = match.end()
            if text.startswith("<text>", start):
                close = text.find("</text>", start)
                if close < 0:
                    raise TargetError("not an SPDX document: a text doesn't end")
                yield match[1], text[start + 6 : close]
                end = text.find("\n", close)
                end = size if end < 0 else end
            else:
                yield match[1], text[start:end].rstrip()
        at = end + 1


class _Reader:
    """Elements in the order of their tags, as they stand in JSON."""

    def __init__(self) -> None:
        self._head: Json = {"packages": [], "relationships": []}
        self._info: Json = {}
        self._element = self._head
        self._annotation: Json = {}
        self._annotations: list[Json] = []

    def take(self, tag: str, value: str) -> None:
        """Take one tag."""
        if tag in _STARTS:
            self._element = {}
            if tag == "PackageName":
                self._element = {"name": value}
                self._head["packages"].append(self._element)
        elif tag in _PACKAGE:
            self._element[_PACKAGE[tag]] = value
        elif tag == "SPDXID":
            self._element.setdefault("SPDXID", value)
        else:
            self._take_part(tag, value)

    def _take_part(self, tag: str, value: str) -> None:
        words = value.split(None, 2)
        if tag == "ExternalRef" and len(words) == 3:
            reference = {"referenceCategory": words[0], "referenceType": words[1], "referenceLocator": words[2]}
            self._element.setdefault("externalRefs", []).append(reference)
        elif tag == "PackageChecksum":
            algorithm, _, content = value.partition(":")
            sums = {"algorithm": algorithm.strip(), "checksumValue": content.strip()}
            self._element.setdefault("checksums", []).append(sums)
        elif tag == "Relationship" and len(words) == 3:
            edge = {"spdxElementId": words[0], "relationshipType": words[1], "relatedSpdxElement": words[2]}
            self._head["relationships"].append(edge)
        elif tag == "RelationshipComment" and self._head["relationships"]:
            self._head["relationships"][-1]["comment"] = value
        elif tag == "Annotator":
            self._annotation = {"annotator": value}
            self._annotations.append(self._annotation)
        elif tag in {"SPDXREF", "AnnotationComment"}:
            self._annotation[tag] = value
        else:
            self._take_head(tag, value)

    def _take_head(self, tag: str, value: str) -> None:
        if tag == "SPDXVersion":
            self._head["spdxVersion"] = value
        elif tag == "DocumentName":
            self._head["name"] = value
        elif tag == "Created":
            self._info["created"] = value

    def document(self) -> Json:
        """Return the document as it stands in JSON."""
        elements = {one.get("SPDXID"): one for one in (*self._head["packages"], self._head)}
        for annotation in self._annotations:
            if (element := elements.get(annotation.get("SPDXREF"))) is not None:
                told = {"annotator": annotation["annotator"], "comment": annotation.get("AnnotationComment")}
                element.setdefault("annotations", []).append(told)
        return self._head | {"creationInfo": self._info}
