"""Digests."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.digest import hasher, hexadecimal, parse_digest, sha256
from stellaops_core.errors import CorruptImage


@given(st.binary(max_size=200))
def test_what_we_make_we_read(data):
    """`sha256` gives what the standard library gives, `parse_digest` takes it, `hasher` comes to the same."""
    made = sha256(data)
    assert made == "sha256:" + hashlib.sha256(data).hexdigest()
    assert parse_digest(made) == made
    streamed = hasher(made)
    streamed.update(data)
    assert streamed.hexdigest() == hexadecimal(made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        7,
        "sha256:",
        "a" * 64,
        "sha256:" + "A" * 64,
        "SHA256:" + "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "a" * 64 + "\n",
        "sha512:" + "a" * 64,
        "md5:" + "a" * 32,
        "sha256:" + "../" * 21 + "a",
        "sha256:" + "\N{FULLWIDTH DIGIT ONE}" * 64,
    ],
)
def test_everything_else_is_refused(text):
    """Other algorithms, lengths, cases and types; the message is short whatever was given."""
    with pytest.raises(CorruptImage) as caught:
        parse_digest(text)
    assert len(caught.value.message) < 200


def test_sha512():
    """The other registered algorithm."""
    made = parse_digest("sha512:" + hashlib.sha512(b"x").hexdigest())
    streamed = hasher(made)
    streamed.update(b"x")
    assert streamed.hexdigest() == hexadecimal(made)
