"""Java runtimes as their launcher loads them."""

import pytest

from builders import Link
from roots import root_of
from stellaops_core.analyzers.texts import ANALYZER as TEXTS
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.java import runtime as java_runtime
from stellaops_core.entrytrace.java.runtime import home_of, is_drawn, native_edges, runtime_edges
from stellaops_core.entrytrace.process import Process

HOME = "usr/lib/jvm/j"
FILES = {
    f"{HOME}/bin/java": "x",
    f"{HOME}/lib/jvm.cfg": "# comment\n-server KNOWN\n-client IGNORE\n-minimal KNOWN\n",
    f"{HOME}/lib/modules": "x",
    f"{HOME}/lib/server/libjvm.so": "x",
    f"{HOME}/lib/server/classes.jsa": "x",
    f"{HOME}/lib/minimal/libjvm.so": "x",
    f"{HOME}/lib/libjava.so": "x",
    f"{HOME}/lib/libnet.so": "x",
    f"{HOME}/lib/libawt.so": "x",
    f"{HOME}/lib/jrt-fs.jar": "x",
    f"{HOME}/lib/security/cacerts": Link("/etc/cacerts"),
    "etc/cacerts": "x",
}


def levels(files, *words, draws=False):
    process = Process(f"{HOME}/bin/java", ("java", *words))
    root = root_of(files, analyzers=[TEXTS])
    return {
        edge.target.removeprefix(HOME + "/"): edge.level
        for edge in runtime_edges(root, process, HOME, Bounds("p"), draws=draws)
    }


def test_what_is_loaded():
    """Always: classes, virtual machine, core libraries. Perhaps: the rest, what draws only where it may."""
    found = levels(FILES)
    assert found == {
        "lib/modules": "used",
        "lib/server/classes.jsa": "used",
        "lib/server/libjvm.so": "used",
        "lib/libjava.so": "used",
        "lib/minimal/libjvm.so": "maybe",
        "lib/libnet.so": "maybe",
        "lib/jrt-fs.jar": "maybe",
        "etc/cacerts": "maybe",
    }
    assert levels(FILES, draws=True) == found | {"lib/libawt.so": "maybe"}


def test_the_virtual_machine_is_chosen():
    """By an option that jvm.cfg knows, else the first one known."""
    found = levels(FILES, "-minimal", "M")
    assert (found["lib/minimal/libjvm.so"], found["lib/server/libjvm.so"]) == ("used", "maybe")
    assert levels(FILES, "-client", "M")["lib/server/libjvm.so"] == "used"


def test_java_8():
    """Everything is below jre, and the machine's directory in between."""
    files = {
        "j/jre/lib/rt.jar": "x",
        "j/jre/lib/amd64/server/libjvm.so": "x",
        "j/jre/lib/amd64/jvm.cfg": "-server KNOWN",
    }
    files |= {"j/bin/java": "x", "j/jre/lib/ext/nashorn.jar": "x", "j/jre/lib/jce.jar": "x"}
    root = root_of(files, analyzers=[TEXTS])
    home = home_of(root, "j/bin/java")
    assert home == "j/jre"
    found = {
        edge.target: edge.level
        for edge in runtime_edges(root, Process("j/bin/java", ("java",)), home, Bounds("p"), draws=False)
    }
    assert found == {
        "j/jre/lib/rt.jar": "used",
        "j/jre/lib/amd64/server/libjvm.so": "used",
        "j/jre/lib/ext/nashorn.jar": "maybe",
        "j/jre/lib/jce.jar": "maybe",
    }


@pytest.mark.parametrize(("program", "home"), [(f"{HOME}/bin/java", HOME), ("usr/bin/java", None), ("java", None)])
def test_home(program, home):
    """Two directories up, where a runtime is there."""
    assert home_of(root_of(FILES, analyzers=[]), program) == home


def test_where_libraries_are_loaded_from():
    """The directories of JNI, stated ones, and Tomcat's library elsewhere: each may be."""
    files = {
        "usr/lib/jni/liba.so": "x",
        "usr/lib/x86_64-linux-gnu/jni/libb.so.1": "x",
        "usr/lib/x86_64-linux-gnu/libtcnative-1.so.0": "x",
        "usr/lib/x86_64-linux-gnu/libc.so.6": "x",
        "opt/n/libn.so": "x",
        "opt/m/libm.so": "x",
        "opt/m/readme": "x",
    }
    root = root_of(files, analyzers=[])
    edges = list(native_edges(root, "s", {"java.library.path": "/opt/n:rel"}, "/opt/m", Bounds("p")))
    assert {edge.target for edge in edges} == set(files) - {"usr/lib/x86_64-linux-gnu/libc.so.6", "opt/m/readme"}
    assert {edge.level for edge in edges} == {"maybe"}


def test_what_draws():
    """By the package's name."""
    assert is_drawn("java/awt/image")
    assert is_drawn("javax/swing")
    assert not is_drawn("javax/inject")


def test_too_many_files_are_told(monkeypatch):
    """Of the runtime, and of a directory where libraries are looked for; links in circles are none."""
    bounds = Bounds("p")
    files = {f"{HOME}/lib/modules": "", f"{HOME}/lib/a/b/c/d/libx.so": "", f"{HOME}/lib/a/loop": Link("..")}
    root = root_of({**files, "opt/n/liba.so": "", "opt/n/libb.so": ""}, analyzers=())
    process = Process(f"{HOME}/bin/java", ("java",))
    assert f"{HOME}/lib/a/b/c/d/libx.so" in {
        one.target for one in runtime_edges(root, process, HOME, bounds, draws=False)
    }
    assert not bounds.gaps
    monkeypatch.setattr(java_runtime, "LIBRARIES_LIMIT", 1)
    assert len(list(runtime_edges(root, process, HOME, bounds, draws=False))) == 1
    assert len(list(native_edges(root, "s", {}, "/opt/n", bounds))) == 1
    assert [(one.place, one.reason) for one in bounds.gaps] == [
        (f"{HOME}/lib", "more than 1 files of the runtime"),
        ("opt/n", "more than 1 names"),
    ]
