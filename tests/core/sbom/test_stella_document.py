"""The published schema is the one the code has."""

import json
from pathlib import Path

import jsonschema_rs
from hypothesis import given, settings

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core.sbom.stella_document import json_schema
from stellaops_core.sbom.stella_json import encode

PUBLISHED = Path(__file__).parents[3] / "docs/reference/schema/stella-sbom-1.schema.json"


def closed(value):
    """The schema with all its objects closed, to notice members that it does not describe."""
    if isinstance(value, dict):
        more = {"additionalProperties": False} if "properties" in value and value.get("type") == "object" else {}
        return {key: closed(item) for key, item in value.items()} | more
    return [closed(item) for item in value] if isinstance(value, list) else value


def test_published_schema_is_current():
    """docs/reference/schema has exactly what the records make."""
    assert PUBLISHED.read_text() == json.dumps(json_schema(), indent=2) + "\n"


def test_published_schema_is_a_schema():
    """It holds against draft 2020-12 itself."""
    jsonschema_rs.meta.validate(json_schema())


def test_every_member_is_described_somewhere():
    """Every record has a description, and so has every member whose name does not say it all."""
    plain = {"name", "value", "id", "version", "like", "codename", "prettyName", "cpe", "homeUrl", "variant", "tags"}
    plain |= {"labels", "layers", "hashes", "supplier", "urls", "technique", "configDigest", "subject", "tool"}
    for title, record in json_schema()["$defs"].items():
        assert record["description"], title
        for name, member in record["properties"].items():
            assert "description" in member or name in plain, (title, name)


@settings(max_examples=40)
@given(sboms())
def test_documents_hold_against_the_closed_schema(sbom):
    """Whatever is written is valid, and has no member that the schema doesn't know."""
    validator = jsonschema_rs.Draft202012Validator(closed(json_schema()))
    validator.validate(json.loads(encode(sbom)))


def test_the_schema_refuses():
    """A schema that accepted everything would prove nothing: each of these is refused."""
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    document = json.loads(encode(SAMPLE))
    assert validator.is_valid(document)
    for change in ({"schema": "https://stella-ops.org/schema/sbom/2"}, {"components": [{}]}, {"timestamp": "now"}):
        assert not validator.is_valid(document | change), change
