"""OCI layouts, in directories and in archives."""

import hashlib
import json
from pathlib import Path

import pytest

from builders import (
    Blobs,
    add_image,
    compress,
    digest,
    oci_layout,
    tar_of,
    write_layout,
)
from image_files import ARM64, BASE, FULL, REF, TOP, layout_of, nested_layout, opened, stored
from stellaops_core import errors
from stellaops_core.images.image import Platform


@pytest.fixture(params=["oci", "oci-archive"])
def pack(request, tmp_path):
    """Turn a layout directory into what is opened: itself, or a tar of it."""

    def packed(path: Path) -> Path:
        return path if request.param == "oci" else tar_of(path, tmp_path / "layout.tar")

    return packed


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_layout(pack, tmp_path, compression):
    """A layout's image with its name, digests and stored layers."""
    path = pack(oci_layout(tmp_path / "layout", [BASE, TOP], tag="1.0", compression=compression))
    source = opened(path)
    image = source.image
    assert (image.name, image.tags, str(image.platform)) == ("", ("1.0",), "linux/amd64")
    assert [item.diff_id for item in image.layers] == [digest(BASE), digest(TOP)]
    blobs = stored(source)
    assert blobs == [compress(BASE, compression), compress(TOP, compression)]
    assert [(item.digest, item.size) for item in image.layers] == [(digest(data), len(data)) for data in blobs]


@pytest.mark.parametrize(
    ("annotations", "name", "tags"),
    [
        ({}, "", ()),
        ({REF: "1.0"}, "", ("1.0",)),
        ({REF: "a/b:1"}, "a/b:1", ("a/b:1",)),
        ({REF: "1", FULL: "docker.io/a/b:1"}, "docker.io/a/b:1", ("1",)),
        ({REF: "/srv/x/y", FULL: "../up"}, "", ()),
        ({REF: "a\x1b[2J"}, "", ()),
    ],
)
def test_layout_names(pack, tmp_path, annotations, name, tags):
    """Names come from the annotations, as far as they are names; never from a path."""
    path, _ = layout_of(tmp_path, {"annotations": annotations})
    source = opened(pack(path))
    stored(source)
    assert (source.image.name, source.image.tags) == (name, tags)


TAGGED = (
    {"annotations": {REF: "1"}},
    {"annotations": {REF: "2", FULL: "docker.io/a/b:2"}},
    {"annotations": {REF: "docker.io/a/c:3"}},
    {},
)


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [("1", 0), ("2", 1), ("docker.io/a/b:2", 1), ("docker.io/a/c:3", 2), ("3", 2), ("@2", 2), ("@3", 3)],
)
def test_layout_selectors(pack, tmp_path, selector, chosen):
    """A tag, a full name, the tag of a full name or a digest chooses an image."""
    path, digests = layout_of(tmp_path, *TAGGED)
    if selector.startswith("@"):
        selector = "@" + digests[int(selector[1:])]
    source = opened(pack(path), selector)
    assert source.image.digest == digests[chosen]
    assert stored(source) == [compress(f"layer {chosen}".encode(), "gzip")]


def test_layout_without_a_selector(pack, tmp_path):
    """Several images and no selector: an error that lists what there is."""
    path, digests = layout_of(tmp_path, *TAGGED)
    path = pack(path)
    with pytest.raises(errors.UsageError, match="several images") as caught:
        opened(path)
    assert caught.value.hint == f"there is 1, @{digests[3]}, docker.io/a/b:2, docker.io/a/c:3"
    with pytest.raises(errors.TargetNotFound, match="no image '4'") as missing:
        opened(path, "4")
    assert "docker.io/a/b:2" in missing.value.hint
    with pytest.raises(errors.TargetNotFound):
        opened(path, "@" + digest(b"other"))
    with pytest.raises(errors.CorruptImage):
        opened(path, "@sha256:abc")


@pytest.mark.parametrize("annotations", [{REF: "1"}, {}])
@pytest.mark.parametrize("stated", [True, False])
def test_platforms_in_one_layout(pack, tmp_path, annotations, stated):
    """Images under one tag, or none, that differ by their platform are chosen by it."""
    images = [
        {
            "annotations": annotations,
            "config": {"architecture": name},
            "platform": {"os": "linux", "architecture": name} if stated else None,
        }
        for name in ("arm64", "amd64")
    ]
    path, digests = layout_of(tmp_path, *images)
    path = pack(path)
    for platform, wanted in ((None, digests[1]), (ARM64, digests[0])):
        with opened(path, "", platform) as source:
            assert source.image.digest == wanted
    with pytest.raises(errors.PlatformNotFound, match="linux/amd64, linux/arm64"):
        opened(path, "", Platform("linux", "s390x"))


@pytest.mark.parametrize("annotations", [{REF: "1"}, {}])
def test_images_that_nothing_tells_apart(pack, tmp_path, annotations):
    """Several images of one platform without distinct names are left to the user."""
    path, digests = layout_of(tmp_path, {"annotations": annotations}, {"annotations": annotations})
    path = pack(path)
    with pytest.raises(errors.UsageError, match="several images"):
        opened(path)
    with opened(path, "@" + digests[1]) as source:
        assert source.image.digest == digests[1]


@pytest.mark.parametrize("selector", ["", "1", "@"])
def test_nested_index(pack, tmp_path, selector):
    """The image for a platform comes from the index that the tag names; attestations never."""
    path, _, digests = nested_layout(tmp_path)
    path = pack(path)
    selector = "@" + digests["index"] if selector == "@" else selector
    for platform, wanted in ((None, "amd64"), (ARM64, "arm64")):
        with opened(path, selector, platform) as source:
            assert (source.image.digest, source.image.tags) == (digests[wanted], ("1",))
    with opened(path, "@" + digests["arm64"]) as source:
        assert source.image.platform == ARM64


def test_partial_layout(tmp_path):
    """Of an index whose other platforms were not saved, the one that was is the image."""
    path, _, digests = nested_layout(tmp_path)
    (path / "blobs/sha256" / digests["amd64"][7:]).unlink()
    with opened(path) as source:
        assert source.image.digest == digests["arm64"]


@pytest.mark.parametrize(
    ("which", "error"), [("manifest", errors.MissingBlob), ("config", errors.MissingBlob), ("layer", None)]
)
def test_missing_blobs(pack, tmp_path, which, error):
    """A missing blob is named; a layer's only when it is opened, for it may never be needed."""
    path = oci_layout(tmp_path / "layout", [BASE])
    with opened(path) as source:
        digests = {
            "manifest": source.image.digest,
            "config": source.image.config_digest,
            "layer": source.image.layers[0].digest,
        }
    (path / "blobs/sha256" / digests[which][7:]).unlink()
    path = pack(path)
    if error:
        with pytest.raises(error, match=digests[which][7:]):
            opened(path)
    else:
        with opened(path) as source, pytest.raises(errors.MissingBlob, match=digests[which][7:]):
            stored(source)


@pytest.mark.parametrize("damage", [b"", b"short", b" " * (5 << 20)])
@pytest.mark.parametrize("which", ["manifest", "config"])
def test_damaged_documents(pack, tmp_path, which, damage):
    """A manifest or configuration that is not what its digest says is refused."""
    path = oci_layout(tmp_path / "layout", [BASE])
    with opened(path) as source:
        key = source.image.digest if which == "manifest" else source.image.config_digest
    (path / "blobs/sha256" / key[7:]).write_bytes(damage)
    path = pack(path)
    with pytest.raises(errors.CorruptImage):
        opened(path)


def test_foreign_layers(pack, tmp_path):
    """A foreign layer keeps its address, is not fetched, and is read where the layout holds it."""
    blobs = Blobs()
    entry = add_image(blobs, [BASE], compression="none")
    document = json.loads(blobs.pop(entry["digest"]))
    document["layers"][0] |= {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "urls": ["https://example.com/base"],
    }
    entry["digest"], entry["size"] = blobs.add_json(document)
    with opened(pack(write_layout(tmp_path / "full", blobs, [entry]))) as source:
        assert stored(source) == [BASE]
        assert source.image.layers[0].urls == ("https://example.com/base",)
    del blobs[digest(BASE)]
    with (
        opened(pack(write_layout(tmp_path / "partial", blobs, [entry]))) as source,
        pytest.raises(errors.Unsupported, match="layer 0 is kept elsewhere"),
    ):
        stored(source)


def test_sha512(pack, tmp_path):
    """Blobs may be listed by sha512, and are then held to it."""
    blobs = Blobs()
    entry = add_image(blobs, [BASE], compression="none")

    def renamed(key: str) -> str:
        data = blobs.pop(key)
        blobs[name := "sha512:" + hashlib.sha512(data).hexdigest()] = data
        return name

    document = json.loads(blobs.pop(entry["digest"]))
    for item in (document["config"], *document["layers"]):
        item["digest"] = renamed(item["digest"])
    entry["digest"], entry["size"] = blobs.add_json(document)
    entry["digest"] = renamed(entry["digest"])
    path = write_layout(tmp_path / "layout", blobs, [entry])
    with opened(pack(path)) as source:
        assert source.image.digest.startswith("sha512:")
        assert stored(source) == [BASE]
    (path / "blobs/sha512" / entry["digest"][7:]).write_bytes(b"x" * entry["size"])
    with pytest.raises(errors.DigestMismatch):
        opened(path)


@pytest.mark.parametrize("marker", [b"", b"{}", b'{"imageLayoutVersion": "9"}', b"\xff"])
def test_the_marker_decides_nothing(pack, tmp_path, marker):
    """What oci-layout holds is not read: the index and its digests say all that is relied on."""
    path = oci_layout(tmp_path / "layout", [BASE], compression="none")
    (path / "oci-layout").write_bytes(marker)
    assert stored(opened(pack(path))) == [BASE]


def test_an_index_of_itself(pack, tmp_path):
    """Digests make loops impossible; an index that claims one is refused for its content."""
    blobs = Blobs()
    fake = digest(b"")
    loop = {"mediaType": INDEX, "digest": fake, "size": 0}
    data = json.dumps({"schemaVersion": 2, "manifests": [loop]}).encode()
    loop["size"] = len(data)
    blobs[fake] = json.dumps({"schemaVersion": 2, "manifests": [loop]}).encode().ljust(len(data))
    with pytest.raises(errors.CorruptImage):
        opened(pack(write_layout(tmp_path / "layout", blobs, [loop])))


INDEX = "application/vnd.oci.image.index.v1+json"
