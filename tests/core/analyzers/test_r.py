"""r: what its records give, and that nothing else comes of any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import installed
from case_texts import cases_of, check, survives
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.r import ANALYZER


@pytest.mark.parametrize("case", cases_of("r"))
def test_case(case, request):
    """The files of a case give exactly what is expected."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("stated", "license_"),
    [
        ("MIT + file LICENSE", "MIT"),
        ("GPL-2 | GPL-3", "GPL-2 OR GPL-3"),
        ("GPL (>= 2)", "GPL-2+"),
        ("LGPL (>= 2.1) | file LICENSE", "LGPL-2.1+ OR file LICENSE"),
        ("file LICENCE", "file LICENCE"),
        ("|", "|"),
    ],
)
def test_licenses(stated, license_):
    """R's notation becomes what the core can normalise; what it can't stays as declared."""
    text = f"Package: a\nVersion: 1.0\nLicense: {stated}\nBuilt: R 4\n"
    [item], _ = installed(ANALYZER, {"lib/a/DESCRIPTION": text})
    assert item.licenses == (license_,)


LINE = st.sampled_from(
    [
        "Package: a",
        "Version: 1",
        "Built: R 4",
        "Priority: base",
        "Imports: b, c (>= 1)",
        "Repository: https://h/",
        " x",
        "",
    ]
)


@given(st.lists(LINE | st.text(max_size=20), max_size=9), st.binary(max_size=60))
def test_anything(lines, data):
    """Any lines and any bytes."""
    survives(ANALYZER, {"lib/a/DESCRIPTION": "\n".join(lines).encode("utf-8", "replace"), "lib/b/DESCRIPTION": data})
