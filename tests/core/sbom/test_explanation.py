"""Explanations: what is asked about is found."""

import pytest

from core.sbom.samples import BABEL, OPENSSL, SAMPLE
from stellaops_core.sbom.explanation import find_components, find_hidden


@pytest.mark.parametrize(
    ("what", "refs"),
    [
        (OPENSSL, [OPENSSL]),
        (OPENSSL.partition("?")[0], [OPENSSL]),
        ("pkg:npm/%40babel/core", [BABEL]),
        ("openssl", [OPENSSL]),
        ("var/lib/dpkg/status", []),
        ("curl", []),
    ],
)
def test_components(what, refs):
    """By ref, by purl in part, by name; a path is none of these, and what is gone is no component."""
    assert [one.ref for one in find_components(SAMPLE, what)] == refs


@pytest.mark.parametrize(
    ("what", "found"),
    [("curl", True), ("pkg:deb/debian/curl", True), ("pkg:deb/debian/curl@8", True), ("cur", False), ("pkg:", False)],
)
def test_gone(what, found):
    """What was removed is found by the same words."""
    assert find_hidden(SAMPLE.removed, what) == (SAMPLE.removed if found else ())
