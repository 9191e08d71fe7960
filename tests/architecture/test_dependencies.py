"""What is imported is what pyproject.toml asks for."""

import ast
import re
import sys
import tomllib

from sources import PACKAGES, ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = (ROOT / "tests", ROOT / "benchmarks")
OURS = {*PACKAGES, *(path.stem for folder in FOLDERS for path in folder.iterdir() if path.suffix in {"", ".py"})}


def asked_for(requirements):
    """Names of import of what is asked for; they are the distributions' names with underscores, here."""
    return {re.match(r"[A-Za-z0-9_.-]+", one)[0].replace("-", "_") for one in requirements if isinstance(one, str)}


def imported(trees):
    """Top-level modules of others that are imported anywhere, lazily and for types included."""
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - OURS - set(sys.stdlib_module_names)


def test_the_product_imports_what_it_installs():
    """No dependency is missing, and none is installed for nothing."""
    found = imported(source.parse() for source in modules())
    assert sorted(found) == sorted(asked_for(PROJECT["project"]["dependencies"]))


def test_the_tests_import_what_their_group_installs():
    """A clean environment with the project and the group `test` can run all tests."""
    trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "tests").rglob("*.py"))]
    given = asked_for(PROJECT["project"]["dependencies"]) | asked_for(PROJECT["dependency-groups"]["test"])
    assert sorted(imported(trees) - given) == []
