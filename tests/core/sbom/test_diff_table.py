"""The table of a diff: dense, at most 100 columns, and safe to print."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from core.sbom.changes import NEW, OLD
from core.sbom.strategies import sboms
from core.sbom.twins import twin
from stellaops_core.sbom.diff import diff
from stellaops_core.sbom.diff_table import encode, render

TABLE = f"""\
old      registry.example.com/shop/api:2.4
         sha256:{"d" * 64}
new      registry.example.com/shop/api:2.5
         sha256:{"9" * 64}
config   changed
image    label maintainer: shop -> shop|`team`
layers   1 same, 1 added, 1 removed
changes  1 added, 1 removed, 1 upgraded, 1 changed, 1 moved, 1 licence
unknown  1 -> 0 things could not be read, and may hide more

layer 1  RUN apt-get upgrade && echo <b>@shop</b> | tee `date`
  changed     bin    opt/100%25/tool   sha256:aaaaaaaaaaaa -> sha256:bbbbbbbbbbbb
  upgraded    deb    libc6             2.36-9 -> 2.36-10
  removed     deb    openssl           3.0.15-1
  added       maven  org.example:core  1.0
  moved       npm    @babel/core       7.26.0  before in layer 1  licence MIT OR Apache-2.0 -> none
"""


def test_table():
    """The whole table at a glance."""
    assert encode(diff(OLD, NEW)).decode() == TABLE


def test_nothing():
    """No difference is said in words."""
    text = render(diff(OLD, OLD), color=False, width=100)
    assert text.splitlines()[4:] == [
        "layers   2 same", "changes  none", "unknown  1 -> 1 things could not be read, and may hide more",
    ]  # fmt: skip


def test_colour_only_adds_colour():
    """Without its escape sequences the coloured table is the plain one."""
    coloured = render(diff(OLD, NEW), color=True, width=100)
    assert "\x1b[31mremoved" in coloured
    assert "\x1b[32madded" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == TABLE


@settings(max_examples=40)
@given(st.one_of(sboms(), twin()), st.one_of(sboms(), twin()), st.integers(-5, 300))
def test_fits_and_is_plain(old, new, width):
    """Never wider than asked for or than 100 columns; printable ASCII whatever things are called."""
    text = render(diff(old, new), color=False, width=width, titles=("a\x1b]0;x\x07", "\u202e"))
    assert text.isascii()
    for line in text.split("\n"):
        assert line.isprintable()
        assert line == line.rstrip()
        assert len(line) <= min(max(width, 40), 100)
