"""Subshells, substitutions, pipelines, the background."""

import pytest

from traces import told, traced

GROUPS = {
    "pipeline": ("web | other", ["used web", "used other"]),
    "subshell keeps its variables": ("A=web; ( A=other; $A ); $A", ["used other", "used web"]),
    "exit of a subshell": ("( exit 1 ); web", ["used web"]),
    "substitution": ('web $(echo a b) "$(echo c d)"', ["used web a b c d"]),
    "file substitution": ("web $(cat /v.env)", ["used cat /v.env", "used web 1"]),
    "known output": (
        "cd /d && web $(basename /a/b.c .c) $(dirname /a/b) $(pwd)",
        ["used basename /a/b.c .c", "used dirname /a/b", "used web b /a /d"],
    ),
    "background": ("worker & web", ["used worker", "used web"]),
    "process substitution": ("#!/bin/bash\nweb <(other)", ["used other", "used web ?"]),
    "negation": ("! grep x y && web", ["used grep x y", "maybe web if ! grep x y"]),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name):
    """What runs, in order."""
    script, expected = GROUPS[name]
    found = traced({"entry.sh": script, "v.env": "1\n", "d/x.env": ""}, "/entry.sh")
    assert told(found, helpers=True)[1:] == expected


def test_all_of_the_last_pipeline_stays():
    """Each stage is what the container runs."""
    assert told(traced({"entry.sh": "web | tee log"}, "/entry.sh")) == ["used web", "used tee log"]
