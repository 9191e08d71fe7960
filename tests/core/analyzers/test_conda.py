"""conda: what its records give, and that nothing else comes of any bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import find, installed, is_wanted
from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins, OwnedFiles
from stellaops_core.analyzers.conda import ANALYZER


@pytest.mark.parametrize("case", cases_of("conda"))
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
        ("conda-meta/a-1-0.json", True),
        ("opt/conda/envs/x/conda-meta/a-1-0.json", True),
        ("opt/conda/conda-meta/history", False),
        ("opt/conda/conda-meta/deeper/a.json", False),
        ("opt/my-conda-meta/a.json", False),
        ("opt/conda/pkgs/a/info/index.json", False),
    ],
)
def test_wants(path, wanted):
    """Records of a prefix, not those of the package cache."""
    assert is_wanted(ANALYZER, path) is wanted


def test_files_belong_to_it():
    """Paths are the image's; what points out of the prefix is left out."""
    record = json.dumps({"name": "a", "version": "1", "files": ["lib/a", "/etc/passwd", "../b", "c\nd", 1]})
    found, _ = find(ANALYZER, {"opt/conda-meta/a-1-0.json": record, "conda-meta/a-1-0.json": record})
    lists = {path: [item.paths for item in items if isinstance(item, OwnedFiles)] for path, items in found.items()}
    assert lists == {"conda-meta/a-1-0.json": ["lib/a"], "opt/conda-meta/a-1-0.json": ["opt/lib/a"]}


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("https://conda.example.org/conda-forge/linux-64", "conda-forge"),
        ("https://conda.example.org/t/a-token/private", "private"),
        ("https://repo.example.org/pkgs/main/noarch", "main"),
        ("pkgs/main", "main"),
        ("conda-forge", "conda-forge"),
        ("https://conda.example.org", "conda.example.org"),
        ("<unknown>", "<unknown>"),
        ("", ""),
    ],
)
def test_channels(channel, name):
    """The channel's own name; never a token."""
    record = json.dumps({"name": "a", "version": "1", "channel": channel, "subdir": "linux-64"})
    [item], _ = installed(ANALYZER, {"conda-meta/a.json": record})
    assert dict(item.purl.qualifiers).get("channel", "") == name


FIELDS = ["name", "version", "build", "channel", "subdir", "fn", "url", "license", "md5", "depends", "files", "noarch"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=12) | st.sampled_from(["a", "b >=1", "c"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=10), max_size=3), st.binary(max_size=60))
def test_anything(documents, data):
    """Any JSON and any bytes."""
    files = {f"opt/conda-meta/{number}.json": json.dumps(item) for number, item in enumerate(documents)}
    survives(ANALYZER, {**files, "opt/conda-meta/x.json": data})
