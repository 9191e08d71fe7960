"""CycloneDX documents: equal bytes for equal facts, no dangling reference, no fact lost."""

import json
import re
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE, digest
from core.sbom.strategies import sboms
from stellaops_core.digest import sha256
from stellaops_core.sbom.cyclonedx_json import NAMESPACE, document, encode
from stellaops_core.sbom.text import unescape_path

EXPECTED = Path(__file__).with_name("sample.cdx.json")
LICENSE_CHOICES = [{"license"}, {"expression"}]


def components(content):
    return {one["bom-ref"]: one for one in content["components"] if one["type"] == "library"}


def identities_of(component):
    identity = component["evidence"]["identity"]
    return identity if isinstance(identity, list) else [identity]


def properties(owner):
    return [(one["name"], one["value"]) for one in owner.get("properties", [])]


def references(value):
    """All `bom-ref` members at any depth."""
    if isinstance(value, dict):
        found = [value["bom-ref"]] if "bom-ref" in value else []
        return found + [ref for item in value.values() for ref in references(item)]
    return [ref for item in value for ref in references(item)] if isinstance(value, list) else []


def test_sample_document():
    """The whole mapping at a glance. When it changes on purpose, raise the format's revision with it."""
    assert encode(SAMPLE) == EXPECTED.read_bytes()


@settings(max_examples=60)
@given(sboms())
def test_no_reference_dangles(sbom):
    """Every bom-ref is unique, and every reference to one exists."""
    content = json.loads(encode(sbom))
    refs = references(content)
    assert len(refs) == len(set(refs))
    named = {ref for one in content["dependencies"] for ref in [one["ref"], *one.get("dependsOn", [])]}
    named |= {ref for one in content.get("compositions", []) for ref in one["assemblies"]}
    identities = [identity for one in components(content).values() for identity in identities_of(one)]
    named |= {ref for identity in identities for ref in identity["tools"]}
    assert named <= set(refs)


@settings(max_examples=60)
@given(sboms())
def test_facts_come_back(sbom):
    """Evidence, layers, owners, dependencies and unknowns can be read from the document."""
    content = json.loads(encode(sbom))
    written, graph = components(content), {one["ref"]: one.get("dependsOn", []) for one in content["dependencies"]}
    assert list(written) == [component.purl for component in sbom.components]
    listed = set(written)
    for component in sbom.components:
        one = written[component.purl]
        methods = [
            (
                unescape_path(method["value"]),
                method["technique"],
                round(method["confidence"] * 100),
            )
            for identity in identities_of(one)
            for method in identity["methods"]
        ]
        assert sorted(methods) == sorted((one.path, one.technique, one.confidence) for one in component.evidence)
        tools = {tool.rpartition(":")[2] for identity in identities_of(one) for tool in identity["tools"]}
        assert tools == {one.analyzer for one in component.evidence}
        places = {unescape_path(place["location"]) for place in one["evidence"]["occurrences"]}
        assert places == {evidence.path for evidence in component.evidence}
        told = {
            (unescape_path(place["location"]), owner.partition(" ")[0])
            for place in one["evidence"]["occurrences"]
            for owner in place.get("additionalContext", "").split("owner ")[1:]
        }
        assert told <= {(evidence.path, owner) for evidence in component.evidence for owner in evidence.owners}
        owners = tuple(value for name, value in properties(one) if name == "stella:owner")
        assert owners == component.owners
        assert set(graph.get(component.purl, [])) == (set(component.depends) & listed) - {component.purl}
        assert set(component.properties) <= set(properties(one))
    told = [value for name, value in properties(content["metadata"]) if name.endswith(":path")]
    assert [unescape_path(path) for path in told] == [unknown.path for unknown in sbom.unknowns]
    assert [one["aggregate"] for one in content.get("compositions", [])] == (["incomplete"] if sbom.unknowns else [])


@settings(max_examples=30)
@given(sboms())
def test_nothing_that_does_not_fit_is_dropped(sbom):
    """A URL, hash or version that the schema refuses is still in the document."""
    content = components(json.loads(encode(sbom)))
    for component in sbom.components:
        one = content[component.purl]
        told = properties(one)
        urls = [reference["url"] for reference in one.get("externalReferences", [])]
        urls += [value for name, value in told if name.startswith("stella:url:")]
        assert sorted(urls) == sorted(url for _, url in component.urls)
        hashes = [item["content"] for item in one.get("hashes", [])]
        hashes += [value for name, value in told if name.startswith("stella:hash:")]
        assert sorted(map(str.lower, hashes)) == sorted(content.lower() for _, content in component.hashes)
        assert component.version in {
            one.get("version", ""),
            *(value for name, value in told if name == "stella:version"),
        }


def test_serial_number_is_the_content():
    """Anyone can work the serial number out from the document's bytes, and other content has another."""
    data = encode(SAMPLE)
    serial = json.loads(data)["serialNumber"]
    blank = data.replace(serial.encode(), b"urn:uuid:" + str(uuid.UUID(int=0)).encode(), 1)
    assert serial == uuid.uuid5(uuid.UUID(NAMESPACE), sha256(blank)).urn
    assert serial != json.loads(encode(replace(SAMPLE, tool_version="1.2.4")))["serialNumber"]


def test_the_image_is_not_searched_for_the_nil_uuid():
    """A component that is called like the nil UUID keeps its name: only the first place is the serial number's."""
    name = f"urn:uuid:{uuid.UUID(int=0)}"
    content = json.loads(encode(replace(SAMPLE, subject=replace(SAMPLE.subject, name=name))))
    assert content["metadata"]["component"]["name"] == name


def test_graph_of_the_sample():
    """The image needs its distribution, that its packages, and of both what nothing else needs; types without stated
    needs are left open."""
    graph = {one["ref"]: one.get("dependsOn") for one in document(SAMPLE)["dependencies"]}
    assert graph == {
        digest("d"): ["os:debian@12", BABEL, REQUESTS],
        "os:debian@12": [OPENSSL],
        LIBC: None,
        OPENSSL: [LIBC],
    }


def test_packages_of_another_distribution_are_not_the_systems():
    """A wheel may hold libraries of an rpm distribution: the image needs them, not the Debian in it."""
    other = replace(SAMPLE.components[0], ref="pkg:rpm/centos/pcre@8.32", type="rpm")
    components = tuple(sorted((*SAMPLE.components, other), key=lambda one: one.ref))
    graph = {
        one["ref"]: one.get("dependsOn") for one in document(replace(SAMPLE, components=components))["dependencies"]
    }
    assert graph["os:debian@12"] == [OPENSSL]
    assert other.ref in graph[digest("d")]


def test_a_directory_is_no_container():
    """Without an image there is neither digest nor package URL, and the name falls back to the kind."""
    bare = replace(
        SAMPLE.subject, kind="directory", name="", digest="", config_digest="", platform="", created="", tags=(),
        labels=(), layers=(),
    )  # fmt: skip
    subject = document(replace(SAMPLE, subject=bare))["metadata"]["component"]
    assert subject == {"type": "application", "bom-ref": "directory", "name": "directory"}


def test_lone_surrogates_do_not_stop_a_document():
    """Text that is not Unicode becomes U+FFFD instead of failing the scan."""
    component = replace(SAMPLE.components[0], supplier="a\udcffb", name="\ud800")
    content = components(json.loads(encode(replace(SAMPLE, components=(component,)))))
    assert content[LIBC]["supplier"] == {"name": "a\ufffdb"}


@pytest.mark.parametrize(("percent", "written"), [(0, "0"), (7, "0.07"), (29, "0.29"), (57, "0.57"), (100, "1")])
def test_confidence_is_an_exact_decimal(percent, written):
    """Percents are written as the decimals they are."""
    evidence = replace(SAMPLE.components[0].evidence[0], confidence=percent)
    component = replace(SAMPLE.components[0], evidence=(evidence,))
    data = encode(replace(SAMPLE, components=(component,))).decode()
    assert f'"confidence": {written},\n' in data


def test_json_numbers_are_the_only_floats():
    """No other float gets into a document."""
    floats = []
    json.loads(encode(SAMPLE), parse_float=lambda text: floats.append(text) or 0)
    assert set(floats) == {"0.9"}


def test_licenses_are_of_one_kind():
    """A component's licences are single ones, or one expression."""
    for one in components(document(SAMPLE)).values():
        assert {key for item in one["licenses"] for key in item} in LICENSE_CHOICES


def test_properties_are_documented():
    """docs/reference/cyclonedx.md names every kind of property that the encoder writes of its own accord."""
    root = Path(__file__).parents[3]
    modules = ("cyclonedx_json", "cyclonedx_components", "cyclonedx_properties")
    source = "".join((root / f"src/stellaops_core/sbom/{name}.py").read_text() for name in modules)
    page = (root / "docs/reference/cyclonedx.md").read_text()
    kinds = set(re.findall(r'"(stella:[a-z]+:?)', source)) - {"stella:analyzer:"}
    assert len(kinds) > 7
    assert [kind for kind in sorted(kinds) if f"`{kind}" not in page] == []
