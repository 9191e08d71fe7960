"""What parameters are."""

from traces import told, traced


def test_what_the_shell_sets():
    """Parameters that every script has; those that change are not known."""
    script = '#!/bin/bash\nexec web "$0" "$#" "$BASH_SOURCE" "$PWD" "$RANDOM" "$HOSTNAME" "$OSTYPE" "$?"'
    lines = told(traced({"entry.sh": script}, "/entry.sh", cmd=("a", "b"), working_dir="/srv"))
    assert lines == ["used web /entry.sh 2 /entry.sh /srv ? ? linux-gnu 0"]


def test_a_variable_that_nobody_sets_is_unset_but_may_be_set():
    """Its absence is what the image does by itself; the other way is told with its condition."""
    lines = told(traced({"entry.sh": '[ -z "$A" ] && exec web\nexec other'}, "/entry.sh"))
    assert lines == ["used web", 'maybe other if not: [ -z "$A" ]']
    lines = told(traced({"entry.sh": 'A=\n[ -z "$A" ] && exec web\nexec other'}, "/entry.sh"))
    assert lines == ["used web"]


def test_home_comes_of_the_user():
    """Of root it is known; else `/etc/passwd` tells, or nobody."""
    assert told(traced({"e.sh": 'exec web "$HOME"'}, "/e.sh")) == ["used web /root"]
    assert told(traced({"e.sh": 'exec web "$HOME"'}, "/e.sh", user="web")) == ["used web ?"]
