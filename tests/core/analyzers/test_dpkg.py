"""dpkg: states, file lists, licences, relations; cases under tests/cases/dpkg."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_files import analyze, cases_of, check, join
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Licenses, OwnedFiles, Package, View
from stellaops_core.analyzers.dpkg import ANALYZER, ANSWER_LIMIT, STATUS
from stellaops_core.component import Distribution


@pytest.mark.parametrize("case", cases_of("dpkg"))
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
        ("var/lib/dpkg/status", True),
        ("var/lib/dpkg/status-old", False),
        ("var/lib/dpkg/status/x", False),
        ("var/lib/dpkg/status.d", False),
        ("var/lib/dpkg/status.d/base", True),
        ("var/lib/dpkg/status.d/base.md5sums", True),
        ("var/lib/dpkg/status.d/deep/base", False),
        ("var/lib/dpkg/info/base.list", True),
        ("var/lib/dpkg/info/base.md5sums", True),
        ("var/lib/dpkg/info/base.postinst", False),
        ("usr/share/doc/base/copyright", True),
        ("usr/share/doc/base/examples/copyright", False),
        ("srv/var/lib/dpkg/status", False),
    ],
)
def test_wants(path, wanted):
    """Only dpkg's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


def _status(*records):
    """A status file: each record a dictionary of fields; Status and Version are filled in."""
    usual = {"Status": "install ok installed", "Version": "1", "Architecture": "amd64"}
    return "\n".join(
        "".join(f"{key}: {value}\n" for key, value in {**usual, **record}.items()) for record in records
    ).encode()


def _depends(*records):
    """{name:architecture: names it depends on}."""
    found, gaps = analyze(ANALYZER, {STATUS: _status(*records)})
    assert gaps == {}
    installed = join(ANALYZER, found)
    called = {str(one.purl): f"{one.package.name}:{one.package.qualifiers['arch']}" for one in installed}
    return {called[str(one.purl)]: [called[purl] for purl in one.depends] for one in installed}


STATES = {
    "installed": True,
    "triggers-pending": True,
    "triggers-awaited": True,
    "half-configured": True,
    "unpacked": True,
    "half-installed": False,
    "config-files": False,
    "not-installed": False,
}


@pytest.mark.parametrize(("state", "present"), STATES.items())
def test_states(state, present):
    """A package counts in the states in which all its files are on disk, and says so unless it is installed."""
    found, gaps = analyze(ANALYZER, {STATUS: _status({"Package": "a", "Status": f"install ok {state}"})})
    assert gaps == {}
    assert [item.name for item in found[STATUS]] == ["a"] * present
    if present and state != "installed":
        assert ("stella:deb:status", state) in found[STATUS][0].properties


@pytest.mark.parametrize(
    ("relation", "provides", "met"),
    [
        ("b", "", False),
        ("b", "b", True),
        ("b (>= 1)", "b", False),
        ("b (>= 1)", "b (= 2)", True),
        ("x | b", "b", True),
        ("b:any", "b", True),
        ("x", "b", False),
    ],
)
def test_provisions(relation, provides, met):
    """Policy 7.5: a provision without a version does not meet a relation that has one."""
    edges = _depends({"Package": "a", "Depends": relation}, {"Package": "c", "Provides": provides or "nothing"})
    assert edges["a:amd64"] == ["c:amd64"] * met


@pytest.mark.parametrize(
    ("relation", "met"),
    [("lib", ["lib:i386"]), ("lib:any", ["lib:amd64", "lib:i386"]), ("lib:amd64", ["lib:amd64"])],
)
def test_architectures(relation, met):
    """A relation means the package's own architecture unless its qualifier says otherwise."""
    edges = _depends(
        {"Package": "a", "Architecture": "i386", "Depends": relation},
        {"Package": "lib", "Multi-Arch": "same"},
        {"Package": "lib", "Multi-Arch": "same", "Architecture": "i386"},
    )
    assert edges["a:i386"] == met


def test_answers_are_bounded():
    """A thousand packages that all provide and need one name don't give a million edges."""
    many = [{"Package": f"p{number}", "Provides": "x", "Depends": "x, x, x"} for number in range(1000)]
    assert max(map(len, _depends(*many).values())) <= ANSWER_LIMIT


@pytest.mark.parametrize(
    ("distribution", "start", "end"),
    [
        (None, "pkg:deb/debian/", "?arch=amd64"),
        (Distribution("ubuntu", "24.04"), "pkg:deb/ubuntu/", "&distro=ubuntu-24.04"),
        (Distribution("debian", codename="sid"), "pkg:deb/debian/", "&distro=debian-sid"),
        (Distribution("kali"), "pkg:deb/kali/", "&distro=kali"),
        (Distribution("linux"), "pkg:deb/debian/", "?arch=amd64"),
    ],
)
def test_distribution(distribution, start, end):
    """The distribution gives the namespace and the distro qualifier; os-release's default ID is no distribution."""
    found, _ = analyze(ANALYZER, {STATUS: _status({"Package": "a"})})
    (one,) = join(ANALYZER, found, distribution)
    assert str(one.purl) == f"{start}a@1{'' if end.startswith('?') else '?arch=amd64'}{end}"


@pytest.mark.parametrize(
    ("source", "upstream"),
    [("", ""), ("a", ""), ("s", "s"), ("s (0)", "s@0"), ("a (0)", "a@0"), ("s (1)", "s"), ("s(0)", "s@0"), ("()", "")],
)
def test_source(source, upstream):
    """`upstream` names the source package where it differs in name, and its version where that differs."""
    found, _ = analyze(ANALYZER, {STATUS: _status({"Package": "a", "Source": source})})
    (one,) = join(ANALYZER, found)
    assert dict(one.purl.qualifiers).get("upstream", "") == upstream


def test_list_comes_before_sums():
    """Sums count only where there is no list, in one layer and across layers."""
    info = "var/lib/dpkg/info/"
    sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n"
    found, _ = analyze(ANALYZER, {info + "a.list": b"/.\n/etc/a\n/usr/bin/a\n", info + "a.md5sums": sums})
    assert found == {info + "a.list": [OwnedFiles("a", "etc/a\nusr/bin/a")], info + "a.md5sums": []}
    alone, _ = analyze(ANALYZER, {info + "a.md5sums": sums})
    assert alone[info + "a.md5sums"] == [OwnedFiles("a", "usr/bin/a")]
    database, _ = analyze(ANALYZER, {STATUS: _status({"Package": "a"})})
    (one,) = join(ANALYZER, database | found | alone)
    assert one.owns == (info + "a.list",)


RECORD = st.lists(
    st.sampled_from(
        [
            "Package: a",
            "Package: ..",
            "Version: 1",
            "Version: 1 2",
            "Status: install ok installed",
            "Status: x",
            "Depends: a | b (>= 1), c",
            "Provides: b (= 1)",
            " more",
            "\t",
            "",
            "junk",
            "Source: (",
            "Architecture: ä",
        ]
    ),
    max_size=30,
)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), RECORD.map("\n".join).map(str.encode)))
def test_anything(data):
    """Whatever the status file holds: packages, a reason, or both; each package has a purl."""
    found, gaps = analyze(ANALYZER, {STATUS: data, "usr/share/doc/a/copyright": data, "var/lib/dpkg/info/a.list": data})
    packages = [item for item in found[STATUS] if isinstance(item, Package)]
    assert len(join(ANALYZER, found)) == len(packages)
    if b"Package" in data and not packages and b"install ok installed" in data:
        assert gaps


def test_documentation_of_another_package() -> None:
    """A package whose directory under /usr/share/doc is a link has the licences of the package it leads to."""
    package = Package(
        type="deb",
        name="libgcc-s1",
        version="12.2.0-14",
        key="libgcc-s1:amd64",
        qualifiers={"arch": "amd64"},
        properties=(("stella:deb:source", "gcc-12"), ("stella:deb:sourceVersion", "12.2.0-14")),
    )
    found = {
        "usr/share/doc/gcc-12-base/copyright": [Licenses("gcc-12-base", ("GPL-3.0-or-later",))],
        "var/lib/dpkg/status": [package],
    }
    for target, licenses in (
        ("gcc-12-base", ("GPL-3.0-or-later",)),
        ("../doc/gcc-12-base", ("GPL-3.0-or-later",)),
        ("x", ()),
    ):
        view = View(found=found, links={"usr/share/doc/libgcc-s1": target})
        assert [one.licenses for one in ANALYZER.join(view)] == [licenses]
