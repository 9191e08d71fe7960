"""Declared licences become SPDX expressions, or stay as they are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.licenses import MAX_EXPRESSION, MAX_TEXT, kind, normalize, split


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        # plain ids, any case
        ("MIT", "MIT"),
        ("bsd-3-clause", "BSD-3-Clause"),
        ("ZLIB", "Zlib"),
        ("bzip2-1.0.6", "bzip2-1.0.6"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-with-classpath-exception"),
        # Debian
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("Expat", "MIT"),
        ("Apache-2", "Apache-2.0"),
        ("MPL-2", "MPL-2.0"),
        ("OpenLDAP-2.8", "OLDAP-2.8"),
        ("GPL-2 with classpath exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        # Fedora's older names
        ("GPLv2+ and (LGPLv2+ or MIT)", "GPL-2.0-or-later AND (LGPL-2.0-or-later OR MIT)"),
        ("ASL 2.0", "Apache-2.0"),
        # Python, npm
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache 2", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("The MIT License", "MIT"),
        ("MIT/X11", "MIT"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ("GNU General Public License v2 or later", "GPL-2.0-or-later"),
        ("Mozilla Public License 2.0", "MPL-2.0"),
        ("(MIT OR Apache-2.0)", "MIT OR Apache-2.0"),
        ("Unlicense", "Unlicense"),
        # SPDX
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("gpl-2.0-only and mit", "GPL-2.0-only AND MIT"),
        ("MPL-1.1+", "MPL-1.1+"),
        ("Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"),
        ("LicenseRef-Acme-1", "LicenseRef-Acme-1"),
        ("  MIT\n", "MIT"),
    ],
)
def test_one_meaning(declared, expected):
    """Habits of each ecosystem whose meaning is written down somewhere."""
    assert normalize(declared) == expected
    assert kind(expected) != "text"


@pytest.mark.parametrize(
    "declared",
    [
        "BSD",
        "GPL",
        "LGPL",
        "Artistic",
        "public-domain",
        "UNLICENSED",
        "SEE LICENSE IN LICENSE.md",
        "UNKNOWN",
        "Dual License",
        "GPL-1+ or Artistic",
        "GPL-2+ with Autoconf exception",
        "GPL-9",
        "MIT+",
        "MIT, Apache-2.0",
        "MIT Apache-2.0",
        "MIT AND",
        "AND MIT",
        "MIT OR OR ISC",
        "(MIT",
        "MIT)",
        "()",
        "MIT WITH",
        "MIT WITH MIT",
        "(MIT OR ISC) WITH LLVM-exception",
        "389-exception",
        "LLVM-exception",
        "NONE",
        "",
    ],
)
def test_no_guessing(declared):
    """What could mean several things, or is no expression, stays as it was written."""
    assert normalize(declared) == declared
    assert kind(declared) == "text"


PIECES = ["MIT", "gpl-2+", "Apache 2.0", "BSD", "(", ")", "and", "OR", "with", "LLVM exception", "or later", ",", "/"]


@given(st.one_of(st.text(st.characters(), max_size=300), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)))
def test_normalising_is_stable(declared):
    """Twice is as once; one line, bounded length, and of the stated kind."""
    found = normalize(declared)
    assert normalize(found) == found
    assert len(found.splitlines()) <= 1
    if kind(found) == "text":
        assert len(found) <= MAX_TEXT
        assert found.endswith("...") or found == " ".join(declared.split())


@given(st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join))
def test_expressions_hold_for_another_reader(declared):
    """Whatever is called an expression is one for an independent SPDX implementation."""
    license_expression = pytest.importorskip("license_expression")
    found = normalize(declared)
    if kind(found) != "text":
        assert license_expression.get_spdx_licensing().validate(found).errors == []


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 4000 + "MIT" + ")" * 4000,
        "(" * 2000,
        "a " * 3000,
        "MIT OR " * 900,
        "a-" * 50,
        "MIT or later " * 400,
        "x" * 10_000_000,
        "\n" * 1_000_000,
        "MIT" + "-" * 90,
        "v" * 100,
        "1." * 50,
    ],
    ids=range(11),
)
def test_hostile_text_is_bounded(hostile):
    """No text takes long or comes out long (the limit is generous: shared machines are slow at times)."""
    started = time.process_time()
    found = normalize(hostile)
    assert time.process_time() - started < 2
    assert len(found) <= MAX_EXPRESSION


def test_split():
    """An expression stands alone or becomes text; repeats and empty statements go."""
    assert split(("MIT OR ISC",)) == (("expression", "MIT OR ISC"),)
    assert split(("MIT", "", "MIT", "MIT OR ISC")) == (("id", "MIT"), ("text", "MIT OR ISC"))
    assert split(()) == ()


@pytest.mark.parametrize(
    ("url", "license_"),
    [
        ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("http://opensource.org/licenses/BSD-3-Clause/", "BSD-3-Clause"),
        ("https://spdx.org/licenses/EPL-2.0.html", "EPL-2.0"),
        ("https://www.eclipse.org/legal/epl-v10.html", "EPL-1.0"),
        ("https://example.org/licenses/MIT", "https://example.org/licenses/MIT"),
        ("https://opensource.org/licenses/https://opensource.org/licenses/MIT", None),
    ],
)
def test_pages_of_licences(url: str, license_: str | None) -> None:
    """A page that is one licence's own names it; other addresses stay as declared."""
    assert normalize(url) == (license_ or url)
