"""WordPress: the core, plugins, themes."""

import pytest

from analyses import installed, is_wanted
from case_texts import cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.wordpress import ANALYZER


@pytest.mark.parametrize("case", cases_of("wordpress"))
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    check(ANALYZER, case, request.config)


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("wp-includes/version.php", True),
        ("var/www/html/wp-includes/version.php", True),
        ("var/www/html/wp-content/plugins/a/b.php", True),
        ("var/www/html/wp-content/plugins/a.php", True),
        ("var/www/html/wp-content/mu-plugins/a.php", True),
        ("var/www/html/wp-content/themes/a/style.css", True),
        ("var/www/html/wp-content/plugins/a/inc/b.php", False),
        ("var/www/html/wp-content/plugins/a/style.css", False),
        ("var/www/html/wp-content/themes/a/inc/style.css", False),
        ("var/www/html/wp-includes/load.php", False),
        ("app/version.php", False),
    ],
)
def test_wants(path, wanted):
    """Only what WordPress itself looks at."""
    assert is_wanted(ANALYZER, path) is wanted


def test_only_the_start_of_a_file_is_its_header():
    """As far as WordPress reads."""
    text = "<?php /*\nPlugin Name: A\n" + " " * 8192 + "\nVersion: 1\n*/"
    items, unread = installed(ANALYZER, {"wp-content/plugins/a/a.php": text})
    assert (items, unread) == ([], {"wp-content/plugins/a/a.php": "states no version"})


def test_hostile_spaces_take_no_time():
    """Lines without end are looked at once."""
    text = "<?php\n" + "\n" * 500_000 + " " * 400_000
    _, unread = installed(ANALYZER, {"wp-includes/version.php": text})
    assert unread == {"wp-includes/version.php": "states no version"}
