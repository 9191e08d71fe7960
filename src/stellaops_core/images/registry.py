"""Images in a registry, read over the OCI distribution API.

Comes in: a name such as `debian:12` or `registry.example:5000/team/app@sha256:…`. Goes out: an image whose manifest and
configuration are verified and whose layers are streams.

Who can answer us is not trusted. These rules hold for every request:

* a login or a token goes to the registry it belongs to and to the token server that this registry names, never to where
  a redirect leads;
* everything travels over TLS, unless the host is listed as insecure;
* redirects and token servers do not lead into networks (loopback, link-local, private) other than the registry's own.
  Addresses are judged where the connection is made, so names that change their address gain nothing;
* every answer has a size limit, and a pace below which it counts as stalled;
* digests are computed; what a header claims can only contradict.

Source: OCI distribution specification 1.1; the token protocol of github.com/distribution/distribution, "spec/auth".
"""

import os
import re
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from stellaops_core.digest import Digest, hasher, parse_digest
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NetworkError,
    StellaError,
    TargetNotFound,
    Truncated,
    Unauthorized,
    Unsupported,
    UsageError,
)
from stellaops_core.images.credentials import (
    DOCKER_HUB,
    TOKEN_LIMIT,
    Challenge,
    Credentials,
    Login,
    parse_challenges,
    read_token,
)
from stellaops_core.images.image import Image, ImageRef, Layer, Platform
from stellaops_core.images.manifest import (
    CONFIG_LIMIT,
    INDEX_TYPES,
    MANIFEST_LIMIT,
    MANIFEST_TYPES,
    Descriptor,
    Index,
    Manifest,
    check_size,
    check_types,
    make_image,
    read_manifest,
    resolve,
)

if TYPE_CHECKING:
    import httpcore
    import httpx

REDIRECT_LIMIT = 5
PAUSE_LIMIT = 60.0
"""Seconds waited before another try, whatever a server asks for."""
PATIENCE = 60.0
"""Seconds that one answer may keep us waiting in all, before PACE is required of it."""
PACE = 4 << 10
"""Bytes a second."""
PROGRESS = 8 << 20
"""Bytes of a layer after which earlier interruptions are forgotten."""
LEFTOVER_LIMIT = 64 << 10
"""Bytes of an unwanted body that are read so that its connection can be used again."""
ADDRESS_LIMIT = 8
"""Addresses of a host that are tried."""
NAME_LIMIT = 1024

ACCEPTED = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{1,5}}))?")
_PULL_SCOPE = re.compile(r"repository:[!-~]+:pull")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 502, 503, 504})

_Address = tuple[str, str, int]
"""Scheme, host, port."""


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


class RegistryOptions(Struct, frozen=True):
    """How registries are spoken to."""

    insecure: tuple[str, ...] = ()
    """`host` or `host:port` of those that speak plain HTTP."""
    ca_file: str = ""
    """PEM file of certificate authorities to trust besides the system's."""
    credentials: Credentials = field(default_factory=Credentials)
    concurrency: int = 4
    """Layers that may be fetched from one registry at a time; whoever opens layers keeps to it."""
    timeout: float = 30.0
    """Seconds to wait for a connection, and for each next piece of an answer."""
    retries: int = 3
    user_agent: str = "stella"


class RegistrySource:
    """An image in a registry. See `ImageSource`."""

    def __init__(self, image: Image, repository: "_Repository") -> None:
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

    def close(self) -> None:
        """Close connections."""
        self._repository.close()


def parse_name(text: str) -> Name:
    """Read `[registry/]repository[:tag][@digest]`; raise `UsageError` for anything else.

    Without a registry it is Docker Hub's, without tag and digest it is `latest`. Source: OCI distribution
    specification, "Pulling manifests"; the defaults are Docker's.
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
        or not _is_host(registry)
        or not _REPOSITORY.fullmatch(repository)
        or (colon and not _TAG.fullmatch(tag))
        or (at and not _is_digest(digest))
    ):
        raise UsageError(
            f"not the name of an image in a registry: {text[:200]!r}",
            hint="write [registry/]repository[:tag][@digest] in lower case, or an existing path",
        )
    return Name(registry, repository, tag or ("" if digest else "latest"), digest)


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
    repository = _Repository(name, options, sleep, now)
    try:
        return RegistrySource(_read_image(repository, name, platform), repository)
    except BaseException:
        repository.close()
        raise


def _read_image(repository: "_Repository", name: Name, wanted: Platform | None) -> Image:
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


class _Passing(NetworkError):
    """A failure that may pass. `wait`: seconds that the server asks for; `unmet`: nobody has answered at all."""

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None, unmet: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait
        self.unmet = unmet


class _Repository:
    """One repository of one registry: asks, authorizes itself, follows redirects, tries again.

    Safe after a fork: each process opens its own connections, with the access that was granted before.
    """

    def __init__(
        self, name: Name, options: RegistryOptions, sleep: Callable[[float], None], now: Callable[[], float]
    ) -> None:
        self._name = name
        self._options = options
        self._sleep = sleep
        self._now = now
        scheme = "http" if self._is_insecure(name.host) else "https"
        self._base = f"{scheme}://{name.host}/v2/{name.repository}"
        self._authorization = ""
        self._login: tuple[Login | None, str] | None = None
        self._trust = _Trust(options.ca_file)
        self._wires: dict[int, _Wire] = {}
        self._met = False

    def read_top(self) -> tuple[Digest, Index | Manifest]:
        """Fetch what the name points at; its digest is computed, and is the one asked for if one was."""
        absent = TargetNotFound(f"no such image: {self._name}", hint="check the name and the tag")
        reference = self._name.digest or self._name.tag
        data, headers = self._fetch(f"manifests/{reference}", {"Accept": ACCEPTED}, MANIFEST_LIMIT, absent)
        digest = _digest_of(data, self._name.digest or "sha256:")
        if self._name.digest and digest != self._name.digest:
            raise DigestMismatch(f"{self._name.registry} sent something else for {self._name}")
        document = read_manifest(data, headers.get("content-type", ""))
        claimed = headers.get("docker-content-digest", "")
        if _is_digest(claimed) and claimed != _digest_of(data, claimed):
            raise DigestMismatch(f"{self._name.registry} sent a manifest that does not match its own digest header")
        return digest, document

    def read(self, descriptor: Descriptor) -> bytes:
        """Fetch a manifest or a configuration of at most the stated size (one byte more shows that it is longer)."""
        kind = "manifests" if descriptor.media_type in INDEX_TYPES | MANIFEST_TYPES else "blobs"
        absent = MissingBlob(f"{self._name.registry} lists {descriptor.digest} and does not have it")
        accept = {"Accept": descriptor.media_type} if kind == "manifests" else {}
        return self._fetch(f"{kind}/{descriptor.digest}", accept, descriptor.size, absent)[0]

    def read_layer(self, layer: Layer) -> Generator[bytes, None, None]:
        """Yield a layer's stored bytes, exactly as many as its size says."""
        done = forgotten = failures = 0
        while True:
            try:
                for piece in self._read_from(layer, done):
                    done += len(piece)
                    _check_length(layer, done)
                    yield piece
                break
            except _Passing as error:
                if done == layer.size:
                    break
                if done - forgotten >= PROGRESS:
                    failures, forgotten = 0, done
                failures += 1
                self._pause(failures, error)
        if done < layer.size:
            raise Truncated(f"layer {layer.digest}: {self._name.registry} sent {done} of {layer.size} bytes")

    def close(self) -> None:
        """Close this process's connections."""
        wire = self._wires.pop(os.getpid(), None)
        if wire:
            wire.close()

    def _read_from(self, layer: Layer, start: int) -> Iterator[bytes]:
        absent = _absent(layer, self._name.registry)
        wanted = {"Range": f"bytes={start}-"} if start else {}
        with self._answer(f"blobs/{layer.digest}", wanted, absent) as answer:
            position = _position(answer, start)
            if (length := answer.headers.get("content-length", "")).isdecimal():
                _check_length(layer, position + int(length[:20]))
            for piece in answer.pieces():
                fresh = piece[max(start - position, 0) :]
                position += len(piece)
                if fresh:
                    yield fresh

    def _fetch(
        self, path: str, headers: dict[str, str], limit: int, absent: StellaError
    ) -> tuple[bytes, "httpx.Headers"]:
        """Fetch `limit` + 1 bytes at most, so that who checks the size sees that there are more."""
        failures = 0
        while True:
            try:
                with self._answer(path, headers, absent) as answer:
                    return answer.body(limit), answer.headers
            except _Passing as error:
                failures += 1
                self._pause(failures, error)

    def _pause(self, failures: int, error: _Passing) -> None:
        """Wait before another try; raise the error where there is to be none. Who never answered is not asked again."""
        if failures > self._options.retries or (error.unmet and not self._met):
            raise error
        wait = error.wait if error.wait is not None else 2.0 ** min(failures - 1, 6)
        self._sleep(min(wait, PAUSE_LIMIT))

    @contextmanager
    def _answer(self, path: str, headers: dict[str, str], absent: StellaError) -> "Iterator[_Answer]":
        """Ask for a path of this repository, wherever it is kept. What is no success is raised."""
        import httpx  # noqa: PLC0415

        url = httpx.URL(f"{self._base}/{path}")
        for _ in range(REDIRECT_LIMIT + 1):
            answer = self._ask(url, headers)
            if answer.status not in _REDIRECTS:
                break
            answer.finish()
            url = self._checked(url, answer.headers.get("location", ""), "redirects")
        else:
            raise NetworkError(f"{self._name.registry} redirects more than {REDIRECT_LIMIT} times")
        try:
            if answer.status != 200 and not (answer.status == 206 and "Range" in headers):
                raise self._refusal(answer, url, absent)
            yield answer
        finally:
            answer.close()

    def _ask(self, url: "httpx.URL", headers: dict[str, str]) -> "_Answer":
        """Ask once; and again with access if the registry itself wants it or has forgotten it."""
        if not self._is_own(url):
            return self._send("GET", url, headers)
        answer = self._send("GET", url, self._with_access(headers))
        if answer.status != 401:
            return answer
        challenges = parse_challenges(", ".join(answer.headers.get_list("www-authenticate")))
        answer.finish()
        self._authorization = self._authorize(challenges)
        return self._send("GET", url, self._with_access(headers))

    def _with_access(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "Authorization": self._authorization} if self._authorization else headers

    def _send(self, method: str, url: "httpx.URL", headers: dict[str, str], content: bytes = b"") -> "_Answer":
        if url.scheme == "https":
            self._trust.complete()
        wire = self._wires.get(os.getpid())
        if wire is None:  # the first request, or the first after a fork: what the parent opened stays the parent's
            own = _address(self._base)
            wire = self._wires[os.getpid()] = _Wire(own[1:], self._trust.context, self._options.timeout, self._now)
        answer = wire.send(method, url, {"User-Agent": self._options.user_agent, **headers}, content)
        self._met = True
        return answer

    def _is_own(self, url: "httpx.URL") -> bool:
        return _address(str(url)) == _address(self._base)

    def _is_insecure(self, host: str) -> bool:
        """Whether `host[:port]` is listed, itself or by its host alone."""
        listed = {entry.lower() for entry in self._options.insecure}
        return host in listed or re.sub(r":[0-9]+$", "", host) in listed

    def _checked(self, base: "httpx.URL", target: str, does: str) -> "httpx.URL":
        """Resolve where the registry leads us; raise `NetworkError` unless it may."""
        import httpx  # noqa: PLC0415

        registry = self._name.registry
        try:
            given, url = httpx.URL(target), base.join(target)
        except (httpx.InvalidURL, ValueError):
            raise NetworkError(f"{registry} {does} to something that is no URL") from None
        whole = target and bool(given.scheme) <= bool(given.host) and 0 < (url.port or 80) < 65536
        if not whole or url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise NetworkError(f"{registry} {does} to something else than a web server")
        if url.scheme == "https" or self._is_own(url):
            return url
        if self._base.startswith("https:") or not self._is_insecure(url.netloc.decode()):
            hint = f"--insecure-registry {_shown(url)} allows it for registries without TLS"
            raise NetworkError(f"{registry} {does} to {_shown(url)}, without TLS", hint=hint)
        return url

    def _authorize(self, challenges: list[Challenge]) -> str:
        """Get the value of an `Authorization` header for one of the ways in that the registry offers."""
        for challenge in sorted(challenges, key=lambda challenge: challenge.scheme != "bearer"):
            if challenge.scheme == "bearer":
                return "Bearer " + self._fetch_token(challenge.parameters)
            login = self._find_login()[0]
            if challenge.scheme == "basic" and login and login.basic:
                return login.basic
        raise self._unauthorized()

    def _find_login(self) -> tuple[Login | None, str]:
        if self._login is None:
            self._login = self._options.credentials.find(self._name.registry, self._name.repository)
        return self._login

    def _fetch_token(self, asked: dict[str, str]) -> str:
        """Get a token for pulling from this repository, and for nothing else."""
        import httpx  # noqa: PLC0415

        url = self._checked(httpx.URL(self._base), asked.get("realm", ""), "sends logins")
        scope = asked.get("scope", "")
        if not _PULL_SCOPE.fullmatch(scope):
            scope = f"repository:{self._name.repository}:pull"
        fields = {"service": asked["service"]} if asked.get("service") else {}
        fields["scope"] = scope
        login = self._find_login()[0]
        if login and login.identity_token:
            fields |= {"grant_type": "refresh_token", "client_id": "stella", "refresh_token": login.identity_token}
            form = str(httpx.QueryParams(fields)).encode()
            answer = self._send("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, form)
        else:
            access = {"Authorization": login.basic} if login else {}
            answer = self._send("GET", url.copy_merge_params(fields), access)
        try:
            if answer.status != 200:
                raise self._token_refusal(answer, url)
            return read_token(answer.body(TOKEN_LIMIT), _shown(url))
        finally:
            answer.close()

    def _token_refusal(self, answer: "_Answer", url: "httpx.URL") -> NetworkError:
        if answer.status in {400, 401, 403}:
            return self._unauthorized()
        if answer.status in _PASSING:
            return _busy(answer, _shown(url), self._name.registry)
        return NetworkError(f"the token server {_shown(url)} answered {answer.status}")

    def _refusal(self, answer: "_Answer", url: "httpx.URL", absent: StellaError) -> StellaError:
        host, status = _shown(url), answer.status
        if status == 404:
            return absent
        if status in {401, 403} and self._is_own(url):
            return self._unauthorized()
        if status in _PASSING:
            return _busy(answer, host, self._name.registry)
        hint = ""
        if status == 400 and b"HTTPS" in answer.body(LEFTOVER_LIMIT):
            hint = f"it speaks TLS: leave out --insecure-registry {host}"
        return NetworkError(f"{host} answered {status} to a request for {self._name}", hint=hint)

    def _unauthorized(self) -> Unauthorized:
        registry = self._name.registry
        login, problem = self._find_login()
        what = "refuses the stored login for" if login else "does not let anybody read"
        hint = f"log in with: docker login {registry}" + (f" ({problem})" if problem else "")
        return Unauthorized(f"{registry} {what} {self._name.repository}, or there is no such repository", hint=hint)


class _Answer:
    """A server's answer, whose body is yet to be read."""

    def __init__(self, response: "httpcore.Response", host: str) -> None:
        import httpx  # noqa: PLC0415

        self.status = response.status
        self.headers = httpx.Headers(response.headers)
        self._response = response
        self._host = host

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes in, never decoded."""
        with _explained(self._host):
            yield from self._response.iter_stream()

    def body(self, limit: int) -> bytes:
        """Return the body; of a longer one `limit` + 1 bytes."""
        data = bytearray()
        for piece in self.pieces():
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
        self._response.close()


class _Wire:
    """This process's connections."""

    def __init__(self, own: tuple[str, int], trust: ssl.SSLContext, timeout: float, now: Callable[[], float]) -> None:
        import httpcore  # noqa: PLC0415  # what httpx itself runs on; only here can one judge addresses and pace

        dialer: Any = _Dialer(own, max(PATIENCE, 2 * timeout), now)
        self._pool = httpcore.ConnectionPool(ssl_context=trust, max_connections=None, network_backend=dialer)
        self._timeout = dict.fromkeys(("connect", "read", "write", "pool"), timeout)

    def send(self, method: str, url: "httpx.URL", headers: dict[str, str], content: bytes) -> _Answer:
        """Send a request; return when the head of the answer is there. Raises `NetworkError`."""
        import httpcore  # noqa: PLC0415

        known = {"Host": url.netloc.decode(), "Accept-Encoding": "identity", "Content-Length": str(len(content))}
        if method == "GET":
            del known["Content-Length"]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        lines = [(name.encode(), value.encode()) for name, value in {**known, **headers}.items()]
        request = httpcore.Request(
            method, target, headers=lines, content=content, extensions={"timeout": self._timeout}
        )
        with _explained(_shown(url)):
            return _Answer(self._pool.handle_request(request), _shown(url))

    def close(self) -> None:
        self._pool.close()


class _Dialer:
    """Makes connections, and judges where to: httpcore's `NetworkBackend`, as far as it is used.

    The registry itself may be anywhere. Other hosts must be public, or in the same kind of network as the registry.
    """

    def __init__(self, own: tuple[str, int], patience: float, now: Callable[[], float]) -> None:
        self._own = own
        self._patience = patience
        self._now = now
        self._network = "public"

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> "_Line":
        """Connect to the first allowed address that answers."""
        import httpcore  # noqa: PLC0415

        own = (host, port) == self._own
        addresses = [entry for entry in _resolve(host, port) if own or network_of(entry) in {"public", self._network}]
        if not addresses:
            raise NetworkError(
                f"the registry leads to {host}, which is in a network that it has no business in",
                hint="a registry may lead to public addresses, or to its own kind of network",
            )
        failure: Exception | None = None
        for address in addresses[:ADDRESS_LIMIT]:
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
                continue
            if own:
                self._network = network_of(address)
            return _Line(stream, self._patience, self._now)
        assert failure  # noqa: S101
        raise failure


class _Line:
    """A connection that must keep a pace: httpcore's `NetworkStream`, as far as it is used."""

    def __init__(self, stream: "httpcore.NetworkStream", patience: float, now: Callable[[], float]) -> None:
        self._stream = stream
        self._patience = patience
        self._now = now
        self._waited = 0.0
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read; raise `httpcore.ReadTimeout` once the answer as a whole is too slow."""
        began = self._now()
        data = self._stream.read(max_bytes, timeout)
        self._waited += self._now() - began
        self._received += len(data)
        if self._waited > self._patience + self._received / PACE:
            import httpcore  # noqa: PLC0415

            raise httpcore.ReadTimeout(f"slower than {PACE} bytes a second")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, which begins another request."""
        self._waited, self._received = 0.0, 0
        self._stream.write(buffer, timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Line":
        return _Line(self._stream.start_tls(ssl_context, server_hostname, timeout), self._patience, self._now)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


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


@contextmanager
def _explained(host: str) -> Iterator[None]:
    """Turn what httpcore raises into ours. The one place for it."""
    import httpcore  # noqa: PLC0415

    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise _connect_error(error, host) from error
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
        slow = isinstance(error, httpcore.TimeoutException)
        raise _Passing(f"{host} {'stopped sending' if slow else 'dropped the connection'}") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError, ValueError) as error:
        raise NetworkError(f"can't talk to {host}") from error


def _connect_error(error: Exception, host: str) -> NetworkError:
    import socket  # noqa: PLC0415

    cause = reason_of(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NetworkError(
            f"the certificate of {host} is not trusted: {cause.verify_message}",
            hint="--ca-file FILE names a certificate authority to trust",
        )
    if isinstance(cause, ssl.SSLError | ConnectionResetError):
        return NetworkError(
            f"{host} does not speak TLS", hint=f"--insecure-registry {host}, if it is meant to speak plain HTTP"
        )
    if isinstance(cause, socket.gaierror | UnicodeError):
        return NetworkError(
            f"can't find a host named {host}", hint="check the name and the network; a path on disk must exist"
        )
    slow = isinstance(cause, TimeoutError)
    reason = "does not answer" if slow else f"can't be reached: {getattr(cause, 'strerror', None) or 'no connection'}"
    return _Passing(f"{host} {reason}", hint="check that it runs and that no firewall is in the way", unmet=True)


def reason_of(error: BaseException) -> OSError | UnicodeError | None:
    """Find the operating system's error under httpcore's, which drops `__cause__` on its way."""
    step: BaseException | None = error
    while step:
        if isinstance(step, OSError | UnicodeError):
            return step
        step = step.__cause__ or step.__context__
    return None


def _busy(answer: _Answer, host: str, registry: str) -> _Passing:
    if answer.status == 429:
        hint = f"wait, or log in for a higher limit: docker login {registry}"
        return _Passing(f"{host} limits how often it may be asked", hint=hint, wait=_wait(answer.headers))
    return _Passing(f"{host} is not available (HTTP {answer.status})", hint="try later", wait=_wait(answer.headers))


def _wait(headers: "httpx.Headers") -> float | None:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3). A date is taken relative to the server's own clock."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(until.total_seconds(), 0.0)


def _position(answer: _Answer, start: int) -> int:
    """Offset of the body's first byte: 0 if the server sends everything again, else `start`. RFC 9110 section 14.4."""
    if answer.status == 200:
        return 0
    match = re.match(r"bytes ([0-9]{1,19})-", answer.headers.get("content-range", ""))
    if not match or int(match[1]) != start:
        raise NetworkError("the registry sent another part of a layer than it was asked for")
    return start


def _check_length(layer: Layer, length: int) -> None:
    if length > layer.size:
        raise CorruptImage(f"layer {layer.digest} is longer than the {layer.size} bytes its manifest states")


def _absent(layer: Layer, registry: str) -> StellaError:
    if layer.urls:
        return Unsupported(f"layer {layer.digest} is a foreign one: {registry} only says where it may be had")
    return MissingBlob(f"{registry} lists layer {layer.digest} and does not have it")


def _digest_of(data: bytes, like: str) -> Digest:
    """Digest of `data` by the algorithm of another digest."""
    algorithm = like.partition(":")[0]
    check = hasher(Digest(algorithm))
    check.update(data)
    return Digest(f"{algorithm}:{check.hexdigest()}")


def _is_digest(text: str) -> bool:
    try:
        parse_digest(text)
    except CorruptImage:
        return False
    return True


def _is_host(text: str) -> bool:
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


def _address(url: str) -> _Address:
    import httpx  # noqa: PLC0415

    parsed = httpx.URL(url)
    return parsed.scheme, parsed.raw_host.decode(), parsed.port or {"http": 80, "https": 443}[parsed.scheme]


def _shown(url: "httpx.URL") -> str:
    """`host[:port]`: all of a URL that may be told; the rest can hold a signature."""
    return url.netloc.decode()[:NAME_LIMIT]


class _Trust:
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
