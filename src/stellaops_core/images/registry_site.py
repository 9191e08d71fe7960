"""Where a registry is, and where it may lead us.

Comes in: a registry's name, and what it puts into `Location` or `realm`. Goes out: a URL that may be asked.

The rule: whatever a registry names is a web server, without a login in its URL; over TLS, unless the registry itself
does without and the host is listed as insecure. Which networks it may lie in is judged where connections are made
(`images.dialer`), because only there addresses are known.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from stellaops_core.errors import NetworkError
from stellaops_core.images.registry_name import NAME_LIMIT, Name

if TYPE_CHECKING:
    import httpx

_PLAIN_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}|[0-9A-Fa-f:.]{2,45}")
_PORTS = {"http": 80, "https": 443}


class Address(Struct, frozen=True):
    """A server's place."""

    scheme: str
    host: str
    """Without brackets."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Site:
    """One repository's place in its registry."""

    def __init__(self, name: Name, insecure: tuple[str, ...]) -> None:
        """Take the `host[:port]` that may speak plain HTTP."""
        self.name = name
        self._insecure = {entry.lower() for entry in insecure}
        self._scheme = "http" if self._is_insecure(name.host) else "https"
        self.address = address_of(self.url(""))

    def url(self, path: str) -> "httpx.URL":
        """Return the URL of a path of this repository."""
        import httpx  # noqa: PLC0415

        return httpx.URL(f"{self._scheme}://{self.name.host}/v2/{self.name.repository}/{path}")

    def owns(self, url: "httpx.URL") -> bool:
        """Whether this is the registry itself: same scheme, host and port."""
        return address_of(url) == self.address

    def follow(self, base: "httpx.URL", target: str, does: str) -> "httpx.URL":
        """Resolve where the registry leads us; raise `NetworkError` unless it may. `does`: how, for messages."""
        import httpx  # noqa: PLC0415

        registry = self.name.registry
        try:
            given, url = httpx.URL(target), base.join(target)
        except (httpx.InvalidURL, ValueError):
            raise NetworkError(f"{registry} {does} to something that is no URL") from None
        whole = target and bool(given.scheme) <= bool(given.host) and (url.port is None or 0 < url.port < 65536)
        if not whole or url.scheme not in _PORTS or url.userinfo or not _PLAIN_HOST.fullmatch(url.raw_host.decode()):
            raise NetworkError(f"{registry} {does} to something else than a web server")
        if url.scheme == "https" or self.owns(url):
            return url
        if self._scheme == "https" or not self._is_insecure(url.netloc.decode()):
            hint = f"--insecure-registry {shown(url)} allows it for registries without TLS"
            raise NetworkError(f"{registry} {does} to {shown(url)}, without TLS", hint=hint)
        return url

    def _is_insecure(self, authority: str) -> bool:
        """Whether `host[:port]` is listed, itself or by its host alone."""
        return authority in self._insecure or re.sub(r":[0-9]+$", "", authority) in self._insecure


def address_of(url: "httpx.URL") -> Address:
    """Return where a URL's server is."""
    return Address(url.scheme, url.raw_host.decode(), url.port or _PORTS[url.scheme])


def shown(url: "httpx.URL") -> str:
    """`host[:port]`: all of a URL that may be told; the rest can hold a signature."""
    return url.netloc.decode()[:NAME_LIMIT]
