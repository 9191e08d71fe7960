"""Connections to registries, and to where they lead us.

Comes in: a host and a port; out goes a line that httpcore speaks HTTP over. Two rules hold, because who answers is not
trusted:

* the registry itself may be anywhere; other servers must have a public address, or one in the same kind of network.
  The address that is connected to is judged, so names that change their address gain nothing;
* an answer keeps a pace of PACE bytes a second, being at most PATIENCE seconds behind it at any time, and no answer is
  much longer than what is wanted of it. So nothing takes longer than PATIENCE + its size / PACE.
"""

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stellaops_core.errors import NetworkError
from stellaops_core.images.failures import proxy_error
from stellaops_core.images.registry_site import Address

if TYPE_CHECKING:
    import httpcore

PACE = 32 << 10
"""Bytes a second."""
PATIENCE = 60.0
"""Seconds that an answer may be behind PACE."""
HEAD_LIMIT = 256 << 10
"""Bytes before the body: lines and headers, those of interim answers as well."""
OVERHEAD_LIMIT = 1 << 20
"""Bytes of an answer besides twice its body: chunks, trailers, what is read ahead."""
ADDRESS_LIMIT = 8
"""Addresses of a host that are tried."""


class Dialer:
    """Makes connections, and judges where to: httpcore's `NetworkBackend`, as far as it is used."""

    def __init__(self, own: Address, patience: float, now: Callable[[], float], *, is_proxy: bool = False) -> None:
        """Take who may be anywhere: the registry, or the proxy that all of these connections go to."""
        self._own = own
        self._patience = max(PATIENCE, patience)
        self._now = now
        self._is_proxy = is_proxy
        literal = literal_of(own.host)
        self._network = network_of(literal) if literal else ""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> "Line":
        """Connect to the first allowed address that answers."""
        import httpcore  # noqa: PLC0415

        try:
            stream, address = self._connect(host, port, timeout, local_address, socket_options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            if self._is_proxy:
                raise proxy_error(error, str(self._own)) from error
            raise
        if self._is_own(host, port) and not self._network:
            self._network = network_of(address)
        return Line(stream, self._patience, self._now)

    def admits(self, address: str) -> bool:
        """Whether a server that is not the registry may have this address."""
        return network_of(address) in {"public", self._network}

    def _is_own(self, host: str, port: int) -> bool:
        return (host, port) == (self._own.host, self._own.port)

    def _connect(
        self, host: str, port: int, timeout: float | None, *options: Any
    ) -> tuple["httpcore.NetworkStream", str]:
        import httpcore  # noqa: PLC0415

        own = self._is_own(host, port)
        addresses = [address for address in _resolve(host, port) if own or self.admits(address)]
        if not addresses:
            raise forbidden(host)
        failure: Exception | None = None
        for address in addresses[:ADDRESS_LIMIT]:
            try:
                return httpcore.SyncBackend().connect_tcp(address, port, timeout, *options), address
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        assert failure  # noqa: S101
        raise failure


class Line:
    """A connection whose answers keep the rules: httpcore's `NetworkStream`, as far as it is used."""

    def __init__(self, stream: "httpcore.NetworkStream", patience: float, now: Callable[[], float]) -> None:
        self._stream = stream
        self._patience = patience
        self._now = now
        self._behind = 0.0
        self._left = HEAD_LIMIT

    def expect(self, size: int) -> None:
        """Allow for a body of this many bytes."""
        self._left = 2 * size + OVERHEAD_LIMIT

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read. An answer that is too slow raises `httpcore.ReadTimeout`, one that is too long `NetworkError`."""
        began = self._now()
        data = self._stream.read(max_bytes, timeout)
        self._behind = max(self._behind + self._now() - began - len(data) / PACE, 0.0)
        self._left -= len(data)
        if self._behind > self._patience:
            import httpcore  # noqa: PLC0415

            raise httpcore.ReadTimeout(f"slower than {PACE} bytes a second")
        if self._left < 0:
            raise NetworkError("the registry, or where it leads to, sends more than an answer may hold")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, which begins another request."""
        self._behind, self._left = 0.0, HEAD_LIMIT
        self._stream.write(buffer, timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Line":
        """Speak TLS from now on. The handshake as a whole takes `timeout` at most; so it is with Python's sockets."""
        host = server_hostname and server_hostname.strip("[]")  # brackets: see `Transport`
        return Line(self._stream.start_tls(ssl_context, host, timeout), self._patience, self._now)

    def get_extra_info(self, info: str) -> Any:
        """Say something about the connection, in httpcore's terms."""
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()


def forbidden(host: str) -> NetworkError:
    """Make the error for a host that the registry may not lead to."""
    return NetworkError(
        f"the registry leads to {host}, which is in a network that it has no business in",
        hint="a registry may lead to public addresses, or to its own kind of network",
    )


def literal_of(host: str) -> str:
    """Return the IP address that a host's name is, in whatever notation resolvers take it; "" for other names.

    `localhost` and names under it count as 127.0.0.1, RFC 6761 section 6.3. Other notations are inet_aton(3)'s.
    """
    import ipaddress  # noqa: PLC0415
    import socket  # noqa: PLC0415

    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ipaddress.IPv6Address(bare)) if ":" in bare else socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, ValueError):
        return ""


def network_of(address: str) -> str:
    """Say what kind of network an IP address is in: `public`, `private`, `loopback`, `link-local` or `reserved`.

    An IPv6 address that stands for an IPv4 one is judged as that. Sources: the IANA special-purpose registries, RFC
    3056 (6to4), RFC 6052 (NAT64).
    """
    import ipaddress  # noqa: PLC0415

    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        nat64 = ip in ipaddress.IPv6Network("64:ff9b::/96") or ip in ipaddress.IPv6Network("64:ff9b:1::/48")
        inner = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if nat64 else None)
        ip = inner or ip
    if ip.is_loopback or ip.is_unspecified:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast or ip.is_reserved:
        return "reserved"
    return "public" if ip.is_global else "private"


def _resolve(host: str, port: int) -> list[str]:
    import socket  # noqa: PLC0415

    import httpcore  # noqa: PLC0415

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"can't resolve {host}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
