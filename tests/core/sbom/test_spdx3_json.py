"""SPDX 3.0.1 documents: equal bytes for equal facts, no element that leads nowhere, the same facts as in 2.3."""

import json

from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.spdx3_json import CONTEXT, encode
from stellaops_core.sbom.text import escape_path


def graph(sbom):
    content = json.loads(encode(sbom))
    assert content["@context"] == CONTEXT
    return content["@graph"]


def named(element):
    """Identifiers of other elements that an element names."""
    found = [element[key] for key in ("from", "subject", "suppliedBy") if key in element]
    for key in ("to", "element", "rootElement", "createdBy", "createdUsing"):
        found += element.get(key, ())
    return found + [one["value"] for one in element.get("simplelicensing_customIdToUri", ())]


def of(elements, kind):
    return [one for one in elements if one["type"] == kind]


@settings(max_examples=25)
@given(used_sboms())
def test_every_element_exists(sbom):
    """Identifiers are unique, and whatever is named is in the document; the bill lists all that it is about."""
    elements = graph(sbom)
    ids = [one["spdxId"] for one in elements if "spdxId" in one]
    assert len(ids) == len(set(ids))
    assert {name for one in elements for name in named(one)} <= set(ids)
    (bill,) = of(elements, "software_Sbom")
    about = ("SPDXRef-Agent", "SPDXRef-Tool", "SPDXRef-DOCUMENT", "SPDXRef-Sbom", "SPDXRef-Sbom-facts")
    assert sorted(bill["element"]) == sorted(one for one in ids if one.rpartition("#")[2] not in about)


@settings(max_examples=25)
@given(used_sboms())
def test_facts(sbom):
    """Package URLs, needs and files of evidence are elements; the rest is in annotations."""
    elements = graph(sbom)
    packages = {one["software_packageUrl"]: one["spdxId"] for one in elements if "software_packageUrl" in one}
    assert {one.purl for one in sbom.components if one.purl} <= set(packages)
    names = {one["spdxId"]: one["name"] for one in of(elements, "software_File")}
    told = {
        (one["from"], names[to])
        for one in of(elements, "Relationship")
        if one["relationshipType"] == "hasEvidence"
        for to in one["to"]
    }
    for component in sbom.components:
        if component.purl:
            paths = {name for spdx_id, name in told if spdx_id == packages[component.ref]}
            assert paths == {escape_path(one.path) for one in component.evidence}
    facts = [json.loads(one["statement"]) for one in of(elements, "Annotation")]
    evidence = [one["evidence"] for one in facts if "evidence" in one]
    assert [len(one) for one in evidence] == [len(component.evidence) for component in sbom.components]
    assert [one["use"]["level"] for one in facts if "use" in one] == [
        component.use.level for component in sbom.components if component.use
    ]
    (unknowns,) = [one["unknowns"] for one in facts if "unknowns" in one]
    assert [one["reason"] for one in unknowns] == [unknown.reason for unknown in sbom.unknowns]


def test_relationships_of_the_sample():
    """Needs have a scope, what the image contains is incomplete where something could not be read."""
    elements = graph(SAMPLE)
    ids = {one["software_packageUrl"]: one["spdxId"] for one in elements if "software_packageUrl" in one}
    (needs,) = of(elements, "LifecycleScopedRelationship")
    assert (needs["from"], needs["to"], needs["scope"]) == (ids[OPENSSL], [ids[LIBC]], "runtime")
    relations = {(one["from"], one["relationshipType"]): one for one in of(elements, "Relationship")}
    (contains,) = [one for (_, kind), one in relations.items() if kind == "contains"]
    assert contains["completeness"] == "incomplete"
    assert {ids[BABEL], ids[LIBC]} < set(contains["to"])
    assert relations[ids[OPENSSL], "other"]["to"] == [ids[REQUESTS]]
    assert relations[ids[OPENSSL], "other"]["comment"].startswith("ownership-by-file-overlap: ")


def test_completeness_is_not_claimed():
    """That nothing was met that can't be read is no claim that everything was found."""
    elements = graph(replace(SAMPLE, unknowns=()))
    assert [one["completeness"] for one in elements if "completeness" in one] == ["noAssertion"]


def test_a_program_without_a_package():
    """It is a file; what files have no field for is in its annotation."""
    program = replace(SAMPLE.components[0], ref="bin:" + "a" * 64, type="bin", name="tool")
    elements = graph(replace(SAMPLE, components=(program,)))
    file = of(elements, "software_File")[0]
    assert file["verifiedUsing"] == [{"type": "Hash", "algorithm": "sha256", "hashValue": "a" * 64}]
    (facts,) = [json.loads(one["statement"]) for one in elements if one.get("subject") == file["spdxId"]]
    assert (facts["version"], facts["supplier"]) == (program.version, program.supplier)


def test_namespace_is_another_than_in_2_3():
    """Another document has another namespace, and other facts have another one."""
    spaces = {graph(sbom)[1]["spdxId"].partition("#")[0] for sbom in (SAMPLE, replace(SAMPLE, tool_version="2"))}
    assert len(spaces) == 2
