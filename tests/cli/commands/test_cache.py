"""`stella cache …`."""

import pytest

from stellaops_cli.commands.cache import look_after_cache, show_size
from stellaops_cli.settings import load_settings
from stellaops_core.digest import sha256
from stellaops_core.errors import UsageError
from stellaops_core.scan.cache import open_cache


@pytest.fixture
def settings(tmp_path):
    cache = open_cache(str(tmp_path / "cache"))
    for number in range(3):
        cache.put_layer(sha256(bytes([number])), "0" * 16, b"x" * 1000)
    cache.put_document(sha256(b"image"), "json", b"y" * 500)
    return lambda **flags: load_settings({"cache_dir": str(tmp_path / "cache"), **flags}, {})


def told(capfd):
    return dict(line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines())


def test_info(settings, capfd):
    """Where, how many, how large."""
    assert look_after_cache("info", settings()) == 0
    facts = told(capfd)
    assert facts["cache"] == settings().cache_dir
    assert (facts["layers"][:5], facts["documents"][:5]) == ("3 in ", "1 in ")


def test_collecting_clearing_and_verifying(settings, capfd):
    """gc obeys its limits, clear leaves nothing, verify drops what is damaged."""
    look_after_cache("gc", settings())
    assert told(capfd)["removed"].startswith("0 in")
    look_after_cache("gc", settings(max_size="0"))
    assert told(capfd)["removed"].startswith("4 in")
    look_after_cache("clear", settings())
    assert told(capfd)["removed"].startswith("0 in")
    look_after_cache("verify", settings())
    assert told(capfd) == {"checked": "0", "damaged": "0"}


def test_damage_is_found(settings, capfd, tmp_path):
    """A flipped bit is found and named."""
    victim = max(path for path in (tmp_path / "cache").rglob("*.pack"))
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    look_after_cache("verify", settings())
    facts = told(capfd)
    assert (facts["checked"], facts["damaged"]) == ("4", "1")
    assert facts["removed"].endswith(".pack")


def test_a_missing_cache_is_empty(tmp_path, capfd):
    """Nothing there is nothing wrong."""
    for action in ("info", "gc", "clear", "verify"):
        assert look_after_cache(action, load_settings({"cache_dir": str(tmp_path / "none")}, {})) == 0
    assert "layers     0 in 0 B" in capfd.readouterr().out


def test_no_home():
    """Without a home a directory has to be named."""
    with pytest.raises(UsageError, match="no home directory"):
        look_after_cache("info", load_settings({}, {"HOME": "relative"}))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_949, "1.9 kB"), (10**6, "1.0 MB"), (12_345_678_901, "12.3 GB")],
)
def test_sizes(size, text):
    """Powers of 1000, one decimal, never rounded up."""
    assert show_size(size) == text
