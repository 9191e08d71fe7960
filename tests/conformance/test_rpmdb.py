"""rpm databases, package lists and rpm files of other projects, held against rpm's own answers and their tables.

Every difference stands here as data with its reason; nothing else may differ.
"""

import json
import os
import random
import shutil
import subprocess
import tarfile
import time
import tracemalloc
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from case_files import analyze, join
from stellaops_core.analyzers.analyzer import OwnedFiles, Package
from stellaops_core.analyzers.rpm import ANALYZER, TABLE
from stellaops_core.analyzers.rpm_record import _key_ids, read_record
from stellaops_core.component import Distribution
from stellaops_core.readers.rpm_database import read_headers
from stellaops_core.readers.rpm_header import read_header

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "rpmdb"
SCANCODE = FIXTURES / "aboutcode-org+scancode-toolkit" / "tests" / "packagedcode" / "data"
RPMDB = FIXTURES / "knqyf263+go-rpmdb" / "pkg" / "testdata"
SCALIBR = FIXTURES / "google+osv-scalibr" / "extractor" / "filesystem" / "os" / "rpm" / "testdata"
SYFT = FIXTURES / "anchore+syft" / "syft" / "pkg" / "cataloger" / "redhat" / "testdata"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures: set STELLA_FIXTURES (rpmdb not found)"),
]
needs_rpm = pytest.mark.skipif(not shutil.which("rpm"), reason="no rpm here to compare with")

DATABASES = {
    "cbl-mariner-2.0": RPMDB / "cbl-mariner-2.0" / "rpmdb.sqlite",
    "libuuid": RPMDB / "libuuid" / "Packages",
    "scalibr-Packages_epoch": SCALIBR / "Packages_epoch",
    "scancode-bdb-fedora-rootfs": "rootfs/var/lib/rpm/Packages",
    "scancode-rpmdb.sqlite": SCANCODE / "rpm" / "rpmdb.sqlite",
    "syft-Packages": SYFT / "Packages",
}
"""Databases that rpm 4.18 was asked about."""

TAGS = {
    "name": 1000,
    "version": 1001,
    "release": 1002,
    "epoch": 1003,
    "installtime": 1008,
    "size": 1009,
    "vendor": 1011,
    "license": 1014,
    "arch": 1022,
    "sourcerpm": 1044,
    "sigmd5": 261,
}


@cache
def content(name):
    """A database's bytes."""
    place = RPMDB / "sle15-bci" / "Packages.db" if name == "sle15-bci" else DATABASES[name]
    if isinstance(place, Path):
        return place.read_bytes()
    with tarfile.open(SCANCODE / "rpm_installed/end-to-end/bdb-fedora-rootfs.tar.xz") as archive:
        return archive.extractfile(place).read()


def table(*parts, function):
    entries = json.loads((FIXTURES / "expected").joinpath(*parts).read_text())
    return next(entry["cases"] for entry in entries if entry["func"] == function)


def shown(value):
    """A value as `rpm --qf` writes it."""
    if isinstance(value, tuple):
        value = value[0]
    return value.hex() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_every_field_is_as_rpm_says(name):
    """Eleven fields of each header; what is empty, rpm's list leaves out."""
    ours = Counter()
    for blob in read_headers(content(name)):
        header = read_header(blob, set(TAGS.values()))
        row = {field: shown(header[tag]) for field, tag in TAGS.items() if tag in header}
        ours[json.dumps({key: value for key, value in row.items() if value}, sort_keys=True)] += 1
    lines = (FIXTURES / "expected" / "rpm-4.18-qa" / f"{name}.jsonl").read_text().splitlines()
    assert ours == Counter(json.dumps(json.loads(line), sort_keys=True) for line in lines)


def packages(path, data):
    found, gaps = analyze(ANALYZER, {path: data})
    assert gaps == {}
    return found[path]


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_packages_are_as_rpm_says(name):
    """The analyzer gives the same packages, but for public keys."""
    lines = (FIXTURES / "expected" / "rpm-4.18-qa" / f"{name}.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["name"] != "gpg-pubkey"]
    wanted = {
        (
            row["name"],
            (f"{row['epoch']}:" if "epoch" in row else "") + f"{row['version']}-{row['release']}",
            row.get("arch", ""),
            row.get("vendor", ""),
            (row["license"],),
            row["sourcerpm"],
        )
        for row in rows
    }
    ours = [one for one in packages("var/lib/rpm/Packages", content(name)) if isinstance(one, Package)]
    assert len(ours) == len(rows)
    assert wanted == {
        (
            one.name,
            one.version,
            one.qualifiers.get("arch", ""),
            one.supplier,
            one.licenses,
            dict(one.properties)["stella:rpm:sourceRpm"],
        )
        for one in ours
    }


def test_ndb():
    """go-rpmdb's list of an NDB database."""
    wanted = json.loads((FIXTURES / "expected/knqyf263+go-rpmdb/sle15-bci.json").read_text())
    ours = [one for one in packages("var/lib/rpm/Packages.db", content("sle15-bci")) if isinstance(one, Package)]
    assert len(ours) == len(wanted) == 35
    assert {(one["name"], f"{one['version']}-{one['release']}", one["vendor"], one["license"]) for one in wanted} == {
        (one.name, one.version, one.supplier, one.licenses[0]) for one in ours
    }


# -- rpm itself, where it is installed -------------------------------------------------------------------------------

QUERY = (
    r"@@%{NEVRA}|%{RSAHEADER:pgpsig}|%{SIGPGP:pgpsig}|%{DSAHEADER:pgpsig}|%{SIGGPG:pgpsig}\n"
    r"[F%{FILESTATES:fstate}\t%{FILENAMES}\n]"
    r"[P%{PROVIDENAME}\t%{PROVIDEFLAGS:depflags}\t%{PROVIDEVERSION}\n]"
    r"[R%{REQUIRENAME}\t%{REQUIREFLAGS:depflags}\t%{REQUIREVERSION}\n]"
)


def asked(*arguments):
    """{NEVRA: (files, provides, requires, keys)} as rpm says."""
    ran = subprocess.run(["rpm", *arguments, "--qf", QUERY], capture_output=True, text=True, check=False)
    answers = {}
    for block in ran.stdout.split("@@")[1:]:
        head, *lines = block.split("\n")
        name, *signatures = head.split("|")
        rows = [(line[:1], line[1:].split("\t")) for line in lines if line]
        deps = {
            kind: {" ".join(part.strip() for part in row if part.strip()) for one, row in rows if one == kind}
            for kind in "PR"
        }
        answers[name] = (
            {
                row[1].lstrip("/")
                for kind, row in rows
                if kind == "F" and row[0] in {"normal", "net shared", "(none)", ""}
            }
            - {""},
            {one for one in deps["P"] if not one.startswith(("(", "/"))},
            {one for one in deps["R"] if not one.startswith(("(", "rpmlib("))},
            {one.rpartition("Key ID ")[2].strip() for one in signatures if "Key ID" in one},
        )
    return {name: answer for name, answer in answers.items() if not name.startswith("gpg-pubkey")}


def facts(package, files):
    """The same of ours; paths that others require are provided in addition."""
    return (
        set(files),
        {one for one in package.provides if not one.startswith("/")},
        set(package.requires),
        {value for key, value in package.properties if key == "stella:rpm:signatureKey"},
    )


@needs_rpm
@pytest.mark.parametrize("name", sorted(DATABASES))
def test_files_and_dependencies_are_as_rpm_says(name, tmp_path):
    """Every path that is installed, every capability, every key that signed, of every package."""
    data = content(name)
    place, backend = ("rpmdb.sqlite", "sqlite") if data[:6] == b"SQLite" else ("Packages", "bdb_ro")
    (tmp_path / place).write_bytes(data)
    theirs = asked("--dbpath", str(tmp_path), "--define", f"_db_backend {backend}", "-qa")
    if not theirs:
        pytest.skip("this rpm reads no such database")
    finds = packages(f"var/lib/rpm/{place}", data)
    owned = {one.key: one.paths.split("\n") for one in finds if isinstance(one, OwnedFiles)}
    ours = {one.key: facts(one, owned.get(one.key, ())) for one in finds if isinstance(one, Package)}
    assert ours == theirs


RPMS = sorted(path for path in FIXTURES.rglob("*.rpm") if path.stat().st_size > 6000) if FIXTURES.is_dir() else []


def main_header(data):
    """An rpm file's header without the magic bytes that only files have, and the one of its signatures."""
    start = 96
    sizes = [int.from_bytes(data[start + at : start + at + 4], "big") for at in (8, 12)]
    end = start + 16 + 16 * sizes[0] + sizes[1]
    signatures = data[start + 8 : end]
    start = end + -end % 8
    sizes = [int.from_bytes(data[start + at : start + at + 4], "big") for at in (8, 12)]
    return data[start + 8 : start + 16 + 16 * sizes[0] + sizes[1]], signatures


@needs_rpm
@pytest.mark.parametrize("path", RPMS, ids=lambda path: path.name)
def test_headers_of_rpm_files(path):
    """Headers of version 3 to 6 give what rpm reads in them: names, files, capabilities."""
    theirs = asked("-qp", "--nosignature", "--nodigest", str(path))
    if not theirs:
        pytest.skip("this rpm reads no such file")
    record = read_record(main_header(path.read_bytes())[0], 1 << 20)
    (key, wanted), *_ = theirs.items()
    assert record.package.key == key
    assert facts(record.package, record.files)[:3] == wanted[:3]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("v4/signed/rpm-basic-with-rsa4096", 1),
        ("v4/signed/rpm-basic-with-ecdsa", 1),
        ("v4/signed/rpm-basic-with-ed25519", 1),
        ("v4/rpm-basic", 0),
        ("v6/signed/rpm-basic-with-ed25519", 1),
        ("v6/signed/rpm-basic-with-mldsa65-ed25519", 1),
    ],
)
def test_keys_of_signed_files(name, keys):
    """Signatures of old and new algorithms name their keys, in the tags of rpm 4 and of rpm 6."""
    folder = FIXTURES / "rpm-rs+rpm" / "tests" / "assets" / "RPMS"
    (path,) = folder.glob(f"{name}-2.3.4-5.el9.noarch.rpm")
    _, signatures = main_header(path.read_bytes())
    header = read_header(signatures, {267, 268, 278, 259, 262})
    found = _key_ids(header)
    assert len(found) == keys
    assert all(len(key) == 16 for key in found)


# -- other scanners' tables ------------------------------------------------------------------------------------------


def test_syft_database():
    """Syft's database test: name, version, capabilities and files."""
    (wanted, _) = table("anchore+syft/syft/pkg/cataloger/redhat.json", function="TestParseRpmDB")
    (theirs,) = wanted["expected"]
    one, owned = packages("var/lib/rpm/Packages", (SYFT / "Packages").read_bytes())
    assert (one.name, one.version) == (theirs["Name"], theirs["Version"])
    assert owned.paths == "usr/local/bin/dive"


def purls(path, data, distribution):
    found, gaps = analyze(ANALYZER, {path: data})
    assert gaps == {}
    return {str(one.purl) for one in join(ANALYZER, found, distribution)}


def test_syft_manifest():
    """Syft's purls of Mariner's list; it has no distribution there, we do."""
    wanted = table("anchore+syft/syft/pkg/cataloger/redhat.json", function="TestParseRpmManifest")
    ours = purls(TABLE, (SYFT / "container-manifest-2").read_bytes(), Distribution("mariner"))
    assert {one.replace("rpm/mariner/", "rpm/").replace("distro=mariner&", "") for one in ours} == {
        one["PURL"] for one in wanted
    }


SYFT_PURLS = {
    "missing distro": "a purl of type rpm needs a namespace: ours is `unknown`",
    "hummingbird distro maps to redhat namespace": "os-release's ID is the namespace of what isn't in our table",
}


def test_syft_purls():
    """Syft's table of purls."""
    for case in table("anchore+syft/syft/pkg/cataloger/redhat.json", function="Test_packageURL"):
        if case["name"] in SYFT_PURLS:
            continue
        theirs = case["metadata"]
        fields = [theirs["Name"], f"{theirs['Version']}-{theirs['Release']}", "1", "1", "(none)"]
        epoch = str(theirs.get("Epoch") or 0)
        row = "\t".join([*fields, epoch, "1", theirs.get("Arch", "(none)"), epoch, theirs.get("SourceRpm", "(none)")])
        release = Distribution(case["distro"]["ID"], case["distro"]["VersionID"])
        assert purls(TABLE, row.encode(), release) == {case["expected"]}, case["name"]


def test_scancode_manifest():
    """ScanCode's packages of a distroless Mariner image, with an epoch that it has no field for."""
    folder = SCANCODE / "rpm_installed" / "mariner"
    wanted = json.loads((folder / "rpm-manifest-expected.json").read_text())
    found, gaps = analyze(ANALYZER, {TABLE: (folder / "scan" / TABLE).read_bytes()})
    assert gaps == {}
    assert {(one["name"], one["version"], one["qualifiers"]["arch"]) for one in wanted} == {
        (one.name, one.version.rpartition(":")[2], one.qualifiers["arch"]) for one in found[TABLE]
    }


def test_scalibr():
    """SCALIBR's outcomes for what it keeps here: an epoch, an empty file, and one that is no database."""
    cases = {
        one["name"]: one for one in table("google+osv-scalibr/extractor/filesystem/os/rpm.json", function="TestExtract")
    }
    (theirs,) = cases["custom_rpm"]["wantPackages"]
    (one, _) = packages("var/lib/rpm/Packages", (SCALIBR / "Packages_epoch").read_bytes())
    # SCALIBR's version has no epoch
    assert (one.name, one.version) == (theirs["Name"], f"{theirs['Metadata']['Epoch']}:{theirs['Version']}")
    for name, file in (("empty", "empty.sqlite"), ("invalid", "invalid")):
        assert "wantErr" in cases[name]
        found, gaps = analyze(ANALYZER, {"var/lib/rpm/rpmdb.sqlite": (SCALIBR / file).read_bytes()})
        assert found == {"var/lib/rpm/rpmdb.sqlite": []}
        assert len(gaps) == 1


def test_scalibr_places():
    """SCALIBR's table of paths: the same ones are read."""
    for case in table("google+osv-scalibr/extractor/filesystem/os/rpm.json", function="TestFileRequired"):
        if "maxFileSizeBytes" not in case:
            assert ANALYZER.wants(case["path"], 1) is case["wantRequired"], case["path"]


def test_claircore():
    """claircore's header; its database without a table of packages is told of."""
    folder = FIXTURES / "quay+claircore" / "internal" / "rpm"
    record = read_record((folder / "rpmdb/testdata/package.header").read_bytes(), 1 << 20)
    assert record.package.name
    assert record.files
    data = (folder / "sqlite/testdata/no_packages.sqlite").read_bytes()
    _, gaps = analyze(ANALYZER, {"var/lib/rpm/rpmdb.sqlite": data})
    assert "without a table Packages" in gaps["var/lib/rpm/rpmdb.sqlite"]


def test_rpm5():
    """A database of rpm5, as old Yocto images have it, is told of, not guessed at."""
    data = (FIXTURES / "girbu+yocto-rootfs" / "var" / "lib" / "rpm" / "Packages").read_bytes()
    found, gaps = analyze(ANALYZER, {"var/lib/rpm/Packages": data})
    assert found["var/lib/rpm/Packages"] == []
    assert "of the B-tree method" in gaps["var/lib/rpm/Packages"]


def test_edges():
    """All that the 129 packages of a whole image require is there: every requirement leads somewhere."""
    found, _ = analyze(ANALYZER, {"var/lib/rpm/rpmdb.sqlite": content("cbl-mariner-2.0")})
    installed = join(ANALYZER, found)
    known = {str(one.purl) for one in installed}
    assert sum(len(one.depends) for one in installed) == 513
    assert all(set(one.depends) <= known for one in installed)
    provided = {name.split(" ")[0] for one in installed for name in (one.package.name, *one.package.provides)}
    assert {name.split(" ")[0] for one in installed for name in one.package.requires} <= provided


# -- hostile input ---------------------------------------------------------------------------------------------------

MUTATED = ["cbl-mariner-2.0", "libuuid", "sle15-bci", "scancode-rpmdb.sqlite", "scalibr-Packages_epoch"]


@pytest.mark.parametrize("name", MUTATED)
def test_mutations(name):
    """2,000 damaged copies of each database give packages or `Malformed`, and joins that hold; nothing else."""
    whole = content(name)
    chance = random.Random(name)
    if len(whole) > 400_000:  # what matters is structure: pages of the beginning hold the most of it
        whole = whole[:400_000]
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            top = chance.choice([200, 5000, len(data)])
            place = chance.randrange(top)
            piece = chance.choice([b"\0", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\1\0\0\0", bytes(data[:16])])
            data[place : place + len(piece)] = piece
        found, _gaps = analyze(ANALYZER, {"var/lib/rpm/Packages": bytes(data)})
        finds = found["var/lib/rpm/Packages"]
        assert sum(len(one.paths) for one in finds if isinstance(one, OwnedFiles)) <= max(len(data), 1 << 20)
        if chance.random() < 0.05:
            assert len(join(ANALYZER, found)) == sum(isinstance(one, Package) for one in finds)


def test_pace_and_memory():
    """The largest real database here is read in well under a second, in memory of a few times its size."""
    data = content("scancode-bdb-fedora-rootfs")
    start = time.process_time()
    packages("var/lib/rpm/Packages", data)
    assert time.process_time() - start < 1
    tracemalloc.start()
    packages("var/lib/rpm/Packages", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(data)
