import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from stellaops_core.errors import UsageError
from stellaops_core.images.proxies import EXCEPTION_LIMIT, Proxies
from stellaops_core.images.registry_site import Address


def https(host: str, port: int = 443) -> Address:
    return Address("https", host, port)


@pytest.mark.parametrize(
    ("exceptions", "covered", "not_covered"),
    [
        ("", [], ["a.example", "10.0.0.1", "::2"]),
        ("*", ["a.example", "10.0.0.1"], []),
        (" , ,b.example *", ["a.example"], []),
        (
            "a.example",
            ["a.example", "x.a.example", "A.Example", "a.example."],
            ["xa.example", "example", "a.example.b"],
        ),
        ("A.EXAMPLE.", ["a.example"], []),
        (".a.example", ["x.a.example", "x.y.a.example"], ["a.example", "xa.example"]),
        ("*.a.example", ["x.a.example"], ["a.example"]),
        ("a.example:443", ["a.example", "x.a.example"], []),
        ("a.example:5000", [], ["a.example"]),
        ("a.example:x", [], ["a.example"]),
        ("b.example,a.example", ["a.example", "b.example"], ["c.example"]),
        ("b.example  a.example", ["a.example", "b.example"], ["b.example a.example"]),
        ("10.0.0.1", ["10.0.0.1", "10.1"], ["10.0.0.2", "110.0.0.1", "x.10.0.0.1"]),
        ("10.0.0.1:443", ["10.0.0.1"], []),
        ("10.0.0.1:80", [], ["10.0.0.1"]),
        ("10.0.0.0/8", ["10.9.8.7"], ["11.0.0.1", "a.example"]),
        ("10.0.0.0/99,fd00::/8", ["fd12::1", "[fd12::1]"], ["10.0.0.1", "fe80::1"]),
        ("[2001:db8::1]:443,2001:DB8::2", ["2001:db8::1", "2001:db8:0::2"], ["2001:db8::3"]),
        (":443", [], ["a.example"]),
        (".", [], ["a.example"]),
    ],
)
def test_exceptions(exceptions, covered, not_covered):
    """NO_PROXY as Go reads it: names with their subdomains, suffixes, addresses, blocks, ports."""
    proxies = Proxies(https="proxy.example", none=exceptions)
    assert [host for host in covered if proxies.choose(https(host))] == []
    assert [host for host in not_covered if not proxies.choose(https(host))] == []


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "::1", "127.1", "localhost."])
def test_this_host_is_never_asked_through_a_proxy(host):
    """It would be the proxy's host otherwise."""
    assert Proxies(https="proxy.example").choose(https(host)) is None


def test_each_scheme_has_its_proxy():
    """None is taken for the other."""
    proxies = Proxies(https="one.example:1", http="two.example:2")
    assert str(proxies.choose(https("a.example"))) == "Proxy(one.example:1)"
    assert str(proxies.choose(Address("http", "a.example", 80))) == "Proxy(two.example:2)"
    assert Proxies(http="two.example:2").choose(https("a.example")) is None
    assert Proxies().choose(https("a.example")) is None


@pytest.mark.parametrize(
    ("text", "place", "login"),
    [
        ("proxy.example", "proxy.example:80", None),
        ("proxy.example:3128", "proxy.example:3128", None),
        ("http://proxy.example:3128/", "proxy.example:3128", None),
        (" http://10.0.0.1:3128 ", "10.0.0.1:3128", None),
        ("http://[fd00::1]:3128", "[fd00::1]:3128", None),
        ("http://me:s3cret@proxy.example", "proxy.example:80", (b"me", b"s3cret")),
        ("me:s:3@c%72et%40%C3%A9@proxy.example", "proxy.example:80", (b"me", "s:3@cret@é".encode())),
        ("http://me@proxy.example", "proxy.example:80", (b"me", b"")),
    ],
)
def test_proxies_are_read(text, place, login):
    """With and without scheme, port and login; percent signs in the login are undone."""
    proxy = Proxies(https=text).choose(https("a.example"))
    assert proxy
    assert (str(proxy.address), proxy.login) == (place, login)


@pytest.mark.parametrize(
    "text",
    [
        "socks5://me:s3cret@proxy.example:1080",
        "https://me:s3cret@proxy.example",
        "http://me:s3cret@",
        "http://me:s3cret@proxy.example:0",
        "http://me:s3cret@proxy.example:99999",
        "http://me:s3cret@proxy.example/path",
        "http://me:s3cret@pro\nxy.example",
        "http://me:s3cret@proxy.example:80:80",
        "://",
        "http://me:s3cret@" + "x" * 300,
    ],
)
def test_what_is_no_proxy_is_a_usage_error_without_its_login(text):
    """Other kinds of proxies as well; requests past the proxy that was asked for would be no service."""
    with pytest.raises(UsageError) as caught:
        Proxies(https=text).choose(https("a.example"))
    assert "s3cret" not in f"{caught.value!r} {caught.value.hint}"
    assert "HOST" in caught.value.hint


def test_endless_exceptions_are_refused():
    """A bound, not a long search."""
    with pytest.raises(UsageError, match="NO_PROXY"):
        Proxies(https="p", none="a," * EXCEPTION_LIMIT).choose(https("a.example"))


def test_logins_are_not_shown():
    """Neither repr, str nor rich tells a proxy's password."""
    proxies = Proxies(https="http://me:s3cret@p.example", http="http://me:s3cret@p.example", none="a.example")
    for thing in (proxies, proxies.choose(https("b.example")), [proxies]):
        assert "s3cret" not in f"{thing} {thing!r} {pretty_repr(thing)}"
    assert "a.example" in repr(proxies)


@given(
    st.text(alphabet="ab.:*/[]10 ,", max_size=30) | st.text(max_size=20), st.sampled_from(["a.b", "1.0.0.1", "a::b"])
)
def test_any_exceptions_can_be_read(exceptions, host):
    """No exception of Python's, and the same answer for another case of letters."""
    proxies = [Proxies(https="p.example", none=text) for text in (exceptions, exceptions.lower())]
    assert len({proxy.choose(https(host)) for proxy in proxies}) == 1
