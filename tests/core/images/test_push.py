import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import add_image, digest
from pulls import LAYERS, Client, logins
from simulators import RegistrySimulator, TokenSimulator, WritableRegistrySimulator, body, hang_up, redirect, status
from stellaops_core.digest import Digest
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    NetworkError,
    NotAnImage,
    OutputError,
    TargetNotFound,
    Unauthorized,
)
from stellaops_core.images import push as subject
from stellaops_core.images.descriptor import Descriptor
from stellaops_core.images.manifest import Manifest, read_manifest
from stellaops_core.images.push import Document, PushRepository, make_manifest
from stellaops_core.images.referrers import CYCLONEDX, VIEW, find_attached, read_attached, tag_of
from stellaops_core.images.registry_name import parse_name

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCUMENTS = tuple(
    Document(b'{"view": "%s"}' % view.encode(), CYCLONEDX, f"{view}.cdx.json", {VIEW: view, "a": "b"})
    for view in ("inventory", "usage")
)


@pytest.fixture
def registry():
    with WritableRegistrySimulator() as server:
        server.image = Digest(server.push(add_image(server.blobs, LAYERS), "1"))
        yield server


@pytest.fixture(params=["api", "tag"])
def either(registry, request):
    """A registry with the Referrers API, and one without."""
    registry.referrers = request.param == "api"
    return registry


def opened(registry, **options):
    client = Client(registry, **options)
    name = parse_name(f"{registry.authority}/team/app:1")
    repository = PushRepository(name, client.options, client.pauses.append, client.now)
    repository.client = client
    client.opened.append(repository)
    return repository


def written(registry):
    """What a registry was asked to change."""
    return [asked for asked in registry.requests if asked.method in {"PUT", "POST"}]


def listed(registry):
    index = json.loads(registry.manifests[tag_of(registry.image)][1])
    return [entry["digest"] for entry in index["manifests"]]


def test_documents_are_attached(either):
    """Both are found by their views afterwards, with their bytes; the image itself is as it was."""
    image = either.manifests["1"]
    pushed = opened(either).attach(either.image, DOCUMENTS)
    assert all(one.new for one in pushed)
    repository = opened(either)
    found = find_attached(repository, either.image)
    assert [(one.content, one.view, one.manifest.digest) for one in found] == [
        (CYCLONEDX, "inventory", pushed[0].manifest),
        (CYCLONEDX, "usage", pushed[1].manifest),
    ]
    assert [read_attached(repository, one, either.image) for one in found] == [one.data for one in DOCUMENTS]
    assert either.manifests["1"] == image
    assert (tag_of(either.image) in either.manifests) is not either.referrers


def test_pushing_again_changes_nothing(either):
    """The second time nothing is written, and the same digests are told."""
    first = opened(either).attach(either.image, DOCUMENTS)
    before = dict(either.manifests), len(written(either))
    again = opened(either).attach(either.image, DOCUMENTS)
    assert [one.manifest for one in again] == [one.manifest for one in first]
    assert not any(one.new for one in again)
    assert (dict(either.manifests), len(written(either))) == before


def test_the_manifest_is_as_specified(registry):
    """An image manifest with an artifact type, the empty configuration, one layer with a title, and a subject."""
    image = Descriptor(MANIFEST, registry.image, 7)
    data = make_manifest(image, DOCUMENTS[0])
    assert json.loads(data) == {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": CYCLONEDX,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
        "layers": [
            {
                "mediaType": CYCLONEDX,
                "digest": digest(DOCUMENTS[0].data),
                "size": len(DOCUMENTS[0].data),
                "annotations": {"org.opencontainers.image.title": "inventory.cdx.json"},
            }
        ],
        "subject": {"mediaType": MANIFEST, "digest": registry.image, "size": 7},
        "annotations": {"a": "b", VIEW: "inventory"},
    }


@given(st.binary(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_equal_documents_make_equal_manifests(data, annotations):
    """In whatever order annotations come; and each is read as a manifest."""
    image = Descriptor(MANIFEST, Digest("sha256:" + "a" * 64), 1)
    one, other = (
        make_manifest(image, Document(data, CYCLONEDX, "x", dict(items)))
        for items in (annotations.items(), reversed(annotations.items()))
    )
    assert one == other
    assert isinstance(read_manifest(one), Manifest)


def test_what_others_attached_stays(registry):
    """Without the API the list is added to: other entries and members keep what they say."""
    registry.referrers = False
    other = {"mediaType": MANIFEST, "digest": digest(b"other"), "size": 5, "data": "eA==", "x-odd": [1]}
    index = {"schemaVersion": 2, "mediaType": subject.OCI_INDEX, "manifests": [other], "annotations": {"k": "v"}}
    registry.manifests[tag_of(registry.image)] = (subject.OCI_INDEX, json.dumps(index).encode())
    opened(registry).attach(registry.image, DOCUMENTS)
    kept = json.loads(registry.manifests[tag_of(registry.image)][1])
    assert kept["manifests"][0] == other
    assert kept["annotations"] == {"k": "v"}
    assert len(kept["manifests"]) == 3
    assert kept["manifests"][1]["artifactType"] == CYCLONEDX
    assert kept["manifests"][1]["annotations"][VIEW] == "inventory"


@pytest.mark.parametrize("conditions", [True, False], ids=["conditional", "unconditional"])
def test_others_write_at_the_same_time(registry, conditions):
    """What is lost to another writer is written again, whether the registry knows conditions or not."""
    registry.referrers, registry.conditions = False, conditions
    tag, rivals = tag_of(registry.image), []

    def rival():
        entry = {"mediaType": MANIFEST, "digest": digest(bytes([len(rivals)])), "size": 1}
        known = json.loads(registry.manifests[tag][1])["manifests"] if tag in registry.manifests else []
        rivals.append(entry["digest"])
        index = {"schemaVersion": 2, "mediaType": subject.OCI_INDEX, "manifests": [*known, entry]}
        registry.manifests[tag] = (subject.OCI_INDEX, json.dumps(index).encode())

    registry.meanwhile = [rival, rival, rival]
    pushed = opened(registry).attach(registry.image, DOCUMENTS)
    assert {one.manifest for one in pushed} <= set(listed(registry))
    assert not conditions or set(rivals) <= set(listed(registry))


def test_many_writers(registry):
    """Four at a time, each with a document of its own: all are listed in the end."""
    registry.referrers = False
    failures = []

    def attach(number):
        try:
            document = Document(b"%d" % number, CYCLONEDX, "x", {})
            opened(registry).attach(registry.image, (document,))
        except Exception as error:  # noqa: BLE001  # asserted below
            failures.append(error)

    writers = [threading.Thread(target=attach, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert failures == []
    assert len(listed(registry)) == 4


def test_a_list_that_is_never_left_alone(registry):
    """After some tries it is an error, and the pauses before them grow."""
    registry.referrers = False
    registry.fault(f"/manifests/{tag_of(registry.image)}", status(404), *[status(404), status(412)] * 20)
    repository = opened(registry)
    with pytest.raises(NetworkError, match="others keep changing"):
        repository.attach(registry.image, DOCUMENTS)
    assert repository.client.pauses == sorted(repository.client.pauses)
    assert len(repository.client.pauses) == subject.LIST_LIMIT


def test_a_tag_of_another_kind_is_left_alone(registry):
    """An image under the tag is not overwritten."""
    registry.referrers = False
    kept = registry.manifests[tag_of(registry.image)] = registry.manifests["1"]
    with pytest.raises(CorruptImage, match="no list of referrers"):
        opened(registry).attach(registry.image, DOCUMENTS)
    assert registry.manifests[tag_of(registry.image)] == kept


def test_one_token_for_all(registry, tmp_path):
    """It is asked for pulling and pushing at once, by the stored login, and serves every request."""
    with TokenSimulator() as tokens:
        registry.tokens = tokens
        tokens.logins = {"me:s3cret"}
        for scope, wanted in (("", "team/app"), ("repository:inner/team/app:pull,push", "inner/team/app")):
            tokens.requests.clear()
            registry.scope = scope
            documents = (Document(wanted.encode(), CYCLONEDX, "x", {}),)
            opened(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).attach(
                registry.image, documents
            )
            assert [asked.query["scope"] for asked in tokens.requests] == [[f"repository:{wanted}:pull,push"]]
        with pytest.raises(Unauthorized, match="write"):
            opened(registry).attach(registry.image, DOCUMENTS)


def test_who_may_only_read(registry, tmp_path):
    """403 for a write says what is not allowed, and no secret."""
    registry.login = "me:s3cret"
    registry.fault("/uploads/", status(403))
    with pytest.raises(Unauthorized, match="does not let this login write to team/app") as caught:
        opened(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).attach(registry.image, DOCUMENTS)
    assert "s3cret" not in str(caught.value) + caught.value.hint


def test_uploads_to_another_server(registry, tmp_path):
    """Content goes where the registry says, the login does not; nor over plain HTTP to who is not listed."""
    registry.login = "me:s3cret"
    credentials = logins(tmp_path, registry, login="me:s3cret")
    with WritableRegistrySimulator() as storage:
        registry.uploads_to = storage.url
        storage.blobs = registry.blobs
        opened(registry, credentials=credentials).attach(registry.image, DOCUMENTS)
        puts = written(storage)
        assert len(puts) == 3
        assert {asked.authorization for asked in puts} == {""}
        assert puts[0].query["state"] == ["a/b"]
        registry.uploads_to = "http://elsewhere.example"
        with pytest.raises(NetworkError, match="sends uploads to elsewhere"):
            opened(registry, credentials=credentials).attach(registry.image, (Document(b"new", CYCLONEDX, "x", {}),))


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("/uploads/", status(503)),
        ("session", status(404)),
        ("session", hang_up()),
        ("/manifests/sha256:", status(429, Retry_After="1")),
    ],
)
def test_failures_that_pass(registry, part, fault):
    """Another try, and all is well."""
    registry.fault(part, fault)
    repository = opened(registry)
    assert all(one.new for one in repository.attach(registry.image, DOCUMENTS))
    assert len(repository.client.pauses) == 1


@pytest.mark.parametrize(
    ("part", "fault", "error"),
    [
        ("/blobs/sha256", status(500), NetworkError),
        ("/uploads/", status(404), TargetNotFound),
        ("/uploads/", status(202), NetworkError),
        ("/uploads/", redirect("{path}"), NetworkError),
        ("session", status(400), NetworkError),
        ("session", redirect("/elsewhere"), NetworkError),
        ("/referrers/", body(b"[]"), CorruptImage),
        (f"/manifests/{digest(b'')}", status(404), TargetNotFound),
    ],
)
def test_failures_that_last(registry, part, fault, error):
    """Each is one error of ours, and nothing is listed."""
    registry.fault(part, fault, always=True)
    with pytest.raises(error):
        opened(registry).attach(Digest(digest(b"")) if "manifests" in part else registry.image, DOCUMENTS)
    assert registry.referring(registry.image) == []


def test_a_registry_that_keeps_something_else(registry):
    """Digests are computed: of the image that is referred to, and of what was put."""
    registry.fault(f"/manifests/{registry.image}", body(b"{}"))
    with pytest.raises(DigestMismatch):
        opened(registry).attach(registry.image, DOCUMENTS)
    registry.fault("/manifests/sha256:", body(registry.blobs[registry.image]), status(201, Docker_Content_Digest="x"))
    with pytest.raises(DigestMismatch):
        opened(registry).attach(registry.image, DOCUMENTS)


def test_what_can_not_be_attached_to(registry, monkeypatch):
    """An index is no image; a document has a size that it may have."""
    index = registry.push_index([add_image(registry.blobs, LAYERS)])
    with pytest.raises(NotAnImage):
        opened(registry).attach(index, DOCUMENTS)
    monkeypatch.setattr(subject, "DOCUMENT_LIMIT", 3)
    with pytest.raises(OutputError, match=r"inventory\.cdx\.json has 21 bytes; 3 can be attached"):
        opened(registry).attach(registry.image, DOCUMENTS)


def test_full_lists(registry, monkeypatch):
    """A list that others would refuse to read is not written."""
    registry.referrers = False
    monkeypatch.setattr(subject, "LAYER_LIMIT", 1)
    with pytest.raises(OutputError, match="is full"):
        opened(registry).attach(registry.image, DOCUMENTS)
    assert tag_of(registry.image) not in registry.manifests


def test_a_registry_that_takes_nothing():
    """One that knows no writing at all gives an error, not a traceback."""
    with RegistrySimulator() as server:
        image = server.push(add_image(server.blobs, LAYERS), "1")
        with pytest.raises(TargetNotFound):
            opened(server).attach(image, DOCUMENTS)
