"""perl: what its records give, and that nothing else comes of any bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import installed
from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.perl import ANALYZER


@pytest.mark.parametrize("case", cases_of("perl"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("dist", "name", "version"),
    [
        ("libwww-perl-6.67", "libwww-perl", "6.67"),
        ("Foo-Bar-v1.2.3", "Foo-Bar", "v1.2.3"),
        ("Foo-2Bar-0.01_02", "Foo-2Bar", "0.01_02"),
        ("Foo-1.0-TRIAL", "Foo", "1.0-TRIAL"),
    ],
)
def test_distributions(dist, name, version):
    """An archive's name tells distribution and version."""
    [item], _ = installed(ANALYZER, {f"lib/.meta/{dist}/install.json": json.dumps({"dist": dist})})
    assert (item.package.name, item.package.version) == (name, version)


WORDS = ["name", "version", "dist", "pathname", "provides", "prereqs", "runtime", "requires", "license", "author"]
JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=12) | st.sampled_from(["A-1", "A/AB/ABC/A-1.tar.gz", "mit", "A"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(WORDS), JSON), st.dictionaries(st.sampled_from(WORDS), JSON), st.binary())
def test_anything(record, meta, data):
    """Any JSON and any bytes."""
    files = {"lib/.meta/A-1/install.json": json.dumps(record), "lib/.meta/A-1/MYMETA.json": json.dumps(meta)}
    survives(ANALYZER, {**files, "lib/.meta/B-1/install.json": data})
