"""opkg: status, control files, lists; cases under tests/cases/opkg."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.opkg import ANALYZER, FOLDERS

STATUS = "usr/lib/opkg/status"
CONTROL = "usr/lib/opkg/info/a.control"
RECORD = b"Package: a\nVersion: 1\nStatus: install ok installed\n"


@pytest.mark.parametrize("case", cases_of("opkg"))
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
        *[(f"{folder}{name}", True) for folder in FOLDERS for name in ("status", "info/a.control", "info/a.list")],
        ("usr/lib/opkg/info/a.postinst", False),
        ("var/lib/dpkg/status", False),
        ("srv/" + STATUS, False),
    ],
)
def test_wants(path, wanted):
    """Only opkg's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


@pytest.mark.parametrize(
    ("state", "count"),
    [
        ("install ok installed", 1),
        ("install hold unpacked", 1),
        ("deinstall ok not-installed", 0),
        ("unknown ok half", 0),
    ],
)
def test_states(state, count):
    """A package counts if all of its files are there; a record without a status is none."""
    found, gaps = analyze(ANALYZER, {STATUS: RECORD.replace(b"install ok installed", state.encode())})
    assert (len(join(ANALYZER, found)), gaps) == (count, {})
    assert join(ANALYZER, analyze(ANALYZER, {STATUS: b"Package: a\nVersion: 1\n"})[0]) == []


def test_what_the_control_file_adds():
    """Supplier, website, licence and origin; but which packages there are, the status file alone says."""
    control = b"Package: a\nVersion: 1\nLicense: MIT\nMaintainer: P\nHomepage: https://a.example/\nOE: a-recipe\n"
    found, _ = analyze(ANALYZER, {STATUS: RECORD, CONTROL: control, CONTROL.replace("a.c", "b.c"): control})
    (one,) = join(ANALYZER, found)
    assert (one.licenses, one.package.supplier, one.package.urls) == (
        ("MIT",),
        "P",
        (("website", "https://a.example/"),),
    )
    assert one.package.properties == (("stella:opkg:sourceName", "a-recipe"),)
    assert one.evidence == (CONTROL,)


def test_a_control_file_of_another_version_adds_nothing():
    """It is left over."""
    found, _ = analyze(ANALYZER, {STATUS: RECORD, CONTROL: b"Package: a\nVersion: 2\nLicense: MIT\n"})
    (one,) = join(ANALYZER, found)
    assert (one.licenses, one.evidence) == ((), ())


LINES = st.sampled_from(
    [
        "Package: a",
        "Version: 1",
        "Status: install ok installed",
        "Depends: a, b (= 1) | c",
        "Provides: b",
        "",
        "junk",
        " x",
    ]
)


@pytest.mark.property
@given(st.one_of(st.binary(max_size=200), st.lists(LINES, max_size=25).map("\n".join).map(str.encode)))
def test_anything(data):
    """Whatever the files hold: packages, a reason, or both; each package has a purl."""
    found, _gaps = analyze(ANALYZER, {STATUS: data, CONTROL: data, CONTROL.replace("control", "list"): data})
    assert len(join(ANALYZER, found)) == len(found[STATUS])
