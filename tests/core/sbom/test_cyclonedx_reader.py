"""CycloneDX read back: nothing of our own documents is lost, in any serialisation, and a damaged one is refused."""

import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.component import Evidence
from stellaops_core.errors import TargetError
from stellaops_core.sbom import (
    cyclonedx_json,
    cyclonedx_json_1_7,
    cyclonedx_protobuf,
    cyclonedx_protobuf_reader,
    cyclonedx_reader,
    cyclonedx_xml,
    cyclonedx_xml_reader,
    stella_json,
)

PLAIN = replace(SAMPLE, removed=())
WAYS = {
    "json": (cyclonedx_json, cyclonedx_reader),
    "json-1.7": (cyclonedx_json_1_7, cyclonedx_reader),
    "protobuf": (cyclonedx_protobuf, cyclonedx_protobuf_reader),
    "xml": (cyclonedx_xml, cyclonedx_xml_reader),
}


def changed(component, **members):
    others = tuple(one for one in PLAIN.components if one.ref != component.ref)
    made = replace(component, **members)
    return replace(PLAIN, components=tuple(sorted((*others, made), key=lambda one: one.ref)))


def with_first(**members):
    return changed(PLAIN.components[0], **members)


AWKWARD = {
    "nothing": PLAIN,
    "removed": SAMPLE,
    "name": with_first(name="other"),
    "several layers": with_first(evidence=(Evidence("a", "x", 0), Evidence("a", "x", 1))),
    "several owners": with_first(evidence=(Evidence("a", "x", 0), Evidence("a", "y", 0, owners=(OPENSSL,)))),
    "licences": with_first(licenses=("MIT", "", "MIT", "MIT OR Apache-2.0")),
    "hashes": with_first(hashes=(("CRC32", "1"), ("SHA-256", "A" * 64), ("MD5", "0" * 32))),
    "urls": with_first(urls=(("odd", "https://a.example"), ("vcs", "git@a:b"), ("website", "https://b.example"))),
    "bom": with_first(urls=(("bom", "urn:cdx:00000000-0000-0000-0000-000000000000/1"),)),
    "depends": with_first(depends=(OPENSSL, BABEL, LIBC, OPENSSL)),
    "reserved": with_first(properties=(("stella:owner", "me"), ("stella:use", "used"))),
    "version": with_first(version="1" * 1025),
    "unnamed": replace(PLAIN, subject=replace(PLAIN.subject, name="")),
    "named as unnamed": replace(PLAIN, subject=replace(PLAIN.subject, name=PLAIN.subject.digest)),
    "no system": replace(PLAIN, distribution=None),
    "twice named": replace(PLAIN, distribution=replace(PLAIN.distribution, pretty_name="", name="Debian")),
    "like": replace(PLAIN, distribution=replace(PLAIN.distribution, like=("", "a"), version="1" * 1025)),
    "bare layer": replace(
        PLAIN, subject=replace(PLAIN.subject, layers=tuple(
            replace(layer, digest="", diff_id="", size=-1, created_by="") for layer in PLAIN.subject.layers
        )),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", AWKWARD)
def test_what_fields_cannot_hold_comes_back(name, way):
    """What CycloneDX has no field for, or only a lossy one, is in properties."""
    sbom, (writer, reader) = AWKWARD[name], WAYS[way]
    assert reader.decode(writer.encode(sbom)) == replace(sbom, removed=())


@settings(max_examples=40, deadline=None)
@given(traced_sboms())
def test_every_serialisation_says_the_same(sbom):
    """Stella's json, CycloneDX 1.6 and 1.7 as JSON, as Protocol Buffers and as XML are one bill of materials."""
    assert stella_json.decode(stella_json.encode(sbom)) == sbom
    for writer, reader in WAYS.values():
        assert reader.decode(writer.encode(sbom)) == sbom


@settings(max_examples=15, deadline=None)
@given(traced_sboms())
def test_equal_facts_give_equal_bytes(sbom):
    """What was read back is written as the same bytes."""
    for writer, reader in WAYS.values():
        data = writer.encode(sbom)
        assert writer.encode(reader.decode(data)) == data


def test_order_and_spaces_do_not_matter():
    """A tool that sorts members and drops white space changes nothing."""
    content = json.loads(cyclonedx_json.encode(PLAIN))
    content["components"].reverse()
    assert cyclonedx_reader.decode(json.dumps(content, sort_keys=True).encode()) == PLAIN


def broken():
    """(what is wrong, document)"""
    good = cyclonedx_json.document(PLAIN)

    def with_component(**members):
        return good | {"components": [good["components"][1] | members]}

    yield "not CycloneDX", {"bomFormat": "SPDX"}
    yield "version", good | {"specVersion": "9.9"}
    yield "version is a list", good | {"specVersion": ["1.6"]}
    yield "no evidence", with_component(evidence={})
    yield "exact", with_component(properties=[{"name": "stella:exact:licenses", "value": "{"}])
    yield "exact type", with_component(properties=[{"name": "stella:exact:licenses", "value": "5"}])
    yield "exact depth", with_component(properties=[{"name": "stella:exact:licenses", "value": "[" * 100_000}])
    yield "layer", with_component(properties=[{"name": "stella:layer:index", "value": "7"}])
    yield "layer number", with_component(properties=[{"name": "stella:layer:index", "value": "x"}])
    yield "huge number", with_component(properties=[{"name": "stella:layer:index", "value": "9" * 30}])
    yield "use", with_component(properties=[{"name": "stella:use", "value": "sometimes"}])
    yield "time", good | {"metadata": good["metadata"] | {"timestamp": "now"}}
    yield "twice", good | {"components": good["components"] * 2}
    facts = [{"name": "stella:usage:program:0:command", "value": "'"}]
    yield "command", good | {"metadata": good["metadata"] | {"properties": facts}}


@pytest.mark.parametrize(("name", "content"), list(broken()), ids=[name for name, _ in broken()])
def test_a_document_that_lies_is_refused(name, content):
    """With one error, and no other exception."""
    with pytest.raises(TargetError) as error:
        cyclonedx_reader.decode(msgspec.json.encode(content))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 6))
@example(0, b"", 0)
def test_no_damage_does_harm(at, inserted, dropped):
    """Whatever happens to some bytes of a document: an `Sbom` or a `TargetError`."""
    for writer, reader in WAYS.values():
        data = DOCUMENTS.setdefault(writer.__name__, writer.encode(PLAIN))
        place = at % len(data)
        try:
            reader.decode(data[:place] + inserted + data[place + dropped :])
        except TargetError:
            continue


DOCUMENTS = {}


def test_a_document_too_large_is_not_looked_at(monkeypatch):
    """The bound comes before everything else."""
    monkeypatch.setattr(cyclonedx_reader, "MAX_DOCUMENT", 100)
    with pytest.raises(TargetError, match="larger than"):
        cyclonedx_reader.decode(b"{" * 101)


def test_a_document_of_brackets_is_not_decoded(monkeypatch):
    """Small text can be much memory: objects are counted first."""
    monkeypatch.setattr(cyclonedx_reader, "MAX_OBJECTS", 10)
    with pytest.raises(TargetError, match="too many objects"):
        cyclonedx_reader.decode(cyclonedx_json.encode(PLAIN))
