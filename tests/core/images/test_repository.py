from collections import deque

import msgspec
import pytest

from builders import digest
from pulls import STORED, Client, logins, read
from simulators import (
    Fault,
    RegistrySimulator,
    announce,
    body,
    chunked,
    drop_after,
    drop_from_start,
    endless,
    hang_up,
    redirect,
    status,
)
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NetworkError,
    NotAnImage,
    StellaError,
    TargetNotFound,
    Truncated,
    Unauthorized,
    Unsupported,
)
from stellaops_core.images import repository as subject


def test_all_media_types_are_accepted(registry):
    """A registry is asked for OCI and Docker manifests and indexes alike, and for bytes as they are stored."""
    Client(registry).open()
    first = registry.requests[0]
    assert first.headers["Accept"].count("application/vnd.") == 4
    assert first.headers["Accept-Encoding"] == "identity"
    assert first.headers["User-Agent"] == "stella"


CONTENT_FAULTS: list[tuple[str, Fault, type[StellaError]]] = [
    ("/manifests/", status(404), TargetNotFound),
    ("/manifests/", body(b"<html>Sign in</html>", Content_Type="text/html"), CorruptImage),
    ("/manifests/", body(b"{}"), NotAnImage),
    ("/manifests/", body(b'{"schemaVersion": 1, "fsLayers": []}', Docker_Content_Digest=digest(b"")), Unsupported),
    ("/manifests/", endless(), CorruptImage),
    ("/manifests/", endless(b"[" * 65536), CorruptImage),
    ("/manifests/", status(418), NetworkError),
    ("/manifests/", status(204), NetworkError),
    ("/manifests/", status(206, b"{}", Content_Range="bytes 0-1/9"), NetworkError),
    ("/manifests/", status(301), NetworkError),
    ("/blobs/", status(404), MissingBlob),
    ("/blobs/", body(b"{}"), Truncated),
    ("/blobs/", endless(), DigestMismatch),
]


@pytest.mark.parametrize(("part", "fault", "error"), CONTENT_FAULTS)
def test_wrong_documents_are_refused(registry, part, fault, error):
    """Manifest and configuration: absent, of another kind, endless, other than their digest."""
    registry.fault(part, fault, always=True)
    with pytest.raises(error):
        Client(registry).open()


def test_digests_are_computed(registry):
    """A manifest other than the pinned one is refused whatever the header says, and so is a header that lies."""
    key = next(name for name in registry.manifests if name.startswith("sha256:"))
    data = registry.manifests[key][1]
    for claimed in (key, digest(data + b" "), ""):
        registry.fault("/manifests/sha256", body(data + b" ", Docker_Content_Digest=claimed))
        with pytest.raises(DigestMismatch):
            Client(registry).open(f"@{key}")
    registry.fault("/manifests/1", body(data, Docker_Content_Digest=digest(b"other")))
    with pytest.raises(DigestMismatch):
        Client(registry).open()
    registry.fault("/manifests/1", body(data, Docker_Content_Digest="nonsense"))
    assert Client(registry).open().image.digest == key


LAYER_FAULTS: list[tuple[Fault, type[StellaError]]] = [
    (status(404), MissingBlob),
    (body(STORED[1] + b"x"), CorruptImage),
    (body(STORED[1][:-1]), Truncated),
    (body(b""), Truncated),
    (chunked(STORED[1] + b"x"), CorruptImage),
    (chunked(STORED[1][:100]), Truncated),
    (endless(), CorruptImage),
    (status(206, STORED[1], Content_Range="bytes 7-9/10"), NetworkError),
    (status(206, STORED[1]), NetworkError),
    (drop_after(0), NetworkError),
    (hang_up(), NetworkError),
    (status(500), NetworkError),
]


@pytest.mark.parametrize(("fault", "error"), LAYER_FAULTS)
def test_wrong_layers_are_refused(registry, fault, error):
    """Absent, longer or shorter than stated, endless, another part, or never whole: each has its error."""
    source = Client(registry).open()
    registry.fault("/blobs/", fault, always=True)
    with pytest.raises(error):
        read(source, 1)


def test_what_is_longer_is_noticed_before_it_is_passed_on(registry):
    """Of an endless layer, no more than its stated size ever gets through."""
    source = Client(registry).open()
    registry.fault("/blobs/", endless(), always=True)
    seen = 0
    with pytest.raises(CorruptImage), source.open_layer(source.image.layers[1]) as pieces:  # noqa: PT012
        for piece in pieces:
            seen += len(piece)
    assert seen <= len(STORED[1])


def test_a_length_that_lies_is_refused_before_anything_is_read(registry):
    """An announced length beyond the layer's size is enough."""
    source = Client(registry).open()
    registry.fault("/blobs/", announce(10**15))
    with pytest.raises(CorruptImage), source.open_layer(source.image.layers[1]) as pieces:
        pytest.fail(f"{len(next(pieces))} bytes came through")


def test_a_foreign_layer_is_not_fetched_from_where_it_says(registry, storage):
    """URLs of foreign layers are never followed."""
    source = Client(registry).open()
    foreign = msgspec.structs.replace(source.image.layers[0], digest=digest(b"?"), urls=(storage.url,))
    with pytest.raises(Unsupported), source.open_layer(foreign) as pieces:
        next(pieces)
    assert not storage.requests


def test_a_login_does_not_follow_a_redirect(registry, storage, tmp_path):
    """Storage on another host or port sees no Authorization, and still serves the layer."""
    registry.login = "me:s3cret"
    storage.blobs = registry.blobs
    client = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret"))
    source = client.open()
    for target in (storage.url, f"http://localhost:{storage.server_port}"):
        registry.fault("/blobs/", redirect(target + "{path}?signature=1"))
        assert read(source, 1) == STORED[1]
    assert [request.authorization for request in storage.requests] == ["", ""]
    registry.fault("/blobs/", redirect("/elsewhere{path}"))
    assert read(source, 1) == STORED[1]
    assert registry.requests[-1].authorization.startswith("Basic")


def test_storage_leads_nobody_back_with_a_login(registry, storage, tmp_path):
    """A registry's login is not what a third party may act with."""
    registry.login = "me:s3cret"
    source = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).open()
    registry.fault("/blobs/", redirect(storage.url + "{path}"))
    storage.fault("/blobs/", redirect(registry.url + "/admin?delete=all"))
    with pytest.raises(NetworkError):
        read(source, 1)
    assert registry.requests[-1].path == "/admin?delete=all"
    assert registry.requests[-1].authorization == ""


def test_storage_that_wants_a_login_gets_none(registry, storage, tmp_path):
    """A 401 or 403 of a redirect's target is a network error, and no reason to authorize."""
    registry.login = "me:s3cret"
    storage.login = "me:s3cret"
    source = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).open()
    registry.fault("/blobs/", redirect(storage.url + "{path}"))
    with pytest.raises(NetworkError) as caught:
        read(source, 1)
    assert not isinstance(caught.value, Unauthorized)
    assert [request.authorization for request in storage.requests] == [""]


def test_redirects_end(registry):
    """A loop is left after a few turns."""
    registry.fault("/manifests/", redirect("{path}"), always=True)
    with pytest.raises(NetworkError, match="redirects more than"):
        Client(registry).open()
    assert len(registry.requests) == subject.REDIRECT_LIMIT + 1


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_layer_goes_on(registry, ranges):
    """With a server that knows ranges only the rest is fetched; with another, what is known is skipped."""
    client = Client(registry)
    source = client.open()
    registry.ranges = ranges
    registry.fault("/blobs/", drop_after(50_000))
    assert read(source, 1) == STORED[1]
    asked = [request.headers.get("Range") for request in registry.asked(source.image.layers[1].digest)]
    assert asked == [None, "bytes=50000-"]
    assert client.pauses == [1.0]


def test_interruptions_are_forgotten_after_progress(registry, monkeypatch):
    """A long download survives more interruptions than `retries`, as long as it gets on; a standstill does not."""
    monkeypatch.setattr(subject, "PROGRESS", 20_000)
    client = Client(registry, retries=1)
    source = client.open()
    registry.fault("/blobs/", *[drop_after(30_000)] * 5)
    assert read(source, 1) == STORED[1]
    registry.fault("/blobs/", *[drop_after(10)] * 3)
    with pytest.raises(NetworkError, match="dropped"):
        read(source, 1)


def test_a_part_that_was_not_asked_for_is_refused(registry):
    """A resumed download checks where the answer begins."""
    source = Client(registry).open()
    registry.fault("/blobs/", drop_after(1000), status(206, STORED[1][500:], Content_Range="bytes 500-999/1000"))
    with pytest.raises(NetworkError, match="another part"):
        read(source, 1)


@pytest.mark.parametrize(
    ("headers", "pauses"),
    [
        ({}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "7"}, [7.0, 7.0, 7.0]),
        ({"Retry_After": "0"}, [0.0, 0.0, 0.0]),
        ({"Retry_After": "86400"}, [60.0, 60.0, 60.0]),
        ({"Retry_After": "9" * 400}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "-1"}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "soon"}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "Wed, 31 Dec 9999 23:59:59 GMT"}, [60.0, 60.0, 60.0]),
        ({"Retry_After": "Mon, 01 Jan 2001 00:00:00 GMT"}, [0.0, 0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(registry, code, headers, pauses):
    """It is given the time it asks for, within bounds, `retries` times; then it is an error with a hint."""
    registry.fault("/manifests/", *[status(code, **headers)] * 3)
    client = Client(registry)
    client.open()
    assert client.pauses == pauses
    registry.fault("/manifests/", status(code, **headers), always=True)
    with pytest.raises(NetworkError) as caught:
        client.open()
    assert caught.value.hint


def test_who_never_answered_is_not_asked_again():
    """A closed port is told at once."""
    with RegistrySimulator() as server:
        client = Client(server)
    with pytest.raises(NetworkError, match="can't be reached"):
        client.open()
    assert client.pauses == []


# Time


def test_a_layer_has_its_time_however_often_it_is_interrupted(registry, monkeypatch):
    """A server that ignores ranges and breaks off again and again holds us no longer than the layer's size allows."""
    monkeypatch.setattr(subject, "PROGRESS", 1)
    monkeypatch.setattr(subject, "LAYER_SLACK", 100.0)
    registry.ranges = False
    client = Client(registry)
    source = client.open()
    restarts = [drop_from_start(count) for count in range(1000, 200_000, 100)]
    registry.fault("/blobs/", *restarts)
    client.step = 1.0
    began = client.time
    with pytest.raises(NetworkError, match="more than 106 seconds"):
        read(source, 1)
    assert client.time - began < 140


def test_there_is_a_longest_time(registry, monkeypatch):
    """Whatever size a manifest states."""
    monkeypatch.setattr(subject, "LAYER_SECONDS", 50.0)
    client = Client(registry)
    source = client.open()
    huge = msgspec.structs.replace(source.image.layers[1], size=1 << 60)
    registry.fault(huge.digest, endless())
    client.step = 1.0
    with pytest.raises(NetworkError, match="more than 50 seconds"), source.open_layer(huge) as pieces:
        deque(pieces, 0)


def test_who_reads_slowly_is_not_blamed_on_the_registry(registry):
    """Time between two pieces is the reader's own."""
    client = Client(registry)
    source = client.open()
    read_slowly = []
    with source.open_layer(source.image.layers[1]) as pieces:
        for piece in pieces:
            client.time += 100_000
            read_slowly.append(piece)
    assert b"".join(read_slowly) == STORED[1]


def test_documents_have_their_time_together(registry, monkeypatch):
    """An index of indexes that all come just fast enough comes to an end."""
    monkeypatch.setattr(subject, "DOCUMENT_SECONDS", 100.0)
    kind = "application/vnd.oci.image.index.v1+json"
    inner = []
    for number in range(50):
        document = {"schemaVersion": 2, "mediaType": kind, "manifests": [], "annotations": {"n": str(number)}}
        key, size = registry.blobs.add_json(document)
        inner.append({"mediaType": kind, "digest": key, "size": size})
    registry.push_index(inner, "many")
    client = Client(registry)
    client.step = 1.0
    with pytest.raises(NetworkError, match="more than 100 seconds"):
        client.open(":many")
