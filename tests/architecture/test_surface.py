"""The library's public names."""

import ast
import subprocess
import sys

import pytest

import stellaops_core
from sources import ROOT

TREE = ast.parse((ROOT / "src/stellaops_core/__init__.py").read_text())


def imported_for_types():
    """Name to the module that type checkers see it come from."""
    found = {}
    for node in ast.walk(TREE):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stellaops_core."):
            found.update({alias.asname or alias.name: node.module for alias in node.names})
    return found


def test_three_lists_are_one():
    """`__all__`, what type checkers see and what is imported at run time name the same things of the same modules."""
    lazily = {
        name: f"stellaops_core.{module}" for module, names in stellaops_core._MODULES.items() for name in names.split()
    }
    assert imported_for_types() == lazily
    assert sorted(stellaops_core.__all__) == sorted(lazily)
    assert dir(stellaops_core) == sorted(stellaops_core.__all__)
    assert list(stellaops_core._MODULES) == sorted(stellaops_core._MODULES)


@pytest.mark.parametrize("name", stellaops_core.__all__)
def test_every_name_resolves(name):
    """To something of that name, defined in the module that is named, and it says what it is."""
    found = getattr(stellaops_core, name)
    if isinstance(found, type):
        assert (found.__name__, found.__module__) == (name, imported_for_types()[name])
    if isinstance(found, type) or callable(found):
        assert found.__doc__


def test_star_import_and_unknown_names():
    """A star gives exactly `__all__`; a name that isn't there is told as Python tells it."""
    names = {}
    exec("from stellaops_core import *", names)
    assert set(names) - {"__builtins__"} == set(stellaops_core.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = stellaops_core.nothing


def test_importing_the_package_is_free():
    """Nothing of ours or of others is imported before a name is used."""
    code = "import sys; before = set(sys.modules); import stellaops_core; print(*sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.split() == ["stellaops_core"]
