"""pacman: records, file lists, dependencies; cases under tests/cases/alpm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.alpm import ANALYZER, read_fields
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Package
from stellaops_core.component import Distribution

DESC = "var/lib/pacman/local/a-1-1/desc"


@pytest.mark.parametrize("case", cases_of("alpm"))
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
        (DESC, True),
        ("var/lib/pacman/local/a-1-1/files", True),
        ("var/lib/pacman/local/desc", False),
        ("var/lib/pacman/local/a-1-1/x/desc", False),
        ("var/lib/pacman/localx/a-1-1/desc", False),
        ("srv/" + DESC, False),
    ],
)
def test_wants(path, wanted):
    """Only pacman's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


@pytest.mark.parametrize(
    ("distribution", "purl"),
    [
        (None, "pkg:alpm/arch/a@1-1"),
        (Distribution("manjaro", "24"), "pkg:alpm/manjaro/a@1-1?distro=manjaro-24"),
        (Distribution("archarm"), "pkg:alpm/archarm/a@1-1?distro=archarm"),
    ],
)
def test_distribution(distribution, purl):
    """The distribution gives the namespace and the distro qualifier."""
    found, _ = analyze(ANALYZER, {DESC: b"%NAME%\na\n\n%VERSION%\n1-1\n"})
    assert [str(one.purl) for one in join(ANALYZER, found, distribution)] == [purl]


def test_fields():
    """Values up to an empty line; of a repeated field the first counts; CRLF and Latin-1 are read."""
    data = b"stray\n%A%\r\n1\r\n2\r\n\r\nstray\n%B%\nJ\xf6rg\n\n%A%\n3\n"
    assert read_fields(data) == {"A": ["1", "2"], "B": ["Jörg"]}


LINES = st.sampled_from(
    ["%NAME%", "%VERSION%", "%DEPENDS%", "%FILES%", "%PROVIDES%", "a", "1-1", "a>=1", "=", "", "/", "ä"]
)


@pytest.mark.property
@given(st.one_of(st.binary(max_size=200), st.lists(LINES, max_size=25).map("\n".join).map(str.encode)))
def test_anything(data):
    """Whatever the files hold: packages, a reason, or both; each package has a purl."""
    found, gaps = analyze(ANALYZER, {DESC: data, DESC.replace("desc", "files"): data})
    packages = [one for items in found.values() for one in items if isinstance(one, Package)]
    assert len(join(ANALYZER, found)) == len(packages)
    assert bool(packages) != (DESC in gaps)
