"""`stella config show`."""

import json

import pytest

from stellaops_cli.commands.config import show_config
from stellaops_cli.settings import SETTINGS, load_settings
from stellaops_core.errors import UsageError


def test_table_lists_every_setting(capfd):
    """Every row of the table, values as people write them, within 100 columns."""
    settings = load_settings({"jobs": "3"}, {"HOME": "/nowhere", "DOCKER_HOST": "unix:///" + "x" * 200})
    assert show_config({"origin": True}, settings) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["SETTING", *(setting.key for setting in SETTINGS)]
    assert max(map(len, lines)) <= 100
    assert any(line.split() == ["jobs", "3", "flag", "--jobs"] for line in lines)
    assert any(line.split() == ["max-size", "10GB", "default"] for line in lines)


def test_without_origin(capfd):
    """Two columns are enough where the origin is not asked for."""
    show_config({}, load_settings({}, {"HOME": "/nowhere"}))
    assert capfd.readouterr().out.splitlines()[0] == "SETTING             VALUE"


def test_json(capfd):
    """Machines get exact values and origins; undecodable bytes don't break the document."""
    settings = load_settings({}, {"HOME": "/nowhere", "STELLA_CACHE_DIR": "/\udcff", "STELLA_OUTPUT": "json"})
    show_config({"format": "json"}, settings)
    document = json.loads(capfd.readouterr().out)
    assert list(document) == [setting.key for setting in SETTINGS]
    assert document["cache-dir"] == {"value": "/\udcff", "origin": "environment STELLA_CACHE_DIR"}
    assert document["output"]["value"] == ["json"]


def test_unknown_format():
    """Only table and json."""
    with pytest.raises(UsageError, match="unknown format 'yaml'"):
        show_config({"format": "yaml"}, load_settings({}, {}))
