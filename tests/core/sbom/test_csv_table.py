"""The table for spreadsheets."""

import csv
import io

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.samples import REQUESTS, SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.sbom.csv_table import COLUMNS, encode
from stellaops_core.sbom.text import escape_path


def rows(sbom):
    """As a reader of RFC 4180 sees it."""
    return list(csv.reader(io.StringIO(encode(sbom).decode(), newline=""), strict=True))


@settings(max_examples=25)
@given(used_sboms())
def test_every_component_is_a_row(sbom):
    """As many cells as columns, whatever is in them; lines end with CR LF."""
    head, *body = rows(sbom)
    assert tuple(head) == COLUMNS
    assert [row[0] for row in body] == [component.ref for component in sbom.components]
    for row, component in zip(body, sbom.components, strict=True):
        assert len(row) == len(COLUMNS)
        assert row[2].removeprefix("'") == component.name.removeprefix("'")
        assert row[5] == ("" if component.layer < 0 else str(component.layer))
        assert {escape_path(one.path) for one in component.evidence} >= {
            row[6].split("; ")[0].removeprefix("'")
        } or "; " in row[6]
        assert row[8] == (component.use.level if component.use else "")
    assert encode(sbom).endswith(b"\r\n")


@settings(max_examples=25)
@given(used_sboms())
def test_no_cell_is_a_formula(sbom):
    """Of any row."""
    assert not [cell for row in rows(sbom) for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@babel/core", "'@babel/core"),
        ('a"b', '"a""b"'),
        ("a,b", '"a,b"'),
        ("a\nb", '"a\nb"'),
        ("-x,", '"\'-x,"'),
        ("a\ud800", "a\ufffd"),
    ],
)
def test_cells(name, cell):
    """Quotes where they are needed, an apostrophe before what would be computed."""
    data = encode(replace(SAMPLE, components=(replace(SAMPLE.components[0], name=name),))).decode()
    assert f",deb,{cell}," in data


def test_lists():
    """Are put together in one cell."""
    row = next(row for row in rows(SAMPLE) if row[0] == REQUESTS)
    assert row[4] == "Apache-2.0; see NOTICE"
