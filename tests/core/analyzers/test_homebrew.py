"""Homebrew: what receipts give, and that nothing else comes of any bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import is_wanted
from case_files import cases_of, check
from case_texts import survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.homebrew import ANALYZER


@pytest.mark.parametrize("case", cases_of("homebrew"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1/INSTALL_RECEIPT.json", True),
        ("Cellar/jq/1.7.1/INSTALL_RECEIPT.json", True),
        ("Cellar/jq/INSTALL_RECEIPT.json", False),
        ("Caskroom/app/1.0/INSTALL_RECEIPT.json", False),
        ("INSTALL_RECEIPT.json", False),
    ],
)
def test_wants(path, wanted):
    """Receipts of kegs."""
    assert is_wanted(ANALYZER, path) is wanted


WORDS = ["source", "tap", "runtime_dependencies", "full_name", "version", "pkg_version", "installed_on_request"]
JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(["a/b", "b", "1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=8,
)


@given(JSON, st.binary(max_size=60))
def test_anything(receipt, data):
    """Any JSON and any bytes."""
    kegs = {"Cellar/a/1/INSTALL_RECEIPT.json": json.dumps(receipt), "Cellar/b/1/INSTALL_RECEIPT.json": data}
    survives(ANALYZER, {**kegs, "Cellar/c c/1/INSTALL_RECEIPT.json": "{}"})
