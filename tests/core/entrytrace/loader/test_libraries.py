"""Which file a name stands for in a process: glibc's order, musl's order, and names that are loaded already."""

import pytest

from builders import Link
from loader_roots import APP, MULTIARCH, MUSL, cache, items, library, loads, process, program, tree
from stellaops_core.entrytrace.loader import libraries as loader_libraries
from stellaops_core.entrytrace.loader.loader import NativeLoader
from stellaops_core.entrytrace.process import Edge, Undetermined

PLACES = ("opt/rpath", "srv/env", "opt/runpath", "opt/cached", "lib/x86_64-linux-gnu", MULTIARCH, "lib", "usr/lib")
CACHE = {"etc/ld.so.cache": cache(("liba.so.1", "/opt/cached/liba.so.1"))}


def first(root, **more):
    """The first library that is loaded."""
    return loads(root, **more)[0]


@pytest.mark.parametrize("start", range(len(PLACES)))
def test_order_of_glibc(start):
    """DT_RPATH, LD_LIBRARY_PATH, the cache, built-in directories; DT_RUNPATH takes the place of the first."""
    places = PLACES[start:]
    files = {f"{place}/liba.so.1": library("liba.so.1") for place in places}
    environment = {"LD_LIBRARY_PATH": "/srv/env"}
    rpath = tree({APP: program("liba.so.1", rpath="/opt/rpath"), **CACHE, **files})
    assert first(rpath, environment=environment) == f"{next(one for one in places if one != 'opt/runpath')}/liba.so.1"
    both = tree({APP: program("liba.so.1", rpath="/opt/rpath", runpath="/opt/runpath"), **CACHE, **files})
    assert first(both, environment=environment) == f"{next(one for one in places if one != 'opt/rpath')}/liba.so.1"


@pytest.mark.parametrize("start", range(5))
def test_order_of_musl(start):
    """LD_LIBRARY_PATH, the file's own path, those of its loaders, and the built-in ones."""
    places = ("srv/env", "opt/own", "opt/app", "usr/local/lib", "usr/lib")[start:]
    root = tree({
        APP: program("libx.so", interpreter=MUSL, rpath="/opt/app"),
        "lib/libx.so": library("libx.so", "liba.so", runpath="/opt/own"),
        **{f"{place}/liba.so": library("other") for place in places},
    })  # fmt: skip
    assert loads(root, environment={"LD_LIBRARY_PATH": "/srv/env"}) == ["lib/libx.so", f"{places[0]}/liba.so"]


@pytest.mark.parametrize("name", ["libc.so", "libc.musl-x86_64.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2"])
def test_musl_is_its_own_library(name):
    """musl's linker is libc as well, whatever lies about."""
    root = tree({APP: program(name, interpreter=MUSL), f"lib/{name}": library(name)})
    assert loads(root) == ["lib/ld-musl-x86_64.so.1"]


def test_musl_knows_no_sonames():
    """A library is loaded once by each name, and once each file."""
    root = tree({
        APP: program("liba.so", "libb.so", "libl.so", interpreter=MUSL),
        "lib/liba.so": library("libb.so"),
        "lib/libb.so": library("libb.so"),
        "lib/libl.so": Link("libb.so"),
    })  # fmt: skip
    assert loads(root) == ["lib/liba.so", "lib/libb.so"]


@pytest.mark.parametrize(
    ("app", "mine", "found"),
    [
        ({"rpath": "/opt/app"}, {}, "opt/app"),
        ({"rpath": "/opt/app"}, {"rpath": "/opt/own"}, "opt/own"),
        ({"rpath": "/opt/app"}, {"runpath": "/nowhere"}, MULTIARCH),
        ({"runpath": "/opt/app"}, {}, MULTIARCH),
        ({"runpath": "/opt/app"}, {"rpath": "/opt/own"}, "opt/own"),
        ({"rpath": "/opt/app", "runpath": "/opt"}, {}, MULTIARCH),
    ],
)
def test_inherited_paths(app, mine, found):
    """DT_RPATH holds for all that the file has loaded, unless they have a DT_RUNPATH; which holds for its own needs."""
    files = {f"{place}/liba.so.1": library("liba.so.1") for place in ("opt/app", "opt/own", MULTIARCH)}
    root = tree({APP: program("libx.so.1", **app), **files})
    assert loads(root) == ["-it needs libx.so.1, which was not found"]
    x = {
        place: library("libx.so.1", "liba.so.1", **mine)
        for place in ("opt/app/libx.so.1", "opt/libx.so.1", f"{MULTIARCH}/libx.so.1")
    }
    root = tree({APP: program("libx.so.1", **app), **files, **x})
    assert loads(root)[1] == f"{found}/liba.so.1"


def test_a_soname_that_is_loaded():
    """A name is taken by what is loaded under it as DT_SONAME; nothing is searched for."""
    root = tree({
        APP: program("libfoo.so.1.2", "liba.so.1", runpath="/opt"),
        "opt/libfoo.so.1.2": library("liba.so.1"),
        f"{MULTIARCH}/liba.so.1": library("liba.so.1"),
    })  # fmt: skip
    assert [one.target for one in items(root)[1:]] == ["opt/libfoo.so.1.2"] * 2


def test_one_file_by_two_names():
    """A link to a library that is loaded gives that library."""
    root = tree({
        APP: program("liba.so.1", "libl.so.1"),
        f"{MULTIARCH}/liba.so.1": library("", "libx.so.1"),
        f"{MULTIARCH}/libl.so.1": Link("liba.so.1"),
        f"{MULTIARCH}/libx.so.1": library(""),
    })  # fmt: skip
    assert [one.how for one in items(root)[1:]] == [
        "DT_NEEDED liba.so.1",
        "DT_NEEDED libl.so.1",
        "DT_NEEDED libx.so.1",
    ]


def test_a_name_of_what_was_loaded_later():
    """Two modules bring a library of one name: which is taken hangs on which comes first, so both are told."""
    root = tree({
        APP: program(),
        "opt/m/m.so": library("", "liba.so.1", runpath="$ORIGIN"),
        "opt/n/n.so": library("", "liba.so.1", runpath="$ORIGIN"),
        "opt/m/liba.so.1": library("liba.so.1"),
        "opt/n/liba.so.1": library("liba.so.1"),
    })  # fmt: skip
    assert items(root, "opt/m/m.so", "opt/n/n.so")[1:] == [
        Edge("opt/m/m.so", "opt/m/liba.so.1", "DT_NEEDED liba.so.1"),
        Edge("opt/n/n.so", "opt/m/liba.so.1", "DT_NEEDED liba.so.1"),
        Edge("opt/n/n.so", "opt/n/liba.so.1", "DT_NEEDED liba.so.1, if nothing of that name is loaded", level="maybe"),
    ]


def test_variants_for_some_processors():
    """They are `maybe`, the one for all is used, and it is the one that a name stands for."""
    root = tree({
        APP: program("liba.so.1", "libb.so.1"),
        f"{MULTIARCH}/glibc-hwcaps/x86-64-v3/liba.so.1": library("liba.so.1"),
        f"{MULTIARCH}/liba.so.1": library("liba.so.1"),
        f"{MULTIARCH}/libb.so.1": library("libb.so.1", "liba.so.1"),
    })  # fmt: skip
    found = [(one.source, one.target, one.level) for one in items(root)[1:]]
    assert found == [
        (APP, f"{MULTIARCH}/glibc-hwcaps/x86-64-v3/liba.so.1", "maybe"),
        (APP, f"{MULTIARCH}/liba.so.1", "used"),
        (APP, f"{MULTIARCH}/libb.so.1", "used"),
        (f"{MULTIARCH}/libb.so.1", f"{MULTIARCH}/liba.so.1", "used"),
    ]


@pytest.mark.parametrize(
    ("name", "found"), [("/opt/a.so", "opt/a.so"), ("sub/a.so", "srv/sub/a.so"), ("$ORIGIN/a.so", "usr/bin/a.so")]
)
def test_names_that_are_paths(name, found):
    """They are not searched for; a relative one begins where the process is."""
    assert loads(tree({APP: program(name), found: library("")})) == [found]


def test_a_library_for_another_processor():
    """It is passed over."""
    root = tree({
        APP: program("liba.so.1", runpath="/opt"),
        "opt/liba.so.1": library("liba.so.1", machine=183),
        "lib/x86_64-linux-gnu/liba.so.1": library("liba.so.1", machine=3, bits=32),
        f"{MULTIARCH}/liba.so.1": library("liba.so.1"),
    })  # fmt: skip
    assert loads(root) == [f"{MULTIARCH}/liba.so.1"]


def test_too_many_libraries(monkeypatch):
    """Beyond the limit nothing is loaded."""
    monkeypatch.setattr(loader_libraries, "LIBRARY_LIMIT", 3)
    files = {f"{MULTIARCH}/lib{number}.so": library("", f"lib{number + 1}.so") for number in range(9)}
    loader = NativeLoader(tree({APP: program("lib0.so"), **files}), process())
    assert sum(isinstance(one, Edge) for one in loader.load(APP)) == 2
    assert len(loader.loaded) == 3
    assert list(loader.load(f"{MULTIARCH}/lib5.so")) == []
    assert "" in {one.scope for one in loader.finish() if isinstance(one, Undetermined)}
