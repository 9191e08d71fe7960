"""Node packages: what is a root, what is found, how one finds another."""

import gc
import json
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses import File, Files, find, installed, is_wanted
from case_texts import cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Joins, Malformed
from stellaops_core.analyzers.node import ANALYZER, SIZE_LIMIT, Node, place_of


@pytest.mark.parametrize("case", cases_of("node"))
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("node_modules/a/package.json", True),
        ("app/node_modules/@s/a/package.json", True),
        ("app/node_modules/a/node_modules/b/package.json", True),
        ("app/node_modules/.pnpm/a@1/node_modules/a/package.json", True),
        ("app/node_modules/.pnpm/registry.example.org/a/1.0.0/node_modules/a/package.json", True),
        ("app/node_modules/.store/a-npm-1/package/package.json", True),
        ("app/node_modules/.package-lock.json", True),
        ("app/node_modules/.pnpm/lock.yaml", True),
        ("app/pnpm-lock.yaml", False),
        ("app/lock.yaml", False),
        ("app/node_modules/next/dist/compiled/glob/package.json", True),
        ("app/node_modules/next/dist/compiled/@s/glob/package.json", True),
        ("app/node_modules/@s/a/vendor/glob/package.json", True),
        ("usr/share/nodejs/a/vendor/glob/package.json", True),
        ("app/node_modules/a/compiled/package.json", False),
        ("app/node_modules/a/test/vendor/glob/package.json", False),
        ("app/node_modules/a/vendor/fixtures/glob/package.json", False),
        ("app/vendor/glob/package.json", False),
        ("usr/share/nodejs/a/package.json", True),
        ("usr/share/nodejs/@s/a/package.json", True),
        ("usr/share/nodejs/a/node_modules/b/package.json", True),
        ("usr/lib/nodejs/a/package.json", True),
        ("usr/share/nodejs/a/dist/package.json", False),
        ("usr/share/nodejs/package.json", False),
        ("app/package.json", False),
        ("package.json", False),
        ("app/package-lock.json", False),
        ("app/node_modules/package.json", False),
        ("app/node_modules/a/package-lock.json", False),
        ("app/node_modules/a/dist/package.json", False),
        ("app/node_modules/@s/package.json", False),
        ("app/node_modules/@s/a/dist/package.json", False),
        ("app/node_modules/.bin/package.json", False),
        ("app/node_modules/.prisma/client/package.json", False),
    ],
)
def test_wants(path, wanted):
    """Package roots and hidden lockfiles are wanted; projects, subdirectories and lock files are not."""
    assert is_wanted(ANALYZER, path) is wanted


STEP = st.sampled_from(["a", "b", "@s/c", "x.js", "node"])
ENTRY = st.sampled_from(["", ".pnpm/a@1/node_modules/", ".bun/a@1/node_modules/"])
PROJECT = st.sampled_from(["", "app/", "usr/lib/", "srv/a b/", "pnp/.yarn/unplugged/a-1/"])
INSIDE = st.sampled_from(["test", "test/fixture", "dist/x/y"])


@given(PROJECT, ENTRY, st.lists(STEP, min_size=1, max_size=4), INSIDE, st.integers(0, 3))
def test_places(project, entry, steps, inside, at):
    """A chain of packages is installed; one subdirectory in it makes all below it vendored, and is no root itself."""
    chain = f"{project}node_modules/{entry}" + "/node_modules/".join(steps)
    place = place_of(f"{chain}/package.json")
    assert place is not None
    assert (place.directory, place.name, place.vendor) == (chain, steps[-1], "")
    assert place.project == project.rstrip("/")
    assert place_of(f"{chain}/{inside}/package.json") is None
    at %= len(steps)
    head = f"{project}node_modules/{entry}" + "/node_modules/".join(steps[: at + 1])
    vendored = place_of(f"{head}/{inside}/node_modules/" + "/node_modules/".join(steps) + "/package.json")
    assert vendored is not None
    assert vendored.vendor == head


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "not JSON"),
        ('{"name": "a",\n"version"}', "not JSON"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ({"version": "1.0.0"}, "states no name"),
        ({"name": "a"}, "states no version"),
        ({"name": "a", "version": 1}, "states a version that can't be one"),
        ({"name": "a", "version": "1 2"}, "states a version that can't be one"),
        ({"name": "a", "version": "https://user:pw@h/"}, "states a version that can't be one"),
        ({"name": ["a"], "version": "1.0.0"}, "states a name that can't be one"),
        ({"name": "@a/b/", "version": "1.0.0"}, "states a name that can't be one"),
        ({"name": "..", "version": "1.0.0"}, "states a name that can't be one"),
        ({"name": "a" * 300, "version": "1.0.0"}, "states a name that can't be one"),
    ],
)
def test_malformed(document, reason):
    """An installed package that doesn't say what it is becomes an Unknown with a reason."""
    path = "app/node_modules/a/package.json"
    text = document if isinstance(document, str) else json.dumps(document)
    assert find(ANALYZER, {path: text}) == ({}, {path: reason})


def test_too_large():
    """A package.json beyond the limit is not even read."""

    class Huge(File):
        size = SIZE_LIMIT + 1

        def read(self):
            raise AssertionError("read")

    with pytest.raises(Malformed, match="larger than"):
        list(ANALYZER.analyze(Huge("node_modules/a/package.json", b""), Files({})))


def test_byte_order_mark():
    """A byte order mark does no harm."""
    [item], _ = installed(ANALYZER, {"node_modules/a/package.json": b'\xef\xbb\xbf{"name": "a", "version": "1.0.0"}'})
    assert str(item.purl) == "pkg:npm/a@1.0.0"


def test_torn_lockfile_is_one_unknown():
    """A hidden lockfile that can't be read is reported once, and costs no package."""
    files = {
        f"app/node_modules/{name}/package.json": json.dumps({"name": name, "version": "1.0.0"}) for name in "abc"
    } | {"app/node_modules/.package-lock.json": "{"}
    items, unread = installed(ANALYZER, files)
    assert len(items) == 3
    assert list(unread) == ["app/node_modules/.package-lock.json"]


def test_lockfile_is_read_once_and_let_go():
    """A layer's packages share one reading of the lockfile; the next layer gets its own; nothing is kept alive."""
    reads = []

    class Counted(File):
        def read(self):
            reads.append(self.path)
            return super().read()

    class Layer(Files):
        def get(self, path):
            file = super().get(path)
            return Counted(*file) if file else None

    node = Node()
    lock = "app/node_modules/.package-lock.json"
    package = {f"app/node_modules/a{n}/package.json": f'{{"name": "a{n}", "version": "1.0.0"}}' for n in range(9)}
    for flag in ("dev", "optional"):
        entries = {f"node_modules/a{n}": {flag: True} for n in range(9)}
        layer = Layer({**package, lock: json.dumps({"packages": entries})})
        for path, text in package.items():
            [found] = node.analyze(File(path, text.encode()), layer)
            assert found.properties == ((f"stella:npm:{flag}", "true"),)
    assert reads == [lock, lock]
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None


def search(packages, directory, name):
    """Node's documented algorithm LOAD_NODE_MODULES over a set of directories, step by step."""
    parts = directory.split("/")
    for end in range(len(parts), -1, -1):
        if end and parts[end - 1] == "node_modules":
            continue
        candidate = "/".join([*parts[:end], "node_modules", name])
        if candidate in packages:
            return candidate
    return None


TREES = st.dictionaries(
    st.lists(STEP, min_size=1, max_size=4).map(lambda steps: "/node_modules/".join(["app", *steps])),
    st.lists(STEP, max_size=4),
    max_size=12,
)


@given(TREES)
def test_edges_are_nodes(tree):
    """Every edge leads where Node's algorithm leads, and there is one for every dependency that it finds."""
    files, versions = {}, {}
    for number, (directory, wants) in enumerate(sorted(tree.items())):
        versions[directory] = f"1.0.{number}"
        document = {
            "name": directory.rpartition("node_modules/")[2],
            "version": versions[directory],
            "dependencies": dict.fromkeys(wants, "*"),
        }
        files[f"{directory}/package.json"] = json.dumps(document)
    items, unread = installed(ANALYZER, files)
    assert not unread
    purls = {item.package.key: str(item.purl) for item in items}
    for item in items:
        targets = (search(tree, item.package.key, name) for name in tree[item.package.key])
        assert item.depends == tuple(sorted({purls[target] for target in targets if target} - {str(item.purl)}))


def test_copies_inside_packages():
    """A package that a bundler copied into another is a weaker fact, and only where name and directory agree."""
    outer = "app/node_modules/next"
    texts = {
        "dist/compiled/glob": {"name": "glob", "version": "7.1.7", "dependencies": {"next": "*"}},
        "dist/compiled/@s/og": {"name": "@s/og", "version": "0.7.2"},
        "dist/compiled/other": {"name": "another", "version": "1.0.0"},
        "dist/compiled/bare": {"name": "bare"},
        "dist/compiled/own": {"name": "own", "version": "1.0.0", "private": True},
        "dist/compiled/odd": {"name": "odd", "version": "1 2"},
        "dist/glob": {"name": "glob", "version": "9.9.9"},
    }
    files = {f"{outer}/{path}/package.json": json.dumps(text) for path, text in texts.items()}
    files[f"{outer}/dist/compiled/torn/package.json"] = "{"
    files[f"{outer}/package.json"] = json.dumps({"name": "next", "version": "15.0.0", "dependencies": {"glob": "*"}})
    items, unread = installed(ANALYZER, files)
    assert not unread
    assert [(str(item.purl), item.package.confidence, item.depends, item.properties) for item in items] == [
        ("pkg:npm/%40s/og@0.7.2", 60, (), (("stella:npm:vendored", outer),)),
        ("pkg:npm/glob@7.1.7", 60, (), (("stella:npm:vendored", outer),)),
        ("pkg:npm/next@15.0.0", 100, (), ()),
    ]


def test_pnpm_knows_the_archives():
    """Hashes come from pnpm's hidden lockfile, by name and version; a torn one costs nothing but them."""
    store = "app/node_modules/.pnpm"
    lock = "packages:\n\n  a@1.0.0:\n    resolution: {integrity: sha512-" + "A" * 86 + "==}\n"
    files = {
        f"{store}/lock.yaml": lock,
        f"{store}/a@1.0.0/node_modules/a/package.json": '{"name": "a", "version": "1.0.0"}',
        f"{store}/b@1.0.0/node_modules/b/package.json": '{"name": "b", "version": "1.0.0"}',
    }
    items, unread = installed(ANALYZER, files)
    assert not unread
    assert [item.package.hashes for item in items] == [(("SHA-512", "00" * 64),), ()]
    items, _ = installed(ANALYZER, {**files, f"{store}/lock.yaml": b"\xff\0"})
    assert [item.package.hashes for item in items] == [(), ()]


def test_case_of_names_is_kept():
    """npm's old names with capitals stay what they are."""
    [item], _ = installed(ANALYZER, {"node_modules/JSONStream/package.json": '{"name":"JSONStream","version":"1.3.5"}'})
    assert str(item.purl) == "pkg:npm/JSONStream@1.3.5"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
FIELDS = [
    "name",
    "version",
    "license",
    "licenses",
    "author",
    "maintainers",
    "contributors",
    "homepage",
    "repository",
    "bugs",
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "_integrity",
    "_resolved",
    "private",
]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=10), JSON, JSON, st.booleans())
def test_any_document(document, entry, resolved, named):
    """Whatever JSON the fields hold, a reason comes out, nothing, or a package that packs, has a purl and joins."""
    document = {**document, "name": "a", "version": "1.0.0"} if named else document
    lock = {"packages": {"node_modules/a": {"integrity": entry, "resolved": resolved}}}
    files = {
        "app/node_modules/a/package.json": json.dumps(document),
        "app/node_modules/.package-lock.json": json.dumps(lock if named else {"packages": entry}),
    }
    items, _ = installed(ANALYZER, files)
    assert len(items) == 1 or not named
    for item in items:
        assert not any(
            character in text for text in (*item.licenses, item.package.supplier) for character in "\0\n\x1b"
        )


@given(st.binary(max_size=80))
def test_any_bytes(data):
    """Bytes that are no package are an Unknown, in a package.json as in a hidden lockfile."""
    files = {"app/node_modules/a/package.json": data, "app/node_modules/.package-lock.json": data}
    items, unread = installed(ANALYZER, files)
    assert len(items) + len(unread) in {1, 2}
