"""Nix: what its database gives, compared with what was put into it by SQLite itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import find, installed, is_wanted
from case_texts import survives
from nix_files import STORE, Path, base_name, database, write_ahead
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.nix import ANALYZER, LOG, OUTPUTS, PLACE, split_name

GLIBC, REQUESTS = "pkg:nix/glibc@2.40-66", "pkg:nix/python3.12-requests@2.32.3"


def purl(start, name, output=""):
    """The purl of a path of the test's store."""
    return f"{start}?{f'output={output}&' if output else ''}outputhash={base_name(name)[:32]}"


def of(paths, **options):
    """What a database of these paths gives, by purl."""
    items, unread = installed(ANALYZER, {PLACE: database(paths, **options)})
    assert not unread
    return {str(item.purl): item for item in items}


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [(PLACE, True), (LOG, True), ("srv/" + PLACE, False), ("db.sqlite", False), ("nix/var/nix/db/schema", False)],
)
def test_wants(path, wanted):
    """The store's database and its log, nowhere else."""
    assert is_wanted(ANALYZER, path) is wanted


def test_store():
    """Packages with their outputs and what they refer to; no derivation, fetched file, environment or source."""
    found = of(STORE)
    libc = purl(GLIBC, "glibc-2.40-66")
    openssl = purl("pkg:nix/openssl@3.4.1", "openssl-3.4.1")
    assert {one: item.depends for one, item in found.items()} == {
        libc: (),
        purl(GLIBC, "glibc-2.40-66-bin", "bin"): (libc,),
        openssl: (libc,),
        purl(REQUESTS, "python3.12-requests-2.32.3"): (openssl,),
    }
    facts = dict(found[openssl].properties)
    assert facts["stella:nix:storePath"] == "/nix/store/" + base_name("openssl-3.4.1")
    assert facts["stella:nix:narHash"].startswith("sha256:")


def test_log():
    """Rows that only the log has are read; without its database a log is told of."""
    data, log = write_ahead(STORE)
    assert installed(ANALYZER, {PLACE: data})[0] == []
    items, unread = installed(ANALYZER, {PLACE: data, LOG: log})
    assert (len(items), unread) == (4, {})
    assert "without its database" in installed(ANALYZER, {LOG: log})[1][LOG]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("apache-httpd-2.0.48", ("apache-httpd", "2.0.48")),
        ("glibc-2.40-66", ("glibc", "2.40-66")),
        ("python3.12-x-1", ("python3.12-x", "1")),
        ("a-b", ("a-b", "")),
        ("a--b-1", ("a", "-b-1")),
        ("a-", ("a-", "")),
        ("a-_1", ("a", "_1")),
        ("source", ("source", "")),
    ],
)
def test_split_name(name, split):
    """As `builtins.parseDrvName` splits it."""
    assert split_name(name) == split


@pytest.mark.parametrize(
    ("name", "deriver", "version", "output"),
    [
        ("a-1-lib", "a-1", "1", "lib"),
        ("a-1-lib", None, "1", "lib"),
        ("a-1-lib", "a-1-lib", "1-lib", ""),
        ("a-1-odd", "a-1", "1", "odd"),
        ("a-1-odd", None, "1-odd", ""),
        ("a-1", "a-1", "1", ""),
        ("a-1", "b-2", "1", ""),
        ("a-1-bin", "b-2", "1-bin", ""),
    ],
)
def test_outputs(name, deriver, version, output):
    """The derivation's name says what is an output's; without one, those of Nixpkgs are known."""
    [item] = of({name: Path(deriver=deriver)}).values()
    assert (item.package.version, item.package.qualifiers.get("output", "")) == (version, output)


@pytest.mark.parametrize(
    ("ca", "counts"),
    [
        (None, True),
        ("fixed:r:sha256:x", True),
        ("fixed:sha256:x", False),
        ("text:sha256:x", False),
        ("fixed:git:sha1:x", False),
    ],
)
def test_what_was_not_built(ca, counts):
    """Texts and fetched files are no packages, whatever they are called; outputs addressed by their content are."""
    assert bool(of({"a-1": Path(ca=ca)})) is counts


WORDS = st.from_regex(r"[a-z][a-z0-9.+_]{0,9}(-[a-z]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9][0-9.]{0,5}", fullmatch=True)
NAMES = st.builds("{}-{}".format, WORDS.filter(lambda word: word.rpartition("-")[2] not in OUTPUTS), VERSIONS)


@pytest.mark.property
@given(st.dictionaries(NAMES, st.lists(st.integers(0, 99), max_size=4), max_size=40), st.sampled_from([512, 4096]))
def test_any_store(links, page_size):
    """Each package of any store comes back once, with exactly what it refers to."""
    names = sorted(links)
    paths = {name: Path(sorted({names[at % len(names)] for at in links[name]})) for name in names}
    found = of(paths, page_size=page_size)
    keys = {item.package.key: one for one, item in found.items()}
    assert sorted(keys) == sorted(map(base_name, names))
    for name, path in paths.items():
        wanted = {keys[base_name(one)] for one in path.references if one != name}
        assert set(found[keys[base_name(name)]].depends) == wanted


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_anything(data, log):
    """Any bytes."""
    survives(ANALYZER, {PLACE: data, LOG: log})


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=12))
def test_damage(changes):
    """Any damage gives packages or a reason, and no package twice."""
    data = bytearray(database(STORE, page_size=512))
    for at, byte in changes:
        data[at % len(data)] = byte
    items, _, found = survives(ANALYZER, {PLACE: bytes(data)})
    assert len(items) == sum(map(len, found.values()))


def test_no_tables():
    """A database of something else is told of."""
    _, unread = find(ANALYZER, {PLACE: b"SQLite format 3\0" + bytes(600)})
    assert unread[PLACE]
