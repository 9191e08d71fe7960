"""Lists of images without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.rpm_manifest import NAMES_CONFIDENCE, read_names, read_table

ROW = "glibc\t2.35-6.cm2\t1712182042\t1712153735\tA Vendor\t(none)\t10269049\tx86_64\t0\tglibc-2.35-6.cm2.src.rpm\n"


def test_table():
    """Name, version, vendor, architecture and source of each line."""
    (found,) = read_table(ROW.encode())
    assert (found.name, found.version, found.supplier) == ("glibc", "2.35-6.cm2", "A Vendor")
    assert found.qualifiers == {"arch": "x86_64"}
    assert found.properties == (("stella:rpm:sourceRpm", "glibc-2.35-6.cm2.src.rpm"),)


def test_epochs():
    """The epoch is a number, or there is none."""
    row = ROW.replace("(none)", "2").replace("\t0\t", "\t2\t")
    (found,) = read_table(row.encode())
    assert (found.version, found.qualifiers["epoch"]) == ("2:2.35-6.cm2", "2")


def test_names():
    """Bare names split from their end; that they hold no epoch makes them less sure."""
    found = list(read_names(b"python3-libs-3.9.14-5.cm2.x86_64\r\nca-certificates-base-2.0.0-8.cm2.noarch\n\n"))
    assert [(one.name, one.version, one.qualifiers["arch"]) for one in found] == [
        ("python3-libs", "3.9.14-5.cm2", "x86_64"),
        ("ca-certificates-base", "2.0.0-8.cm2", "noarch"),
    ]
    assert {one.confidence for one in found} == {NAMES_CONFIDENCE}


@pytest.mark.parametrize(
    ("read", "bad", "good"),
    [
        (read_table, "glibc\t2.35-6.cm2", ROW),
        (read_table, ROW.replace("2.35-6", "2.35"), ROW),
        (read_table, ROW.replace("\t0\t", "\tx\t"), ROW),
        (read_table, ROW.replace("glibc\t", "gl ibc\t"), ROW),
        (read_names, "name", "a-1-1.x86_64\n"),
        (read_names, "a-1.x86_64", "a-1-1.x86_64\n"),
        (read_names, "a-1-1 b.x86_64", "a-1-1.x86_64\n"),
        (read_names, "-1-1.x86_64", "a-1-1.x86_64\n"),
    ],
)
def test_damage_hides_nothing_else(read, bad, good):
    """A damaged line costs itself only."""
    found = []
    with pytest.raises(Malformed, match="1 of 3 lines are damaged"):
        found.extend(read(f"{good}{bad}\n{good}".encode()))
    assert len(found) == 2


@pytest.mark.property
@given(st.sampled_from([read_table, read_names]), st.text(alphabet="a1-.\t\n (", max_size=80))
def test_anything(read, text):
    """Whatever the lines: packages, or Malformed."""
    try:
        found = list(read(text.encode()))
    except Malformed:
        return
    assert all(one.name and "-" in one.version for one in found)
