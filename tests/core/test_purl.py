"""Package URLs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.purl import Purl, make_purl, parse_purl

NORMAL = {
    "pkg:PyPI/Django_Rest@1.0RC1": "pkg:pypi/django-rest@1.0rc1",
    "pkg:deb/Debian/LibC6@2.36-9+deb12u1?distro=debian-12&arch=amd64": (
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12"
    ),
    "pkg:deb/debian/attr@1:2.4": "pkg:deb/debian/attr@1:2.4",
    "pkg:npm/@angular/core@1.0": "pkg:npm/%40angular/core@1.0",
    "pkg:npm/%40angular/Core": "pkg:npm/%40angular/Core",
    "pkg:golang/github.com/BurntSushi/Toml@v1": "pkg:golang/github.com/burntsushi/toml@v1",
    "pkg:golang/stdlib@1.22.0": "pkg:golang/stdlib@1.22.0",
    "pkg://maven//org.a//b@1": "pkg:maven/org.a/b@1",
    "pkg:generic/a#/x/./../y/": "pkg:generic/a#x/y",
    "pkg:generic/a?B=1&a=2&c=": "pkg:generic/a?a=2&b=1",
    "pkg:generic/a%2Fb@%2F": "pkg:generic/a%2Fb@%2F",
    "pkg:generic/a?u=http://x?y": "pkg:generic/a?u=http:%2F%2Fx%3Fy",
    "pkg:pub/Some-Name": "pkg:pub/some_name",
    "pkg:hackage/a_B": "pkg:hackage/a-B",
    "pkg:cpan/gdt/URI-PackageURL": "pkg:cpan/GDT/URI-PackageURL",
    "pkg:oci/A@SHA256:AB": "pkg:oci/a@sha256:ab",
    "pkg:generic/n%C3%A9e": "pkg:generic/n%C3%A9e",
}


@pytest.mark.parametrize(("text", "canonical"), NORMAL.items())
def test_normal_form(text, canonical):
    """Each type's rules give one spelling, which is its own normal form."""
    assert str(parse_purl(text)) == canonical
    assert str(parse_purl(canonical)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "deb/debian/a",
        "http:deb/debian/a",
        "pkg:",
        "pkg:deb",
        "pkg:/deb/",
        "pkg:1deb/debian/a",
        "pkg:\u212aey/a",
        "pkg:deb/a",
        "pkg:maven/a@1",
        "pkg:rpm/a",
        "pkg:cargo/ns/a",
        "pkg:pypi/ns/a",
        "pkg:swift/github.com/a/@1",
        "pkg:julia/Dates",
        "pkg:swid/a",
        "pkg:cpan/A::B",
        "pkg:chrome-extension/dogs",
        "pkg:generic/a?1=2",
        "pkg:generic/a?k",
        "pkg:generic/a?k=1&k=2",
        "pkg:generic/a?k=1&K=2",
        "pkg:generic/%FF",
        "pkg:generic/\ud800",
    ],
)
def test_refused(text):
    """What is no purl, or breaks its type's rules, is a ValueError and nothing else."""
    with pytest.raises(ValueError):
        parse_purl(text)


PART = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
TYPES = st.sampled_from(
    [
        "alpm",
        "apk",
        "bitnami",
        "cargo",
        "composer",
        "cpan",
        "deb",
        "docker",
        "gem",
        "generic",
        "golang",
        "hackage",
        "hex",
        "huggingface",
        "julia",
        "luarocks",
        "maven",
        "npm",
        "nuget",
        "oci",
        "otp",
        "pub",
        "pypi",
        "rpm",
        "swift",
        "x.y-z",
    ]
)


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(
    TYPES,
    PART,
    st.text(st.characters(codec="utf-8"), max_size=10),
    st.text(st.characters(codec="utf-8"), max_size=10),
    st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9._-]{0,5}", fullmatch=True), PART, max_size=3),
    st.text(st.characters(codec="utf-8"), max_size=10),
)
def test_reads_what_it_writes(type_, name, version, namespace, qualifiers, subpath):
    """Whatever a purl is made of, its text is ASCII and parses to the same purl; normal form is normal."""
    try:
        purl = make_purl(type_, name, version, namespace=namespace, qualifiers=qualifiers, subpath=subpath)
    except ValueError:
        return
    text = str(purl)
    assert text.isascii()
    assert parse_purl(text) == purl
    again = make_purl(
        purl.type,
        purl.name,
        purl.version,
        namespace=purl.namespace,
        qualifiers=dict(purl.qualifiers),
        subpath=purl.subpath,
    )
    assert again == purl


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("pkg:/@?#=&%.aA-1", max_size=40).map("pkg:".__add__)))
def test_any_text(text):
    """Any text is a purl or a ValueError."""
    try:
        purl = parse_purl(text)
    except ValueError:
        return
    assert parse_purl(str(purl)) == purl


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["cargo", "gem", "generic", "nuget"]),
    st.text("abcXYZ019.-_+~é", min_size=1, max_size=8),
    st.text("abcXYZ019.-_+~:é", max_size=8),
)
def test_agrees_with_packageurl_python(type_, name, version):
    """Where types have no rules of their own, the project's library writes the same text."""
    packageurl = pytest.importorskip("packageurl")
    assert str(make_purl(type_, name, version)) == packageurl.PackageURL(type_, None, name, version).to_string()


def test_order():
    """Purls sort by type, then name: documents list them by text, sets of them by this."""
    purls = [Purl("npm", "b"), Purl("deb", "z"), Purl("npm", "a", "2"), Purl("npm", "a", "10")]
    assert sorted(purls) == [purls[1], purls[3], purls[2], purls[0]]
