"""Values as they are written."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_cli.values import COUNT_LIMIT, EPOCH_LIMIT, KINDS, read_value, write_value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("size", "0", 0),
        ("size", "512", 512),
        ("size", "10GB", 10_000_000_000),
        ("size", "10 gib", 10 * 1024**3),
        ("size", "1kB", 1000),
        ("age", "90s", 90),
        ("age", "30d", 30 * 86400),
        ("age", "2W", 1_209_600),
        ("switch", "YES", True),
        ("switch", "0", False),
        ("count", "1", 1),
        ("epoch", "0", 0),
        ("epoch", str(EPOCH_LIMIT), EPOCH_LIMIT),
        ("text", "x y", "x y"),
    ],
)
def test_reads(kind, text, value):
    """Each kind of value, in the spellings people use."""
    assert read_value(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("size", text) for text in ("", "GB", "-1", "1.5GB", "10XB", "10 G B", "٣GB", "9" * 30)),
        *(("age", text) for text in ("", "30", "d", "30y", "-1d")),
        *(("switch", text) for text in ("", "maybe", "2")),
        *(("count", text) for text in ("", "0", "-1", "1.0", "²", str(COUNT_LIMIT + 1), "one")),
        *(("epoch", text) for text in ("", "-1", "now", str(EPOCH_LIMIT + 1))),
        *(("text", text) for text in ("", "a\0b")),
    ],
)
def test_refuses(kind, text):
    """What is no value of the kind is refused."""
    with pytest.raises(ValueError, match=r"\S"):
        read_value(kind, text)


def test_choices_are_checked():
    """A choice outside the list is refused with the list."""
    with pytest.raises(ValueError, match=r"'sometimes' is not one of auto, always, never"):
        read_value("text", "sometimes", ("auto", "always", "never"))


@pytest.mark.property
@given(st.sampled_from(sorted(KINDS)), st.text())
def test_any_text_is_read_or_refused(kind, text):
    """No text makes a reader fail in another way than by `ValueError`."""
    with contextlib.suppress(ValueError):
        read_value(kind, text)


@pytest.mark.property
@given(st.sampled_from(["size", "age", "epoch"]), st.integers(0, EPOCH_LIMIT))
def test_written_values_are_read_back(kind, value):
    """What `config show` prints may be put into a configuration file."""
    assert read_value(kind, write_value(kind, value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("size", 10**10, "10GB"),
        ("size", 1536, "1536"),
        ("size", 1 << 30, "1GIB"),
        ("age", 2592000, "30d"),
        ("age", 0, "0s"),
    ],
)
def test_writes(kind, value, text):
    """In the largest unit that fits without a remainder."""
    assert write_value(kind, value) == text
