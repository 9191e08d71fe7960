"""Where Node finds a module."""

import pytest

from builders import Link
from roots import root_of
from stellaops_core.analyzers import node_code, texts
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.node.resolve import BUILTIN, Resolver, split

FILES = {
    "app/package.json": b"""{"name": "app", "exports": {"./x": "./lib/x.js"},
        "imports": {"#own": "./lib/x.js", "#b": "b"}}""",
    "app/lib/x.js": b"",
    "app/lib/index.json": b"",
    "app/lib/both.js": b"",
    "app/lib/both/index.js": b"",
    "app/lib/typed.ts": b"",
    "app/lib/main/package.json": b'{"main": "./start"}',
    "app/lib/main/start.js": b"",
    "app/lib/main/index.js": b"",
    "app/lib/wrong/package.json": b'{"main": "./gone"}',
    "app/lib/wrong/index.node": b"",
    "app/lib/odd/package.json": b"\xef\xbb\xbf{",
    "app/lib/odd/index.js": b"",
    "app/node_modules/plain.js": b"",
    "app/node_modules/b/package.json": b'{"main": "b.js"}',
    "app/node_modules/b/b.js": b"",
    "app/node_modules/b/sub/c.js": b"",
    "app/node_modules/@s/two/package.json": b"""{"exports": {
        ".": {"module-sync": "./sync.js", "import": "./i.mjs", "default": "./d.js"},
        "./sub": {"import": "./i.mjs"}}}""",
    "app/node_modules/@s/two/i.mjs": b"",
    "app/node_modules/@s/two/d.js": b"",
    "app/node_modules/@s/two/hidden.js": b"",
    "app/lib/node_modules/near/index.js": b"",
    "app/node_modules/linked": Link(".store/linked@1/node_modules/linked"),
    "app/node_modules/.store/linked@1/node_modules/linked/index.js": b"",
    "app/node_modules/.store/linked@1/node_modules/deep/index.js": b"",
    "more/global/index.js": b"",
}
STORE = "app/node_modules/.store/linked@1/node_modules"


@pytest.fixture(scope="module")
def root():
    return root_of(FILES, analyzers=(node_code.ANALYZER, texts.ANALYZER))


@pytest.mark.parametrize(
    ("how", "specifier", "directory", "found"),
    [
        ("require", "fs", "app", BUILTIN),
        ("import", "node:anything", "app", BUILTIN),
        ("require", "fs/promises", "app", BUILTIN),
        ("require", "./x", "app/lib", "app/lib/x.js"),
        ("require", "/app/lib/x.js", "", "app/lib/x.js"),
        ("require", "../lib/x", "app/lib", "app/lib/x.js"),
        ("require", "..", "app/lib/main", "app/lib/index.json"),
        ("require", "./both", "app/lib", "app/lib/both.js"),
        ("require", "./both/", "app/lib", "app/lib/both/index.js"),
        ("require", "./main", "app/lib", "app/lib/main/start.js"),
        ("require", "./wrong", "app/lib", "app/lib/wrong/index.node"),
        ("require", "./odd", "app/lib", "app/lib/odd/index.js"),
        ("require", "./gone", "app/lib", None),
        ("import", "./x.js", "app/lib", "app/lib/x.js"),
        ("import", "./typed.js", "app/lib", "app/lib/typed.ts"),
        ("import", "file:///app/lib/x.js", "app", "app/lib/x.js"),
        ("import", "https://example.org/x.js", "app", None),
        ("require", "plain", "app/lib", "app/node_modules/plain.js"),
        ("require", "b", "app/lib", "app/node_modules/b/b.js"),
        ("require", "b/sub/c", "app/lib", "app/node_modules/b/sub/c.js"),
        ("import", "b/sub/c.js", "app/lib", "app/node_modules/b/sub/c.js"),
        ("require", "near", "app/lib/main", "app/lib/node_modules/near/index.js"),
        ("require", "near", "app", None),
        ("require", "@s/two", "app", "app/node_modules/@s/two/d.js"),
        ("import", "@s/two", "app", "app/node_modules/@s/two/i.mjs"),
        ("require", "@s/two/sub", "app", None),
        ("require", "@s/two/hidden.js", "app", None),
        ("require", "@s", "app", None),
        ("require", "app/x", "app/lib", "app/lib/x.js"),
        ("require", "app/y", "app/lib", None),
        ("require", "#own", "app/lib/main", None),  # another package.json is nearer
        ("require", "#own", "app/lib", "app/lib/x.js"),
        ("require", "#b", "app", "app/node_modules/b/b.js"),
        ("require", "linked", "app", f"{STORE}/linked/index.js"),
        ("require", "deep", f"{STORE}/linked", f"{STORE}/deep/index.js"),
        ("require", "deep", "app", None),
        ("require", "global", "app", "more/global/index.js"),
    ],
)
def test_find(root, how, specifier, directory, found):
    """Modules are found as Node's documentation says, in each of its two ways."""
    expected = () if found is None else (found,)
    assert Resolver(root, Bounds("p"), folders=["more"]).find(how, specifier, directory) == expected


def test_a_condition_of_newer_versions_gives_both():
    """Where the version of Node decides, both files are given."""
    files = {**FILES, "app/node_modules/@s/two/sync.js": b""}
    found = Resolver(root_of(files, analyzers=(texts.ANALYZER,)), Bounds("p")).find("require", "@s/two", "app")
    assert found == ("app/node_modules/@s/two/d.js", "app/node_modules/@s/two/sync.js")


def test_a_stated_condition_holds():
    """`--conditions` adds to those that hold."""
    root = root_of(
        {
            "node_modules/a/package.json": b'{"exports": {"mine": "./m.js", "default": "./d.js"}}',
            "node_modules/a/m.js": b"",
        },
        analyzers=(texts.ANALYZER,),
    )
    assert Resolver(root, Bounds("p"), conditions=["mine"]).find("require", "a", "") == ("node_modules/a/m.js",)


def test_deep_paths_end():
    """Depth costs no recursion."""
    directory = "/".join(["d"] * 2000)
    resolver = Resolver(root_of({f"{directory}/x.js": b""}, analyzers=(texts.ANALYZER,)), Bounds("p"))
    assert resolver.find("require", "a", directory) == ()
    assert resolver.scope(directory) is None


@pytest.mark.parametrize(
    ("specifier", "parts"),
    [("a", ("a", ".")), ("a/b/c", ("a", "./b/c")), ("@a/b", ("@a/b", ".")), ("@a/b/c", ("@a/b", "./c"))],
)
def test_split(specifier, parts):
    """A bare specifier is a package's name and a subpath."""
    assert split(specifier) == parts
