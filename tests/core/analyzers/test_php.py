"""Composer packages: what is a record, what is found, who needs whom."""

import json

import pytest

from analyses import installed, is_wanted
from case_texts import cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Joins
from stellaops_core.analyzers.php import ANALYZER


@pytest.mark.parametrize("case", cases_of("php"))
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
