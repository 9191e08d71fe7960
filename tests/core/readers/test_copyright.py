"""Debian's copyright files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_core.readers.copyright import LICENSE_LIMIT, read_licenses, to_spdx

NAMES = {
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPLv3+": "GPL-3.0-or-later",
    "GPL-3.0+": "GPL-3.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2": "LGPL-2.0-only",
    "AGPL-3+": "AGPL-3.0-or-later",
    "GFDL-1.2+": "GFDL-1.2-or-later",
    "GFDL-NIV-1.3": "GFDL-1.3-no-invariants-only",
    "Expat": "MIT",
    "Apache-2": "Apache-2.0",
    "Artistic": "Artistic-1.0-Perl",
    "GPL-3+ with Autoconf exception": "GPL-3.0-or-later WITH Autoconf-exception-3.0",
    "Expat or GPL-2": "MIT OR GPL-2.0-only",
    "Expat and ISC or Zlib": "MIT AND ISC OR Zlib",
    "GPL-1+ or Artistic, and Expat": "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT",
    "Expat, and GPL-1+ or Artistic": "MIT AND (GPL-1.0-or-later OR Artistic-1.0-Perl)",
}
UNKNOWN = ["GPL", "GPL-4", "GPL-1.1", "LGPL-3.1", "public-domain", "Expat or ours", "GPL-2 with our exception", "and"]
UNKNOWN += ["Expat and", "or Expat", "Expat with Autoconf exception", "Expat or and ISC", ""]


@pytest.mark.parametrize(("declared", "spdx"), NAMES.items())
def test_known_names(declared, spdx):
    """DEP-5's names, operators and commas have their SPDX form."""
    assert to_spdx(declared) == spdx


@pytest.mark.parametrize("declared", UNKNOWN)
def test_unknown_names(declared):
    """One unknown name leaves the whole as it was written: no licence is guessed."""
    assert to_spdx(declared) == declared


HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
FILES = {
    "used names only": (
        HEAD + "\nFiles: *\nLicense: ISC\n\nFiles: a\nLicense: ISC\n\nLicense: Zlib\n text\n",
        ("ISC",),
    ),
    "header": (HEAD + "License: Expat\n", ("MIT",)),
    "texts only": (HEAD + "\nLicense: Expat\n text\n", ("MIT",)),
    "no name": (HEAD + "\nFiles: *\nLicense:\n text\n", ()),
    "a text for a name": (HEAD + "\nFiles: *\nLicense: " + "x" * (LICENSE_LIMIT + 1) + "\n", ()),
    "common": ("See /usr/share/common-licenses/Apache-2.0.\n", ("Apache-2.0",)),
    "common, only": ("See `/usr/share/common-licenses/GPL-2'.\n", ("GPL-2.0-only",)),
    "common, later": ("... or any\nlater version. See /usr/share/common-licenses/GPL-2,", ("GPL-2.0-or-later",)),
    "whichever version": ("See /usr/share/common-licenses/GPL.", ("GPL",)),
    "prose": ("All rights reserved.\nLicense: mine\n", ()),
}


@pytest.mark.parametrize(("text", "licenses"), FILES.values(), ids=FILES)
def test_files(text, licenses):
    """Both kinds of files give the licences they name."""
    assert read_licenses(text.encode()) == licenses


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(HEAD.encode().__add__)))
def test_anything(data):
    """Any bytes give licence names, each once."""
    licenses = read_licenses(data)
    assert len(set(licenses)) == len(licenses)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["GPL-2+", "Expat", "and", "or", ", and", "with", "x", ",", ", or"]), max_size=8))
def test_expressions_are_whole(words):
    """An expression that is converted has an operand on both sides of each operator, and even parentheses."""
    declared = " ".join(words).replace(" ,", ",")
    spdx = to_spdx(declared)
    if spdx != declared:
        names = spdx.replace("(", "").replace(")", "").split()
        assert len(names) % 2 == 1
        assert all((name in {"AND", "OR"}) == (number % 2 == 1) for number, name in enumerate(names))
        assert spdx.count("(") == spdx.count(")")
