"""Explanations as text: everything known is told, in lines that fit and steer nothing."""

from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, SAMPLE
from stellaops_core.component import Step, Use
from stellaops_core.sbom.explanation import Event, Explanation, Find, PathStory, Rejected, find_components
from stellaops_core.sbom.explanation_text import MATCHES, SHOWN, render
from stellaops_core.sbom.sbom import Hiding, Removed
from stellaops_core.sbom.summary import MAX_WIDTH

USED = Use(
    "used",
    "usr/lib/libssl.so.3",
    (Step("ENTRYPOINT", 0, "run.sh"), Step("run.sh", 2, "exec a"), Step("a", 0, "DT_NEEDED b")),
)
SBOM = replace(SAMPLE, components=tuple(replace(one, use=USED) for one in SAMPLE.components))
OLDER = OPENSSL.replace("3.0.15-1", "3.0.14-1")
STATUS = Hiding("replaced", "var/lib/dpkg/status")
STORY = PathStory(
    path="a\x1b[31m",
    kind="absent",
    target="",
    real="",
    events=(Event(0, "file"), Event(1, "absent", "", Hiding("whiteout", "a\x1b[31m"))),
    finds=(
        Find(0, "python", "pypi x 1", "hidden", later=1, hiding=Hiding("whiteout", "a\x1b[31m")),
        Find(0, "java", "", "refused", reason="no\x1bzip"),
        Find(1, "native", "generic y 1", "yielded", (OPENSSL,)),
    ),
    readers=("python",),
    owners=(),
    holders=(BABEL,),
    use=None,
)


def told(what, **more):
    return render(Explanation(SBOM, find_components(SBOM, what), **more))


def test_story():
    """All of one component, the chain numbered, what it is not made of included."""
    removed = (Removed(OLDER, "var/lib/dpkg/status", 0, 1, STATUS, "upgraded", OPENSSL),)
    rejected = (Rejected("usr/bin/openssl", "native", "pkg:generic/openssl", "openssl", (OPENSSL,)),)
    assert told("openssl", hidden=removed, rejected=rejected).splitlines() == [
        OPENSSL.partition("?")[0],
        f"  with      {OPENSSL.partition('?')[2]}",
        "  name      openssl 3.0.15-1",
        "  found in  var/lib/dpkg/status",
        "              by dpkg, manifest-analysis, 100 %, layer 0: ADD rootfs",
        "  licence   Apache-2.0",
        f"  needs     {LIBC.partition('?')[0]}",
        "  fact      stella:deb:source openssl",
        "  rejected  3.0.14-1 -> 3.0.15-1 of layer 0: record rewritten in layer 1, /var/lib/dpkg/status",
        "            openssl at /usr/bin/openssl (native): this package says what it is",
        "  use       used: usr/lib/libssl.so.3",
        "            1 ENTRYPOINT run.sh",
        "            2 run.sh:2 exec a",
        "            3 a DT_NEEDED b",
    ]
    assert f"  needed by {OPENSSL.partition('?')[0]}" in told("libc6")


def test_path():
    """A path's layers, owner, readers, finds, and what became of them; names from the image are escaped."""
    assert render(Explanation(SBOM, path=STORY)).splitlines() == [
        "/a%1B[31m",
        "  state     not in the image",
        "  layers    file in layer 0: ADD rootfs",
        "            deleted in layer 1",
        "  owner     no system package lists it",
        f"  component {BABEL}",
        "  read by   python",
        "  rejected  not readable: no\\x1bzip (java, layer 0)",
        "            pypi x 1 (python, layer 0): hidden by layer 1",
        f"            generic y 1 (native, layer 1): {OPENSSL.partition('?')[0]} says what it is",
    ]


def test_gone():
    """A package that is gone has a story, too."""
    removed = Removed(OLDER, "var/lib/dpkg/status", 0, 1, STATUS, "upgraded", OPENSSL)
    lines = render(Explanation(SBOM, hidden=(removed,))).splitlines()
    assert "  state     not in the image: upgraded" in lines
    assert "  gone      record rewritten in layer 1" in lines
    assert f"  then      {OPENSSL.partition('?')[0]}" in lines


def test_long_lists_are_counted():
    """A component with many places, and a name that many bear, end in a count."""
    many = replace(SBOM.components[0], licenses=tuple(f"L{number:02}" for number in range(SHOWN + 3)))
    text = render(Explanation(SBOM, (many,) * (MATCHES + 2)))
    assert text.count("... and 3 more") == MATCHES
    assert text.endswith("... and 2 more: be more exact\n")


def test_safe_to_print():
    """Nothing that a name holds steers a terminal, and no line is too wide."""
    text = render(Explanation(SBOM, (replace(SBOM.components[0], name="a\x1b[31m\nb" + "x" * 300),)))
    assert text.isascii()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= MAX_WIDTH
