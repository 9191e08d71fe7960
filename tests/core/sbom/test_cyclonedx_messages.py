"""The table of messages contradicts neither itself nor Protocol Buffers."""

import pytest

from stellaops_core.sbom.cyclonedx_messages import MESSAGES


@pytest.mark.parametrize("name", MESSAGES)
def test_fields_are_in_order(name):
    """Numbers rise, so that what is written in the table's order is canonical; names are unique."""
    numbers = [field.number for field in MESSAGES[name]]
    assert numbers == sorted(set(numbers))
    assert len({field.name for field in MESSAGES[name]}) == len(numbers)


@pytest.mark.parametrize("name", MESSAGES)
def test_what_fields_need(name):
    """A message field names a message, an enumeration has values, and only those without presence are implicit."""
    for field in MESSAGES[name]:
        assert (field.kind == "message") is (field.message in MESSAGES)
        assert (field.kind == "enum") is bool(field.values)
        assert not (field.implicit and (field.repeated or field.kind in {"message", "refs"}))
        assert len([*filter(None, field.values)]) == len({*filter(None, field.values)})
