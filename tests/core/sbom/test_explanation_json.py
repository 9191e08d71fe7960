"""Explanations as JSON: documents that all readers read, with a member of their own that has a schema."""

import json
from pathlib import Path

import jsonschema_rs

from core.sbom.samples import SAMPLE
from core.sbom.test_explanation_text import STORY
from core.sbom.test_stella_document import closed
from stellaops_core.sbom.explanation import Explanation, Rejected
from stellaops_core.sbom.explanation_json import encode, json_schema
from stellaops_core.sbom.stella_json import decode

PUBLISHED = Path(__file__).parents[3] / "docs/reference/schema/stella-explanation-1.schema.json"
REJECTED = (Rejected("a", "native", "pkg:generic/x", "x", ("pkg:deb/debian/x@1",)),)


def test_published_schema_is_current():
    """docs/reference/schema has exactly what the records make, and that is a schema."""
    assert PUBLISHED.read_text() == json.dumps(json_schema(), indent=2) + "\n"
    jsonschema_rs.meta.validate(json_schema())


def test_document():
    """Without the member it is the scan's document with the components that were asked about."""
    data = encode(Explanation(SAMPLE, SAMPLE.components[:1], STORY, SAMPLE.removed, REJECTED))
    told = json.loads(data)["explanation"]
    jsonschema_rs.Draft202012Validator(closed(json_schema())).validate(told)
    assert told["path"]["path"] == "a%1B[31m"
    assert [find["outcome"] for find in told["path"]["finds"]] == ["hidden", "refused", "yielded"]
    assert told["rejected"][0]["others"] == ["pkg:deb/debian/x@1"]
    assert decode(data).components == SAMPLE.components[:1]
