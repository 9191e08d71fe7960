"""apk: records, files, licences, dependencies; cases under tests/cases/apk."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Package
from stellaops_core.analyzers.apk import ANALYZER, ANSWER_LIMIT, read_licenses
from stellaops_core.component import Distribution

DATABASE = "lib/apk/db/installed"


@pytest.mark.parametrize("case", cases_of("apk"))
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
        ("usr/" + DATABASE, True),
        ("var/" + DATABASE, True),
        ("srv/" + DATABASE, False),
        (DATABASE + "/x", False),
        ("lib/apk/db/triggers", False),
    ],
)
def test_wants(path, wanted):
    """Only apk's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


def _depends(*records):
    data = "\n".join(f"P:{record[0]}\nV:1\n" + "".join(f"{line}\n" for line in record[1:]) for record in records)
    found, gaps = analyze(ANALYZER, {DATABASE: data.encode()})
    assert gaps == {}
    installed = join(ANALYZER, found)
    called = {str(one.purl): one.package.name for one in installed}
    return {one.package.name: [called[purl] for purl in one.depends] for one in installed}


@pytest.mark.parametrize(
    "needed", ["b", "b>=1", "b=1", "b~1", "b<2", "b@edge", "so:b.so.1", "cmd:b", "pc:b>=3", "/bin/b"]
)
def test_dependencies(needed):
    """Names, constraints, repositories, libraries, commands, pkg-config modules and paths lead to who provides them."""
    provider = ("b", "p:so:b.so.1=1.2 cmd:b=1 pc:b=3", "F:bin", "R:b")
    assert _depends(("a", f"D:{needed} !c nothing"), provider, ("c",))["a"] == ["b"]


def test_answers_are_bounded():
    """A thousand packages that all provide and need one name don't give a million edges."""
    edges = _depends(*[(f"p{number}", "p:x", "D:x") for number in range(1000)])
    assert max(map(len, edges.values())) <= ANSWER_LIMIT


@pytest.mark.parametrize(
    ("text", "licenses"),
    [
        ("", ()),
        ("MIT", ("MIT",)),
        ("GPL-2.0-only BSD GPL-2.0-only", ("GPL-2.0-only", "BSD")),
        ("MIT AND (ISC OR BSD-2-Clause)", ("MIT AND (ISC OR BSD-2-Clause)",)),
        ("GPL-2.0-only WITH Linux-syscall-note", ("GPL-2.0-only WITH Linux-syscall-note",)),
        ("MIT and ISC", ("MIT and ISC",)),
        ("ORACLE ANDROID", ("ORACLE", "ANDROID")),
    ],
)
def test_licenses(text, licenses):
    """An expression stays whole; a list of names, as old packages have it, is taken apart."""
    assert read_licenses(text) == licenses


@pytest.mark.parametrize(
    ("distribution", "purl"),
    [
        (None, "pkg:apk/alpine/a@1?upstream=o"),
        (Distribution("alpine", "3.20.1"), "pkg:apk/alpine/a@1?distro=alpine-3.20.1&upstream=o"),
        (Distribution("wolfi", "20230201"), "pkg:apk/wolfi/a@1?distro=wolfi-20230201&upstream=o"),
    ],
)
def test_distribution(distribution, purl):
    """The distribution gives the namespace and the distro qualifier."""
    found, _ = analyze(ANALYZER, {DATABASE: b"P:a\nV:1\no:o\n"})
    assert [str(one.purl) for one in join(ANALYZER, found, distribution)] == [purl]


def test_old_encodings():
    """CRLF and Latin-1 are read; nothing that is found holds a surrogate, which no document could carry."""
    found, gaps = analyze(ANALYZER, {DATABASE: b"P:a\r\nV:1\r\nm:J\xf6rg\r\nF:x\r\nR:\xff\r\n\r\nP:b\r\nV:2\r\n"})
    assert gaps == {}
    assert [item.supplier for item in found[DATABASE] if isinstance(item, Package)] == ["Jörg", ""]
    str(found).encode()


LINES = st.sampled_from(
    [
        "P:a",
        "P:b c",
        "V:1",
        "V:",
        "D:a b>1 !c /x",
        "p:so:x=1 >",
        "F:",
        "F:/x/",
        "R:y",
        "",
        "junk",
        "L:A AND",
        "o:ä",
        ":",
    ]
)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(LINES, max_size=30).map("\n".join).map(str.encode)))
def test_anything(data):
    """Whatever the database holds: packages, a reason, or both; each package has a purl."""
    found, gaps = analyze(ANALYZER, {DATABASE: data})
    packages = [item for item in found[DATABASE] if isinstance(item, Package)]
    assert len(join(ANALYZER, found)) == len(packages)
    assert packages or gaps or not data.split()
