"""Manifests, indexes and image configurations: bytes in, checked records out.

Nothing here reads a disk or a network: who calls brings bytes, or a `fetch` that brings them. What is listed by a
descriptor is believed only after `verified` has compared size and digest. Which image an index yields depends on the
index and on the platform asked for, never on this host.

Source: OCI image specification 1.1 (descriptor, manifest, image-index, config) and Docker image manifest version 2,
schema 2.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from stellaops_core.digest import Digest, hasher, parse_digest
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    NotAnImage,
    PlatformNotFound,
    Truncated,
    Unsupported,
)
from stellaops_core.images.image import Image, Layer, Platform

MANIFEST_LIMIT = 4 << 20
"""Bytes of a manifest or index; what the OCI distribution specification asks registries to accept."""
CONFIG_LIMIT = 16 << 20
"""Bytes of an image configuration."""
LAYER_LIMIT = 4096
"""Layers of an image, and entries of one index."""
INDEX_DEPTH = 8
"""Indexes within indexes."""
INDEX_LIMIT = 256
"""Nested indexes looked into for one image."""
ENTRY_LIMIT = 16_384
"""Entries of all indexes at one depth."""
PROBE_LIMIT = 64
"""Images whose configuration is read because their descriptor states no platform."""
JSON_DEPTH = 100
"""Nesting of a configuration document, so that whoever writes it out again may recurse."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIG_TYPES = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream",  # Docker before 1.11
    }
)
SCHEMA_1 = re.compile(r"application/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)")
LAYER_TYPE = re.compile(
    r"application/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)"
    r"([+.](gzip|zstd))?"
)
ATTESTATION = "vnd.docker.reference.type"
"""Annotation of BuildKit's attestation manifests."""
DEFAULT_PLATFORM = Platform("linux", "amd64")

_PLATFORM_PART = re.compile(r"[A-Za-z0-9_.+-]{0,64}")


class Descriptor(Struct, frozen=True):
    """What a manifest or an index says about one piece of content."""

    media_type: str
    digest: Digest
    size: int
    """Bytes; not negative."""
    platform: Platform | None = None
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    urls: tuple[str, ...] = ()
    artifact_type: str = ""


class Index(Struct, frozen=True):
    """An OCI index or a Docker manifest list."""

    manifests: tuple[Descriptor, ...]


class Manifest(Struct, frozen=True):
    """An OCI manifest or a Docker one of schema 2."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    """Base first."""
    media_type: str


class Config(Struct, frozen=True):
    """An image configuration, as far as the core relies on it."""

    document: dict[str, Any]
    platform: Platform
    """With empty parts where nothing is stated."""
    diff_ids: tuple[Digest, ...]
    commands: tuple[str, ...]
    """The history line of each layer; all empty where the history does not tell one line per layer."""


Spelling = Mapping[str, Any]
"""Members of a document that are relied on: name to the `Spelling` of the objects below, or None."""

_SPELLED_PLATFORM: Spelling = dict.fromkeys(("os", "architecture", "variant"))
_SPELLED_DESCRIPTOR: Spelling = {
    **dict.fromkeys(("mediaType", "digest", "size", "annotations", "urls", "artifactType")),
    "platform": _SPELLED_PLATFORM,
}
_SPELLED_MANIFEST: Spelling = {
    **dict.fromkeys(("schemaVersion", "mediaType", "fsLayers")),
    **dict.fromkeys(("config", "layers", "manifests"), _SPELLED_DESCRIPTOR),
}
_SPELLED_CONFIG: Spelling = {
    **_SPELLED_PLATFORM,
    "created": None,
    "rootfs": {"type": None, "diff_ids": None},
    "history": dict.fromkeys(("created", "created_by", "empty_layer", "comment", "author")),
    "config": dict.fromkeys(("User", "Env", "Entrypoint", "Cmd", "Shell", "WorkingDir", "Labels", "ArgsEscaped")),
}


class _Platform(Struct):
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class _Descriptor(Struct, rename="camel"):
    media_type: str
    digest: str
    size: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    platform: _Platform | None = None
    annotations: dict[str, str] | None = None
    urls: list[str] | None = None
    artifact_type: str | None = None


class _Document(Struct, rename="camel"):
    schema_version: int | None = None
    media_type: str | None = None
    config: _Descriptor | None = None
    layers: list[_Descriptor] | UnsetType | None = UNSET
    manifests: list[_Descriptor] | UnsetType | None = UNSET
    fs_layers: Any = None


class _RootFs(Struct):
    diff_ids: list[str] | None = None


class _History(Struct):
    created_by: str | None = None
    empty_layer: bool | None = None


class _Config(_Platform):
    rootfs: _RootFs | None = None
    history: list[_History] | None = None
    config: dict[str, Any] | None = None


def read_manifest(data: bytes, media_type: str = "") -> Index | Manifest:
    """Read a manifest or an index.

    The document's own media type counts, then `media_type`, then its shape. Raises `CorruptImage` naming the member
    that is wrong, `Unsupported` for Docker schema 1 and `NotAnImage` for other kinds of documents.
    """
    if len(data) > MANIFEST_LIMIT:
        raise CorruptImage(f"a manifest of {len(data)} bytes is more than the {MANIFEST_LIMIT} that are read")
    document = checked(decode_json(data, _SPELLED_MANIFEST, "manifest"), _Document, "manifest")
    kind = document.media_type or media_type.partition(";")[0].strip() or _shape(document)
    if SCHEMA_1.fullmatch(kind) or (document.schema_version == 1 and document.fs_layers is not None):
        raise Unsupported(
            "the image has a Docker schema 1 manifest, which nobody can verify any more",
            hint="push it again with a current tool, or copy it with skopeo copy --format v2s2",
        )
    if document.manifests and (document.layers or document.config):
        raise CorruptImage("the manifest claims to be an image and an index at once")  # CVE-2021-41190
    if kind in INDEX_TYPES:
        return Index(_descriptors(document.manifests, "manifests"))
    if kind in MANIFEST_TYPES:
        return _manifest(document, kind)
    raise NotAnImage(f"not an image manifest: its media type is {_shown(kind)}")


def choose(descriptors: Iterable[Descriptor], wanted: Platform | None) -> Descriptor:
    """Choose one image of an index's entries.

    Attestations and artifacts are no images. Without `wanted`: the only image, else the one for linux/amd64. With it:
    the same variant before others, then the highest variant, then the first listed. Raises `NotAnImage` where there is
    no image and `PlatformNotFound` where none fits.
    """
    images = [descriptor for descriptor in descriptors if is_image(descriptor)]
    if not images:
        raise NotAnImage("the index lists no container image")
    if wanted is None and len(images) == 1:
        return images[0]
    target = wanted or DEFAULT_PLATFORM
    fits = [(image, image.platform) for image in images if image.platform and target.accepts(image.platform)]
    if wanted and not fits and len(images) == 1 and images[0].platform is None:
        return images[0]  # its configuration will tell
    if not fits:
        raise _not_found(wanted, [image.platform for image in images])
    return max(fits, key=lambda pair: (pair[1].variant == target.variant, pair[1].variant))[0]


def is_image(descriptor: Descriptor) -> bool:
    """Whether an index's entry is an image, as far as the entry itself tells."""
    platform = descriptor.platform
    return (
        descriptor.media_type in MANIFEST_TYPES
        and ATTESTATION not in descriptor.annotations
        and descriptor.artifact_type in {"", *CONFIG_TYPES}
        and (platform is None or "unknown" not in {platform.os, platform.architecture})
    )


def images_of(
    index: Index, fetch: Callable[[Descriptor], bytes], present: Callable[[Descriptor], bool] = lambda _: True
) -> dict[Digest, tuple[Descriptor, Digest]]:
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
            if is_image(entry) and (entry.digest not in found or found[entry.digest][0].platform is None):
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
            level += [(below, top) for below in _index(entry, fetch).manifests]
            if len(level) > ENTRY_LIMIT:
                raise CorruptImage(f"indexes within the index have more than {ENTRY_LIMIT} entries")
    raise CorruptImage(f"indexes are nested more than {INDEX_DEPTH} deep")


def resolve(
    index: Index,
    wanted: Platform | None,
    fetch: Callable[[Descriptor], bytes],
    present: Callable[[Descriptor], bool] = lambda _: True,
) -> tuple[Descriptor, Manifest]:
    """Find the manifest that an index holds for a platform, looking through nested indexes.

    What `fetch` brings is verified here. Images whose descriptor states no platform are asked for their configuration,
    but only where there is a choice.
    """
    images = [entry for entry, _ in images_of(index, fetch, present).values()]
    if len(images) > 1:
        images = list(with_platforms(images, fetch))
    descriptor = choose(images, wanted)
    return descriptor, _manifest_at(descriptor, fetch)


def with_platforms(images: Iterable[Descriptor], fetch: Callable[[Descriptor], bytes]) -> Iterator[Descriptor]:
    """Fill in platforms that descriptors don't state from the images' configurations; artifacts are left out."""
    probes = 0
    for image in images:
        if image.platform is not None:
            yield image
            continue
        probes += 1
        if probes > PROBE_LIMIT:
            raise CorruptImage(f"the index lists more than {PROBE_LIMIT} images without a platform")
        config = _manifest_at(image, fetch).config
        if config.media_type in CONFIG_TYPES:
            platform = read_config(_fetched(config, fetch, CONFIG_LIMIT)).platform
            yield structs.replace(image, platform=platform)


def check_size(descriptor: Descriptor, limit: int) -> None:
    """Raise `CorruptImage` for a document that is too large to be fetched and read in one piece."""
    if descriptor.size > limit:
        raise CorruptImage(f"{descriptor.digest} has {descriptor.size} bytes; {limit} are read")


def verified(data: bytes, descriptor: Descriptor) -> bytes:
    """Return `data` if it is what the descriptor lists; raise `Truncated` or `DigestMismatch`."""
    if len(data) < descriptor.size:
        raise Truncated(f"{descriptor.digest} has {len(data)} of {descriptor.size} bytes")
    check = hasher(descriptor.digest)
    check.update(data)
    if len(data) > descriptor.size or not descriptor.digest.endswith(":" + check.hexdigest()):
        raise DigestMismatch(f"content does not match {descriptor.digest}", hint="fetch or export the image again")
    return data


def read_config(data: bytes) -> Config:
    """Read an image configuration; raise `CorruptImage` naming the member that is wrong."""
    if len(data) > CONFIG_LIMIT:
        raise CorruptImage(f"a configuration of {len(data)} bytes is more than the {CONFIG_LIMIT} that are read")
    document = decode_json(data, _SPELLED_CONFIG, "image configuration")
    _check_depth(document)
    known = checked(document, _Config, "image configuration")
    diff_ids = (known.rootfs and known.rootfs.diff_ids) or []
    if len(diff_ids) > LAYER_LIMIT:
        raise CorruptImage(f"the image configuration lists {len(diff_ids)} layers; {LAYER_LIMIT} are read")
    return Config(
        document=document,
        platform=_platform(known),
        diff_ids=tuple(map(parse_digest, diff_ids)),
        commands=_commands(known.history or [], len(diff_ids)),
    )


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


def check_types(manifest: Manifest) -> None:
    """Raise `NotAnImage` or `Unsupported` unless these are an image's configuration and layers."""
    if manifest.config.media_type not in CONFIG_TYPES:
        raise NotAnImage(
            f"not a container image but an artifact: its configuration is {_shown(manifest.config.media_type)}"
        )
    for index, layer in enumerate(manifest.layers):
        if layer.media_type == "application/vnd.in-toto+json":
            raise NotAnImage("not a container image but its attestations", hint="choose the image itself")
        if not LAYER_TYPE.fullmatch(layer.media_type):
            kind = "is encrypted" if layer.media_type.endswith("+encrypted") else "can't be read"
            raise Unsupported(f"layer {index} {kind}: its media type is {_shown(layer.media_type)}")


def settled_platform(configured: Platform, stated: Platform | None, wanted: Platform | None) -> Platform:
    """Settle an image's platform: its configuration, completed by what an index states; checked against `wanted`."""
    other = stated or Platform("", "")
    platform = Platform(
        configured.os or other.os, configured.architecture or other.architecture, configured.variant or other.variant
    )
    # Many configurations leave the variant out; a variant that is not stated contradicts none.
    asked = wanted if wanted is None or platform.variant else Platform(wanted.os, wanted.architecture)
    if asked and not asked.accepts(platform):
        raise _not_found(wanted, [platform])
    return platform


def decode_json(data: bytes, spelling: Spelling, what: str) -> Any:
    """Decode a document and spell the members that are relied on as specified; raise `CorruptImage`.

    Docker and containerd take member names in any case, so that Windows images with `rootfS` run. A member that comes
    twice in different spellings is refused: one reader would believe the first and another the second.
    """
    try:
        return _spelled(msgspec.json.decode(data), spelling, what)
    except (ValueError, RecursionError) as error:
        raise CorruptImage(f"{what}: not valid JSON: {error}") from None


def checked(document: Any, type_: Any, what: str) -> Any:
    """Convert a decoded document; raise `CorruptImage` naming the member that is wrong."""
    try:
        return msgspec.convert(document, type_)
    except msgspec.ValidationError as error:
        raise CorruptImage(f"{what}: {error}") from None


def _spelled(node: Any, spelling: Spelling | None, what: str) -> Any:
    if not spelling:
        return node
    if isinstance(node, list):
        return [item if isinstance(item, list) else _spelled(item, spelling, what) for item in node]
    if not isinstance(node, dict):
        return node
    names = {name.casefold(): name for name in spelling}
    result: dict[str, Any] = {}
    for key, value in node.items():
        name = names.get(key.casefold()) or key
        if name in result:
            raise CorruptImage(f"{what}: `{name}` comes twice in different spellings")
        result[name] = _spelled(value, spelling.get(name), what)
    return result


def _manifest(document: _Document, kind: str) -> Manifest:
    if document.config is None:
        raise CorruptImage("the manifest has no `config`")
    layers = _descriptors(document.layers, "layers")
    return Manifest(_descriptor(document.config, "config"), layers, kind)


def _shape(document: _Document) -> str:
    if document.manifests is not UNSET:
        return OCI_INDEX
    return OCI_MANIFEST if document.config is not None else ""


def _descriptors(wire: list[_Descriptor] | UnsetType | None, member: str) -> tuple[Descriptor, ...]:
    if wire is UNSET:
        raise CorruptImage(f"the manifest has no `{member}`")
    if wire is None:  # as Go writes an empty list
        return ()
    if len(wire) > LAYER_LIMIT:
        raise CorruptImage(f"the manifest has {len(wire)} `{member}`; {LAYER_LIMIT} are read")
    return tuple(_descriptor(item, f"{member}[{number}]") for number, item in enumerate(wire))


def _descriptor(wire: _Descriptor, member: str) -> Descriptor:
    try:
        digest = parse_digest(wire.digest)
    except CorruptImage as error:
        raise CorruptImage(f"manifest: {error} - at `{member}`", hint=error.hint) from None
    return Descriptor(
        media_type=wire.media_type,
        digest=digest,
        size=wire.size,
        platform=_platform(wire.platform) if wire.platform else None,
        annotations=wire.annotations or {},
        urls=tuple(wire.urls or ()),
        artifact_type=wire.artifact_type or "",
    )


def _platform(wire: _Platform) -> Platform:
    parts = [wire.os or "", wire.architecture or "", wire.variant or ""]
    for part in parts:
        if not _PLATFORM_PART.fullmatch(part):
            raise CorruptImage(f"not a platform: {_shown('/'.join(parts))}")
    return Platform(*parts)


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(JSON_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise CorruptImage(f"the image configuration is nested more than {JSON_DEPTH} deep")


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _commands(history: list[_History], layers: int) -> tuple[str, ...]:
    lines = tuple(line.created_by or "" for line in history if not line.empty_layer)
    return lines if len(lines) == layers else ("",) * layers


def _index(descriptor: Descriptor, fetch: Callable[[Descriptor], bytes]) -> Index:
    document = read_manifest(_fetched(descriptor, fetch, MANIFEST_LIMIT), descriptor.media_type)
    if not isinstance(document, Index):
        raise CorruptImage(f"{descriptor.digest} is listed as an index and is none")
    return document


def _manifest_at(descriptor: Descriptor, fetch: Callable[[Descriptor], bytes]) -> Manifest:
    document = read_manifest(_fetched(descriptor, fetch, MANIFEST_LIMIT), descriptor.media_type)
    if not isinstance(document, Manifest):
        raise CorruptImage(f"{descriptor.digest} is listed as an image and is none")
    return document


def _fetched(descriptor: Descriptor, fetch: Callable[[Descriptor], bytes], limit: int) -> bytes:
    check_size(descriptor, limit)
    return verified(fetch(descriptor), descriptor)


def _not_found(wanted: Platform | None, there: Iterable[Platform | None]) -> PlatformNotFound:
    names = sorted({str(platform) for platform in there if platform and str(platform)})
    listed = ", ".join(names[:20]) or "images that state no platform"
    if wanted is None:
        return PlatformNotFound(
            f"the image exists for several platforms, and none is {DEFAULT_PLATFORM}: {listed}",
            hint="choose one with --platform",
        )
    return PlatformNotFound(f"no image for {wanted}; there is {listed}", hint="choose another with --platform")


def _shown(text: str) -> str:
    return repr(text[:100])
