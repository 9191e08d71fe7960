"""SPDX documents against the official schemas, and against the reference implementation; others' documents read.

Schemas are looked for among the public fixtures (`STELLA_FIXTURES`, else `../shared/fixtures` beside the repository),
in the folders they have in spdx/spdx-spec. The reference implementation is `spdx-tools`, where it is installed.
"""

import io
import json
import os
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings

from core.sbom.cuts import cut
from core.sbom.samples import SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom import (
    spdx3_json,
    spdx3_json_reader,
    spdx_json,
    spdx_json_reader,
    spdx_linked,
    spdx_tag_value,
    spdx_tag_value_reader,
)
from stellaops_core.sbom.stella_json import decode as read_own
from stellaops_core.sbom.stella_json import encode as write_own

pytestmark = pytest.mark.conformance

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("STELLA_FIXTURES") or ROOT.parent / "shared/fixtures") / "sbom"
SCHEMAS = {
    "2.3": FIXTURES / "spdx+spdx-spec/schemas/spdx-schema.json",
    "3.0.1": FIXTURES / "spdx+spdx-spec/3.0.1/rdf/schema.json",
}
ENCODERS = {"2.3": spdx_json.encode, "3.0.1": spdx3_json.encode}
UNKNOWN_TO_THE_LIBRARY = "MPL-1.1+"
"""Annex D admits `+` after an identifier; spdx-tools does not."""


@pytest.fixture(scope="module", params=SCHEMAS)
def version(request):
    if not SCHEMAS[request.param].is_file():
        pytest.skip(f"no SPDX {request.param} schema among the public fixtures")
    return request.param


@pytest.fixture(scope="module")
def validator(version):
    schema = json.loads(SCHEMAS[version].read_bytes())
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def test_validator_is_not_blind(version, validator):
    """The schema is really applied."""
    good = json.loads(ENCODERS[version](SAMPLE))
    validator.validate(good)
    change = {"documentNamespace": 7} if version == "2.3" else {"@graph": [{"type": "software_Package", "name": 7}]}
    assert not validator.is_valid(good | change)
    assert not validator.is_valid(good | {"more": 1})


@settings(max_examples=60, deadline=None)
@given(sbom=used_sboms())
def test_every_document_is_valid(version, validator, sbom):
    """Whatever an `Sbom` holds, the document holds against the schema."""
    validator.validate(json.loads(ENCODERS[version](sbom)))


def linked_documents(sbom):
    """The image's document, and those of its layers."""
    layers = {index: spdx_linked.encode_layer(cut(sbom, index), "e") for index in range(len(sbom.subject.layers))}
    return spdx_linked.encode_linked(sbom, layers), *layers.values()


@settings(max_examples=30, deadline=None)
@given(sbom=used_sboms())
def test_every_linked_document_is_valid(version, validator, sbom):
    """Those of layers, and the image's that refers to them."""
    if version == "2.3":
        for data in linked_documents(sbom):
            validator.validate(json.loads(data))


@settings(max_examples=30, deadline=None)
@given(sbom=used_sboms())
def test_the_official_bindings_read_every_element(sbom):
    """The classes that SPDX makes of its SHACL model check types, patterns and presence; all that is named is there."""
    reason = "spdx-python-model is not installed"
    model = pytest.importorskip("spdx_python_model.bindings.v3_0_1", reason=reason)
    data, read = spdx3_json.encode(sbom), model.SHACLObjectSet()
    model.JSONLDDeserializer().read(io.BytesIO(data), read)
    assert not read.link()
    assert len(read.objects) == len(json.loads(data)["@graph"])
    out = io.BytesIO()
    model.JSONLDSerializer().write(read, out)  # refuses what lacks a member
    assert spdx3_json_reader.decode(out.getvalue()).components == spdx3_json_reader.decode(data).components


@pytest.fixture(scope="module")
def tools():
    """Readers of both serialisations, and the validator, of the reference implementation."""
    reader = pytest.importorskip(
        "spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser", reason="spdx-tools is not installed"
    )
    text_reader = pytest.importorskip("spdx_tools.spdx.parser.tagvalue.parser")
    validate_all = pytest.importorskip("spdx_tools.spdx.validation.document_validator").validate_full_spdx_document

    def validate(document):
        found = (one.validation_message for one in validate_all(document))
        return [message for message in found if UNKNOWN_TO_THE_LIBRARY not in message]

    return reader.JsonLikeDictParser().parse, lambda text: text_reader.Parser().parse(text), validate


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=10, deadline=None)
@given(sbom=used_sboms())
def test_the_reference_implementation_finds_no_fault(tools, sbom):
    """With the semantics beyond the schema, and reads both serialisations as one document."""
    read_json, read_text, validate = tools
    one, other = read_json(json.loads(spdx_json.encode(sbom))), read_text(spdx_tag_value.encode(sbom).decode())
    assert validate(one) == validate(other) == []
    assert [package.spdx_id for package in one.packages] == [package.spdx_id for package in other.packages]
    assert len(one.relationships) == len(other.relationships)
    for first, second in zip(one.packages, other.packages, strict=True):
        assert first.external_references == second.external_references
        assert first.checksums == second.checksums
        assert str(first.license_declared) == str(second.license_declared)


@pytest.mark.filterwarnings("ignore")
def test_the_reference_implementation_follows_links(tools):
    """It takes references to other documents, and copies of what is in them, for what they are."""
    read_json, _, validate = tools
    image, *layers = linked_documents(SAMPLE)
    for data in (image, *layers):
        assert validate(read_json(json.loads(data))) == []
    document = read_json(json.loads(image))
    assert len(document.creation_info.external_document_refs) == len(layers)
    assert [one for one in document.relationships if one.relationship_type.name == "COPY_OF"]


# What those documents list that is a package by its URL, or by name and version.
THEIRS = {
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/bom.json": [
        "pkg:apk/alpine/musl@1.2.3-r0?distro=3.16.0",
        "pkg:composer/pear/log@1.13.1",
        "pkg:composer/pear/pear_exception@v1.0.0",
        "pkg:golang/github.com/package-url/packageurl-go@v0.1.1-0.20220203205134-d70459300c8a",
        "pkg:maven/org.codehaus.mojo/child-project@1.0",
        "pkg:npm/bootstrap@5.0.2",
    ],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/empty-bom.json": [],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/no-relationship.json": [
        "pkg:maven/co.elastic.apm/apm-agent-cached-lookup-key@1.36.0",
        "pkg:maven/co.elastic.apm/apm-agent@1.36.0",
    ],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/os-only-bom.json": [],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/package-hashes.json": ["pkg:npm/lodash@4.17.21"],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/unrelated-bom.json": [
        "pkg:composer/pear/log@1.13.1",
        "pkg:composer/pear/pear_exception@v1.0.0",
    ],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/with-files-in-relationships-bom.json": [
        "pkg:npm/yargs-parser@21.1.1"
    ],
    "aquasecurity+trivy/pkg/sbom/spdx/testdata/happy/with-hasfiles-bom.json": ["pkg:npm/yargs-parser@21.1.1"],
    "google+osv-scalibr/extractor/filesystem/sbom/spdx/testdata/external_refs.spdx.json": [
        "pkg:generic/custom-pkg@1.0.0",
        "pkg:generic/some_company/flatbuffers@25.9.23",
    ],
    "google+osv-scalibr/extractor/filesystem/sbom/spdx/testdata/minimal.spdx.json": [],
}


@pytest.mark.parametrize("name", THEIRS)
def test_others_documents(name):
    """Their packages, and an `Sbom` that can be written again."""
    if not (FIXTURES / name).is_file():
        pytest.skip("the public fixtures lack this document")
    sbom = spdx_json_reader.decode((FIXTURES / name).read_bytes())
    assert [component.ref for component in sbom.components] == THEIRS[name]
    assert read_own(write_own(sbom)) == sbom
    assert spdx_json_reader.decode(spdx_json.encode(sbom)) == sbom


READERS = {"json": spdx_json_reader, "spdx": spdx_tag_value_reader, "spdx3": spdx3_json_reader}


@pytest.mark.parametrize(
    ("ending", "kind", "least"), [("json", "json", 20), ("spdx", "spdx", 9), ("json", "spdx3", 14)]
)
def test_every_document_is_read_or_refused(ending, kind, least):
    """All documents of the fixtures: what is of the version that is read is, the rest is refused with one error."""
    documents = sorted(FIXTURES.rglob(f"*.{ending}"))
    if not documents:
        pytest.skip("no documents among the public fixtures")
    read = 0
    for path in documents:
        try:
            sbom = READERS[kind].decode(path.read_bytes())
        except TargetError:
            continue
        assert read_own(write_own(sbom)) == sbom
        read += 1
    assert read >= least
