"""The table of `--profile`: every stage has words and a place, numbers add up, lines fit."""

import ast
import re

from sources import modules
from stellaops_cli.profile import STAGES, Profile, render
from stellaops_core.telemetry import Process, Span


def used_names():
    """Names that the sources give to spans."""
    for source in modules():
        for node in ast.walk(source.parse()):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = 1 if called == "measured" else 0
                names = node.args[at : at + (2 if called == "beside" else 1)]
                if called in {"measured", "span", "around", "over", "beside", "Span"}:
                    yield from (name.value for name in names if isinstance(name, ast.Constant))


def test_every_stage_has_words():
    """What is measured anywhere is shown, and nothing else is expected."""
    assert set(used_names()) == set(STAGES)


def profile(analyzers=20):
    """Two layers that two workers read, and what else there is."""
    finds = {f"analyze a{n}": Span("analyze", f"a{n}", 0, 0.1, 0.1, 5) for n in range(analyzers)}
    layers = {
        f"layer {n}": Span(
            "layer", str(n), 0, 4, 3, 1, beside=True,
            spans={
                "blob.read": Span("blob.read", "", 0, 1, 0.25, 9, 10**9, beside=True),
                "blob.inflate": Span("blob.inflate", "", 0, 1, 0.5, 8, beside=True),
                "layer.analyze": Span("layer.analyze", "", 0, 3, 2.5, 1, spans=finds),
            },
        )
        for n in range(2)
    }  # fmt: skip
    spans = {"layers": Span("layers", "", 0, 5, 0.5, 1, spans=layers), "encode x": Span("encode", "x", 0, 1, 1, 1)}
    return Profile(6.5, 3, 1, 2 * 10**9, warm=False, main=Process(2, 10**8, spans), workers=[Process(4, 3 * 10**8)] * 2)


def test_the_table_adds_up():
    """The column of processor seconds is what the processes took; shares are of that, and sum to all of it."""
    lines = list(render(profile()))
    assert lines[0] == "6.500 s on the clock, 10.000 s of processors, 2,000.0 MB read, layers 3 (1 cached)"
    table = lines[lines.index("") + 2 : lines.index("", 2)]
    assert abs(sum(float(line.split()[-2]) for line in table) - 10) < 0.01
    assert abs(sum(float(line.split()[-1]) for line in table) - 100) < 1
    assert [line[:41].rstrip() for line in table[:4]] == [
        "wait for the workers", "read layers", "inflate", "gather finds",
    ]  # fmt: skip
    assert [line[:41].rstrip() for line in table[-3:]] == ["rest of the layers", "encode  x", "everything else"]
    assert max(map(len, lines)) <= 100


def test_many_analyzers_share_a_row():
    """Those that took least; their calls and times are added."""
    rows = [line for line in render(profile()) if line.startswith("analyze")]
    assert len(rows) == 9
    assert re.fullmatch(r"analyze  \(12 more\) +120 +2\.400 +2\.400 +24\.0", rows[-1])


def test_nothing_known_is_no_error():
    """A profile without spans and times has its lines."""
    lines = list(render(Profile(0, 0, 0, 0, warm=True, main=Process(0, 0), workers=[])))
    assert lines[0].startswith("0.000 s on the clock")
