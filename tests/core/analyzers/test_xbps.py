"""xbps: property lists; cases under tests/cases/xbps."""

import plistlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.xbps import ANALYZER, DATABASE


@pytest.mark.parametrize("case", cases_of("xbps"))
def test_case(case, pytestconfig):
    """The case's files give exactly what its expected.json states."""
    check(ANALYZER, case, pytestconfig)


def test_is_an_analyzer():
    """It fits the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (DATABASE, True),
        ("var/db/xbps/.a-files.plist", True),
        ("var/db/xbps/https___repo/x86_64-repodata", False),
        ("var/db/xbps/keys/.a-files.plist", False),
        ("srv/" + DATABASE, False),
    ],
)
def test_wants(path, wanted):
    """Only xbps's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


BOMB = b"""<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<plist version="1.0"><dict><key>a</key><string>&b;</string></dict></plist>"""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a property list in XML"),
        (b"<plist><dict><key>a</key>", "not a property list in XML"),
        (BOMB, "not a property list in XML"),
        (plistlib.dumps({}, fmt=plistlib.FMT_BINARY), "not a property list in XML"),
        (plistlib.dumps([]), "not a property list of a dictionary"),
    ],
)
def test_unreadable(data, reason):
    """Other formats, damage and declared entities are refused."""
    assert analyze(ANALYZER, {DATABASE: data})[1] == {DATABASE: reason}


@pytest.mark.parametrize(
    "pattern",
    ["b", "b>=1", "b>=1_1", "b<2", "b-1.0_1", "b-[0-9]*", "b>=1<2", "virtual?b>=0", "b?"],
)
def test_dependencies(pattern):
    """Patterns lead to packages by name."""
    entries = {
        "a": {"pkgver": "a-1_1", "state": "installed", "run_depends": [pattern, "nobody>=0", 7]},
        "b": {"pkgver": "b-1.0_1", "state": "installed"},
    }
    found, _ = analyze(ANALYZER, {DATABASE: plistlib.dumps(entries)})
    assert [one.depends for one in join(ANALYZER, found)] == [("pkg:xbps/void/b@1.0_1",), ()]


VALUES = st.recursive(
    st.one_of(st.text("ab-1_.", max_size=6), st.integers(0, 9), st.booleans(), st.binary(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["pkgver", "state", "license", "run_depends", "files", "file"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


@pytest.mark.property
@given(
    st.one_of(
        st.binary(max_size=100), st.dictionaries(st.text("ab", max_size=3), VALUES, max_size=4).map(plistlib.dumps)
    )
)
def test_anything(data):
    """Whatever the lists hold: packages, a reason, or both; each package has a purl."""
    found, _gaps = analyze(ANALYZER, {DATABASE: data, "var/db/xbps/.a-files.plist": data})
    assert len(join(ANALYZER, found)) == len(found[DATABASE])
