"""Composer's records of installed packages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.composer import Record, read_installed_json, read_installed_php

FULL = {
    "name": "Acme/Thing",
    "version": "v1.2.3",
    "source": {"type": "git", "url": "git@github.com:acme/thing.git", "reference": "aaaa"},
    "dist": {
        "type": "zip",
        "url": "https://token:x@dist.example.org/thing.zip?signature=secret",
        "reference": "bbbb",
        "shasum": "00112233445566778899aabbccddeeff00112233",
    },
    "require": {"php": ">=8", "ext-json": "*", "composer-plugin-api": "^2", "lib-icu": "*", "Psr/Log": "^3"},
    "require-dev": {"phpunit/phpunit": "^10"},
    "replace": {"acme/part": "self.version"},
    "provide": {"psr/log-implementation": "3.0", "ext-thing": "*"},
    "type": "composer-plugin",
    "license": ["MIT", "Apache-2.0"],
    "authors": [{"name": "Ada", "email": "ada@example.org"}, {"name": "Bob"}, {}],
    "homepage": "https://example.org",
    "support": {"issues": "https://example.org/issues", "source": "javascript:alert(1)"},
}
WANTED = Record(
    "Acme/Thing",
    "v1.2.3",
    "composer-plugin",
    "bbbb",
    ("MIT", "Apache-2.0"),
    (("SHA-1", "00112233445566778899aabbccddeeff00112233"),),
    "Ada, Bob",
    (
        ("distribution", "https://dist.example.org/thing.zip"),
        ("issue-tracker", "https://example.org/issues"),
        ("vcs", "git+ssh://git@github.com/acme/thing.git"),
        ("website", "https://example.org"),
    ),
    ("psr/log",),
    ("acme/part", "psr/log-implementation"),
    True,
)


def test_composer_2():
    """All that is stated; platform requirements are no packages; no secret passes."""
    document = {"packages": [FULL], "dev": True, "dev-package-names": ["acme/thing"]}
    assert read_installed_json(json.dumps(document).encode()) == ([WANTED], 0)


def test_composer_1():
    """A plain list, which does not say what is for development."""
    [record], flaws = read_installed_json(json.dumps([FULL]).encode())
    assert (record.dev, flaws) == (False, 0)
    assert record.requires == WANTED.requires


def test_what_was_cloned():
    """The reference is the source's then, and no archive's hash is stated."""
    [record], _ = read_installed_json(json.dumps([FULL | {"installation-source": "source"}]).encode())
    assert (record.reference, record.hashes) == ("aaaa", ())


def test_entries_without_a_name_are_counted():
    """A package needs its vendor and a version."""
    document = [FULL, {"name": "novendor", "version": "1"}, {"name": "a/b"}, 7, {"name": "a/b", "version": ""}]
    records, flaws = read_installed_json(json.dumps(document).encode())
    assert (len(records), flaws) == (1, 4)


PHP = """<?php return array(
    'root' => array('name' => 'acme/app', 'pretty_version' => 'dev-main', 'install_path' => __DIR__ . '/../../'),
    'versions' => array(
        'acme/app' => array('pretty_version' => 'dev-main', 'dev_requirement' => false),
        'acme/part' => array('dev_requirement' => false, 'replaced' => array(0 => 'v1.2.3')),
        'acme/thing' => array(
            'pretty_version' => 'v1.2.3', 'version' => '1.2.3.0', 'reference' => 'bbbb', 'type' => 'library',
            'install_path' => __DIR__ . '/../acme/thing', 'aliases' => array(), 'dev_requirement' => true,
        ),
        'broken' => array('pretty_version' => '1'),
    ),
);
"""


def test_php():
    """The project and what others replace are no packages."""
    assert read_installed_php(PHP.encode()) == ([Record("acme/thing", "v1.2.3", "library", "bbbb", dev=True)], 1)


@pytest.mark.parametrize("data", [b"", b"7", b"{}", b'{"packages": {}}', b"null"])
def test_other_documents(data):
    """Are refused, with a reason."""
    with pytest.raises(ValueError, match=r"JSON|packages"):
        read_installed_json(data)
    with pytest.raises(ValueError, match=r"PHP|packages"):
        read_installed_php(b"<?php return array('versions' => 1);" if data else data)


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["a/b", "1.0", "MIT"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FULL)), inner, max_size=5),
    max_leaves=15,
)


@given(st.lists(JSON, max_size=4))
def test_any_json_is_read_or_counted(document):
    """No structure raises anything."""
    records, flaws = read_installed_json(json.dumps(document).encode())
    assert len(records) + flaws == len(document)
