"""Who holds a file: lists, directories, and places that packages were found in."""

import pytest

from builders import Link
from roots import pack_of
from stellaops_core.analyzers.available import load_analyzers
from stellaops_core.scan.assemble import assemble
from stellaops_core.scan.compose import compose

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1\n"
FILES = {
    "bin": Link("usr/bin"),
    "var/lib/dpkg/status": "Package: one\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
    "var/lib/dpkg/info/one.list": "/.\n/bin/one\n/usr/lib/site-packages/a/__init__.py\n",
    "usr/lib/site-packages/a-1.dist-info/METADATA": METADATA.format("a"),
    "usr/lib/site-packages/a-1.dist-info/RECORD": "a/__init__.py,,\na/b.py,,\n",
    "app/package.json": '{"name": "app", "version": "1"}',
    "app/node_modules/x/package.json": '{"name": "x", "version": "1"}',
    "app/node_modules/x/node_modules/y/package.json": '{"name": "y", "version": "1"}',
}
ONE, A = "pkg:deb/debian/one@1?arch=all", "pkg:pypi/a@1"


@pytest.fixture(scope="module")
def holders():
    pack = pack_of(FILES, analyzers=load_analyzers([]))
    return assemble(compose([pack]), [pack], load_analyzers([]), architecture="amd64").holders


@pytest.mark.parametrize(
    ("path", "refs"),
    [
        ("usr/bin/one", [ONE]),
        ("usr/lib/site-packages/a/__init__.py", [ONE, A]),
        ("usr/lib/site-packages/a/b.py", [A]),
        ("app/node_modules/x/lib/z.js", ["pkg:npm/x@1"]),
        ("app/node_modules/x/node_modules/y/index.js", ["pkg:npm/y@1"]),
        ("app/node_modules/z.js", []),
        ("var/lib/dpkg/status", []),
        ("nowhere", []),
    ],
)
def test_holders(holders, path, refs):
    """A listed file is its packages', under any name of its directory; an npm package's directory is its own."""
    found = [ref for ref in holders.of([path]).get(path, ()) if ref != "pkg:npm/app@1"]
    assert [ref.partition("&")[0] for ref in found] == refs


def test_owners_are_the_systems(holders):
    """Only packages of the operating system own."""
    path = "usr/lib/site-packages/a/__init__.py"
    assert holders.owners([path, "usr/lib/site-packages/a/b.py"]) == {path: (ONE,)}
    assert holders.owners([]) == {}


def test_with_files(holders):
    """Everything here has files of its own."""
    assert {ONE, A, "pkg:npm/x@1", "pkg:npm/y@1"} <= holders.with_files()
