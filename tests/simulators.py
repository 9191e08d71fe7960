"""Servers on loopback that behave as they should, or as badly as a test wants them to.

`RegistrySimulator` speaks the OCI distribution API, `WritableRegistrySimulator` takes pushes and knows referrers as
well, `TokenSimulator` hands out their tokens. All keep what they were asked (`requests`), and follow a script of faults
before they follow the protocol::

    registry.fault("/blobs/", status(503), drop_after(100))   # the first two requests for blobs; then all is well

`ProxySimulator` passes on what it is asked for, or refuses to.
"""

import base64
import datetime as dt
import http.client
import ipaddress
import json
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from builders import Blobs, digest

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils
except ImportError:  # tests that need `Authority` skip
    x509 = None  # type: ignore[assignment]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Asked(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)


Fault = Callable[["Handler", Asked, bytes], None]
"""Answers in place of the server: (handler, request, the body that would have been sent)."""


class Handler(BaseHTTPRequestHandler):
    """Hands each request to its server."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers.items()), body)
        with self.server.lock:
            self.server.requests.append(asked)
        try:
            self.server.answer(self, asked)
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    do_POST = do_PUT = do_HEAD = do_CONNECT = do_GET  # noqa: N815  # the names that http.server looks for

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer; `_` in header names stands for `-`."""
        self.send_response(status)
        fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
        for name, text in fields.items():
            if text:
                self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drop(self) -> None:
        """Break the connection off."""
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """A server in threads; a context manager."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *, tls: ssl.SSLContext | None = None, address: Any = ("127.0.0.1", 0)) -> None:
        super().__init__(
            address, type("_Handler", (Handler,), {"disable_nagle_algorithm": not isinstance(address, str)})
        )
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.requests: list[Asked] = []
        self.lock = threading.Lock()
        self._faults: list[tuple[str, list[Fault]]] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Clients that break off are part of the play."""

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def asked(self, part: str) -> list[Asked]:
        """The requests whose path holds `part`."""
        return [request for request in self.requests if part in request.path]

    def fault(self, part: str, *faults: Fault, always: bool = False) -> None:
        """Let these answer the next requests whose path holds `part`; `always`: the last one from then on."""
        steps = list(faults)
        if always:
            steps += steps[-1:] * 10_000
        self._faults.append((part, steps))

    def answer(self, handler: Handler, asked: Asked) -> None:
        for part, steps in self._faults:
            if part in asked.path and steps:
                steps.pop(0)(handler, asked, self.body_of(asked))
                return
        self.serve(handler, asked)

    def body_of(self, asked: Asked) -> bytes:
        """What the body would be if all went well."""
        return b""

    def serve(self, handler: Handler, asked: Asked) -> None:
        raise NotImplementedError


class TokenSimulator(Server):
    """A token server: GET with Basic (or nobody), POST with a refresh token."""

    def __init__(self, *, member: str = "token", **options: Any) -> None:
        super().__init__(**options)
        self.member = member
        self.logins: set[str] = set()
        """`user:password` of those who get a token; empty: everybody."""
        self.identities: set[str] = set()
        self.issued: set[str] = set()
        self.make: Callable[[Asked, str], str] = lambda _, name: name

    def serve(self, handler: Handler, asked: Asked) -> None:
        if not self._lets_in(asked):
            handler.reply(401, b'{"details": "no"}')
            return
        token = self.make(asked, f"token-{len(self.issued) + 1}")
        self.issued.add(token)
        handler.reply(200, json.dumps({self.member: token, "expires_in": 300}).encode())

    def _lets_in(self, asked: Asked) -> bool:
        if asked.method == "POST":
            form = parse_qs(asked.body.decode())
            return form["grant_type"] == ["refresh_token"] and form["refresh_token"][0] in self.identities
        return not self.logins or _login_of(asked) in self.logins


class RegistrySimulator(Server):
    """A registry: `manifests` by tag or digest, `blobs` by digest, of every repository alike."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.blobs = Blobs()
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.login = ""
        """`user:password`: Basic is asked for."""
        self.tokens: TokenSimulator | None = None
        self.realm = ""
        self.scope = ""
        self.ranges = True
        self.digest_header = True

    def push(self, descriptor: Mapping[str, Any], *tags: str) -> str:
        """Make a document among the blobs a manifest; return its digest."""
        key = descriptor["digest"]
        for reference in (key, *tags):
            self.manifests[reference] = (descriptor["mediaType"], self.blobs[key])
        return key

    def push_index(self, descriptors: list[Mapping[str, Any]], *tags: str) -> str:
        """Put an index of images."""
        for descriptor in descriptors:
            self.push(descriptor)
        kind = "application/vnd.oci.image.index.v1+json"
        key, size = self.blobs.add_json({"schemaVersion": 2, "mediaType": kind, "manifests": descriptors})
        return self.push({"digest": key, "mediaType": kind, "size": size}, *tags)

    def body_of(self, asked: Asked) -> bytes:
        last = urlsplit(asked.path).path.rpartition("/")[2]
        return self.manifests.get(last, ("", b""))[1] if "/manifests/" in asked.path else self.blobs.get(last, b"")

    def serve(self, handler: Handler, asked: Asked) -> None:
        if not self._lets_in(asked):
            handler.reply(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', WWW_Authenticate=self._challenge())
            return
        kind, _, reference = urlsplit(asked.path).path.rpartition("/")
        if kind.endswith("/manifests") and reference in self.manifests:
            media_type, data = self.manifests[reference]
            self._send_manifest(handler, media_type, data, digest(data) if self.digest_header else "")
        elif kind.endswith("/blobs") and reference in self.blobs:
            self._send_blob(handler, asked, self.blobs[reference])
        else:
            handler.reply(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')

    def _send_manifest(self, handler: Handler, media_type: str, data: bytes, claimed: str) -> None:
        handler.reply(200, data, Content_Type=media_type, Docker_Content_Digest=claimed)

    def _send_blob(self, handler: Handler, asked: Asked, data: bytes) -> None:
        start = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        if not start or not self.ranges:
            handler.reply(200, data, Content_Type="application/octet-stream")
            return
        first = int(start[1])
        handler.reply(206, data[first:], Content_Range=f"bytes {first}-{len(data) - 1}/{len(data)}")

    def _lets_in(self, asked: Asked) -> bool:
        if self.login:
            return _login_of(asked) == self.login
        if self.tokens or self.realm:
            return asked.authorization.removeprefix("Bearer ") in (self.tokens.issued if self.tokens else ())
        return True

    def _challenge(self) -> str:
        if self.login:
            return 'Basic realm="simulator"'
        realm = self.realm or f"{self.tokens.url}/token"  # type: ignore[union-attr]
        scope = f',scope="{self.scope}"' if self.scope else ""
        return f'Bearer realm="{realm}",service="simulator"{scope}'


class WritableRegistrySimulator(RegistrySimulator):
    """A registry that takes what is pushed, and knows who refers to whom; `referrers` off: as those before OCI 1.1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.referrers = True
        self.page = 1000
        """Entries of one answer about referrers."""
        self.conditions = True
        """Whether If-Match and If-None-Match count."""
        self.uploads_to = ""
        """URL of another server that uploads go to."""
        self.meanwhile: list[Callable[[], None]] = []
        """What others do, one before each manifest that is put under a tag."""

    def serve(self, handler: Handler, asked: Asked) -> None:
        path = urlsplit(asked.path).path
        if self._lets_in(asked) and asked.method == "POST" and path.endswith("/blobs/uploads/"):
            handler.reply(202, Location=f"{self.uploads_to}{path}session?state=a%2Fb")
        elif self._lets_in(asked) and asked.method == "PUT":
            self._put(handler, asked, path)
        elif self._lets_in(asked) and "/referrers/" in path and self.referrers:
            self._refer(handler, asked, path)
        else:
            super().serve(handler, asked)

    def _send_manifest(self, handler: Handler, media_type: str, data: bytes, claimed: str) -> None:
        etag = f'"{digest(data)}"'
        handler.reply(200, data, Content_Type=media_type, Docker_Content_Digest=claimed, ETag=etag)

    def _put(self, handler: Handler, asked: Asked, path: str) -> None:
        kind, _, reference = path.rpartition("/")
        if kind.endswith("/blobs/uploads"):
            wanted = asked.query["digest"][0]
            right = digest(asked.body) == wanted
            if right:
                self.blobs.add(asked.body)
            handler.reply(201 if right else 400)
            return
        with self.lock:
            if ":" not in reference and self.meanwhile:
                self.meanwhile.pop(0)()
            self._put_manifest(handler, asked, reference)

    def _put_manifest(self, handler: Handler, asked: Asked, reference: str) -> None:
        document = json.loads(asked.body)
        there = self.manifests.get(reference)
        match, none_match = asked.headers.get("If-Match"), asked.headers.get("If-None-Match")
        tag = there and f'"{digest(there[1])}"'
        parts = [document["config"], *document["layers"]] if "config" in document else []
        lacking = [part for part in parts if part["digest"] not in self.blobs]
        misnamed = ":" in reference and reference != digest(asked.body)
        if self.conditions and ((match and match != tag) or (none_match and there)):
            handler.reply(412)
        elif lacking or misnamed:
            handler.reply(400, b'{"errors": [{"code": "MANIFEST_INVALID"}]}')
        else:
            kept = (asked.headers["Content-Type"], asked.body)
            self.manifests[reference] = self.manifests[self.blobs.add(asked.body)] = kept
            subject = document.get("subject", {}).get("digest", "") if self.referrers else ""
            handler.reply(201, Docker_Content_Digest=digest(asked.body), OCI_Subject=subject)

    def referring(self, subject: str) -> list[dict[str, Any]]:
        """Descriptors of what refers to a manifest, as the API gives them."""
        found = {}
        for media_type, data in self.manifests.values():
            document = json.loads(data)
            if document.get("subject", {}).get("digest") == subject:
                found[digest(data)] = {
                    "mediaType": media_type,
                    "digest": digest(data),
                    "size": len(data),
                    "artifactType": document.get("artifactType") or document["config"]["mediaType"],
                    "annotations": document.get("annotations", {}),
                }
        return list(found.values())

    def _refer(self, handler: Handler, asked: Asked, path: str) -> None:
        start = int(asked.query.get("from", ["0"])[0])
        found = self.referring(path.rpartition("/")[2])
        rest = f'<{path}?from={start + self.page}>; rel="next"' if start + self.page < len(found) else ""
        kind = "application/vnd.oci.image.index.v1+json"
        index = {"schemaVersion": 2, "mediaType": kind, "manifests": found[start : start + self.page]}
        handler.reply(200, json.dumps(index).encode(), Content_Type=kind, Link=rest)


def _login_of(asked: Asked) -> str:
    scheme, _, value = asked.authorization.partition(" ")
    return base64.b64decode(value).decode() if scheme == "Basic" else ""


class ProxySimulator(Server):
    """A proxy: tunnels what comes with CONNECT, passes the rest on. Names are its own to resolve: see `routes`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.routes: dict[str, Server] = {}
        """Servers by the `host:port` that they are known by."""
        self.login = ""
        """`user:password` of those who may use it; empty: everybody."""

    def serve(self, handler: Handler, asked: Asked) -> None:
        _, _, given = asked.headers.get("Proxy-Authorization", "").partition(" ")
        target = asked.path if asked.method == "CONNECT" else urlsplit(asked.path).netloc
        if self.login and base64.b64decode(given).decode() != self.login:
            handler.reply(407, Proxy_Authenticate='Basic realm="proxy"')
        elif target not in self.routes:
            handler.reply(502)
        elif asked.method == "CONNECT":
            self._tunnel(handler, self.routes[target])
        else:
            self._pass_on(handler, asked, self.routes[target])

    def _tunnel(self, handler: Handler, target: Server) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        with socket.create_connection(("127.0.0.1", target.server_port)) as there:
            ways = {handler.connection: there, there: handler.connection}
            while True:
                for source in select.select(list(ways), [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    ways[source].sendall(data)

    def _pass_on(self, handler: Handler, asked: Asked, target: Server) -> None:
        parts = urlsplit(asked.path)
        headers = {name: text for name, text in asked.headers.items() if not name.startswith("Proxy-")}
        there = http.client.HTTPConnection("127.0.0.1", target.server_port)
        there.request(asked.method, parts._replace(scheme="", netloc="").geturl(), asked.body, headers)
        answer = there.getresponse()
        data = answer.read()
        kept = {name.replace("-", "_"): text for name, text in answer.getheaders() if name != "Content-Length"}
        handler.reply(answer.status, data, **kept)
        there.close()


class EngineSimulator(Server):
    """A Docker Engine on a socket, or on a port: `archives` by name, which it describes and exports."""

    def __init__(self, path: Path | None, **options: Any) -> None:
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        super().__init__(address=str(path) if path else ("127.0.0.1", 0), **options)
        self.docker_host = f"unix://{path}" if path else f"tcp://{self.authority}"
        self.archives: dict[str, bytes] = {}
        self.ids: dict[str, str] = {}

    def server_bind(self) -> None:
        """Bind to a path, which has no port."""
        if self.address_family == socket.AF_INET:
            super().server_bind()
        else:
            self.socket.bind(self.server_address)

    def get_request(self) -> Any:
        if self.address_family == socket.AF_INET:
            return super().get_request()
        return self.socket.accept()[0], ("socket", 0)

    def body_of(self, asked: Asked) -> bytes:
        return self.archives.get(asked.path.removeprefix("/images/").removesuffix("/get"), b"")

    def serve(self, handler: Handler, asked: Asked) -> None:
        name, _, what = asked.path.removeprefix("/images/").rpartition("/")
        key = self.ids.get(name, name) if what == "get" or name in self.ids else name
        key = key if key in self.archives else f"{key}:latest"
        if key not in self.archives:
            handler.reply(404, b'{"message": "No such image"}')
        elif what == "json":
            identity = next((identity for identity, known in self.ids.items() if known == key), "0" * 64)
            handler.reply(200, json.dumps({"Id": f"sha256:{identity}"}).encode())
        else:
            chunked(self.archives[key])(handler, asked, b"")


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer with a status."""
    return lambda handler, asked, data: handler.reply(code, body, **headers)


def redirect(location: str, code: int = 307) -> Fault:
    """Lead elsewhere; `{path}` stands for the path that was asked for."""
    return lambda handler, asked, data: handler.reply(code, Location=location.replace("{path}", asked.path))


def body(content: bytes, **headers: str) -> Fault:
    """Answer 200 with another body."""
    return status(200, content, **headers)


def drop_after(count: int) -> Fault:
    """Promise the whole body from where it was asked for, send `count` bytes of it, break off."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        start = int((re.findall(r"bytes=(\d+)-", asked.headers.get("Range", "")) or ["0"])[0])
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(data[start : start + count])
        handler.drop()

    return answer


def drop_from_start(count: int) -> Fault:
    """The same from a server that knows no ranges."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:count])
        handler.drop()

    return answer


def announce(length: int) -> Fault:
    """Announce another length than the body has."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(data)
        handler.drop()

    return answer


def hang_up() -> Fault:
    """Break off without an answer."""
    return lambda handler, asked, data: handler.drop()


def endless(piece: bytes = b"x" * 65536) -> Fault:
    """Send a body in chunks until nobody listens."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    return answer


def chunked(content: bytes) -> Fault:
    """Send a body whose length is not announced."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n")

    return answer


def drip(*, header: bool = False, pause: float = 0.005) -> Fault:
    """Send one byte at a time, of a body or of a header that never ends."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nX-Slow: " if header else b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
        )
        while True:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def interim(count: int = 1 << 40) -> Fault:
    """Send answers before the answer (RFC 9110 section 15.2), then what was asked for."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        for _ in range(count):
            handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        handler.reply(200, data)

    return answer


def padded(content: bytes) -> Fault:
    """Send each byte of a body in a chunk of its own, with an extension of 4 KiB (RFC 9112 section 7.1.1)."""

    def answer(handler: Handler, asked: Asked, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for byte in content:
            handler.wfile.write(b"1;%s\r\n%c\r\n" % (b"x" * 4096, byte))
        handler.wfile.write(b"0\r\n\r\n")

    return answer


class Authority:
    """A certificate authority of our own. Needs the package `cryptography`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simulated authority")])
        builder = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = self._write("ca.pem", builder)

    def issue(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """Issue a certificate for host names and addresses; return the files of certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [
            x509.DNSName(host) if host[-1].isalpha() else x509.IPAddress(ipaddress.ip_address(host)) for host in hosts
        ]
        builder = self._builder(
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key.public_key()
        ).add_extension(x509.SubjectAlternativeName(names), critical=False)
        file = self._folder / f"{name}.key"
        kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write_bytes(key.private_bytes(*kinds))
        return self._write(f"{name}.pem", builder), file

    def context(self, *hosts: str) -> ssl.SSLContext:
        """A server's side of TLS, for 127.0.0.1 unless hosts are given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("server", *(hosts or ("127.0.0.1", "localhost"))))
        return context

    def _builder(self, subject: Any, public_key: Any) -> Any:
        today = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - dt.timedelta(days=1))
            .not_valid_after(today + dt.timedelta(days=2))
        )

    def _write(self, name: str, builder: Any) -> Path:
        path = self._folder / name
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


def sign_token(key_file: Path, certificate: Path, claims: Mapping[str, Any]) -> str:
    """A JSON Web Token signed with ES256, its certificate within; RFC 7515."""

    key: Any = serialization.load_pem_private_key(key_file.read_bytes(), None)
    der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
    header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return (signed + b"." + _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
