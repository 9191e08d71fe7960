"""Ways and decisions."""

from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.entrytrace.ways import ALWAYS, LENGTH_LIMIT, LOST, WAY_LIMIT, Forks, drop, extend, prefix, unite

FORKS = Forks()
NUMBERS = [FORKS.new(f"c{n}", f"not c{n}") for n in range(5)]
ASSUMED = FORKS.new("", "set", assumed=True)
A_WAY = st.lists(st.sampled_from(NUMBERS), unique=True, max_size=4).flatmap(
    lambda forks: st.tuples(*(st.sampled_from((fork, fork + 1)) for fork in forks))
)


def holds(ways, chosen):
    """Whether a way is taken when each fork of `chosen` takes its first branch, and all others the second."""
    return any(all((one & ~1 in chosen) == (not one & 1) for one in way) for way in ways)


@given(st.lists(A_WAY, max_size=6))
def test_uniting_changes_no_meaning(ways):
    """The same choices lead there before and after; and all of them do exactly if it says so."""
    united = unite(ways)
    choices = [{n for at, n in enumerate(NUMBERS) if bits >> at & 1} for bits in range(32)]
    assert all(holds(ways, chosen) == holds(united, chosen) for chosen in choices)
    assert FORKS.is_always(united) == all(holds(ways, chosen) for chosen in choices)


def test_an_assumption_is_never_all_ways():
    """Only the image's own way counts."""
    assert not FORKS.is_always(extend(ALWAYS, ASSUMED + 1))
    assert FORKS.is_always(unite(((), (ASSUMED + 1,))))
    assert FORKS.conditions(((ASSUMED + 1, NUMBERS[0]),)) == ("set", "c0")


def test_conditions_are_those_of_the_shortest_way():
    """None where all ways lead there."""
    assert FORKS.conditions(((NUMBERS[0], NUMBERS[1]), (NUMBERS[2] + 1,))) == ("not c2",)
    assert FORKS.conditions(ALWAYS) == ()


def test_prefix_and_drop():
    """Within a call, and behind a branch that fails."""
    assert prefix(((2,),), ((4,), (6,))) == ((2, 4), (2, 6))
    assert drop(((2, 4), (2, 5)), 2) == ((),)


def test_bounds():
    """Too many ways: the shortest stay. Too long a way: lost, and never all."""
    assert len(unite((n * 2, 1000 + n * 2) for n in range(100))) == WAY_LIMIT
    ways = ALWAYS
    for _ in range(LENGTH_LIMIT + 1):
        ways = extend(ways, FORKS.new("a", "b"))
    assert ways == (LOST,)
    assert not FORKS.is_always(ways)
