"""benchmarks/fuzz.py can damage something of every reader and every analyzer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz_targets import NO_INPUT, Refused, targets

READERS = Path(__file__).parents[2] / "src/stellaops_core/readers"
TARGETS = targets()


def accepts(read: Callable[[bytes, int], object], data: bytes, number: int) -> bool:
    try:
        read(data, number)
    except (ValueError, Refused):
        return False
    return True


def test_every_reader():
    """A reader without a target in tests/fuzz_targets.py would never be damaged."""
    assert {path.stem for path in READERS.glob("*.py")} - NO_INPUT - TARGETS.keys() == set()


@pytest.mark.parametrize("name", TARGETS)
def test_inputs(name):
    """There are inputs of our own, and the reader takes some of them: damage then reaches what lies deeper."""
    seeds = TARGETS[name].seeds(False)
    assert any(accepts(one.read, one.data, number) for one in seeds for number in range(4))
