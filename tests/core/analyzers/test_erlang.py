"""erlang: what its records give, and that nothing else comes of any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.erlang import ANALYZER


@pytest.mark.parametrize("case", cases_of("erlang"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


PIECES = [
    "application",
    ",",
    "{",
    "}",
    "[",
    "]",
    '"1.0"',
    "a",
    "vsn",
    ".",
    "<<",
    ">>",
    "applications",
    "|",
    "'b'",
    "$x",
]


@given(st.lists(st.sampled_from(PIECES), max_size=24), st.binary(max_size=60))
def test_anything(pieces, data):
    """Any pieces of terms and any bytes."""
    keys = " ".join(pieces)
    files = {
        "lib/a-1/ebin/a.app": keys,
        "lib/b-1/ebin/b.app": f'{{application, b, [{{vsn, "1"}}, {keys}]}}.',
        "lib/c-1/ebin/c.app": data,
        "deps/d/hex_metadata.config": data,
    }
    survives(ANALYZER, files)
