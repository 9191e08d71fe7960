"""The order of imports: one list in ARCHITECTURE.md, in pyproject.toml and in the folders, and nobody breaks it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sources import ROOT, section


@pytest.fixture(scope="module")
def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@pytest.fixture(scope="module")
def layers(contracts):
    return next(contract for contract in contracts if contract["type"] == "layers")["layers"]


def test_the_map_is_the_contract(layers):
    """ARCHITECTURE.md lists the core's packages in the order that is enforced, from the top down."""
    text = section((ROOT / "ARCHITECTURE.md").read_text(), "Order of imports")
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == layers


def test_the_contract_is_the_folders(layers):
    """Every package and module at the top of the core has its place in the order; none is listed that isn't there."""
    found = {
        path.stem
        for path in (ROOT / "src/stellaops_core").iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert sorted(layers) == sorted(found)


def test_the_contracts_hold():
    """import-linter finds nothing."""
    program = str(Path(sys.executable).parent / "lint-imports")
    ran = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_the_contracts_can_break(tmp_path, contracts):
    """The tool and its configuration notice a module that reaches up, and one that speaks HTTP."""
    layered = next(contract for contract in contracts if contract["type"] == "layers")
    http = next(contract for contract in contracts if "httpx" in contract.get("forbidden_modules", ()))
    package = tmp_path / "probe"
    for name, text in {"scan": "", "errors": "import probe.scan\nimport httpx\n"}.items():
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text(text)
    (package / "__init__.py").touch()
    chosen = [name for name in layered["layers"] if name in {"scan", "errors"}]
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = probe\ninclude_external_packages = True\n"
        "[importlinter:contract:1]\nname = order\ntype = layers\ncontainers = probe\nlayers =\n"
        + "".join(f"    {name}\n" for name in chosen)
        + "[importlinter:contract:2]\nname = http\ntype = forbidden\nsource_modules = probe\nforbidden_modules =\n"
        + "".join(f"    {name}\n" for name in http["forbidden_modules"])
    )
    program = str(Path(sys.executable).parent / "lint-imports")
    ran = subprocess.run(
        [program, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 1
    assert "order BROKEN" in ran.stdout
    assert "http BROKEN" in ran.stdout
