"""Tag-value text: the same document as the JSON, one tag a line, nothing smuggled in."""

import json
import re

from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.spdx_json import document
from stellaops_core.sbom.spdx_tag_value import encode

LINE = re.compile(r"([A-Za-z]+): (?:<text>(.*?)</text>|([^\n]*))(?:\n+|$)", re.DOTALL)


def tags(data):
    """(tag, value) of a document; fails where a line is neither a tag nor empty."""
    text, at, found = data.decode(), 0, []
    while at < len(text):
        match = LINE.match(text, at)
        assert match, text[at : at + 50]
        found.append((match[1], match[3] if match[2] is None else match[2]))
        at = match.end()
    return found


def test_sample():
    """It begins as such documents do, and has every package."""
    text = encode(SAMPLE).decode()
    assert text.startswith("SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n")
    assert "\nPackageName: @babel/core\nSPDXID: SPDXRef-Package-babel-core-" in text
    assert "\nPrimaryPackagePurpose: OPERATING-SYSTEM\n" in text
    assert "\nRelationshipComment: <text>ownership-by-file-overlap: " in text
    assert text.endswith("</text>\n")


@settings(max_examples=25)
@given(used_sboms())
def test_it_is_the_json_document(sbom):
    """Same namespace, packages, references, relationships and annotations."""
    content, found = document(sbom), tags(encode(sbom))
    values = {}
    for tag, value in found:
        values.setdefault(tag, []).append(value)
    packages = content["packages"]
    assert values["DocumentNamespace"] == [content["documentNamespace"]]
    assert values["SPDXID"] == ["SPDXRef-DOCUMENT", *(package["SPDXID"] for package in packages)]
    locators = [one["referenceLocator"] for package in packages for one in package.get("externalRefs", ())]
    assert [text.split(" ", 2)[2] for text in values.get("ExternalRef", [])] == locators
    edges = [
        " ".join((one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"]))
        for one in content["relationships"]
    ]
    assert values["Relationship"] == edges
    facts = [one["comment"] for element in (content, *packages) for one in element.get("annotations", ())]
    for text, fact in zip(values["AnnotationComment"], facts, strict=True):
        told = json.loads(text)
        assert told == {name: told[name] for name in ("name", "version") if name in told} | json.loads(fact)


def test_no_value_ends_a_text_or_a_line():
    """Names, licences and facts of a hostile package stay where they are."""
    evil = "a\nPackageName: b</text>\nSPDXID: SPDXRef-x<text>"
    component = replace(
        SAMPLE.components[0], name=evil, version=evil, supplier=evil, licenses=(evil,), properties=((evil, evil),)
    )
    found = tags(encode(replace(SAMPLE, components=(component,))))
    assert sum(tag == "PackageName" for tag, _ in found) == 3
    assert not [value for tag, value in found if tag == "SPDXID" and value == "SPDXRef-x"]


def test_lone_surrogates():
    """Become U+FFFD."""
    assert (
        "PackageName: a\ufffd\n"
        in encode(replace(SAMPLE, components=(replace(SAMPLE.components[0], name="a\ud800"),))).decode()
    )
