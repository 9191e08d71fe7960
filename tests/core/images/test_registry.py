import base64
import json
import logging
import os
from collections.abc import Iterator
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import add_image, compress, digest, layer
from simulators import (
    Authority,
    Fault,
    RegistrySimulator,
    TokenSimulator,
    announce,
    body,
    chunked,
    drip,
    drop_after,
    endless,
    hang_up,
    redirect,
    status,
    x509,
)
from stellaops_core.errors import (
    CorruptImage,
    DigestMismatch,
    MissingBlob,
    NetworkError,
    NotAnImage,
    PlatformNotFound,
    StellaError,
    TargetNotFound,
    Truncated,
    Unauthorized,
    Unsupported,
    UsageError,
)
from stellaops_core.images import registry as subject
from stellaops_core.images.credentials import Credentials
from stellaops_core.images.image import ImageRef, Platform
from stellaops_core.images.registry import Name, RegistryOptions, network_of, open_registry, parse_name

LAYERS = [layer({"etc/os-release": "ID=test\n"}), layer({"app/data": os.urandom(200_000)})]
STORED = [compress(tar, "gzip") for tar in LAYERS]


@pytest.fixture
def registry() -> Iterator[RegistrySimulator]:
    with RegistrySimulator() as server:
        server.push(add_image(server.blobs, LAYERS), "1")
        yield server


@pytest.fixture
def tokens(registry) -> Iterator[TokenSimulator]:
    with TokenSimulator() as server:
        registry.tokens = server
        yield server


@pytest.fixture
def storage() -> Iterator[RegistrySimulator]:
    with RegistrySimulator() as server:
        yield server


@pytest.fixture
def authority(tmp_path) -> Authority:
    if x509 is None:
        pytest.skip("certificates are made with the package cryptography")
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    """Close what a test has opened."""
    yield
    while Client.opened:
        Client.opened.pop().close()


class Client:
    """Opens images of a registry with a clock and pauses that take no time."""

    opened: ClassVar[list[Any]] = []

    def __init__(self, server: Any, **options: Any) -> None:
        self.pauses: list[float] = []
        self.server = server
        self.step = 0.0
        self.time = 0.0
        self.options = RegistryOptions(**{"insecure": ("127.0.0.1", "localhost"), "timeout": 5.0, **options})

    def now(self) -> float:
        self.time += self.step
        return self.time

    def open(self, reference: str = ":1", platform: Platform | None = None):
        ref = ImageRef("registry", f"{self.server.authority}/team/app{reference}")
        source = open_registry(ref, platform, self.options, sleep=self.pauses.append, now=self.now)
        self.opened.append(source)
        return source

    def pull(self, reference: str = ":1") -> list[bytes]:
        source = self.open(reference)
        return [read(source, index) for index in range(len(source.image.layers))]


def read(source, index: int) -> bytes:
    with source.open_layer(source.image.layers[index]) as pieces:
        return b"".join(pieces)


def logins(tmp_path, server, **entry: str) -> Credentials:
    if "login" in entry:
        entry = {"auth": base64.b64encode(entry["login"].encode()).decode()}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {server.authority: entry}}))
    return Credentials((str(file),))


NAMES = [
    ("debian", "docker.io/library/debian:latest"),
    ("debian:12", "docker.io/library/debian:12"),
    ("team/app", "docker.io/team/app:latest"),
    ("docker.io/debian", "docker.io/library/debian:latest"),
    ("index.docker.io/a/b:1", "docker.io/a/b:1"),
    ("localhost/app", "localhost/app:latest"),
    ("localhost:5000", "docker.io/library/localhost:5000"),
    ("localhost:5000/app", "localhost:5000/app:latest"),
    ("GHCR.io/a/b-c__d.e/f:V1", "ghcr.io/a/b-c__d.e/f:V1"),
    ("[::1]:5000/app:x", "[::1]:5000/app:x"),
    ("10.0.0.1:80/app", "10.0.0.1:80/app:latest"),
    ("a.example/b@sha256:" + "a" * 64, "a.example/b@sha256:" + "a" * 64),
    ("a.example/b:t@sha512:" + "a" * 128, "a.example/b:t@sha512:" + "a" * 128),
]

NO_NAMES = [
    "", ":", "@", "/", "a/", "/a", "./image.tar", "../x", "UPPER", "a/B", "a..b", "a.example/x//y", "a:b:c", "a:-t",
    "a:" + "t" * 129, "a@sha256:12", "a@md5:" + "0" * 32, "a.example:0/x", "a.example:65536/x", "a.example:x/y",
    "https://a.example/x", "user@host/x", "[::zz]/x", "[1.2.3.4]/x", "-a.example/x", "a_b.example/x", "a b", "a\nb",
    "é.example/x", "a.example/x?y", "a.example/x#y", "a.example/%2e%2e/x", "a" * 2000,
]  # fmt: skip


@pytest.mark.parametrize(("text", "full"), NAMES)
def test_a_name_means_what_docker_takes_it_to_mean(text, full):
    """Registry, `library/` and `latest` are filled in; ports, IPv6, tags and digests are told apart."""
    assert str(parse_name(text)) == full
    assert parse_name(full) == parse_name(text)


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_is_a_usage_error(text):
    """Nothing that could bend a URL, and nothing outside the grammar, becomes a name."""
    with pytest.raises(UsageError):
        parse_name(text)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aB0.-_/:@[]%é ", max_size=40) | st.text(max_size=20))
def test_any_text_is_a_name_or_a_usage_error(text):
    """Parsing what it prints gives the same name."""
    try:
        name = parse_name(text)
    except UsageError:
        return
    assert parse_name(str(name)) == name


def test_hub_is_asked_at_its_real_host():
    """docker.io is a name, not a server."""
    assert Name("docker.io", "library/debian").host == "registry-1.docker.io"


def test_an_image_is_read_by_tag_and_by_digest(registry):
    """The same image either way; layers come as they are stored; the name is as people know it."""
    client = Client(registry)
    source = client.open()
    assert source.image.name == f"{registry.authority}/team/app:1"
    assert [read(source, index) for index in (1, 0)] == [STORED[1], STORED[0]]
    source.close()
    source.close()
    pinned = client.open(f"@{source.image.digest}")
    assert (pinned.image.layers, pinned.image.digest) == (source.image.layers, source.image.digest)
    assert pinned.image.name == f"{registry.authority}/team/app"
    assert all("authorization" not in map(str.lower, request.headers) for request in registry.requests)


def test_an_index_yields_the_wanted_platform(registry):
    """linux/amd64 unless asked otherwise; the image's digest is its manifest's, not the index's."""
    arm = add_image(
        registry.blobs,
        LAYERS[:1],
        config={"architecture": "arm64"},
        platform={"os": "linux", "architecture": "arm64"},
    )
    amd = add_image(registry.blobs, LAYERS, platform={"os": "linux", "architecture": "amd64"})
    index = registry.push_index([arm, amd], "many")
    client = Client(registry)
    assert client.open(":many").image.digest == amd["digest"]
    assert client.open(f"@{index}", Platform("linux", "arm64")).image.digest == arm["digest"]
    with pytest.raises(PlatformNotFound, match="linux/arm64"):
        client.open(":many", Platform("linux", "s390x"))


def test_all_media_types_are_accepted(registry):
    """A registry is asked for OCI and Docker manifests and indexes alike, and for bytes as they are stored."""
    Client(registry).open()
    first = registry.requests[0]
    assert first.headers["Accept"].count("application/vnd.") == 4
    assert first.headers["Accept-Encoding"] == "identity"
    assert first.headers["User-Agent"] == "stella"


CONTENT_FAULTS: list[tuple[str, Fault, type[StellaError]]] = [
    ("/manifests/", status(404), TargetNotFound),
    ("/manifests/", body(b"<html>Sign in</html>", Content_Type="text/html"), CorruptImage),
    ("/manifests/", body(b"{}"), NotAnImage),
    ("/manifests/", body(b'{"schemaVersion": 1, "fsLayers": []}', Docker_Content_Digest=digest(b"")), Unsupported),
    ("/manifests/", endless(), CorruptImage),
    ("/manifests/", endless(b"[" * 65536), CorruptImage),
    ("/manifests/", status(418), NetworkError),
    ("/manifests/", status(204), NetworkError),
    ("/manifests/", status(206, b"{}", Content_Range="bytes 0-1/9"), NetworkError),
    ("/manifests/", status(301), NetworkError),
    ("/blobs/", status(404), MissingBlob),
    ("/blobs/", body(b"{}"), Truncated),
    ("/blobs/", endless(), DigestMismatch),
]


@pytest.mark.parametrize(("part", "fault", "error"), CONTENT_FAULTS)
def test_wrong_documents_are_refused(registry, part, fault, error):
    """Manifest and configuration: absent, of another kind, endless, other than their digest."""
    registry.fault(part, fault, always=True)
    with pytest.raises(error):
        Client(registry).open()


def test_digests_are_computed(registry):
    """A manifest other than the pinned one is refused whatever the header says, and so is a header that lies."""
    key = next(name for name in registry.manifests if name.startswith("sha256:"))
    data = registry.manifests[key][1]
    for claimed in (key, digest(data + b" "), ""):
        registry.fault("/manifests/sha256", body(data + b" ", Docker_Content_Digest=claimed))
        with pytest.raises(DigestMismatch):
            Client(registry).open(f"@{key}")
    registry.fault("/manifests/1", body(data, Docker_Content_Digest=digest(b"other")))
    with pytest.raises(DigestMismatch):
        Client(registry).open()
    registry.fault("/manifests/1", body(data, Docker_Content_Digest="nonsense"))
    assert Client(registry).open().image.digest == key


LAYER_FAULTS: list[tuple[Fault, type[StellaError]]] = [
    (status(404), MissingBlob),
    (body(STORED[1] + b"x"), CorruptImage),
    (body(STORED[1][:-1]), Truncated),
    (body(b""), Truncated),
    (chunked(STORED[1] + b"x"), CorruptImage),
    (chunked(STORED[1][:100]), Truncated),
    (endless(), CorruptImage),
    (status(206, STORED[1], Content_Range="bytes 7-9/10"), NetworkError),
    (status(206, STORED[1]), NetworkError),
    (drop_after(0), NetworkError),
    (hang_up(), NetworkError),
    (status(500), NetworkError),
]


@pytest.mark.parametrize(("fault", "error"), LAYER_FAULTS)
def test_wrong_layers_are_refused(registry, fault, error):
    """Absent, longer or shorter than stated, endless, another part, or never whole: each has its error."""
    source = Client(registry).open()
    registry.fault("/blobs/", fault, always=True)
    with pytest.raises(error):
        read(source, 1)


def test_what_is_longer_is_noticed_before_it_is_passed_on(registry):
    """Of an endless layer, no more than its stated size ever gets through."""
    source = Client(registry).open()
    registry.fault("/blobs/", endless(), always=True)
    seen = 0
    with pytest.raises(CorruptImage), source.open_layer(source.image.layers[1]) as pieces:  # noqa: PT012
        for piece in pieces:
            seen += len(piece)
    assert seen <= len(STORED[1])


def test_a_length_that_lies_is_refused_before_anything_is_read(registry):
    """An announced length beyond the layer's size is enough."""
    source = Client(registry).open()
    registry.fault("/blobs/", announce(10**15))
    with pytest.raises(CorruptImage), source.open_layer(source.image.layers[1]) as pieces:
        pytest.fail(f"{len(next(pieces))} bytes came through")


def test_a_foreign_layer_is_not_fetched_from_where_it_says(registry, storage):
    """URLs of foreign layers are never followed."""
    source = Client(registry).open()
    foreign = msgspec.structs.replace(source.image.layers[0], digest=digest(b"?"), urls=(storage.url,))
    with pytest.raises(Unsupported), source.open_layer(foreign) as pieces:
        next(pieces)
    assert not storage.requests


# Access


@pytest.mark.parametrize("member", ["token", "access_token"])
def test_a_token_is_fetched_once(registry, tokens, member):
    """Anonymous: one token serves all requests, for pulling from this repository alone."""
    tokens.member = member
    registry.scope = "repository:team/app:pull,push"
    assert Client(registry).pull() == STORED
    assert [request.query["scope"] for request in tokens.requests] == [["repository:team/app:pull"]]
    assert [request.authorization for request in tokens.requests] == [""]


def test_the_scope_of_the_registry_counts_if_it_is_for_pulling(registry, tokens):
    """Registries behind a prefix know their repositories by another name."""
    registry.scope = "repository:inner/team/app:pull"
    Client(registry).open()
    assert tokens.requests[0].query == {"service": ["simulator"], "scope": ["repository:inner/team/app:pull"]}


def test_a_token_is_bought_with_the_stored_login(registry, tokens, tmp_path):
    """The password goes to the token server, the token to the registry."""
    tokens.logins = {"me:s3cret:x"}
    with pytest.raises(Unauthorized):
        Client(registry).open()
    assert Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret:x")).pull() == STORED
    assert not any("Basic" in request.authorization for request in registry.requests)


def test_an_identity_token_is_exchanged(registry, tokens, tmp_path):
    """OAuth 2 refresh, as Azure and others want it."""
    tokens.identities, tokens.member = {"refresh-me"}, "access_token"
    assert Client(registry, credentials=logins(tmp_path, registry, identitytoken="refresh-me")).pull() == STORED
    assert tokens.requests[0].method == "POST"
    with pytest.raises(Unauthorized):
        Client(registry, credentials=logins(tmp_path, registry, identitytoken="stale")).open()


def test_basic_access(registry, tmp_path):
    """Nothing is sent before it is asked for; afterwards it is sent along."""
    registry.login = "me:s3cret"
    assert Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).pull() == STORED
    assert [bool(request.authorization) for request in registry.requests] == [False, True, True, True, True]


@pytest.mark.parametrize("login", [{}, {"login": "me:s3cret"}, {"identitytoken": "s3cret"}])
def test_refusal_says_how_to_log_in_and_no_secret(registry, tmp_path, login):
    """Whatever is stored: one retry, then an error that names the registry and not the password."""
    registry.login = "me:other"
    with pytest.raises(Unauthorized) as caught:
        Client(registry, credentials=logins(tmp_path, registry, **login)).open()
    assert registry.authority in caught.value.message
    assert "docker login" in caught.value.hint
    assert "s3cret" not in repr(caught.value) + caught.value.hint
    assert len(registry.requests) <= 2


def test_what_is_wrong_with_the_logins_is_told_when_it_matters(registry, tmp_path):
    """A broken configuration does not hinder anonymous pulls; a refusal mentions it."""
    file = tmp_path / "config.json"
    file.write_text('{"auths": "s3cret"')
    client = Client(registry, credentials=Credentials((str(file),)))
    assert client.pull() == STORED
    registry.login = "me:other"
    with pytest.raises(Unauthorized) as caught:
        client.open()
    assert "config.json is no configuration" in caught.value.hint
    assert "s3cret" not in caught.value.hint


def test_an_expired_token_is_renewed_once(registry, tokens):
    """A 401 in the middle of things costs one more token; a registry that never has enough gets two requests."""
    source = Client(registry).open()
    tokens.issued.clear()
    tokens.make = lambda asked, name: "new-" + name
    assert read(source, 1) == STORED[1]
    assert len(tokens.requests) == 2
    registry.fault("/blobs/", status(401, WWW_Authenticate=f'Bearer realm="{tokens.url}"'), always=True)
    before = len(registry.requests)
    with pytest.raises(Unauthorized):
        read(source, 1)
    assert len(registry.requests) == before + 2


@pytest.mark.parametrize(
    "answer",
    [
        body(b"not json"),
        body(b"{}"),
        body(b"[]"),
        body(b'{"token": 7}'),
        body(b'{"token": ""}'),
        body(b'{"token": "a\\r\\nX-Injected: 1"}'),
        body(b'{"token": "\xc3\xa9"}'),
        body(b"[" * 100_000),
        endless(),
        redirect("http://127.0.0.1/"),
        status(404),
        status(503),
        hang_up(),
    ],
)
def test_useless_token_servers_end_in_a_network_error(registry, tokens, answer):
    """Bad JSON, no token, a token with line breaks, an endless answer, redirects."""
    tokens.fault("", answer, always=True)
    with pytest.raises(NetworkError):
        Client(registry).open()


# Attacks


def test_a_login_does_not_follow_a_redirect(registry, storage, tmp_path):
    """Storage on another host or port sees no Authorization, and still serves the layer."""
    registry.login = "me:s3cret"
    storage.blobs = registry.blobs
    client = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret"))
    source = client.open()
    for target in (storage.url, f"http://localhost:{storage.server_port}"):
        registry.fault("/blobs/", redirect(target + "{path}?signature=1"))
        assert read(source, 1) == STORED[1]
    assert [request.authorization for request in storage.requests] == ["", ""]
    registry.fault("/blobs/", redirect("/elsewhere{path}"))
    assert read(source, 1) == STORED[1]
    assert registry.requests[-1].authorization.startswith("Basic")


def test_storage_that_wants_a_login_gets_none(registry, storage, tmp_path):
    """A 401 or 403 of a redirect's target is a network error, and no reason to authorize."""
    registry.login = "me:s3cret"
    storage.login = "me:s3cret"
    source = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret")).open()
    registry.fault("/blobs/", redirect(storage.url + "{path}"))
    with pytest.raises(NetworkError) as caught:
        read(source, 1)
    assert not isinstance(caught.value, Unauthorized)
    assert [request.authorization for request in storage.requests] == [""]


BAD_PLACES = [
    "",
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1:6379/_x",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "javascript:1",
    "http://me:pw@127.0.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "https://[fe80::1]/x",
    "https://10.0.0.1/x",
    "https://[fd00:ec2::254]/x",
    "https://[::ffff:169.254.169.254]/x",
    "http://unlisted.invalid/x",
]


@pytest.mark.parametrize("place", BAD_PLACES)
@pytest.mark.parametrize("way", ["redirect", "realm"])
def test_a_registry_leads_to_no_bad_place(registry, tmp_path, place, way):
    """Other schemes, metadata services, private networks and hosts without TLS, by redirect and by token server."""
    if way == "redirect":
        registry.fault("/manifests/", redirect(place), always=True)
    else:
        registry.fault("/manifests/", status(401, WWW_Authenticate=f'Bearer realm="{place}"'), always=True)
    credentials = logins(tmp_path, registry, login="me:s3cret")
    insecure = ("127.0.0.1", "169.254.169.254")
    with pytest.raises(NetworkError) as caught:
        Client(registry, credentials=credentials, insecure=insecure).open()
    assert "s3cret" not in str(caught.value) + caught.value.hint
    assert len(registry.requests) == 1


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="htps:/@.[]1%\\#?é \n", max_size=30) | st.text(max_size=30))
def test_any_place_is_checked(place):
    """Whatever a registry leads to, it is a web server that may be asked, or an error of ours."""
    repository = subject._Repository(parse_name("a.example/x"), RegistryOptions(insecure=("a.example",)), print, float)
    try:
        url = repository._checked(httpx.URL("http://a.example/v2/"), place, "redirects")
    except NetworkError:
        return
    assert url.host
    assert not url.userinfo
    assert url.scheme == "https" or url.host == "a.example"


def test_a_public_registry_leads_to_no_local_server(storage):
    """Who is public may not make us ask loopback, under whatever name; who is on loopback may."""
    dialer = subject._Dialer(("registry.example", 443), 60, lambda: 0)
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "::ffff:127.0.0.1"):
        with pytest.raises(NetworkError, match="no business"):
            dialer.connect_tcp(host, storage.server_port, 1)
    own = subject._Dialer(("127.0.0.1", storage.server_port), 60, lambda: 0)
    own.connect_tcp("127.0.0.1", storage.server_port, 1).close()
    own.connect_tcp("localhost", storage.server_port, 1).close()
    with pytest.raises(NetworkError, match="no business"):
        own.connect_tcp("10.0.0.1", 80, 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.8.8", "public"),
        ("2606:4700::1", "public"),
        ("127.8.9.1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.0.1", "private"),
        ("100.100.100.200", "private"),
        ("fd00:ec2::254", "private"),
        ("224.0.0.1", "reserved"),
        ("ff02::1", "reserved"),
        ("240.0.0.1", "reserved"),
        ("::127.0.0.1", "reserved"),
    ],
)
def test_networks(address, network):
    """IPv6 addresses that stand for IPv4 ones hide nothing."""
    assert network_of(address) == network


def test_redirects_end(registry):
    """A loop is left after a few turns."""
    registry.fault("/manifests/", redirect("{path}"), always=True)
    with pytest.raises(NetworkError, match="redirects more than"):
        Client(registry).open()
    assert len(registry.requests) == subject.REDIRECT_LIMIT + 1


def test_tls_is_not_given_up(authority, tmp_path):
    """A registry with TLS leads neither layers nor logins to a server without, even a listed one."""
    with RegistrySimulator(tls=authority.context()) as registry, TokenSimulator() as plain:
        registry.push(add_image(registry.blobs, LAYERS), "1")
        registry.realm = plain.url
        options = {"insecure": (plain.authority,), "ca_file": str(authority.file)}
        client = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret"), **options)
        with pytest.raises(NetworkError, match="without TLS"):
            client.open()
        registry.realm = ""
        source = client.open()
        registry.fault("/blobs/", redirect(plain.url + "{path}"))
        with pytest.raises(NetworkError, match="without TLS"):
            read(source, 1)
        assert not plain.requests


def test_who_speaks_plain_http_leads_to_listed_hosts_only(registry, storage):
    """`--insecure-registry` for one server is none for another, not even for another port."""
    storage.blobs = registry.blobs
    client = Client(registry, insecure=(registry.authority,))
    source = client.open()
    registry.fault("/blobs/", redirect(storage.url + "{path}"))
    with pytest.raises(NetworkError, match="without TLS") as caught:
        read(source, 1)
    assert f"--insecure-registry {storage.authority}" in caught.value.hint
    assert not storage.requests


def test_secrets_stay_out_of_logs_and_errors(registry, storage, tokens, tmp_path, caplog):
    """Passwords, tokens and signatures of redirects appear in no log record and no message."""
    caplog.set_level(logging.INFO)
    tokens.logins = {"me:s3cret"}
    tokens.make = lambda asked, name: "t0ken"
    client = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret"))
    source = client.open()
    registry.fault("/blobs/", redirect(storage.url + "{path}?signature=s1gned"))
    with pytest.raises(MissingBlob) as caught:
        read(source, 1)
    told = caplog.text + repr(caught.value) + repr(client.options) + repr(source.image)
    assert not [secret for secret in ("s3cret", "t0ken", "s1gned", "bWU6") if secret in told]


# Interruptions


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_layer_goes_on(registry, ranges):
    """With a server that knows ranges only the rest is fetched; with another, what is known is skipped."""
    client = Client(registry)
    source = client.open()
    registry.ranges = ranges
    registry.fault("/blobs/", drop_after(50_000))
    assert read(source, 1) == STORED[1]
    asked = [request.headers.get("Range") for request in registry.asked(source.image.layers[1].digest)]
    assert asked == [None, "bytes=50000-"]
    assert client.pauses == [1.0]


def test_interruptions_are_forgotten_after_progress(registry, monkeypatch):
    """A long download survives more interruptions than `retries`, as long as it gets on; a standstill does not."""
    monkeypatch.setattr(subject, "PROGRESS", 20_000)
    client = Client(registry, retries=1)
    source = client.open()
    registry.fault("/blobs/", *[drop_after(30_000)] * 5)
    assert read(source, 1) == STORED[1]
    registry.fault("/blobs/", *[drop_after(10)] * 3)
    with pytest.raises(NetworkError, match="dropped"):
        read(source, 1)


def test_a_part_that_was_not_asked_for_is_refused(registry):
    """A resumed download checks where the answer begins."""
    source = Client(registry).open()
    registry.fault("/blobs/", drop_after(1000), status(206, STORED[1][500:], Content_Range="bytes 500-999/1000"))
    with pytest.raises(NetworkError, match="another part"):
        read(source, 1)


@pytest.mark.parametrize(
    ("headers", "pauses"),
    [
        ({}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "7"}, [7.0, 7.0, 7.0]),
        ({"Retry_After": "0"}, [0.0, 0.0, 0.0]),
        ({"Retry_After": "86400"}, [60.0, 60.0, 60.0]),
        ({"Retry_After": "9" * 400}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "-1"}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "soon"}, [1.0, 2.0, 4.0]),
        ({"Retry_After": "Wed, 31 Dec 9999 23:59:59 GMT"}, [60.0, 60.0, 60.0]),
        ({"Retry_After": "Mon, 01 Jan 2001 00:00:00 GMT"}, [0.0, 0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(registry, code, headers, pauses):
    """It is given the time it asks for, within bounds, `retries` times; then it is an error with a hint."""
    registry.fault("/manifests/", *[status(code, **headers)] * 3)
    client = Client(registry)
    client.open()
    assert client.pauses == pauses
    registry.fault("/manifests/", status(code, **headers), always=True)
    with pytest.raises(NetworkError) as caught:
        client.open()
    assert caught.value.hint


def test_a_date_is_relative_to_the_servers_clock(registry):
    """Whatever our clock says."""
    headers = {"retry-after": "Mon, 23 Nov 2026 10:00:09 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert subject._wait(headers) == 9.0  # type: ignore[arg-type]


def test_who_never_answered_is_not_asked_again():
    """A closed port is told at once."""
    with RegistrySimulator() as server:
        client = Client(server)
    with pytest.raises(NetworkError, match="can't be reached"):
        client.open()
    assert client.pauses == []


@pytest.mark.parametrize("header", [True, False])
def test_a_dripping_server_is_left(registry, header):
    """A byte now and then keeps no connection alive, in the head or the body of an answer."""
    client = Client(registry)
    source = client.open()
    registry.fault("/blobs/", drip(header=header), always=True)
    client.step = 10.0
    with pytest.raises(NetworkError, match="stopped sending"):
        read(source, 1)
    assert len(client.pauses) == 3


def test_a_silent_server_is_left(registry):
    """An answer that stops coming is given up after `timeout`."""
    source = Client(registry, timeout=0.2, retries=0).open()
    registry.fault("/blobs/", drip(pause=5), always=True)
    with pytest.raises(NetworkError, match="stopped sending"):
        read(source, 1)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # the simulators' threads do no harm here
def test_a_fork_opens_its_own_connections(registry, tokens):
    """Parent and child read at once over what the parent opened; the token is not asked for again."""
    source = Client(registry).open()
    with source.open_layer(source.image.layers[1]) as pieces:
        first = next(pieces)
        child = os.fork()
        if not child:
            os._exit(0 if [read(source, 0), read(source, 1)] == STORED else 1)
        assert first + b"".join(pieces) == STORED[1]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(tokens.requests) == 1


def test_connections_are_used_again(registry):
    """An image of two layers takes one connection."""
    registry.tokens = None
    connections = []
    verify = registry.verify_request
    registry.verify_request = lambda request, address: connections.append(address) or verify(request, address)
    Client(registry).pull()
    assert len(connections) == 1


# TLS and how it fails


def test_own_authorities(authority):
    """An unknown authority is an error with a hint; --ca-file makes it known; another name stays wrong."""
    with RegistrySimulator(tls=authority.context()) as server:
        server.push(add_image(server.blobs, LAYERS), "1")
        with pytest.raises(NetworkError) as caught:
            Client(server, insecure=()).open()
        assert "--ca-file" in caught.value.hint
        assert Client(server, insecure=(), ca_file=str(authority.file)).pull() == STORED
        with pytest.raises(NetworkError) as caught:
            Client(server).open()
        assert "--insecure-registry" in caught.value.hint or "dropped" in caught.value.message
    with RegistrySimulator(tls=authority.context("other.example")) as server, pytest.raises(NetworkError) as caught:
        Client(server, insecure=(), ca_file=str(authority.file)).open()
    assert "certificate" in caught.value.message


def test_plain_http_is_recognised(registry):
    """A registry without TLS that isn't listed: the hint says how to list it."""
    with pytest.raises(NetworkError) as caught:
        Client(registry, insecure=("127.0.0.2", f"127.0.0.1:{registry.server_port - 1}")).open()
    assert f"--insecure-registry {registry.authority}" in caught.value.hint


def test_tls_is_recognised_where_plain_http_is_expected(registry):
    """As servers written in Go put it."""
    registry.fault("/manifests/", status(400, b"Client sent an HTTP request to an HTTPS server.\n"))
    with pytest.raises(NetworkError) as caught:
        Client(registry).open()
    assert "leave out --insecure-registry" in caught.value.hint


@pytest.mark.parametrize("listed", ["127.0.0.1", "{authority}"])
def test_insecure_registries_are_listed_by_host_or_authority(registry, listed):
    """`host` covers every port, `host:port` one."""
    assert Client(registry, insecure=(listed.replace("{authority}", registry.authority),)).pull() == STORED


def test_a_host_that_does_not_exist():
    """The hint considers that a path was meant."""
    with pytest.raises(NetworkError) as caught:
        open_registry(ImageRef("registry", "nowhere.invalid/x"), None, RegistryOptions())
    assert "path" in caught.value.hint


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bad_ca_file_is_a_usage_error(tmp_path, content):
    """Missing or empty: told before anything is sent."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="--ca-file"):
        open_registry(ImageRef("registry", "a.example/x"), None, RegistryOptions(ca_file=str(file)))
