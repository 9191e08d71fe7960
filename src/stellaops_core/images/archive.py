"""Images in files: OCI layouts and their archives, and what `docker save`, podman and skopeo write.

Comes in: a path, a selector, a platform. Goes out: an `ImageSource`. Rules: no name from inside an archive is ever used
as a path of this host; in a layout directory paths are built from checked digests and may not lead out of it; nothing
is written to disk but the plain form of a compressed archive, as a file without a name.

Documents come first, then what stores them (`Folder`, `Archive`), because both layouts are read from either.

Sources: OCI image specification 1.1, image-layout.md and annotations.md; Docker image specification 1.2, "Combined
Image JSON + Filesystem Changeset Format"; Docker 25 and later write both into one tar.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol, Self, TypeVar

from msgspec import Struct

from stellaops_core.digest import Digest, hexadecimal, parse_digest, sha256
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NotAnImage,
    OutputError,
    TargetError,
    TargetNotFound,
    Truncated,
    Unsupported,
    UsageError,
)
from stellaops_core.images import tar
from stellaops_core.images.image import Image, Layer, Platform
from stellaops_core.images.manifest import (
    CONFIG_LIMIT,
    INDEX_TYPES,
    LAYER_LIMIT,
    MANIFEST_LIMIT,
    Descriptor,
    Index,
    Manifest,
    check_size,
    check_types,
    checked,
    decode_json,
    images_of,
    is_image,
    make_image,
    read_config,
    read_manifest,
    resolve,
    settled_platform,
    with_platforms,
)

MEMBER_LIMIT = 65_536
"""Members of an archive; an image has a handful a layer."""
NAME_LIMIT = 1024
"""Bytes of a member's name; longer ones belong to no image and are passed over."""
LINK_LIMIT = 8
"""Links that follow one another within an archive."""
SPOOL_LIMIT = 64 << 30
"""Bytes of a compressed archive's plain form."""
PIECE = 1 << 20

REF_NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,511}")
_HEX = re.compile(r"[0-9a-f]{64}")
_LAYOUT_MEMBER = re.compile(r"blobs(?:/.*)?|oci-layout|index\.json", re.DOTALL)

_F = TypeVar("_F", bound="Files")


class Extent(NamedTuple):
    """Bytes of an open file."""

    descriptor: int
    start: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes; raise `Truncated` if the file has become shorter."""
        at, end = self.start, self.start + self.size
        while at < end:
            with _readable("the image"):
                data = os.pread(self.descriptor, min(PIECE, end - at), at)
            if not data:
                raise Truncated("a file of the image became shorter while it was read")
            at += len(data)
            yield data


class Files(Protocol):
    """The named files of a layout or an archive. Safe after a fork."""

    where: str
    """What messages call it: the path as the user wrote it."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def open(self, name: str) -> AbstractContextManager[Extent]:
        """Open a file that exists; raise `MissingBlob` otherwise."""

    def close(self) -> None:
        """Give back what is held. Twice does no harm."""


class StoredImage:
    """An `ImageSource` over the files of a layout or an archive."""

    def __init__(self, image: Image, files: Files, names: Sequence[str]) -> None:
        self.image = image
        self._files = files
        self._names = names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def open_layer(self, layer: Layer) -> Iterator[Iterator[bytes]]:
        """Open a layer's stored bytes, in pieces of at most 1 MiB."""
        name = self._names[layer.index]
        if layer.urls and self._files.size(name) is None:
            raise Unsupported(
                f"layer {layer.index} is kept elsewhere and not in {self._files.where}: {layer.key}",
                hint="foreign layers are not fetched; export the image together with them",
            )
        with self._files.open(name) as extent:
            yield extent.pieces()

    def close(self) -> None:
        """Close the archive."""
        self._files.close()


def open_layout(path: str | Path, selector: str = "", platform: Platform | None = None) -> StoredImage:
    """Open an image of an OCI layout directory.

    Raises `TargetError` and its kin for the image, `UsageError` where the selector leaves a choice.
    """
    return _closing(Folder(str(path)), lambda files: _layout_image(files, selector, platform))


def open_oci_archive(
    path: str | Path, selector: str = "", platform: Platform | None = None, *, spool_dir: Path | None = None
) -> StoredImage:
    """Open an image of an OCI layout in a tar, which may be compressed. Raises as `open_layout`."""
    archive = Archive(str(path), spool_dir=spool_dir)
    return _closing(archive, lambda files: _layout_image(files, selector, platform))


def open_docker_archive(
    path: str | Path,
    selector: str = "",
    platform: Platform | None = None,
    *,
    spool_dir: Path | None = None,
    delete_on_close: bool = False,
) -> StoredImage:
    """Open an image of a `docker save` archive, old or new, which may be compressed.

    `selector`: a name as in RepoTags, or an image ID, whole or at least 12 digits of it. `delete_on_close`: the file is
    the caller's temporary one and must not outlive the source: its name is removed at once. Raises as `open_layout`.
    """
    try:
        archive = Archive(str(path), spool_dir=spool_dir)
    finally:
        if delete_on_close:
            Path(path).unlink(missing_ok=True)
    return _closing(archive, lambda files: _docker_image(files, selector, platform))


def kind_of(path: str) -> str:
    """Tell what stands at a path: `oci`, `oci-archive`, `docker-archive`, `dir`, or "" for nothing of these.

    Any tar, compressed or not, counts as an archive, and so does a file that may not be read: opening it says what is
    wrong with it.
    """
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            return "oci" if _is_layout(Path(path)) else "dir"
        return _archive_kind(path) if stat.S_ISREG(mode) else ""
    except TargetError:
        return "docker-archive"
    except (OSError, ValueError):
        return ""


# OCI layouts


def _layout_image(files: Files, selector: str, wanted: Platform | None) -> StoredImage:
    if files.size("index.json") is None:
        raise NotAnImage(
            f"{files.where} is no OCI image layout: it has no index.json",
            hint="docker-archive: reads what docker save writes" if files.size("manifest.json") is not None else "",
        )
    index = _read_index(files)
    entries = _selected(index, selector, files)
    access = _access(files)
    told_apart = Index(_told_apart(entries, files))
    descriptor, manifest = resolve(told_apart, wanted, *access)
    top = images_of(told_apart, *access)[descriptor.digest][1]
    names = [entry for entry in (*entries, *index.manifests) if entry.digest == top]
    return _oci_image(files, descriptor, manifest, wanted, _names_of(names))


def _read_index(files: Files) -> Index:
    document = read_manifest(_read(files, "index.json", MANIFEST_LIMIT))
    if not isinstance(document, Index):
        raise CorruptImage(f"{files.where}: index.json is no image index")
    return document


def _oci_image(
    files: Files,
    descriptor: Descriptor,
    manifest: Manifest,
    wanted: Platform | None,
    named: tuple[str, tuple[str, ...]],
) -> StoredImage:
    check_types(manifest)
    check_size(manifest.config, CONFIG_LIMIT)
    config = _read(files, _blob(manifest.config.digest), CONFIG_LIMIT)
    name, tags = _saved_names(files, manifest.config.digest) or named
    image = make_image(
        manifest, descriptor.digest, config, name=name, tags=tags, wanted=wanted, stated=descriptor.platform
    )
    return StoredImage(image, files, [_blob(layer.digest) for layer in manifest.layers])


def _access(files: Files) -> tuple[Callable[[Descriptor], bytes], Callable[[Descriptor], bool]]:
    return (
        lambda descriptor: _read(files, _blob(descriptor.digest), CONFIG_LIMIT),
        lambda descriptor: files.size(_blob(descriptor.digest)) is not None,
    )


def _selected(index: Index, selector: str, files: Files) -> tuple[Descriptor, ...]:
    """Choose the entries of index.json that one image, for whatever platform, may be among."""
    entries = tuple(entry for entry in index.manifests if is_image(entry) or entry.media_type in INDEX_TYPES)
    if selector.startswith("@"):
        digest = parse_digest(selector[1:])
        below = images_of(index, *_access(files)).values()
        listed = (*index.manifests, *(entry for entry, _ in below))
        found = tuple(entry for entry in listed if entry.digest == digest)[:1]
    elif selector:
        found = tuple(entry for entry in entries if selector in _names(entry))
        found = found or tuple(entry for entry in entries if selector in map(_tag, _names(entry)))
    else:
        if len({entry.digest for entry in entries}) > 1 and len(_labels(entries)) > 1:
            raise _choice(files, entries)
        return entries
    if not found:
        raise TargetNotFound(f"{files.where} has no image {selector!r}", hint=_listed(entries))
    return found


def _told_apart(entries: tuple[Descriptor, ...], files: Files) -> tuple[Descriptor, ...]:
    """Make sure that entries under one name differ by their platform."""
    fetch, present = _access(files)
    images = {entry.digest: entry for entry in entries if is_image(entry)}
    if len(images) < 2:
        return entries
    known = tuple(with_platforms([entry for entry in images.values() if present(entry)], fetch))
    if len({entry.platform for entry in known}) < len(known):
        raise _choice(files, entries)
    return (*known, *(entry for entry in entries if entry.media_type in INDEX_TYPES)) or entries


def _names_of(entries: Iterable[Descriptor]) -> tuple[str, tuple[str, ...]]:
    """Return an image's name and tags as its entries in index.json give them."""
    names = sorted({name for entry in entries for name in _names(entry)}, key=lambda name: (_is_tag(name), name))
    tags = sorted({entry.annotations[REF_NAME] for entry in entries if entry.annotations.get(REF_NAME, "") in names})
    return (names[0] if names and not _is_tag(names[0]) else ""), tuple(tags)


def _is_tag(name: str) -> bool:
    return "/" not in name and ":" not in name


def _names(entry: Descriptor) -> list[str]:
    names = [entry.annotations.get(FULL_NAME, ""), entry.annotations.get(REF_NAME, "")]
    return [name for name in names if _NAME.fullmatch(name)]


def _tag(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[2]


def _labels(entries: Iterable[Descriptor]) -> set[str]:
    """List what tells images of a layout apart: full names, tags where there are none."""
    return {names[0] for names in map(_names, entries) if names}


def _choice(files: Files, entries: Iterable[Descriptor]) -> UsageError:
    return UsageError(f"{files.where} holds several images; choose one", hint=_listed(entries))


def _listed(entries: Iterable[Descriptor]) -> str:
    return _there(sorted({(_names(entry) or ["@" + entry.digest])[0] for entry in entries}))


def _there(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 20} more" if len(labels) > 20 else ""
    return f"there is {', '.join(labels[:20])}{more}" if labels else "it holds no image"


def _blob(digest: Digest) -> str:
    return f"blobs/{digest.partition(':')[0]}/{hexadecimal(digest)}"


# docker save


_SPELLED: dict[str, None] = dict.fromkeys(("Config", "RepoTags", "Layers"))


class _Saved(Struct, frozen=True, rename="pascal"):
    """One entry of manifest.json."""

    config: str
    repo_tags: list[str] | None = None
    layers: list[str] | None = None


def _docker_names(saved: Iterable[_Saved], config: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the tags that manifest.json gives to the image with a configuration."""
    tags = [tag for entry in saved if entry.config == config for tag in entry.repo_tags or ()]
    tags = [tag for tag in dict.fromkeys(tags) if _NAME.fullmatch(tag)]
    return (tags[0] if tags else ""), tuple(tags)


def _docker_image(files: Files, selector: str, wanted: Platform | None) -> StoredImage:
    images = _read_saved(files)
    saved = _chosen(images, selector, files)
    data = _read(files, saved.config, CONFIG_LIMIT)
    config_digest = _config_digest(saved.config, data)
    name, tags = _docker_names(images, saved.config)
    if files.size("index.json") is not None and (twin := _oci_twin(files, config_digest, wanted)):
        return _oci_image(files, *twin, wanted, (name, tags))
    config = read_config(data)
    names = saved.layers or []
    if len(names) != len(config.diff_ids):
        raise CorruptImage(f"manifest.json lists {len(names)} layers and the configuration {len(config.diff_ids)}")
    layers = [
        Layer(index, _claimed(name), diff_id, _size(files, name), DOCKER_LAYER, command)
        for index, (name, diff_id, command) in enumerate(zip(names, config.diff_ids, config.commands, strict=True))
    ]
    image = Image(
        name=name,
        digest=config_digest,
        config_digest=config_digest,
        platform=settled_platform(config.platform, None, wanted),
        layers=tuple(layers),
        config=config.document,
        tags=tags,
    )
    return StoredImage(image, files, names)


def _read_saved(files: Files) -> list[_Saved]:
    if files.size("manifest.json") is None:
        if files.size("index.json") is not None:
            raise NotAnImage(f"{files.where} is an OCI archive", hint="write oci-archive: in front of it")
        if files.size("repositories") is not None:
            raise Unsupported(f"{files.where} was written by a Docker before 1.10", hint="load and save it again")
        raise NotAnImage(f"{files.where} is no image archive: it has neither manifest.json nor index.json")
    document = decode_json(_read(files, "manifest.json", MANIFEST_LIMIT), _SPELLED, "manifest.json")
    saved: list[_Saved] | None = checked(document, list[_Saved] | None, "manifest.json")
    if not saved:
        raise NotAnImage(f"{files.where} holds no image: its manifest.json is empty")
    if any(len(entry.layers or ()) > LAYER_LIMIT for entry in saved):
        raise CorruptImage(f"{files.where}: manifest.json lists an image of more than {LAYER_LIMIT} layers")
    return saved


def _saved_names(files: Files, config_digest: Digest) -> tuple[str, tuple[str, ...]] | None:
    """Return the names that a manifest.json beside an index.json gives to an image."""
    with suppress(TargetError):
        saved = _read_saved(files)
        config = next((entry.config for entry in saved if _image_id(entry.config) == hexadecimal(config_digest)), "")
        names = _docker_names(saved, config)
        return names if names[0] else None
    return None


def _chosen(saved: list[_Saved], selector: str, files: Files) -> _Saved:
    wanted = selector.removeprefix("@")
    found = {entry.config: entry for entry in saved if not wanted or _answers(entry, wanted)}
    if len(found) == 1:
        return next(iter(found.values()))
    labels = sorted(
        {
            label
            for entry in saved
            for label in _docker_names([entry], entry.config)[1] or [_image_id(entry.config)[:12]]
        }
    )
    if found:
        raise UsageError(f"{files.where} holds several images; choose one", hint=_there(labels))
    raise TargetNotFound(f"{files.where} has no image {selector!r}", hint=_there(labels))


def _answers(entry: _Saved, wanted: str) -> bool:
    digits = wanted.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{12,64}", digits) and _image_id(entry.config).startswith(digits):
        return True
    names = {_full(tag) for tag in entry.repo_tags or ()}
    return _full(wanted) in names or wanted in {name.rpartition(":")[2] for name in names}


def _full(name: str) -> str:
    """Write a name as `docker.io/library/debian:latest`, the way a daemon understands it."""
    host, slash, _ = name.partition("/")
    if not slash:
        name = "docker.io/library/" + name
    elif not re.search(r"[.:]|^localhost$", host):
        name = "docker.io/" + name
    return name if ":" in name.rpartition("/")[2] else name + ":latest"


def _image_id(config: str) -> str:
    """Return the digits that a configuration's member name claims; empty where it claims none."""
    stem = config.rpartition("/")[2].removeprefix("sha256:").removesuffix(".json")
    return stem if _HEX.fullmatch(stem) else ""


def _config_digest(name: str, data: bytes) -> Digest:
    digest = sha256(data)
    if _image_id(name) not in {"", hexadecimal(digest)}:
        raise DigestMismatch(f"the image configuration does not match its name {name!r}", hint="export it again")
    return digest


def _claimed(name: str) -> str:
    """Return the digest that a layer's member name claims for its stored bytes: only blobs of an OCI layout do."""
    hexa = name.removeprefix("blobs/sha256/")
    return f"sha256:{hexa}" if name.startswith("blobs/sha256/") and _HEX.fullmatch(hexa) else ""


def _oci_twin(files: Files, config_digest: Digest, wanted: Platform | None) -> tuple[Descriptor, Manifest] | None:
    """Find an image of manifest.json, or another platform of it, in the index of the same archive."""
    fetch, present = _access(files)
    index = _read_index(files)
    for image, top in images_of(index, fetch, present).values():
        if present(image) and resolve(Index((image,)), None, fetch)[1].config.digest == config_digest:
            same = Index(tuple(entry for entry in index.manifests if entry.digest == top))
            return resolve(same, wanted, fetch, present)
    return None


# What stores them


class Folder:
    """Files below a directory."""

    def __init__(self, path: str) -> None:
        self.where = path
        with _readable(path):
            if not stat.S_ISDIR(os.stat(path).st_mode):
                raise NotAnImage(f"{path} is no directory", hint="oci-archive: and docker-archive: read files")
            self._root = os.path.realpath(path)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        try:
            with self.open(name) as extent:
                return extent.size
        except MissingBlob:
            return None

    @contextmanager
    def open(self, name: str) -> Iterator[Extent]:
        """Open a file, following links only within the directory."""
        descriptor = self._descriptor(name)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CorruptImage(f"{self.where}: {name} is no regular file")
            yield Extent(descriptor, 0, status.st_size)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Nothing is held."""

    def _descriptor(self, name: str) -> int:
        path = os.path.realpath(os.path.join(self._root, name))
        if os.path.commonpath([path, self._root]) != self._root:
            raise CorruptImage(f"{self.where}: {name} is a link that leads out of the layout")
        with _readable(f"{self.where}: {name}", missing=MissingBlob):
            # Not blocking: a pipe in place of a file must not hold up anyone.
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


class Archive:
    """Files in a tar, found by walking its headers once.

    The tar stays open and is read at given places only, so that forked processes may share it.
    """

    def __init__(self, path: str, *, spool_dir: Path | None = None) -> None:
        self.where = path
        self._descriptor = _open_regular(path)
        try:
            if _is_compressed(os.pread(self._descriptor, 4, 0)):
                self._descriptor = _spooled(self._descriptor, path, spool_dir)
            self._files, self._links = _members(self._descriptor, path)
        except BaseException:
            self.close()
            raise

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        extent = self._find(name)
        return None if extent is None else extent.size

    @contextmanager
    def open(self, name: str) -> Iterator[Extent]:
        """Open a file; links are followed within the archive."""
        extent = self._find(name)
        if extent is None:
            raise MissingBlob(f"{self.where} has no {name[:200]!r}", hint="export the image again")
        yield extent

    def close(self) -> None:
        """Close the tar."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _find(self, name: str) -> Extent | None:
        for _ in range(LINK_LIMIT):
            if name in self._files:
                start, size = self._files[name]
                if size < 0:
                    raise Unsupported(f"{self.where}: {name} is stored as a sparse file", hint="pack it without holes")
                return Extent(self._descriptor, start, size)
            if name not in self._links:
                return None
            name = self._links[name]
        raise CorruptImage(f"{self.where}: more than {LINK_LIMIT} links in a row")


class _Seeking(tar.Tape):
    """A tar in a file, of which only headers are read."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(())
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    def take(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        data = os.pread(self._descriptor, size, self.position)
        self.position += len(data)
        return data

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self.position += size
        if self.position > self._size:
            raise Truncated("it ends before the end of a file in it")

    def drain(self) -> None:
        """What follows the end of a tar is nobody's."""


def _entries(descriptor: int) -> Iterator[tuple[tar.Entry, int]]:
    """Yield a tar's entries, each with the place where its content starts."""
    walk = tar.Tar(())
    walk.tape = _Seeking(descriptor)
    for entry in walk:
        yield entry, walk.tape.position


def _members(descriptor: int, where: str) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Return where files start and how long they are (-1: sparse), and the targets of links. A later member counts."""
    files: dict[str, tuple[int, int]] = {}
    links: dict[str, str] = {}
    with _damaged(where), _readable(where):
        for number, (entry, start) in enumerate(_entries(descriptor)):
            if number >= MEMBER_LIMIT:
                raise NotAnImage(f"{where} is no image archive: it has more than {MEMBER_LIMIT} members")
            name = tar.clean(entry.path) if len(entry.path) <= NAME_LIMIT else None
            if not name:
                continue
            files.pop(name, None)
            links.pop(name, None)
            if entry.kind in {tar.FILE, tar.SPARSE}:
                files[name] = (start, entry.size if entry.kind == tar.FILE else -1)
            elif entry.link and len(entry.link) <= NAME_LIMIT:
                links[name] = _target(entry)
    return files, links


def _target(entry: tar.Entry) -> str:
    """Return where a link points to within its archive; "" for nowhere."""
    below = entry.path.rpartition(b"/")[0] if entry.kind == tar.SYMLINK else b""
    return tar.clean(below + b"/" + entry.link) or ""


def _open_regular(path: str) -> int:
    with _readable(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise NotAnImage(f"{path} is no file", hint="oci: reads layout directories" if stat.S_ISDIR(mode) else "")


def _is_compressed(head: bytes) -> bool:
    return head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")) or head[1:4] == b"\x2a\x4d\x18"


def _spooled(compressed: int, where: str, spool_dir: Path | None) -> int:
    """Unpack a compressed archive into a file without a name; give its descriptor and close the other."""
    if spool_dir is None:
        raise UsageError(f"{where} is compressed, and there is no directory to unpack it in", hint="unpack it first")
    import tempfile  # noqa: PLC0415  # few archives are compressed

    from stellaops_core.images.compression import inflate  # noqa: PLC0415  # few archives are compressed

    size = 0
    pieces = inflate(Extent(compressed, 0, os.fstat(compressed).st_size).pieces())
    with _damaged(where), _writable(spool_dir), tempfile.TemporaryFile(dir=spool_dir) as spool:
        for piece in pieces:
            size += len(piece)
            if size > SPOOL_LIMIT:
                raise CorruptImage(f"it unpacks to more than {SPOOL_LIMIT} bytes")
            spool.write(piece)
        spool.flush()
        plain = os.dup(spool.fileno())
    os.close(compressed)
    return plain


def _read(files: Files, name: str, limit: int) -> bytes:
    """Read a whole document of at most `limit` bytes."""
    with files.open(name) as extent:
        if extent.size > limit:
            raise CorruptImage(f"{files.where}: {name} has {extent.size} bytes; {limit} are read")
        return b"".join(extent.pieces())


def _size(files: Files, name: str) -> int:
    size = files.size(name)
    if size is None:
        raise MissingBlob(f"{files.where} has no {name[:200]!r}", hint="export the image again")
    return size


def _closing(files: _F, make: Callable[[_F], StoredImage]) -> StoredImage:
    """Make an image of files that are closed if that fails."""
    try:
        return make(files)
    except BaseException:
        files.close()
        raise


@contextmanager
def _readable(what: str, missing: type[TargetError] = TargetNotFound) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except FileNotFoundError:
        raise missing(f"{what} does not exist") from None
    except PermissionError:
        raise TargetError(f"{what} may not be read", hint="check who owns it") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in a path
        raise TargetError(f"{what} can't be read: {getattr(error, 'strerror', None) or error}") from None


@contextmanager
def _writable(spool_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"can't unpack an archive in {spool_dir}: {error.strerror}") from None


@contextmanager
def _damaged(where: str) -> Iterator[None]:
    """Say that it is the archive that is damaged, not a layer in it."""
    try:
        yield
    except CorruptImage as error:
        raise type(error)(f"{where} is damaged: {error}", hint=error.hint) from None


# What stands at a path


def _is_layout(path: Path) -> bool:
    return (path / "oci-layout").is_file() or ((path / "index.json").is_file() and (path / "blobs").is_dir())


def _archive_kind(path: str) -> str:
    descriptor = _open_regular(path)
    try:
        if _is_compressed(os.pread(descriptor, 4, 0)):
            return _compressed_kind(descriptor)
        names = set(_sound_names(entry for entry, _ in _entries(descriptor)))
    finally:
        os.close(descriptor)
    if "index.json" in names and "manifest.json" not in names:
        return "oci-archive"
    return "docker-archive" if names else ""


def _compressed_kind(descriptor: int) -> str:
    """Tell by the first member alone: the files that name the kind may come after gigabytes of layers."""
    from stellaops_core.images.compression import inflate  # noqa: PLC0415  # few archives are compressed

    extent = Extent(descriptor, 0, os.fstat(descriptor).st_size)
    first = next(_sound_names(tar.Tar(inflate(extent.pieces()))), "")
    if _LAYOUT_MEMBER.fullmatch(first):
        return "oci-archive"
    return "docker-archive" if first else ""


def _sound_names(entries: Iterable[tar.Entry]) -> Iterator[str]:
    """Yield the names of members up to the first damage."""
    with suppress(CorruptImage):
        for entry in islice(entries, MEMBER_LIMIT):
            yield tar.clean(entry.path[:NAME_LIMIT]) or "."
