"""What images are called in registries.

Comes in: text such as `debian:12` or `registry.example:5000/team/app@sha256:…`. Goes out: a `Name`, every part of which
is safe within a URL, or a `UsageError`.

Source: OCI distribution specification 1.1, "Pulling manifests"; what may be left out is Docker's choice.
"""

import re

from msgspec import Struct

from stellaops_core.digest import parse_digest
from stellaops_core.errors import CorruptImage, UsageError
from stellaops_core.images.credentials import DOCKER_HUB

NAME_LIMIT = 1024
"""Characters of a name."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{1,5}}))?")


class Name(Struct, frozen=True):
    """What an image is called in a registry."""

    registry: str
    """`host[:port]`, in lower case; `docker.io` for Docker Hub."""
    repository: str
    tag: str = ""
    digest: str = ""
    """Wins over the tag."""

    def __str__(self) -> str:
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def host(self) -> str:
        """Who answers for this registry."""
        return "registry-1.docker.io" if self.registry == DOCKER_HUB else self.registry


def parse_name(text: str) -> Name:
    """Read `[registry/]repository[:tag][@digest]`; raise `UsageError` for anything else.

    Without a registry it is Docker Hub's, without tag and digest it is `latest`.
    """
    rest, at, digest = text.partition("@")
    head, slash, path = rest.partition("/")
    if not slash or not (set(".:[") & set(head) or head == "localhost" or head != head.lower()):
        head, path = DOCKER_HUB, rest
    path, colon, tag = path.partition(":")
    registry = DOCKER_HUB if head == "index.docker.io" else head.lower()
    repository = f"library/{path}" if registry == DOCKER_HUB and "/" not in path else path
    if (
        len(text) > NAME_LIMIT
        or not is_host(registry)
        or not _REPOSITORY.fullmatch(repository)
        or (colon and not _TAG.fullmatch(tag))
        or (at and not is_digest(digest))
    ):
        raise UsageError(
            f"not the name of an image in a registry: {text[:200]!r}",
            hint="write [registry/]repository[:tag][@digest] in lower case, or an existing path",
        )
    return Name(registry, repository, tag or ("" if digest else "latest"), digest)


def is_host(text: str) -> bool:
    """Whether this is `host[:port]` in lower case; an IPv6 address stands in brackets."""
    match = _HOST.fullmatch(text)
    if not match or len(text) > 255 or not 0 < int(match[2] or 1) < 65536:
        return False
    if not text.startswith("["):
        return True
    import ipaddress  # noqa: PLC0415

    try:
        ipaddress.IPv6Address(match[1][1:-1])
    except ValueError:
        return False
    return True


def is_digest(text: str) -> bool:
    """Whether this is a digest that we can compute."""
    try:
        parse_digest(text)
    except CorruptImage:
        return False
    return True
