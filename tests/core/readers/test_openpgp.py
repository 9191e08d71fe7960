"""OpenPGP: which key a signature names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpm_files import signature
from stellaops_core.readers.openpgp import PACKET_LIMIT, read_key_ids

KEY = "199e2f91fd431d51"


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize(
    ("version", "fingerprint"), [(3, False), (4, False), (4, True), (6, True)], ids=["3", "4", "4 whole", "6"]
)
def test_versions(version, fingerprint, old):
    """All versions, key ids and whole fingerprints, in packets of the old and the new form."""
    assert read_key_ids(signature(KEY, version=version, fingerprint=fingerprint, old=old)) == (KEY,)


def test_several():
    """Each key once, in order; packets that are no signatures are passed over."""
    other = "0123456789abcdef"
    data = signature(KEY) + b"\xb4\x03abc" + signature(other, version=3) + signature(KEY)
    assert read_key_ids(data) == (KEY, other)


def test_bounded():
    """No more packets than the limit are looked at."""
    padding = b"\xb4\x01x" * PACKET_LIMIT
    assert read_key_ids(padding + signature(KEY)) == ()


@pytest.mark.property
@given(st.binary(max_size=60), st.integers(0, 40))
def test_anything(data, cut):
    """Whatever the bytes: key ids of 16 digits, or none."""
    for given_ in (data, signature(KEY)[:cut] + data, b"\xc2" + data, b"\x88\x30\x04" + data):
        assert all(len(key) <= 16 for key in read_key_ids(given_))
