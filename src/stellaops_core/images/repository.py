"""One repository of a registry: asks for manifests and blobs, follows redirects, tries again.

Comes in: digests and descriptors. Goes out: documents whose digests their readers check, and layers as streams of
exactly their stated size. Everything has a time within which it is there: DOCUMENT_SECONDS for manifests and
configuration together; for a layer, LAYER_SLACK and its size at the lowest pace, LAYER_SECONDS at most.

Source: OCI distribution specification 1.1, "Pulling manifests" and "Pulling blobs".
"""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stellaops_core.digest import Digest, hasher
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NetworkError,
    StellaError,
    TargetNotFound,
    Truncated,
    Unsupported,
)
from stellaops_core.images.descriptor import INDEX_TYPES, MANIFEST_TYPES, Descriptor
from stellaops_core.images.dialer import PACE
from stellaops_core.images.failures import PASSING, Passing, busy
from stellaops_core.images.image import Layer
from stellaops_core.images.manifest import MANIFEST_LIMIT, Index, Manifest, read_manifest
from stellaops_core.images.registry_auth import Access, parse_challenges
from stellaops_core.images.registry_name import Name, is_digest
from stellaops_core.images.registry_site import Site, shown
from stellaops_core.images.transport import LEFTOVER_LIMIT, Answer, Transport, Trust, Way

if TYPE_CHECKING:
    import httpx

    from stellaops_core.images.registry import RegistryOptions

REDIRECT_LIMIT = 5
"""Redirects that are followed for one request."""
PAUSE_LIMIT = 60.0
"""Seconds waited before another try, whatever a server asks for."""
PROGRESS = 8 << 20
"""Bytes of a layer after which earlier interruptions are forgotten."""
DOCUMENT_SECONDS = 1800.0
"""Longest wait for manifests and configuration, all together."""
LAYER_SLACK = 600.0
"""Seconds that a layer may take besides those that its size needs at the lowest pace."""
LAYER_SECONDS = 12 * 3600.0
"""Longest wait for a layer, whatever its size."""

ACCEPTED = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Watch:
    """Measures how long a registry keeps us waiting for one thing, in however many requests."""

    def __init__(self, now: Callable[[], float], limit: float) -> None:
        self._now = now
        self._limit = limit
        self._end = now() + limit

    def check(self) -> None:
        """Raise `NetworkError` when it has been too long."""
        if self._now() > self._end:
            raise NetworkError(f"the registry takes more than {self._limit:.0f} seconds for one thing")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time that somebody else takes."""
        began = self._now()
        yield
        self._end += self._now() - began


class Repository:
    """One repository of one registry: asks, follows redirects, tries again.

    Safe after a fork: each process opens its own connections, with the access that was granted before.
    """

    def __init__(
        self, name: Name, options: "RegistryOptions", sleep: Callable[[float], None], now: Callable[[], float]
    ) -> None:
        self._name = name
        self._retries = options.retries
        self._sleep = sleep
        self._now = now
        self._site = Site(name, options.insecure)
        trust = Trust(options.ca_file)
        way = Way(self._site.address, trust, options.proxies, options.timeout, options.user_agent, now)
        self._transport = Transport(way)
        self._access = Access(self._site, options.credentials, self._transport)
        self._documents = Watch(now, DOCUMENT_SECONDS)

    def read_top(self) -> tuple[Digest, Index | Manifest]:
        """Fetch what the name points at; its digest is computed, and is the one asked for if one was."""
        absent = TargetNotFound(f"no such image: {self._name}", hint="check the name and the tag")
        reference = self._name.digest or self._name.tag
        data, headers = self._fetch(f"manifests/{reference}", {"Accept": ACCEPTED}, MANIFEST_LIMIT, absent)
        digest = _digest_of(data, self._name.digest or "sha256:")
        if self._name.digest and digest != self._name.digest:
            raise DigestMismatch(f"{self._name.registry} sent something else for {self._name}")
        document = read_manifest(data, headers.get("content-type", ""))
        claimed = headers.get("docker-content-digest", "")
        if is_digest(claimed) and claimed != _digest_of(data, claimed):
            raise DigestMismatch(f"{self._name.registry} sent a manifest that does not match its own digest header")
        return digest, document

    def read(self, descriptor: Descriptor) -> bytes:
        """Fetch a manifest or a configuration of at most the stated size (one byte more shows that it is longer)."""
        kind = "manifests" if descriptor.media_type in INDEX_TYPES | MANIFEST_TYPES else "blobs"
        absent = MissingBlob(f"{self._name.registry} lists {descriptor.digest} and does not have it")
        accept = {"Accept": descriptor.media_type} if kind == "manifests" else {}
        return self._fetch(f"{kind}/{descriptor.digest}", accept, descriptor.size, absent)[0]

    def read_layer(self, layer: Layer) -> Generator[bytes, None, None]:
        """Yield a layer's stored bytes, exactly as many as its size says."""
        watch = Watch(self._now, min(LAYER_SLACK + layer.size / PACE, LAYER_SECONDS))
        done = forgotten = failures = 0
        while True:
            try:
                for piece in self._read_from(layer, done, watch):
                    done += len(piece)
                    _check_length(layer, done)
                    with watch.paused():
                        yield piece
                break
            except Passing as error:
                if done == layer.size:
                    break
                if done - forgotten >= PROGRESS:
                    failures, forgotten = 0, done
                failures += 1
                self._pause(failures, error)
        if done < layer.size:
            raise Truncated(f"layer {layer.digest}: {self._name.registry} sent {done} of {layer.size} bytes")

    @contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """Ask for what can be done without: one try at each document, and `seconds` for all of them together."""
        patient = self._retries, self._documents
        self._retries, self._documents = 0, Watch(self._now, seconds)
        try:
            yield
        finally:
            self._retries, self._documents = patient

    def close(self) -> None:
        """Close this process's connections."""
        self._transport.close()

    def _read_from(self, layer: Layer, start: int, watch: Watch) -> Iterator[bytes]:
        absent = _absent(layer, self._name.registry)
        wanted = {"Range": f"bytes={start}-"} if start else {}
        with self._answer(f"blobs/{layer.digest}", wanted, absent, watch) as answer:
            position = _position(answer, start)
            if (length := answer.headers.get("content-length", "")).isdecimal():
                _check_length(layer, position + int(length[:20]))
            for piece in answer.pieces(layer.size):
                watch.check()
                fresh = piece[max(start - position, 0) :]
                position += len(piece)
                if fresh:
                    yield fresh

    def _fetch(
        self, path: str, headers: dict[str, str], limit: int, absent: StellaError
    ) -> tuple[bytes, "httpx.Headers"]:
        """Fetch `limit` + 1 bytes at most, so that who checks the size sees that there are more."""
        failures = 0
        while True:
            try:
                with self._answer(path, headers, absent, self._documents) as answer:
                    return answer.body(limit, self._documents.check), answer.headers
            except Passing as error:
                failures += 1
                self._pause(failures, error)

    def _pause(self, failures: int, error: Passing) -> None:
        """Wait before another try; raise the error where there is to be none. Who never answered is not asked again."""
        if failures > self._retries or (error.unmet and not self._transport.met):
            raise error
        wait = error.wait if error.wait is not None else 2.0 ** min(failures - 1, 6)
        self._sleep(min(wait, PAUSE_LIMIT))

    @contextmanager
    def _answer(self, path: str, headers: dict[str, str], absent: StellaError, watch: Watch) -> Iterator[Answer]:
        """Ask for a path of this repository, wherever it is kept. What is no success is raised."""
        url, own = self._site.url(path), True
        for _ in range(REDIRECT_LIMIT + 1):
            watch.check()
            own = own and self._site.owns(url)  # who was led elsewhere is shown no way back in
            answer = self._ask(url, headers) if own else self._transport.send("GET", url, headers)
            if answer.status not in _REDIRECTS:
                break
            answer.finish()
            url = self._site.follow(url, answer.headers.get("location", ""), "redirects")
        else:
            raise NetworkError(f"{self._name.registry} redirects more than {REDIRECT_LIMIT} times")
        try:
            if answer.status != 200 and not (answer.status == 206 and "Range" in headers):
                raise self._refusal(answer, url, absent, own=own)
            yield answer
        finally:
            answer.close()

    def _ask(self, url: "httpx.URL", headers: dict[str, str]) -> Answer:
        """Ask the registry once; and again with access if it wants that or has forgotten it."""
        answer = self._transport.send("GET", url, headers | self._access.headers())
        if answer.status != 401:
            return answer
        challenges = parse_challenges(", ".join(answer.headers.get_list("www-authenticate")))
        answer.finish()
        self._access.meet(challenges)
        return self._transport.send("GET", url, headers | self._access.headers())

    def _refusal(self, answer: Answer, url: "httpx.URL", absent: StellaError, *, own: bool) -> StellaError:
        host, status = shown(url), answer.status
        if status == 404:
            return absent
        if status in {401, 403} and own:
            return self._access.refusal()
        if status in PASSING:
            return busy(status, answer.headers, host, self._name.registry)
        hint = ""
        if status == 400 and b"HTTPS" in answer.body(LEFTOVER_LIMIT):
            hint = f"it speaks TLS: leave out --insecure-registry {host}"
        return NetworkError(f"{host} answered {status} to a request for {self._name}", hint=hint)


def _position(answer: Answer, start: int) -> int:
    """Offset of the body's first byte: 0 if the server sends everything again, else `start`. RFC 9110 section 14.4."""
    if answer.status == 200:
        return 0
    match = re.match(r"bytes ([0-9]{1,19})-", answer.headers.get("content-range", ""))
    if not match or int(match[1]) != start:
        raise NetworkError("the registry sent another part of a layer than it was asked for")
    return start


def _check_length(layer: Layer, length: int) -> None:
    if length > layer.size:
        raise CorruptImage(f"layer {layer.digest} is longer than the {layer.size} bytes its manifest states")


def _absent(layer: Layer, registry: str) -> StellaError:
    if layer.urls:
        return Unsupported(f"layer {layer.digest} is a foreign one: {registry} only says where it may be had")
    return MissingBlob(f"{registry} lists layer {layer.digest} and does not have it")


def _digest_of(data: bytes, like: str) -> Digest:
    """Digest of `data` by the algorithm of another digest."""
    algorithm = like.partition(":")[0]
    check = hasher(Digest(algorithm))
    check.update(data)
    return Digest(f"{algorithm}:{check.hexdigest()}")
