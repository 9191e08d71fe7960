import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import add_image
from pulls import LAYERS, STORED, Client, logins, read
from simulators import RegistrySimulator, TokenSimulator, redirect, status
from stellaops_core.errors import NetworkError
from stellaops_core.images.registry_name import parse_name
from stellaops_core.images.registry_site import Site

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
    "http://%31%32%37.0.0.1/x",
    "https://127.0.0.1%00.example/x",
    "https://[::1%25eth0]/x",
    "https://a b.example/x",
    "https://user@a.example/x",
    "http://127.0.0.1:0/",
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
    site = Site(parse_name("a.example/x"), ("a.example",))
    try:
        url = site.follow(httpx.URL("http://a.example/v2/"), place, "redirects")
    except NetworkError:
        return
    assert url.host
    assert not url.userinfo
    assert url.scheme == "https" or url.host == "a.example"


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


@pytest.mark.parametrize("listed", ["127.0.0.1", "{authority}"])
def test_insecure_registries_are_listed_by_host_or_authority(registry, listed):
    """`host` covers every port, `host:port` one."""
    assert Client(registry, insecure=(listed.replace("{authority}", registry.authority),)).pull() == STORED
