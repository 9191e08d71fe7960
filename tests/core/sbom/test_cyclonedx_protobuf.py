"""CycloneDX as Protocol Buffers: what stands where."""

import uuid

import pytest
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from stellaops_core.digest import sha256
from stellaops_core.sbom.cyclonedx_json import NAMESPACE
from stellaops_core.sbom.cyclonedx_protobuf import encode
from stellaops_core.sbom.cyclonedx_protobuf_reader import decode, read_protobuf


def test_the_document_begins_with_its_version():
    """Field 1 first, then 2 and 3: so readers tell the format from the first bytes."""
    assert encode(SAMPLE).startswith(b"\n\x031.6\x10\x01\x1a\x2durn:uuid:")


def test_serial_number_is_the_content():
    """As in JSON: over the bytes with the nil UUID in place."""
    data = encode(SAMPLE)
    serial = read_protobuf(data)["serialNumber"]
    blank = data.replace(serial.encode(), uuid.UUID(int=0).urn.encode(), 1)
    assert serial == uuid.uuid5(uuid.UUID(NAMESPACE), sha256(blank)).urn


def test_lone_surrogates_do_not_stop_a_document():
    """Text that is not Unicode becomes U+FFFD instead of failing the scan."""
    component = replace(SAMPLE.components[0], supplier="a\udcffb")
    assert decode(encode(replace(SAMPLE, components=(component,)))).components[0].supplier == "a\ufffdb"


@pytest.mark.parametrize(
    ("stated", "written"), [("1969-12-31T23:59:59Z", None), ("2025-02-30T00:00:00Z", "1970-01-01T00:00:00Z")]
)
def test_times(stated, written):
    """Before 1970 is a time too; a day that does not exist is 1970."""
    assert decode(encode(replace(SAMPLE, timestamp=stated))).timestamp == (written or stated)
