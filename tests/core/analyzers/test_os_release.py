"""Distributions: os-release(5), the files before it, and which of them speaks; cases under tests/cases/os_release."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_files import analyze, cases_of, check
from stellaops_core.analyzers.analyzer import Analyzer, Malformed
from stellaops_core.analyzers.os_release import (
    ANALYZER,
    PRECEDENCE,
    SIZE_LIMIT,
    choose_distribution,
    read_assignments,
    read_os_release,
)
from stellaops_core.component import Distribution


@pytest.mark.parametrize("case", cases_of("os_release"))
def test_case(case, pytestconfig):
    """The case's files give exactly what its expected.json states."""
    check(ANALYZER, case, pytestconfig)


def test_is_an_analyzer():
    """It fits the seam, and its hints let no wanted file pass."""
    assert isinstance(ANALYZER, Analyzer)
    assert all(ANALYZER.wants(path, 1) and path.rpartition("/")[2] in ANALYZER.names for path in PRECEDENCE)
    assert not ANALYZER.wants("srv/etc/os-release", 1)


@pytest.mark.parametrize("strong", range(len(PRECEDENCE)))
def test_precedence(strong):
    """Of all files the strongest one speaks, whatever the order they come in; of none, nobody."""
    found = {path: Distribution(path) for path in reversed(PRECEDENCE[strong:])}
    assert choose_distribution(found) == Distribution(PRECEDENCE[strong])
    assert choose_distribution({}) is None


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=60))
def test_quoting_agrees_with_shells(value):
    """A value that a shell would quote, in either way, comes back; blanks at its ends are nobody's."""
    assert read_assignments(f"NAME={shlex.quote(value)}")["NAME"] == value.strip()
    double = "".join("\\" + character if character in '\\"$`' else character for character in value)
    assert read_assignments(f'NAME="{double}"')["NAME"] == value.strip()


@pytest.mark.parametrize(
    ("path", "text", "identifier", "version", "codename"),
    [
        ("etc/alpine-release", "3.20.1\n", "alpine", "3.20.1", ""),
        ("etc/arch-release", "", "arch", "", ""),
        ("etc/debian_version", "11.7\n", "debian", "11", ""),
        ("etc/debian_version", "trixie/sid\n", "debian", "", "trixie"),
        (
            "etc/lsb-release",
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\nDISTRIB_CODENAME=bionic\n",
            "ubuntu",
            "18.04",
            "bionic",
        ),
        ("etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n", "rhel", "9.4", "Plow"),
        ("etc/rocky-release", "Rocky Linux release 8.4 (Green Obsidian)", "rocky", "8.4", "Green Obsidian"),
        ("etc/system-release", "Amazon Linux release 2 (Karoo)", "amzn", "2", "Karoo"),
        ("etc/SuSE-release", "openSUSE 13.2 (x86_64)\nVERSION = 13.2", "opensuse", "13.2", "x86_64"),
    ],
)
def test_older_files(path, text, identifier, version, codename):
    """Each older file names its distribution as os-release would."""
    found, gaps = analyze(ANALYZER, {path: text.encode()})
    ((distribution,),) = found.values()
    assert (distribution.id, distribution.version, distribution.codename, gaps) == (identifier, version, codename, {})


@pytest.mark.parametrize("text", ["", "\n", "LSB_VERSION=1", "Some OS release 3", "CentOS"])
@pytest.mark.parametrize("path", ["etc/redhat-release", "etc/lsb-release"])
def test_says_nothing(path, text):
    """A file that names no known distribution is no find, and nothing that could not be read."""
    assert analyze(ANALYZER, {path: text.encode()}) == ({path: []}, {})


def test_defaults():
    """os-release(5): ID defaults to linux; a file that assigns nothing is damaged."""
    assert read_os_release("NAME=X").id == "linux"
    with pytest.raises(Malformed):
        read_os_release("nothing here")


def test_too_large():
    """A file above the limit is not read, and told of."""
    _, gaps = analyze(ANALYZER, {"etc/os-release": b"ID=x\n" + b"#" * SIZE_LIMIT})
    assert gaps.keys() == {"etc/os-release"}


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PRECEDENCE), st.binary(max_size=200))
def test_anything(path, data):
    """Whatever a file holds, it is found, unknown or nothing; an ID is always one that os-release(5) allows."""
    found, _ = analyze(ANALYZER, {path: data})
    assert all(set(one.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") and one.id for one in found[path])
