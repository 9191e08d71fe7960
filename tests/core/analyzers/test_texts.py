"""Small texts are kept for tracing, and say nothing of packages."""

import msgspec

from roots import pack_of
from stellaops_core.analyzers.texts import TEXT_LIMIT, Text


def kept(files, **more):
    facts = pack_of(files, **more).facts()
    return {path: msgspec.msgpack.decode(one["Text"], type=Text) for path, one in facts.items() if "Text" in one}


def test_kept():
    """Scripts whatever their names, configurations by theirs; with the bit of execution."""
    texts = kept(
        {"bin/run": "#!/bin/sh\n", "etc/app.conf": "a", "readme": "b", "lib/x.sh": "c"}, executable={"lib/x.sh"}
    )
    assert texts == {
        "bin/run": Text(b"#!/bin/sh\n", executable=True),
        "etc/app.conf": Text(b"a", executable=False),
        "lib/x.sh": Text(b"c", executable=True),
    }


def test_too_large():
    """Of what is too large, only that it is there is kept."""
    assert list(pack_of({"a.sh": b"#" * (TEXT_LIMIT + 1)}).facts()["a.sh"]) == ["LongText"]
    assert kept({"a.sh": b"#" * (TEXT_LIMIT + 1)}) == {}
    assert list(kept({"a.sh": b"#" * TEXT_LIMIT})) == ["a.sh"]


def test_no_packages():
    """A text alone is no find."""
    assert pack_of({"bin/run": "#!/bin/sh\n"}).fragment.placed == ()
