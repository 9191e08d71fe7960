"""CycloneDX documents against the official 1.6 schema.

The schemas are read from the public fixtures (`STELLA_FIXTURES`, else `../shared/fixtures` beside the repository) and
from the `cyclonedx-python-lib` wheel, whichever there are.
"""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core import licenses
from stellaops_core.sbom.cyclonedx_json import encode
from stellaops_core.sbom.text import escape_path

pytestmark = pytest.mark.conformance

ROOT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("STELLA_FIXTURES") or ROOT.parent / "shared/fixtures")
OFFICIAL = FIXTURES / "sbom/CycloneDX+specification"


def schema_files():
    """(bom schema, the schemas it refers to) in each place that has them."""
    places = [(OFFICIAL / "schema", "")]
    if found := find_spec("cyclonedx"):
        places.append((Path(found.origin).parent / "schema/_res", ".SNAPSHOT"))
    for folder, mark in places:
        names = [f"bom-1.6{mark}.schema.json", f"spdx{mark}.schema.json", f"jsf-0.82{mark}.schema.json"]
        if all((folder / name).is_file() for name in names):
            yield [json.loads((folder / name).read_bytes()) for name in names]


SCHEMAS = list(schema_files())


def validator_of(documents):
    bom, *others = documents
    known = []
    for other in others:
        plain = other["$id"].replace(".SNAPSHOT", "")
        known += [(plain, other), (plain.replace(".schema.json", ".SNAPSHOT.schema.json"), other)]
    registry = jsonschema_rs.Registry(known)
    return jsonschema_rs.Draft7Validator(bom, registry=registry, validate_formats=True)


@pytest.fixture(scope="module", params=range(2), ids=["specification", "wheel"])
def validator(request):
    if request.param >= len(SCHEMAS):
        pytest.skip("no CycloneDX 1.6 schema there: neither public fixtures nor cyclonedx-python-lib")
    return validator_of(SCHEMAS[request.param])


def test_validator_is_not_blind(validator):
    """The schemas are really applied: formats, licence ids and closed objects are checked."""
    good = json.loads(encode(SAMPLE))
    validator.validate(good)
    first = good["components"][1]
    for change in (
        {"licenses": [{"license": {"id": "NotListed"}}]},
        {"licenses": [{"license": {"id": "MIT"}}, {"expression": "MIT"}]},
        {"externalReferences": [{"type": "website", "url": "http://a b"}]},
        {"hashes": [{"alg": "SHA-1", "content": "x"}]},
        {"more": 1},
    ):
        assert not validator.is_valid(good | {"components": [first | change]}), change
    assert not validator.is_valid(good | {"metadata": {"timestamp": "now"}})


@settings(max_examples=80, deadline=None)
@given(sbom=sboms())
def test_every_document_is_valid(validator, sbom):
    """Whatever an `Sbom` holds, the document holds against the schema."""
    validator.validate(json.loads(encode(sbom)))


def test_licence_ids_are_those_of_the_schema():
    """Each id that would be written as `license.id` is in the enumeration, and each entry of it is known here."""
    if not SCHEMAS:
        pytest.skip("no CycloneDX 1.6 schema: neither public fixtures nor cyclonedx-python-lib")
    for _, spdx, _ in SCHEMAS:
        assert licenses._ids() <= set(spdx["enum"])
    exceptions = set(licenses._EXCEPTIONS.split())
    assert set(SCHEMAS[0][1]["enum"]) == licenses._ids() | exceptions


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="no CycloneDX specification among the public fixtures")
def test_schema_agrees_with_the_specifications_own_cases():
    """The validator used here accepts the specification's valid 1.6 documents and refuses its invalid ones."""
    validator = validator_of(SCHEMAS[0])
    cases = sorted((OFFICIAL / "tools/src/test/resources/1.6").glob("*.json"))
    if not cases:
        pytest.skip("the fixtures have no cases for 1.6")
    wrong = [
        case.name for case in cases
        if validator.is_valid(json.loads(case.read_bytes())) is not case.name.startswith("valid")
    ]  # fmt: skip
    assert wrong == []


def test_another_implementation_reads_the_same():
    """cyclonedx-python-lib finds the components, licences, edges and evidence that were written."""
    model = pytest.importorskip("cyclonedx.model.bom", reason="cyclonedx-python-lib is not installed")
    bom = model.Bom.from_json(json.loads(encode(SAMPLE)))
    read = {component.bom_ref.value: component for component in bom.components}
    assert set(read) == {"os:debian@12", *(component.purl for component in SAMPLE.components)}
    for component in SAMPLE.components:
        one = read[component.purl]
        assert (str(one.purl), one.version) == (component.purl, component.version)
        assert {place.location for place in one.evidence.occurrences} == {
            escape_path(evidence.path) for evidence in component.evidence
        }
        assert len(one.licenses) == len(component.licenses)
    edges = {one.ref.value: {need.ref.value for need in one.dependencies} for one in bom.dependencies}
    for component in SAMPLE.components:
        assert edges.get(component.purl, set()) == set(component.depends)
