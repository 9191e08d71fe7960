"""The published schema is the one the code has."""

import json
from pathlib import Path

import jsonschema_rs

from core.sbom.changes import NEW, OLD
from stellaops_core.sbom.diff import diff
from stellaops_core.sbom.diff_document import json_schema
from stellaops_core.sbom.diff_json import encode

PUBLISHED = Path(__file__).parents[3] / "docs/reference/schema/stella-diff-1.schema.json"


def test_published_schema_is_current():
    """docs/reference/schema has exactly what the records make, and that is a schema."""
    assert PUBLISHED.read_text() == json.dumps(json_schema(), indent=2) + "\n"
    jsonschema_rs.meta.validate(json_schema())


def test_the_schema_refuses():
    """A schema that accepted everything would prove nothing: each of these is refused."""
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    document = json.loads(encode(diff(OLD, NEW)))
    assert validator.is_valid(document)
    change = document["changes"][0]
    for wrong in ({"schema": "x"}, {"changes": [change | {"kinds": []}]}, {"changes": [change | {"kinds": ["new"]}]}):
        assert not validator.is_valid(document | wrong), wrong
