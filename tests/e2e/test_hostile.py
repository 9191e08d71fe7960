"""Hostile inputs, small ones, end to end; benchmarks/hostile.py runs the whole corpus at full size."""

import sys

import pytest

from hostile_case import Place, stella
from hostile_corpus import CASES

QUICK = [case for case in CASES if case.quick >= 0]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is told from /proc")


@pytest.mark.parametrize("case", QUICK, ids=[f"{case.group}: {case.name[:60]}" for case in QUICK])
def test_hostile_input(tmp_path, case):
    """One line of error with the right code, or an inventory that lists what it could not read, and nothing lost."""
    place = Place(tmp_path / "case" / "input")
    place.path.mkdir(parents=True)
    with place.open:
        target = case.build(place, case.quick)
        _, flaws = stella((sys.executable, "-m", "stellaops_cli"), case, target, tmp_path / "home", patience=3)
    assert flaws == []


def test_every_case_has_a_name_of_its_own():
    """Names that come twice become one row of the table; that is meant for truncated layers alone."""
    names = [(case.group, case.name) for case in CASES if "cut at each boundary" not in case.name]
    assert len(names) == len(set(names))
