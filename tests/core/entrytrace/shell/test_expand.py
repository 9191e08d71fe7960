"""Words into fields."""

import pytest

from traces import told, traced

WORDS = {
    "$A": "web x y",
    '"$A"': "web x y",
    "$EMPTY": "web",
    '"$EMPTY"': "web ",
    '"$@"': "web a b c",
    '"x$@y"': "web xa b cy",
    "$*": "web a b c",
    '"$*"': "web a b c",
    "${1+set}": "web set",
    '${9+"$@"}': "web",
    '${1+"$@"}': "web a b c",
    "${U:-d}": "web d",
    "${U-'d e'}": "web d e",
    "${A:+alt}": "web alt",
    "${A%% *}": "web x",
    "${A##* }": "web y",
    "${A^^}": "web X Y",
    "${#A}": "web 3",
    "${A:2}": "web y",
    "${@:2}": "web b c",
    "${!N}": "web x y",
    "/d/*.env": "web /d/1.env /d/2.env",
    "/d/[1]*": "web /d/1.env",
    "'/d/*'": "web /d/*",
    "/none/*": "web /none/*",
    "~/x": "web /h/x",
    "a{b,c}": "web ab ac",
    "$((2*3))": "web 6",
    "x$(date)": "web ?",
    "$(date)": "web ?",
}


@pytest.mark.parametrize("word", WORDS)
def test_words(word):
    """What the command gets; `?` is not known."""
    script = f"#!/bin/bash\nset -- a 'b c'\nHOME=/h A='x y' EMPTY= N=A\nexec web {word}\n"
    found = traced({"entry.sh": script, "d/1.env": "", "d/2.env": ""}, "/entry.sh")
    assert told(found) == [f"used {WORDS[word]}"]


def test_an_unknown_word_may_be_many():
    """Without quotes it may be any number of arguments; with quotes it is one."""
    for word, many in (("$(date)", True), ('"$(date)"', False)):
        assert traced({"entry.sh": f"exec web {word}"}, "/entry.sh").processes[-1].more_arguments is many
