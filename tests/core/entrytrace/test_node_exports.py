"""The fields `exports` and `imports` of a package.json."""

import pytest

from stellaops_core.entrytrace.node_exports import exported, imported

CONDITIONS = frozenset({"node", "require"})


@pytest.mark.parametrize(
    ("exports", "subpath", "target"),
    [
        ("./a.js", ".", "./a.js"),
        ("./a.js", "./a.js", None),
        ({"import": "./a.mjs", "require": "./a.cjs"}, ".", "./a.cjs"),
        ({"default": "./d.js", "require": "./a.cjs"}, ".", "./d.js"),
        ({".": {"node": {"import": "./a.mjs", "default": "./n.js"}}}, ".", "./n.js"),
        ({".": {"node": {"import": "./a.mjs"}, "default": "./d.js"}}, ".", "./d.js"),
        ({".": {"node": None, "default": "./d.js"}}, ".", None),
        ({".": ["no", "./b.js"]}, ".", "./b.js"),
        ({"./x": "./x.js"}, ".", None),
        ({"./x/*": "./lib/*.js"}, "./x/y/z", "./lib/y/z.js"),
        ({"./x/*": "./lib/*.js", "./x/y*": "./y*"}, "./x/yz", "./yz"),
        ({"./x/*": "./lib/*.js", "./x/private/*": None}, "./x/private/a", None),
        ({"./*.js": "./lib/*.js", "./*": "./*"}, "./a.js", "./lib/a.js"),
        ({"./x/": "./lib/"}, "./x/a.js", "./lib/a.js"),
        ({"./x": "../out.js"}, "./x", None),
        ({"./x": "./a/../../out.js"}, "./x", None),
        ({"./x/*": "./*"}, "./x/../../out", None),
        ({"./x": "./node_modules/b/x.js"}, "./x", None),
        ({"./x": "other"}, "./x", None),
        (42, ".", None),
    ],
)
def test_exported(exports, subpath, target):
    """The first condition that holds counts, the most specific pattern, and nothing outside the package."""
    assert exported(exports, subpath, CONDITIONS) == target


@pytest.mark.parametrize(
    ("imports", "name", "target"),
    [
        ({"#a": "./a.js"}, "#a", "./a.js"),
        ({"#a": {"node": "dep", "default": "./a.js"}}, "#a", "dep"),
        ({"#a/*": "./a/*.js"}, "#a/b", "./a/b.js"),
        ({"#a": "./a.js"}, "#b", None),
        ({"#": "./a.js"}, "#", None),
        (None, "#a", None),
    ],
)
def test_imported(imports, name, target):
    """A name may stand for a file of the package, or for another package."""
    assert imported(imports, name, CONDITIONS) == target


def test_conditions_without_end():
    """What is nested too deep is not exported."""
    exports = "./a.js"
    for _ in range(10_000):
        exports = {"default": exports}
    assert exported(exports, ".", CONDITIONS) is None
