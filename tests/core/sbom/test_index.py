"""Writing an index."""

import hashlib

from hypothesis import given, settings
from msgspec.structs import replace

from core.sbom.index_files import places, views
from core.sbom.samples import LIBC, SAMPLE
from stellaops_core.component import Use
from stellaops_core.sbom.index import encode
from stellaops_core.sbom.index_format import INVENTORY, MAJOR, MINOR, REFS, USED
from stellaops_core.sbom.sbom import Usage, in_use
from stellaops_core.sbom.stella_json import decode
from stellaops_core.sbom.stella_json import encode as stella_json

PINNED = "7e9baa9da96ee3e550fcd0c9728be42383fb3844b39b131a544fcd122b6b5efb"
"""SHA-256 of the sample's index. When it changes on purpose, raise the format's version or revision with it."""


def test_sample():
    """The format is the one that its version promises, byte for byte."""
    data = encode(SAMPLE)
    assert (MAJOR, MINOR) == (1, 0)
    assert data[:8] == b"\x89BOMX\r\n\x1a"
    assert LIBC.encode() in data[slice(*places(data)[REFS])]
    assert hashlib.sha256(data).hexdigest() == PINNED


@settings(max_examples=20)
@given(views())
def test_equal_sboms_give_equal_bytes(sbom):
    """A bill of materials that was read back has the same index."""
    assert encode(decode(stella_json(sbom))) == encode(sbom)


def test_sections_say_what_is_known():
    """Without usage no sets of it; of a usage view that leaves something out, no inventory."""
    uses = ("used", "maybe", "undetermined", "not-reached")
    components = tuple(replace(one, use=Use(use)) for one, use in zip(SAMPLE.components, uses, strict=True))
    whole = replace(SAMPLE, components=components, usage=Usage((), (), tuple((use, 1) for use in uses)))
    kinds = {name: set(places(encode(one))) for name, one in (("", SAMPLE), ("all", whole), ("use", in_use(whole)))}
    assert [USED in kinds[name] for name in ("", "all", "use")] == [False, True, True]
    assert [INVENTORY in kinds[name] for name in ("", "all", "use")] == [True, True, False]
