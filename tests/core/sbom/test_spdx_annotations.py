"""What annotations hold: only what fields don't."""

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE
from stellaops_core.sbom.spdx_annotations import Evidences, Told, component_facts, document_facts, owners_of
from stellaops_core.sbom.spdx_fields import checksums, places
from stellaops_core.sbom.stella_document import SCHEMA


def facts_of(ref, needs=(), owners=()):
    component = next(one for one in SAMPLE.components if one.ref == ref)
    told = Told(needs, owners, checksums(component.hashes), *places(component.urls))
    return component_facts(component, told, Evidences())


def test_document():
    """Stella's own document without its components."""
    facts = document_facts(SAMPLE)
    assert facts["schema"] == SCHEMA
    assert [one["reason"] for one in facts["unknowns"]] == ["not a zip file"]
    assert len(facts["subject"]["layers"]) == 2
    assert "components" not in facts


def test_what_fields_tell_is_not_repeated():
    """Dependencies, owners, one licence, checksums and supplier are in fields."""
    assert set(facts_of(OPENSSL, needs=[LIBC])) == {"layer", "evidence", "properties"}
    assert set(facts_of(LIBC)) == {"layer", "evidence", "licenses"}
    assert set(facts_of(REQUESTS, owners=[OPENSSL])) == {"layer", "evidence", "licenses"}


def test_what_fields_cannot_tell_is_kept():
    """Dependencies that are not listed, and a reference that no field takes."""
    assert facts_of(OPENSSL)["depends"] == (LIBC,)
    assert facts_of(REQUESTS)["owners"] == (OPENSSL,)
    assert facts_of(BABEL)["urls"][0] == {"type": "vcs", "url": "git@example.com:babel.git"}
    assert facts_of(BABEL)["evidence"][0]["path"] == "app/50%25/package.json"


def test_owners_that_are_listed():
    """Others can't be named by a relationship."""
    assert owners_of(SAMPLE.components)[REQUESTS] == [OPENSSL]
    assert owners_of(SAMPLE.components[2:])[REQUESTS] == []


def test_shared_evidence_is_written_once():
    """Thousands of packages of one database share the text of it."""
    evidences, evidence = Evidences(), SAMPLE.components[0].evidence
    assert evidences.write(evidence) is evidences.write(tuple(evidence))
