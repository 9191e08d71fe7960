"""The container: nothing in it goes unchecked."""

import random

import pytest

from core.sbom.index_files import HEADER, places, rebuilt, signed
from core.sbom.samples import SAMPLE
from stellaops_core.errors import TargetError
from stellaops_core.sbom.index import encode
from stellaops_core.sbom.index_format import HAS_INVENTORY, LAYERS, MAGIC, OPTIONAL, REFS, USED, Container

DATA = encode(SAMPLE)


def opened(data):
    container = Container(memoryview(data))
    container.check()
    return container


def test_sections_are_found():
    """Each section's bytes as they were given; the header's digest names the file."""
    container = opened(DATA)
    assert container.section(REFS) == DATA[slice(*places(DATA)[REFS])]
    assert container.digest == opened(bytes(DATA)).digest
    assert all(start % 8 == 0 for start, _ in places(DATA).values())


def test_every_byte_counts():
    """Whatever single byte is changed, the file is refused; so is each shorter one, and a longer one."""
    chosen = random.Random(1)
    for at in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[at] ^= chosen.randrange(1, 256)
        with pytest.raises(TargetError):
            opened(damaged)
    for length in range(len(DATA)):
        with pytest.raises(TargetError):
            opened(DATA[:length])
    with pytest.raises(TargetError):
        opened(DATA + b"\0")


def test_rebuilding_changes_nothing():
    """The helper of these tests gives a sound file, so that what they refuse is refused for its lie."""
    assert rebuilt(DATA, {}) == DATA == signed(DATA)


@pytest.mark.parametrize(
    ("changes", "header", "reason"),
    [
        ({REFS: None}, {}, "lacks sections"),
        ({USED: b""}, {}, "lacks sections"),
        ({99: b""}, {}, "lacks sections"),
        ({}, {"flags": 3}, "lacks sections"),
        ({}, {"flags": 0}, "no meaning"),
        ({}, {"flags": HAS_INVENTORY | 4}, "no meaning"),
        ({}, {"size": len(DATA) + 1}, "states"),
        ({}, {"count": 65}, "does not fit"),
    ],
)
def test_lies(changes, header, reason):
    """A table or header that contradicts the format, though all digests are right."""
    with pytest.raises(TargetError, match=reason):
        opened(rebuilt(DATA, changes, **header))


def test_later_sections_are_passed_over():
    """A minor version may add sections; they count for the digest, and nothing else."""
    later = bytearray(rebuilt(DATA, {OPTIONAL: b"more"}))
    later[10] = 7
    assert opened(signed(later)).section(LAYERS) == opened(DATA).section(LAYERS)


def test_other_versions_are_told_apart():
    """Another major version is no damage, and the message says so."""
    later = bytearray(DATA)
    later[8] = 2
    with pytest.raises(TargetError, match="version 2; this program reads version 1"):
        opened(later)


def test_places_must_follow_one_another():
    """Sections may not overlap, leave gaps, hide bytes between them, or be out of order."""
    first = HEADER.size
    for at, change in ((first + 8, 8), (first + 16, 8), (first + 4, 1), (first, 1)):
        damaged = bytearray(DATA)
        damaged[at] += change
        with pytest.raises(TargetError, match=r"follow one another|not in order|lacks sections"):
            opened(signed(damaged))
    ends = [end for _, end in places(DATA).values() if end % 8]
    hidden = bytearray(DATA)
    hidden[ends[0]] = 1
    with pytest.raises(TargetError, match="follow one another"):
        opened(hidden)
    longer = bytearray(DATA + b"\0")
    HEADER.pack_into(longer, 0, MAGIC, *HEADER.unpack_from(DATA)[1:8], len(longer))
    with pytest.raises(TargetError, match="after its last"):
        opened(signed(longer))
