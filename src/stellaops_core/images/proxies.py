"""Which requests go through a proxy.

Comes in: proxies and exceptions, written as in HTTPS_PROXY, http_proxy and NO_PROXY; where a request is to go. Goes
out: the proxy for it, or none. Logins of proxies show in no representation and no message.

The rules are those of Go's package httpproxy, so that images take the way that docker and podman take: an entry of
NO_PROXY is `*`, a host (with its subdomains), `.suffix` or `*.suffix` (subdomains only), an address or a CIDR block;
hosts and addresses may have a `:port`. Whitespace separates entries as well as commas do, which is curl's custom. This
host (`localhost`, loopback) is never asked through a proxy.
"""

import re
from typing import Any

from msgspec import Struct

from stellaops_core.errors import UsageError
from stellaops_core.images.dialer import literal_of, network_of
from stellaops_core.images.registry_site import Address

EXCEPTION_LIMIT = 64 << 10
"""Characters of NO_PROXY."""

_URL = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(?:(.*)@)?([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?/?"
)
_PORTED = re.compile(r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})")


class Proxy(Struct, frozen=True):
    """A server that passes requests on."""

    address: Address
    login: tuple[bytes, bytes] | None = None
    """Name and password."""

    def __repr__(self) -> str:
        return f"Proxy({self.address})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("address", str(self.address))]


class Proxies(Struct, frozen=True):
    """Proxies, as environment variables state them."""

    https: str = ""
    """`[http://][user:password@]host[:port]` for requests over TLS, which it tunnels; empty: none."""
    http: str = ""
    """The same for plain HTTP, which it reads."""
    none: str = ""
    """Exceptions, separated by commas."""

    def __repr__(self) -> str:
        return f"Proxies(https={bool(self.https)}, http={bool(self.http)}, none={self.none!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("https", bool(self.https)), ("http", bool(self.http)), ("none", self.none)]

    def choose(self, target: Address) -> Proxy | None:
        """Return who passes a request to `target` on; raise `UsageError` for a proxy that is no URL of one."""
        stated = self.https if target.scheme == "https" else self.http
        if not stated or self._excepts(target):
            return None
        return _read_proxy(stated, target.scheme)

    def _excepts(self, target: Address) -> bool:
        literal = literal_of(target.host)
        if literal and network_of(literal) == "loopback":
            return True
        if len(self.none) > EXCEPTION_LIMIT:
            raise UsageError(f"NO_PROXY is longer than {EXCEPTION_LIMIT} characters")
        host = literal or target.host.lower().rstrip(".")
        return any(_covers(entry, host, target.port) for entry in re.split(r"[\s,]+", self.none.lower()) if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: a name without final dot, or an IP address."""
    if entry == "*":
        return True
    if "/" in entry:
        return _holds(entry, host)
    ported = _PORTED.fullmatch(entry)
    name = (ported[1] if ported else entry).strip("[]").rstrip(".")
    if not name or (ported and int(ported[2]) != port):
        return False
    if literal := literal_of(name):
        return literal == host
    suffix = name.removeprefix("*")
    return host.endswith(suffix) if suffix.startswith(".") else host == suffix or host.endswith(f".{suffix}")


def _holds(block: str, host: str) -> bool:
    import ipaddress  # noqa: PLC0415

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(block, strict=False)
    except ValueError:  # a name, or no block
        return False


def _read_proxy(text: str, scheme: str) -> Proxy:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415

    match = _URL.fullmatch(text.strip())
    port = int(match[4] or 80) if match else 0
    if not match or not 0 < port < 65536:
        raise UsageError(
            f"the proxy for {scheme} is no URL of a proxy", hint="write http://[USER:PASSWORD@]HOST[:PORT]"
        )
    if match[1] not in {None, "http"}:
        hint = "name one that is spoken to over plain HTTP: http://[USER:PASSWORD@]HOST[:PORT]"
        raise UsageError(f"the proxy for {scheme} is a {match[1]} proxy, which is not supported", hint=hint)
    address = Address("http", match[3].strip("[]"), port)
    if match[2] is None:
        return Proxy(address)
    name, _, password = match[2].partition(":")
    return Proxy(address, (unquote_to_bytes(name), unquote_to_bytes(password)))
