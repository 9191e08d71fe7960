"""References and platforms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.digest import sha256
from stellaops_core.errors import UsageError
from stellaops_core.images.image import SCHEMES, Image, ImageRef, Layer, Platform, parse_ref

DIGEST = sha256(b"")


def nothing(_: str) -> str:
    return ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci:path", ("oci", "path", "")),
        ("oci:path:tag", ("oci", "path", "tag")),
        ("oci:/a/b:docker.io/x/y:1", ("oci", "/a/b", "docker.io/x/y:1")),
        (f"oci:path@{DIGEST}", ("oci", "path", "@" + DIGEST)),
        ("oci-archive:a@b.tar", ("oci-archive", "a@b.tar", "")),
        ("docker-archive:x.tar:debian:12", ("docker-archive", "x.tar", "debian:12")),
        ("dir:/a:b", ("dir", "/a:b", "")),
        ("docker:debian:12", ("docker", "debian:12", "")),
        ("registry:example.com:5000/a/b:1", ("registry", "example.com:5000/a/b:1", "")),
        ("debian:12", ("registry", "debian:12", "")),
        ("localhost:5000/a", ("registry", "localhost:5000/a", "")),
        (f"debian@{DIGEST}", ("registry", f"debian@{DIGEST}", "")),
    ],
)
def test_references(text, expected):
    """A scheme says what follows; without one, and without a path of that name, it is a registry's."""
    assert parse_ref(text, nothing) == ImageRef(*expected)


@pytest.mark.parametrize("text", ["", "  ", "-o", *(scheme + ":" for scheme in SCHEMES)])
def test_bad_references(text):
    """What names nothing is a usage error, and so is an option in the wrong place."""
    with pytest.raises(UsageError):
        parse_ref(text, nothing)


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive", "dir"])
def test_bare_paths(kind):
    """An existing path needs no scheme; with one, nobody looks at the disk."""
    assert parse_ref("a:b", lambda _: kind) == ImageRef(kind, "a:b")
    assert parse_ref("dir:x", lambda _: pytest.fail("looked")) == ImageRef("dir", "x")


@given(
    st.sampled_from(["oci", "oci-archive", "docker-archive"]),
    st.from_regex(r"[a-z/.]{1,10}", fullmatch=True),
    st.one_of(st.just(""), st.just("@" + DIGEST), st.from_regex(r"[a-z0-9./]{1,10}(:[a-z0-9]{1,5})?", fullmatch=True)),
)
def test_references_read_back(scheme, location, selector):
    """A written reference reads as the same."""
    ref = ImageRef(scheme, location, selector)
    assert parse_ref(str(ref), nothing) == ref


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64/v8", "windows/amd64", "LINUX/ARM/V7"])
def test_platforms(text):
    """A platform reads back as it is written, in lower case."""
    assert str(Platform.parse(text)) == text.lower()


@pytest.mark.parametrize("text", ["", "linux", "a/b/c/d", "linux/", "/amd64", "linux/a b", "linux/amd64\n"])
def test_bad_platforms(text):
    """Anything else is a usage error."""
    with pytest.raises(UsageError):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("wanted", "there", "accepted"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/amd64/v1", "linux/amd64", True),
        ("linux/arm", "linux/arm/v7", True),
        ("linux/arm/v7", "linux/arm", False),
        ("linux/arm/v7", "linux/arm/v6", False),
        ("linux/amd64", "linux/arm64", False),
        ("linux/amd64", "windows/amd64", False),
    ],
)
def test_acceptance(wanted, there, accepted):
    """Which image answers a request for a platform."""
    assert Platform.parse(wanted).accepts(Platform.parse(there)) is accepted


def test_keys_are_verified_digests():
    """A layer's key is the digest of its stored bytes, and its diffID only where there is none."""
    stored, plain = sha256(b"stored"), sha256(b"plain")
    assert Layer(0, stored, plain, 1, "").key == stored
    assert Layer(0, "", plain, 1, "").key == plain


@pytest.mark.parametrize(
    ("config", "created"), [({"created": "2025-01-02T03:04:05Z"}, "2025-01-02T03:04:05Z"), ({}, "")]
)
def test_created(config, created):
    """The time comes from the configuration; one that is no text is none."""
    image = Image("", "", "", Platform("", ""), (), config)
    assert image.created == created
    assert Image("", "", "", Platform("", ""), (), {"created": 5}).created == ""
