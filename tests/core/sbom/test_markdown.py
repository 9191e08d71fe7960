"""The page for pull requests."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from core.sbom.used_sboms import used_sboms
from stellaops_core.component import Step, Unknown
from stellaops_core.sbom.markdown import ROWS, cut_page, encode
from stellaops_core.sbom.sbom import Gap, Program, Usage

EVIL = "a|b`c`<img src=x>[d](http://e) @f #1 **g**\n\n# h\r\x1b[1m &amp;"
TAGS = re.compile(r"</?code>")


def page(sbom):
    return encode(sbom).decode()


def test_sample():
    """What it is, what it holds, what could not be read."""
    text = page(SAMPLE)
    assert text.startswith("### <code>registry.example.com/shop/api&#58;2.4</code>\n")
    assert "\n- components: 4\n" in text
    assert "\n| <code>deb</code> | 2 | 0 |\n" in text
    assert "\n| <code>app/broken.jar</code> | 1 | <code>not a zip file</code> |\n" in text


def test_usage():
    """Programs and gaps have tables of their own in the usage view."""
    step = Step("ENTRYPOINT", 0, "exec app")
    program = Program("usr/bin/app", ("app", None, "--x y"), "maybe", terminal=True, conditions=(), steps=(step, step))
    usage = Usage((program,), (Gap("run.sh", 3, "eval", ""),), (("used", 1), ("not-reached", 3)))
    text = page(replace(SAMPLE, usage=usage))
    assert "\n- usage: 1 used, 3 not-reached\n" in text
    assert "\n| <code>app &#63; &#39;--x y&#39;</code> | maybe | <code>ENTRYPOINT</code> |\n" in text
    assert "\n| <code>run.sh&#58;3</code> | <code>eval</code> |\n" in text


@settings(max_examples=25)
@given(used_sboms())
def test_nothing_is_markup(sbom):
    """Only the page's own: whatever else could be, is a character reference."""
    for line in page(sbom).splitlines():
        for cell in re.findall(r"<code>(.*?)</code>", line):
            assert re.fullmatch(r"(?:[A-Za-z0-9 ./,;=-]|&#\d+;)*", cell)
        rest = re.sub(r"<code>.*?</code>", "", line)
        assert re.fullmatch(r"[A-Za-z0-9 #|:,.-]*", rest), rest


def test_hostile_names():
    """Names of files and reasons are no markup, no link, no mention, and end no row."""
    text = page(replace(SAMPLE, unknowns=(Unknown(EVIL, EVIL, EVIL, 0),)))
    row = next(line for line in text.splitlines() if "img" in line)
    assert not set("`[]*<>@") & set(TAGS.sub("", row))
    assert row.count("|") == 4


def test_it_is_bounded():
    """However much there is; what is left out is counted."""
    unknowns = tuple(Unknown("\ue000" * 5000, "a", "\x01" * 5000, number) for number in range(3000))
    step = Step("\x01" * 500, 1, "x")
    program = Program("a", ("\x01" * 500,) * 5, "used", terminal=True, conditions=(), steps=(step,) * 5)
    usage = Usage((program,) * 60, (Gap("\x01" * 500, 1, "\x01" * 500, ""),) * 500, ())
    text = page(replace(SAMPLE, unknowns=unknowns, usage=usage))
    assert f"... and {3000 - ROWS} more." in text
    assert len(text) < 300_000


@given(st.integers(-10, 3000))
def test_pages_are_cut_at_lines(room):
    """Never longer than there is room for; what is kept is the page's beginning, and the rest is counted."""
    whole = encode(SAMPLE)
    page = cut_page(whole, room)
    assert len(page) <= max(room, 0)
    if page != whole:
        kept, mark, more = page.partition(b"\n... and ")
        assert whole.startswith(kept)
        assert not mark or int(more.split()[0]) == whole.count(b"\n") - kept.count(b"\n")
        assert mark or not page
