"""What is attached to an image in a registry: its referrers, and BuildKit's attestations beside it in an index.

Comes in: a repository and the digest of an image's manifest. Goes out: what is attached, in a fixed order; and the
document of one, whose digest holds. The rule: whoever may push may attach. That something is attached says nothing
about the image until a signature or a setting says that it may be believed.

Source: OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema"; OCI image specification 1.1,
manifest.md, `subject`; BuildKit, docs/attestations/attestation-storage.md.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from stellaops_core.digest import Digest
from stellaops_core.errors import CorruptImage, NetworkError, NotAnImage, TargetNotFound
from stellaops_core.images.descriptor import (
    ATTESTATION,
    MANIFEST_TYPES,
    OCI_INDEX,
    Descriptor,
    StatedDescriptor,
    check_size,
    verified,
)
from stellaops_core.images.manifest import MANIFEST_LIMIT, Index, Manifest, manifest_at, read_manifest
from stellaops_core.images.repository import Repository

if TYPE_CHECKING:
    import httpx

ATTACHED_LIMIT = 4096
"""Referrers of one image that are looked at."""
PAGE_LIMIT = 64
"""Answers that one list of referrers may be spread over."""
ATTESTATION_LIMIT = 32
"""Attestation manifests of one image that are read."""
DOCUMENT_LIMIT = 64 << 20
"""Bytes of an attached document."""

CYCLONEDX = "application/vnd.cyclonedx+json"
"""Artifact type and media type of the documents that `stella buildx push` attaches."""
IN_TOTO = "application/vnd.in-toto+json"
"""Media type of BuildKit's attestations."""
ATTESTATION_TYPE = "application/vnd.docker.attestation.manifest.v1+json"
"""Artifact type of BuildKit's attestation manifests."""
VIEW = "org.stella-ops.sbom.view"
"""Annotation: `inventory` or `usage`."""
TOOL = "org.stella-ops.sbom.tool"
"""Annotation: what wrote the document, and its version."""

_REFERENCE = "vnd.docker.reference.digest"
_PREDICATE = "in-toto.io/predicate-type"
_NEXT = re.compile(r"<([^<>\s]{1,2048})>\s*;[^<]*?\brel=\"?next\"?", re.IGNORECASE)


class Attached(Struct, frozen=True):
    """One thing that is attached to an image."""

    place: str
    """`referrer`, or `index`: beside the image in the index that it was found by."""
    content: str
    """Artifact type of a referrer; predicate type of one of BuildKit's attestations."""
    view: str
    """`inventory` or `usage` where it says so, as documents of ours do."""
    manifest: Descriptor
    """Of the manifest that is attached."""
    statement: Descriptor | None = None
    """Of the attestation within that manifest."""
    position: int = 0
    """Of the attestation among those of its manifest: BuildKit puts what is about the image itself first."""


class ReferrersRepository(Repository):
    """A repository that is also asked what refers to its images."""

    def read_referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        """List what refers to a manifest: by the API, else by its tag. Raises `NetworkError`, `CorruptImage`."""
        try:
            return tuple(self._listed(subject))
        except _Absent:
            return self.read_list(subject)

    def read_list(self, subject: Digest) -> tuple[Descriptor, ...]:
        """List what the tag that stands in for the API lists; what is no index lists nothing."""
        try:
            data, _ = self._fetch(f"manifests/{tag_of(subject)}", {"Accept": OCI_INDEX}, MANIFEST_LIMIT, _Absent(""))
            document = read_manifest(data)
        except (_Absent, CorruptImage, NotAnImage):
            return ()
        return document.manifests if isinstance(document, Index) else ()

    def _listed(self, subject: Digest) -> Iterator[Descriptor]:
        path, count = f"referrers/{subject}", 0
        for _ in range(PAGE_LIMIT):
            data, headers = self._fetch(path, {"Accept": OCI_INDEX}, MANIFEST_LIMIT, _Absent(""))
            document = read_manifest(data, OCI_INDEX)
            if not isinstance(document, Index):
                raise CorruptImage(f"{self._name.registry} sent something else than a list of referrers")
            count += len(document.manifests)
            if count > ATTACHED_LIMIT:
                raise CorruptImage(f"{subject} has more than {ATTACHED_LIMIT} referrers")
            yield from document.manifests
            following = self._next(path, headers)
            if not following:
                return
            path = following
        raise NetworkError(f"{self._name.registry} spreads a list of referrers over more than {PAGE_LIMIT} answers")

    def _next(self, path: str, headers: "httpx.Headers") -> str:
        """Path of the next part of a list within this repository; "" after the last. RFC 8288."""
        match = _NEXT.search(headers.get("link", "")[:8192])
        if not match:
            return ""
        url = self._site.follow(self._site.url(path), match[1], "leads")
        prefix = self._site.url("").raw_path
        if not self._site.owns(url) or not url.raw_path.startswith(prefix):
            raise NetworkError(f"{self._name.registry} leads from a list of referrers to another place")
        return url.raw_path[len(prefix) :].decode("ascii")


class _Absent(TargetNotFound):
    """No API, or no tag."""


def tag_of(subject: Digest) -> str:
    """The tag under which a registry without the API keeps the list of what refers to `subject`."""
    algorithm, _, encoded = subject.partition(":")
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{algorithm[:32]}-{encoded[:64]}")


def find_attached(repository: ReferrersRepository, digest: Digest) -> tuple[Attached, ...]:
    """List what is attached to the image whose manifest has this digest, sorted.

    `repository`: opened by the name that led to the image: only where that names an index, attestations beside the
    image can be seen. Raises `NetworkError` and its kin, `CorruptImage`.
    """
    found: dict[tuple[str, str], Attached] = {}
    attestations: dict[Digest, tuple[str, Descriptor]] = {}
    _, top = repository.read_top()
    for entry in top.manifests if isinstance(top, Index) else ():
        if entry.annotations.get(ATTESTATION) and entry.annotations.get(_REFERENCE) == digest:
            attestations[entry.digest] = "index", entry
    for entry in repository.read_referrers(digest):
        if entry.artifact_type == ATTESTATION_TYPE:
            attestations.setdefault(entry.digest, ("referrer", entry))
        else:
            view = entry.annotations.get(VIEW, "")
            found[entry.digest, ""] = Attached("referrer", entry.artifact_type, view, entry)
    if len(attestations) > ATTESTATION_LIMIT:
        raise CorruptImage(f"{digest} has more than {ATTESTATION_LIMIT} attestation manifests")
    for place, entry in attestations.values():
        for position, layer in enumerate(manifest_at(entry, repository.read).layers):
            if layer.media_type == IN_TOTO and (entry.digest, layer.digest) not in found:
                predicate = layer.annotations.get(_PREDICATE, "")
                found[entry.digest, layer.digest] = Attached(place, predicate, "", entry, layer, position)
    return tuple(sorted(found.values(), key=_order))


def read_attached(repository: ReferrersRepository, attached: Attached, subject: Digest) -> bytes:
    """Fetch an attached document: an attestation's statement, or the one layer of a referrer to `subject`.

    Its digest is verified, which says that it is what was attached, not that it is true. Raises `CorruptImage` for a
    referrer that refers to something else or holds several documents, `MissingBlob`, `NetworkError`.
    """
    layer = attached.statement or _only_layer(repository, attached.manifest, subject)
    check_size(layer, DOCUMENT_LIMIT)
    return verified(repository.read(layer), layer)


def _only_layer(repository: ReferrersRepository, entry: Descriptor, subject: Digest) -> Descriptor:
    if entry.media_type not in MANIFEST_TYPES:
        raise CorruptImage(f"{entry.digest} is attached and no manifest: {entry.media_type[:100]!r}")
    check_size(entry, MANIFEST_LIMIT)
    data = verified(repository.read(entry), entry)
    manifest = read_manifest(data, entry.media_type)
    if not isinstance(manifest, Manifest) or len(manifest.layers) != 1:
        raise CorruptImage(f"{entry.digest} is attached and does not hold one document")
    if _subject_of(data) != subject:
        raise CorruptImage(f"{entry.digest} is listed among the referrers of {subject}, and refers to something else")
    return manifest.layers[0]


class _Referring(Struct):
    subject: StatedDescriptor | None = None


def _subject_of(data: bytes) -> str:
    """Digest that a manifest refers to; "" for none. It has been read as a manifest before."""
    try:
        subject = msgspec.json.decode(data, type=_Referring).subject
    except msgspec.ValidationError:
        return ""
    return subject.digest if subject else ""


def _order(attached: Attached) -> tuple[str, ...]:
    statement = attached.statement.digest if attached.statement else ""
    return attached.place, attached.content, attached.view, attached.manifest.digest, statement
