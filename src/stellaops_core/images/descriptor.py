"""Descriptors: what a manifest or an index says about one piece of content.

Comes in: what a document states. Goes out: `Descriptor`s whose digest, size and platform are well formed. What
they list is believed only after `verified` has compared size and digest.

Source: OCI image specification 1.1, descriptor.md and image-index.md; Docker image manifest version 2, schema 2.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from stellaops_core.digest import Digest, hasher, parse_digest
from stellaops_core.errors import CorruptImage, DigestMismatch, Truncated
from stellaops_core.images.document import Spelling
from stellaops_core.images.image import Platform

LAYER_LIMIT = 4096
"""Layers of an image, and entries of one index."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIG_TYPES = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream",  # Docker before 1.11
    }
)
ATTESTATION = "vnd.docker.reference.type"
"""Annotation of BuildKit's attestation manifests."""

SPELLED_PLATFORM: Spelling = dict.fromkeys(("os", "architecture", "variant"))
SPELLED_DESCRIPTOR: Spelling = {
    **dict.fromkeys(("mediaType", "digest", "size", "annotations", "urls", "artifactType")),
    "platform": SPELLED_PLATFORM,
}

_PLATFORM_PART = re.compile(r"[A-Za-z0-9_.+-]{0,64}")


class Descriptor(Struct, frozen=True):
    """What a manifest or an index says about one piece of content."""

    media_type: str
    digest: Digest
    size: int
    """Bytes; not negative."""
    platform: Platform | None = None
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    urls: tuple[str, ...] = ()
    artifact_type: str = ""

    @property
    def is_image(self) -> bool:
        """Whether an index's entry is an image, as far as the entry itself tells."""
        return (
            self.media_type in MANIFEST_TYPES
            and ATTESTATION not in self.annotations
            and self.artifact_type in {"", *CONFIG_TYPES}
            and (self.platform is None or "unknown" not in {self.platform.os, self.platform.architecture})
        )


class StatedPlatform(Struct):
    """A platform as a document states it."""

    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class StatedDescriptor(Struct, rename="camel"):
    """A descriptor as a document states it."""

    media_type: str
    digest: str
    size: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    platform: StatedPlatform | None = None
    annotations: dict[str, str] | None = None
    urls: list[str] | None = None
    artifact_type: str | None = None


def read_descriptor(stated: StatedDescriptor, member: str) -> Descriptor:
    """Check a descriptor; `member` is where it stands, for messages. Raises `CorruptImage`."""
    try:
        digest = parse_digest(stated.digest)
    except CorruptImage as error:
        raise CorruptImage(f"manifest: {error} - at `{member}`", hint=error.hint) from None
    return Descriptor(
        media_type=stated.media_type,
        digest=digest,
        size=stated.size,
        platform=read_platform(stated.platform) if stated.platform else None,
        annotations=stated.annotations or {},
        urls=tuple(stated.urls or ()),
        artifact_type=stated.artifact_type or "",
    )


def read_descriptors(stated: list[StatedDescriptor] | None, member: str) -> tuple[Descriptor, ...]:
    """Check a list of descriptors, which may be null, as Go writes an empty list. Raises `CorruptImage`."""
    if len(stated or ()) > LAYER_LIMIT:
        raise CorruptImage(f"the manifest has {len(stated or ())} `{member}`; {LAYER_LIMIT} are read")
    return tuple(read_descriptor(item, f"{member}[{number}]") for number, item in enumerate(stated or ()))


def read_platform(stated: StatedPlatform) -> Platform:
    """Check a platform, whose parts may be missing. Raises `CorruptImage`."""
    parts = [stated.os or "", stated.architecture or "", stated.variant or ""]
    if not all(map(_PLATFORM_PART.fullmatch, parts)):
        raise CorruptImage(f"not a platform: {'/'.join(parts)[:100]!r}")
    return Platform(*parts)


def check_size(descriptor: Descriptor, limit: int) -> None:
    """Raise `CorruptImage` for a document that is too large to be fetched and read in one piece."""
    if descriptor.size > limit:
        raise CorruptImage(f"{descriptor.digest} has {descriptor.size} bytes; {limit} are read")


def verified(data: bytes, descriptor: Descriptor) -> bytes:
    """Return `data` if it is what the descriptor lists; raise `Truncated` or `DigestMismatch`."""
    if len(data) < descriptor.size:
        raise Truncated(f"{descriptor.digest} has {len(data)} of {descriptor.size} bytes")
    check = hasher(descriptor.digest)
    check.update(data)
    if len(data) > descriptor.size or not descriptor.digest.endswith(":" + check.hexdigest()):
        raise DigestMismatch(f"content does not match {descriptor.digest}", hint="fetch or export the image again")
    return data
