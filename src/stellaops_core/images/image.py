"""Container images as the rest of the core sees them, whatever they were read from.

Comes in: a reference such as `oci:PATH:TAG`. Goes out: an `Image` whose layers can be opened as byte streams.
Nothing here touches a disk or a network; the sources beside this file do.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from stellaops_core.digest import Digest
from stellaops_core.errors import UsageError

SCHEMES = ("oci", "oci-archive", "docker-archive", "dir", "docker", "registry", "sbom")


class ImageRef(Struct, frozen=True):
    """What the user pointed at."""

    scheme: str
    """One of SCHEMES."""
    location: str
    """A path; or `host[:port]/name` and so on for `docker` and `registry`, as typed."""
    selector: str = ""
    """For paths: a tag, or `@algorithm:hex`, that chooses among several images. Empty: the only one."""

    def __str__(self) -> str:
        separator = "" if not self.selector or self.selector.startswith("@") else ":"
        return f"{self.scheme}:{self.location}{separator}{self.selector}"


class Platform(Struct, frozen=True):
    """`os/architecture[/variant]` in Go's spelling; OCI image index, `platform`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read `linux/arm64/v8`; raise `UsageError` for anything else."""
        parts = text.lower().split("/")
        if len(parts) not in {2, 3} or not all(re.fullmatch(r"[a-z0-9_.-]+", part) for part in parts):
            raise UsageError(f"not a platform: {text!r}", hint="write it as os/architecture, such as linux/arm64")
        return cls(*parts)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def accepts(self, other: "Platform") -> bool:
        """Whether an image for `other` answers a request for this; `arm64` and `arm64/v8` are one."""
        mine, theirs = _normal(self), _normal(other)
        return (mine.os, mine.architecture) == (theirs.os, theirs.architecture) and mine.variant in {"", theirs.variant}


def _normal(platform: Platform) -> Platform:
    if platform.architecture == "arm64" and platform.variant == "v8":
        return Platform(platform.os, "arm64")
    if platform.architecture == "amd64" and platform.variant == "v1":
        return Platform(platform.os, "amd64")
    return platform


class Layer(Struct, frozen=True):
    """One file system change set, base first."""

    index: int
    digest: str
    """Digest of the stored bytes; empty where the source knows none (a docker archive's layers)."""
    diff_id: str
    """Digest of the uncompressed tar, as the image's configuration claims it."""
    size: int
    """Stored bytes; -1 where unknown."""
    media_type: str
    created_by: str = ""
    """The history line (Dockerfile command) that made it."""
    urls: tuple[str, ...] = ()
    """Where a foreign layer may be had; never followed."""

    @property
    def key(self) -> Digest:
        """The digest that is verified whenever this layer is read, so that it may name cached facts."""
        return Digest(self.digest or self.diff_id)


class Image(Struct, frozen=True):
    """One image for one platform: verified manifest and configuration, layers yet unread."""

    name: str
    """What the image calls itself (`repository[:tag]`), never a path of this host; empty where it has no name."""
    digest: str
    """Manifest digest; of the configuration where there is no manifest (docker archives); empty for a directory."""
    config_digest: str
    platform: Platform
    layers: tuple[Layer, ...]
    config: dict[str, Any]
    """The whole configuration document; OCI image configuration."""
    tags: tuple[str, ...] = ()

    @property
    def created(self) -> str:
        """RFC 3339 time from the configuration; empty where it states none."""
        created = self.config.get("created")
        return created if isinstance(created, str) else ""


class ImageSource(Protocol):
    """Where an image's bytes come from. A context manager; safe to use after a fork (reopens what it must)."""

    image: Image

    def open_layer(self, layer: Layer) -> AbstractContextManager[Iterator[bytes]]:
        """Open the layer's stored bytes from their start, in pieces of at most a few MiB.

        Nothing is verified here; `images.layer` does that. Raises `MissingBlob`, `Unsupported` or `NetworkError`.
        """

    def close(self) -> None:
        """Give back what is held. Twice does no harm."""


def parse_ref(text: str, kind_of: Callable[[str], str]) -> ImageRef:
    """Read what a user typed.

    `kind_of(path)` says what stands at a path of this host: one of `oci`, `oci-archive`, `docker-archive`, `dir`,
    `sbom`, or "" for nothing; it is asked only when no scheme is given. A bare name that is no path is a registry
    reference.
    """
    scheme, colon, rest = text.partition(":")
    if colon and scheme in SCHEMES:
        if not rest:
            raise UsageError(f"{text!r} names nothing", hint=f"write {scheme}:REFERENCE")
        return _located(scheme, rest)
    if not text.strip() or text.startswith("-"):
        raise UsageError(f"not an image reference: {text!r}", hint="write oci:PATH, dir:PATH or a registry name")
    kind = kind_of(text)
    return ImageRef(kind, text) if kind else ImageRef("registry", text)


def _located(scheme: str, rest: str) -> ImageRef:
    if scheme in {"dir", "docker", "registry", "sbom"}:
        return ImageRef(scheme, rest)
    path, at, digest = rest.partition("@")
    if at and re.fullmatch(r"[a-z0-9]+:[0-9a-f]+", digest):
        return ImageRef(scheme, path, "@" + digest)
    path, _, tag = rest.partition(":")  # a path with a colon in it can't be written this way, as with skopeo
    return ImageRef(scheme, path, tag)
