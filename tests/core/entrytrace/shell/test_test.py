"""`[` and `[[`."""

import pytest

from traces import root_with, told, traced

TESTS = {
    "[ a = a ]": True,
    "[ a != a ]": False,
    "[ -z '' ]": True,
    "[ -n a ]": True,
    "[ a ]": True,
    "[ '' ]": False,
    "[ ]": False,
    "[ ! a ]": False,
    "[ 2 -gt 10 ]": False,
    "[ 2 -lt 10 -a a = a ]": True,
    "[ a = b -o -n x ]": True,
    "[ '(' a = a ')' -a ! b = c ]": True,
    "[ -f /e.sh ]": True,
    "[ -d /e.sh ]": False,
    "[ -d /d ]": True,
    "[ -x /e.sh ]": True,
    "[ -x /d/x.env ]": False,
    "[ -s /d/x.env ]": False,
    "[ -h /link ]": True,
    "[ -e /proc/self ]": None,
    "[ -e /data/x ]": None,
    "[ -w / ]": None,
    "[ $(date) = x ]": None,
    "[ x$(date) = y ]": False,
    '[ "$(id -u)" = 0 ]': True,
    '[ "$(id -u)" -eq 0 ]': True,
    "[[ abc == a* ]]": True,
    "[[ abc == 'a*' ]]": False,
    "[[ a < b && ! a > b ]]": True,
    "[[ -n '' || abc =~ ^a.c$ ]]": True,
    "[[ abc =~ ^(a|b)+$ ]]": None,
    "[[ 3 -eq 2+1 ]]": True,
    "[[ -v HOME ]]": True,
}


@pytest.mark.parametrize("condition", TESTS)
def test_conditions(condition):
    """True, false, or both branches where it isn't known."""
    files = {"e.sh": f"#!/bin/bash\nif {condition}; then exec web; fi\nexec other", "d/x.env": ""}
    found = traced(files, "/e.sh", root=root_with(files, links={"link": "/d"}), volumes=("/data",))
    first = [line.split(" if ")[0] for line in told(found)]
    assert first == {True: ["used web"], False: ["used other"], None: ["maybe web", "maybe other"]}[TESTS[condition]]


def test_an_absent_file_is_assumed_to_be_absent():
    """That is what the image does by itself; the other branch is told."""
    lines = told(traced({"e.sh": "[ -f /x ] && exec web\nexec other"}, "/e.sh"))
    assert lines == ["maybe web if [ -f /x ]", "used other"]


def test_a_named_user_is_not_root():
    """Without `/etc/passwd`, that much is known."""
    for test in ('[ "$(id -u)" = 0 ]', '[ "$(id -u)" -eq 0 ]'):
        assert told(traced({"e.sh": f"{test} && exec web\nexec other"}, "/e.sh", user="app")) == ["used other"]
