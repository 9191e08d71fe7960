"""Product keys."""

import pytest
from hypothesis import given

from core.sbom.strategies import PURLS
from stellaops_core.purl import make_purl, parse_purl
from stellaops_core.sbom.products import ordered_version_of, product_of, products_of, version_of

OPENSSL = "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12&upstream=openssl"
BINNMU = "pkg:deb/debian/libc6@2.36-9%2Bb1?upstream=glibc%402.36-9"
RPM = "pkg:rpm/rhel/openssl-libs@3.0.7-1.el9?arch=x86_64&epoch=1&upstream=openssl-3.0.7-1.el9.src.rpm"


@pytest.mark.parametrize(
    ("ref", "products"),
    [
        ("pkg:npm/lodash@4.17.20", ["pkg:npm/lodash"]),
        ("pkg:npm/%40babel/core@7.0.0", ["pkg:npm/%40babel/core"]),
        ("pkg:npm/lodash", ["pkg:npm/lodash"]),
        ("pkg:golang/example.org/a@v1#cmd/b", ["pkg:golang/example.org/a"]),
        ("pkg:generic/a#b@c?upstream=d", ["pkg:generic/a"]),
        ("bin:" + "a" * 64, ["bin:" + "a" * 64]),
        (OPENSSL, ["pkg:deb/debian/libssl3", "pkg:deb/debian/openssl"]),
        (BINNMU, ["pkg:deb/debian/libc6", "pkg:deb/debian/glibc"]),
        (RPM, ["pkg:rpm/rhel/openssl-libs", "pkg:rpm/rhel/openssl"]),
        ("pkg:apk/alpine/libssl3@3.1?upstream=openssl", ["pkg:apk/alpine/libssl3", "pkg:apk/alpine/openssl"]),
        ("pkg:deb/debian/openssl@3?upstream=openssl%403.1", ["pkg:deb/debian/openssl"]),
        ("pkg:deb/debian/a@1?upstream=%FF", ["pkg:deb/debian/a", "pkg:deb/debian/%EF%BF%BD"]),
        ("pkg:cpan/A@1?upstream=a::b", ["pkg:cpan/A"]),
    ],
)
def test_products(ref, products):
    """A package's own key, and its source package's if that is another and makes a purl."""
    assert list(products_of(ref)) == products


@given(PURLS)
def test_product_is_the_purl_without_version(ref):
    """What is cut off as text is what the parser would leave out."""
    purl = parse_purl(ref)
    assert product_of(ref) == str(make_purl(purl.type, purl.name, namespace=purl.namespace))
    assert version_of(ref, product_of(ref)) == purl.version


@pytest.mark.parametrize(
    ("ref", "product", "version"),
    [
        (OPENSSL, "pkg:deb/debian/openssl", "3.0.15-1"),
        (BINNMU, "pkg:deb/debian/glibc", "2.36-9"),
        (BINNMU, "pkg:deb/debian/libc6", "2.36-9+b1"),
        (RPM, "pkg:rpm/rhel/openssl", "3.0.7-1.el9"),
        ("pkg:npm/a", "pkg:npm/a", ""),
        ("pkg:npm/a?x=@1", "pkg:npm/a", ""),
    ],
)
def test_versions(ref, product, version):
    """Of the package itself, or of its source where that has another."""
    assert version_of(ref, product) == version


def test_versions_in_order_have_an_epoch():
    """An rpm's epoch is a qualifier in its purl, and part of what is compared; other types have no such qualifier."""
    assert ordered_version_of(RPM, product_of(RPM)) == "1:3.0.7-1.el9"
    assert ordered_version_of("pkg:npm/a@1?epoch=2", "pkg:npm/a") == "1"
    assert ordered_version_of("pkg:rpm/fedora/a?epoch=2", "pkg:rpm/fedora/a") == ""
