"""What no file of the project may hold: places of one machine, and names of package servers."""

import re

import pytest

from sources import texts

MACHINE = re.compile(
    r"(?<![\w.~/-])/(?:work|root|Users|mnt)/\w|(?<![\w.~/-])/home/(?!(?:a|someone|user|influxdb3|redmine|vault)\b)\w"
)
SERVERS = re.compile(
    r"pypi\.(?:org|python)|pythonhosted\.org|npmjs\.(?:org|com)/|registry\.(?:npmjs|yarnpkg)\.|rubygems\.org|"
    r"proxy\.golang\.org|deb\.debian\.org|static\.crates\.io|api\.nuget\.org|repo1?\.maven\.",
)


@pytest.mark.parametrize("forbidden", [MACHINE, SERVERS], ids=["machine", "servers"])
def test_nothing_of_one_machine(forbidden):
    """Neither paths that exist on one machine only, nor servers that a site may not reach."""
    found = [f"{path}: {match[0]}" for path, text in texts() for match in forbidden.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        (MACHINE, "see /ro" + "ot/x"),
        (MACHINE, '"/home' + '/somebody/x"'),
        (SERVERS, "https://py" + "pi.org/simple"),
        (SERVERS, "registry.npm" + "js.org"),
    ],
)
def test_it_would_be_noticed(forbidden, text):
    """The patterns match what they are for."""
    assert forbidden.search(text)
