"""What is loaded for a process, from its start to its end."""

import pytest

from loader_roots import APP, GLIBC, LINKER, MULTIARCH, items, library, loads, process, program, tree
from programs import macho, pe
from stellaops_core.entrytrace.loader.libraries import NATIVE
from stellaops_core.entrytrace.loader.loader import NativeLoader, load_native
from stellaops_core.entrytrace.process import Edge, Undetermined

A, B, C = (f"{MULTIARCH}/lib{name}.so.1" for name in "abc")
FILES = {
    APP: program("liba.so.1"),
    A: library("liba.so.1", "libb.so.1"),
    B: library("libb.so.1", "ld-linux-x86-64.so.2", "liba.so.1"),
    C: library("libc.so.1", "libb.so.1"),
}


def test_a_program_and_its_libraries():
    """The interpreter first, then breadth first; every need is an edge, and circles end."""
    assert items(tree(FILES)) == [
        Edge(APP, LINKER, f"PT_INTERP {GLIBC}"),
        Edge(APP, A, "DT_NEEDED liba.so.1"),
        Edge(A, B, "DT_NEEDED libb.so.1"),
        Edge(B, LINKER, "DT_NEEDED ld-linux-x86-64.so.2"),
        Edge(B, A, "DT_NEEDED liba.so.1"),
    ]


def test_in_one_go():
    """`load_native` gives what the loader gives step by step."""
    root = tree({**FILES, B: library("libb.so.1", texts=["libc.so.1"])})
    assert list(load_native(root, process())) == items(root)


def test_what_is_loaded_later():
    """A module is loaded into the process: its needs are edges, what is there is not loaded again."""
    loader = NativeLoader(tree(FILES), process())
    assert len(list(loader.load(APP))) == 5
    assert list(loader.load(C)) == [Edge(C, B, "DT_NEEDED libb.so.1")]
    assert list(loader.load(C)) == []
    assert loader.loaded == (APP, LINKER, A, B, C)


@pytest.mark.parametrize("data", [b"#!/bin/sh\n", program("liba.so.1", interpreter=""), macho(), pe(), b"import os"])
def test_other_files(data):
    """Scripts, static programs and those of other systems load nothing here; so there is no process to load into."""
    assert items(tree({**FILES, APP: data}), C) == []


def test_a_program_for_another_processor():
    """The image has no interpreter for it."""
    (gap,) = items(tree({**FILES, APP: program("liba.so.1", machine=183)}))
    assert gap == Undetermined(APP, 0, f"its interpreter {GLIBC} is not in the image", NATIVE)


def test_nothing_before_the_program():
    """Libraries are loaded by programs."""
    loader = NativeLoader(tree(FILES), process())
    assert list(loader.load(A)) == list(loader.finish()) == []
    assert loader.loaded == ()


def test_no_interpreter():
    """Without it the program doesn't start."""
    (gap,) = items(tree({APP: program("liba.so.1", interpreter="/lib/ld-none.so")}), A)
    assert gap == Undetermined(APP, 0, "its interpreter /lib/ld-none.so is not in the image", NATIVE)


def test_a_library_that_is_nowhere():
    """It is said who needs it; what else there is is loaded."""
    assert loads(tree({APP: program("libz.so.1", "libb.so.1"), B: FILES[B], A: FILES[A]})) == [
        "-it needs libz.so.1, which was not found",
        B,
        LINKER,
        A,
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LD_PRELOAD", "libc.so.1"), ("LD_PRELOAD", f"libnone.so /{C}"), ("LD_AUDIT", f"/nowhere.so:/{C}")],
)
def test_environment(variable, value):
    """Preloaded libraries come first; those that are nowhere are passed over."""
    found = items(tree(FILES), environment={variable: value})
    assert found[1] == Edge(APP, C, f"{variable} {value.replace(':', ' ').split()[-1]}")
    assert not any(isinstance(one, Undetermined) for one in found)


def test_preloaded_by_file():
    """The same by `/etc/ld.so.preload`."""
    found = items(tree({**FILES, "etc/ld.so.preload": f"# all\n/{C} libnone.so # more\n"}))
    assert found[1] == Edge(APP, C, f"/etc/ld.so.preload /{C}")


@pytest.mark.parametrize("variable", ["LD_LIBRARY_PATH", "LD_PRELOAD", "LD_AUDIT"])
def test_unknown_environment(variable):
    """What a variable says is not guessed."""
    found = items(tree(FILES), environment={variable: None})
    assert [one for one in found if isinstance(one, Undetermined)] == [
        Undetermined(APP, 0, f"the value of {variable} is not known", NATIVE)
    ]
    assert len(found) == 6


def test_names_in_texts():
    """A library that a text names may be loaded, by the rules that hold for the file with the text, or beside it."""
    root = tree({
        APP: program("liba.so.1", texts=["libnone.so.9"]),
        A: library("liba.so.1", runpath="/opt", texts=["libx.so.1", "/opt/liby.so.1"]),
        "opt/libx.so.1": library("libx.so.1", "libz.so.1", "libnone.so.7", texts=["libw.so"]),
        "opt/liby.so.1": library("liby.so.1"),
        "opt/libw.so": library(""),
        f"{MULTIARCH}/libz.so.1": library("libz.so.1"),
    })  # fmt: skip
    found = items(root)
    assert found[2:] == [
        Edge(A, "opt/liby.so.1", "dlopen /opt/liby.so.1", level="maybe"),
        Edge(A, "opt/libx.so.1", "dlopen libx.so.1", level="maybe"),
        Edge("opt/libx.so.1", f"{MULTIARCH}/libz.so.1", "DT_NEEDED libz.so.1"),
        Edge("opt/libx.so.1", "opt/libw.so", "dlopen libw.so", level="maybe"),
    ]


def test_what_is_not_found_at_first():
    """A name that something else brings later is found: in which order modules are loaded is not known."""
    root = tree({
        APP: program(),
        "opt/m.so": library("", "libb.so.1", "libz.so.1"),
        "opt/b.so": library("libb.so.1"),
    })  # fmt: skip
    found = items(root, "opt/m.so", "opt/b.so")
    assert found[1:] == [
        Edge("opt/m.so", "opt/b.so", "DT_NEEDED libb.so.1"),
        Undetermined("opt/m.so", 0, "it needs libz.so.1, which was not found", NATIVE),
    ]


def test_finish_again():
    """What is loaded after `finish` is finished by the next."""
    root = tree({**FILES, C: library("libc.so.1", texts=["liby.so.1"]), f"{MULTIARCH}/liby.so.1": library("liby.so.1")})
    loader = NativeLoader(root, process())
    list(loader.load(APP))
    assert list(loader.finish()) == []
    list(loader.load(C))
    assert list(loader.finish()) == [Edge(C, f"{MULTIARCH}/liby.so.1", "dlopen liby.so.1", level="maybe")]
    assert list(loader.finish()) == []


def test_too_many_places(monkeypatch):
    """Where there are too many places to look at, that is said once, and the rest is left."""
    monkeypatch.setattr("stellaops_core.entrytrace.loader.paths.LOOK_LIMIT", 40)
    monkeypatch.setattr("stellaops_core.entrytrace.loader.loader.LOOK_LIMIT", 40)
    names = [f"lib{number}.so" for number in range(90)]
    files = {f"{MULTIARCH}/{name}": library(name, *names) for name in names}
    found = items(tree({APP: program(*names), **files}))
    gaps = [one for one in found if isinstance(one, Undetermined)]
    assert "more than the 40 places" in gaps[-1].reason
    assert len(found) < 200


def test_a_long_chain():
    """A chain of a thousand libraries, each with directories of its own and the next one's path, is followed."""
    needs = {number: f"/opt/{number + 1}.so" for number in range(1000)}
    files = {f"opt/{number}.so": library("", name, rpath=f"/opt/{number}") for number, name in needs.items()}
    root = tree(
        {APP: program("/opt/0.so"), **files, "opt/1000.so": library("", "liba.so"), "opt/700/liba.so": library("")}
    )
    found = loads(root)
    assert found[-2:] == ["opt/700/liba.so", "-more than 500 directories on one path of the linker"]
    assert len(found) == 1003
