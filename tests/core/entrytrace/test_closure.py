"""What processes load, each file as surely as its surest way."""

from loader_roots import APP, GLIBC, LINKER, MULTIARCH, library, program, tree
from stellaops_core.component import Step
from stellaops_core.entrytrace import closure as module
from stellaops_core.entrytrace.closure import chain_of, close
from stellaops_core.entrytrace.process import Edge, Process, Undetermined

A, B = f"{MULTIARCH}/liba.so.1", f"{MULTIARCH}/libb.so.1"
FILES = {
    APP: program("liba.so.1"),
    "usr/bin/other": program("libb.so.1"),
    A: library("liba.so.1", texts=["libb.so.1"]),
    B: library("libb.so.1"),
    "run.sh": "#!/bin/sh\n. /lib.sh\n",
    "lib.sh": "",
}


def process(program=APP, **more):
    return Process(program, (f"/{program}",), steps=(Step("ENTRYPOINT", 0, "[app]"),), **more)


def levels(closure):
    return {path: how.level for path, how in closure.reached.items()}


def test_native_libraries():
    """A program's needs are used; a library that is opened by its name may be."""
    assert levels(close(tree(FILES), [process()])) == {APP: "used", LINKER: "used", A: "used", B: "maybe"}


def test_the_surest_way_counts():
    """What one process may load and another one does, is used; the chain is the surer process's."""
    processes = (process(), process("usr/bin/other"))
    closure = close(tree(FILES), processes)
    assert levels(closure)[B] == "used"
    assert chain_of(processes, closure.reached[B]) == (
        Step("ENTRYPOINT", 0, "[app]"),
        Step("usr/bin/other", 0, "DT_NEEDED libb.so.1"),
    )


def test_a_doubtful_process():
    """Nothing that only a doubtful process loads is sure."""
    closure = close(tree(FILES), [process(level="maybe")])
    assert set(levels(closure).values()) == {"maybe"}


def test_chains():
    """From the configuration over every load to the file."""
    closure = close(tree(FILES), [process()])
    assert chain_of((process(),), closure.reached[LINKER]) == (
        Step("ENTRYPOINT", 0, "[app]"),
        Step(APP, 0, f"PT_INTERP {GLIBC}"),
    )
    assert chain_of((process(),), closure.reached[APP]) == (Step("ENTRYPOINT", 0, "[app]"),)


def test_sourced_files():
    """What a script reads into itself is reached where the script is, and nowhere else."""
    sourced = [Edge("run.sh", "lib.sh", ". /lib.sh", 2)]
    assert "lib.sh" in close(tree(FILES), [process(script="run.sh")], sourced).reached
    assert "lib.sh" not in close(tree(FILES), [process()], sourced).reached


def test_a_program_that_is_not_there():
    """It loads nothing."""
    assert close(tree(FILES), [process("")]).reached == {}


def test_gaps():
    """What a process needs and the image has not, is told once."""
    root = tree({APP: program("libgone.so.1")})
    closure = close(root, [process(), process()])
    assert closure.undetermined == (Undetermined(APP, 0, "it needs libgone.so.1, which was not found", "native"),)


def test_too_many(monkeypatch):
    """Beyond the limit is undetermined."""
    monkeypatch.setattr(module, "EDGE_LIMIT", 1)
    assert "more than 1 files" in close(tree(FILES), [process()]).undetermined[0].reason
