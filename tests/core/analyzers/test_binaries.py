"""Well-known programs that no package brought."""

import pytest

from analyses import File, Files, is_wanted
from known_programs import program, told
from programs import elf, macho, pe
from stellaops_core.analyzers import binaries
from stellaops_core.analyzers.analyzer import Malformed
from stellaops_core.analyzers.binaries import ANALYZER


@pytest.mark.parametrize("make", [elf, pe, macho])
def test_formats(make):
    """Programs of other systems say the same."""
    for name in ("node", "node.exe"):
        assert told(name, program(b"~node.js/v22.11.0\0", make)) == (["node@22.11.0"], [])


def test_evidence():
    """A version read from a program's data counts only where nobody owns the file, and says how sure it is."""
    [package] = ANALYZER.analyze(File("bin/jq", program(b"\x001.7.1\0DEBUG:\0")), Files({}))
    assert (package.type, package.technique, package.confidence, package.fallback) == (
        "generic",
        "binary-analysis",
        90,
        True,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gzip", b"\0BusyBox v1.37.0 (2024-01-01 00:00:00 UTC)\0"),  # another applet's name: not GNU gzip
        ("[", b"\x009.1\0GNU coreutils\0"),  # not BusyBox
        ("python3.11", b"Py_BytesMain\0"),  # the version stands in its library
        ("python3.11", b"PYTHONHASHSEED\0\x003.9.2\0"),  # of another series
        ("libpython3.11.so.1.0", b"\x003.11.2\0"),  # without the sign
        ("libz.so.1", b"\x001.2.13\0"),
        ("libssl.so.3", b"\0OpenSSL 3.x\0"),
        ("nginx", b"nginx version: openresty/1.21.4.3\n"),
        ("mysqld", b"\x008.0.34\0"),
        ("my-node", b"node.js/v22.11.0\0"),
        ("redis-server", b"\x007.0.151790282056000000000\0"),  # where does the version end?
    ],
)
def test_nothing(name, text):
    """What doesn't say it is what its name promises is nothing."""
    assert told(name, program(text)) == ([], [])


def test_several():
    """Two versions are one too many; the same twice is one."""
    line = b"nginx version: nginx/1.27.%d\n"
    assert told("nginx", program(line % 1 + line % 1)) == (["nginx@1.27.1"], [])
    assert told("nginx", program(line % 1 + line % 2)) == ([], ["nginx of several versions: 1.27.1, 1.27.2"])


def test_wants():
    """Programs of known names, wherever they are; scripts and other files are not looked at."""
    head = elf()[:8]
    for name in ("node", "usr/sbin/nginx", "opt/x/libcrypto-9c115618.so.1.1", "lib/ld-musl-aarch64.so.1"):
        assert is_wanted(ANALYZER, name, 100, head)
        assert not is_wanted(ANALYZER, name, 10, head)
        assert not is_wanted(ANALYZER, name, 100, b"#!/bin/sh\n")
    for name in ("node/x", "usr/bin/nodejs-x", "libcrypto.a", "libcrypto.so.conf", "nginx.bak"):
        assert not is_wanted(ANALYZER, name, 100, head)
    with pytest.raises(Malformed, match="not a known program"):
        list(ANALYZER.analyze(File("bin/unknown", b""), Files({})))


def test_bounds(monkeypatch):
    """No more is searched than the limits say."""
    data = program(b"nginx version: %s" * 50 + b"nginx version: nginx/1.27.2\n")
    monkeypatch.setattr(binaries, "SEARCH_LIMIT", 1000)
    assert told("nginx", data) == ([], [])
    monkeypatch.undo()
    data = program(b"git/x " * 100 + b"git/2.47.0\0")
    assert told("git", data) == (["git@2.47.0"], [])
    monkeypatch.setattr(binaries, "PLACE_LIMIT", 50)
    assert told("git", data) == ([], [])
