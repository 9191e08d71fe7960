"""Executable archives: what lies in them, and that no bytes do harm."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import installed, is_wanted
from case_texts import survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.zipapp import ANALYZER


def archive(members, launcher=b"#!/usr/bin/env python3\n"):
    """A zip archive behind its launcher."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, text in members.items():
            writer.writestr(name, text)
    return launcher + stream.getvalue()


def metadata(name, *needs):
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {need}\n" for need in needs
    )


SHIV = {
    "site-packages/flask-1.0.dist-info/METADATA": metadata("Flask", "click>=8"),
    "site-packages/click-1.0.dist-info/METADATA": metadata("click"),
    "site-packages/click/_vendor/x.py": "",
    "__main__.py": "",
}
PEX = {
    ".deps/flask-1.0-py3-none-any.whl/flask-1.0.dist-info/METADATA": metadata("Flask", "click"),
    ".deps/click-1.0-py3-none-any.whl/click-1.0.dist-info/METADATA": metadata("click"),
    "PEX-INFO": "{}",
}


def test_is_an_analyzer():
    """It fits both protocols of the seam, and sees large files without keeping them."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)
    assert ANALYZER.alone
    assert [is_wanted(ANALYZER, path) for path in ("a.pyz", "b.PEX", "c.zip")] == [True, True, False]


@pytest.mark.parametrize("members", [SHIV, PEX], ids=["shiv", "pex"])
def test_layouts(members):
    """Distributions with edges among them, of this archive alone."""
    other = archive({"site-packages/click-2.dist-info/METADATA": metadata("click").replace("1.0", "2.0")})
    items, unread = installed(ANALYZER, {"usr/bin/app.pyz": archive(members), "usr/bin/other.pex": other})
    assert not unread
    assert {(str(item.purl), item.path, item.depends) for item in items} == {
        ("pkg:pypi/flask@1.0", "usr/bin/app.pyz", ("pkg:pypi/click@1.0",)),
        ("pkg:pypi/click@1.0", "usr/bin/app.pyz", ()),
        ("pkg:pypi/click@2.0", "usr/bin/other.pex", ()),
    }
    places = {path for item in items for path in item.evidence if path.startswith("usr/bin/app.pyz!/")}
    assert places == {f"usr/bin/app.pyz!/{name}" for name in members if name.endswith("/METADATA")}


def test_archives_without_distributions_are_nothing():
    """`python -m zipapp` packs modules alone."""
    assert installed(ANALYZER, {"a.pyz": archive({"__main__.py": "print()"})}) == ([], {})


@pytest.mark.parametrize(
    "data", [b"", b"#!/bin/sh\n", archive(SHIV)[:-30], archive({"a.dist-info/METADATA": "Name: a"})]
)
def test_damage_is_a_reason(data):
    """No archive, a torn one, and a record without a version."""
    items, unread = installed(ANALYZER, {"a.pyz": data})
    assert (items, list(unread)) == ([], ["a.pyz"])


@given(st.binary(max_size=80), st.integers(0, 600), st.binary(max_size=4))
def test_anything(data, at, patch):
    """Any bytes, and archives with any bytes changed."""
    whole = archive(SHIV)
    survives(
        ANALYZER, {"a.pyz": data, "b.pyz": whole[:at] + patch + whole[at + len(patch) :], "c.pyz": whole[: -at or None]}
    )
