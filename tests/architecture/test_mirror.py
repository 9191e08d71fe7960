"""`tests/` mirrors `src/`."""

from sources import ROOT, modules

UNTESTED = {
    "stellaops_core/analyzers/analyzer": "protocols and records; every analyzer's tests use them",
    "stellaops_core/component": "records; the tests of analyzers, scan and sbom use them",
    "stellaops_core/entrytrace/process": "records; the tests of the trace and of each language use them",
    "stellaops_core/entrytrace/root": "a protocol; tests/core/scan/test_rootfs.py holds what fills it",
    "stellaops_core/entrytrace/shell/syntax": "records; the shell's tests use them",
    "stellaops_core/sbom/fleet_rows": "tests/core/sbom/test_fleet_writer.py goes through it",
    "stellaops_core/sbom/sbom": "records; the formats' tests use them",
    "stellaops_core/scan/assemble": "tests/core/scan/test_scan.py and the properties go through it",
    "stellaops_core/scan/compose": "tests/properties/test_compose.py",
    "stellaops_core/scan/options": "records",
    "stellaops_core/scan/read": "tests/core/scan/test_scan.py goes through it",
    "stellaops_core/stores/blobs": "a port; its backend's tests hold it",
    "stellaops_core/version": "one line",
    "stellaops_cli/__main__": "tests/e2e",
    "stellaops_cli/app": "tests/cli/test_parser.py holds it to the other parser",
    "stellaops_cli/commands/completion": "tests/cli/test_completion.py and tests/e2e",
    "stellaops_cli/commands/explain": "tests/e2e",
    "stellaops_cli/commands/export": "tests/e2e",
    "stellaops_cli/commands/scan": "tests/e2e",
    "stellaops_cli/options": "a table; tests/cli/test_reference.py and test_parser.py hold it",
    "stellaops_cli/suggest": "tests/cli/test_parser.py and tests/e2e see its hints",
}
"""Modules without a test file of their own, and why."""

FOLDERS = {"stellaops_core": "core", "stellaops_cli": "cli"}
PAGES = {"tests/cli/test_reference.py"}
"""Tests of pages, not of a module."""


def test_file_of(source):
    *folders, name = source.name.split(".")
    return "/".join(["tests", FOLDERS[source.package], *folders, f"test_{name.strip('_')}.py"])


test_file_of.__test__ = False


def key(source):
    return f"{source.package}/{source.name.replace('.', '/')}"


def test_every_module_has_its_tests():
    """A test file at the same place, or a reason."""
    missing = {key(source) for source in modules() if not (ROOT / test_file_of(source)).is_file()}
    assert sorted(missing - set(UNTESTED)) == []
    assert sorted(set(UNTESTED) - missing) == [], "these have tests now, or are gone"


def test_every_test_file_has_its_module():
    """No test file stays behind when its module is renamed."""
    expected = {test_file_of(source) for source in modules()} | PAGES
    found = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS.values()
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    assert sorted(found - expected) == []
