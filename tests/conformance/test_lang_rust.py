"""Rust crates against other projects' tables over the same programs."""

import json
import os
import random
import zlib
from pathlib import Path

import pytest

from analyses import installed
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.rust import ANALYZER
from stellaops_core.readers.programs import read_programs
from stellaops_core.readers.rust_audit import parse_audit

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
RUST = FIXTURES / "lang-rust"
TRIVY = RUST / "aquasecurity+trivy" / "pkg" / "dependency" / "parser" / "rust" / "binary"
SCALIBR = RUST / "google+osv-scalibr" / "extractor" / "filesystem" / "language" / "rust" / "cargoauditable"
INSPECTOR = RUST / "aboutcode-org+rust-inspector" / "tests" / "data" / "binary-with-deps"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not RUST.is_dir(), reason="no fixtures: set STELLA_FIXTURES (lang-rust not found)"),
]


def cases(folder, var):
    path = RUST / "expected" / folder.relative_to(RUST).parent / f"{folder.name}.json"
    return [case for one in json.loads(path.read_text()) if one["var"] == var for case in one["cases"]]


def crates(path):
    """{name@version: what it depends on}"""
    items, unread = installed(ANALYZER, {"usr/bin/app": path.read_bytes()})
    assert unread == {}
    names = {str(item.purl): f"{item.package.name}@{item.package.version}" for item in items}
    return {names[str(item.purl)]: sorted(names[purl] for purl in item.depends) for item in items}


def test_trivy():
    """Crates and edges are Trivy's."""
    found = crates(TRIVY / "testdata" / "test.elf")
    assert set(found) == {one["ID"] for one in cases(TRIVY, "pkgs")}
    edges = {one["ID"]: one["DependsOn"] for one in cases(TRIVY, "deps")}
    assert {name: needed for name, needed in found.items() if needed} == edges


@pytest.mark.parametrize("name", ["uses_serde_json", "no_deps"])
def test_scalibr(name):
    """Crates are those of osv-scalibr."""
    (case,) = (one for one in cases(SCALIBR, "tests") if one["name"] == name and "wantPackages" in one)
    wanted = {f"{one['Name']}@{one['Version']}" for one in case["wantPackages"]}
    assert set(crates(SCALIBR / "testdata" / name / name)) == wanted


def test_rust_inspector():
    """Crates are those of rust-inspector, but for those that only the build needed."""
    listed = json.loads((INSPECTOR / "cargo_dependencies-packages.json").read_text())
    found = crates(INSPECTOR / "cargo_dependencies")
    run = {f"{one['name']}@{one['version']}" for one in listed["packages"] if one.get("kind") != "build"}
    assert run == set(found)
    assert len(run) == len(listed["packages"]) - 1


def test_damaged_records():
    """Of ten thousand damaged records none raises anything but what it may."""
    (program,) = read_programs((SCALIBR / "testdata" / "uses_serde_json" / "uses_serde_json").read_bytes())
    data = program.bytes_of(program.section(".dep-v0"), 4096)
    chance, read = random.Random(22), 0
    text = b'{"packages":[{"name":"a","version":"1.0","source":"git","dependencies":[0]}]}'
    for number in range(10_000):
        changed = bytearray(text if number % 2 else data)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            parse_audit(zlib.compress(changed) if number % 2 else bytes(changed))
            read += 1
        except (Malformed, ValueError) as error:
            assert str(error)  # noqa: PT017
    assert read
