"""Requests and answers: HTTP as registries are spoken to.

Comes in: a URL that may be asked, headers. Goes out: an answer, whose body is yet to be read, or a `NetworkError`. No
redirect is followed here, nothing is decoded, nothing of the environment counts.

Each process has connections of its own, so that what one opened before a fork serves the other as well. A proxy, where
there is one, resolves names: then only addresses that stand in URLs can be judged, not those behind names.
"""

import os
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from stellaops_core.errors import NetworkError, UsageError
from stellaops_core.images.dialer import Dialer, Line, forbidden, literal_of
from stellaops_core.images.failures import explained, proxy_refusal
from stellaops_core.images.proxies import Proxies, Proxy
from stellaops_core.images.registry_site import Address, address_of, shown

if TYPE_CHECKING:
    import httpcore
    import httpx

LEFTOVER_LIMIT = 64 << 10
"""Bytes of an unwanted body that are read so that its connection can be used again."""
IDLE_LIMIT = 16
"""Connections kept for later."""


class Answer:
    """A server's answer, whose body is yet to be read."""

    def __init__(self, response: "httpcore.Response", host: str) -> None:
        import httpx  # noqa: PLC0415

        self.status = response.status
        self.headers = httpx.Headers(response.headers)
        self._response = response
        self._host = host

    def pieces(self, expected: int) -> Iterator[bytes]:
        """Yield the body as it comes in, never decoded; raise `NetworkError` if it is far longer than expected."""
        line = self._response.extensions.get("network_stream")
        if isinstance(line, Line):
            line.expect(expected)
        with explained(self._host):
            yield from self._response.iter_stream()

    def body(self, limit: int, check: Callable[[], None] = lambda: None) -> bytes:
        """Return the body; of a longer one `limit` + 1 bytes. `check` is called at each piece, and may raise."""
        data = bytearray()
        for piece in self.pieces(limit):
            check()
            data += piece[: limit + 1 - len(data)]
            if len(data) > limit:
                break
        return bytes(data)

    def finish(self) -> None:
        """Done with it: read what little is left, so that the connection can be used again."""
        try:
            self.body(LEFTOVER_LIMIT)
        except NetworkError:
            pass  # then it can't
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connection, whatever is still to come over it."""
        self._response.close()


class Way(Struct, frozen=True):
    """What all requests of one image have in common."""

    own: Address
    """The registry's."""
    trust: "Trust"
    proxies: Proxies
    timeout: float
    """Seconds to wait for a connection, and for each next piece of an answer."""
    user_agent: str
    now: Callable[[], float]


class Transport:
    """Sends requests over this process's connections."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._wires: dict[int, _Wire] = {}
        self.met = False
        """Whether anybody has answered yet."""

    def send(self, method: str, url: "httpx.URL", headers: dict[str, str], content: bytes = b"") -> Answer:
        """Send a request; return when the head of the answer is there. Raises `NetworkError`."""
        if url.scheme == "https":
            self._way.trust.complete()
        wire = self._wires.get(os.getpid())
        if wire is None:  # the first request, or the first after a fork: what the parent opened stays the parent's
            wire = self._wires[os.getpid()] = _Wire(self._way)
        answer = wire.send(method, url, {"User-Agent": self._way.user_agent, **headers}, content)
        self.met = True
        return answer

    def close(self) -> None:
        """Close this process's connections."""
        wire = self._wires.pop(os.getpid(), None)
        if wire:
            wire.close()


class _Wire:
    """Connections: a pool of direct ones, and one for each proxy."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._dialer = Dialer(way.own, 2 * way.timeout, way.now)
        self._pools: dict[Proxy | None, httpcore.ConnectionPool] = {}
        self._timeout = dict.fromkeys(("connect", "read", "write", "pool"), way.timeout)

    def send(self, method: str, url: "httpx.URL", headers: dict[str, str], content: bytes) -> Answer:
        import httpcore  # noqa: PLC0415

        place, host = address_of(url), shown(url)
        proxy = self._way.proxies.choose(place)
        known = {"Host": url.netloc.decode(), "Accept-Encoding": "identity", "Content-Length": str(len(content))}
        if method == "GET":
            del known["Content-Length"]
        lines = [(name.encode(), value.encode()) for name, value in {**known, **headers}.items()]
        if proxy:
            self._check(place)
        # In what is told to a proxy, httpcore leaves the brackets of IPv6 addresses to us.
        name = f"[{place.host}]" if proxy and ":" in place.host else place.host
        target = httpcore.URL(scheme=url.raw_scheme, host=name.encode(), port=place.port, target=url.raw_path)
        request = httpcore.Request(
            method, target, headers=lines, content=content, extensions={"timeout": self._timeout}
        )
        through = str(proxy.address) if proxy else ""
        with explained(host, through):
            answer = Answer(self._pool(proxy).handle_request(request), host)
        if proxy and place.scheme == "http" and answer.status == 407:
            answer.close()
            raise proxy_refusal("407", through, host)
        return answer

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _check(self, place: Address) -> None:
        """Judge an address that a proxy would connect to."""
        literal = literal_of(place.host)
        own = (place.host, place.port) == (self._way.own.host, self._way.own.port)
        if literal and not own and not self._dialer.admits(literal):
            raise forbidden(place.host)

    def _pool(self, proxy: Proxy | None) -> "httpcore.ConnectionPool":
        if proxy not in self._pools:
            self._pools[proxy] = self._open(proxy)
        return self._pools[proxy]

    def _open(self, proxy: Proxy | None) -> "httpcore.ConnectionPool":
        import httpcore  # noqa: PLC0415  # what httpx itself runs on; only here can one judge addresses and pace

        options: dict[str, Any] = {
            "ssl_context": self._way.trust.context,
            "max_connections": None,
            "max_keepalive_connections": IDLE_LIMIT,
        }
        if proxy is None:
            return httpcore.ConnectionPool(network_backend=self._dialer, **options)  # type: ignore[arg-type]
        place = proxy.address
        backend: Any = Dialer(place, 2 * self._way.timeout, self._way.now, is_proxy=True)
        url = httpcore.URL(scheme="http", host=place.host, port=place.port, target="/")
        return httpcore.HTTPProxy(url, proxy_auth=proxy.login, network_backend=backend, **options)


class Trust:
    """Whose certificates are believed: the system's authorities', or certifi's where it has none, and those of a file.

    The system's are read when TLS is first spoken, which takes longer than a request on a local network.
    """

    def __init__(self, ca_file: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # wants a valid certificate for the host's name
        self._complete = False
        try:
            if ca_file:
                self.context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(f"--ca-file {ca_file} can't be used: {reason}") from None

    def complete(self) -> None:
        """Add the system's authorities; once."""
        if self._complete:
            return
        self._complete = True
        paths = ssl.get_default_verify_paths()
        self.context.load_default_certs()
        if paths.cafile is None and not (paths.capath and os.listdir(paths.capath)):
            import certifi  # noqa: PLC0415  # comes with httpx

            self.context.load_verify_locations(certifi.where())
