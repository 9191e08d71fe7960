"""Images in files for tests: the writings of several tools, and ways to open them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    write_layout,
)
from stellaops_core.images import archive, files
from stellaops_core.images.image import ImageSource, Platform

BASE = layer({"etc/os-release": "ID=x"})


TOP = layer({"app": "x" * 3000})


REF = "org.opencontainers.image.ref.name"


FULL = "io.containerd.image.name"


ARM64 = Platform("linux", "arm64")


ENTRY = {"Config": "c.json", "RepoTags": None, "Layers": ["l.tar"]}


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


def opened(path: Path, selector: str = "", platform: Platform | None = None) -> files.StoredImage:
    """Open whatever stands at a path, as its kind says."""
    kind = archive.kind_of(str(path))
    if kind == "oci":
        return archive.open_layout(path, selector, platform)
    opener = {"oci-archive": archive.open_oci_archive, "docker-archive": archive.open_docker_archive}[kind]
    return opener(path, selector, platform, spool_dir=path.parent)


def layout_of(tmp_path: Path, *images: Mapping[str, Any]) -> tuple[Path, list[str]]:
    """Write a layout of several images; their layer tells them apart. Returns the manifests' digests as well."""
    blobs = Blobs()
    entries = [add_image(blobs, [f"layer {number}".encode()], **image) for number, image in enumerate(images)]
    return write_layout(tmp_path / "layout", blobs, entries), [entry["digest"] for entry in entries]


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


def refresh_checksum(data: bytearray, at: int) -> None:
    if len(data) >= at + 512:
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
