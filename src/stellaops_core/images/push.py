"""Documents attached to images in a registry.

Comes in: the digest of an image's manifest, and documents. Goes out: for each document a manifest that refers to the
image, listed among its referrers. Rules: equal documents give equal manifests, and what is listed already is left as it
is, so that pushing again changes nothing; what others have attached stays.

Source: OCI distribution specification 1.1, "Pushing manifests", "Pushing Manifests with Subject"; OCI image
specification 1.1, manifest.md, "Guidelines for Artifact Usage".
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from stellaops_core.digest import Digest, sha256
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NetworkError,
    NotAnImage,
    OutputError,
    StellaError,
    TargetNotFound,
    Unauthorized,
)
from stellaops_core.images.credentials import Login
from stellaops_core.images.descriptor import LAYER_LIMIT, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST, Descriptor, verified
from stellaops_core.images.failures import Passing
from stellaops_core.images.manifest import MANIFEST_LIMIT, Index, Manifest, read_manifest
from stellaops_core.images.referrers import DOCUMENT_LIMIT, ReferrersRepository, tag_of
from stellaops_core.images.registry_auth import Access, parse_challenges
from stellaops_core.images.registry_name import Name
from stellaops_core.images.transport import Answer

if TYPE_CHECKING:
    import httpx

    from stellaops_core.images.registry import RegistryOptions

LIST_LIMIT = 8
"""Tries to list manifests while others change the same list."""
SETTLE_SECONDS = 0.5
"""Shortest pause before a list is read again: others who had read it before must have written by then."""

EMPTY = b"{}"
"""The configuration of what has none."""
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"

Json = dict[str, Any]
T = TypeVar("T")


class Document(Struct, frozen=True):
    """A document to attach."""

    data: bytes
    media_type: str
    """Without parameters; the artifact type as well."""
    title: str
    """Name of the file that tools write it to."""
    annotations: Mapping[str, str]
    """Of the manifest; lists of referrers show them."""


class Pushed(Struct, frozen=True):
    """What became of one document."""

    manifest: Digest
    new: bool
    """Whether it was not attached before."""


class PushRepository(ReferrersRepository):
    """A repository that is written to as well."""

    def __init__(
        self, name: Name, options: "RegistryOptions", sleep: Callable[[float], None], now: Callable[[], float]
    ) -> None:
        super().__init__(name, options, sleep, now)
        self._access: Access = _WriteAccess(self._site, options.credentials, self._transport)

    def attach(self, subject: Digest, documents: tuple[Document, ...]) -> tuple[Pushed, ...]:
        """Attach documents to the image whose manifest has this digest.

        Raises `TargetNotFound` where there is no such image, `Unauthorized`, `NetworkError`, `CorruptImage` where the
        tag that should list referrers is something else, and `OutputError` for a document that is too large.
        """
        image = self._describe(subject)
        listed = {entry.digest for entry in self.read_referrers(subject)}
        pushed, unlisted = [], []
        for document in documents:
            manifest = make_manifest(image, document)
            digest = sha256(manifest)
            if digest not in listed and not self._push(document, digest, manifest):
                unlisted.append(_entry(digest, len(manifest), document))
            pushed.append(Pushed(digest, new=digest not in listed))
        if unlisted:
            self._list(subject, unlisted)
        return tuple(pushed)

    def _push(self, document: Document, digest: Digest, manifest: bytes) -> bool:
        """Push a document and its manifest; return whether the registry lists referrers itself."""
        if len(document.data) > DOCUMENT_LIMIT:
            raise OutputError(f"{document.title} has {len(document.data)} bytes; {DOCUMENT_LIMIT} can be attached")
        for data in (EMPTY, document.data):
            self._again(partial(self._upload, data))
        answer = self._again(partial(self._put_manifest, digest, manifest, OCI_MANIFEST, {}))
        return bool(answer.get("oci-subject"))

    def _describe(self, subject: Digest) -> Descriptor:
        absent = TargetNotFound(f"{self._name.registry} has no image {subject} in {self._name.repository}")
        accept = {"Accept": ", ".join(sorted(MANIFEST_TYPES))}
        data, headers = self._fetch(f"manifests/{subject}", accept, MANIFEST_LIMIT, absent)
        document = read_manifest(verified(data, Descriptor("", subject, len(data))), headers.get("content-type", ""))
        if not isinstance(document, Manifest):
            raise NotAnImage(f"{subject} is no image but an index of images")
        return Descriptor(document.media_type, subject, len(data))

    # --- writing ---

    def _upload(self, data: bytes) -> None:
        """Upload content that is not there yet, in one piece."""
        digest, registry = sha256(data), self._name.registry
        absent = MissingBlob(digest)
        try:
            self._send("HEAD", self._site.url(f"blobs/{digest}"), {200}, absent)
        except MissingBlob:
            pass
        else:
            return
        start = self._site.url("blobs/uploads/")
        unknown = TargetNotFound(f"{registry} has no repository {self._name.repository}")
        place = self._send("POST", start, {202}, unknown).get("location", "")
        target = self._site.follow(start, place, "sends uploads").copy_merge_params({"digest": digest})
        kind = {"Content-Type": "application/octet-stream"}
        self._send("PUT", target, {201}, Passing(f"{registry} has forgotten an upload"), kind, data)

    def _put_manifest(
        self, reference: str, data: bytes, media_type: str, conditions: Mapping[str, str]
    ) -> "httpx.Headers":
        """Put a manifest under a digest or a tag; return the headers of the answer."""
        unknown = TargetNotFound(f"{self._name.registry} has no repository {self._name.repository}")
        headers = {"Content-Type": media_type, **conditions}
        answer = self._send("PUT", self._site.url(f"manifests/{reference}"), {201}, unknown, headers, data)
        if answer.get("docker-content-digest", sha256(data)) != sha256(data):
            raise DigestMismatch(f"{self._name.registry} keeps something else than what was pushed")
        return answer

    def _send(
        self,
        method: str,
        url: "httpx.URL",
        wanted: set[int],
        absent: StellaError,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> "httpx.Headers":
        """Send a request that is answered by a status; other than what is wanted is raised. No redirect is followed."""
        own = self._site.owns(url)
        given = dict(headers or {})
        answer = self._ask(url, given, method, content) if own else self._transport.send(method, url, given, content)
        if answer.status in wanted:
            answer.finish()
            return answer.headers
        try:
            raise _Changed if answer.status == 412 else self._refusal(answer, url, absent, own=own)
        finally:
            answer.close()

    def _ask(self, url: "httpx.URL", headers: dict[str, str], method: str = "GET", content: bytes = b"") -> Answer:
        """Ask the registry once; and again with access if it wants that or has forgotten it."""
        answer = self._transport.send(method, url, headers | self._access.headers(), content)
        if answer.status != 401:
            return answer
        challenges = parse_challenges(", ".join(answer.headers.get_list("www-authenticate")))
        answer.finish()
        self._access.meet(challenges)
        return self._transport.send(method, url, headers | self._access.headers(), content)

    def _again(self, work: Callable[[], T]) -> T:
        """Do what may be done twice; try again after failures that may pass."""
        failures = 0
        while True:
            try:
                return work()
            except Passing as error:
                failures += 1
                self._pause(failures, error)

    # --- the list that stands in for the Referrers API ---

    def _list(self, subject: Digest, entries: list[Json]) -> None:
        """Add to the list under the subject's tag, however many others do the same.

        Registries need not know conditional requests, so that a list that was written is read again after a while. How
        long that is depends on the first entry's digest as well: so writers don't meet each time.
        """
        tag, conditional = tag_of(subject), False
        share = int(entries[0]["digest"][-4:], 16) / 0x10000
        for count in range(LIST_LIMIT):
            index, condition = self._again(partial(self._read_list, tag))
            known = {one.get("digest") for one in index["manifests"] if isinstance(one, dict)}
            missing = [entry for entry in entries if entry["digest"] not in known]
            if not missing:
                return
            index["manifests"] += missing
            try:
                self._again(partial(self._put_list, tag, index, condition))
            except _Changed:
                conditional = bool(condition)
            else:
                if conditional:
                    return
            self._sleep(SETTLE_SECONDS * (1 + share) * (1 + count))
        raise NetworkError(
            f"others keep changing the list {tag} in {self._name.registry}/{self._name.repository}", hint="try again"
        )

    def _read_list(self, tag: str) -> tuple[Json, dict[str, str]]:
        """Read the list, as it is written, and the condition under which it may be replaced."""
        try:
            data, headers = self._fetch(f"manifests/{tag}", {"Accept": OCI_INDEX}, MANIFEST_LIMIT, _Unlisted(tag))
        except _Unlisted:
            return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, {"If-None-Match": "*"}
        wrong = CorruptImage(
            f"the tag {tag} in {self._name.registry}/{self._name.repository} is no list of referrers",
            hint="remove it, if nobody needs it",
        )
        try:
            known = read_manifest(data)
        except (CorruptImage, NotAnImage):
            raise wrong from None
        document = msgspec.json.decode(data)
        if not isinstance(known, Index) or not isinstance(document.get("manifests"), list):
            raise wrong
        etag = headers.get("etag", "")
        return document, {"If-Match": etag} if re.fullmatch(r'"[!#-~]{1,256}"', etag) else {}

    def _put_list(self, tag: str, index: Json, condition: Mapping[str, str]) -> None:
        data = msgspec.json.encode(index)
        if len(data) > MANIFEST_LIMIT or len(index["manifests"]) > LAYER_LIMIT:
            raise OutputError(f"the list {tag} is full: nothing more can be attached")
        self._put_manifest(tag, data, OCI_INDEX, condition)


class _Changed(NetworkError):
    """Somebody else has changed what was to be replaced."""

    def __init__(self) -> None:
        super().__init__("somebody else changed the list of referrers at the same time", hint="try again")


class _Unlisted(TargetNotFound):
    """There is no list yet."""


class _WriteAccess(Access):
    """Access for pushing to one repository as well; asked for from the beginning, so that one token does."""

    def refusal(self) -> Unauthorized:
        """Make the error for a registry that does not let us in, or not write."""
        told = super().refusal()
        name = self._site.name
        return Unauthorized(f"{name.registry} does not let this login write to {name.repository}", hint=told.hint)

    def _fetch_token(self, asked: dict[str, str], login: Login | None) -> str:
        """Take the repository's name from the challenge, whatever may be done to it by that."""
        scope = re.sub(r":[a-z,]+$", ":pull", asked.get("scope", ""))
        return super()._fetch_token({**asked, "scope": scope}, login)

    def _ask(self, url: "httpx.URL", fields: dict[str, str], login: Login | None) -> Answer:
        return super()._ask(url, {**fields, "scope": fields["scope"] + ",push"}, login)


def make_manifest(image: Descriptor, document: Document) -> bytes:
    """Write the manifest that attaches a document to an image. Pure: equal documents give equal bytes."""
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.size}
    layer = {"mediaType": document.media_type, "digest": sha256(document.data), "size": len(document.data)}
    return msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": document.media_type,
            "config": {"mediaType": EMPTY_TYPE, "digest": sha256(EMPTY), "size": len(EMPTY)},
            "layers": [{**layer, "annotations": {"org.opencontainers.image.title": document.title}}],
            "subject": subject,
            "annotations": dict(sorted(document.annotations.items())),
        }
    )


def _entry(digest: Digest, size: int, document: Document) -> Json:
    """What a list of referrers says about a manifest."""
    return {
        "mediaType": OCI_MANIFEST,
        "digest": digest,
        "size": size,
        "artifactType": document.media_type,
        "annotations": dict(sorted(document.annotations.items())),
    }
