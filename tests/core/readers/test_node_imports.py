"""What a source mentions, by the way it is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.readers.node_imports import (
    COMPUTED,
    FILE,
    IMPORT,
    REQUIRE,
    WORD_LIMIT,
    WORK,
    read_names,
    read_node_imports,
)

RUNS = [
    ('require("a")', REQUIRE, "a"),
    ("const a = require('a').b;", REQUIRE, "a"),
    ("const { a, b: c } = require('a')", REQUIRE, "a"),
    ("const {\n  a,\n  b,\n} = require('a')", REQUIRE, "a"),
    ('var x = __importDefault(require("a"));', REQUIRE, "a"),
    ('const x = /*#__PURE__*/ _i._(require("a"));', REQUIRE, "a"),
    ('module.exports = {\n  "do": 1,\n  a: require("a"),\n};', REQUIRE, "a"),
    ("var x = 1,\n    a = require('a')", REQUIRE, "a"),
    ("(function () {\n  var a = require('a');\n})();", REQUIRE, "a"),
    ("try {\n  require('a')\n} catch {}", REQUIRE, "a"),
    ('const x = require(// why\n  "a")', REQUIRE, "a"),
    ("require(`a`)", REQUIRE, "a"),
    ('import "a"', IMPORT, "a"),
    ("import a, { b as c } from 'a'", IMPORT, "a"),
    ("import {\n  b,\n} from 'a'", IMPORT, "a"),
    ('import*as x from"a"', IMPORT, "a"),
    ("import type, { x } from 'a'", IMPORT, "a"),
    ("export * from 'a'", IMPORT, "a"),
    ("export * as b from 'a'", IMPORT, "a"),
    ('"use strict";import b from"z";export{c}from"a"', IMPORT, "a"),
    (" */ import b from 'a'", IMPORT, "a"),
]
MAY_RUN = [
    ("function f() {\n  return require('a')\n}", REQUIRE, "a"),
    ("const f = () => require('a')", REQUIRE, "a"),
    ("if (x) {\n  require('a')\n} else {}", REQUIRE, "a"),
    ("if (x)\n  require('a')", REQUIRE, "a"),
    ("x && require('a')", REQUIRE, "a"),
    ("module.exports = {\n  get a() {\n    return require('a')\n  },\n}", REQUIRE, "a"),
    ("try {\n} catch (e) {\n  require('a')\n}", REQUIRE, "a"),
    ("require.resolve('a')", REQUIRE, "a"),
    ("const r = createRequire(import.meta.url); r('a')", REQUIRE, "a"),
    ("/*\nrequire('a')\n*/", REQUIRE, "a"),
    ("x = `it's` + require('a')", REQUIRE, "a"),
    ("import('a')", IMPORT, "a"),
    ("import.meta.resolve('a')", IMPORT, "a"),
    ("new URL('a.js', import.meta.url)", FILE, "a.js"),
    ("require(path.join(__dirname, 'a'))", FILE, "./a"),
    ("require(__dirname + '/a')", FILE, "./a"),
    ("const { fork } = require('child_process'); fork('./a.js')", WORK, "./a.js"),
    ("import { Worker } from 'node:worker_threads'\nnew Worker('./a.js')", WORK, "./a.js"),
    ("require('./a/' + x)", COMPUTED, "./a/"),
    ("require(`./a/${x}.js`)", COMPUTED, "./a/"),
    ("import(x)", COMPUTED, ""),
    ("require(x)", COMPUTED, ""),
    ("factory(require, exports)", COMPUTED, ""),
]
NOTHING = [
    "// require('a')",
    "/**\n * require('a')\n */",
    "/** @type {import('a').B} */",
    "import type { A } from 'a'",
    "export const a = 'from'; ",
    "export { a, b };",
    "__webpack_require__('a')",
    "require(42)",
    "x.import('a')",
    "require('')",
    "required('a')",
]


@pytest.mark.parametrize(("text", "how", "what"), RUNS)
def test_what_runs_with_the_file(text, how, what):
    """A mention at the file's own level is loaded whenever the file is."""
    assert (how, what, True) in {(a, b, runs) for a, b, _, runs in read_node_imports(text.encode())}


@pytest.mark.parametrize(("text", "how", "what"), MAY_RUN)
def test_what_may_run(text, how, what):
    """A mention in a function, on a condition, or of another kind may be loaded, and only that is said of it."""
    assert {runs for a, b, _, runs in read_node_imports(text.encode()) if (a, b) == (how, what)} == {False}


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_mention(text):
    """Comments, types, bundlers' own functions and words that only look alike mention nothing."""
    assert read_node_imports(text.encode()) == []


def test_lines_are_counted_from_one():
    """Each mention has the line it stands in."""
    text = b"require('a')\n\nimport b from 'b'\nexport {\n} from 'c'\n"
    assert {(what, line) for _, what, line, _ in read_node_imports(text)} == {("a", 1), ("b", 3), ("c", 4)}


def test_a_file_with_more_places_than_are_read_counts_as_computed():
    """What lies beyond the bound is not forgotten."""
    assert any(how == COMPUTED for how, *_ in read_node_imports(b"require = 1;\n" * (WORD_LIMIT + 2)))


def test_names_are_words_in_quotes():
    """Words that could name a package or a part of one are found, sorted and bounded."""
    text = b"x('pug', \"@a/b\", `pino/file`, 'Not A Name', './no')"
    assert read_names(text, 10) == ["@a/b", "pino/file", "pug"]
    assert read_names(text, 1) == ["@a/b"]


TOKENS = ("import ", "require(", "export {", "from", "'a'", '"', "`", "{", "}", "\n", "  ", "/*", "*/", "=>", "(", ")")


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*(token.encode() for token in TOKENS), b"import.meta.url", b"\xff", b"__dirname,"])))
def test_anything_can_be_read(parts):
    """No input raises; lines are lines of the input."""
    text = b"".join(parts)
    assert all(1 <= line <= text.count(b"\n") + 1 for _, _, line, _ in read_node_imports(text))
