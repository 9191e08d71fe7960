"""How one Node package finds another through links."""

import json

from hypothesis import given
from hypothesis import strategies as st

from analyses import find
from stellaops_core.analyzers.analyzer import View
from stellaops_core.analyzers.node import ANALYZER


def depends(packages, links):
    """What each package of {directory: (name, version, needs)} leads to."""
    files = {
        f"{directory}/package.json": json.dumps(
            {"name": name, "version": version, "dependencies": dict.fromkeys(needs, "*")}
        )
        for directory, (name, version, needs) in packages.items()
    }
    found, unread = find(ANALYZER, files)
    assert not unread
    view = View(dict(sorted(found.items())), links=links)
    return {item.package.key: [purl.removeprefix("pkg:npm/") for purl in item.depends] for item in ANALYZER.join(view)}


PNPM = "app/node_modules/.pnpm"


def test_links_choose_the_version():
    """In pnpm's store each package sees what is linked beside it, and nothing that is not."""
    packages = {
        f"{PNPM}/a@1.0.0/node_modules/a": ("a", "1.0.0", ["c", "hidden"]),
        f"{PNPM}/@s+b@2.0.0/node_modules/@s/b": ("@s/b", "2.0.0", ["c", "@s/d"]),
        f"{PNPM}/c@1.0.0/node_modules/c": ("c", "1.0.0", []),
        f"{PNPM}/c@1.1.0/node_modules/c": ("c", "1.1.0", []),
        f"{PNPM}/@s+d@1.0.0/node_modules/@s/d": ("@s/d", "1.0.0", []),
        f"{PNPM}/hidden@1.0.0/node_modules/hidden": ("hidden", "1.0.0", []),
    }
    links = {
        f"{PNPM}/a@1.0.0/node_modules/c": "../../c@1.1.0/node_modules/c",
        f"{PNPM}/@s+b@2.0.0/node_modules/c": "../../c@1.0.0/node_modules/c",
        f"{PNPM}/@s+b@2.0.0/node_modules/@s/d": "../../../@s+d@1.0.0/node_modules/@s/d",
        "app/node_modules/a": ".pnpm/a@1.0.0/node_modules/a",
    }
    found = depends(packages, links)
    assert found[f"{PNPM}/a@1.0.0/node_modules/a"] == ["c@1.1.0"]
    assert found[f"{PNPM}/@s+b@2.0.0/node_modules/@s/b"] == ["%40s/d@1.0.0", "c@1.0.0"]


def test_stores_of_yarn_and_bun():
    """The same in their layouts; an absolute target begins at the image's root."""
    store, bun = "web/node_modules/.store", "bun/node_modules/.bun"
    packages = {
        f"{store}/d-npm-1.0.0-abc/package": ("d", "1.0.0", ["e"]),
        f"{store}/e-npm-1.0.0-abc/package": ("e", "1.0.0", []),
        f"{store}/e-npm-2.0.0-abc/package": ("e", "2.0.0", []),
        f"{bun}/f@1.0.0/node_modules/f": ("f", "1.0.0", ["g"]),
        f"{bun}/g@1.0.0/node_modules/g": ("g", "1.0.0", []),
    }
    links = {
        f"{store}/d-npm-1.0.0-abc/node_modules/e": "../../e-npm-2.0.0-abc/package",
        f"{bun}/f@1.0.0/node_modules/g": f"/{bun}/g@1.0.0/node_modules/g",
    }
    found = depends(packages, links)
    assert found[f"{store}/d-npm-1.0.0-abc/package"] == ["e@2.0.0"]
    assert found[f"{bun}/f@1.0.0/node_modules/f"] == ["g@1.0.0"]


def test_a_workspace_ends_the_search():
    """A link to what is no installed package hides packages of that name farther up, and is no edge."""
    packages = {"app/node_modules/a": ("a", "1.0.0", ["b"]), "node_modules/b": ("b", "1.0.0", [])}
    assert depends(packages, {})["app/node_modules/a"] == ["b@1.0.0"]
    assert depends(packages, {"app/node_modules/b": "../packages/b"})["app/node_modules/a"] == []


def test_circles_and_aliases():
    """Links that lead in a circle lead nowhere; Debian's packages are found under linked names too."""
    packages = {
        "node_modules/a": ("a", "1.0.0", ["b"]),
        "usr/share/nodejs/y/package": ("y", "1.0.0", []),
        "usr/share/nodejs/yarnpkg": ("yarnpkg", "1.22.0", []),
        "usr/share/nodejs/z": ("z", "1.0.0", ["yarn"]),
    }
    packages.pop("usr/share/nodejs/y/package")
    links = {"node_modules/b": "c", "node_modules/c": "b", "usr/share/nodejs/yarn": "yarnpkg"}
    found = depends(packages, links)
    assert found["node_modules/a"] == []
    assert found["usr/share/nodejs/z"] == ["yarnpkg@1.22.0"]


NAMES = st.sampled_from(["a", "b", "c"])


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3)), st.dictionaries(NAMES, st.text("./abc", max_size=8)))
def test_any_links(packages, links):
    """Whatever links say, an edge leads to an installed package."""
    found = depends(
        {
            f"node_modules/.pnpm/{name}@1/node_modules/{name}": (name, "1.0.0", needs)
            for name, needs in packages.items()
        },
        {f"node_modules/{name}": target for name, target in links.items()},
    )
    assert {text for some in found.values() for text in some} <= {f"{name}@1.0.0" for name in packages}
