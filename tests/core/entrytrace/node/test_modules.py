"""What a Node process loads."""

import pytest

from roots import root_of
from stellaops_core.analyzers import node_code, texts
from stellaops_core.entrytrace.node import modules as node_modules
from stellaops_core.entrytrace.node.modules import follow_node
from stellaops_core.entrytrace.process import Edge, Process, Step


def trace(files, *words, script="", directory="app", **environment):
    """Levels by path, and reasons of what is undetermined."""
    root = root_of(files, analyzers=(node_code.ANALYZER, texts.ANALYZER))
    steps = (Step("CMD", 0, " ".join(str(word) for word in words)),)
    process = Process(
        "usr/bin/node", ("node", *words), script=script, environment=environment, directory=directory, steps=steps
    )
    items = list(follow_node(root, process))
    assert items == list(follow_node(root, process))
    levels = {"usr/bin/node": "used", script: "used"}
    for item in items:
        if isinstance(item, Edge):
            assert item.source in levels
            assert item.target not in levels
            levels[item.target] = "used" if (levels[item.source], item.level) == ("used", "used") else "maybe"
    del levels["usr/bin/node"]
    levels.pop("", None)
    return levels, [item for item in items if not isinstance(item, Edge)]


def package(name, **fields):
    import json  # noqa: PLC0415

    return json.dumps({"name": name, **fields}).encode()


def test_sure_and_lazy_loads():
    """What runs with the script is used with all below it; what may run is maybe with all below it; the rest is not."""
    levels, gaps = trace(
        {
            "app/server.js": b"require('a');\nfunction f() {\n  require('b')\n}\n",
            "app/node_modules/a/index.js": b"require('./x'); require('fs')",
            "app/node_modules/a/x.js": b"",
            "app/node_modules/b/index.js": b"require('c')",
            "app/node_modules/c/index.js": b"require('a')",
            "app/node_modules/d/index.js": b"",
        },
        "server.js",
    )
    below = "app/node_modules/"
    assert levels == {
        "app/server.js": "used",
        f"{below}a/index.js": "used",
        f"{below}a/x.js": "used",
        f"{below}b/index.js": "maybe",
        f"{below}c/index.js": "maybe",
    }
    assert gaps == []


def test_an_edge_says_where():
    """The line and the words of the load."""
    root = root_of({"app/x.js": b"\nimport './y.js'", "app/y.js": b""}, analyzers=(node_code.ANALYZER,))
    edges = list(follow_node(root, Process("usr/bin/node", ("node", "x.js"), directory="app")))
    assert edges[-1] == Edge("app/x.js", "app/y.js", 'import "./y.js"', 2, "used")


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("-r", "a", "x.js"), {}),
        (("--import", "a", "x.js"), {}),
        (("x.js",), {"NODE_OPTIONS": "-r a"}),
        (("-e", "require('a')"), {}),
        (("--input-type=module", "-e", "import 'a'"), {}),
        (("y",), {"NODE_PATH": "/app/node_modules"}),
    ],
)
def test_forms_of_the_command(words, environment):
    """However a module is named, it is used."""
    files = {"app/x.js": b"", "app/y.js": b"require('a')", "app/node_modules/a/index.js": b""}
    assert trace(files, *words, **environment)[0]["app/node_modules/a/index.js"] == "used"


def test_a_script_with_an_interpreter_line():
    """A program's script without an ending is read from its text; what is handed to it may be loaded."""
    files = {
        "app/node_modules/tool/bin/tool": b"#!/usr/bin/env node\nrequire('../lib')",
        "app/node_modules/tool/lib/index.js": b"",
        "app/main.ts": b"import './other'",
        "app/other.ts": b"",
    }
    levels, _ = trace(files, "/app/node_modules/.bin/tool", "main.ts", script="app/node_modules/tool/bin/tool")
    assert levels["app/node_modules/tool/lib/index.js"] == "used"
    assert (levels["app/main.ts"], levels["app/other.ts"]) == ("maybe", "maybe")


def test_a_computed_name_in_a_package():
    """Declared dependencies and programs, parts with a known beginning, and what the application names may load."""
    below = "app/node_modules/"
    levels, gaps = trace(
        {
            "app/server.js": b"require('host')('view', 'pug')",
            f"{below}host/package.json": package("host", dependencies={"dep": "1"}, peerDependenciesMeta={"peer": {}}),
            f"{below}host/index.js": b"require(x); require('./parts/' + y); require(`pre-${z}`)",
            f"{below}host/parts/one.js": b"",
            f"{below}host/other.js": b"",
            f"{below}dep/package.json": package("dep", bin={"dep": "bin.js"}),
            f"{below}dep/index.js": b"",
            f"{below}dep/bin.js": b"",
            f"{below}peer/index.js": b"",
            f"{below}pre-a/index.js": b"",
            f"{below}pug/index.js": b"",
            f"{below}unrelated/index.js": b"",
        },
        "server.js",
    )
    maybe = {path.removeprefix(below) for path, level in levels.items() if level == "maybe"}
    parts = {"host/parts/one.js", "dep/index.js", "dep/bin.js", "peer/index.js", "pre-a/index.js", "pug/index.js"}
    assert maybe == parts
    assert gaps == []


def test_many_computed_names(monkeypatch):
    """Each file is offered once; beyond a limit, it is said that there may be more."""
    files = {f"app/d/{number}.js": "" for number in range(300)}
    main = "".join(f"require(`./d/{'../d/' * (number % 50)}${{x}}`)\n" for number in range(3000))
    levels, gaps = trace({"app/i.js": main, **files}, "i.js")
    assert (len(levels), gaps) == (301, [])
    monkeypatch.setattr(node_modules, "COMPUTED_LIMIT", 1000)
    levels, gaps = trace({"app/i.js": main, **files}, "i.js")
    assert (len(levels), [gap.reason for gap in gaps]) == (301, ["more than 1,000 names for computed ones"])


def test_a_computed_name_in_an_application():
    """All that it declares and all of its own files may load."""
    files = {
        "app/package.json": package("app", dependencies={"dep": "1"}),
        "app/server.js": b"require(x)",
        "app/routes/a.js": b"",
        "app/node_modules/dep/index.js": b"",
        "app/node_modules/other/index.js": b"",
    }
    levels, gaps = trace(files, "server.js")
    assert {path for path, level in levels.items() if level == "maybe"} == {
        "app/routes/a.js",
        "app/node_modules/dep/index.js",
    }
    assert gaps == []


def test_nothing_stands_in():
    """Without a package.json a computed name is undetermined."""
    _, gaps = trace({"app/server.js": b"\nrequire(x)"}, "server.js")
    assert [(gap.place, gap.line, gap.scope) for gap in gaps] == [("app/server.js", 2, "npm")]


def test_a_file_that_is_too_large():
    """The dependencies that its package declares stand in, also where a nearer package.json states a type only."""
    files = {
        "app/server.js": b"require('big')",
        "app/node_modules/big/package.json": package("big", main="dist/x.js", dependencies={"dep": "1"}),
        "app/node_modules/big/dist/package.json": b'{"type": "commonjs"}',
        "app/node_modules/big/dist/x.js": b" " * (node_code.SIZE_LIMIT + 1),
        "app/node_modules/dep/index.js": b"",
    }
    assert trace(files, "server.js")[0]["app/node_modules/dep/index.js"] == "maybe"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("const {fork} = require('child_process'); fork('./w.js')", "app/w.js"),
        ("new Worker(new URL('./w.js', import.meta.url))", "app/w.js"),
        ("require('worker_threads'); new Worker(path.join(__dirname, 'w.js'))", "app/w.js"),
        ("require(path.join(__dirname, 'plugins'))", "app/plugins/p.js"),
        ("require('bindings')('x')", "app/build/x.node"),
    ],
)
def test_files_that_are_named_otherwise(source, target):
    """Workers, directories of plugins and built libraries may be loaded."""
    files = {
        "app/package.json": package("app"), "app/server.js": source.encode(), "app/w.js": b"", "app/plugins/p.js": b"",
        "app/build/x.node": b"", "app/node_modules/bindings/index.js": b"",
    }  # fmt: skip
    assert trace(files, "server.js")[0][target] == "maybe"


def test_what_is_missing():
    """A missing script and a missing file of the application are undetermined; a missing package is none."""
    assert len(trace({"app/x": b""}, "server.js")[1]) == 1
    assert len(trace({"app/server.js": b"require('./config')"}, "server.js")[1]) == 1
    assert trace({"app/server.js": b"require('optional')"}, "server.js")[1] == []


def test_a_program_that_runs_what_was_built():
    """Frameworks' programs load the output of a build in the working directory."""
    files = {
        "app/node_modules/next/package.json": package("next"),
        "app/node_modules/next/dist/bin/next": b"#!/usr/bin/env node\n",
        "app/.next/server/pages/a.js": b"require('dep')",
        "app/node_modules/dep/index.js": b"",
    }
    levels, _ = trace(files, "/app/node_modules/.bin/next", "start", script="app/node_modules/next/dist/bin/next")
    assert levels["app/node_modules/dep/index.js"] == "maybe"


def test_a_host_of_plugins():
    """What a project declares, for development as well, and its configuration may be loaded by a host of plugins."""
    files = {
        "app/package.json": package("app", devDependencies={"plugin": "1"}),
        "app/x.config.js": b"require('other')",
        "app/server.js": b"require('webpack')",
        "app/node_modules/webpack/package.json": package("webpack"),
        "app/node_modules/webpack/index.js": b"require(x)",
        "app/node_modules/plugin/index.js": b"",
        "app/node_modules/other/index.js": b"",
    }
    levels, _ = trace(files, "server.js")
    assert [levels[f"app/node_modules/{name}/index.js"] for name in ("plugin", "other")] == ["maybe", "maybe"]


def test_modules_of_debians_node():
    """Modules that Debian's program has outside itself are used by each run."""
    files = {"usr/share/nodejs/undici/undici-fetch.js": b"", "app/x.js": b""}
    assert trace(files, "x.js")[0]["usr/share/nodejs/undici/undici-fetch.js"] == "used"
