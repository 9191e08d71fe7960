"""What an index says of its image."""

import json

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core.errors import TargetError
from stellaops_core.sbom.index_subject import read_subject, write_subject


def read(data):
    return read_subject(memoryview(data))


@settings(max_examples=30)
@given(sboms())
def test_round_trip(sbom):
    """The image, its layers and what read it come back."""
    found = read(write_subject(sbom))
    subject = sbom.subject
    assert (found.name, found.digest, found.platform) == (subject.name, subject.digest, subject.platform)
    assert [layer.diff_id for layer in found.layers] == [layer.diff_id for layer in subject.layers]
    assert (found.unknowns, found.tool) == (len(sbom.unknowns), f"stella {sbom.tool_version}")


def test_what_names_the_image():
    """Its digest, else its configuration's, else its name."""
    subject = SAMPLE.subject
    for changes, image in (
        ({}, subject.digest),
        ({"digest": ""}, subject.config_digest),
        ({"digest": "", "config_digest": ""}, subject.name),
    ):
        assert read(write_subject(replace(SAMPLE, subject=replace(subject, **changes)))).image == image


def test_members_may_be_added():
    """A later version's facts are passed over; text that is not Unicode does no harm."""
    document = json.loads(write_subject(SAMPLE)) | {"later": [1]}
    assert read(json.dumps(document).encode()) == read(write_subject(SAMPLE))
    strange = replace(SAMPLE, subject=replace(SAMPLE.subject, name="a\udcff"))
    assert read(write_subject(strange)).name == "a\ufffd"


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"kind": 1}'])
def test_anything_else_is_refused(data):
    """With one error."""
    with pytest.raises(TargetError, match="does not fit"):
        read(data)
