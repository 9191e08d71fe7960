"""The table of well-known programs: each entry and each way a version stands."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import File, Files
from known_programs import TOLD, program, told
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.binaries import AFTER, ANALYZER, BEFORE
from stellaops_core.analyzers.binaries_table import KNOWN


@pytest.mark.parametrize(("name", "text", "expected"), TOLD)
def test_told(name, text, expected):
    """Each way a version stands in a file."""
    assert told(name, program(text)) == ([expected], [])


def test_table():
    """Every entry has an example, every clue but those of other series of the same has one, and no name fits two."""
    assert {expected.partition("@")[0] for _, _, expected in TOLD} == {one.name for one in KNOWN}
    for name, _, _ in TOLD:
        assert len([one for one in KNOWN if re.fullmatch(one.files, name)]) == 1
    for one in KNOWN:
        for clue in one.clues:
            examples = [text for name, text, _ in TOLD if re.fullmatch(one.files, name)]
            used = any(re.search(clue.pattern, b"\0\1\0" + text + b"\0\1") for text in examples)
            assert used, (one.name, clue)
            assert len(clue.anchor) < BEFORE < AFTER


@given(st.sampled_from(TOLD), st.binary(max_size=300), st.integers(0, 40))
def test_noise(example, noise, cut):
    """Whatever stands around, and wherever a file is cut: the version, nothing, or `Malformed`."""
    name, text, _ = example
    for data in (noise + text[cut:] + noise, noise + text[: -cut or None] + noise):
        try:
            found = list(ANALYZER.analyze(File(name, data), Files({})))
        except Malformed:
            continue
        assert len(found) <= 1
        assert all(re.fullmatch(r"\d[\w.-]*", one.version, re.ASCII) for one in found)
