"""The comment on a pull request."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.sbom.changes import NEW, OLD
from core.sbom.strategies import sboms
from core.sbom.twins import twin
from stellaops_core.sbom.diff import diff
from stellaops_core.sbom.diff_markdown import FOLD, MARKDOWN_LIMIT, encode, render

COMMENT = """\
### `registry.example.com/shop/api:2.4` -> `registry.example.com/shop/api:2.5`

- **Changes:** 1 added, 1 removed, 1 upgraded, 1 changed, 1 moved, 1 licence
- **Layers:** 1 same, 1 added, 1 removed
- **Image:** `label maintainer` `shop` -> `shop|'team'`
- **Unknown:** 1 -> 0 things could not be read, and may hide more

#### Layer 1 `RUN apt-get upgrade && echo <b>@shop</b> | tee 'date'`

| change | type | name | old | new | and |
|---|---|---|---|---|---|
| changed | `bin` | `opt/100%25/tool` | `sha256:aaaaaaaaaaaa` | `sha256:bbbbbbbbbbbb` |  |
| upgraded | `deb` | `libc6` | `2.36-9` | `2.36-10` |  |
| removed | `deb` | `openssl` | `3.0.15-1` |  |  |
| added | `maven` | `org.example:core` |  | `1.0` |  |
| moved | `npm` | `@babel/core` | `7.26.0` | `7.26.0` | `before in layer 1`, `licence MIT OR Apache-2.0 -> none` |
"""


def many(count):
    """An image with that many packages more."""
    more = (replace(OLD.components[-1], ref=f"pkg:pypi/p{at:06}@1", name=f"p{at:06}", layer=1) for at in range(count))
    return replace(NEW, components=tuple(sorted((*NEW.components, *more), key=lambda one: one.ref)))


def test_comment():
    """The whole of it."""
    assert encode(diff(OLD, NEW)).decode() == COMMENT


def test_long_tables_are_folded():
    """With a summary that is no Markdown: HTML is escaped, nobody is mentioned."""
    text = render(diff(OLD, many(FOLD)))
    assert text.count("<details>") == text.count("</details>") == 1
    (summary,) = re.findall(r"<summary>(.*)</summary>", text)
    assert "<code>RUN apt-get upgrade &amp;&amp; echo &lt;b&gt;&#64;shop&lt;/b&gt;" in summary
    assert summary.endswith(f": {FOLD + 5} rows")


def test_what_has_no_room_is_counted():
    """At most what GitHub takes, all fold marks closed, and the number left out is exact."""
    text = render(diff(OLD, many(5000)))
    assert MARKDOWN_LIMIT - 500 < len(text) <= MARKDOWN_LIMIT
    assert text.count("<details>") == text.count("</details>")
    shown = len(re.findall(r"^\| (?!change |---)", text, re.MULTILINE))
    assert f"\n{5005 - shown} more rows did not fit" in text


def test_what_moved_is_one_row():
    """However many components."""
    moved = tuple(replace(one, layer=0) for one in OLD.components)
    text = render(diff(OLD, replace(OLD, components=moved)))
    assert "#### No layer" in text
    assert "| moved |  | 2 components, before in layer 1 |  |  |  |\n" in text


def test_bars_end_no_cell():
    """In tables they are escaped, code or not."""
    bare = replace(OLD.components[-1], ref="pkg:pypi/a%7Cb@1", name="a|b", version="1|2", layer=1)
    text = render(diff(OLD, replace(NEW, components=tuple(sorted((*NEW.components, bare), key=lambda one: one.ref)))))
    assert "| added | `pypi` | `a\\|b` |  | `1\\|2` |  |\n" in text


@settings(max_examples=40)
@given(st.one_of(sboms(), twin()), st.one_of(sboms(), twin()))
def test_nothing_escapes_its_code(old, new):
    """Outside code there is only our own text: no mention, link, HTML or broken table, whatever things are called."""
    text = render(diff(old, new), titles=("`@me` [x](y) <img>", "|"))
    bare = re.sub(r"`[^`\n]*`", "", text)
    assert "`" not in bare
    assert not re.search(r"@\w|<(?!/?(details|summary|code)>)|\]\(", bare)
    for line in text.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) == 7


def test_huge_labels_do_not_break_the_limit():
    """However many facts there are."""
    labels = tuple((f"label{at}", "x" * 300) for at in range(2000))
    text = render(diff(OLD, replace(NEW, subject=replace(NEW.subject, labels=labels))))
    assert len(text) <= MARKDOWN_LIMIT
    assert "- **Image:** 1981 more facts\n" in text
