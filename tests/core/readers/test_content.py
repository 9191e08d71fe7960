"""Texts that end with NUL."""

import pytest

from stellaops_core.readers.content import text_at


@pytest.mark.parametrize(
    ("data", "start", "end", "text"),
    [
        (b"ab\0cd", 0, 5, "ab"),
        (b"ab\0cd", 3, 5, "cd"),
        (b"abcd", 0, 2, "ab"),
        (b"ab", 9, 12, ""),
        (b"\xff\0", 0, 2, "\ufffd"),
        (b"", 0, 0, ""),
    ],
)
def test_text_at(data, start, end, text):
    """To the next NUL or to the end; outside of the content there is none."""
    assert text_at(data, start, end) == text
