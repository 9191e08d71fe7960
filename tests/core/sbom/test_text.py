"""Paths survive documents; other text is made valid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.sbom.text import escape_path, unescape_path, valid


@given(st.binary(max_size=40))
def test_any_file_name_survives(data):
    """Whatever bytes a path is made of come back, and the escaped form is valid UTF-8 without control characters."""
    path = data.decode("utf-8", "surrogateescape")
    escaped = escape_path(path)
    assert unescape_path(escaped) == path
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in escaped)
    escaped.encode()


@given(st.text(st.characters()))
def test_any_string_can_be_escaped(text):
    """Not even a string that no file system yields (a high surrogate) makes escaping fail."""
    escape_path(text).encode()


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("usr/lib/a b+c@1/caf\u00e9.so", "usr/lib/a b+c@1/caf\u00e9.so"),
        ("100%", "100%25"),
        ("a\nb\x1b[31m", "a%0Ab%1B[31m"),
        ("\udcff", "%FF"),
        ("\x85", "%C2%85"),
    ],
)
def test_only_what_must_be_is_escaped(path, escaped):
    """Ordinary names, spaces and non-Latin letters included, stay readable."""
    assert escape_path(path) == escaped


@pytest.mark.parametrize("text", ["%", "50%", "%2", "%zz", "%c3"])
def test_a_stray_percent_sign_is_refused(text):
    """What `escape_path` never writes is an error, not a guess."""
    with pytest.raises(ValueError, match="not an escaped path"):
        unescape_path(text)


def test_lone_surrogates_are_replaced_everywhere():
    """Keys and values at any depth become valid Unicode; other values stay."""
    assert valid({"\ud800": ["a\udcff", {"n": 1}, ("x",)]}) == {"\ufffd": ["a\ufffd", {"n": 1}, ["x"]]}
