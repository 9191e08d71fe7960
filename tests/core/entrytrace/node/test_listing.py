"""Modules by where they lie."""

from builders import Link
from roots import root_of
from stellaops_core.analyzers import texts
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.node.listing import LISTED_DEPTH, LISTED_LIMIT, beginning, folders_of, listed
from stellaops_core.entrytrace.process import Process

ROOT = {
    "app/a.js": b"", "app/a.d.ts": b"", "app/a.txt": b"", "app/b/c.node": b"", "app/b/index.ts": b"",
    "app/node_modules/d/index.js": b"", "app/l.js": Link("b/c.node"), "usr/share/nodejs/x/index.js": b"",
    "usr/lib/x86_64-linux-gnu/nodejs/x.js": b"", "opt/m/n.js": b"",
}  # fmt: skip


def below(root, directory, *endings):
    bounds = Bounds("p", "npm")
    found = listed(root, directory, bounds, *endings)
    assert not bounds.gaps
    return found


def root(**more):
    return root_of({**ROOT, **more}, analyzers=(texts.ANALYZER,))


def test_listed():
    """All modules below a directory, links followed, those of installed packages left out."""
    assert below(root(), "app") == ["app/a.js", "app/b/c.node", "app/b/index.ts"]
    assert below(root(), "app", (".node",)) == ["app/b/c.node"]
    assert below(root(), "gone") == []


def test_beginning():
    """All modules whose paths begin so, directories with all that they hold."""
    assert beginning(root(), "app/b", Bounds("p")) == ["app/b/c.node", "app/b/index.ts"]
    assert beginning(root(), "app/a", Bounds("p")) == ["app/a.js"]


def test_there_is_an_end():
    """That there are more files, or deeper ones, is told; a link to what is around it is not gone into again."""
    many = {f"m/{number}.js": b"" for number in range(LISTED_LIMIT + 10)}
    bounds = Bounds("p", "npm")
    assert len(listed(root(**many), "m", bounds)) == LISTED_LIMIT
    deep = root(**{"d/" * (LISTED_DEPTH + 2) + "x.js": b"", "d/up": Link(".")})
    assert listed(deep, "d", bounds) == []
    assert [(one.place, one.reason) for one in bounds.gaps] == [
        ("m", "more than 5,000 files that may be loaded"),
        ("d", "more than 8 directories within one another"),
    ]


def test_folders():
    """NODE_PATH comes first; of Node's own places those that are there."""
    process = Process("usr/bin/node", ("node",), environment={"NODE_PATH": "/opt/m:/gone"})
    assert folders_of(root(), process) == ["opt/m", "usr/share/nodejs", "usr/lib/x86_64-linux-gnu/nodejs"]
