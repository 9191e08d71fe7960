"""Licence classifiers."""

import pytest

from stellaops_core.readers.trove import SPDX, license_name


@pytest.mark.parametrize(
    ("classifier", "name"),
    [
        ("License :: OSI Approved :: MIT License", "MIT License"),
        ("License :: Public Domain", "Public Domain"),
        ("License :: OSI Approved", ""),
        ("License :: Other/Proprietary License", ""),
        ("Programming Language :: Python", ""),
        ("", ""),
    ],
)
def test_license_name(classifier, name):
    """The last part of a licence classifier that names a licence."""
    assert license_name(classifier) == name


def test_identifiers_are_single_and_families_are_absent():
    """Every name stands for one identifier; families of licences stand for none."""
    assert all(value and " " not in value for value in SPDX.values())
    assert not {"BSD License", "Apache Software License", "GNU General Public License (GPL)", "Public Domain"} & set(
        SPDX
    )
