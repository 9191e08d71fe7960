"""Values that single fields of SPDX admit, and how they read back."""

import re

import pytest
from hypothesis import given

from core.sbom.strategies import HASHES, LICENSES, URLS, WORDS, several
from stellaops_core.sbom.spdx_fields import (
    checksums,
    cpe_type,
    declared_license,
    element_id,
    license_reads_back,
    other_licenses,
    places,
    read_checksums,
    read_places,
    read_supplier,
    supplier_text,
    tool_text,
    write,
)


@pytest.mark.parametrize(
    ("licenses", "expression"),
    [
        ((), "NOASSERTION"),
        (("",), "NOASSERTION"),
        (("MIT",), "MIT"),
        (("MIT OR Apache-2.0",), "MIT OR Apache-2.0"),
        (("MIT", "MIT OR Apache-2.0"), "MIT AND (MIT OR Apache-2.0)"),
        (("GPL-2.0-only WITH Classpath-exception-2.0", "MIT"), "(GPL-2.0-only WITH Classpath-exception-2.0) AND MIT"),
        (("LicenseRef-x",), "LicenseRef-x"),
        (("MIT", "MIT"), "MIT"),
    ],
)
def test_declared_licenses(licenses, expression):
    """All that a package declares holds; what is one licence keeps its form."""
    assert declared_license(licenses) == expression


def test_texts_become_references():
    """What is no expression is referred to, and its text is kept; reserved words are texts as well."""
    for text in ("BSD", "see NOTICE", "NONE", "NOASSERTION", "DocumentRef-a:LicenseRef-b"):
        declared = declared_license((text,))
        assert re.fullmatch(r"LicenseRef-stella-[0-9a-f]{24}", declared), text
        assert [(name, kept) for name, kept, _ in other_licenses((text,))] == [(declared, text)]
    assert [name for name, _, _ in other_licenses(("MIT OR LicenseRef-x", "MIT"))] == ["LicenseRef-x"]


@given(several(LICENSES))
def test_every_reference_is_explained(licenses):
    """Each LicenseRef of an expression has its entry, and no entry is for nothing."""
    named = set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", declared_license(licenses)))
    assert named == {name for name, _, _ in other_licenses(licenses)}


@given(several(LICENSES))
def test_licences_that_read_back(licenses):
    """Where the expression is said to tell everything, it is what was declared."""
    if license_reads_back(licenses):
        assert list(licenses) == [text for text in [declared_license(licenses)] if text != "NOASSERTION"]


@given(several(HASHES))
def test_checksums(hashes):
    """What is written are listed algorithms with as many lower-case digits as they have."""
    for one in checksums(hashes):
        length = {"MD5": 32, "SHA1": 40, "SHA256": 64, "SHA512": 128}[one["algorithm"]]
        assert re.fullmatch("[0-9a-f]{%d}" % length, one["checksumValue"])  # noqa: UP031  # braces
    assert {pair for pair in read_checksums(checksums(hashes)) if pair not in hashes} <= {("SHA-256", "b" * 64)}


@pytest.mark.parametrize(
    ("supplier", "text", "back"),
    [
        ("GNU Libc Maintainers", "Organization: GNU Libc Maintainers", True),
        ("A B <a@b.example>", "Organization: A B (a@b.example)", True),
        ("A (Team) <a@b.example>", "Organization: A Team <a@b.example>", False),
        (" ", "NOASSERTION", False),
        ("a\nb", "Organization: a b", False),
        ("NOASSERTION", "Organization: NOASSERTION", True),
    ],
)
def test_suppliers(supplier, text, back):
    """One line with the mail in parentheses; what is lost by that is noticed."""
    assert supplier_text(supplier) == text
    assert (read_supplier(text) == supplier) is back


@given(WORDS)
def test_actors_are_one_line(supplier):
    """Whatever a record says."""
    assert "\n" not in supplier_text(supplier)
    assert "\n" not in tool_text(supplier)
    assert not tool_text(supplier).endswith(("-", ": ")) or supplier.endswith("-")


def test_places():
    """The first website and the first distribution that a browser could open."""
    urls = [("vcs", "https://a.example/x.git"), ("website", "git@a.example:x"), ("website", "http://localhost/")]
    assert places(urls) == ("", "")
    urls += [
        ("distribution", "https://a.example/x.tgz"),
        ("website", "https://a.example"),
        ("website", "https://b.example"),
    ]
    assert places(urls) == ("https://a.example", "https://a.example/x.tgz")
    assert read_places("NONE", "https://a.example/x.tgz") == [("distribution", "https://a.example/x.tgz")]


@given(URLS)
def test_places_are_the_urls(url):
    """A URL is taken as it is, or not at all."""
    assert places([("website", url)]) in {("", ""), (url, "")}


@pytest.mark.parametrize(
    ("cpe", "kind"),
    [
        ("cpe:/o:redhat:enterprise_linux:9::baseos", "cpe22Type"),
        ("cpe:2.3:o:a:b:1:*:*:*:*:*:*:*", "cpe23Type"),
        ("cpe:2.3:o:a:b:1:*:*:english:*:*:*:*", ""),
        ("cpe:x", ""),
        ("", ""),
    ],
)
def test_cpe(cpe, kind):
    """Both forms, where they are well formed."""
    assert cpe_type(cpe) == kind


@given(WORDS, WORDS)
def test_identifiers(ref, name):
    """Letters, digits, dots and hyphens; another component has another one, whatever it is called."""
    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", element_id(ref, name))
    assert element_id(ref, name) != element_id(ref + "x", name)


def test_written_text_is_unicode():
    """A lone surrogate becomes U+FFFD instead of failing the scan."""
    assert write({"a": "\ud800"}).decode() == '{\n  "a": "\ufffd"\n}\n'
