"""The table: dense, at most 100 columns, and safe to print."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.strategies import sboms
from stellaops_core.component import Unknown
from stellaops_core.sbom.summary import SHOWN, Run, Summary, encode, render, summarize

COLD = Run(layers_total=2, layers_cached=1, bytes_read=212_345_678, seconds=1.84, warm=False)
WARM = Run(layers_total=2, layers_cached=2, bytes_read=0, seconds=0.031, warm=True)

TABLE = f"""\
registry.example.com/shop/api:2.4
image    sha256:{"d" * 64}
system   linux/amd64  Debian GNU/Linux 12 (bookworm)
layers   2 (1 cached)  212 MB read  1.8s
sbom     4 components
         deb   2  layer 0
         npm   1  layer 1
         pypi  1  layer 0
unknown  1
         app/broken.jar  not a zip file (java, layer 1)
"""


def test_table():
    """The whole table at a glance."""
    assert render(summarize(SAMPLE), COLD, color=False, width=100) == TABLE


def test_warm_run():
    """A known image says so, and its time in hundredths."""
    lines = render(summarize(SAMPLE), WARM, color=False, width=100).splitlines()
    assert lines[3] == "layers   2 (all cached)  image known  0.03s"


def test_document_has_nothing_of_the_run():
    """As a file the table is the same for every run."""
    assert encode(SAMPLE).decode() == TABLE.replace(" (1 cached)  212 MB read  1.8s", "")


def test_nothing_found():
    """Zero is said in words, and a directory has neither layers nor digest."""
    subject = replace(SAMPLE.subject, kind="directory", name="", digest="", platform="", layers=())
    bare = summarize(replace(SAMPLE, subject=subject, distribution=None, components=(), unknowns=()))
    run = Run(0, 0, 999, 12.34, warm=False)
    expected = "directory\nrun      12.3s\nsbom     no components\nunknown  none\n"
    assert render(bare, run, color=False, width=100) == expected


def test_many_unknowns():
    """The first few with path and reason, then how many more there are and where to see them."""
    unknowns = tuple(Unknown(f"{number:03}", "java", "broken", 0) for number in range(20))
    summary = summarize(replace(SAMPLE, unknowns=unknowns))
    assert summary.unknown_count == 20
    lines = render(summary, COLD, color=False, width=100).splitlines()
    assert lines[-1].strip() == f"... and {20 - SHOWN} more: see -o json"
    assert lines[-2].strip() == "004  broken (java, layer 0)"


@settings(max_examples=60)
@given(sboms(), st.integers(-5, 300), st.booleans())
def test_fits_and_is_plain(sbom, width, with_run):
    """Never wider than asked for or than 100 columns; printable ASCII whatever the files are called."""
    text = render(summarize(sbom), COLD if with_run else None, color=False, width=width)
    assert text.isascii()
    assert text.endswith("\n")
    for line in text.split("\n"):
        assert line.isprintable()
        assert line == line.rstrip()
        assert len(line) <= min(max(width, 40), 100)


@settings(max_examples=30)
@given(sboms())
def test_summary_can_be_kept(sbom):
    """It goes through msgpack unchanged, hostile names included, and stays small."""
    summary = summarize(sbom)
    data = msgspec.msgpack.encode(summary)
    assert msgspec.msgpack.decode(data, type=Summary) == summary
    assert len(data) < 20_000


def test_colour_only_adds_colour():
    """Without its escape sequences the coloured table is the plain one; unknowns stand out."""
    coloured = render(summarize(SAMPLE), COLD, color=True, width=100)
    plain = coloured
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m"):
        plain = plain.replace(sequence, "")
    assert plain == TABLE
    assert "\x1b[33munknown" in coloured


def test_escape_sequences_in_names_are_shown_not_obeyed():
    """A file name can't colour, move or retitle the terminal."""
    unknown = Unknown("a\x1b]0;x\x07\u202eb", "java", "c\x9b31m\r\nd", 0)
    line = render(summarize(replace(SAMPLE, unknowns=(unknown,))), None, color=False, width=100).splitlines()[-1]
    assert line.strip() == r"a%1B]0;x%07\u202eb  c\x9b31m d (java, layer 0)"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_999, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5_300_000_000, "5.3 GB"),
        (10**18, "1000000 TB"),
    ],
)
def test_sizes(size, text):
    """Decimal units, two or three digits."""
    run = replace(COLD, bytes_read=size)
    assert f"  {text} read  " in render(summarize(SAMPLE), run, color=False, width=100)


def test_layer_ranges():
    """Runs of layers are written as ranges."""
    layers = tuple(replace(SAMPLE.subject.layers[0], index=index) for index in range(9))
    components = tuple(
        replace(SAMPLE.components[0], ref=f"pkg:deb/debian/p{layer}", layer=layer) for layer in (0, 3, 4, 5, 7, 8)
    )
    sbom = replace(SAMPLE, subject=replace(SAMPLE.subject, layers=layers), components=components)
    assert "deb  6  layers 0, 3-5, 7-8\n" in render(summarize(sbom), None, color=False, width=100)
