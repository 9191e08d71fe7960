import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.errors import UsageError
from stellaops_core.images.registry_name import Name, parse_name

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
