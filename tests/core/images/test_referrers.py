import json

import pytest

from builders import add_image, digest
from pulls import LAYERS, Client
from simulators import WritableRegistrySimulator, body, endless, status
from stellaops_core.digest import Digest
from stellaops_core.errors import CorruptImage, DigestMismatch, NetworkError, StellaError, Unauthorized
from stellaops_core.images import referrers as subject
from stellaops_core.images.referrers import (
    ATTESTATION_TYPE,
    CYCLONEDX,
    IN_TOTO,
    VIEW,
    ReferrersRepository,
    find_attached,
    read_attached,
    tag_of,
)
from stellaops_core.images.registry_name import parse_name

SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def registry():
    with WritableRegistrySimulator() as server:
        yield server


@pytest.fixture(params=["api", "tag"])
def either(registry, request):
    """A registry with the Referrers API, and one without."""
    registry.referrers = request.param == "api"
    return registry


def opened(registry, reference=":1", **options):
    client = Client(registry, **options)
    name = parse_name(f"{registry.authority}/team/app{reference}")
    repository = ReferrersRepository(name, client.options, client.pauses.append, client.now)
    client.opened.append(repository)
    return repository


def push_image(registry, *tags):
    return registry.push(add_image(registry.blobs, LAYERS), *tags)


def refer(registry, image, content=b"{}", artifact_type=CYCLONEDX, annotations=None, layers=1, **more):
    """Attach something by hand; where there is no API, list it under the tag as well."""
    blob = registry.blobs.add(content)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": registry.blobs.add(b"{}"), "size": 2},
        "layers": [{"mediaType": artifact_type, "digest": blob, "size": len(content)}] * layers,
        "subject": {"mediaType": MANIFEST, "digest": image, "size": 1},
        "annotations": annotations or {},
        **more,
    }
    key, size = registry.blobs.add_json(manifest)
    registry.push({"mediaType": MANIFEST, "digest": key, "size": size})
    if not registry.referrers:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": registry.referring(image)}
        registry.manifests[tag_of(Digest(image))] = (INDEX, json.dumps(index).encode())
    return key


def attestation(registry, image, *predicates, **more):
    """BuildKit's manifest of statements about an image; returns its descriptor."""
    layers = []
    for predicate in predicates:
        statement = json.dumps({"predicateType": predicate}).encode()
        layers.append(
            {
                "mediaType": IN_TOTO,
                "digest": registry.blobs.add(statement),
                "size": len(statement),
                "annotations": {"in-toto.io/predicate-type": predicate},
            }
        )
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": registry.blobs.add(b"{}"), "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, **more}
    key, size = registry.blobs.add_json(manifest)
    annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image}
    platform = {"os": "unknown", "architecture": "unknown"}
    return {"mediaType": MANIFEST, "digest": key, "size": size, "annotations": annotations, "platform": platform}


def test_referrers_are_found_and_read(either):
    """With the API and without: both documents, by their view, in a fixed order, and their bytes."""
    image = push_image(either, "1")
    for view in ("usage", "inventory"):
        refer(either, image, view.encode(), annotations={VIEW: view})
    refer(either, image, b"signature", "application/vnd.example.signature")
    repository = opened(either)
    found = find_attached(repository, image)
    assert [(one.place, one.content, one.view) for one in found] == [
        ("referrer", CYCLONEDX, "inventory"),
        ("referrer", CYCLONEDX, "usage"),
        ("referrer", "application/vnd.example.signature", ""),
    ]
    assert [read_attached(repository, one, image) for one in found] == [b"inventory", b"usage", b"signature"]


def test_nothing_attached(either):
    """An image without referrers has none; no answer is an error."""
    image = push_image(either, "1")
    assert find_attached(opened(either), image) == ()
    assert opened(either).read_list(image) == ()


def test_attestations_beside_the_image(registry):
    """BuildKit's statements about this image, not those about the other platform's, one for each predicate."""
    images = [
        add_image(registry.blobs, LAYERS[:1], platform={"os": "linux", "architecture": "amd64"}),
        add_image(registry.blobs, LAYERS, platform={"os": "linux", "architecture": "arm64"}),
    ]
    proofs = [attestation(registry, one["digest"], SPDX, *more) for one, more in zip(images, ([SLSA], []), strict=True)]
    registry.push_index([*images, *proofs], "1")
    repository = opened(registry)
    for image, wanted in zip(images, ([SLSA, SPDX], [SPDX]), strict=True):
        found = find_attached(repository, image["digest"])
        assert [(one.place, one.content) for one in found] == [("index", predicate) for predicate in wanted]
        assert json.loads(read_attached(repository, found[-1], image["digest"])) == {"predicateType": SPDX}
    by_digest = opened(registry, f"@{images[0]['digest']}")
    assert find_attached(by_digest, images[0]["digest"]) == ()


def test_an_attestation_that_is_a_referrer_as_well_is_listed_once(registry):
    """As BuildKit writes it with OCI artifacts: in the index and with a subject; by digest it is still found."""
    image = add_image(registry.blobs, LAYERS, platform={"os": "linux", "architecture": "amd64"})
    named = {"mediaType": MANIFEST, "digest": image["digest"], "size": image["size"]}
    proof = attestation(registry, image["digest"], SPDX, artifactType=ATTESTATION_TYPE, subject=named)
    registry.push_index([image, proof], "1")
    assert [one.place for one in find_attached(opened(registry), image["digest"])] == ["index"]
    assert [one.place for one in find_attached(opened(registry, f"@{image['digest']}"), image["digest"])] == [
        "referrer"
    ]


def test_lists_in_parts(registry):
    """Every part of a list is asked for, and only within the repository."""
    image = push_image(registry, "1")
    keys = {refer(registry, image, bytes([number])) for number in range(5)}
    registry.page = 2
    assert {one.digest for one in opened(registry).read_referrers(image)} == keys
    assert len(registry.asked("/referrers/")) == 3
    for link in ("/v2/team/other/referrers/x", "https://elsewhere.example/v2/team/app/x", "http://["):
        registry.fault("/referrers/", body(b'{"manifests": []}', Link=f'<{link}>; rel="next"'))
        with pytest.raises(NetworkError):
            opened(registry).read_referrers(image)


def test_a_list_without_an_end(registry, monkeypatch):
    """Parts and entries are bounded."""
    image = push_image(registry, "1")
    path = f"/v2/team/app/referrers/{image}"
    for number in range(3):
        refer(registry, image, bytes([number]))
    monkeypatch.setattr(subject, "ATTACHED_LIMIT", 2)
    with pytest.raises(CorruptImage, match="more than 2 referrers"):
        opened(registry).read_referrers(image)
    registry.fault("/referrers/", body(b'{"manifests": []}', Link=f"<{path}>; rel=next"), always=True)
    with pytest.raises(NetworkError, match="more than 64 answers"):
        opened(registry).read_referrers(image)


@pytest.mark.parametrize("fault", [body(b"[]"), body(b'{"config": {}}'), endless(), status(500), status(403)])
def test_answers_that_are_no_list(registry, fault):
    """Each is an error of ours, never a guess that nothing is attached."""
    image = push_image(registry, "1")
    registry.fault("/referrers/", fault)
    with pytest.raises(StellaError) as caught:
        opened(registry).read_referrers(image)
    assert caught.value.exit_code in {4, 5}


def test_a_tag_that_is_no_list(registry):
    """Whatever else bears the tag lists nothing, as the specification has it."""
    registry.referrers = False
    image = push_image(registry, "1")
    for kind, data in ((MANIFEST, registry.blobs[image]), (INDEX, b"not JSON"), ("text/plain", b"{}")):
        registry.manifests[tag_of(image)] = (kind, data)
        assert find_attached(opened(registry), image) == ()


def test_documents_that_are_not_what_is_listed(registry, monkeypatch):
    """A referrer to something else, with two documents, of another digest, or too large is refused."""
    image = push_image(registry, "1")
    other = digest(b"other")
    repository = opened(registry)

    def read(key, size):
        listed = subject.Descriptor(MANIFEST, key, size)
        return read_attached(repository, subject.Attached("referrer", CYCLONEDX, "", listed), image)

    wrong = refer(registry, other)
    with pytest.raises(CorruptImage, match="refers to something else"):
        read(wrong, len(registry.blobs[wrong]))
    two = refer(registry, image, layers=2)
    with pytest.raises(CorruptImage, match="one document"):
        read(two, len(registry.blobs[two]))
    good = refer(registry, image, b"right")
    registry.fault("/blobs/", body(b"wrong"))
    with pytest.raises(DigestMismatch):
        read(good, len(registry.blobs[good]))
    monkeypatch.setattr(subject, "DOCUMENT_LIMIT", 4)
    with pytest.raises(CorruptImage, match="5 bytes; 4 are read"):
        read(good, len(registry.blobs[good]))


def test_too_many_attestations(registry, monkeypatch):
    """Their number is bounded before they are read."""
    monkeypatch.setattr(subject, "ATTESTATION_LIMIT", 1)
    image = add_image(registry.blobs, LAYERS, platform={"os": "linux", "architecture": "amd64"})
    registry.push_index([image, *(attestation(registry, image["digest"], one) for one in (SPDX, SLSA))], "1")
    with pytest.raises(CorruptImage, match="more than 1 attestation"):
        find_attached(opened(registry), image["digest"])


def test_who_is_not_let_in(registry):
    """That the registry refuses is an error, not an empty list."""
    image = push_image(registry, "1")
    registry.login = "me:s3cret"
    with pytest.raises(Unauthorized):
        opened(registry).read_referrers(image)


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("sha256:" + "a" * 64, "sha256-" + "a" * 64),
        ("sha512:" + "b" * 128, "sha512-" + "b" * 64),
        ("other+kind+of+a+very+long+algorithm:x=y", "other-kind-of-a-very-long-algori-x-y"),
    ],
)
def test_tags(given, tag):
    """Algorithm and digest are cut off and spelled as tags may be."""
    assert tag_of(Digest(given)) == tag
