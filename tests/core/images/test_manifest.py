"""Manifests, indexes and configurations."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from builders import Blobs, add_image, digest, image_config
from stellaops_core import errors
from stellaops_core.digest import Digest
from stellaops_core.images import manifest as m
from stellaops_core.images.image import Platform

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(b"{}"), "size": 2}
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(b"layer"), "size": 5}
MANIFEST = {"schemaVersion": 2, "mediaType": m.OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in names}


def described(data: bytes, media_type: str = m.OCI_MANIFEST, **more: Any) -> m.Descriptor:
    return m.Descriptor(media_type, Digest(digest(data)), len(data), **more)


def entry(platform: str = "", number: int = 0, **more: Any) -> m.Descriptor:
    known = Platform(*platform.split("/")) if platform else None
    return described(f"{platform}{number}".encode(), platform=known, **more)


# read_manifest


@pytest.mark.parametrize(
    ("document", "media_type", "kind"),
    [
        (MANIFEST, "", m.Manifest),
        ({**MANIFEST, "mediaType": m.DOCKER_MANIFEST}, "", m.Manifest),
        ({**MANIFEST, "mediaType": m.DOCKER_MANIFEST}, m.OCI_INDEX, m.Manifest),
        (without(MANIFEST, "mediaType"), m.OCI_MANIFEST, m.Manifest),
        (without(MANIFEST, "mediaType"), m.DOCKER_MANIFEST + "; charset=utf-8", m.Manifest),
        (without(MANIFEST, "mediaType", "schemaVersion"), "", m.Manifest),
        ({**MANIFEST, "layers": None, "subject": CONFIG, "annotations": None}, "", m.Manifest),
        ({**MANIFEST, "manifests": None}, "", m.Manifest),
        ({"mediaType": m.OCI_INDEX, "manifests": [LAYER]}, "", m.Index),
        ({"mediaType": m.DOCKER_INDEX, "manifests": []}, "", m.Index),
        ({"manifests": None}, "", m.Index),
        ({"manifests": []}, m.DOCKER_INDEX, m.Index),
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
        ({"mediaType": m.OCI_INDEX}, errors.CorruptImage, "`manifests`"),
        ({**MANIFEST, "layers": [{**LAYER, "size": -1}]}, errors.CorruptImage, r"layers\[.*\]\.size"),
        ({**MANIFEST, "layers": [{**LAYER, "size": "5"}]}, errors.CorruptImage, "size"),
        ({**MANIFEST, "layers": [{**LAYER, "size": 2**70}]}, errors.CorruptImage, "out of range|size"),
        ({**MANIFEST, "layers": [LAYER, {**LAYER, "digest": "sha256:../../x"}]}, errors.CorruptImage, r"layers\[1\]"),
        ({**MANIFEST, "config": {**CONFIG, "digest": "md5:" + "0" * 32}}, errors.CorruptImage, "config"),
        ({**MANIFEST, "config": {**CONFIG, "annotations": {"a": 1}}}, errors.CorruptImage, "annotations"),
        ({**MANIFEST, "layers": [LAYER] * (m.LAYER_LIMIT + 1)}, errors.CorruptImage, "4097 `layers`"),
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


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"mediaType": NaN}',
        b'{"x": "\xff"}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"x": 1e999}',
        b'{"x":' + b"9" * 5000 + b"}",
        b" " * (m.MANIFEST_LIMIT + 1),
    ],
)
def test_broken_json(data):
    """No JSON, too deep or too long: a corrupt image, whoever sent it."""
    with pytest.raises(errors.CorruptImage):
        m.read_manifest(data)


def test_repeated_members():
    """The last of equal members counts, as in the readers of container runtimes."""
    text = encoded(MANIFEST).decode().replace('"layers"', '"layers": [], "layers"')
    assert m.read_manifest(text.encode()) == m.read_manifest(encoded(MANIFEST))


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


# choose


def texts(*platforms: str) -> list[m.Descriptor]:
    return [entry(platform, number) for number, platform in enumerate(platforms)]


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["linux/s390x"], None, 0),
        ([""], None, 0),
        (["linux/arm64", "linux/amd64"], None, 1),
        (["windows/amd64", "linux/amd64/v2"], None, 1),
        (["linux/arm64", "linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64"], "linux/arm64/v8", 0),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm", 1),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm/v6", 2),
        (["linux/amd64/v3", "linux/amd64"], "linux/amd64", 1),
        (["windows/amd64", "windows/amd64"], "windows/amd64", 0),
        ([""], "linux/arm64", 0),
        (["unknown/unknown", "linux/arm64"], None, 1),
    ],
)
def test_choice(there, wanted, chosen):
    """The image for a platform, by the index alone."""
    descriptors = texts(*there)
    assert m.choose(descriptors, wanted and Platform.parse(wanted)) is descriptors[chosen]


@pytest.mark.parametrize(
    ("there", "wanted", "words"),
    [
        (["linux/arm64", "linux/s390x"], None, "linux/arm64, linux/s390x"),
        (["linux/arm64"], "linux/amd64", "no image for linux/amd64; there is linux/arm64"),
        (["linux/arm/v6"], "linux/arm/v7", "linux/arm/v6"),
        (["linux/arm64", ""], "linux/amd64", "linux/arm64"),
    ],
)
def test_no_choice(there, wanted, words):
    """Where no image fits, the error lists those there are."""
    with pytest.raises(errors.PlatformNotFound, match=words):
        m.choose(texts(*there), wanted and Platform.parse(wanted))


@pytest.mark.parametrize(
    "descriptor",
    [
        entry("linux/amd64", annotations={m.ATTESTATION: "attestation-manifest"}),
        entry("unknown/unknown"),
        entry("linux/amd64", artifact_type="application/spdx+json"),
        described(b"", "application/vnd.oci.artifact.manifest.v1+json"),
        described(b"", m.OCI_INDEX),
    ],
)
def test_no_images(descriptor):
    """Attestations and artifacts are never chosen, not even as the only entry."""
    with pytest.raises(errors.NotAnImage):
        m.choose([descriptor], None)


@given(
    st.lists(
        st.sampled_from(["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64", "", "unknown/unknown"])
    ),
    st.randoms(),
)
@settings(max_examples=50)
def test_choice_ignores_order(there, random):
    """Of images with different platforms, the order in the index decides nothing."""
    descriptors = [entry(platform) for platform in set(there)]
    shuffled = random.sample(descriptors, len(descriptors))
    assert outcome(lambda: m.choose(descriptors, None)) == outcome(lambda: m.choose(shuffled, None))


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except errors.StellaError as error:
        return type(error), str(error)


# resolve


class Store(Blobs):
    """Blobs with a fetch that counts."""

    fetched = 0

    def fetch(self, descriptor: m.Descriptor) -> bytes:
        self.fetched += 1
        return self[descriptor.digest]

    def present(self, descriptor: m.Descriptor) -> bool:
        return descriptor.digest in self

    def index(self, *entries: Any) -> dict[str, Any]:
        key, size = self.add_json({"mediaType": m.OCI_INDEX, "manifests": entries})
        return {"mediaType": m.OCI_INDEX, "digest": key, "size": size}

    def image(self, platform: str, *, stated: bool = True, **more: Any) -> dict[str, Any]:
        known = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        return add_image(self, [platform.encode()], config=known, platform=known if stated else None, **more)


def top(*entries: Any) -> m.Index:
    index = m.read_manifest(encoded({"manifests": entries}))
    assert isinstance(index, m.Index)
    return index


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
        m.resolve(top({**index, "mediaType": m.OCI_MANIFEST}), None, store.fetch)
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
        store.add_json({"manifests": [{**image, "size": number} for _ in range(m.LAYER_LIMIT)]}) for number in range(5)
    ]
    wide = [{"mediaType": m.OCI_INDEX, "digest": key, "size": size} for key, size in wide]
    with pytest.raises(errors.CorruptImage, match="entries"):
        m.resolve(top(*wide), None, store.fetch)
    many = [store.image(f"linux/a{number}", stated=False) for number in range(m.PROBE_LIMIT + 1)]
    with pytest.raises(errors.CorruptImage, match="without a platform"):
        m.resolve(top(*many), None, store.fetch)


# verified, read_config, make_image


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_verified(data, other):
    """Content passes under its own digest and size, and under no other's."""
    assert m.verified(data, described(data)) == data
    if other != data:
        with pytest.raises(errors.Truncated if len(other) < len(data) else errors.DigestMismatch):
            m.verified(other, described(data))


def make(config: Any, layers: int = 1, **more: Any) -> Any:
    data = config if isinstance(config, bytes) else encoded(config)
    layer = described(b"layer", LAYER["mediaType"])
    manifest = m.Manifest(described(data, CONFIG["mediaType"]), (layer,) * layers, m.OCI_MANIFEST)
    return m.make_image(manifest, digest(b"manifest"), data, name="a/b:1", **more)


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
    ("history", "lines"),
    [
        ([{"created_by": "a"}, {"created_by": "b"}], ["a", "b"]),
        ([{"created_by": "a"}, {"created_by": "x", "empty_layer": True}, {"created_by": "b"}], ["a", "b"]),
        ([{"created_by": "a"}, {}], ["a", ""]),
        ([{"created_by": "a"}], ["", ""]),
        ([{"created_by": "a"}] * 3, ["", ""]),
        (None, ["", ""]),
    ],
)
def test_history(history, lines):
    """A history line is given to a layer only where the history tells one line for each."""
    image = make({**image_config([b"1", b"2"]), "history": history}, 2)
    assert [layer.created_by for layer in image.layers] == lines


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"[]", "Expected `object`"),
        (b"{", "JSON"),
        (b"[" * 50_000, "JSON"),
        ({"rootfs": {"diff_ids": []}}, "1 layers and the image configuration 0"),
        ({"rootfs": {"diff_ids": [digest(b"")] * 2}}, "1 layers and the image configuration 2"),
        ({"rootfs": {"diff_ids": ["sha256:x"]}}, "not a digest"),
        ({"rootfs": {"diff_ids": [1]}}, r"rootfs\.diff_ids"),
        ({"rootfs": [], "history": {}}, "rootfs"),
        ({"history": [{"created_by": 1}]}, "created_by"),
        ({"architecture": {}}, "architecture"),
        ({"os": "lin\nux"}, "not a platform"),
        ({"config": []}, "config"),
        ({"config": json.loads("[" * 150 + "]" * 150)}, "deep"),
        ({**image_config([b"1"]), "rootFS": {"diff_ids": [digest(b"2")]}}, "`rootfs` comes twice"),
        ({**image_config([b"1"]), "rootfs": {"diff_ids": [], "diff_IDs": []}}, "`diff_ids` comes twice"),
        (b" " * (m.CONFIG_LIMIT + 1), "are read"),
    ],
)
def test_bad_configurations(config, words):
    """A configuration that contradicts the manifest or the specification is refused, by name."""
    with pytest.raises(errors.CorruptImage, match=words):
        make(config)


def test_spelling():
    """Members in another case mean the same, as for Docker: Windows images have `rootfS` and `user`."""
    config = image_config([b"1"], config={"user": "ContainerUser", "cmd": ["x"], "labels": {"A": "1", "a": "2"}})
    config["rootfS"] = config.pop("rootfs")
    image = make(config)
    assert image.layers[0].diff_id == digest(b"1")
    assert image.config["config"] == {"User": "ContainerUser", "Cmd": ["x"], "Labels": {"A": "1", "a": "2"}}


@pytest.mark.parametrize(
    ("configured", "stated", "wanted", "platform"),
    [
        ("linux/arm64", None, None, "linux/arm64"),
        ("linux/arm", "linux/arm/v7", None, "linux/arm/v7"),
        ("linux/arm", None, "linux/arm/v7", "linux/arm"),
        ("linux/arm/v7", None, "linux/arm", "linux/arm/v7"),
        ("linux/arm64", None, "linux/arm64/v8", "linux/arm64"),
        ("linux/amd64", "linux/arm64", None, "linux/amd64"),
        ("", None, None, ""),
        ("", "linux/arm64", "linux/arm64", "linux/arm64"),
        ("linux/arm/v6", None, "linux/arm/v7", None),
        ("linux/amd64", "linux/arm64", "linux/arm64", None),
        ("", None, "linux/amd64", None),
    ],
)
def test_platform(configured, stated, wanted, platform):
    """The configuration's platform holds, completed by the index's; it must not contradict the one asked for."""

    def read(text):
        return Platform(*text.split("/")) if text else None

    settled = outcome(lambda: m.settled_platform(read(configured) or Platform("", ""), read(stated), read(wanted)))
    assert settled[0] is errors.PlatformNotFound if platform is None else str(settled) == platform


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
    manifest = m.Manifest(described(b"{}", config_type), (described(b"layer", layer_type),), m.OCI_MANIFEST)
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


# hostile input

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(digest(b"{}")),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


def shaped(names: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values | JSON))


DESCRIPTORS = shaped(["mediaType", "digest", "size", "platform", "annotations", "urls"], st.just(digest(b"{}"))) | (
    st.sampled_from([CONFIG, LAYER])
)
MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "schemaVersion": st.sampled_from([1, 2]) | JSON,
        "mediaType": st.sampled_from(sorted(m.INDEX_TYPES | m.MANIFEST_TYPES)) | JSON,
        **dict.fromkeys(("config", "Config"), DESCRIPTORS | JSON),
        **dict.fromkeys(("layers", "manifests"), st.lists(DESCRIPTORS | JSON, max_size=3) | JSON),
        "fsLayers": JSON,
    },
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "rootfs": shaped(["diff_ids"], st.lists(st.just(digest(b"")), max_size=2)) | JSON,
        "history": st.lists(shaped(["created_by", "empty_layer"], JSON), max_size=2) | JSON,
        **dict.fromkeys(("os", "architecture", "config", "Config", "created"), JSON),
    },
)


@given(MANIFESTS | JSON)
@settings(max_examples=150)
def test_any_manifest(document):
    """Whatever the document, a manifest, an index or an error of ours comes out."""
    result = outcome(lambda: m.read_manifest(json.dumps(document).encode()))
    if isinstance(result, m.Index):
        outcome(lambda: m.resolve(result, None, lambda _: b"{}"))


@given(CONFIGS | JSON)
@settings(max_examples=150)
def test_any_configuration(document):
    """Whatever the configuration, an image or an error of ours comes out; what comes out can be written."""
    image = outcome(lambda: make(json.dumps(document).encode()))
    if not isinstance(image, tuple):
        json.dumps(image.config, ensure_ascii=False).encode()


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=150)
def test_damaged_bytes(place, byte):
    """One changed byte anywhere gives a reading or an error of ours."""
    for document, read in ((MANIFEST, m.read_manifest), (image_config([b"1"]), m.read_config)):
        data = bytearray(encoded(document))
        data[place % len(data)] = byte
        outcome(lambda read=read, data=data: read(bytes(data)))
