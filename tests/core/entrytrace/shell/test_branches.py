"""`if`, `case`, `&&`, `||`: what is known decides, what isn't takes both branches with its condition."""

import pytest

from traces import told, traced

BRANCHES = {
    "known": ("if [ a = a ]; then web; else other; fi", ["used web"]),
    "elif": ("A=2; if [ $A = 1 ]; then web; elif [ $A = 2 ]; then other; else server; fi", ["used other"]),
    "unknown": (
        'if grep -q x "$F"; then exec web; fi; exec other',
        ['maybe web if grep -q x "$F"', 'maybe other if not: grep -q x "$F"'],
    ),
    "unset variable": (
        '[ "$MODE" ] && exec other; exec web',
        ['maybe other if [ "$MODE" ]', "used web"],
    ),
    "default": ('exec "${SERVER:-web}"', ["used web"]),
    "failing branch": ("if grep -q x y; then echo no; exit 1; fi; exec web", ["used web"]),
    "the configured way fails": ('[ "$NEEDED" ] || exit 1; exec web', ["used web"]),
    "case": ("case start in st*) web;; *) other;; esac", ["used web"]),
    "case falls through": ("case a in a) web;& b) other;; c) server;; esac", ["used other"]),
    "case on the unknown": (
        'case "$(date)" in\nMon*) exec web;;\n*) exec other;;\nesac',
        ['maybe web if case "$(date)" in Mon*)', 'maybe other if not: case "$(date)" in Mon*)'],
    ),
    "or": ("false || web", ["used web"]),
    "and": ("false && web; other", ["used other"]),
    "function as a condition": ("f() { return 1; }; if f; then web; else other; fi", ["used other"]),
    "same on both": ("if grep -q x y; then touch a; else touch b; fi; exec web", ["used web"]),
    "arguments on a branch": (
        'if grep -q x y; then set -- web one; else set -- web two; fi; exec "$@"',
        ["maybe web one if grep -q x y", "maybe web two if not: grep -q x y"],
    ),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches(name):
    """Terminals, with the condition as the script writes it."""
    script, expected = BRANCHES[name]
    assert told(traced({"entry.sh": script}, "/entry.sh")) == expected


@pytest.mark.parametrize("environment", [{"MODE": "x"}, {"MODE": ""}])
def test_the_environment_of_the_image_decides(environment):
    """What the image sets is known, so there is one branch."""
    found = traced({"entry.sh": '[ "$MODE" ] && exec other\nexec web'}, "/entry.sh", environment=environment)
    assert told(found) == ["used other" if environment["MODE"] else "used web"]
