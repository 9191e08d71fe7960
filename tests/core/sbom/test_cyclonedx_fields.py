"""Single fields: what fits the schema, and what is kept as a property instead."""

import pytest
from msgspec.structs import replace

from core.sbom.samples import SAMPLE, digest
from stellaops_core.component import Component, Evidence
from stellaops_core.sbom.cyclonedx_fields import (
    cpe_fits,
    group_and_name,
    hash_fits,
    image_purl,
    licenses_of,
    url_fits,
)


def named(purl, name):
    return group_and_name(Component(purl, purl[4:].partition("/")[0], name, "1", (Evidence("x", "test", 0),), 0))


@pytest.mark.parametrize(
    ("purl", "name", "expected"),
    [
        ("pkg:npm/%40babel/core@7", "@babel/core", ("@babel", "core")),
        ("pkg:npm/left-pad@1", "left-pad", ("", "left-pad")),
        ("pkg:maven/org.example/a.b@1?type=jar", "a.b", ("org.example", "a.b")),
        ("pkg:deb/debian/libc6@2%2Fx?arch=amd64", "libc6", ("", "libc6")),
        ("pkg:golang/github.com/acme/tool@v1#cmd", "github.com/acme/tool", ("", "github.com/acme/tool")),
        ("pkg:pypi/pyyaml@6", "PyYAML", ("", "PyYAML")),
    ],
)
def test_groups(purl, name, expected):
    """npm's scope and Maven's group are groups; distributors and Go's module paths are not."""
    assert named(purl, name) == expected


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        (
            "registry.example.com/shop/api:2.4",
            f"pkg:oci/api@{digest('d')}?arch=amd64&repository_url=registry.example.com%2Fshop%2Fapi&tag=2.4",
        ),
        ("localhost:5000/api", f"pkg:oci/api@{digest('d')}?arch=amd64&repository_url=localhost:5000%2Fapi"),
        ("shop/api:2.4", ""),
        ("api", ""),
        ("../api", ""),
        ("registry.example.com/Shop/api", ""),
        ("", ""),
    ],
)
def test_image_purl_needs_a_registry(name, purl):
    """Only a name that says where to pull from makes a package URL."""
    subject = replace(SAMPLE.subject, name=name)
    # qualifiers' slashes may or may not be percent-encoded: either names the same repository
    assert image_purl(subject).replace("%2F", "/") == purl.replace("%2F", "/")


@pytest.mark.parametrize("value", ["", digest("c")])
def test_image_purl_needs_a_manifest(value):
    """A configuration's digest is no version to pull by."""
    assert image_purl(replace(SAMPLE.subject, digest=value)) == ""


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://example.com", True),
        ("https://example.com:8080/a/b?c=d/e#f", True),
        ("git+ssh://git@example.com/a.git", True),
        ("git://example.com/%7Ea", True),
        ("mailto:someone@example.com", True),
        ("https://example.com/caf\u00e9", True),
        ("git+ssh://git@example.com:acme/a.git", False),
        ("git@example.com:acme/a.git", False),
        ("https://", False),
        ("https://example.com/a b", False),
        ("https://example.com/<x>", False),
        ("https://example.com/%zz", False),
        ("https://example.com/\n", False),
        ("https://user:secret@example.com/", False),
        ("example.com", False),
        ("", False),
        ("https://example.com/" + "a" * 4096, False),
    ],
)
def test_urls(url, fits):
    """Absolute IRIs without passwords, and nothing else."""
    assert url_fits(url) is fits


@pytest.mark.parametrize(
    ("cpe", "fits"),
    [
        ("cpe:/o:redhat:enterprise_linux:9::baseos", True),
        ("cpe:2.3:o:amazon:amazon_linux:2:*:*:*:*:*:*:*", True),
        (r"cpe:2.3:a:b:c\+\+:-:*:*:*:*:*:*:*", True),
        ("cpe:2.3:o:amazon:amazon_linux:2", False),
        ("cpe:/x:y", False),
        ("", False),
    ],
)
def test_cpes(cpe, fits):
    """Both spellings that are in use, complete."""
    assert cpe_fits(cpe) is fits


def test_hashes():
    """Known algorithm, hexadecimal, known length."""
    assert hash_fits("SHA-1", "0" * 40)
    assert not hash_fits("CRC32", "0" * 32)
    assert not hash_fits("SHA-1", "0" * 41)
    assert not hash_fits("SHA-1", "g" * 40)


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        (("MIT",), ({"license": {"id": "MIT"}},)),
        (("MIT OR ISC",), ({"expression": "MIT OR ISC"},)),
        (("BSD",), ({"license": {"name": "BSD"}},)),
        (("MIT", "MIT OR ISC", "MIT"), ({"license": {"id": "MIT"}}, {"license": {"name": "MIT OR ISC"}})),
        (("389-exception",), ({"license": {"name": "389-exception"}},)),
        (("",), ()),
    ],
)
def test_licenses(licenses, expected):
    """One expression, or any number of single licences; an exception alone is no licence."""
    assert licenses_of(licenses) == expected
