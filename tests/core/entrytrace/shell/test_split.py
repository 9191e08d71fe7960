"""A state at a branch, and behind it."""

from traces import told, traced


def test_branches_that_change_nothing_are_one_way():
    """However many, what follows always runs."""
    script = "".join(f"if grep {n} y; then touch {n}; fi\n" for n in range(40)) + "exec web"
    assert told(traced({"entry.sh": script}, "/entry.sh"))[-1] == "used web"


def test_a_branch_that_fails_is_no_condition():
    """`exit 1` in one branch: the rest runs whenever the container does."""
    script = "for i in a b c; do grep $i y || exit 1; done\nexec web"
    assert told(traced({"entry.sh": script}, "/entry.sh")) == ["used web"]


def test_a_branch_that_ends_well_is_one():
    """`exit 0` in one branch: the rest hangs on the other."""
    script = "if grep x y; then exit 0; fi\nexec web"
    assert told(traced({"entry.sh": script}, "/entry.sh"))[-1] == "maybe web if not: grep x y"


def test_a_variable_once_set_stays_set():
    """On the way on which a variable is set, later conditions on it are not the image's own."""
    script = 'if [ "$A" ]; then set -- other; fi\nif [ "$A" ]; then set -- "$@" x; fi\nexec "${@:-web}"'
    lines = told(traced({"entry.sh": script}, "/entry.sh"))
    assert "used web" in lines
    assert any(line.startswith('maybe other x if [ "$A" ]') for line in lines)
