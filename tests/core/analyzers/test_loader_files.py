"""What the dynamic linker reads besides libraries; the files are built here."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from analyses import find, is_wanted
from loader_roots import cache
from stellaops_core.analyzers import loader_files
from stellaops_core.analyzers.analyzer import Analyzer, Malformed
from stellaops_core.analyzers.loader_files import ANALYZER, LoaderCache, read_cache

ENTRIES = [("liba.so.1", "/lib/liba.so.1", 0x303, 0), ("liba.so.1", "/lib/v/liba.so.1", 3, 1 << 62)]
READ = (("liba.so.1", "/lib/liba.so.1", 0x303, False), ("liba.so.1", "/lib/v/liba.so.1", 3, True))


def test_is_an_analyzer():
    """It fits the seam."""
    assert isinstance(ANALYZER, Analyzer)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("before", [b"", b"ld.so-1.7.0\0\0\0\0\0"])
def test_cache(order, before):
    """Both byte orders, and behind the older form."""
    assert read_cache(cache(*ENTRIES, order=order, before=before)) == READ
    found, unread = find(ANALYZER, {"etc/ld.so.cache": cache(*ENTRIES, order=order, before=before)})
    assert not unread
    (fact,) = found["etc/ld.so.cache"]
    assert msgpack.decode(fact.data, type=LoaderCache).entries == READ


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("etc/ld.so.cache", True),
        ("etc/ld.so.preload", True),
        ("etc/ld-musl-x86_64.path", True),
        ("usr/lib/systemd/system/cups.path", False),
        ("etc/pam.d/sshd", True),
        ("etc/passwd", False),
    ],
)
def test_wants(path, wanted):
    """The linker's files, and PAM's."""
    assert is_wanted(ANALYZER, path) is wanted


@pytest.mark.parametrize("size", [loader_files.TEXT_LIMIT, loader_files.CACHE_LIMIT])
def test_large_files(size):
    """Each sort has its limit."""
    assert is_wanted(ANALYZER, "etc/ld.so.cache", size)
    assert is_wanted(ANALYZER, "etc/ld.so.preload", size) is (size == loader_files.TEXT_LIMIT)
    assert not is_wanted(ANALYZER, "etc/ld.so.cache", loader_files.CACHE_LIMIT + 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a cache"),
        (b"ld.so-1.7.0\0" + bytes(100), "not a cache"),
        (b"glibc-ld.so.cache1.1", "not a cache"),
        (cache(*ENTRIES)[:60], "2 entries in 60 bytes"),
        (cache(*ENTRIES).replace(b"\2\0\0\0", b"\xff\xff\xff\x7f", 1), "2,147,483,647 entries"),
    ],
)
def test_damage(data, reason):
    """What is no cache is said to be none."""
    with pytest.raises(Malformed, match=reason):
        read_cache(data)


@given(st.binary(max_size=300))
def test_any_cache(data):
    """Whatever stands behind the header, it is read or refused."""
    with suppress(Malformed):
        assert len(read_cache(cache(*ENTRIES)[:28] + data)) <= 20
