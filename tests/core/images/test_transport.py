import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from builders import add_image
from pulls import LAYERS, STORED, Client, read
from simulators import ProxySimulator, RegistrySimulator, body, drip, hang_up, interim, redirect, status
from stellaops_core.errors import NetworkError, Unauthorized, UsageError
from stellaops_core.images import transport as subject
from stellaops_core.images.image import ImageRef
from stellaops_core.images.proxies import Proxies
from stellaops_core.images.registry import RegistryOptions, open_registry


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


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bad_ca_file_is_a_usage_error(tmp_path, content):
    """Missing or empty: told before anything is sent."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="--ca-file"):
        open_registry(ImageRef("registry", "a.example/x"), None, RegistryOptions(ca_file=str(file)))


# Proxies


@pytest.fixture
def proxy() -> Iterator[ProxySimulator]:
    with ProxySimulator() as server:
        yield server


class Named:
    """A server under another name, which only a proxy knows."""

    def __init__(self, server: Any, proxy: ProxySimulator, host: str = "registry.example") -> None:
        self.authority = f"{host}:{server.server_port}"
        proxy.routes[self.authority] = server


def through(proxy: ProxySimulator, login: str = "", **options: Any) -> dict[str, Any]:
    url = f"http://{login}@{proxy.authority}" if login else proxy.url
    return {"insecure": (), "proxies": Proxies(https=url, http=url, **options)}


@pytest.mark.parametrize("login", ["", "me:s3cret", "me:s%33cret"])
def test_tls_goes_through_a_tunnel(authority, proxy, login):
    """The proxy sees a host and its own login, and neither requests nor what the registry is shown."""
    proxy.login = "me:s3cret" if login else ""
    with RegistrySimulator(tls=authority.context("registry.example")) as server:
        server.push(add_image(server.blobs, LAYERS), "1")
        client = Client(Named(server, proxy), ca_file=str(authority.file), **through(proxy, login))
        assert client.pull() == STORED
        assert {(asked.method, asked.path) for asked in proxy.requests} == {("CONNECT", client.server.authority)}
        assert all("Proxy-Authorization" not in asked.headers for asked in server.requests)
        assert len(server.requests) == 4


@pytest.mark.parametrize("login", ["", "me:s3cret"])
def test_plain_http_is_passed_on(registry, proxy, login):
    """With whole URLs; the login of the proxy ends there."""
    proxy.login = login
    named = Named(registry, proxy)
    assert Client(named, **{**through(proxy, login), "insecure": ("registry.example",)}).pull() == STORED
    assert proxy.requests[0].path == f"http://{named.authority}/v2/team/app/manifests/1"
    assert proxy.requests[0].headers["Host"] == named.authority
    assert all("Proxy-Authorization" not in asked.headers for asked in registry.requests)


@pytest.mark.parametrize("insecure", [(), ("registry.example",)])
@pytest.mark.parametrize("login", ["", "me:wr0ng"])
def test_a_proxy_that_wants_a_login(registry, proxy, insecure, login):
    """An error that names the proxy and no password."""
    proxy.login = "me:s3cret"
    with pytest.raises(Unauthorized, match=r"the proxy 127\.0\.0\.1:[0-9]+ wants a login") as caught:
        Client(Named(registry, proxy), **{**through(proxy, login), "insecure": insecure}).open()
    assert "wr0ng" not in repr(caught.value) + caught.value.hint
    assert not registry.requests


@pytest.mark.parametrize(("code", "error"), [(403, NetworkError), (502, NetworkError), (504, NetworkError)])
def test_a_proxy_that_refuses(registry, proxy, code, error):
    """What it answers is told, at once: nobody else has answered yet."""
    proxy.fault("", status(code, b"s3cret"), always=True)
    client = Client(Named(registry, proxy), **through(proxy))
    with pytest.raises(error, match=rf"the proxy .* does not connect to registry.example.*{code}") as caught:
        client.open()
    assert "NO_PROXY" in caught.value.hint
    assert client.pauses == []


def test_a_proxy_that_is_not_there(registry):
    """It is the proxy that is named, with the settings to check."""
    with ProxySimulator() as proxy:
        options = through(proxy, "me:s3cret")
    with pytest.raises(NetworkError, match=r"the proxy 127\.0\.0\.1:[0-9]+ can't be reached") as caught:
        Client(Named(registry, proxy), **options).open()
    assert "HTTPS_PROXY" in caught.value.hint
    assert "s3cret" not in repr(caught.value)


@pytest.mark.parametrize("fault", [interim(), hang_up(), drip(header=True), body(b"")])
def test_a_proxy_that_misbehaves(registry, proxy, fault):
    """Endless, silent, dripping, or without TLS behind it: a network error."""
    proxy.fault("", fault, always=True)
    client = Client(Named(registry, proxy), retries=0, **through(proxy))
    client.step = 10.0
    with pytest.raises(NetworkError):
        client.open()


def test_exceptions_are_asked_directly(registry, proxy):
    """This host, and what NO_PROXY lists."""
    assert Client(registry, **{**through(proxy), "insecure": ("127.0.0.1",)}).pull() == STORED
    assert not proxy.requests


@pytest.mark.parametrize(
    "place", ["10.0.0.1", "127.1", "169.254.169.254", "2852039166", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost"]
)
def test_a_proxy_is_not_sent_into_other_networks(registry, proxy, place):
    """Addresses that a registry leads to are judged before the proxy hears of them."""
    registry.fault("/blobs/", redirect(f"https://{place}/x"), always=True)
    options = {**through(proxy), "insecure": ("registry.example",)}
    with pytest.raises(NetworkError, match="no business"):
        Client(Named(registry, proxy), **options).open()
    assert all("registry.example" in asked.path for asked in proxy.requests)


def test_a_registry_that_is_an_address_leads_into_its_own_network(registry, storage, proxy):
    """As it may without a proxy; IPv6 addresses stand in brackets."""
    storage.blobs = registry.blobs
    own, other = Named(registry, proxy, "[fd00::1]"), Named(storage, proxy, "10.0.0.2")
    source = Client(own, **{**through(proxy), "insecure": ("[fd00::1]", "10.0.0.2")}).open()
    registry.fault("/blobs/", redirect(f"http://{other.authority}{{path}}"))
    assert read(source, 1) == STORED[1]
    assert proxy.requests[-1].path.startswith(f"http://{other.authority}/")


def test_an_ipv6_address_is_tunnelled_to(authority, proxy):
    """In brackets for the proxy, without for the certificate."""
    with RegistrySimulator(tls=authority.context("::1", "fd00::1")) as server:
        server.push(add_image(server.blobs, LAYERS), "1")
        client = Client(Named(server, proxy, "[fd00::1]"), ca_file=str(authority.file), **through(proxy))
        assert client.pull() == STORED


def test_idle_connections_are_few(registry, monkeypatch):
    """Whatever a registry leads to, connections don't pile up."""
    monkeypatch.setattr(subject, "IDLE_LIMIT", 2)
    opened = set()
    with ExitStack() as stack:
        stores = [stack.enter_context(RegistrySimulator()) for _ in range(6)]
        source = Client(registry).open()
        for store in stores:
            store.blobs = registry.blobs
            registry.fault("/blobs/", redirect(store.url + "{path}"))
            assert read(source, 0) == STORED[0]
            opened.add(store.authority)
        pool = source._repository._transport._wires[os.getpid()]._pools[None]
        assert len(opened) == 6
        assert len(pool.connections) <= 3
