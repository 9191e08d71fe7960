"""Where a dynamic linker looks: built-in directories, the cache, ld.so.conf, the variables in paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import Link
from loader_roots import APP, GLIBC, MULTIARCH, MUSL, cache, items, library, loads, process, program, tree
from stellaops_core.analyzers.native import Native
from stellaops_core.entrytrace.loader import paths as loader_paths
from stellaops_core.entrytrace.loader.paths import Candidate, Search
from stellaops_core.entrytrace.process import Undetermined


def search_of(files=(), interpreter=GLIBC, directory="srv"):
    root = tree({APP: program(interpreter=interpreter), **dict(files)})
    native = root.facts(APP, Native)
    assert native
    return Search(root, process(directory=directory), native)


@pytest.mark.parametrize(
    ("interpreter", "defaults"),
    [
        (GLIBC, ("lib/x86_64-linux-gnu", MULTIARCH, "lib", "usr/lib")),
        ("/lib64/ld-64.so", ("lib64", "usr/lib64")),
        ("/lib/ld-32.so", ("lib", "usr/lib")),
        ("/opt/glibc/lib/ld.so", ("opt/glibc/lib",)),
        (MUSL, ("/lib", "/usr/local/lib", "/usr/lib")),
    ],
)
def test_built_in_directories(interpreter, defaults):
    """They are known by where the linker lies."""
    names = ("usr/lib64/ld-64.so", "lib/ld-32.so", "opt/glibc/lib/ld.so")
    assert search_of({name: library("") for name in names}, interpreter).defaults == defaults


def test_path_of_musl():
    """`etc/ld-musl-ARCH.path` replaces them; its parts stand on lines or between colons."""
    found = search_of({"etc/ld-musl-x86_64.path": "/lib:/opt/a\n/opt/b\n"}, MUSL)
    assert found.defaults == ("/lib", "/opt/a", "/opt/b")


@pytest.mark.parametrize(
    ("path", "directories"),
    [
        ("", ()),
        ("/a:/b:/a", ("/a", "/b")),
        ("$ORIGIN/../x:${ORIGIN}", ("/opt/own/../x", "/opt/own")),
        ("/$LIB/x:/${LIB}:/$PLATFORM", ("/lib/x86_64-linux-gnu/x", "/lib/x86_64-linux-gnu", "/x86_64")),
        ("$ORIGINAL:$OTHER", ("srv/$ORIGINAL", "srv/$OTHER")),
        (":a", ("srv/", "srv/a")),
    ],
)
def test_directories(path, directories):
    """Variables are put in by their whole names; an empty part is where the process is."""
    assert search_of().directories(path, "opt/own") == directories


def test_the_cache_decides():
    """Only the first entry for the program's processor counts; not the next one if its file is gone."""
    entries = [
        ("liba.so.1", "/opt/32/liba.so.1", 0x3, 0),
        ("liba.so.1", "/opt/b/liba.so.1", 0x303, 0),
        ("liba.so.1", "/opt/c/liba.so.1", 0x303, 0),
    ]
    files = {f"opt/{place}/liba.so.1": library("liba.so.1") for place in ("32", "b", "c")}
    assert search_of({"etc/ld.so.cache": cache(*entries), **files}).cached("liba.so.1") == [
        Candidate("/opt/b/liba.so.1", "opt/b/liba.so.1")
    ]
    del files["opt/b/liba.so.1"]
    assert search_of({"etc/ld.so.cache": cache(*entries), **files}).cached("liba.so.1") == []


def test_variants_in_the_cache():
    """They come before the one for all, each with its condition."""
    entries = [
        ("liba.so.1", "/lib/glibc-hwcaps/x86-64-v3/liba.so.1", 0x303, 1 << 62),
        ("liba.so.1", "/lib/liba.so.1", 0x303, 0),
    ]
    files = {path[1:]: library("liba.so.1") for _, path, _, _ in entries}
    found = search_of({"etc/ld.so.cache": cache(*entries), **files}).cached("liba.so.1")
    assert [(one.real, one.condition) for one in found] == [
        ("lib/glibc-hwcaps/x86-64-v3/liba.so.1", "x86-64-v3"),
        ("lib/liba.so.1", ""),
    ]


CONF = {
    "etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf # all\nhwcap 1 x\n/opt/a=libc5\n",
    "etc/ld.so.conf.d/1.conf": "# no more\n/opt/b\n\ninclude ../ld.so.conf\n",
    "etc/ld.so.conf.d/2.conf": "include more/*\n",
    "etc/ld.so.conf.d/3.txt": "/opt/never\n",
    "etc/more/x.conf": "/opt/c",
}


def test_configured():
    """Included files count, each once."""
    assert search_of(CONF).configured == ("/opt/a", "/opt/b", "/opt/c")


def test_too_many_files(monkeypatch):
    """Patterns, files and lines have limits; each is told where it is met."""
    files = {f"etc/{number}.conf": f"/opt/{number}\n" for number in range(9)}
    conf = "".join(f"include {number}.conf\n" for number in range(9))
    assert len(search_of({"etc/ld.so.conf": conf, **files}).configured) == 9
    for limit in ("PATTERN_LIMIT", "LINE_LIMIT", "DIRECTORY_LIMIT"):
        with monkeypatch.context() as patch:
            patch.setattr(loader_paths, limit, 3)
            search = search_of({"etc/ld.so.conf": conf, **files})
            assert len(search.configured) == 3
            assert ["more than 3" in one.reason or "more than 0" in one.reason for one in search.bounds.gaps]
    monkeypatch.setattr(loader_paths, "INCLUDE_LIMIT", 3)
    search = search_of({"etc/ld.so.conf": conf, **files})
    assert len(search.configured) == 2
    assert [one.reason for one in search.bounds.gaps] == ["more than 3 files that ld.so.conf includes"]


def test_a_path_that_is_too_long(monkeypatch):
    """A library behind the limit would be missed: that is told, and holds for everything."""
    root = tree({APP: program("liba.so.1", runpath="/x:/y:/z"), "z/liba.so.1": library("liba.so.1")})
    assert loads(root) == ["z/liba.so.1"]
    monkeypatch.setattr(loader_paths, "DIRECTORY_LIMIT", 2)
    gaps = [one for one in items(root) if isinstance(one, Undetermined)]
    assert [(one.place, one.scope) for one in gaps] == [(APP, "native"), (APP, "")]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({}, "?opt/b/liba.so.1"),
        ({"etc/ld.so.cache": cache()}, "?opt/b/liba.so.1"),
        ({"etc/ld.so.cache": b"damaged"}, "opt/b/liba.so.1"),
        ({"etc/ld.so.cache": cache(("liba.so.1", "/opt/b/liba.so.1"))}, "opt/b/liba.so.1"),
    ],
)
def test_configured_directories_without_the_cache(made, found):
    """glibc reads the cache alone; what only ld.so.conf leads to may be found after ldconfig."""
    root = tree({APP: program("liba.so.1"), "opt/b/liba.so.1": library("liba.so.1"), **CONF, **made})
    assert loads(root) == [found]


def test_links():
    """`$ORIGIN` is where the linker found the library, not where a link leads."""
    root = tree({
        APP: program("liba.so.1", runpath="/opt/a"),
        "opt/a/liba.so.1": Link("../real/liba.so.1.0"),
        "opt/real/liba.so.1.0": library("liba.so.1", "libb.so.1", runpath="$ORIGIN"),
        "opt/a/libb.so.1": library("libb.so.1"),
        "opt/real/libb.so.1": library("libb.so.1"),
    })  # fmt: skip
    assert loads(root) == ["opt/real/liba.so.1.0", "opt/a/libb.so.1"]


@given(st.text(st.sampled_from("$ORIGN{}/:lib.a;\n \0"), max_size=40), st.sampled_from(["rpath", "runpath"]))
def test_any_path(path, kind):
    """Whatever a path says, the search ends."""
    root = tree({APP: program("liba.so.1", **{kind: path.replace("\0", "")}), f"{MULTIARCH}/liba.so.1": library("")})
    assert items(root, environment={"LD_LIBRARY_PATH": path})
