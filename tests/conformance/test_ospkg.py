"""OS package analyzers against public corpora: other projects' expectations and independent lists of the same files.

Every difference stands here as data with its reason; nothing else may differ.
"""

import io
import json
import lzma
import os
import random
import re
import tarfile
from pathlib import Path

import pytest

from stellaops_core.analyzers import apk, dpkg, os_release
from stellaops_core.analyzers.analyzer import Malformed, OwnedFiles, Package, View
from stellaops_core.component import Distribution
from stellaops_core.images.captured import CapturedFile
from stellaops_core.readers.copyright import read_licenses
from stellaops_core.readers.deb822 import JUNK, read_stanzas

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
OSPKG = FIXTURES / "ospkg"
DISTROS = FIXTURES / "images" / "nexB+container-inspector" / "tests" / "data" / "distro" / "os-release"
ROOTS = FIXTURES / "images" / "rootfs-oci"
SCANCODE = OSPKG / "aboutcode-org+scancode-toolkit" / "tests" / "packagedcode" / "data" / "alpine"
TRIVY = OSPKG / "aquasecurity+trivy"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not OSPKG.is_dir(), reason="no fixtures: set STELLA_FIXTURES (ospkg not found)"),
]


class Files(dict):
    """Files by path, as an analyzer's neighbours."""

    def under(self, directory):
        return (file for path, file in sorted(self.items()) if path.startswith(directory + "/"))


def analyze(analyzer, files):
    """({path: what was found}, {path: reason of what was not})"""
    near = Files({path: CapturedFile(path, len(data), data) for path, data in files.items()})
    found, gaps = {}, {}
    for path, file in sorted(near.items()):
        if analyzer.wants(path, file.size):
            items = found.setdefault(path, [])
            try:
                items.extend(analyzer.analyze(file, near))
            except Malformed as error:
                gaps[path] = str(error)
    return found, gaps


def packages_of(found):
    return [item for items in found.values() for item in items if isinstance(item, Package)]


def files_of(found):
    return {
        item.key: item.paths.split("\n") for items in found.values() for item in items if isinstance(item, OwnedFiles)
    }


def facts_of(package):
    return {key.rpartition(":")[2]: value for key, value in package.properties}


def expected(*parts):
    return json.loads((OSPKG / "expected" / Path(*parts)).read_text())


# -- lists made by other programs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["zerotier+edge", "haconiwa+haconiwa-image-alpine", "hizlbuzz+alpine-minirootfs-v3.14"]
)
def test_apk_list(name):
    """Names, versions, architectures, addresses, origins, commits and numbers of files are those of the database."""
    path = "lib/apk/db/installed"
    wanted = expected("package-lists", f"{name}__{path.replace('/', '__')}.json")["packages"]
    found, gaps = analyze(apk.ANALYZER, {path: (OSPKG / name / path).read_bytes()})
    owned = files_of(found)
    ours = [
        (
            one.name,
            one.version,
            one.qualifiers["arch"],
            dict(one.urls).get("website"),
            facts_of(one)["origin"],
            facts_of(one).get("commit"),
            len(owned.get(one.name, ())),
        )
        for one in packages_of(found)
    ]
    theirs = [
        (
            one["name"],
            one["version"],
            one["arch"],
            one.get("url"),
            one.get("origin"),
            one.get("commit"),
            one.get("files", 0),
        )
        for one in wanted
    ]
    assert (ours, gaps) == (theirs, {})


def test_dpkg_list():
    """`dpkg-query -W` on the same file lists the same packages with the same sources."""
    name = "lauvshree+guestbook_img"
    wanted = expected("package-lists", f"{name}__var__lib__dpkg__status.json")["packages"]
    found, gaps = analyze(dpkg.ANALYZER, {dpkg.STATUS: (OSPKG / name / dpkg.STATUS).read_bytes()})
    ours = sorted(
        (one.name, one.version, one.qualifiers["arch"], facts_of(one)["source"], facts_of(one)["sourceVersion"])
        for one in packages_of(found)
    )
    theirs = sorted(
        (one["name"], one["version"], one["arch"], one["source"], one["source_version"])
        for one in wanted
        if one["status"].startswith("ii")
    )
    assert (ours, gaps) == (theirs, {})


@pytest.mark.parametrize("name", ["single-installed", "small-installed", "full-installed"])
def test_scancode_apk(name):
    """ScanCode reads the same packages, licence statements and files."""
    path = "lib/apk/db/installed"
    wanted = json.loads((SCANCODE / name / "installed-expected.json").read_text())
    found, gaps = analyze(apk.ANALYZER, {path: (SCANCODE / name / "installed").read_bytes()})
    ours = [(one.name, one.version, " ".join(one.licenses)) for one in packages_of(found)]
    theirs = [(one["name"], one["version"], one["extracted_license_statement"]) for one in wanted]
    assert (ours, gaps) == (theirs, {})
    owned = files_of(found)
    for one in wanted:
        listed = {reference["path"].lstrip("/") for reference in one["file_references"]}
        assert set(owned.get(one["name"], ())) == listed


@pytest.mark.parametrize("archive", ["alpine-container-layer.tar.xz", "rootfs/alpine-rootfs.tar.xz"])
def test_scancode_layers(archive):
    """A real layer's database is read without a gap, and every dependency within it is resolved."""
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress((SCANCODE / archive).read_bytes()))) as tar:
        member = next(one for one in tar if one.name.endswith("lib/apk/db/installed"))
        data = tar.extractfile(member).read()
    found, gaps = analyze(apk.ANALYZER, {"lib/apk/db/installed": data})
    installed = list(apk.ANALYZER.join(View(found)))
    assert (len(installed), gaps) == (data.count(b"\nP:") + data.startswith(b"P:"), {})
    for one in installed:
        assert bool(one.depends) == any(not name.startswith("!") for name in one.package.requires)


# -- osv-scalibr -----------------------------------------------------------------------------------------------------

SCALIBR_DPKG = {
    "nopackage": "a record without a name: scalibr passes over it, we tell of it",
    "invalid": "not a database: an error for both",
}
"""Cases with a gap."""
SCALIBR = OSPKG / "google+osv-scalibr"


def test_scalibr_dpkg():
    """Names, versions and sources of osv-scalibr's dpkg table."""
    cases = expected("google+osv-scalibr", "extractor/filesystem/os/dpkg.json")[1]["cases"]
    checked = 0
    for case in cases:
        if case.get("isOPKG") or case["path"].endswith(".md5sums"):
            continue  # opkg is not ours; md5sums are file lists to us, not databases
        data = (SCALIBR / "extractor/filesystem/os/dpkg" / case["path"]).read_bytes()
        path = dpkg.STATUS_D + "foo" if "status.d" in case["path"] else dpkg.STATUS
        found, gaps = analyze(dpkg.ANALYZER, {path: data})
        ours = {(one.name, one.version, facts_of(one)["source"]) for one in packages_of(found)}
        theirs = {
            (one["Name"], one["Version"], one["Metadata"].get("SourceName") or one["Name"])
            for one in case["wantPackages"]
        }
        name = case["path"].rpartition("/")[2]
        assert bool(gaps) == (name in SCALIBR_DPKG), case["path"]
        assert ours == theirs, case["path"]
        checked += 1
    assert checked >= 9


def test_scalibr_apk():
    """Packages, origins, maintainers, licences and commits of osv-scalibr's apk table; distributions in the purl."""
    cases = expected("google+osv-scalibr", "extractor/filesystem/os/apk.json")[1]["cases"]
    for case in cases:
        data = (SCALIBR / "extractor/filesystem/os/apk" / case["path"]).read_bytes()
        found, gaps = analyze(apk.ANALYZER, {"lib/apk/db/installed": data})
        assert gaps == {}
        release = os_release.read_os_release(case["osrelease"]) if case["osrelease"] else None
        installed = list(apk.ANALYZER.join(View(found, release)))
        wanted = [one["args"] for one in case["wantPackages"]]
        assert len(installed) == len(wanted)
        for one, args in zip(installed, wanted, strict=True):
            facts = facts_of(one.package)
            assert (one.package.name, one.package.version, one.package.supplier, facts.get("commit", "")) == (
                (args["pkgName"], args["version"], args["maintainer"], args["commit"])
            )
            assert facts["origin"] == (args["origin"] or args["pkgName"])
            assert " ".join(one.licenses) == args["license"]
            # without os-release scalibr leaves the namespace empty, which the purl type does not allow
            assert one.purl.namespace == (args["osID"] or "alpine")
            distro = "-".join(filter(None, (args["osID"], args["osVersionID"])))
            assert dict(one.purl.qualifiers).get("distro", "") == distro


# -- trivy -----------------------------------------------------------------------------------------------------------

TRIVY_LICENSES = {
    "testdata/license-pattern-and-classifier-copyright": (
        ("GPL-1+ or Artistic, and BSD-4-clause-POWERDOG", "Zlib"),
        "an expression stays one: its parts are alternatives; one name in it is no SPDX licence",
    ),
    "testdata/common-license-copyright": (
        ("GPL-2.0-or-later",),
        "the file says: version 2 of the License, or (at your option) any later version",
    ),
    "testdata/all-patterns-copyright": (
        ("GPL-2.0-or-later",),
        "the file grants any later version: GPL-2.0-only, read off the name of the common licence, contradicts it",
    ),
}


def _txtar(path):
    """{name: content} of a txtar archive."""
    parts = re.split(r"^-- (.+) --\n", path.read_text(), flags=re.MULTILINE)
    return {name: text.encode() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_trivy_dpkg():
    """Packages, sources, maintainers, dependencies and files of Trivy's table."""
    (table,) = (
        one
        for one in expected("aquasecurity+trivy", "pkg/fanal/analyzer/pkg/dpkg.json")
        if one["func"] == "Test_dpkgAnalyzer_Analyze"
    )
    for case in table["cases"]:
        found, gaps = analyze(dpkg.ANALYZER, _txtar(TRIVY / "pkg/fanal/analyzer/pkg/dpkg" / case["txtar"]))
        # Trivy passes over records without a status; we tell of them
        assert bool(gaps) == (case["name"] == "corrupsed"), gaps
        (info,) = case["want"]["PackageInfos"]
        wanted = {one["ID"]: one for one in info["Packages"]}
        installed = {f"{one.package.name}@{one.package.version}": one for one in dpkg.ANALYZER.join(View(found))}
        assert installed.keys() == wanted.keys()
        purls = {str(one.purl): name for name, one in installed.items()}
        for name, one in installed.items():
            facts, theirs = facts_of(one.package), wanted[name]
            assert facts["source"] == theirs["SrcName"]
            assert facts["sourceVersion"] == _version(theirs, "Src")
            assert one.package.supplier == theirs["Maintainer"]
            assert set(theirs.get("DependsOn", ())) <= {purls[purl] for purl in one.depends}, name
            if "InstalledFiles" in theirs:
                assert ["/" + path for path in files_of(found)[one.package.key]] == theirs["InstalledFiles"]


def _version(package, prefix):
    epoch, release = package.get(prefix + "Epoch"), package.get(prefix + "Release")
    version = package[prefix + "Version"] if epoch is None else f"{epoch}:{package[prefix + 'Version']}"
    return f"{version}-{release}" if release else version


def test_trivy_apk():
    """Packages, origins, dependencies and files of Trivy's table."""
    table = expected("aquasecurity+trivy", "pkg/fanal/analyzer/pkg/apk.json")
    (wanted,) = (one["cases"][0]["wantPkgs"] for one in table if one["func"] == "TestParseApkInfo")
    data = (TRIVY / "pkg/fanal/analyzer/pkg/apk/testdata/apk").read_bytes()
    found, gaps = analyze(apk.ANALYZER, {"lib/apk/db/installed": data})
    installed = {f"{one.package.name}@{one.package.version}": one for one in apk.ANALYZER.join(View(found))}
    purls = {str(one.purl): name for name, one in installed.items()}
    assert installed.keys() == {one["ID"] for one in wanted}
    owned = files_of(found)
    for theirs in wanted:
        one = installed[theirs["ID"]]
        assert facts_of(one.package)["origin"] == theirs["SrcName"]
        assert sorted(purls[purl] for purl in one.depends) == sorted(theirs.get("DependsOn", []))
        assert owned.get(one.package.name, []) == theirs.get("InstalledFiles", [])
    # Trivy passes over a record without a version; we tell of it
    assert gaps.keys() == {"lib/apk/db/installed"}
    assert "1 of 16 records" in gaps["lib/apk/db/installed"]


def test_trivy_copyright():
    """Licence names of Trivy's copyright table, with the differences above."""
    table = expected("aquasecurity+trivy", "pkg/fanal/analyzer/pkg/dpkg.json")[0]
    for case in table["cases"]:
        ours = read_licenses((TRIVY / "pkg/fanal/analyzer/pkg/dpkg" / case["testFile"]).read_bytes())
        findings = case["want"]["Licenses"][0]["Findings"] if case["want"] else []
        theirs = tuple(one["Name"] for one in findings)
        wanted, _why = TRIVY_LICENSES.get(case["testFile"], (theirs, ""))
        assert ours == wanted, case["name"]


# -- distributions ---------------------------------------------------------------------------------------------------


def _distributions():
    for path in sorted(DISTROS.rglob("*-expected.json")):
        source = path.with_name(path.name.removesuffix("-distro-expected.json"))
        if source.is_file():
            yield source, json.loads(path.read_text())


INSPECTOR_DEVIATIONS = {
    "elementary-0.4.txt": "ID='elementary OS': os-release(5) allows neither capitals nor blanks",
    "zorinos-12.txt": "ID=ZorinOS: likewise",
    "pop-os-17.04.txt": "ID_LIKE=debian ubuntu without quotes: two names to a reader, one run together to shlex",
}


def test_container_inspector():
    """container-inspector reads the same ID, VERSION_ID, names, codename, CPE and so on from 180 os-release files."""
    checked = 0
    for source, wanted in _distributions():
        try:
            ours = os_release.read_os_release(source.read_text())
        except Malformed:
            assert wanted["identifier"] in {None, "linux"}, source
            continue
        theirs = Distribution(
            id=wanted["identifier"] or "linux",
            version=wanted["version_id"] or "",
            name=wanted["name"] or "",
            like=tuple((wanted["id_like"] or "").split()),
            codename=wanted["version_codename"] or "",
            pretty_name=wanted["pretty_name"] or "",
            cpe=wanted["cpe_name"] or "",
            home_url=wanted["home_url"] or "",
            variant=wanted["variant_id"] or "",
        )
        assert source.name in INSPECTOR_DEVIATIONS or ours == theirs, source
        checked += 1
    assert checked > 170


TRIVY_FAMILIES = {
    "Alma": ("almalinux",),
    "Azure": ("azurelinux",),
    "CBLMariner": ("mariner",),
    "CentOSStream": ("centos",),
    "OpenSUSELeap": ("opensuse",),
    "OpenSUSETumbleweed": ("opensuse",),
    "Oracle": ("ol",),
    "RedHat": ("rhel",),
    "SLEMicro": ("sle-micro", "sl-micro", "suse-microos"),
}
"""Trivy's names for what os-release calls otherwise."""


def test_trivy_release():
    """Trivy's os-release table: the same identifiers, but for its own names, and versions."""
    table = expected("aquasecurity+trivy", "pkg/fanal/analyzer/os/release.json")[0]
    for case in table["cases"]:
        if "want" not in case or not case["want"]:
            continue  # systems that Trivy has no advisories for
        ours = os_release.read_os_release((TRIVY / "pkg/fanal/analyzer/os/release" / case["inputFile"]).read_text())
        family = case["want"]["OS"]["Family"]["_go"].removeprefix("types.")
        assert ours.version == case["want"]["OS"]["Name"]
        assert ours.id.startswith(TRIVY_FAMILIES.get(family, (family.lower(),))), (ours, family)


RELEASE_FILES = [
    ("redhatbase/testdata/alma/almalinux-release", "etc/almalinux-release", "almalinux", "8.4"),
    ("redhatbase/testdata/centos/centos-release", "etc/centos-release", "centos", "7.6.1810"),
    ("redhatbase/testdata/fedora_29/fedora-release", "etc/fedora-release", "fedora", "29"),
    ("redhatbase/testdata/oracle_7/oracle-release", "etc/oracle-release", "ol", "7.6"),
    ("redhatbase/testdata/redhat_6/redhat-release", "etc/redhat-release", "rhel", "6.2"),
    ("redhatbase/testdata/rocky/rocky-release", "etc/rocky-release", "rocky", "8.4"),
    ("ubuntu/testdata/lsb-release", "etc/lsb-release", "ubuntu", "18.04"),
    # Trivy says 9.8: os-release, and so everything that is keyed by release, says 9
    ("debian/testdata/debian_9/etc/debian_version", "etc/debian_version", "debian", "9"),
    # Trivy says buster/sid: no version is known, the codename is
    ("debian/testdata/debian_sid/etc/debian_version", "etc/debian_version", "debian", ""),
]


@pytest.mark.parametrize(("source", "path", "identifier", "version"), RELEASE_FILES)
def test_trivy_release_files(source, path, identifier, version):
    """The files that were there before os-release name the same distributions."""
    found, gaps = analyze(os_release.ANALYZER, {path: (TRIVY / "pkg/fanal/analyzer/os" / source).read_bytes()})
    (distribution,) = found[path]
    assert (distribution.id, distribution.version, gaps) == (identifier, version, {})


GRYPE = {
    "amazonlinux": "amzn",
    "echo": "echo",
    "oraclelinux": "ol",
    "redhat": "rhel",
    "rockylinux": "rocky",
}
GRYPE_DEVIATIONS = {
    "testdata/os/centos6": "only etc/system-release-cpe, which real images have beside etc/redhat-release: not read",
    "testdata/os/custom": "ID=custom with ID_LIKE=scientific: we keep the ID and the likeness apart",
}


def test_grype_roots():
    """Grype names the same distribution for the same root file systems."""
    table = expected("anchore+grype", "grype/distro.json")[1]
    checked = 0
    for case in table["cases"]:
        root = OSPKG / "anchore+grype" / "grype" / "distro" / case["Name"]
        files = {path: (root / path).read_bytes() for path in os_release.PRECEDENCE if (root / path).is_file()}
        if not files or case["Name"] in GRYPE_DEVIATIONS:
            continue
        found, _gaps = analyze(os_release.ANALYZER, files)
        ours = os_release.choose_distribution({path: items[0] for path, items in found.items() if items})
        assert (ours.id, ours.version) == (GRYPE.get(case["Type"], case["Type"]), case.get("Version", "")), case
        checked += 1
    assert checked > 20


# -- deb822 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["one_status", "simple_status", "perl_status"])
def test_debian_inspector(name):
    """debian-inspector splits the same fields; it keeps the blank that marks a continuation."""
    folder = OSPKG / "nexB+debian-inspector" / "tests" / "data" / "debcon" / "status"
    wanted = json.loads((folder / f"{name}-expected.json").read_text())
    wanted = wanted if isinstance(wanted, list) else [wanted]
    ours = list(read_stanzas((folder / name).read_bytes()))
    assert ours == [{key: value.replace("\n ", "\n") for key, value in stanza.items()} for stanza in wanted]


def test_debian_inspector_junk():
    """What debian-inspector calls unknown is a stanza of its own to dpkg; here its name is no package name."""
    folder = OSPKG / "nexB+debian-inspector" / "tests" / "data" / "debcon" / "status"
    found, gaps = analyze(dpkg.ANALYZER, {dpkg.STATUS: (folder / "one_status_junk").read_bytes()})
    assert [one.name for one in packages_of(found)] == ["libncurses5"]
    assert list(gaps) == [dpkg.STATUS]


@pytest.mark.parametrize("name", ["dep5-b43-fwcutter", "dep5-rpm", "dropbear"])
def test_debian_inspector_copyright(name):
    """debian-inspector finds the same fields in the same paragraphs of copyright files; a repeated one is our junk.

    Its fourth file has empty lines within a text, which end a paragraph for everyone but debian-inspector.
    """
    folder = OSPKG / "nexB+debian-inspector" / "tests" / "data" / "deb822"
    wanted = json.loads((folder / f"{name}.copyright-expected.json").read_text())
    ours = list(read_stanzas((folder / f"{name}.copyright").read_bytes()))
    names = [[field["name"] for field in stanza] for stanza in wanted]
    assert [set(stanza) - {JUNK} for stanza in ours] == [set(stanza) for stanza in names]
    assert [JUNK in stanza for stanza in ours] == [len(stanza) > len(set(stanza)) for stanza in names]


# -- whole images, hostile input -------------------------------------------------------------------------------------

ROOT_PACKAGES = {"alpine-haconiwa": (apk.ANALYZER, 16), "debian-guestbook": (dpkg.ANALYZER, 89)}


@pytest.mark.parametrize("name", sorted(ROOT_PACKAGES))
def test_root_file_systems(name):
    """Real root file systems: all packages, no gap, and files and licences find their packages."""
    analyzer, count = ROOT_PACKAGES[name]
    files = {}
    with tarfile.open(ROOTS / f"{name}.oci.tar") as image:
        for blob in image:
            if "/blobs/" in "/" + blob.name and blob.isfile():
                with_content = image.extractfile(blob).read()
                try:
                    layer = tarfile.open(fileobj=io.BytesIO(with_content))  # noqa: SIM115
                except tarfile.ReadError:
                    continue
                files |= {
                    one.name.removeprefix("./"): layer.extractfile(one).read()
                    for one in layer
                    if one.isfile() and analyzer.wants(one.name.removeprefix("./"), one.size)
                }
    found, gaps = analyze(analyzer, files)
    installed = list(analyzer.join(View(found)))
    assert (len(installed), gaps) == (count, {})
    assert set(files_of(found)) <= {one.package.key for one in installed} | {one.package.name for one in installed}


MUTATIONS = 10_000


@pytest.mark.parametrize("seed", range(4))
def test_mutations(seed):
    """10,000 damaged databases give packages or `Malformed`, and joins that hold; nothing else is ever raised."""
    chance = random.Random(seed)
    analyzer, path, source = [
        (dpkg.ANALYZER, dpkg.STATUS, OSPKG / "lauvshree+guestbook_img" / dpkg.STATUS),
        (apk.ANALYZER, "lib/apk/db/installed", OSPKG / "hizlbuzz+alpine-minirootfs-v3.14/lib/apk/db/installed"),
        (
            dpkg.ANALYZER,
            "usr/share/doc/x/copyright",
            OSPKG / "nexB+debian-inspector/tests/data/deb822/dropbear.copyright",
        ),
        (os_release.ANALYZER, "etc/os-release", TRIVY / "pkg/fanal/analyzer/os/release/testdata/fedora"),
    ][seed]
    whole = source.read_bytes()
    for _ in range(MUTATIONS // 4):
        start = chance.randrange(max(1, len(whole) - 4000))
        data = bytearray(whole[start : start + 4000])
        for _ in range(chance.randrange(1, 12)):
            place = chance.randrange(len(data))
            piece = chance.choice([b"", b"\n", b"\n\n", b":", b"\0", b"\xff", b" ", b"(", b"|", bytes(data[:40]), b'"'])
            data[place : place + chance.randrange(9)] = piece
        found, _gaps = analyze(analyzer, {path: bytes(data)})
        if hasattr(analyzer, "join"):
            assert len(list(analyzer.join(View(found)))) == len(packages_of(found))
