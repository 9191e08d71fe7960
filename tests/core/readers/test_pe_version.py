"""Version resources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs import pe, version_resource
from stellaops_core.readers.pe import read_pe
from stellaops_core.readers.pe_version import STRING_LIMIT, VersionInfo, read_version

TEXTS = {"CompanyName": "Examples & Söhne", "FileVersion": "1.2-beta", "ProductName": "Thing"}
RESOURCE = version_resource(TEXTS, (1, 2, 3, 4))


def _read(resource):
    return read_version(read_pe(pe({".rsrc": resource}, directories={2: (".rsrc", len(resource))})))


def test_a_version():
    """Numbers of the fixed part, texts of the first language."""
    assert _read(RESOURCE) == VersionInfo("1.2.3.4", "1.2.3.4", tuple(TEXTS.items()))


@pytest.mark.parametrize(
    "resource", [b"", bytes(100), RESOURCE[:60], RESOURCE.replace(b"\x10\0\0\0", b"\x11\0\0\0", 1)]
)
def test_none(resource):
    """No resources, ruins, or resources of other types."""
    assert _read(resource) is None


def test_no_directory():
    """A file without resources has no version."""
    assert read_version(read_pe(pe({".text": b"x"}))) is None


def test_bounds():
    """No more texts are read than the limit says."""
    info = _read(version_resource({f"K{number}": "v" for number in range(2 * STRING_LIMIT)}, (1, 0, 0, 0)))
    assert len(info.texts) == STRING_LIMIT


@given(st.data())
def test_any_bytes(data):
    """Nothing is ever raised."""
    changed = bytearray(RESOURCE)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.sampled_from([0, 1, 4, 127, 255]))
    info = _read(bytes(changed))
    assert info is None or len(info.texts) <= STRING_LIMIT
