"""Descriptors: what they state, and content against them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from builders import (
    digest,
)
from image_documents import LAYER, described, encoded, entry
from stellaops_core import errors
from stellaops_core.images import choice, descriptor
from stellaops_core.images import manifest as m
from stellaops_core.images.image import Platform


def test_descriptor_members():
    """Everything a descriptor says arrives; nulls, as Go writes them, are nothing."""
    full = {
        **LAYER,
        "platform": {"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "1"},
        "annotations": {"a": "b"},
        "urls": ["https://example.com/layer"],
        "artifactType": "x/y",
    }
    empty = {**LAYER, "platform": None, "annotations": None, "urls": None, "artifactType": None}
    index = m.read_manifest(encoded({"manifests": [full, empty]}))
    assert isinstance(index, m.Index)
    known, plain = index.manifests
    assert known.platform == Platform("linux", "arm", "v7")
    assert (known.annotations, known.urls, known.artifact_type) == ({"a": "b"}, ("https://example.com/layer",), "x/y")
    assert structs.asdict(plain) == {
        **structs.asdict(described(b"layer", LAYER["mediaType"])),
        "platform": None,
        "annotations": {},
    }


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_verified(data, other):
    """Content passes under its own digest and size, and under no other's."""
    assert descriptor.verified(data, described(data)) == data
    if other != data:
        with pytest.raises(errors.Truncated if len(other) < len(data) else errors.DigestMismatch):
            descriptor.verified(other, described(data))


@pytest.mark.parametrize(
    "descriptor",
    [
        entry("linux/amd64", annotations={descriptor.ATTESTATION: "attestation-manifest"}),
        entry("unknown/unknown"),
        entry("linux/amd64", artifact_type="application/spdx+json"),
        described(b"", "application/vnd.oci.artifact.manifest.v1+json"),
        described(b"", descriptor.OCI_INDEX),
    ],
)
def test_no_images(descriptor):
    """Attestations and artifacts are never chosen, not even as the only entry."""
    with pytest.raises(errors.NotAnImage):
        choice.choose([descriptor], None)


@pytest.mark.parametrize(
    "text",
    [
        digest(b"").upper(),
        "sha256:" + digest(b"")[7:].upper(),
        digest(b"")[:-1],
        digest(b"") + "0",
        digest(b"") + "\n",
        "sha512:" + digest(b"")[7:],
        "sha384:" + "0" * 96,
        "sha256:" + "\u0661" * 64,
        "",
    ],
)
def test_digests_that_are_none(text):
    """Other algorithms, lengths, cases and alphabets are refused where they stand."""
    with pytest.raises(errors.CorruptImage, match="at `x`"):
        descriptor.read_descriptor(descriptor.StatedDescriptor("a/b", text, 1), "x")
