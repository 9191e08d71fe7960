import socket
import ssl

import httpcore
import pytest

from pulls import Client
from simulators import status
from stellaops_core.errors import NetworkError, Unauthorized
from stellaops_core.images.failures import Passing, connect_error, explained, proxy_error, proxy_refusal, wait_of
from stellaops_core.images.image import ImageRef
from stellaops_core.images.registry import RegistryOptions, open_registry


def test_a_date_is_relative_to_the_servers_clock(registry):
    """Whatever our clock says."""
    headers = {"retry-after": "Mon, 23 Nov 2026 10:00:09 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert wait_of(headers) == 9.0  # type: ignore[arg-type]


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


def test_a_host_that_does_not_exist():
    """The hint considers that a path was meant."""
    with pytest.raises(NetworkError) as caught:
        open_registry(ImageRef("registry", "nowhere.invalid/x"), None, RegistryOptions())
    assert "path" in caught.value.hint


def test_what_a_proxy_answers_is_told():
    """By its number alone; some numbers pass."""
    for code, passes in (("403", False), ("502", True), ("503", True), ("xyz", False)):
        error = proxy_refusal(code, "p.example:80", "a.example:443")
        assert isinstance(error, Passing) is passes
        assert f"HTTP {code}" in error.message
        assert "list a.example in NO_PROXY" in error.hint


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (socket.gaierror(-2, "x"), "can't find a host"),
        (ConnectionResetError(), "does not speak TLS"),
        (ssl.SSLError(1, "x"), "does not speak TLS"),
        (TimeoutError(), "does not answer"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ],
)
def test_why_no_connection_came_about(cause, kind):
    """The operating system's reason is found under what wraps it."""
    error = httpcore.ConnectError("x")
    error.__context__ = cause
    assert kind in connect_error(error, "a.example").message
    assert "the proxy p.example:80" in proxy_error(error, "p.example:80").message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpcore.ReadTimeout("x"), Passing),
        (httpcore.ReadError("x"), Passing),
        (httpcore.RemoteProtocolError("x"), Passing),
        (httpcore.LocalProtocolError("x"), NetworkError),
        (httpcore.ProxyError("407 x"), Unauthorized),
        (ValueError("x"), NetworkError),
        (httpcore.ConnectTimeout("x"), Passing),
    ],
)
def test_whatever_httpcore_raises_becomes_ours(error, kind):
    """And names the host."""
    with pytest.raises(kind, match="example"), explained("a.example", "p.example"):
        raise error
