import socket
from collections import deque
from ipaddress import ip_address

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulls import STORED, Client, read
from simulators import drip, interim, padded
from stellaops_core.errors import NetworkError
from stellaops_core.images.dialer import HEAD_LIMIT, OVERHEAD_LIMIT, PACE, Dialer, Line, literal_of, network_of
from stellaops_core.images.registry_site import Address


def test_a_public_registry_leads_to_no_local_server(storage):
    """Who is public may not make us ask loopback, under whatever name; who is on loopback may."""
    dialer = Dialer(Address("http", "registry.example", 443), 60, lambda: 0)
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0", "::ffff:127.0.0.1"):
        with pytest.raises(NetworkError, match="no business"):
            dialer.connect_tcp(host, storage.server_port, 1)
    own = Dialer(Address("http", "127.0.0.1", storage.server_port), 60, lambda: 0)
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


@pytest.mark.parametrize("header", [True, False])
def test_a_dripping_server_is_left(registry, header):
    """A byte now and then keeps no connection alive, in the head or the body of an answer."""
    client = Client(registry, retries=0)
    source = client.open()
    registry.fault("/blobs/", drip(header=header), always=True)
    client.step = 10.0
    with pytest.raises(NetworkError, match="stopped sending"):
        read(source, 1)


def test_a_silent_server_is_left(registry):
    """An answer that stops coming is given up after `timeout`."""
    source = Client(registry, timeout=0.2, retries=0).open()
    registry.fault("/blobs/", drip(pause=5), always=True)
    with pytest.raises(NetworkError, match="stopped sending"):
        read(source, 1)


class Stream:
    """What a line runs on: pieces, and the seconds that each of them takes."""

    def __init__(self, *pieces: tuple[float, int]) -> None:
        self.pieces = list(pieces)
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds, size = self.pieces.pop(0)
        self.time += seconds
        return bytes(size)

    def write(self, data: bytes, timeout: float | None = None) -> None:
        pass


def follow(*pieces: tuple[float, int]) -> int:
    """Read them all over a line; return how many went through before it gave up."""
    stream = Stream(*pieces)
    line = Line(stream, 60.0, stream.now)
    line.write(b"GET")
    line.expect(1 << 40)
    try:
        for _ in pieces:
            line.read(65536)
    except httpcore.ReadTimeout:
        return len(pieces) - len(stream.pieces)
    return len(pieces) + 1


SECOND = PACE
"""Bytes of a second."""


@pytest.mark.parametrize(
    ("pieces", "given_up"),
    [
        ([(1, SECOND)] * 500, 501),
        ([(2, SECOND)] * 500, 61),
        ([(29, 1)] * 10, 3),
        ([(29, 1), (29, 1), (1, 60 * SECOND), (29, 1), (29, 1), (29, 1)], 6),
        ([(0, 10**9), (29, 1), (29, 1), (29, 1)], 4),
        ([(61, 0)], 1),
    ],
)
def test_a_line_keeps_the_pace(pieces, given_up):
    """At most a minute behind, at any time: what came fast at first buys no stalling later."""
    assert follow(*pieces) == given_up


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 1 << 16)), max_size=60))
def test_no_answer_takes_longer_than_its_size_allows(pieces):
    """Patience and the size at the lowest pace, and the one piece that was too much."""
    through = follow(*pieces)
    passed = pieces[: through - 1]
    assert sum(seconds for seconds, _ in passed) <= 60 + sum(size for _, size in passed) / PACE + 0.001


def test_an_answer_is_not_longer_than_expected():
    """Little before its body; then twice the body, and some. The next request starts anew."""
    stream = Stream(*[(0, 65536)] * 1000)
    line = Line(stream, 60.0, stream.now)

    def pieces() -> int:
        before = len(stream.pieces)
        with pytest.raises(NetworkError, match="more than an answer may hold"):
            deque(iter(lambda: line.read(65536), b""), 0)
        return before - len(stream.pieces) - 1

    line.write(b"GET")
    assert pieces() == HEAD_LIMIT // 65536
    line.write(b"GET")
    line.expect(5 * 65536)
    assert pieces() == OVERHEAD_LIMIT // 65536 + 10


def test_what_surrounds_a_body_has_an_end(registry):
    """A few interim answers are normal; interim answers or padding for ever are an error, however fast they come."""
    source = Client(registry).open()
    registry.fault("/blobs/", interim(3))
    assert read(source, 1) == STORED[1]
    for fault in (interim(), padded(STORED[1])):
        registry.fault("/blobs/", fault)
        with pytest.raises(NetworkError, match="more than an answer may hold"):
            read(source, 1)


def test_the_registrys_network_is_where_it_was_first(monkeypatch):
    """A name that moves to loopback later on opens no way there."""
    places, connected = ["192.0.2.1", "127.0.0.1"], []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (places.pop(0), 0))])
    monkeypatch.setattr(
        httpcore.SyncBackend, "connect_tcp", lambda self, host, *_: connected.append(host) or Stream((0, 0))
    )
    dialer = Dialer(Address("https", "registry.example", 443), 60, lambda: 0)
    for _ in range(2):
        dialer.connect_tcp("registry.example", 443, 1)
    assert connected == ["192.0.2.1", "127.0.0.1"]
    assert [dialer.admits(address) for address in ("127.0.0.1", "192.0.2.9", "8.8.8.8")] == [False, True, True]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("10.0.0.1.", "10.0.0.1"),
        ("LocalHost", "127.0.0.1"),
        ("a.localhost.", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::FFFF:10.0.0.1", "::ffff:a00:1"),
        ("localhost.example", ""),
        ("a.example", ""),
        ("1.2.3.4.5", ""),
        ("256.0.0.1", ""),
        ("::zz", ""),
        ("", ""),
    ],
)
def test_addresses_in_disguise(host, address):
    """Whatever resolvers take for an address without asking anybody."""
    literal = literal_of(host)
    assert bool(literal) is bool(address)
    assert not address or ip_address(literal) == ip_address(address)
