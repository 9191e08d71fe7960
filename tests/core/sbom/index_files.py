"""Bills of materials with usage, and indexes that are damaged on purpose but signed again."""

import hashlib
from struct import Struct

from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.strategies import sboms
from stellaops_core.component import Use
from stellaops_core.sbom.index_format import MAGIC
from stellaops_core.sbom.sbom import Usage, in_use

HEADER, ENTRY = Struct("<8sHHIIIIIQ"), Struct("<IIQQ32s")
LEVELS = ("used", "maybe", "undetermined", "not-reached")


@st.composite
def views(draw):
    """Draw a bill of materials: without usage, with it, or of the usage view."""
    sbom = draw(sboms())
    if draw(st.booleans()):
        return sbom
    levels = draw(st.lists(st.sampled_from(LEVELS), min_size=len(sbom.components), max_size=len(sbom.components)))
    components = tuple(replace(one, use=Use(level)) for one, level in zip(sbom.components, levels, strict=True))
    counts = tuple((level, levels.count(level)) for level in LEVELS)
    sbom = replace(sbom, components=components, usage=Usage((), (), counts))
    return in_use(sbom) if draw(st.booleans()) else sbom


def places(data):
    """Kind to (start, end) of each section."""
    entries = (
        ENTRY.unpack_from(data, HEADER.size + number * ENTRY.size) for number in range(HEADER.unpack_from(data)[4])
    )
    return {kind: (start, start + length) for kind, _, start, length, _ in entries}


def signed(data):
    """The file with all digests made to fit, as far as its table can be read."""
    data = bytearray(data)
    if len(data) < HEADER.size or data[:8] != MAGIC:
        return bytes(data)
    count = min(HEADER.unpack_from(data)[4], 64)
    end = HEADER.size + count * ENTRY.size
    if end + 32 > len(data):
        return bytes(data)
    for at in range(HEADER.size, end, ENTRY.size):
        kind, reserved, start, length, _ = ENTRY.unpack_from(data, at)
        digest = hashlib.sha256(data[start : start + length]).digest()
        ENTRY.pack_into(data, at, kind, reserved, start, length, digest)
    data[end : end + 32] = hashlib.sha256(data[:end]).digest()
    return bytes(data)


def rebuilt(data, changes, **header):
    """The file with sections replaced, or taken out where the change is None; and with other numbers in its header."""
    magic, major, minor, *numbers = HEADER.unpack_from(data)
    sections = {kind: data[start:end] for kind, (start, end) in places(data).items()} | changes
    sections = {kind: one for kind, one in sorted(sections.items()) if one is not None}
    names = ("flags", "count", "refs", "products", "layers", "size")
    facts = dict(zip(names, numbers, strict=True)) | {"count": len(sections)}
    top = HEADER.size + len(sections) * ENTRY.size + 32
    table, body = b"", bytearray(top)
    for kind, section in sections.items():
        body += bytes(-len(body) % 8)
        table += ENTRY.pack(kind, 0, len(body), len(section), b"")
        body += section
    facts = facts | {"size": len(body)} | header
    start = HEADER.pack(magic, major, minor, *(facts[name] for name in names))
    body[: len(start + table)] = start + table
    return signed(body)
