"""The registry of formats."""

import subprocess
import sys

import pytest
from hypothesis import given, settings

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core.errors import UsageError
from stellaops_core.sbom.formats import FORMATS, encode
from stellaops_core.sbom.stella_json import decode
from stellaops_core.sbom.stella_json import encode as stella_json

BINARY = {"cdx-pb"}


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - BINARY))
def test_formats_write_text_that_ends(name):
    """Each format has an encoder; its documents are UTF-8 and end with one newline."""
    text = encode(name, SAMPLE).decode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@settings(max_examples=25)
@given(sboms())
def test_equal_sboms_give_equal_bytes(sbom):
    """A bill of materials that was made anew from its parts gives the same documents."""
    again = decode(stella_json(sbom))
    assert again is not sbom
    for name in FORMATS:
        assert encode(name, sbom) == encode(name, again)


def test_names_are_keys():
    """Names, endings and media types tell formats apart."""
    assert [one.name for one in FORMATS.values()] == list(FORMATS)
    assert (
        len({one.ending for one in FORMATS.values()})
        == len({one.media_type for one in FORMATS.values()})
        == len(FORMATS)
    )


def test_unknown_format():
    """The error names the formats there are."""
    with pytest.raises(UsageError) as caught:
        encode("cdx", SAMPLE)
    assert "cdx-json" in caught.value.hint


def test_registry_and_table_load_no_encoder():
    """Listing formats and printing the table, which every cached scan does, import no JSON encoder's module."""
    code = (
        "import sys, stellaops_core.sbom.formats, stellaops_core.sbom.summary;"
        "print(sorted({'orjson', 'json', 'stellaops_core.licenses', 'stellaops_core.sbom.stella_json',"
        "'stellaops_core.sbom.cyclonedx_json', 'asyncio', 'dataclasses', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
