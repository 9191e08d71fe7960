"""Portage: names, dependencies, contents; cases under tests/cases/portage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.analyzer import Analyzer, Joins, OwnedFiles, Package
from stellaops_core.analyzers.portage import ANALYZER, NAME_LIMIT, read_atoms

FOLDER = "var/db/pkg/dev-x/a-1/"


@pytest.mark.parametrize("case", cases_of("portage"))
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
        (FOLDER + "PF", True),
        (FOLDER + "CONTENTS", True),
        ("var/db/pkg/PF", False),
        (FOLDER + "x/PF", False),
        ("srv/" + FOLDER + "PF", False),
        ("usr/share/LICENSE", False),
    ],
)
def test_wants(path, wanted):
    """Only Portage's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


@pytest.mark.parametrize(
    ("whole", "name", "version"),
    [
        ("bash-5.2_p37", "bash", "5.2_p37"),
        ("Getopt-Long-2.580.0", "Getopt-Long", "2.580.0"),
        ("gtk+-3.24.41-r1", "gtk+", "3.24.41-r1"),
        ("font-util-1.4.1", "font-util", "1.4.1"),
        ("foo-1a_alpha2_rc-r3", "foo", "1a_alpha2_rc-r3"),
        ("foo-bar-2-1.0", "foo-bar-2", "1.0"),
        ("db-5.3.28-r9", "db", "5.3.28-r9"),
        ("openssl-9999", "openssl", "9999"),
    ],
)
def test_names(whole, name, version):
    """Name and version split as the specification says."""
    found, gaps = analyze(ANALYZER, {FOLDER + "PF": whole.encode() + b"\n"})
    (one,) = found[FOLDER + "PF"]
    assert (one.name, one.version, one.namespace, gaps) == (name, version, "dev-x", {})


@pytest.mark.parametrize("whole", ["", "a", "a-b", "1.0", "a-1.0-r", "a 1-1", "a-" + "1" * NAME_LIMIT])
def test_no_name(whole):
    """What does not split is told of."""
    found, gaps = analyze(ANALYZER, {FOLDER + "PF": whole.encode()})
    assert found[FOLDER + "PF"] == []
    assert list(gaps) == [FOLDER + "PF"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a/b", ["a/b"]),
        (">=a/b-1.2-r3:0/1=[x,-y] ~a/c-1 =a/d-1* <a/e-f-2", ["a/b", "a/c", "a/d", "a/e-f"]),
        ("!a/b !!a/c", []),
        ("|| ( a/b ( a/c a/d ) )", ["a/b", "a/c", "a/d"]),
        ("on? ( a/b ) off? ( a/c )", ["a/b"]),
        ("!on? ( a/b ) !off? ( a/c on? ( a/d off? ( a/e ) ) a/f )", ["a/c", "a/d", "a/f"]),
        (") a/b ) ( a/c", ["a/b", "a/c"]),
        ("a/b[c?] a/b-1", ["a/b", "a/b-1"]),
    ],
)
def test_atoms(text, wanted):
    """Operators, versions, slots and flags are no part of a name; blockers and what flags leave out are none."""
    assert list(read_atoms(text, ["on"])) == wanted


def test_contents():
    """Files, links and directories; blanks belong to names."""
    lines = ["dir /usr", "obj /usr/a b c 0123abc 17", "sym /usr/l -> a b 17", "fif /run/f", "junk", "obj /x"]
    found, _ = analyze(ANALYZER, {FOLDER + "CONTENTS": "\r\n".join(lines).encode()})
    assert found[FOLDER + "CONTENTS"] == [OwnedFiles("", "usr\nusr/a b c\nusr/l\nrun/f")]


def test_deep_nesting():
    """Ten thousand open groups are no recursion."""
    assert list(read_atoms("( " * 10_000 + "a/b", [])) == ["a/b"]


@pytest.mark.property
@given(st.text(alphabet="ab-1.0_pr/()|?! \n", max_size=60), st.text(alphabet="ab-1.0_pr ", max_size=20))
def test_anything(text, whole):
    """Whatever the files hold: a package or a reason; each package has a purl."""
    files = {FOLDER + name: text.encode() for name in ("RDEPEND", "LICENSE", "CATEGORY", "CONTENTS", "USE", "SLOT")}
    found, gaps = analyze(ANALYZER, files | {FOLDER + "PF": whole.encode()})
    packages = [one for items in found.values() for one in items if isinstance(one, Package)]
    assert len(join(ANALYZER, found)) == len(packages)
    assert bool(packages) != bool(gaps)
