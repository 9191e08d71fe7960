"""Small Python installations for tests of tracing."""

from collections.abc import Mapping

from builders import Content, Link
from roots import root_of
from stellaops_core.analyzers import python_code, texts
from stellaops_core.entrytrace.process import Edge, Process, Step, Undetermined
from stellaops_core.entrytrace.python.imports import follow_python
from stellaops_core.scan.rootfs import RootFs

LIBRARY = "usr/lib/python3.11"
SITE = "usr/lib/python3/dist-packages"
PROGRAM = "usr/bin/python3.11"
STEPS = (Step("CMD", 0, "python3"),)


def installation(files: Mapping[str, Content] | None = None) -> RootFs:
    """A Debian-like interpreter with a few modules, and `files`."""
    names = ("os", "site", "codecs", "io", "abc", "runpy", "encodings/__init__", "encodings/aliases", "encodings/utf_8")
    library: dict[str, Content] = {f"{LIBRARY}/{name}.py": "" for name in names}
    return root_of(
        {PROGRAM: b"\x7fELF", "usr/bin/python3": Link("python3.11"), **library, **(files or {})},
        analyzers=(texts.ANALYZER, python_code.ANALYZER),
    )


def process(*arguments: str | None, directory: str = "", **environment: str | None) -> Process:
    """`python3` with these arguments."""
    return Process(PROGRAM, ("python3", *arguments), environment=environment, directory=directory, steps=STEPS)


def levels(root: RootFs, run: Process) -> dict[str, str]:
    """How surely each file is reached; fails if a file is told before what leads to it."""
    found = {run.program: "used"}
    for edge in follow_python(root, run):
        if isinstance(edge, Edge):
            assert edge.target not in found
            surely = found[edge.source] == "used" and edge.level == "used"
            found[edge.target] = "used" if surely else "maybe"
    del found[run.program]
    return found


def reached(root: RootFs, run: Process) -> dict[str, str]:
    """The same, without the standard library."""
    return {path: level for path, level in levels(root, run).items() if not path.startswith(f"{LIBRARY}/")}


def untold(root: RootFs, run: Process) -> list[Undetermined]:
    """What could not be followed."""
    return [one for one in follow_python(root, run) if isinstance(one, Undetermined)]


def ways(root: RootFs, run: Process) -> dict[str, tuple[str, str, int]]:
    """(source, how, line) by target."""
    edges = [edge for edge in follow_python(root, run) if isinstance(edge, Edge)]
    return {edge.target: (edge.source, edge.how, edge.line) for edge in edges}
