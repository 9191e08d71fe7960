"""Composer packages: what is a record, what is found, who needs whom."""

import json
from pathlib import Path

import pytest

from analyses import installed, is_wanted, read_case, shown
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.php import ANALYZER

CASES = sorted((Path(__file__).parents[2] / "cases" / "php").glob("*.case"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case, request):
    """The files of a case give exactly what stands under `expected`; `--accept` rewrites it."""
    files, expected = read_case(case.read_text())
    result = shown(*installed(ANALYZER, files))
    if request.config.getoption("--accept", default=False):
        kept = case.read_text().partition("-- expected --\n")[0]
        case.write_text(kept + "-- expected --\n" + json.dumps(result, indent=1) + "\n")
        expected = result
    assert result == expected


def test_is_an_analyzer():
    """It fits both protocols of the seam."""
    assert isinstance(ANALYZER, Analyzer)
    assert isinstance(ANALYZER, Joins)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("app/vendor/composer/installed.json", True),
        ("vendor/composer/installed.php", True),
        ("app/lib/composer/installed.json", True),
        ("app/vendor/composer/installed.json.bak", False),
        ("app/vendor/installed.json", False),
        ("app/vendor/composer/installed/installed.json", False),
        ("app/composer.json", False),
        ("app/composer.lock", False),
    ],
)
def test_wants(path, wanted):
    """Composer's records are wanted, wherever the vendor directory is; wishes are not."""
    assert is_wanted(ANALYZER, path) is wanted


def test_the_json_of_a_later_layer_counts():
    """Both name the same packages; the JSON says more."""
    php = "<?php return array('versions' => array('a/b' => array('pretty_version' => '1')));"
    record = json.dumps([{"name": "a/b", "version": "1", "license": "MIT"}])
    items, unread = installed(ANALYZER, {"v/composer/installed.php": php}, {"v/composer/installed.json": record})
    assert [(str(item.purl), item.licenses) for item in items] == [("pkg:composer/a/b@1", ("MIT",))]
    assert not unread
