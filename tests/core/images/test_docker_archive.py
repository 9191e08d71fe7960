"""What docker, skopeo and crane save."""

import json

import pytest

from builders import (
    Blobs,
    Link,
    add_image,
    compress,
    digest,
    docker_archive,
    tar_of,
    write_layout,
)
from image_files import ARM64, BASE, ENTRY, TOP, config_of, crane, linked, nested_layout, opened, plain, save, stored
from stellaops_core import errors
from stellaops_core.images import archive
from stellaops_core.images.image import Platform


@pytest.mark.parametrize(("write", "compression"), [(plain, "none"), (linked, "none"), (crane, "gzip")])
def test_docker_archives(tmp_path, write, compression):
    """Docker's, skopeo's and crane's archives hold the same image; only the diffIDs are claimed."""
    source = opened(write(tmp_path / "image.tar"))
    image = source.image
    blobs = stored(source)
    assert blobs == [compress(BASE, compression), compress(TOP, compression)]
    assert (image.name, image.tags, image.digest) == ("a/b:1", ("a/b:1",), image.config_digest)
    assert [item.diff_id for item in image.layers] == [digest(BASE), digest(TOP)]
    assert [(item.digest, item.size) for item in image.layers] == [("", len(blob)) for blob in blobs]
    assert [item.created_by for item in image.layers] == ["step 0", "step 1"]


@pytest.mark.parametrize("listed", [True, False])
def test_docker_25(tmp_path, listed):
    """Docker 25 writes both layouts: the index counts where it lists the image, manifest.json names it."""
    blobs = Blobs()
    entry = add_image(blobs, [BASE], compression="none")
    config = json.loads(blobs[entry["digest"]])["config"]["digest"]
    path = write_layout(tmp_path / "layout", blobs, [entry] if listed else [])
    if not listed:
        (path / "index.json").write_text('{"schemaVersion": 2, "manifests": null}')
    saved = [
        {
            "Config": "blobs/sha256/" + config[7:],
            "RepoTags": ["a/b:1", "a/b:latest"],
            "Layers": ["blobs/sha256/" + digest(BASE)[7:]],
        }
    ]
    (path / "manifest.json").write_text(json.dumps(saved))
    path = tar_of(path, tmp_path / "image.tar")
    assert archive.kind_of(str(path)) == "docker-archive"
    for selector in ("", "a/b", "a/b:1", config[7:19]):
        source = opened(path, selector)
        assert stored(source) == [BASE]
        assert source.image.digest == (entry["digest"] if listed else config)
        assert source.image.layers[0].digest == digest(BASE)
        assert (source.image.name, source.image.tags) == ("a/b:1", ("a/b:1", "a/b:latest"))
    if listed:
        with opened(path) as one, archive.open_oci_archive(path) as other:
            assert one.image == other.image


def test_docker_25_of_many_platforms(tmp_path):
    """From a containerd store, manifest.json names one platform; the index brings the others."""
    path, blobs, digests = nested_layout(tmp_path)
    config = json.loads(blobs[digests["arm64"]])["config"]["digest"]
    saved = [{"Config": "blobs/sha256/" + config[7:], "RepoTags": ["a/b:1"], "Layers": []}]
    (path / "manifest.json").write_text(json.dumps(saved))
    path = tar_of(path, tmp_path / "image.tar")
    for platform, wanted in ((None, "amd64"), (ARM64, "arm64"), (Platform("linux", "amd64"), "amd64")):
        with opened(path, "a/b:1", platform) as source:
            assert (source.image.digest, source.image.name) == (digests[wanted], "a/b:1")


def test_one_image_listed_twice(tmp_path):
    """Entries for one configuration are one image."""
    config = config_of(BASE)
    entry = {"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l.tar"]}
    path = save(tmp_path / "x.tar", {"c.json": config, "l.tar": BASE}, [entry, {**entry, "RepoTags": ["a:2"]}])
    source = opened(path)
    assert stored(source) == [BASE]
    assert source.image.tags == ("a:1", "a:2")


@pytest.mark.parametrize(
    ("members", "images", "error", "words"),
    [
        ({}, None, errors.NotAnImage, "neither manifest.json nor index.json"),
        ({"repositories": "{}"}, None, errors.Unsupported, "before 1.10"),
        ({}, [], errors.NotAnImage, "is empty"),
        ({"manifest.json": "null"}, None, errors.NotAnImage, "is empty"),
        ({"manifest.json": "{}"}, None, errors.CorruptImage, "Expected `array | null`"),
        ({"manifest.json": "["}, None, errors.CorruptImage, "manifest.json"),
        ({"manifest.json": b"[" * 100_000}, None, errors.CorruptImage, "manifest.json"),
        ({}, [{"RepoTags": []}], errors.CorruptImage, "config|Config"),
        ({}, [{**ENTRY, "Layers": "x"}], errors.CorruptImage, "Layers"),
        ({}, [{**ENTRY, "Layers": ["x"] * 5000}], errors.CorruptImage, "more than 4096 layers"),
        ({}, [{**ENTRY, "layers": []}], errors.CorruptImage, "`Layers` comes twice"),
        ({}, [ENTRY], errors.MissingBlob, "c.json"),
        ({"c.json": config_of(BASE)}, [ENTRY], errors.MissingBlob, "l.tar"),
        ({"c.json": config_of(BASE, TOP), "l.tar": BASE}, [ENTRY], errors.CorruptImage, "1 layers and the .* 2"),
        ({"c.json": "[]", "l.tar": BASE}, [ENTRY], errors.CorruptImage, "configuration"),
        ({"c.json": Link("/etc/passwd")}, [ENTRY], errors.MissingBlob, "c.json"),
        ({"c.json": Link("../../../etc/passwd")}, [ENTRY], errors.MissingBlob, "c.json"),
        ({"c.json": Link("d.json"), "d.json": Link("c.json")}, [ENTRY], errors.CorruptImage, "links in a row"),
        ({"l.tar": BASE}, [{**ENTRY, "Config": "/etc/passwd"}], errors.MissingBlob, "passwd"),
        (
            {"0" * 64 + ".json": config_of(BASE), "l.tar": BASE},
            [{**ENTRY, "Config": "0" * 64 + ".json"}],
            errors.DigestMismatch,
            "does not match its name",
        ),
        ({"index.json": "{}", "oci-layout": "{}"}, None, errors.NotAnImage, "OCI archive"),
    ],
)
def test_bad_docker_archives(tmp_path, members, images, error, words):
    """What is wrong with an archive is said; names in it never lead to files of this host."""
    path = save(tmp_path / "x.tar", members, images)
    with pytest.raises(error, match=words) as caught:
        archive.open_docker_archive(path)
    assert type(caught.value) is error


def test_platform_of_a_docker_archive(tmp_path):
    """An archive for another platform than the one asked for is none for it."""
    path = docker_archive(tmp_path / "x.tar", {"a:1": [BASE]})
    with pytest.raises(errors.PlatformNotFound, match="there is linux/amd64"):
        opened(path, "", ARM64)
    opened(path, "", Platform("linux", "amd64")).close()


def test_scratch_images(tmp_path):
    """An image without layers is an image."""
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    path = save(tmp_path / "x.tar", {"c.json": config}, [{"Config": "c.json", "Layers": None}])
    assert stored(opened(path)) == []
