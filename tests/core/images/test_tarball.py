"""Tars on disk: dialects, compression, damage and bounds."""

import gzip
import io
import json
import tarfile

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import (
    Hard,
    Link,
    docker_archive,
    layer,
    oci_layout,
    tar_of,
)
from image_files import (
    BASE,
    ENTRY,
    TOP,
    config_of,
    linked,
    opened,
    plain,
    refresh_checksum,
    save,
    stored,
)
from stellaops_core import errors
from stellaops_core.images import archive, saved, tarball
from stellaops_core.images import docker_archive as docker

NAMES = ["l", "layer " * 15, "d" * 90 + "/" + "n" * 90, "\u00e9" * 80]


@pytest.mark.parametrize("prefix", ["", "./", "/"])
@pytest.mark.parametrize(
    ("tar_format", "name"),
    [(tar_format, name) for tar_format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT) for name in NAMES]
    + [(tarfile.USTAR_FORMAT, name) for name in NAMES[:3]],
)
def test_dialects_of_tar(tmp_path, tar_format, prefix, name):
    """Names of all lengths, in all dialects, with or without a leading `./`, find their content."""
    files = {"c.json": config_of(BASE), name: BASE, "manifest.json": json.dumps([{**ENTRY, "Layers": [name]}])}
    (tmp_path / "x.tar").write_bytes(layer(files, prefix=prefix, tar_format=tar_format))
    assert stored(opened(tmp_path / "x.tar")) == [BASE]


def test_later_members_count(tmp_path):
    """Of members with one name the last counts, as when the archive is unpacked."""
    buffer = io.BytesIO(layer({"c.json": b"{}", "l.tar": Link("nowhere"), "manifest.json": "[]"}))
    with tarfile.open(fileobj=buffer, mode="a") as tar:
        for name, data in {"c.json": config_of(BASE), "l.tar": BASE, "manifest.json": json.dumps([ENTRY])}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data if isinstance(data, bytes) else data.encode()))
    (tmp_path / "x.tar").write_bytes(buffer.getvalue())
    assert stored(opened(tmp_path / "x.tar")) == [BASE]


@pytest.mark.parametrize("write", [plain, linked])
def test_cut_archives(tmp_path, write):
    """An archive that ends early, at any block or inside one, is no image, or truncated; never half an image."""
    path = write(tmp_path / "x.tar")
    data = path.read_bytes().rstrip(b"\0")
    for cut in range(0, len(data), 256):
        path.write_bytes(data[:cut])
        archive.kind_of(str(path))
        with pytest.raises(errors.TargetError):
            archive.open_docker_archive(path)


def test_concatenated_archives(tmp_path):
    """What follows the end of the first tar is nobody's, as for Go's readers."""
    path = plain(tmp_path / "x.tar")
    other = docker_archive(tmp_path / "y.tar", {"c/d:2": [TOP]})
    path.write_bytes(path.read_bytes() + other.read_bytes())
    with opened(path) as source:
        assert source.image.name == "a/b:1"
        assert stored(source) == [BASE, TOP]


def sparse(name: str, content: bytes) -> bytes:
    """A member that says it has holes."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name}
    return entry.tobuf(tarfile.PAX_FORMAT) + content.ljust(-(-len(content) // 512) * 512, b"\0")


@pytest.mark.parametrize("name", ["\x1b[2J\x1b]0;x\x07", "a\nb", "\u202eevil", "c"])
def test_what_messages_say_of_names(tmp_path, monkeypatch, name):
    """No name from inside an archive reaches a terminal as it is: not of a missing, a huge or a sparse member."""
    entry = {**ENTRY, "Config": name}
    monkeypatch.setattr(docker, "CONFIG_LIMIT", 10)
    for members, prefix in (({}, b""), ({name: b"x" * 20}, b""), ({}, sparse(name, b"{}"))):
        path = save(tmp_path / "x.tar", members, [entry])
        path.write_bytes(prefix + path.read_bytes())
        with pytest.raises(errors.CorruptImage) as caught:
            archive.open_docker_archive(path)
        assert str(caught.value).isprintable()
        assert repr(name) in str(caught.value)


def test_links_within_an_archive(tmp_path):
    """Links are followed a few times, and never out; a loop is no hang."""
    chain = {str(number): Link(str(number + 1)) for number in range(tarball.LINK_LIMIT + 1)}
    last = str(tarball.LINK_LIMIT + 1)
    for config, error in (("2", None), ("1", errors.CorruptImage), ("a", errors.CorruptImage), ("up", None)):
        members = {**chain, last: config_of(), "a": Hard("b"), "b": Link("a"), "up": Link("../../" + last)}
        path = save(tmp_path / "x.tar", members, [{"Config": config, "Layers": []}])
        if error:
            with pytest.raises(error, match="links in a row"):
                opened(path)
        elif config == "up":
            with pytest.raises(errors.MissingBlob):
                opened(path)
        else:
            opened(path).close()


@pytest.mark.parametrize("compressed", [gzip.compress, zstandard.compress])
def test_compressed_bombs(tmp_path, monkeypatch, compressed):
    """Telling the kind looks at a bounded beginning; unpacking stops at a ratio no image has."""
    names = tarfile.TarInfo("x" * 1000).tobuf(tarfile.PAX_FORMAT)[:-512]  # extended headers without an entry
    path = tmp_path / "x.tar.gz"
    path.write_bytes(compressed(names * (16 << 10)))
    taken = []
    monkeypatch.setattr(tarball.tar, "Tar", lambda pieces: taken.extend(map(len, pieces)) or ())
    assert archive.kind_of(str(path)) == ""
    assert tarball.SNIFF_LIMIT <= sum(taken) < tarball.SNIFF_LIMIT + (2 << 20)
    monkeypatch.setattr(tarball, "SPOOL_FREE", 1 << 20)
    with pytest.raises(errors.CorruptImage, match="unpack to more than"):
        archive.open_docker_archive(path, spool_dir=tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["x.tar.gz"]


def test_limits(tmp_path, monkeypatch):
    """Members, documents and unpacked archives have their bounds."""
    path = plain(tmp_path / "x.tar")
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(path.read_bytes()))
    for module, name, limit, words in (
        (tarball, "MEMBER_LIMIT", 3, "more than 3 members"),
        (saved, "MANIFEST_LIMIT", 10, "10 are read"),
        (docker, "CONFIG_LIMIT", 10, "10 are read"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, limit)
            with pytest.raises(errors.TargetError, match=words):
                archive.open_docker_archive(path)
    monkeypatch.setattr(tarball, "SPOOL_LIMIT", 5000)
    with pytest.raises(errors.CorruptImage, match="unpack to more than 5000"):
        archive.open_docker_archive(tmp_path / "x.tar.gz", spool_dir=tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["x.tar", "x.tar.gz"]


@pytest.mark.parametrize("compressed", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("scheme", ["oci-archive", "docker-archive"])
def test_compressed_archives(tmp_path, compressed, scheme):
    """A compressed archive is the same image, and leaves nothing behind."""
    path = tmp_path / "x.tar"
    if scheme == "oci-archive":
        tar_of(oci_layout(tmp_path / "layout", [BASE, TOP], compression="none"), path)
    else:
        plain(path)
    image = opened(path).image
    spool = tmp_path / "spool"
    spool.mkdir()
    data = path.read_bytes()
    path.write_bytes(compressed(data))
    assert archive.kind_of(str(path)) == scheme
    opener = archive.open_oci_archive if scheme == "oci-archive" else archive.open_docker_archive
    source = opener(path, spool_dir=spool)
    assert source.image == image
    assert not list(spool.iterdir())
    assert stored(source) == [BASE, TOP]
    with pytest.raises(errors.UsageError, match="compressed"):
        opener(path)
    with pytest.raises(errors.OutputError, match="nowhere"):
        opener(path, spool_dir=tmp_path / "nowhere")
    for damaged in (path.read_bytes()[:-20], compressed(b"no tar" * 1000), compressed(data)[:3]):
        path.write_bytes(damaged)
        with pytest.raises(errors.TargetError):
            opener(path, spool_dir=spool)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """One archive of each kind."""
    path = tmp_path_factory.mktemp("samples")
    tar_of(oci_layout(path / "layout", [BASE]), path / "layout.tar")
    return [(path / "layout.tar").read_bytes(), linked(path / "linked.tar").read_bytes()]


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_archives(tmp_path, samples, data):
    """Whatever is changed, cut or put into an archive: an image or an error of ours comes out."""
    archive_bytes = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(data.draw(st.integers(1, 4))):
        block = data.draw(st.integers(0, len(archive_bytes) // 512))
        at = block * 512 + data.draw(st.sampled_from([0, 100, 124, 148, 156, 157, 257, 345, 200]))
        piece = data.draw(
            st.binary(min_size=1, max_size=12) | st.sampled_from([b"\x80" + b"\xff" * 11, b"7" * 11, b""])
        )
        if piece:
            archive_bytes[at : at + len(piece)] = piece
        else:
            del archive_bytes[at:]
        if data.draw(st.booleans()):
            refresh_checksum(archive_bytes, block * 512)
    path = tmp_path / "x.tar"
    path.write_bytes(archive_bytes)
    archive.kind_of(str(path))
    for opener in (archive.open_oci_archive, archive.open_docker_archive):
        try:
            stored(opener(path, spool_dir=tmp_path))
        except errors.StellaError:
            continue
