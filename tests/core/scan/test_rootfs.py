"""The squashed root answers as a kernel would; tests/properties/test_compose.py holds it to a model for any layers."""

import pytest

from builders import Dir, Link
from roots import root_of
from stellaops_core.analyzers.texts import Text
from stellaops_core.scan.rootfs import LINK_LIMIT

FILES = {
    "usr/bin/sh": "#!/bin/true\n",
    "bin": Link("usr/bin"),
    "up": Link("../../usr/./bin/.."),
    "etc/alternatives/sh": Link("/bin/sh"),
    "loop": Link("pool"),
    "pool": Link("loop"),
    "dangling": Link("nowhere"),
    "through": Link("usr/bin/sh/.."),
    "empty": Dir(),
}


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("usr/bin/sh", "usr/bin/sh"),
        ("/bin/sh", "usr/bin/sh"),
        ("//bin//./sh", "usr/bin/sh"),
        ("up/bin/sh", "usr/bin/sh"),
        ("etc/alternatives/sh", "usr/bin/sh"),
        ("", ""),
        ("/", ""),
        ("../../..", ""),
        ("empty/..", ""),
        ("loop", None),
        ("dangling", None),
        ("usr/bin/sh/x", None),
        ("nowhere", None),
    ],
)
def test_real(path, real):
    """Links, relative and absolute, dots, and what leads nowhere; never out of the image."""
    assert root_of(FILES).real(path) == real


def test_a_chain_of_links_ends():
    """As many links as Linux follows are followed, and not one more."""
    links = {f"l{number}": Link(f"l{number + 1}") for number in range(60)}
    root = root_of({**links, "l60": "end"})
    assert root.real(f"l{60 - LINK_LIMIT}") == "l60"
    assert root.real(f"l{60 - LINK_LIMIT - 1}") is None


def test_kinds_and_names():
    """Files, directories and names, by any path that leads there."""
    root = root_of(FILES)
    assert root.is_file("bin/sh")
    assert root.is_directory("bin")
    assert not root.is_file("bin")
    assert root.names("up") == ("bin",)
    assert root.names("empty") == ()
    assert root.names("dangling") == ()


def test_facts_come_from_the_topmost_layer():
    """A replaced script's text is the upper one's; a removed one has none."""
    root = root_of({"a": "#!/bin/a\n", "b": "#!/bin/b\n"}, {"a": "#!/bin/c\n", ".wh.b": ""})
    assert root.facts("a", Text) == Text(b"#!/bin/c\n", executable=True)
    assert root.facts("b", Text) is None
    assert root.layer_of("a") == 1
    assert root.layer_of("b") == -1


def test_code():
    """Scripts are code, configuration is not, and what an upper layer replaced is not there."""
    root = root_of({"run.sh": "#!/bin/sh\n", "app.conf": "a = 1\n", "old": "#!/bin/sh\n"}, {"old": "x"})
    assert sorted(root.code()) == ["run.sh"]
