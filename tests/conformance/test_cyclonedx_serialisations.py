"""CycloneDX 1.7 as JSON, 1.6 as XML and as Protocol Buffers, against the official schemas and their own cases.

The schemas are read from the public fixtures (`STELLA_FIXTURES`, else `../shared/fixtures` beside the repository) and
from the `cyclonedx-python-lib` wheel; `lxml` and `grpcio-tools` are used where they are installed.
"""

import io
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings

from core.sbom.cuts import cut
from core.sbom.samples import SAMPLE
from core.sbom.usages import traced_sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_json, cyclonedx_json_1_7, cyclonedx_protobuf, cyclonedx_xml
from stellaops_core.sbom.cyclonedx_messages import MESSAGES
from stellaops_core.sbom.linked import encode_layer, encode_linked
from stellaops_core.sbom.read import read_sbom

pytestmark = pytest.mark.conformance

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("STELLA_FIXTURES") or ROOT.parent / "shared/fixtures")
OFFICIAL = FIXTURES / "sbom/CycloneDX+specification"
CASES = OFFICIAL / "tools/src/test/resources"
NAMES = {
    "Entity": "OrganizationalEntity",
    "Identity": "EvidenceIdentity",
    "Method": "EvidenceMethods",
    "Occurrence": "EvidenceOccurrences",
}
"""Messages that the table calls otherwise."""
OTHERWISE = {("Hash", "content"): "value", ("Dependency", "dependsOn"): "dependencies"}
"""Fields that JSON calls otherwise."""
KINDS = {"text": {9}, "int": {5, 17}, "bool": {8}, "float": {2}, "enum": {14}, "message": {11}, "timestamp": {11}}


def json_schema(version):
    folder = OFFICIAL / "schema"
    names = ("spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json")
    bom = folder / f"bom-{version}.schema.json"
    if not bom.is_file():
        pytest.skip(f"no CycloneDX {version} JSON schema among the public fixtures")
    known = [json.loads((folder / name).read_bytes()) for name in names]
    registry = jsonschema_rs.Registry([(one["$id"], one) for one in known])
    return jsonschema_rs.Draft7Validator(json.loads(bom.read_bytes()), registry=registry, validate_formats=True)


@pytest.fixture(scope="module")
def schema_1_7():
    return json_schema("1.7")


@pytest.fixture(scope="module")
def xml_schema():
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    found = find_spec("cyclonedx")
    path = Path(found.origin).parent / "schema/_res/bom-1.6.SNAPSHOT.xsd" if found else Path("absent")
    if not path.is_file():
        pytest.skip("no CycloneDX 1.6 XML schema: cyclonedx-python-lib is not installed")
    schema = etree.XMLSchema(etree.parse(str(path)))
    return lambda data: schema.assertValid(etree.parse(io.BytesIO(data)))


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """Name of a message to its class, made by the official compiler from the official file."""
    modules = ("descriptor_pb2", "descriptor_pool", "message_factory")
    descriptor_pb2, descriptor_pool, message_factory = (
        pytest.importorskip(f"google.protobuf.{name}", reason="protobuf is not installed") for name in modules
    )
    if not find_spec("grpc_tools") or not (OFFICIAL / "schema/bom-1.6.proto").is_file():
        pytest.skip("no protoc (grpcio-tools), or no bom-1.6.proto among the public fixtures")
    out = tmp_path_factory.mktemp("protobuf") / "set"
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(OFFICIAL / "schema"), f"--descriptor_set_out={out}"]
    subprocess.run([*command, "--include_imports", "bom-1.6.proto"], check=True, capture_output=True)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"cyclonedx.v1_6.{name}"))


@settings(max_examples=60, deadline=None)
@given(sbom=traced_sboms())
def test_1_7_is_valid(schema_1_7, sbom):
    """Whatever an `Sbom` holds, the document holds against the schema."""
    schema_1_7.validate(json.loads(cyclonedx_json_1_7.encode(sbom)))


@settings(max_examples=60, deadline=None)
@given(sbom=traced_sboms())
def test_xml_is_valid(xml_schema, sbom):
    """Also the order of elements, the licence ids and the patterns of texts."""
    xml_schema(cyclonedx_xml.encode(sbom))


def test_xml_validator_is_not_blind(xml_schema):
    """An unknown licence id and elements in another order are noticed."""
    data = cyclonedx_xml.encode(SAMPLE)
    for change in (
        (b"<id>Apache-2.0</id>", b"<id>NotListed</id>"),
        (b"<metadata>", b"<metadata><supplier/>"),
        (b'bom-ref="stella"', b'bom-ref="os:debian@12"'),
    ):
        with pytest.raises(Exception, match=r"."):
            xml_schema(data.replace(*change))


@settings(max_examples=30, deadline=None)
@given(sbom=traced_sboms())
def test_linked_documents_are_valid(schema_1_7, sbom):
    """In both versions: stubs, links and digests."""
    layers = {index: encode_layer(cut(sbom, index), "e") for index in range(len(sbom.subject.layers))}
    schema_1_7.validate(json.loads(encode_linked(sbom, layers, "1.7")))
    for data in (encode_linked(sbom, layers), *layers.values()):
        json_schema("1.6").validate(json.loads(data))


@settings(max_examples=60, deadline=None)
@given(sbom=traced_sboms())
def test_protobuf_is_what_the_official_serialiser_writes(official, sbom):
    """Byte for byte, with no field that the schema does not know."""
    data = cyclonedx_protobuf.encode(sbom)
    bom = official("Bom").FromString(data)
    assert bom.SerializeToString(deterministic=True) == data
    bom.DiscardUnknownFields()
    assert bom.SerializeToString(deterministic=True) == data


def test_protobuf_says_what_json_says(official):
    """Components, evidence, properties and edges, as the official classes show them."""
    bom, content = official("Bom").FromString(cyclonedx_protobuf.encode(SAMPLE)), cyclonedx_json.document(SAMPLE)
    assert bom.metadata.timestamp.ToJsonString() == content["metadata"]["timestamp"]
    for one, other in zip(bom.components, content["components"], strict=True):
        assert (one.bom_ref, one.purl, one.version) == (other["bom-ref"], other.get("purl", ""), other["version"])
        told = [(fact.name, fact.value) for fact in one.properties]
        assert told == [(fact["name"], fact["value"]) for fact in other.get("properties", [])]
        places = [place.location for place in one.evidence.occurrences]
        assert places == [place["location"] for place in other.get("evidence", {}).get("occurrences", [])]
    edges = {one.ref: [need.ref for need in one.dependencies] for one in bom.dependencies}
    assert edges == {one["ref"]: one.get("dependsOn", []) for one in content["dependencies"]}


def folded(text):
    return re.sub("[^a-z0-9]", "", text.lower())


@pytest.mark.parametrize("name", MESSAGES)
def test_table_of_messages_is_the_schemas(official, name):
    """Numbers, names, types, presence and enumerations of every field that is written or read."""
    known = official(NAMES.get(name, name)).DESCRIPTOR.fields_by_number
    for field in MESSAGES[name]:
        there = known[field.number]
        assert folded(there.name) == folded(OTHERWISE.get((name, field.name), field.name))
        assert there.type in KINDS.get(field.kind, {11})
        assert there.is_repeated is (field.repeated and field.kind != "one")
        assert field.implicit is (not there.has_presence and not there.is_repeated)
        for number, word in enumerate(field.values):
            value = there.enum_type.values_by_number[number].name
            assert not word or folded(value).endswith(folded(word))
        if field.values:
            assert len(there.enum_type.values) == len(field.values)


def cases(ending):
    return sorted(CASES.glob(f"1.*/valid-*{ending}"))


@pytest.mark.skipif(not CASES.is_dir(), reason="no CycloneDX specification among the public fixtures")
def test_the_specifications_own_documents_are_read():
    """Every valid document of 1.2 to 1.7, JSON and XML."""
    read, refused = 0, []
    for path in [*cases(".json"), *cases(".xml")]:
        if path.parent.name in {"1.0", "1.1"}:
            continue
        try:
            read_sbom(path.read_bytes())
            read += 1
        except TargetError as error:
            refused.append(f"{path.parent.name}/{path.name}: {error}")
    assert read > 100
    assert refused == []


EXAMPLES = FIXTURES / "sbom/CycloneDX+bom-examples/SBOM"


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="no CycloneDX examples among the public fixtures")
@pytest.mark.parametrize("name", ["laravel-7.12.0/bom.1.2", "laravel-7.12.0/bom.1.3", "laravel-7.12.0/bom.1.4"])
def test_json_and_xml_of_others_say_the_same(name):
    """One document of another tool in two serialisations: equal components and dependencies."""
    one, other = (read_sbom((EXAMPLES / f"{name}.{ending}").read_bytes()).components for ending in ("json", "xml"))
    assert [(part.ref, part.version, part.depends, part.licenses) for part in one] == [
        (part.ref, part.version, part.depends, part.licenses) for part in other
    ]
    assert len(one) > 50


@pytest.mark.skipif(not CASES.is_dir(), reason="no CycloneDX specification among the public fixtures")
def test_the_specifications_broken_documents_do_no_harm():
    """Read as far as they can be, or refused."""
    for path in [*CASES.glob("1.*/invalid-*.json"), *CASES.glob("1.*/invalid-*.xml")]:
        try:
            read_sbom(path.read_bytes())
        except TargetError:
            continue
