"""Modules by where they lie."""

from builders import Link
from roots import root_of
from stellaops_core.analyzers import texts
from stellaops_core.entrytrace.node_listing import LISTED_LIMIT, beginning, folders_of, listed
from stellaops_core.entrytrace.process import Process

ROOT = {
    "app/a.js": b"", "app/a.d.ts": b"", "app/a.txt": b"", "app/b/c.node": b"", "app/b/index.ts": b"",
    "app/node_modules/d/index.js": b"", "app/l.js": Link("b/c.node"), "usr/share/nodejs/x/index.js": b"",
    "usr/lib/x86_64-linux-gnu/nodejs/x.js": b"", "opt/m/n.js": b"",
}  # fmt: skip


def root(**more):
    return root_of({**ROOT, **more}, analyzers=(texts.ANALYZER,))


def test_listed():
    """All modules below a directory, links followed, those of installed packages left out."""
    assert listed(root(), "app") == ["app/a.js", "app/b/c.node", "app/b/index.ts"]
    assert listed(root(), "app", (".node",)) == ["app/b/c.node"]
    assert listed(root(), "gone") == []


def test_beginning():
    """All modules whose paths begin so, directories with all that they hold."""
    assert beginning(root(), "app/b") == ["app/b/c.node", "app/b/index.ts"]
    assert beginning(root(), "app/a") == ["app/a.js"]


def test_there_is_an_end():
    """One more than the bound is given where there are more."""
    many = {f"m/{number}.js": b"" for number in range(LISTED_LIMIT + 10)}
    assert len(listed(root(**many), "m")) == LISTED_LIMIT + 1


def test_folders():
    """NODE_PATH comes first; of Node's own places those that are there."""
    process = Process("usr/bin/node", ("node",), environment={"NODE_PATH": "/opt/m:/gone"})
    assert folders_of(root(), process) == ["opt/m", "usr/share/nodejs", "usr/lib/x86_64-linux-gnu/nodejs"]
