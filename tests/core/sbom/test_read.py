"""A bill of materials is known by its content, whatever it is written in."""

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from core.sbom.samples import FULL, SAMPLE
from stellaops_core.errors import TargetError, TargetNotFound
from stellaops_core.sbom import (
    cyclonedx_json,
    cyclonedx_json_1_7,
    cyclonedx_protobuf,
    cyclonedx_xml,
    spdx3_json,
    spdx_json,
    spdx_tag_value,
    stella_json,
)
from stellaops_core.sbom.read import HEAD, is_sbom, is_sbom_file, read_file, read_sbom

PLAIN = replace(SAMPLE, removed=())
WRITERS = (
    stella_json, cyclonedx_json, cyclonedx_json_1_7, cyclonedx_protobuf, cyclonedx_xml, spdx_json, spdx_tag_value,
    spdx3_json,
)  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
def test_equal_results_whatever_the_format(writer):
    """All documents of one image read as one bill of materials."""
    data = writer.encode(PLAIN)
    assert read_sbom(data) == PLAIN
    assert is_sbom(data[:HEAD])


def values_of(record):
    """Yield (record's type, field, value) of a record and all records in it."""
    if isinstance(record, tuple):
        for item in record:
            yield from values_of(item)
    elif isinstance(record, Struct):
        for field in fields(record):
            value = getattr(record, field.name)
            yield type(record), field.name, value
            yield from values_of(value)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
def test_no_field_is_forgotten(writer):
    """One that is added to a record has to be given a value in `FULL`, and to come back from every format."""
    found, told = set(), set()
    for kind, name, value in values_of(FULL):
        found.add((kind, name))
        if value not in ("", (), None, 0, False):
            told.add((kind, name))
    assert {kind.__name__ for kind, _ in found} == {
        "Component", "Distribution", "Evidence", "Gap", "Hiding", "LayerOrigin", "Program", "Removed", "Sbom", "Step",
        "Subject", "Unknown", "Usage", "Use",
    }  # fmt: skip
    assert found == told
    sbom = FULL if writer is stella_json else replace(FULL, removed=())
    assert read_sbom(writer.encode(sbom)) == sbom


def test_byte_order_mark_and_space():
    """Editors on Windows add them."""
    assert read_sbom(b"\xef\xbb\xbf\r\n " + cyclonedx_json.encode(PLAIN)) == PLAIN


def test_the_outer_document_counts():
    """A document that quotes another format's first line is still what it is."""
    label = ("x", '"bomFormat": "CycloneDX"')
    sbom = replace(PLAIN, subject=replace(PLAIN.subject, labels=(label, ("y", '"spdxVersion":"SPDX-2.3"'))))
    for writer in WRITERS:
        assert read_sbom(writer.encode(sbom)) == sbom


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\x7fELF", b"<html></html>", b"[]", b'{"a": "bomFormat"}', b"PK\x03\x04", b"\n\x051.6.0"]
)
def test_other_files_are_refused(data):
    """With a hint at what can be read."""
    assert not is_sbom(data)
    with pytest.raises(TargetError, match="not a bill of materials") as error:
        read_sbom(data)
    assert "CycloneDX" in error.value.hint


def test_files(tmp_path):
    """By content, not by name; a directory, a pipe or nothing at all is no document."""
    path = tmp_path / "anything.bin"
    path.write_bytes(cyclonedx_protobuf.encode(PLAIN))
    assert is_sbom_file(str(path))
    assert read_file(str(path)) == PLAIN
    for other in (tmp_path, tmp_path / "absent", "/dev/null", "a\0b"):
        assert not is_sbom_file(str(other))
    with pytest.raises(TargetNotFound, match="no bill of materials"):
        read_file(str(tmp_path / "absent"))
    for other in (tmp_path, "a\0b"):
        with pytest.raises(TargetError, match="can't be read"):
            read_file(str(other))
