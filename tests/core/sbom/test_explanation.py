"""Explanations: what is asked about is found, and everything known of it is told."""

import pytest
from msgspec.structs import replace

from core.sbom.samples import BABEL, LIBC, OPENSSL, REQUESTS, SAMPLE
from stellaops_core.component import Step, Use
from stellaops_core.errors import TargetError
from stellaops_core.sbom.explanation import MATCHES, SHOWN, explain, find_components

USED = Use(
    "used",
    "usr/lib/libssl.so.3",
    (Step("ENTRYPOINT", 0, "run.sh"), Step("run.sh", 2, "exec a"), Step("a", 0, "DT_NEEDED b")),
)
SBOM = replace(SAMPLE, components=tuple(replace(one, use=USED) for one in SAMPLE.components))


@pytest.mark.parametrize(
    ("what", "refs"),
    [
        (OPENSSL, [OPENSSL]),
        (OPENSSL.partition("?")[0], [OPENSSL]),
        ("pkg:npm/%40babel/core", [BABEL]),
        ("openssl", [OPENSSL]),
        ("/var/lib/dpkg/status", [LIBC, OPENSSL]),
        ("app/50%/package.json", [BABEL]),
        ("usr/lib/libssl.so.3", [LIBC, OPENSSL, BABEL, REQUESTS]),
    ],
)
def test_found(what, refs):
    """By ref, by purl in part, by name, by a path that it was found in or that is reached."""
    assert [one.ref for one in find_components(SBOM, what)] == refs


def test_nothing_found():
    """The error names what was asked for, whatever it holds, and says what to give."""
    with pytest.raises(TargetError, match=r"nothing in the image is called no\\x1bne"):
        find_components(SBOM, "no\x1bne")


def test_story():
    """All of one component, the chain numbered."""
    assert explain(SBOM, find_components(SBOM, "openssl")).splitlines() == [
        OPENSSL,
        "  name      openssl 3.0.15-1",
        "  found in  var/lib/dpkg/status (dpkg, manifest-analysis, 100 %) layer 0: ADD rootfs",
        "  licence   Apache-2.0",
        f"  needs     {LIBC}",
        "  fact      stella:deb:source openssl",
        "  use       used: usr/lib/libssl.so.3",
        "            1 ENTRYPOINT run.sh",
        "            2 run.sh:2 exec a",
        "            3 a DT_NEEDED b",
    ]
    assert f"  needed by {OPENSSL}" in explain(SBOM, find_components(SBOM, "libc6"))


def test_long_lists_are_counted():
    """A component with many places, and a name that many bear, end in a count."""
    one = SBOM.components[0]
    many = replace(one, licenses=tuple(f"L{number:02}" for number in range(SHOWN + 3)))
    text = explain(SBOM, [many] * (MATCHES + 2))
    assert text.count("... and 3 more") == MATCHES
    assert text.endswith("... and 2 more: be more exact\n")


def test_safe_to_print():
    """Nothing that a name holds steers a terminal."""
    text = explain(SBOM, [replace(SBOM.components[0], name="a\x1b[31m\nb")])
    assert text.isascii()
    assert "\x1b" not in text
