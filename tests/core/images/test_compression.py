"""Decompression and its checks, over every compression and every kind of damage."""

import bz2
import gzip
import lzma
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from builders import compress, digest, layer
from stellaops_core.errors import CorruptImage, DigestMismatch, StellaError, Truncated, Unsupported
from stellaops_core.images import compression as images_compression
from stellaops_core.images.compression import OUTPUT_PIECE, Check, decompressed, inflate

TAR = layer({f"file{number}": bytes([number]) * 3000 for number in range(50)})


def cut(data: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def check_of(stored: bytes, tar: bytes = b"", *, size: int | None = None) -> Check:
    return Check(digest=digest(stored), diff_id=digest(tar) if tar else "", size=len(stored) if size is None else size)


@pytest.mark.property
@given(st.sampled_from(["none", "gzip", "zstd"]), st.integers(200, 200_000))
def test_every_compression_in_any_pieces(compression: str, size: int) -> None:
    """The tar comes out, and both digests hold."""
    stored = compress(TAR, compression)
    assert b"".join(decompressed(cut(stored, size), check_of(stored, TAR))) == TAR


@pytest.mark.parametrize("member", [1, 512, 100_000])
def test_many_gzip_members(member: int) -> None:
    """eStargz has a member for every file; all of them are the layer, zero padding included."""
    tar = TAR[: 20_000 if member == 1 else None]
    stored = b"".join(gzip.compress(piece, mtime=0) for piece in cut(tar, member)) + bytes(512)
    assert b"".join(decompressed(cut(stored, 65536), check_of(stored, tar))) == tar


def test_zstd_frames_and_skippable_frames() -> None:
    """zstd:chunked keeps its table of contents in skippable frames."""
    skippable = b"\x5a\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"ignored"
    stored = b"".join(zstandard.compress(piece) + skippable for piece in cut(TAR, 40_000))
    assert b"".join(decompressed(cut(stored), check_of(stored, TAR))) == TAR
    assert b"".join(decompressed(cut(skippable + stored), check_of(skippable + stored))) == TAR


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_bombs_come_in_small_pieces(compression: str) -> None:
    """256 MiB of zeros in a few hundred kilobytes never stand in memory at once."""
    bomb = compress(bytes(1 << 28), compression)
    largest = max(len(piece) for piece in inflate(cut(bomb, 1 << 20)))
    assert largest <= OUTPUT_PIECE


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_truncated_blob(compression: str) -> None:
    """Fewer bytes than the manifest says."""
    stored = compress(TAR, compression)
    with pytest.raises(Truncated):
        list(decompressed(cut(stored[:-100]), check_of(stored)))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("missing", [1, 3, 20, 200])
def test_stream_that_ends_early_under_its_own_digest(compression: str, missing: int) -> None:
    """The blob is what the manifest names, but its stream has no end."""
    stored = compress(TAR, compression)[:-missing]
    with pytest.raises(CorruptImage, match=compression):
        list(decompressed(cut(stored), check_of(stored)))


def test_longer_than_announced() -> None:
    """A body that goes on is refused at once, not read to its end."""
    stored = compress(TAR, "gzip")

    def endless() -> Iterator[bytes]:
        yield stored
        while True:
            yield bytes(1000)

    with pytest.raises(DigestMismatch, match=r"^longer"):
        list(decompressed(endless(), check_of(stored)))
    with pytest.raises(DigestMismatch, match=r"^longer"):
        list(decompressed(cut(stored + b"xx"), check_of(stored)))


def test_digest_and_diff_id() -> None:
    """Both are compared, and the message says which."""
    stored = compress(TAR, "gzip")
    with pytest.raises(DigestMismatch, match="its content has"):
        list(decompressed(cut(stored), Check(digest=digest(b"other"), diff_id="", size=len(stored))))
    with pytest.raises(DigestMismatch, match="diffID"):
        list(decompressed(cut(stored), Check(digest=digest(stored), diff_id=digest(b"other"), size=len(stored))))


@pytest.mark.property
@given(st.data())
def test_a_flipped_bit_is_always_a_mismatch(data: st.DataObject) -> None:
    """Wherever it is, and whatever it does to the decompressor: the digest's verdict is what is told."""
    stored = bytearray(compress(TAR, data.draw(st.sampled_from(["gzip", "zstd"]))))
    good = bytes(stored)
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DigestMismatch):
        list(decompressed(cut(bytes(stored)), check_of(good)))


@pytest.mark.parametrize(
    ("stored", "said"), [(bz2.compress(TAR), "bzip2"), (lzma.compress(TAR), "xz"), (b"hello" * 200, "neither")]
)
def test_unknown_compression(stored: bytes, said: str) -> None:
    """Named where it is known."""
    with pytest.raises(Unsupported, match=said):
        list(decompressed(cut(stored), check_of(stored)))


def test_garbage_after_gzip_is_damage() -> None:
    """No container engine would load it."""
    stored = gzip.compress(TAR) + b"garbage"
    with pytest.raises(CorruptImage):
        list(decompressed(cut(stored), check_of(stored)))


def test_too_large_a_window_is_refused() -> None:
    """A frame may ask for gigabytes; it gets an error."""
    parameters = zstandard.ZstdCompressionParameters(window_log=29, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    stored = stream.compress(TAR) + stream.flush()
    with pytest.raises(CorruptImage, match="window"):
        list(decompressed(cut(stored), check_of(stored)))


def test_errors_of_the_source_come_through() -> None:
    """What a registry raises in the reading thread reaches the scan."""

    def broken() -> Iterator[bytes]:
        yield compress(TAR, "gzip")[:100]
        raise StellaError("the network is gone")

    with pytest.raises(StellaError, match="network is gone"):
        list(decompressed(broken(), Check(digest="", diff_id=digest(TAR), size=-1)))


@pytest.mark.parametrize("stored", [b"", compress(TAR, "gzip")[:50]])
def test_what_the_source_refuses_is_said(stored: bytes) -> None:
    """A registry that sends too much is told of, not the bytes that are missing because of it."""

    def refused() -> Iterator[bytes]:
        yield stored
        raise CorruptImage("longer than its manifest states")

    with pytest.raises(CorruptImage, match="longer than"):
        list(decompressed(refused(), Check(digest=digest(TAR), diff_id="", size=1000)))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_too_large_a_ratio_is_refused(monkeypatch: pytest.MonkeyPatch, compression: str) -> None:
    """What little is stored may stand for so much and no more, beyond what is free."""
    tar = TAR + bytes(8 << 20)
    stored = compress(tar, compression)
    assert sum(map(len, decompressed(cut(stored), check_of(stored)))) == len(tar)
    monkeypatch.setattr(images_compression, "TAR_RATIO", 10)
    assert sum(map(len, decompressed(cut(stored), check_of(stored)))) == len(tar)
    monkeypatch.setattr(images_compression, "TAR_FREE", 2 << 20)
    with pytest.raises(Unsupported, match="bytes of it unpack to more than"):
        list(decompressed(cut(stored), check_of(stored)))


def test_leaving_early_stops_the_reader() -> None:
    """A consumer that has seen enough does not wait for the rest."""
    taken = []

    def pieces() -> Iterator[bytes]:
        for piece in cut(TAR * 100, 100_000):
            taken.append(1)
            yield piece

    stream = decompressed(pieces(), Check(digest="", diff_id=digest(TAR), size=-1))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(taken) < 30


def test_empty_and_zero_layers() -> None:
    """An empty blob and a tar of nothing but its end are layers without files."""
    assert b"".join(inflate([])) == b""
    assert b"".join(inflate([bytes(1024)])) == bytes(1024)
