"""haskell: what its records give, and that nothing else comes of any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.haskell import ANALYZER


@pytest.mark.parametrize("case", cases_of("haskell"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


LINE = st.sampled_from(
    ["name: a", "version: 1", "id: a-1", "depends: a-1 b-1", "    b-1", "package-name: c", "---", ""]
)


@given(st.lists(LINE | st.text(max_size=20), max_size=9), st.binary(max_size=60))
def test_anything(lines, data):
    """Any lines and any bytes."""
    database = "usr/lib/ghc/package.conf.d/"
    text = "\n".join(lines).encode("utf-8", "replace")
    survives(
        ANALYZER, {database + "a.conf": text, database + "b.conf": data, database + "c.conf": "name: c\nversion: 1"}
    )
