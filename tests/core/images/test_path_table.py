"""A table gives back what was put into it, compressed or not, and has an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.errors import Unsupported
from stellaops_core.images import path_table as module
from stellaops_core.images.path_table import PathTable, paths_of, read_groups

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=4)
PLACES = st.lists(NAMES, max_size=2).map("/".join)


def table_of(paths, limit=1 << 20):
    table = PathTable(limit)
    for directory, name in paths:
        table.add(directory, name)
    return table


def joined(paths):
    return [f"{directory}/{name}" if directory else name for directory, name in paths]


@pytest.fixture(params=[1 << 20, 1])
def piece(request, monkeypatch):
    """Pieces as they are, and pieces of one group."""
    monkeypatch.setattr(module, "PIECE", request.param)


@pytest.mark.usefixtures("piece")
def test_everything_comes_back():
    """In the same order, while it grows and from its bytes; also what is more than one group."""
    paths = [("a", "x"), ("a/b", "y"), ("a", "z"), ("", "top"), *(("many", str(number)) for number in range(3000))]
    table = table_of(paths)
    assert list(paths_of(table.groups())) == joined(paths)
    assert list(paths_of(read_groups(table.encode()))) == joined(paths)
    table.add("a", "last")
    assert list(paths_of(table.groups())) == [*joined(paths), "a/last"]


@given(st.lists(st.tuples(PLACES, NAMES), max_size=30), st.lists(NAMES, min_size=1, max_size=2).map("/".join))
def test_without(paths, gone):
    """A path and all below it go, and nothing else; the bytes depend on what was added alone."""
    table = table_of(paths)
    assert table.encode() == table_of(paths).encode()
    kept = [path for path in joined(paths) if path != gone and not path.startswith(gone + "/")]
    assert list(paths_of(table.without(gone).groups())) == kept
    assert list(paths_of(read_groups(table.encode()))) == joined(paths)


def test_it_has_an_end():
    """Beyond its limit a table refuses what is added."""
    with pytest.raises(Unsupported, match="more than 100 bytes"):
        table_of([(f"d{number}", "x") for number in range(100)], limit=100)


@given(st.binary(max_size=40), st.integers(0, 200))
def test_damaged_bytes_are_refused(extra, at):
    """Cut, or followed by anything: a ValueError, never another exception."""
    data = table_of([("a", "x"), ("b", "y")]).encode()
    for damaged in (data[:at], data[:at] + extra + data[at:]):
        try:
            list(read_groups(damaged))
        except ValueError:
            continue
