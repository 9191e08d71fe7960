"""Manifests and indexes: bytes in, checked records out, and the image that they make.

Nothing here reads a disk or a network: who calls brings bytes, or a `fetch` that brings them, and what it brings is
verified here. Which image an index yields depends on the index and on the platform asked for, never on this host.

Source: OCI image specification 1.1, manifest.md and image-index.md; Docker image manifest version 2, schema 2.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import UNSET, Struct, UnsetType, structs

from stellaops_core.digest import Digest
from stellaops_core.errors import CorruptImage, NotAnImage, Unsupported
from stellaops_core.images.choice import choose, settled_platform
from stellaops_core.images.configuration import CONFIG_LIMIT, read_config
from stellaops_core.images.descriptor import (
    CONFIG_TYPES,
    INDEX_TYPES,
    MANIFEST_TYPES,
    OCI_INDEX,
    OCI_MANIFEST,
    SPELLED_DESCRIPTOR,
    Descriptor,
    StatedDescriptor,
    check_size,
    read_descriptor,
    read_descriptors,
    verified,
)
from stellaops_core.images.document import Spelling, checked, decode_json
from stellaops_core.images.image import Image, Layer, Platform

MANIFEST_LIMIT = 4 << 20
"""Bytes of a manifest or index; what the OCI distribution specification asks registries to accept."""
INDEX_DEPTH = 8
"""Indexes within indexes."""
INDEX_LIMIT = 256
"""Nested indexes looked into for one image."""
ENTRY_LIMIT = 16_384
"""Entries of all indexes at one depth."""
PROBE_LIMIT = 64
"""Images whose configuration is read because their descriptor states no platform."""
SEARCH_LIMIT = 64 << 20
"""Bytes of all documents that are read to find one image."""

LAYER_TYPE = re.compile(
    r"application/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)"
    r"([+.](gzip|zstd))?"
)

_SCHEMA_1 = re.compile(r"application/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)")
_SPELLED: Spelling = {
    **dict.fromkeys(("schemaVersion", "mediaType", "fsLayers")),
    **dict.fromkeys(("config", "layers", "manifests"), SPELLED_DESCRIPTOR),
}

Fetch = Callable[[Descriptor], bytes]
Present = Callable[[Descriptor], bool]


class Index(Struct, frozen=True):
    """An OCI index or a Docker manifest list."""

    manifests: tuple[Descriptor, ...]


class Manifest(Struct, frozen=True):
    """An OCI manifest or a Docker one of schema 2."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    """Base first."""
    media_type: str


class _Document(Struct, rename="camel"):
    schema_version: int | None = None
    media_type: str | None = None
    config: StatedDescriptor | None = None
    layers: list[StatedDescriptor] | UnsetType | None = UNSET
    manifests: list[StatedDescriptor] | UnsetType | None = UNSET
    fs_layers: Any = None


def read_manifest(data: bytes, media_type: str = "") -> Index | Manifest:
    """Read a manifest or an index.

    The document's own media type counts, then `media_type`, then its shape. Raises `CorruptImage` naming the member
    that is wrong, `Unsupported` for Docker schema 1 and `NotAnImage` for other kinds of documents.
    """
    if len(data) > MANIFEST_LIMIT:
        raise CorruptImage(f"a manifest of {len(data)} bytes is more than the {MANIFEST_LIMIT} that are read")
    document = checked(decode_json(data, _SPELLED, "manifest"), _Document, "manifest")
    kind = document.media_type or media_type.partition(";")[0].strip() or _shape(document)
    if _SCHEMA_1.fullmatch(kind) or (document.schema_version == 1 and document.fs_layers is not None):
        raise Unsupported(
            "the image has a Docker schema 1 manifest, which nobody can verify any more",
            hint="push it again with a current tool, or copy it with skopeo copy --format v2s2",
        )
    if document.manifests and (document.layers or document.config):
        raise CorruptImage("the manifest claims to be an image and an index at once")  # CVE-2021-41190
    if kind in INDEX_TYPES:
        return Index(_listed(document.manifests, "manifests"))
    if kind in MANIFEST_TYPES:
        if document.config is None:
            raise CorruptImage("the manifest has no `config`")
        return Manifest(read_descriptor(document.config, "config"), _listed(document.layers, "layers"), kind)
    raise NotAnImage(f"not an image manifest: its media type is {kind[:100]!r}")


def images_of(index: Index, fetch: Fetch, present: Present = lambda _: True) -> dict[Digest, tuple[Descriptor, Digest]]:
    """Find the images of an index and of the indexes within it: by digest, the entry and the top entry it is under.

    `present` says whether content can be had at all: a layout may keep one platform of an index that names many.
    Entries that are not present are left out unless all are.
    """
    found: dict[Digest, tuple[Descriptor, Digest]] = {}
    seen: set[Digest] = set()
    level = [(entry, entry.digest) for entry in index.manifests]
    for _ in range(INDEX_DEPTH):
        level = [item for item in level if present(item[0])] or level
        for entry, top in level:
            if entry.is_image and (entry.digest not in found or found[entry.digest][0].platform is None):
                found[entry.digest] = entry, top
        nested = {
            entry.digest: (entry, top)
            for entry, top in level
            if entry.media_type in INDEX_TYPES and entry.digest not in seen
        }
        seen.update(nested)
        if not nested:
            return found
        if len(seen) > INDEX_LIMIT:
            raise CorruptImage(f"the index holds more than {INDEX_LIMIT} further indexes")
        level = []
        for entry, top in nested.values():
            level += [(below, top) for below in _index_at(entry, fetch).manifests]
            if len(level) > ENTRY_LIMIT:
                raise CorruptImage(f"indexes within the index have more than {ENTRY_LIMIT} entries")
    raise CorruptImage(f"indexes are nested more than {INDEX_DEPTH} deep")


def resolve(
    index: Index, wanted: Platform | None, fetch: Fetch, present: Present = lambda _: True
) -> tuple[Descriptor, Manifest]:
    """Find the manifest that an index holds for a platform, looking through nested indexes.

    Images whose descriptor states no platform are asked for their configuration, but only where there is a choice.
    """
    fetch = bounded(fetch)
    images = [entry for entry, _ in images_of(index, fetch, present).values()]
    if len(images) > 1:
        images = list(with_platforms(images, fetch))
    descriptor = choose(images, wanted)
    return descriptor, manifest_at(descriptor, fetch)


def with_platforms(images: Iterable[Descriptor], fetch: Fetch) -> Iterator[Descriptor]:
    """Fill in platforms that descriptors don't state from the images' configurations; artifacts are left out."""
    probes = 0
    for image in images:
        if image.platform is not None:
            yield image
            continue
        probes += 1
        if probes > PROBE_LIMIT:
            raise CorruptImage(f"the index lists more than {PROBE_LIMIT} images without a platform")
        config = manifest_at(image, fetch).config
        if config.media_type in CONFIG_TYPES:
            platform = read_config(_fetched(config, fetch, CONFIG_LIMIT)).platform
            yield structs.replace(image, platform=platform)


def bounded(fetch: Fetch) -> Fetch:
    """Fetch documents up to SEARCH_LIMIT bytes in all; then raise `CorruptImage`."""
    left = SEARCH_LIMIT

    def fetch_bounded(descriptor: Descriptor) -> bytes:
        nonlocal left
        left -= descriptor.size
        if left < 0:
            raise CorruptImage(f"more than {SEARCH_LIMIT} bytes of manifests would have to be read to find one image")
        return fetch(descriptor)

    return fetch_bounded


def manifest_at(descriptor: Descriptor, fetch: Fetch) -> Manifest:
    """Fetch, verify and read an image's manifest."""
    document = read_manifest(_fetched(descriptor, fetch, MANIFEST_LIMIT), descriptor.media_type)
    if not isinstance(document, Manifest):
        raise CorruptImage(f"{descriptor.digest} is listed as an image and is none")
    return document


def check_types(manifest: Manifest) -> None:
    """Raise `NotAnImage` or `Unsupported` unless these are an image's configuration and layers."""
    if manifest.config.media_type not in CONFIG_TYPES:
        raise NotAnImage(
            f"not a container image but an artifact: its configuration is {manifest.config.media_type[:100]!r}"
        )
    for index, layer in enumerate(manifest.layers):
        if layer.media_type == "application/vnd.in-toto+json":
            raise NotAnImage("not a container image but its attestations", hint="choose the image itself")
        if not LAYER_TYPE.fullmatch(layer.media_type):
            kind = "is encrypted" if layer.media_type.endswith("+encrypted") else "can't be read"
            raise Unsupported(f"layer {index} {kind}: its media type is {layer.media_type[:100]!r}")


def make_image(
    manifest: Manifest,
    manifest_digest: str,
    config: bytes,
    *,
    name: str,
    tags: tuple[str, ...] = (),
    wanted: Platform | None = None,
    stated: Platform | None = None,
) -> Image:
    """Put an image together from its manifest and its configuration, which is verified.

    `stated`: the platform that an index gave for it, where the configuration is silent. Raises `NotAnImage` for
    artifacts, `PlatformNotFound` where the platform is not the wanted one, `Unsupported` or `CorruptImage`.
    """
    check_types(manifest)
    known = read_config(verified(config, manifest.config))
    if len(known.diff_ids) != len(manifest.layers):
        raise CorruptImage(
            f"the manifest lists {len(manifest.layers)} layers and the image configuration {len(known.diff_ids)}"
        )
    return Image(
        name=name,
        digest=manifest_digest,
        config_digest=manifest.config.digest,
        platform=settled_platform(known.platform, stated, wanted),
        layers=tuple(
            Layer(index, layer.digest, diff_id, layer.size, layer.media_type, command, layer.urls)
            for index, (layer, diff_id, command) in enumerate(
                zip(manifest.layers, known.diff_ids, known.commands, strict=True)
            )
        ),
        config=known.document,
        tags=tags,
    )


def _shape(document: _Document) -> str:
    if document.manifests is not UNSET:
        return OCI_INDEX
    return OCI_MANIFEST if document.config is not None else ""


def _listed(stated: list[StatedDescriptor] | UnsetType | None, member: str) -> tuple[Descriptor, ...]:
    if stated is UNSET:
        raise CorruptImage(f"the manifest has no `{member}`")
    return read_descriptors(stated, member)


def _index_at(descriptor: Descriptor, fetch: Fetch) -> Index:
    document = read_manifest(_fetched(descriptor, fetch, MANIFEST_LIMIT), descriptor.media_type)
    if not isinstance(document, Index):
        raise CorruptImage(f"{descriptor.digest} is listed as an index and is none")
    return document


def _fetched(descriptor: Descriptor, fetch: Fetch, limit: int) -> bytes:
    check_size(descriptor, limit)
    return verified(fetch(descriptor), descriptor)
