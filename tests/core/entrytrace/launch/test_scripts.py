"""npm and its kin."""

import json

import pytest

from traces import PROGRAMS, root_with, told, traced

MANIFEST = json.dumps(
    {
        "scripts": {
            "start": "NODE_ENV=x node server.js",
            "prestart": "touch x",
            "serve": "tool --all",
            "loop": "npm run loop",
        }
    },
    indent=1,
)
FILES = {"app/package.json": MANIFEST, "app/node_modules/.bin/tool": "#!/usr/bin/env node\n", "app/server.js": ""}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npm start", "node server.js"),
        ("npm start -- --port 1", "node server.js --port 1"),
        ("npm --prefix /app run serve", "node /app/node_modules/.bin/tool --all"),
        ("yarn start", "node server.js"),
        ("yarn serve", "node /app/node_modules/.bin/tool --all"),
        ("npx tool x", "node /app/node_modules/.bin/tool x"),
        ("npm exec -- tool", "node /app/node_modules/.bin/tool"),
        ("pm2-runtime start server.js -- a", "node server.js a"),
        ("nodemon -w src server.js", "node server.js"),
        ("bundle exec ruby x", "ruby x"),
        ("npm install", "npm install"),
    ],
)
def test_scripts(line, expected):
    """What the project says, in its directory."""
    root = root_with(FILES, programs=[*PROGRAMS, "yarn", "pm2-runtime", "nodemon"])
    assert told(traced({}, *line.split(), root=root, working_dir="/app")) == [f"used {expected}"]


def test_the_chain_names_the_script():
    """Its line in `package.json`; what runs before it is a helper."""
    found = traced({}, "npm", "start", root=root_with(FILES), working_dir="/app")
    assert [(s.place, s.line) for s in found.processes[-1].steps][1] == ("app/package.json", 3)
    assert "used touch x" in told(found, helpers=True)


def test_what_is_absent_is_told():
    """No project, no such script, a script that runs itself."""
    assert len(traced({}, "npm", "start", root=root_with({})).undetermined) == 1
    assert len(traced({}, "npm", "run", "none", root=root_with(FILES), working_dir="/app").undetermined) == 1
    assert traced({}, "npm", "run", "loop", root=root_with(FILES), working_dir="/app").processes


def test_ecosystem():
    """Programs of pm2's own file."""
    files = {"app/package.json": json.dumps({"apps": [{"script": "a.js"}, {"script": "b.py", "cwd": "/x"}]})}
    root = root_with(files, programs=[*PROGRAMS, "pm2-runtime"])
    assert told(traced({}, "pm2-runtime", "package.json", root=root, working_dir="/app")) == [
        "used node a.js",
        "used python b.py",
    ]


def test_a_project_that_lies_too_deep():
    """Programs of packages above that are not on the path that is made of it: told."""
    deep = "d/" * 45
    files = {f"{deep}package.json": json.dumps({"scripts": {"start": "node s.js"}}), f"{deep}s.js": ""}
    assert [one.reason for one in traced(files, "npm", "--prefix", f"/{deep}", "start").undetermined] == [
        "more than 40 directories above one another"
    ]
