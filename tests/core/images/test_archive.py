"""OCI layouts, their archives and docker archives."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import (
    Blobs,
    Hard,
    Link,
    add_image,
    compress,
    digest,
    docker_archive,
    image_config,
    layer,
    oci_layout,
    tar_of,
    write_layout,
)
from stellaops_core import errors
from stellaops_core.images import archive
from stellaops_core.images.image import ImageSource, Platform

BASE = layer({"etc/os-release": "ID=x"})
TOP = layer({"app": "x" * 3000})
REF = archive.REF_NAME
FULL = archive.FULL_NAME
ARM64 = Platform("linux", "arm64")


def stored(source: ImageSource) -> list[bytes]:
    """Read all layers and close the source."""
    try:
        read = []
        for item in source.image.layers:
            with source.open_layer(item) as pieces:
                read.append(b"".join(pieces))
        return read
    finally:
        source.close()


def save(target: Path, members: Mapping[str, Any], images: list[dict[str, Any]] | None) -> Path:
    """Write a docker archive from its members and manifest.json."""
    files = dict(members)
    if images is not None:
        files["manifest.json"] = json.dumps(images)
    target.write_bytes(layer(files))
    return target


def config_of(*layers: bytes, **more: Any) -> bytes:
    return json.dumps(image_config(layers, **more)).encode()


def opened(path: Path, selector: str = "", platform: Platform | None = None) -> archive.StoredImage:
    """Open whatever stands at a path, as its kind says."""
    kind = archive.kind_of(str(path))
    if kind == "oci":
        return archive.open_layout(path, selector, platform)
    opener = {"oci-archive": archive.open_oci_archive, "docker-archive": archive.open_docker_archive}[kind]
    return opener(path, selector, platform, spool_dir=path.parent)


# OCI layouts


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


def layout(tmp_path: Path, *images: Mapping[str, Any]) -> tuple[Path, list[str]]:
    """Write a layout of several images; their layer tells them apart. Returns the manifests' digests as well."""
    blobs = Blobs()
    entries = [add_image(blobs, [f"layer {number}".encode()], **image) for number, image in enumerate(images)]
    return write_layout(tmp_path / "layout", blobs, entries), [entry["digest"] for entry in entries]


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
    path, _ = layout(tmp_path, {"annotations": annotations})
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
    path, digests = layout(tmp_path, *TAGGED)
    if selector.startswith("@"):
        selector = "@" + digests[int(selector[1:])]
    source = opened(pack(path), selector)
    assert source.image.digest == digests[chosen]
    assert stored(source) == [compress(f"layer {chosen}".encode(), "gzip")]


def test_layout_without_a_selector(pack, tmp_path):
    """Several images and no selector: an error that lists what there is."""
    path, digests = layout(tmp_path, *TAGGED)
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
    path, digests = layout(tmp_path, *images)
    path = pack(path)
    for platform, wanted in ((None, digests[1]), (ARM64, digests[0])):
        with opened(path, "", platform) as source:
            assert source.image.digest == wanted
    with pytest.raises(errors.PlatformNotFound, match="linux/amd64, linux/arm64"):
        opened(path, "", Platform("linux", "s390x"))


@pytest.mark.parametrize("annotations", [{REF: "1"}, {}])
def test_images_that_nothing_tells_apart(pack, tmp_path, annotations):
    """Several images of one platform without distinct names are left to the user."""
    path, digests = layout(tmp_path, {"annotations": annotations}, {"annotations": annotations})
    path = pack(path)
    with pytest.raises(errors.UsageError, match="several images"):
        opened(path)
    with opened(path, "@" + digests[1]) as source:
        assert source.image.digest == digests[1]


def nested_layout(tmp_path: Path) -> tuple[Path, Blobs, dict[str, str]]:
    """Write what buildx writes: a tagged index of two platforms and an attestation."""
    blobs = Blobs()
    entries = {
        name: add_image(
            blobs,
            [name.encode()],
            config={"architecture": name},
            platform={"os": "linux", "architecture": name},
        )
        for name in ("arm64", "amd64")
    }
    proof = add_image(
        blobs,
        [b"proof"],
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
        platform={"os": "unknown", "architecture": "unknown"},
    )
    key, size = blobs.add_json({"schemaVersion": 2, "manifests": [*entries.values(), proof]})
    entry = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": key,
        "size": size,
        "annotations": {REF: "1"},
    }
    path = write_layout(tmp_path / "layout", blobs, [entry])
    return path, blobs, {"index": key, **{name: entry["digest"] for name, entry in entries.items()}}


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


@pytest.mark.parametrize("name", ["index.json", "blobs", "blobs/sha256", "manifest", "layer"])
def test_links_out_of_a_layout(tmp_path, name):
    """No link of a layout leads to a file of this host; links within it are fine."""
    path = oci_layout(tmp_path / "layout", [BASE])
    with opened(path) as source:
        names = {"manifest": source.image.digest, "layer": source.image.layers[0].digest}
    victim = path / (f"blobs/sha256/{names[name][7:]}" if name in names else name)
    inside = victim.rename(path / "elsewhere")
    victim.symlink_to(os.path.relpath(inside, victim.parent))
    assert stored(opened(path)) == [compress(BASE, "gzip")]
    victim.unlink()
    victim.symlink_to(inside.rename(tmp_path / "outside"))
    with pytest.raises(errors.CorruptImage, match="leads out of the layout"):
        stored(archive.open_layout(path))


def test_odd_files_in_a_layout(tmp_path):
    """Pipes, directories and loops in the place of files neither hang nor break anything."""
    path = oci_layout(tmp_path / "layout", [BASE])
    victim = path / "index.json"
    victim.unlink()
    for make in (lambda: os.mkfifo(victim), victim.mkdir, lambda: victim.symlink_to("index.json")):
        make()
        with pytest.raises(errors.TargetError):
            archive.open_layout(path)
        if victim.is_dir() and not victim.is_symlink():
            victim.rmdir()
        else:
            victim.unlink()


def test_a_layout_through_a_link(tmp_path):
    """The layout itself may be a link."""
    path = oci_layout(tmp_path / "layout", [BASE])
    (tmp_path / "link").symlink_to(path)
    assert stored(archive.open_layout(tmp_path / "link")) == [compress(BASE, "gzip")]


# docker save


def linked(target: Path) -> Path:
    """Write an archive as skopeo does: layers beside, links to them in the images' directories."""
    config = config_of(BASE, TOP)
    members = {
        digest(BASE)[7:] + ".tar": BASE,
        digest(TOP)[7:] + ".tar": TOP,
        digest(config)[7:] + ".json": config,
        "one/layer.tar": Link(f"../{digest(BASE)[7:]}.tar"),
        "two/layer.tar": Hard(digest(TOP)[7:] + ".tar"),
    }
    entry = {
        "Config": digest(config)[7:] + ".json",
        "RepoTags": ["a/b:1"],
        "Layers": ["one/layer.tar", "two/layer.tar"],
    }
    return save(target, members, [entry])


def crane(target: Path) -> Path:
    """Write an archive as crane does: compressed layers, a configuration named by its digest."""
    config = config_of(BASE, TOP)
    blobs = [compress(BASE, "gzip"), compress(TOP, "gzip")]
    names = [digest(blob)[7:] + ".tar.gz" for blob in blobs]
    entry = {"Config": digest(config), "RepoTags": ["a/b:1"], "Layers": names}
    return save(target, {digest(config): config, **dict(zip(names, blobs, strict=True))}, [entry])


def plain(target: Path) -> Path:
    return docker_archive(target, {"a/b:1": [BASE, TOP]})


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


def test_docker_selectors(tmp_path):
    """A name in any of a daemon's spellings, a tag or an image ID chooses an image."""
    path = docker_archive(tmp_path / "two.tar", {"debian:12": [BASE], "ghcr.io/a/b:1": [TOP], "x/y": [BASE, TOP]})
    cases = {
        "debian:12": 0,
        "docker.io/library/debian:12": 0,
        "library/debian:12": 0,
        "12": 0,
        "ghcr.io/a/b:1": 1,
        "x/y": 2,
        "x/y:latest": 2,
        "docker.io/x/y": 2,
    }
    images = {name: opened(path, name).image for name in cases}
    tops = {0: digest(BASE), 1: digest(TOP), 2: digest(TOP)}
    assert {name: image.layers[-1].diff_id for name, image in images.items()} == {
        name: tops[number] for name, number in cases.items()
    }
    key = images["debian:12"].digest
    for selector in (key[7:], key[7:19], "@" + key, key):
        assert opened(path, selector).image.digest == key
    for selector in (key[7:18], "debian", "x/y:2", "@" + digest(b"")):
        with pytest.raises(errors.TargetNotFound, match="has no image") as caught:
            opened(path, selector)
        assert caught.value.hint == "there is debian:12, ghcr.io/a/b:1, x/y"
    with pytest.raises(errors.UsageError, match="several images"):
        opened(path)


def test_one_image_listed_twice(tmp_path):
    """Entries for one configuration are one image."""
    config = config_of(BASE)
    entry = {"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l.tar"]}
    path = save(tmp_path / "x.tar", {"c.json": config, "l.tar": BASE}, [entry, {**entry, "RepoTags": ["a:2"]}])
    source = opened(path)
    assert stored(source) == [BASE]
    assert source.image.tags == ("a:1", "a:2")


ENTRY = {"Config": "c.json", "RepoTags": None, "Layers": ["l.tar"]}


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


# outer tars


NAMES = ["l", "layer " * 15, "d" * 90 + "/" + "n" * 90, "\u00e9" * 80]


@pytest.mark.parametrize("prefix", ["", "./", "/"])
@pytest.mark.parametrize(
    ("tar_format", "name"),
    [(tar_format, name) for tar_format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT) for name in NAMES]
    + [(tarfile.USTAR_FORMAT, name) for name in NAMES[:3]],
)
def test_dialects_of_tar(tmp_path, tar_format, prefix, name):
    """Names of all lengths, in all dialects, with or without a leading `./`, find their content."""
    files = {"c.json": config_of(BASE), name: BASE, "manifest.json": json.dumps([{**ENTRY, "Layers": [name]}])}
    (tmp_path / "x.tar").write_bytes(layer(files, prefix=prefix, tar_format=tar_format))
    assert stored(opened(tmp_path / "x.tar")) == [BASE]


def test_later_members_count(tmp_path):
    """Of members with one name the last counts, as when the archive is unpacked."""
    buffer = io.BytesIO(layer({"c.json": b"{}", "l.tar": Link("nowhere"), "manifest.json": "[]"}))
    with tarfile.open(fileobj=buffer, mode="a") as tar:
        for name, data in {"c.json": config_of(BASE), "l.tar": BASE, "manifest.json": json.dumps([ENTRY])}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data if isinstance(data, bytes) else data.encode()))
    (tmp_path / "x.tar").write_bytes(buffer.getvalue())
    assert stored(opened(tmp_path / "x.tar")) == [BASE]


@pytest.mark.parametrize("cut", [0, 100, 512, 700, 1536, -1024, -2000])
def test_cut_archives(tmp_path, cut):
    """An archive that ends early is no image, or truncated; never half an image."""
    data = plain(tmp_path / "x.tar").read_bytes().rstrip(b"\0")
    (tmp_path / "x.tar").write_bytes(data[:cut])
    with pytest.raises(errors.TargetError):
        archive.open_docker_archive(tmp_path / "x.tar")


def test_limits(tmp_path, monkeypatch):
    """Members, documents and unpacked archives have their bounds."""
    path = plain(tmp_path / "x.tar")
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(path.read_bytes()))
    for name, limit, words in (
        ("MEMBER_LIMIT", 3, "more than 3 members"),
        ("MANIFEST_LIMIT", 10, "10 are read"),
        ("CONFIG_LIMIT", 10, "10 are read"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(archive, name, limit)
            with pytest.raises(errors.TargetError, match=words):
                archive.open_docker_archive(path)
    monkeypatch.setattr(archive, "SPOOL_LIMIT", 5000)
    with pytest.raises(errors.CorruptImage, match="unpacks to more than 5000 bytes"):
        archive.open_docker_archive(tmp_path / "x.tar.gz", spool_dir=tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["x.tar", "x.tar.gz"]


# compressed archives, files


@pytest.mark.parametrize("compressed", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("scheme", ["oci-archive", "docker-archive"])
def test_compressed_archives(tmp_path, compressed, scheme):
    """A compressed archive is the same image, and leaves nothing behind."""
    path = tmp_path / "x.tar"
    if scheme == "oci-archive":
        tar_of(oci_layout(tmp_path / "layout", [BASE, TOP], compression="none"), path)
    else:
        plain(path)
    image = opened(path).image
    spool = tmp_path / "spool"
    spool.mkdir()
    data = path.read_bytes()
    path.write_bytes(compressed(data))
    assert archive.kind_of(str(path)) == scheme
    opener = archive.open_oci_archive if scheme == "oci-archive" else archive.open_docker_archive
    source = opener(path, spool_dir=spool)
    assert source.image == image
    assert not list(spool.iterdir())
    assert stored(source) == [BASE, TOP]
    with pytest.raises(errors.UsageError, match="compressed"):
        opener(path)
    with pytest.raises(errors.OutputError, match="nowhere"):
        opener(path, spool_dir=tmp_path / "nowhere")
    for damaged in (path.read_bytes()[:-20], compressed(b"no tar" * 1000), compressed(data)[:3]):
        path.write_bytes(damaged)
        with pytest.raises(errors.TargetError):
            opener(path, spool_dir=spool)


def test_after_a_fork(tmp_path):
    """Layers are read in a forked process, and closing there takes nothing from the parent."""
    source = opened(plain(tmp_path / "x.tar"))
    child = os.fork()
    if not child:
        os._exit(0 if stored(source) == [BASE, TOP] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert stored(source) == [BASE, TOP]


def test_temporary_archives(tmp_path):
    """A caller's temporary file has lost its name as soon as it is open, and its content when it is closed."""
    path = plain(tmp_path / "x.tar")
    source = archive.open_docker_archive(path, delete_on_close=True)
    assert not path.exists()
    assert stored(source) == [BASE, TOP]
    source.close()
    path.write_bytes(b"no tar")
    with pytest.raises(errors.TargetError):
        archive.open_docker_archive(path, delete_on_close=True)
    assert not path.exists()


def test_large_layers_come_in_pieces(tmp_path):
    """Pieces are no larger than 1 MiB and put together give the layer."""
    big = layer({"big": os.urandom(5 << 20)})
    with opened(docker_archive(tmp_path / "x.tar", {"a:1": [big]})) as source:
        check = hashlib.sha256()
        with source.open_layer(source.image.layers[0]) as pieces:
            for piece in pieces:
                assert len(piece) <= 1 << 20
                check.update(piece)
        assert source.image.layers[0].diff_id == "sha256:" + check.hexdigest()


def test_a_file_that_shrinks(tmp_path):
    """An archive that becomes shorter while it is read is truncated, and said to be."""
    path = plain(tmp_path / "x.tar")
    with opened(path) as source:
        os.truncate(path, 2048)
        with pytest.raises(errors.Truncated):
            stored(source)


@pytest.mark.parametrize("opener", [archive.open_layout, archive.open_oci_archive, archive.open_docker_archive])
def test_what_cannot_be_opened(tmp_path, opener):
    """Nothing there, a directory, a pipe, a file of another kind: each its own error."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("hello\n" * 200)
    (tmp_path / "empty").write_bytes(b"")
    cases = {
        "missing": errors.TargetNotFound,
        "nul\0l": errors.TargetError,
        "pipe": errors.NotAnImage,
        ".": errors.NotAnImage,
        "empty": errors.NotAnImage,
        "text": errors.NotAnImage if opener is archive.open_layout else errors.CorruptImage,
        "text/below": errors.TargetError,
        "x" * 300: errors.TargetError,
    }
    for name, error in cases.items():
        with pytest.raises(error) as caught:
            opener(tmp_path / name)
        assert type(caught.value) is error
        assert "\n" not in str(caught.value)


def test_what_may_not_be_read(tmp_path):
    """Missing permission is said to be that, and the file is not taken for nothing."""
    plain(tmp_path / "x.tar").chmod(0)
    tmp_path.chmod(0o755)
    child = os.fork()
    if not child:  # root may read everything: as nobody, then
        status = 1
        try:
            os.chdir(tmp_path)
            if os.geteuid() == 0:
                os.setuid(65534)
            assert archive.kind_of("x.tar") == "docker-archive"
            with pytest.raises(errors.TargetError, match="may not be read"):
                archive.open_docker_archive("x.tar")
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# kind_of


def test_kinds(tmp_path):
    """What stands at a path is told by its content."""
    oci_layout(tmp_path / "layout", [BASE])
    oci_layout(tmp_path / "bare", [BASE])
    (tmp_path / "bare/oci-layout").unlink()
    tar_of(tmp_path / "layout", tmp_path / "layout.tar")
    plain(tmp_path / "saved.tar")
    linked(tmp_path / "linked.tar")
    (tmp_path / "rootfs").mkdir()
    (tmp_path / "rootfs.tar").write_bytes(layer({"etc/passwd": ""}))
    (tmp_path / "cut.tar").write_bytes((tmp_path / "saved.tar").read_bytes()[:3000])
    (tmp_path / "text").write_text("hello\n" * 200)
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"hello\n" * 200))
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    expected = {
        "layout": "oci",
        "bare": "oci",
        "layout.tar": "oci-archive",
        "saved.tar": "docker-archive",
        "linked.tar": "docker-archive",
        "rootfs": "dir",
        "rootfs.tar": "docker-archive",
        "cut.tar": "docker-archive",
        "text": "",
        "text.gz": "",
        "empty": "",
        "pipe": "",
        "missing": "",
        "nul\0l": "",
        "x" * 300: "",
    }
    assert {name: archive.kind_of(str(tmp_path / name)) for name in expected} == expected


# hostile archives


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """One archive of each kind."""
    path = tmp_path_factory.mktemp("samples")
    tar_of(oci_layout(path / "layout", [BASE]), path / "layout.tar")
    return [(path / "layout.tar").read_bytes(), linked(path / "linked.tar").read_bytes()]


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_archives(tmp_path, samples, data):
    """Whatever is changed, cut or put into an archive: an image or an error of ours comes out."""
    archive_bytes = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(data.draw(st.integers(1, 4))):
        block = data.draw(st.integers(0, len(archive_bytes) // 512))
        at = block * 512 + data.draw(st.sampled_from([0, 100, 124, 148, 156, 157, 257, 345, 200]))
        piece = data.draw(
            st.binary(min_size=1, max_size=12) | st.sampled_from([b"\x80" + b"\xff" * 11, b"7" * 11, b""])
        )
        if piece:
            archive_bytes[at : at + len(piece)] = piece
        else:
            del archive_bytes[at:]
        if data.draw(st.booleans()):
            refresh_checksum(archive_bytes, block * 512)
    path = tmp_path / "x.tar"
    path.write_bytes(archive_bytes)
    archive.kind_of(str(path))
    for opener in (archive.open_oci_archive, archive.open_docker_archive):
        try:
            stored(opener(path, spool_dir=tmp_path))
        except errors.StellaError:
            continue


def refresh_checksum(data: bytearray, at: int) -> None:
    if len(data) >= at + 512:
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
