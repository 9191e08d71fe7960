"""States: copies, assumptions, merging."""

from stellaops_core.entrytrace.shell.patterns import MANY, UNKNOWN
from stellaops_core.entrytrace.shell.state import State, Variable, absorb, merge
from stellaops_core.entrytrace.ways import Forks


def state(**variables):
    return State({name: Variable(value) for name, value in variables.items()}, ("a",), "/")


def test_a_copy_changes_on_its_own():
    """Neither sees what happens to the other."""
    one = state(A="1")
    two = one.copy()
    two.set("A", "2")
    two.functions["f"] = (None, None)
    assert one.variables["A"].value == "1"
    assert not one.functions


def test_what_an_assumption_gave_is_forgotten_with_it():
    """A variable made of one that was assumed to be unset is unknown once that may be set."""
    one = state()
    one.set("B", "default", frozenset({"A"}))
    one.call_with(("x", "y"), (frozenset({"A"}), frozenset()))
    one.forget({"A"})
    assert one.variables["A"].value == one.variables["B"].value == UNKNOWN
    assert one.positional == (UNKNOWN, "y")


def test_equal_states_merge_and_different_ones_stay():
    """Up to the limit; beyond it what differs is unknown."""
    forks = Forks()
    left, right = state(A="1").decide(fork := forks.new("c", "d")), state(A="1").decide(fork + 1)
    (one,) = merge([left, right], forks.is_as_configured)
    assert forks.is_always(one.ways)
    assert len(merge([state(A="1"), state(A="2")], forks.is_as_configured)) == 2
    (one,) = merge([state(A="1", B="x"), state(A="2", B="x")], forks.is_as_configured, 1)
    assert (one.variables["A"].value, one.variables["B"].value) == (UNKNOWN, "x")


def test_the_image_s_own_way_is_never_spoilt():
    """A state that assumes something else doesn't take what is known from the one that doesn't."""
    forks = Forks()
    other = state(A="2").decide(forks.new("", "set", assumed=True) + 1)
    main, alternative = merge([state(A="1"), other], forks.is_as_configured, 1)
    assert (main.variables["A"].value, alternative.variables["A"].value) == ("1", "2")


def test_absorbing_forgets_what_differs():
    """Arguments, directory, output, status."""
    one, two = state(), state()
    two.positional, two.directory, two.output, one.output = ("b",), "/x", "1", "2"
    absorb(one, two)
    assert (one.positional, one.directory, one.output) == ((MANY,), UNKNOWN, UNKNOWN)
