"""Images in a registry, read over the OCI distribution API.

Comes in: a name such as `debian:12` or `registry.example:5000/team/app@sha256:…`. Goes out: an image whose manifest and
configuration are verified and whose layers are streams.

Who can answer us is not trusted. These rules hold for every request:

* a login or a token goes to the registry it belongs to and to the token server that this registry names, never to where
  a redirect leads (`images.registry_auth`);
* everything travels over TLS, unless the host is listed as insecure (`images.registry_site`);
* redirects and token servers do not lead into networks (loopback, link-local, private) other than the registry's own
  (`images.dialer`; behind a proxy that holds for addresses in URLs, since names are the proxy's to resolve);
* every answer has a size limit and keeps a pace (`images.dialer`), and everything has a time within which it is there
  (`images.repository`);
* digests are computed; what a header claims can only contradict.

Source: OCI distribution specification 1.1.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from msgspec import Struct, field

from stellaops_core.digest import Digest
from stellaops_core.images.configuration import CONFIG_LIMIT
from stellaops_core.images.credentials import Credentials
from stellaops_core.images.descriptor import check_size
from stellaops_core.images.image import Image, ImageRef, Layer, Platform
from stellaops_core.images.manifest import Index, check_types, make_image, resolve
from stellaops_core.images.proxies import Proxies
from stellaops_core.images.referrers import Attached, ReferrersRepository, find_attached, read_attached
from stellaops_core.images.registry_name import Name, parse_name
from stellaops_core.images.repository import Repository


class RegistryOptions(Struct, frozen=True):
    """How registries are spoken to."""

    insecure: tuple[str, ...] = ()
    """`host` or `host:port` of those that speak plain HTTP."""
    ca_file: str = ""
    """PEM file of certificate authorities to trust besides the system's."""
    credentials: Credentials = field(default_factory=Credentials)
    proxies: Proxies = field(default_factory=Proxies)
    concurrency: int = 4
    """Layers that may be fetched from one registry at a time; whoever opens layers keeps to it."""
    timeout: float = 30.0
    """Seconds to wait for a connection, and for each next piece of an answer."""
    retries: int = 3
    user_agent: str = "stella"


class RegistrySource:
    """An image in a registry. See `ImageSource`."""

    def __init__(self, image: Image, repository: ReferrersRepository) -> None:
        self.image = image
        self._repository = repository

    @contextmanager
    def open_layer(self, layer: Layer) -> Iterator[Iterator[bytes]]:
        """Open a layer's stored bytes; an interrupted download goes on where it stopped.

        The pieces raise `MissingBlob`, `Unsupported` (a foreign layer that this registry does not keep), `Truncated`,
        `CorruptImage` (more bytes than stated) or `NetworkError`.
        """
        pieces = self._repository.read_layer(layer)
        try:
            yield pieces
        finally:
            pieces.close()

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """While it lasts, documents are asked for once, and all of them together take `seconds`."""
        return self._repository.hurried(seconds)

    def find_attached(self) -> tuple[Attached, ...]:
        """List what is attached to the image: see `referrers.find_attached`."""
        return find_attached(self._repository, Digest(self.image.digest))

    def read_attached(self, attached: Attached) -> bytes:
        """Fetch an attached document: see `referrers.read_attached`."""
        return read_attached(self._repository, attached, Digest(self.image.digest))

    def close(self) -> None:
        """Close connections."""
        self._repository.close()


def open_registry(
    ref: ImageRef,
    platform: Platform | None,
    options: RegistryOptions,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> RegistrySource:
    """Find an image and read its manifest and configuration; layers are fetched when they are opened.

    Raises `UsageError` for what is no name, `TargetNotFound`, `PlatformNotFound`, `NotAnImage`, `CorruptImage`,
    `Unauthorized` and `NetworkError`. `now`: seconds of a clock that only goes forward.
    """
    name = parse_name(ref.location)
    repository = ReferrersRepository(name, options, sleep, now)
    try:
        return RegistrySource(_read_image(repository, name, platform), repository)
    except BaseException:
        repository.close()
        raise


def _read_image(repository: Repository, name: Name, wanted: Platform | None) -> Image:
    digest, document = repository.read_top()
    stated = None
    if isinstance(document, Index):
        descriptor, document = resolve(document, wanted, repository.read)
        digest, stated = descriptor.digest, descriptor.platform
    check_types(document)
    check_size(document.config, CONFIG_LIMIT)
    full = str(Name(name.registry, name.repository, name.tag))
    return make_image(
        document,
        digest,
        repository.read(document.config),
        name=full,
        tags=() if name.digest else (full,),
        wanted=wanted,
        stated=stated,
    )
