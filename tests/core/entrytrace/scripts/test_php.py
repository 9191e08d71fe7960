"""What a PHP process loads."""

import pytest

from roots import root_of
from stellaops_core.analyzers import script_code, texts
from stellaops_core.entrytrace.process import Edge, Process
from stellaops_core.entrytrace.scripts.php import follow_php

FILES = {
    "app/index.php": b"<?php\nrequire __DIR__ . '/vendor/autoload.php';\nrequire 'S/x.php';\n",
    "app/vendor/autoload.php": b"<?php\nrequire_once __DIR__ . '/composer/autoload_real.php';",
    "app/vendor/composer/autoload_real.php": b"",
    "app/vendor/composer/autoload_files.php": b"return array('x' => $vendorDir . '/a/functions.php');",
    "app/vendor/composer/autoload_psr4.php": b"return array('A\\\\' => array($vendorDir . '/a/src'));",
    "app/vendor/a/functions.php": b"",
    "app/vendor/a/src/A.php": b"",
    "app/vendor/a/tests/T.php": b"",
    "usr/share/php/S/x.php": b"",
    "app/odd.php": b"<?php\nrequire $x;",
    "app/plugins.php": b"<?php\nrequire __DIR__ . '/vendor/a' . $x;",
}


def trace(*words):
    root = root_of(FILES, analyzers=(script_code.ANALYZER, texts.ANALYZER))
    items = list(follow_php(root, Process("usr/bin/php8.2", ("php", *words), directory="app")))
    edges = [item for item in items if isinstance(item, Edge)]
    return {edge.target: edge.level for edge in edges}, [item for item in items if item not in edges]


def test_composer():
    """Files of the autoloader are used, classes that it knows may be, and the rest of a package is not reached."""
    levels, gaps = trace("index.php")
    assert levels["app/vendor/a/functions.php"] == "used"
    assert levels["app/vendor/a/src/A.php"] == "maybe"
    assert levels["usr/share/php/S/x.php"] == "used"
    assert "app/vendor/a/tests/T.php" not in levels
    assert gaps == []


@pytest.mark.parametrize("words", [("-f", "index.php"), ("-r", "require 'S/x.php';")])
def test_forms_of_the_command(words):
    """A script may be named by an option; code counts."""
    assert trace(*words)[0]["usr/share/php/S/x.php"] == "used"


@pytest.mark.parametrize("words", [("gone.php",), (None,), (), ("odd.php",)])
def test_what_is_not_known(words):
    """What php runs or includes and nobody knows is undetermined."""
    assert [gap.scope for gap in trace(*words)[1]] == ["composer"]
