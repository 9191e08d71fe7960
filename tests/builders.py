"""Images and layers for tests, made of nothing but dictionaries.

`layer({"etc/os-release": b"...", "lib": Link("usr/lib"), "var/.wh.x": b""})` gives the bytes of a tar;
`oci_layout(path, [layer, ...])` writes an OCI image layout around them.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Hard(NamedTuple):
    """A hard link to an earlier path of the same layer."""

    target: str


class Dir(NamedTuple):
    """A directory entry of its own."""

    mode: int = 0o755


Content = bytes | str | Link | Hard | Dir


def layer(
    files: Mapping[str, Content] | Sequence[tuple[str, Content]],
    *,
    prefix: str = "",
    tar_format: int = tarfile.PAX_FORMAT,
    mode_of: Callable[[str, Content], int] = lambda path, content: 0o644,
) -> bytes:
    """Write files, links and directories as a tar, in the order given; pairs may name a path twice.

    `prefix`: "" or "./" or "/".
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as tar:
        for path, content in files.items() if isinstance(files, Mapping) else files:
            entry = tarfile.TarInfo(prefix + path)
            entry.mtime = 1_700_000_000
            entry.mode = mode_of(path, content)
            if isinstance(content, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, content.target
            elif isinstance(content, Hard):
                entry.type, entry.linkname = tarfile.LNKTYPE, prefix + content.target
            elif isinstance(content, Dir):
                entry.type, entry.mode = tarfile.DIRTYPE, content.mode
            else:
                data = content.encode() if isinstance(content, str) else content
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
                continue
            tar.addfile(entry)
    return buffer.getvalue()


def digest(data: bytes) -> str:
    """`sha256:…` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def compress(tar: bytes, compression: str) -> bytes:
    """`none`, `gzip` or `zstd`, the same bytes every time."""
    if compression == "gzip":
        return gzip.compress(tar, 6, mtime=0)
    if compression == "zstd":
        import zstandard  # noqa: PLC0415  # few tests need it

        return zstandard.compress(tar, 3)
    return tar


MEDIA_TYPES = {
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


def image_config(layers: Sequence[bytes], **more: Any) -> dict[str, Any]:
    """An OCI image configuration for uncompressed layers; `more` replaces top-level members."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "2025-01-02T03:04:05Z",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in layers]},
        "history": [{"created_by": f"step {number}"} for number in range(len(layers))],
        **more,
    }


class Blobs(dict[str, bytes]):
    """Content by digest."""

    def add(self, data: bytes) -> str:
        """Keep bytes; return their digest."""
        key = digest(data)
        self[key] = data
        return key

    def add_json(self, document: Any) -> tuple[str, int]:
        """Keep a JSON document; return its digest and size."""
        data = json.dumps(document, sort_keys=True).encode()
        return self.add(data), len(data)


def add_image(
    blobs: Blobs,
    layers: Sequence[bytes],
    *,
    compression: str = "gzip",
    config: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    platform: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Put an image's blobs among `blobs`; return the descriptor of its manifest."""
    config_digest, config_size = blobs.add_json(image_config(layers, **(config or {})))
    stored = [compress(tar, compression) for tar in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config_digest,
            "size": config_size,
        },
        "layers": [
            {"mediaType": MEDIA_TYPES[compression], "digest": blobs.add(data), "size": len(data)} for data in stored
        ],
    }
    manifest_digest, size = blobs.add_json(manifest)
    descriptor: dict[str, Any] = {"mediaType": manifest["mediaType"], "digest": manifest_digest, "size": size}
    if annotations:
        descriptor["annotations"] = dict(annotations)
    if platform:
        descriptor["platform"] = dict(platform)
    return descriptor


def write_layout(path: Path, blobs: Mapping[str, bytes], manifests: Sequence[Mapping[str, Any]]) -> Path:
    """Write an OCI image layout directory."""
    for key, data in blobs.items():
        algorithm, _, name = key.partition(":")
        folder = path / "blobs" / algorithm
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": list(manifests),
    }
    (path / "index.json").write_text(json.dumps(index))
    return path


def oci_layout(path: Path, layers: Sequence[bytes], *, tag: str = "latest", **options: Any) -> Path:
    """Write one image as an OCI image layout; options as for `add_image`."""
    blobs = Blobs()
    options.setdefault("annotations", {"org.opencontainers.image.ref.name": tag})
    return write_layout(path, blobs, [add_image(blobs, layers, **options)])


def tar_of(path: Path, target: Path) -> Path:
    """Pack a directory as an (OCI) archive."""
    with tarfile.open(target, "w") as tar:
        for item in sorted(path.rglob("*")):
            tar.add(item, arcname=str(item.relative_to(path)), recursive=False)
    return target


def docker_archive(
    target: Path, images: Mapping[str, Sequence[bytes]], *, compression: str = "none", **config: Any
) -> Path:
    """Write `docker save`'s older layout: `{repo:tag: layers}`."""
    members: dict[str, bytes] = {}
    manifest = []
    for tag, layers in images.items():
        document = json.dumps(image_config(layers, **config), sort_keys=True).encode()
        name = digest(document)[7:] + ".json"
        members[name] = document
        paths = []
        for tar in layers:
            path = digest(tar)[7:] + "/layer.tar"
            members[path] = compress(tar, compression)
            paths.append(path)
        manifest.append({"Config": name, "RepoTags": [tag], "Layers": paths})
    members["manifest.json"] = json.dumps(manifest).encode()
    target.write_bytes(layer(members))
    return target
