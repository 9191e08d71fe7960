"""Manifests, indexes, and the images they make."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    digest,
    image_config,
)
from image_documents import (
    AMD64,
    ARM64,
    CONFIG,
    JSON,
    LAYER,
    MANIFEST,
    Store,
    described,
    encoded,
    make,
    outcome,
    shaped,
    top,
    without,
)
from stellaops_core import errors
from stellaops_core.images import descriptor
from stellaops_core.images import manifest as m
from stellaops_core.images.image import Platform


@pytest.mark.parametrize(
    ("document", "media_type", "kind"),
    [
        (MANIFEST, "", m.Manifest),
        ({**MANIFEST, "mediaType": descriptor.DOCKER_MANIFEST}, "", m.Manifest),
        ({**MANIFEST, "mediaType": descriptor.DOCKER_MANIFEST}, descriptor.OCI_INDEX, m.Manifest),
        (without(MANIFEST, "mediaType"), descriptor.OCI_MANIFEST, m.Manifest),
        (without(MANIFEST, "mediaType"), descriptor.DOCKER_MANIFEST + "; charset=utf-8", m.Manifest),
        (without(MANIFEST, "mediaType", "schemaVersion"), "", m.Manifest),
        ({**MANIFEST, "layers": None, "subject": CONFIG, "annotations": None}, "", m.Manifest),
        ({**MANIFEST, "manifests": None}, "", m.Manifest),
        ({"mediaType": descriptor.OCI_INDEX, "manifests": [LAYER]}, "", m.Index),
        ({"mediaType": descriptor.DOCKER_INDEX, "manifests": []}, "", m.Index),
        ({"manifests": None}, "", m.Index),
        ({"manifests": []}, descriptor.DOCKER_INDEX, m.Index),
    ],
)
def test_kinds_of_manifests(document, media_type, kind):
    """The document's media type counts before the given one, and that before the shape."""
    assert type(m.read_manifest(encoded(document), media_type)) is kind


@pytest.mark.parametrize(
    ("document", "error", "words"),
    [
        ([], errors.CorruptImage, "Expected `object`"),
        ({}, errors.NotAnImage, "media type is ''"),
        ({**MANIFEST, "mediaType": "text/html"}, errors.NotAnImage, "text/html"),
        ({"schemaVersion": 1, "fsLayers": []}, errors.Unsupported, "schema 1"),
        ({"mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws"}, errors.Unsupported, "schema 1"),
        ({**MANIFEST, "manifests": [LAYER]}, errors.CorruptImage, "at once"),
        ({**MANIFEST, "config": None}, errors.CorruptImage, "`config`"),
        (without(MANIFEST, "layers"), errors.CorruptImage, "`layers`"),
        ({"mediaType": descriptor.OCI_INDEX}, errors.CorruptImage, "`manifests`"),
        ({**MANIFEST, "layers": [{**LAYER, "size": -1}]}, errors.CorruptImage, r"layers\[.*\]\.size"),
        ({**MANIFEST, "layers": [{**LAYER, "size": "5"}]}, errors.CorruptImage, "size"),
        ({**MANIFEST, "layers": [{**LAYER, "size": 2**70}]}, errors.CorruptImage, "out of range|size"),
        ({**MANIFEST, "layers": [LAYER, {**LAYER, "digest": "sha256:../../x"}]}, errors.CorruptImage, r"layers\[1\]"),
        ({**MANIFEST, "config": {**CONFIG, "digest": "md5:" + "0" * 32}}, errors.CorruptImage, "config"),
        ({**MANIFEST, "config": {**CONFIG, "annotations": {"a": 1}}}, errors.CorruptImage, "annotations"),
        ({**MANIFEST, "layers": [LAYER] * (descriptor.LAYER_LIMIT + 1)}, errors.CorruptImage, "4097 `layers`"),
        ({**MANIFEST, "Layers": [LAYER]}, errors.CorruptImage, "`layers` comes twice"),
        ({**MANIFEST, "layer\u017f": [LAYER]}, errors.CorruptImage, "`layers` comes twice"),
        ({**MANIFEST, "config": {**CONFIG, "Digest": digest(b"")}}, errors.CorruptImage, "`digest` comes twice"),
        ({"manifests": [{**LAYER, "platform": {"os": "a\x1b[31m"}}]}, errors.CorruptImage, "not a platform"),
    ],
)
def test_bad_manifests(document, error, words):
    """What is wrong is refused as the right kind of error, in words that name the member."""
    with pytest.raises(error, match=words) as caught:
        m.read_manifest(encoded(document))
    assert type(caught.value) is error
    assert "\x1b" not in str(caught.value)


def test_resolve_through_nested_indexes():
    """An index within an index is looked through, whatever it states of itself."""
    store = Store()
    arm, amd = store.image("linux/arm64"), store.image("linux/amd64")
    index = top(store.index(store.index(arm), store.index(amd)))
    assert m.resolve(index, None, store.fetch)[0].digest == amd["digest"]
    assert m.resolve(index, ARM64, store.fetch)[0].digest == arm["digest"]
    with pytest.raises(errors.PlatformNotFound):
        m.resolve(index, Platform("linux", "s390x"), store.fetch)


def test_resolve_asks_configurations():
    """Images whose entries state no platform are told apart by their configurations, and artifacts left out."""
    store = Store()
    arm, amd = (store.image(f"linux/{name}", stated=False) for name in ("arm64", "amd64"))
    chart = dict(store.image("linux/s390x", stated=False))
    document = {**json.loads(store[chart["digest"]]), "config": {**CONFIG, "mediaType": "application/x-helm"}}
    chart["digest"], chart["size"] = store.add_json(document)
    assert m.resolve(top(chart, arm, amd), None, store.fetch)[0].digest == amd["digest"]
    assert m.resolve(top(chart, arm, amd), ARM64, store.fetch)[0].digest == arm["digest"]
    store.fetched = 0
    m.resolve(top(arm), None, store.fetch)
    assert store.fetched == 1  # nothing to tell apart


def test_resolve_takes_what_is_present():
    """A layout may keep one platform of an index that names many; with none present, all count."""
    store = Store()
    arm, amd = store.image("linux/arm64"), store.image("linux/amd64")
    del store[amd["digest"]]
    assert m.resolve(top(arm, amd), None, store.fetch, store.present)[0].digest == arm["digest"]
    del store[arm["digest"]]
    with pytest.raises(KeyError):
        m.resolve(top(arm, amd), None, store.fetch, store.present)


def test_resolve_verifies():
    """What a fetch brings is not believed."""
    store = Store()
    image = store.image("linux/amd64")
    store[image["digest"]] += b" "
    with pytest.raises(errors.DigestMismatch):
        m.resolve(top(image), None, store.fetch)
    index = store.index(image)
    with pytest.raises(errors.CorruptImage, match="listed as an image"):
        m.resolve(top({**index, "mediaType": descriptor.OCI_MANIFEST}), None, store.fetch)
    huge = {**index, "size": m.MANIFEST_LIMIT + 1}
    store.fetched = 0
    with pytest.raises(errors.CorruptImage, match="are read"):
        m.resolve(top(huge), None, store.fetch)
    assert not store.fetched


def test_resolve_bounds():
    """Depth, number and repetition of nested indexes are bounded."""
    store = Store()
    image = store.image("linux/amd64")
    nested = image
    for _ in range(m.INDEX_DEPTH - 1):
        nested = store.index(nested)
    assert m.resolve(top(nested), None, store.fetch)[0].digest == image["digest"]
    with pytest.raises(errors.CorruptImage, match="nested"):
        m.resolve(top(store.index(nested)), None, store.fetch)
    with pytest.raises(errors.CorruptImage, match="more than"):
        m.resolve(top(*(store.index({**image, "size": number}) for number in range(300))), None, store.fetch)
    store.fetched = 0
    bomb = image
    for _ in range(m.INDEX_DEPTH - 1):
        bomb = store.index(*[bomb] * 20)
    m.resolve(top(bomb), None, store.fetch)
    assert store.fetched == m.INDEX_DEPTH
    wide = [
        store.add_json({"manifests": [{**image, "size": number} for _ in range(descriptor.LAYER_LIMIT)]})
        for number in range(5)
    ]
    wide = [{"mediaType": descriptor.OCI_INDEX, "digest": key, "size": size} for key, size in wide]
    with pytest.raises(errors.CorruptImage, match="entries"):
        m.resolve(top(*wide), None, store.fetch)
    many = [store.image(f"linux/a{number}", stated=False) for number in range(m.PROBE_LIMIT + 1)]
    with pytest.raises(errors.CorruptImage, match="without a platform"):
        m.resolve(top(*many), None, store.fetch)


def test_image():
    """Manifest and configuration together make the image."""
    config = image_config([b"tar"])
    image = make(config, tags=("1",))
    (layer,) = image.layers
    assert (image.name, image.digest, image.tags) == ("a/b:1", digest(b"manifest"), ("1",))
    assert (image.config, image.created) == (config, "2025-01-02T03:04:05Z")
    assert (image.config_digest, image.platform) == (digest(encoded(config)), AMD64)
    assert (layer.index, layer.digest, layer.diff_id, layer.size) == (0, digest(b"layer"), digest(b"tar"), 5)
    assert (layer.created_by, layer.key) == ("step 0", digest(b"layer"))


@pytest.mark.parametrize(
    ("config_type", "layer_type", "error", "words"),
    [
        ("application/vnd.cncf.helm.config.v1+json", LAYER["mediaType"], errors.NotAnImage, "helm"),
        ("application/vnd.oci.empty.v1+json", LAYER["mediaType"], errors.NotAnImage, "artifact"),
        (CONFIG["mediaType"], "application/vnd.in-toto+json", errors.NotAnImage, "attestations"),
        (CONFIG["mediaType"], LAYER["mediaType"] + "+encrypted", errors.Unsupported, "layer 0 is encrypted"),
        (
            CONFIG["mediaType"],
            "text/plain",
            errors.Unsupported,
            "layer 0 can't be read: its media type is 'text/plain'",
        ),
    ],
)
def test_other_things_than_images(config_type, layer_type, error, words):
    """Charts, attestations, encrypted layers: said to be what they are."""
    manifest = m.Manifest(described(b"{}", config_type), (described(b"layer", layer_type),), descriptor.OCI_MANIFEST)
    with pytest.raises(error, match=words):
        m.make_image(manifest, "", b"{}", name="")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_layer_types(media_type):
    """All layer media types that images are pushed with."""
    m.check_types(m.Manifest(described(b"{}", CONFIG["mediaType"]), (described(b"", media_type),), ""))


DESCRIPTORS = shaped(["mediaType", "digest", "size", "platform", "annotations", "urls"], st.just(digest(b"{}"))) | (
    st.sampled_from([CONFIG, LAYER])
)


MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "schemaVersion": st.sampled_from([1, 2]) | JSON,
        "mediaType": st.sampled_from(sorted(descriptor.INDEX_TYPES | descriptor.MANIFEST_TYPES)) | JSON,
        **dict.fromkeys(("config", "Config"), DESCRIPTORS | JSON),
        **dict.fromkeys(("layers", "manifests"), st.lists(DESCRIPTORS | JSON, max_size=3) | JSON),
        "fsLayers": JSON,
    },
)


@given(MANIFESTS | JSON)
@settings(max_examples=150)
def test_any_manifest(document):
    """Whatever the document, a manifest, an index or an error of ours comes out."""
    result = outcome(lambda: m.read_manifest(json.dumps(document).encode()))
    if isinstance(result, m.Index):
        outcome(lambda: m.resolve(result, None, lambda _: b"{}"))


def test_search_is_bounded():
    """The documents that are read to find one image have a bound in all, whatever each of them may have."""
    store = Store()
    image = store.image("linux/amd64")
    padding = "x" * (m.MANIFEST_LIMIT - 2000)
    big = [store.index({**image, "annotations": {"a": f"{number}{padding}"}}) for number in range(17)]
    m.resolve(top(*big[:15]), None, store.fetch)
    store.fetched = 0
    with pytest.raises(errors.CorruptImage, match="bytes of manifests"):
        m.resolve(top(*big), None, store.fetch)
    assert store.fetched <= 16


@pytest.mark.parametrize("layers", [m.MANIFEST_LIMIT // 150, 100_000])
def test_manifests_with_many_layers(layers):
    """Tens of thousands of layers, or more, are refused."""
    piece = encoded({"mediaType": "x", "digest": digest(b""), "size": 1})
    with pytest.raises(errors.CorruptImage, match="are read"):
        m.read_manifest(b'{"layers": [' + b",".join([piece] * layers) + b'], "config": ' + encoded(CONFIG) + b"}")
