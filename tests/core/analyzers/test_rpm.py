"""rpm: databases, lists, places, names, dependencies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import analyze, join
from rpm_files import berkeley, ndb, package, sqlite, write_ahead
from stellaops_core.analyzers.analyzer import Analyzer, Joins, OwnedFiles, Package
from stellaops_core.analyzers.rpm import ANALYZER, DATABASES, FOLDERS, NAMES, TABLE
from stellaops_core.component import Distribution

SQLITE = "var/lib/rpm/rpmdb.sqlite"
LOG = SQLITE + "-wal"
ROW = b"glibc\t2.35-6.cm2\t1\t1\tA Vendor\t(none)\t1\tx86_64\t0\tglibc-2.35-6.cm2.src.rpm\n"


def names(files):
    """Names of what is installed, and why files could not be read."""
    found, gaps = analyze(ANALYZER, files)
    return sorted(one.package.name for one in join(ANALYZER, found)), gaps


def test_is_an_analyzer():
    """It fits the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        *[(folder + name, True) for folder in FOLDERS for name in DATABASES],
        (LOG, True),
        (SQLITE + "-journal", True),
        (TABLE, True),
        (NAMES, True),
        (SQLITE + "-shm", False),
        ("srv/" + SQLITE, False),
        ("var/lib/rpm/Name", False),
        ("var/lib/rpm/x/Packages", False),
        ("Packages", False),
    ],
)
def test_wants(path, wanted):
    """Only rpm's own places are asked for."""
    assert ANALYZER.wants(path, 1) is wanted


@pytest.mark.parametrize(
    ("name", "write"), [("rpmdb.sqlite", sqlite), ("Packages.db", ndb), ("Packages", berkeley)], ids=["1", "2", "3"]
)
@pytest.mark.parametrize("folder", FOLDERS)
def test_kinds_and_places(folder, name, write):
    """Each kind of database at each place gives the same packages and files."""
    headers = [package("bash", files=["/usr/bin/bash"]), package("gpg-pubkey", arch=""), package("glibc", "2", "3")]
    found, gaps = analyze(ANALYZER, {folder + name: write(headers)})
    finds = found[folder + name]
    assert gaps == {}
    assert sorted(one.key for one in finds if isinstance(one, Package)) == ["bash-1-1.x86_64", "glibc-2-3.x86_64"]
    assert [one for one in finds if isinstance(one, OwnedFiles)] == [OwnedFiles("bash-1-1.x86_64", "usr/bin/bash")]
    installed = {one.package.name: one for one in join(ANALYZER, found)}
    assert installed["bash"].owns == (folder + name,)
    assert installed["glibc"].owns == ()


def test_a_log_of_the_same_layer_counts():
    """What only the write-ahead log holds is installed."""
    data, log = write_ahead([package("a")], [package("b")])
    assert names({SQLITE: data, LOG: log}) == (["a", "b"], {})
    assert names({SQLITE: data, LOG: b""}) == (["a"], {})


def test_a_log_without_its_database():
    """A layer that changed only the log can't be read alone, and that is told; an empty log is nothing."""
    _, log = write_ahead([package("a")], [package("b")])
    found, gaps = names({LOG: log})
    assert found == []
    assert list(gaps) == [LOG]
    assert "without its database in the same layer" in gaps[LOG]
    assert names({LOG: b""}) == ([], {})


def test_an_unfinished_transaction():
    """A hot journal is told of; one that was emptied or overwritten is nothing."""
    journal = SQLITE + "-journal"
    data = sqlite([package("a")])
    found, gaps = names({SQLITE: data, journal: bytes.fromhex("d9d505f920a163d7") + bytes(500)})
    assert (found, list(gaps)) == (["a"], [journal])
    assert names({SQLITE: data, journal: bytes(512)}) == (["a"], {})


def test_an_older_database_beside_it():
    """What an upgrade of rpm left behind is out of date: rpm looks for SQLite first, then NDB, then Berkeley DB."""
    files = {
        "var/lib/rpm/rpmdb.sqlite": sqlite([package("new")]),
        "var/lib/rpm/Packages.db": ndb([package("old")]),
        "var/lib/rpm/Packages": berkeley([package("oldest")]),
        "usr/lib/sysimage/rpm/Packages": berkeley([package("elsewhere")]),
    }
    assert names(files) == (["elsewhere", "new"], {})
    del files["var/lib/rpm/rpmdb.sqlite"]
    assert names(files) == (["elsewhere", "old"], {})


def test_lists():
    """The table speaks where there is one, bare names where there is none."""
    assert names({TABLE: ROW, NAMES: b"other-1-1.x86_64\n"}) == (["glibc"], {})
    assert names({NAMES: b"other-1-1.x86_64\n"}) == (["other"], {})


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "an empty file"), (b"nonsense" * 100, "not a Berkeley DB file"), (b"RpmP" + bytes(5000), "")],
)
def test_unreadable(data, reason):
    """What is no database is told of; one without packages is none of that."""
    found, gaps = names({"var/lib/rpm/Packages": data})
    assert found == []
    assert reason in gaps.get("var/lib/rpm/Packages", "")
    assert bool(gaps) == bool(reason)


def test_damage_hides_nothing_else():
    """A damaged header costs its package only, and is told of."""
    found, gaps = names({SQLITE: sqlite([package("a"), b"junk", package("b"), package(name="")])})
    assert found == ["a", "b"]
    assert gaps == {SQLITE: "a header of less than 8 bytes (2 such; 2 packages could be read)"}


def test_paths_are_bounded():
    """File lists take no more characters together than the database has bytes, or a megabyte."""
    lists = [package(f"p{number}", files=[f"/{'d' * 3000}/{at}" for at in range(100)]) for number in range(20)]
    found, gaps = analyze(ANALYZER, {SQLITE: sqlite(lists)})
    assert sum(len(one.paths) for one in found[SQLITE] if isinstance(one, OwnedFiles)) <= 1 << 20
    assert "more characters than the database has" in gaps[SQLITE]


# -- names -----------------------------------------------------------------------------------------------------------

DISTRIBUTIONS = [
    (Distribution("rhel", "9.4"), "redhat/a@1-1?arch=x86_64&distro=rhel-9.4"),
    (Distribution("fedora", "41"), "fedora/a@1-1?arch=x86_64&distro=fedora-41"),
    (Distribution("centos", "7"), "centos/a@1-1?arch=x86_64&distro=centos-7"),
    (Distribution("rocky", "9.4"), "rocky/a@1-1?arch=x86_64&distro=rocky-9.4"),
    (Distribution("almalinux", "9.4"), "almalinux/a@1-1?arch=x86_64&distro=almalinux-9.4"),
    (Distribution("amzn", "2023"), "amzn/a@1-1?arch=x86_64&distro=amzn-2023"),
    (Distribution("ol", "9.4"), "ol/a@1-1?arch=x86_64&distro=ol-9.4"),
    (Distribution("opensuse-leap", "15.6"), "opensuse/a@1-1?arch=x86_64&distro=opensuse-leap-15.6"),
    (Distribution("sles", "15.6"), "suse/a@1-1?arch=x86_64&distro=sles-15.6"),
    (Distribution("mariner", "2.0"), "mariner/a@1-1?arch=x86_64&distro=mariner-2.0"),
    (Distribution("linux"), "unknown/a@1-1?arch=x86_64"),
    (None, "unknown/a@1-1?arch=x86_64"),
]


@pytest.mark.parametrize(("distribution", "purl"), DISTRIBUTIONS)
def test_distributions(distribution, purl):
    """The namespace is the vendor of the distribution; the distro qualifier is what os-release says."""
    found, _ = analyze(ANALYZER, {SQLITE: sqlite([package("a")])})
    assert [str(one.purl) for one in join(ANALYZER, found, distribution)] == [f"pkg:rpm/{purl}"]


@pytest.mark.parametrize(
    ("vendor", "namespace"),
    [
        ("Fedora Project", "fedora"),
        ("Red Hat, Inc.", "redhat"),
        ("SUSE LLC <https://www.suse.com/>", "suse"),
        ("I", "unknown"),
    ],
)
def test_vendors(vendor, namespace):
    """Without a distribution, the package's vendor gives the namespace, where it is one of a distribution."""
    found, _ = analyze(ANALYZER, {SQLITE: sqlite([package("a", vendor=vendor)])})
    assert [one.purl.namespace for one in join(ANALYZER, found)] == [namespace]


def test_qualifiers():
    """Epoch, source package and module stream are qualifiers; the version has no epoch."""
    header = package("Py", "3.9", "1.el8", epoch=1, sourcerpm="py-3.9-1.el8.src.rpm", modularitylabel="py:3:80:1d")
    found, _ = analyze(ANALYZER, {SQLITE: sqlite([header])})
    (one,) = join(ANALYZER, found, Distribution("rhel", "8.9"))
    assert str(one.purl) == (
        "pkg:rpm/redhat/Py@3.9-1.el8?arch=x86_64&distro=rhel-8.9&epoch=1&rpmmod=py:3:80:1d&upstream=py-3.9-1.el8.src.rpm"
    )
    assert one.package.version == "1:3.9-1.el8"


# -- dependencies ----------------------------------------------------------------------------------------------------


def depends(*headers):
    found, gaps = analyze(ANALYZER, {SQLITE: sqlite(headers)})
    assert gaps == {}
    installed = join(ANALYZER, found)
    called = {str(one.purl): f"{one.package.name}-{one.package.version}" for one in installed}
    return {one.package.name: sorted(called[purl] for purl in one.depends) for one in installed}


@pytest.mark.parametrize(
    "needed", ["b", "b >= 1", "b = 9", "b(x86-64) = 1-1", "libb.so.1()(64bit)", "/usr/bin/b", "/bin/b", "/opt/stated"]
)
def test_dependencies(needed):
    """Names, capabilities, paths, and paths by their older names lead to who provides them."""
    provider = package(
        "b", files=["/usr/bin/b"], provides=["b = 1-1", "b(x86-64) = 1-1", "libb.so.1()(64bit)", "/opt/stated"]
    )
    assert depends(package("a", requires=[needed, "nobody"]), provider, package("c"))["a"] == ["b-1-1"]


def test_a_path_leads_to_its_owner():
    """Only where nobody owns a path is it looked for by its other name."""
    headers = [package("a", requires=["/bin/x"]), package("b", files=["/bin/x"]), package("c", files=["/usr/bin/x"])]
    assert depends(*headers)["a"] == ["b-1-1"]


def test_versions_that_are_installed_beside_one_another():
    """A requirement of one version leads to that version."""
    kernels = [package("core", version, provides=[f"core = {version}-1"]) for version in ("5", "6")]
    assert depends(package("modules", requires=["core = 6-1"]), *kernels)["modules"] == ["core-6-1"]


@pytest.mark.property
@given(st.data())
def test_anything(data):
    """Whatever bytes are changed: packages, a reason, or both; each package has a purl."""
    write = data.draw(st.sampled_from([sqlite, ndb, berkeley]))
    content = bytearray(write([package("a", files=["/x"], requires=["b"]), package("b", provides=["c = 1"])]))
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found, _gaps = analyze(ANALYZER, {"var/lib/rpm/Packages": bytes(content)})
    packages = [one for one in found["var/lib/rpm/Packages"] if isinstance(one, Package)]
    assert len(join(ANALYZER, found)) == len(packages)
