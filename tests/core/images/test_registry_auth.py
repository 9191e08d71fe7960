import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulls import STORED, Client, logins, read
from simulators import body, endless, hang_up, redirect, status
from stellaops_core.errors import NetworkError, Unauthorized
from stellaops_core.images.credentials import Credentials
from stellaops_core.images.registry_auth import Challenge, parse_challenges


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


def test_a_stored_token_is_shown_to_the_registry_alone(registry, tokens, tmp_path):
    """`registrytoken` answers the challenge itself; no token server hears of it, and no way with Basic takes it."""
    tokens.issued.add("s3cret")
    credentials = logins(tmp_path, registry, registrytoken="s3cret")
    assert Client(registry, credentials=credentials).pull() == STORED
    assert not tokens.requests
    assert registry.requests[0].authorization == ""
    assert {asked.authorization for asked in registry.requests[1:]} == {"Bearer s3cret"}
    tokens.issued.clear()
    with pytest.raises(Unauthorized, match="refuses the stored login") as caught:
        Client(registry, credentials=credentials).open()
    assert "s3cret" not in repr(caught.value) + caught.value.hint
    registry.login = "me:s3cret"
    with pytest.raises(Unauthorized):
        Client(registry, credentials=credentials).open()
    assert not tokens.requests
    assert not any("Basic" in asked.authorization for asked in registry.requests)


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


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a b"', [("basic", {"realm": "a b"})]),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
            [("bearer", {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"})],
        ),
        ("BEARER Realm = x , SERVICE=y", [("bearer", {"realm": "x", "service": "y"})]),
        ('Basic realm="x", Bearer realm="y"', [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ("Negotiate, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        (r'Basic realm="a\"b\\c"', [("basic", {"realm": r'a"b\c'})]),
        ("Bearer realm=a, realm=b", [("bearer", {"realm": "a"})]),
        ('Basic realm="open', [("basic", {})]),
        ('realm="x"', []),
        (",,, ;", []),
    ],
)
def test_challenges(header, challenges):
    """RFC 9110 section 11.6.1: several of them, with and without parameters, quoted and not."""
    assert parse_challenges(header) == [Challenge(scheme, parameters) for scheme, parameters in challenges]


@pytest.mark.property
@settings(max_examples=200, deadline=1000)
@given(st.text(alphabet='Bearl=",\\ \t;é', max_size=200) | st.text())
def test_any_header_can_be_read(header):
    """No exception, no long search."""
    for challenge in parse_challenges(header * 50):
        assert challenge.scheme == challenge.scheme.lower()
