"""Spans: what adds up, what is nested in what, and what other threads and processes add."""

import pytest

from stellaops_core.telemetry import Process, Spans, measured


class Clock:
    """A clock that goes on by one at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def recorder():
    return Spans(Clock(), Clock(), lambda: (7.0, 1000))


def test_stretches_of_one_work_are_one_span():
    """Times and counts add up; parts of the same name under different spans stay apart."""
    spans = recorder()
    for _ in range(3):
        with spans.span("walk"), spans.span("analyze", "dpkg"):
            pass
    with spans.span("analyze", "dpkg"):
        pass
    walk, other = spans.root.spans.values()
    assert (walk.name, walk.count, list(walk.spans)) == ("walk", 3, ["analyze dpkg"])
    part = walk.spans["analyze dpkg"]
    assert (part.name, part.of, part.count, part.wall, part.cpu) == ("analyze", "dpkg", 3, 3.0, 3.0)
    assert (other.count, other.spans) == (1, {})


def test_time_alone_leaves_out_parts_but_not_what_went_on_beside():
    """A parent's own time plus its parts' is its whole time; another thread's is not taken off it."""
    spans = recorder()
    with spans.span("walk"):
        list(spans.over("verify", [b"ab", b"c"]))
        list(spans.beside("read", "inflate", [b"x" * 5]))
    walk = spans.root.spans["walk"]
    verify, read, inflate = (walk.spans[name] for name in ("verify", "read", "inflate"))
    assert (verify.count, verify.bytes, verify.beside) == (3, 3, False)
    assert (read.count, read.bytes, read.beside) == (2, 5, True)
    assert (inflate.count, inflate.beside) == (1, True)
    assert walk.alone() == (walk.wall - verify.wall, walk.cpu - verify.cpu)


def test_errors_end_what_they_leave_open():
    """After an error the next span is where it belongs."""
    spans = recorder()

    def fail():
        spans.open("left", "")
        raise KeyError

    with pytest.raises(KeyError):
        spans.around("outer", fail)()
    with spans.span("next"):
        pass
    assert list(spans.root.spans) == ["outer", "next"]


def test_functions_are_measured_as_they_are():
    """Arguments, results and errors pass through."""
    spans = recorder()
    assert spans.around("divide", divmod)(7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        spans.around("divide", divmod)(1, 0)
    assert spans.root.spans["divide"].count == 2


def test_a_forked_process_tells_its_own():
    """Its spans come under the span that is open in the parent, marked as beside; the parent's are not sent back."""
    parent, child = recorder(), recorder()
    with child.span("of the parent"):
        child.fork()
        with child.span("layer", "3"), child.span("pack"):
            pass
    with parent.span("layers"):
        parent.adopt(child.message())
    layers = parent.root.spans["layers"]
    assert list(layers.spans) == ["layer 3"]
    assert layers.spans["layer 3"].beside
    assert list(layers.spans["layer 3"].spans) == ["pack"]
    assert layers.alone() == (layers.wall, layers.cpu)
    assert parent.workers == [Process(7.0, 1000)]
    assert parent.finish().spans is parent.root.spans
    assert parent.root.wall > 0


def test_nobody_who_wants_to_know():
    """Without a recorder nothing is made, not even an object."""
    with measured(None, "walk") as span:
        assert span is None
    assert measured(None, "walk") is measured(None, "analyze", "dpkg")
