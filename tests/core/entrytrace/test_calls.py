"""What calls and finds say of themselves."""

from stellaops_core.component import Step
from stellaops_core.entrytrace.calls import Call, Found
from stellaops_core.entrytrace.process import Process


def test_equal_calls_have_equal_keys():
    """Whatever the order in which the environment was set."""
    one = Call(("web",), {"A": "1", "B": "2"})
    assert one.key() == Call(("web",), {"B": "2", "A": "1"}).key()
    assert one.key() != one.then("other").key()


def test_a_find_is_lifted_into_its_caller():
    """Steps and ways of the caller come first; it is an end only where the caller's command is."""
    found = Found(Process("usr/bin/web", ("web",), steps=(Step("b", 2, "web"),)), ((4,),))
    lifted = found.within((Step("a", 1, "./b"),), ((2,),), tip=False)
    assert [step.place for step in lifted.process.steps] == ["a", "b"]
    assert (lifted.ways, lifted.tip) == (((2, 4),), False)
