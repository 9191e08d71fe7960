"""SPDX 2.3 as tag-value text.

Comes in: an `Sbom`. Goes out: the document of `spdx_json`, under the same namespace, as lines of `Tag: value`. The
rule: a value that a line can't hold stands in `<text>`, and nothing in a value can end one.

Source: SPDX 2.3, chapters 6 to 12, and 5.4 (multi-line values).
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import Json, compact
from stellaops_core.sbom.spdx_json import document
from stellaops_core.sbom.text import valid

_ODD = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029<]|^\s|\s$")
"""What keeps a value from standing in a line as it is."""
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_END = re.compile(r"</(?=text>)", re.IGNORECASE)
_HEAD = (
    ("SPDXVersion", "spdxVersion"),
    ("DataLicense", "dataLicense"),
    ("SPDXID", "SPDXID"),
    ("DocumentName", "name"),
    ("DocumentNamespace", "documentNamespace"),
)


def encode(sbom: Sbom) -> bytes:
    """Write the document: UTF-8, one tag a line."""
    text = "\n".join(_lines(document(sbom))) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return str(valid(text)).encode()


def _lines(content: Json) -> Iterator[str]:
    yield from (f"{tag}: {_line(content[name])}" for tag, name in _HEAD)
    if "comment" in content:
        yield f"DocumentComment: {_text(content['comment'])}"
    yield from (f"Creator: {_line(creator)}" for creator in content["creationInfo"]["creators"])
    yield f"Created: {content['creationInfo']['created']}"
    yield from _annotations(content)
    for package in content["packages"]:
        yield ""
        yield from _package(package)
    for license_ in content.get("hasExtractedLicensingInfos", ()):
        yield ""
        yield f"LicenseID: {license_['licenseId']}"
        yield f"ExtractedText: {_text(license_['extractedText'])}"
        yield f"LicenseComment: {_text(license_['comment'])}"
    yield ""
    yield from _relationships(content["relationships"])


def _package(package: Json) -> Iterator[str]:
    """Only names, versions and suppliers can be anything; all else is one line already."""
    yield f"PackageName: {_line(package['name'])}\nSPDXID: {package['SPDXID']}"
    if "versionInfo" in package:
        yield "PackageVersion: " + _line(package["versionInfo"])
    if "supplier" in package:
        yield "PackageSupplier: " + _line(package["supplier"])
    yield "PackageDownloadLocation: " + package["downloadLocation"]
    if "homepage" in package:
        yield "PackageHomePage: " + package["homepage"]
    yield (
        f"PackageLicenseConcluded: {package['licenseConcluded']}\n"
        f"PackageLicenseDeclared: {package['licenseDeclared']}\n"
        f"PackageCopyrightText: {package['copyrightText']}\nFilesAnalyzed: false\n"
        f"PrimaryPackagePurpose: {package['primaryPackagePurpose'].replace('_', '-')}"
    )
    for sums in package.get("checksums", ()):
        yield f"PackageChecksum: {sums['algorithm']}: {sums['checksumValue']}"
    if "sourceInfo" in package:
        yield "PackageSourceInfo: " + _text(package["sourceInfo"])
    if "summary" in package:
        yield "PackageSummary: " + _text(package["summary"])
    for one in package.get("externalRefs", ()):
        yield f"ExternalRef: {one['referenceCategory']} {one['referenceType']} {one['referenceLocator']}"
    yield from _annotations(_with_lost(package))


def _with_lost(package: Json) -> Json:
    """Tell in the annotation the name or version that a line can't hold."""
    values = {"name": package["name"], "version": package.get("versionInfo", "")}
    lost = {member: value for member, value in values.items() if _ODD.search(value)}
    if not lost or "annotations" not in package:
        return package
    first = package["annotations"][0]
    facts = lost | msgspec.json.decode(first["comment"])
    return package | {"annotations": [first | {"comment": compact(facts)}]}


def _annotations(element: Json) -> Iterator[str]:
    for annotation in element.get("annotations", ()):
        # JSON: the sign stands in strings only, where this is another way to write it
        comment = annotation["comment"].replace("<", r"\u003c")
        yield (
            f"Annotator: {_line(annotation['annotator'])}\nAnnotationDate: {annotation['annotationDate']}\n"
            f"AnnotationType: {annotation['annotationType']}\nSPDXREF: {element['SPDXID']}\n"
            f"AnnotationComment: <text>{comment}</text>"
        )


def _relationships(relationships: Iterable[Json]) -> Iterator[str]:
    for one in relationships:
        yield f"Relationship: {one['spdxElementId']} {one['relationshipType']} {one['relatedSpdxElement']}"
        if "comment" in one:
            yield f"RelationshipComment: {_text(one['comment'])}"


def _line(text: str) -> str:
    """One line, not empty, that no reader takes for the start of a longer text."""
    if text and not _ODD.search(text):
        return text
    return _END.sub("&lt;/", _BREAKS.sub(" ", text)).replace("<text>", "&lt;text>").strip() or "NOASSERTION"


def _text(text: str) -> str:
    return f"<text>{_END.sub('&lt;/', text) if '<' in text else text}</text>"
