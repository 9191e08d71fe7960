"""BOM-Links come back, and are what the schema allows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sbom.strategies import NAMES
from stellaops_core.sbom.links import BomLink, parse_bom_link

SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
SCHEMA = re.compile(r"urn:cdx:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[1-9][0-9]*(#.+)?")
URI = re.compile(r"[A-Za-z0-9:/?#@!$&'()*+,;=._~%-]+")


@given(st.uuids(), st.integers(1, 10**9 - 1), st.one_of(st.just(""), NAMES))
def test_links_come_back(serial, version, ref):
    """Whatever characters a `bom-ref` has; and they are URIs by the schema's pattern."""
    link = BomLink(serial.urn, version, ref)
    assert parse_bom_link(str(link)) == link
    assert SCHEMA.fullmatch(str(link))
    assert URI.fullmatch(str(link))


def test_a_package_url_stays_readable():
    """Only what would end a fragment, or begin an escape, is escaped."""
    link = BomLink(SERIAL, ref="pkg:npm/%40a/b@1?x=y#sub")
    assert str(link).endswith("/1#pkg:npm/%2540a/b@1?x=y%23sub")


@pytest.mark.parametrize(
    "text",
    ["", SERIAL, "urn:cdx:x/1", f"urn:cdx:{SERIAL[9:]}", f"urn:cdx:{SERIAL[9:]}/0", f"urn:cdx:{SERIAL[9:]}/1#%FF"],
)
def test_other_text_is_refused(text):
    """With a `ValueError`."""
    with pytest.raises(ValueError):
        parse_bom_link(text)
