"""Programs' facts are kept for tracing, and no package; what they are is test_native.py's to prove."""

import msgspec

from programs import elf
from roots import pack_of
from stellaops_core.analyzers.native import Native

PROGRAM = elf({".text": bytes(64)}, kind=3)


def test_every_program_has_facts():
    """Where packages put theirs, too; with the bit of execution."""
    pack = pack_of({"usr/bin/a": PROGRAM, "app/b": PROGRAM, "app/c": b"#!/bin/sh\n"}, executable={"usr/bin/a"})
    facts = {path: one["Native"] for path, one in pack.facts().items() if "Native" in one}
    assert sorted(facts) == ["app/b", "usr/bin/a"]
    assert msgspec.msgpack.decode(facts["usr/bin/a"], type=Native).executable
