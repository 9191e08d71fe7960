"""Well-known programs against pieces of real ones, of which another tool's tests say what they are.

A piece is some hundred bytes around the version; it is given the head of a program here. Differences stand here with
their reasons.
"""

import json
import os
import random
from pathlib import Path

import pytest

from analyses import File, Files, is_wanted
from programs import elf, macho
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.binaries import ANALYZER

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "native"
TABLE = FIXTURES / "expected" / "anchore+syft" / "syft" / "pkg" / "cataloger" / "binary.json"
PIECES = FIXTURES / "anchore+syft" / "syft" / "pkg" / "cataloger" / "binary" / "testdata" / "classifiers"
MUTATIONS = int(os.environ.get("STELLA_MUTATIONS", "10000"))
MARK = b"### byte snippet to follow ###\n"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not TABLE.is_file(), reason="no fixtures: set STELLA_FIXTURES (native)"),
]

GO = "a Go program: its build information says it"
JAVA = "`release` says it"
PATH = "only the path that it was built at names a version"
LONE = "a lone version with nothing beside it that names the program"
SIGN = "the piece leaves out what tells an interpreter from other files"
OTHER = {
    "auditbeat": GO,
    "elastic-agent": GO,
    "filebeat": GO,
    "go": GO,
    "go-version-hint": GO,
    "helm": GO,
    "istio_pilot-agent": GO,
    "istio_pilot-discovery": GO,
    "metricbeat": GO,
    "nginx-ingress-controller": GO,
    "packetbeat": GO,
    "elixir": "a script; its application file says it",
    "firefox": "no program tells it, `application.ini` does",
    "haskell-cabal": PATH,
    "haskell-ghc": PATH,
    "java-jdk-openjdk": JAVA,
    "java-jdk-oracle": JAVA,
    "java-jre-openjdk": JAVA,
    "java-jre-openjdk-arm64-eclipse": JAVA,
    "java-jre-openjdk-eclipse": JAVA,
    "mysql": LONE,
    "ndbd": PATH,
    "ndbmtd": PATH,
    "percona-xtrabackup": PATH,
    "swipl": PATH,
    "envoy": LONE,
    "bun": "made by hand, not of a real program, which has the version in another sentence",
    "python-duplicates": SIGN,
    "python-with-incorrect-match": SIGN,
}
"""Folders where we say nothing."""

DAMAGED = {
    # the bytes went through a text encoding, and the text's beginning is lost: `\u00dcc 1.50.0 (cb75ad5db 2021-02-10)`
    "libstd-f6f9eec1635e636a.dylib",
    "libstd-16f2b65e77054c42.dylib",
}
"""Pieces that are not what was in the file; neither of them."""


def pieces():
    """(file's name, its bytes as a program, version that the folder is named after, what it is said to be)"""
    stated = {}
    for table in json.loads(TABLE.read_text()) if TABLE.is_file() else []:
        if table["func"] == "Test_Cataloger_PositiveCases":
            stated = {case["logicalFixture"]: case.get("expected", {}).get("PURL") for case in table["cases"]}
    for path in sorted((PIECES / "snippets").rglob("*")):
        parts = path.relative_to(PIECES / "snippets").parts
        if path.is_file():
            data = path.read_bytes()
            data = data[data.find(MARK) + len(MARK) :] if MARK in data else data
            whole = macho({"__cstring": data}) if parts[2].startswith("darwin") else elf({".rodata": data})
            yield pytest.param(parts[0], path.name, whole, stated.get("/".join(parts[:3])), id="/".join(parts))


def said(name, data):
    """The purls of what a file is, if the core would ask about it."""
    if not is_wanted(ANALYZER, name, len(data), data):
        return []
    return [f"pkg:{one.type}/{one.name}@{one.version}" for one in ANALYZER.analyze(File(name, data), Files({}))]


RENAMED = {
    "pkg:generic/heimdal-krb5": "pkg:generic/heimdal",
    "pkg:github/fluent/fluent-bit": "pkg:generic/fluent-bit",
}
"""The other tool's names: not the project's, and not where it was installed from."""


@pytest.mark.parametrize(("folder", "name", "data", "stated"), list(pieces()))
def test_pieces(folder, name, data, stated):
    """What another tool says, or nothing for a reason."""
    if folder in OTHER or name in DAMAGED:
        assert said(name, data) == []
        return
    if stated is None:
        stated = f"pkg:generic/{folder}@"
    kind, _, version = stated.partition("@")
    assert all(purl.startswith(f"{RENAMED.get(kind, kind)}@{version}") for purl in said(name, data))
    assert said(name, data)


@pytest.mark.parametrize("path", sorted(path for path in (PIECES / "negative").rglob("*") if path.is_file()))
def test_negatives(path):
    """Files that only have a name, even with the head of a program."""
    assert said(path.name, path.read_bytes()) == []
    assert said(path.name, elf({".rodata": path.read_bytes()})) == []


def test_mutations():
    """Damaged pieces are what they were, something else of a like version, nothing, or `Malformed`; in bounded time."""
    dice = random.Random(7)
    files = [(param.values[1], param.values[2]) for param in pieces()]
    known = [(name, data) for name, data in files if is_wanted(ANALYZER, name, len(data), data)]
    for _ in range(MUTATIONS):
        name, data = dice.choice(known)
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(damaged))
            damaged[at : at + dice.choice((0, 1, 4))] = dice.randbytes(dice.choice((0, 1, 4)))
        try:
            found = list(ANALYZER.analyze(File(name, bytes(damaged)), Files({})))
        except Malformed:
            continue
        assert len(found) <= 1
