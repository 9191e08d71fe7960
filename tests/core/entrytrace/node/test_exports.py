"""The fields `exports` and `imports` of a package.json."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.entrytrace.node.exports import Patterns, exported, imported

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
    """What is nested too deep is not known."""
    exports = "./a.js"
    for _ in range(10_000):
        exports = {"default": exports}
    with pytest.raises(ValueError, match="more than 32 conditions"):
        exported(exports, ".", CONDITIONS)


def test_thousands_of_patterns_take_no_time():
    """Whether they begin or end alike; tried one by one for each name, these would take minutes."""
    heads = {f"./a{number}/*": f"./{number}/*.js" for number in range(20_000)}
    tails = {f"./*/a{number}": f"./{number}/*.js" for number in range(20_000)}
    both = heads | tails
    patterns = Patterns(both)
    for number in range(5_000):
        assert exported(both, f"./a{number}/x", CONDITIONS, patterns) == f"./{number}/x.js"
        assert exported(both, f"./x/a{number}", CONDITIONS, patterns) == f"./{number}/x.js"


KEYS = st.lists(st.text("ab/*", max_size=6).map(lambda text: "./" + text), max_size=8)


@given(KEYS, st.text("ab/", max_size=8))
def test_the_most_specific_pattern(keys, name):
    """It is the one that PATTERN_KEY_COMPARE puts first of all that fit: here by trying each of them."""
    fitting = [
        key
        for key in keys
        if (key.count("*") == 1 and fits(key, f"./{name}"))
        or ("*" not in key and key[-1] == "/" and f"./{name}".startswith(key))
    ]
    fitting.sort(key=lambda key: (key.find("*") + 1 or len(key), len(key)))
    assert Patterns(dict.fromkeys(keys)).best(f"./{name}") == (fitting[-1] if fitting else "")


def fits(key, name):
    head, _, tail = key.partition("*")
    return len(name) >= len(key) and name.startswith(head) and name.endswith(tail)
