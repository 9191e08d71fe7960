"""OCI image layouts, in a directory or in a tar.

Comes in: the layout's files, a selector, a platform. Goes out: the image. Rule: names of blobs are built from checked
digests.

Source: OCI image specification 1.1, image-layout.md and annotations.md.
"""

from collections.abc import Iterable

from stellaops_core.digest import Digest, hexadecimal, parse_digest
from stellaops_core.errors import CorruptImage, NotAnImage, TargetNotFound, UsageError
from stellaops_core.images.configuration import CONFIG_LIMIT
from stellaops_core.images.descriptor import INDEX_TYPES, Descriptor, check_size
from stellaops_core.images.files import Files, StoredImage, read_file
from stellaops_core.images.image import Platform
from stellaops_core.images.manifest import (
    MANIFEST_LIMIT,
    Fetch,
    Index,
    Manifest,
    Present,
    bounded,
    check_types,
    images_of,
    make_image,
    read_manifest,
    resolve,
    with_platforms,
)
from stellaops_core.images.saved import NAME, listed, saved_names

REF_NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"


def layout_image(files: Files, selector: str, wanted: Platform | None) -> StoredImage:
    """Find the image that a selector and a platform mean."""
    if files.size("index.json") is None:
        raise NotAnImage(
            f"{files.where} is no OCI image layout: it has no index.json",
            hint="docker-archive: reads what docker save writes" if files.size("manifest.json") is not None else "",
        )
    index = read_index(files)
    access = access_to(files)
    entries = _selected(index, selector, files.where, *access)
    told_apart = Index(_told_apart(entries, files.where, *access))
    descriptor, manifest = resolve(told_apart, wanted, *access)
    top = images_of(told_apart, *access)[descriptor.digest][1]
    names = _names_of(entry for entry in (*entries, *index.manifests) if entry.digest == top)
    return oci_image(files, descriptor, manifest, wanted, names)


def read_index(files: Files) -> Index:
    """Read index.json."""
    document = read_manifest(read_file(files, "index.json", MANIFEST_LIMIT))
    if not isinstance(document, Index):
        raise CorruptImage(f"{files.where}: index.json is no image index")
    return document


def access_to(files: Files) -> tuple[Fetch, Present]:
    """Return what fetches the documents of one image, and what says whether they are there."""
    return (
        bounded(lambda descriptor: read_file(files, blob_of(descriptor.digest), CONFIG_LIMIT)),
        lambda descriptor: files.size(blob_of(descriptor.digest)) is not None,
    )


def oci_image(
    files: Files,
    descriptor: Descriptor,
    manifest: Manifest,
    wanted: Platform | None,
    named: tuple[str, tuple[str, ...]],
) -> StoredImage:
    """Put the image of a manifest together; `named`: name and tags, where no manifest.json names it."""
    check_types(manifest)
    check_size(manifest.config, CONFIG_LIMIT)
    config = read_file(files, blob_of(manifest.config.digest), CONFIG_LIMIT)
    name, tags = saved_names(files, manifest.config.digest) or named
    image = make_image(
        manifest, descriptor.digest, config, name=name, tags=tags, wanted=wanted, stated=descriptor.platform
    )
    return StoredImage(image, files, [blob_of(layer.digest) for layer in manifest.layers])


def blob_of(digest: Digest) -> str:
    """Return the name of a blob's file."""
    return f"blobs/{digest.partition(':')[0]}/{hexadecimal(digest)}"


def _selected(index: Index, selector: str, where: str, fetch: Fetch, present: Present) -> tuple[Descriptor, ...]:
    """Choose the entries of index.json that one image, for whatever platform, may be among."""
    entries = tuple(entry for entry in index.manifests if entry.is_image or entry.media_type in INDEX_TYPES)
    if not selector:
        if len({entry.digest for entry in entries}) > 1 and len(_labels(entries)) > 1:
            raise _choice(where, entries)
        return entries
    if selector.startswith("@"):
        digest = parse_digest(selector[1:])
        below = (entry for entry, _ in images_of(index, fetch, present).values())
        found = tuple(entry for entry in (*index.manifests, *below) if entry.digest == digest)[:1]
    else:
        found = tuple(entry for entry in entries if selector in _names(entry))
        found = found or tuple(entry for entry in entries if selector in map(_tag, _names(entry)))
    if not found:
        raise TargetNotFound(f"{where} has no image {selector!r}", hint=_listed(entries))
    return found


def _told_apart(entries: tuple[Descriptor, ...], where: str, fetch: Fetch, present: Present) -> tuple[Descriptor, ...]:
    """Make sure that entries under one name differ by their platform."""
    images = {entry.digest: entry for entry in entries if entry.is_image}
    if len(images) < 2:
        return entries
    known = tuple(with_platforms([entry for entry in images.values() if present(entry)], fetch))
    if len({entry.platform for entry in known}) < len(known):
        raise _choice(where, entries)
    return (*known, *(entry for entry in entries if entry.media_type in INDEX_TYPES)) or entries


def _names_of(entries: Iterable[Descriptor]) -> tuple[str, tuple[str, ...]]:
    """Return an image's name and tags as its entries in index.json give them."""
    there = list(entries)
    names = sorted({name for entry in there for name in _names(entry)}, key=lambda name: (_is_tag(name), name))
    tags = sorted({entry.annotations[REF_NAME] for entry in there if entry.annotations.get(REF_NAME, "") in names})
    return (names[0] if names and not _is_tag(names[0]) else ""), tuple(tags)


def _is_tag(name: str) -> bool:
    return "/" not in name and ":" not in name


def _names(entry: Descriptor) -> list[str]:
    names = [entry.annotations.get(FULL_NAME, ""), entry.annotations.get(REF_NAME, "")]
    return [name for name in names if NAME.fullmatch(name)]


def _tag(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[2]


def _labels(entries: Iterable[Descriptor]) -> set[str]:
    """List what tells images of a layout apart: full names, tags where there are none."""
    return {names[0] for names in map(_names, entries) if names}


def _choice(where: str, entries: Iterable[Descriptor]) -> UsageError:
    return UsageError(f"{where} holds several images; choose one", hint=_listed(entries))


def _listed(entries: Iterable[Descriptor]) -> str:
    return listed({(_names(entry) or ["@" + entry.digest])[0] for entry in entries})
