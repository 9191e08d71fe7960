"""Opening what stands at a path, and telling its kind."""

import gzip
import os

import pytest

from builders import (
    layer,
    oci_layout,
    tar_of,
)
from image_files import (
    BASE,
    TOP,
    linked,
    plain,
    stored,
)
from stellaops_core import errors
from stellaops_core.images import archive


def test_temporary_archives(tmp_path):
    """A caller's temporary file has lost its name as soon as it is open, and its content when it is closed."""
    path = plain(tmp_path / "x.tar")
    source = archive.open_docker_archive(path, delete_on_close=True)
    assert not path.exists()
    assert stored(source) == [BASE, TOP]
    source.close()
    path.write_bytes(b"no tar")
    with pytest.raises(errors.TargetError):
        archive.open_docker_archive(path, delete_on_close=True)
    assert not path.exists()


@pytest.mark.parametrize("opener", [archive.open_layout, archive.open_oci_archive, archive.open_docker_archive])
def test_what_cannot_be_opened(tmp_path, opener):
    """Nothing there, a directory, a pipe, a file of another kind: each its own error."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("hello\n" * 200)
    (tmp_path / "empty").write_bytes(b"")
    cases = {
        "missing": errors.TargetNotFound,
        "nul\0l": errors.TargetError,
        "pipe": errors.NotAnImage,
        ".": errors.NotAnImage,
        "empty": errors.NotAnImage,
        "text": errors.NotAnImage if opener is archive.open_layout else errors.CorruptImage,
        "text/below": errors.TargetError,
        "x" * 300: errors.TargetError,
    }
    for name, error in cases.items():
        with pytest.raises(error) as caught:
            opener(tmp_path / name)
        assert type(caught.value) is error
        assert "\n" not in str(caught.value)


def test_what_may_not_be_read(tmp_path):
    """Missing permission is said to be that, and the file is not taken for nothing."""
    plain(tmp_path / "x.tar").chmod(0)
    tmp_path.chmod(0o755)
    child = os.fork()
    if not child:  # root may read everything: as nobody, then
        status = 1
        try:
            os.chdir(tmp_path)
            if os.geteuid() == 0:
                os.setuid(65534)
            assert archive.kind_of("x.tar") == "docker-archive"
            with pytest.raises(errors.TargetError, match="may not be read"):
                archive.open_docker_archive("x.tar")
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_kinds(tmp_path):
    """What stands at a path is told by its content."""
    oci_layout(tmp_path / "layout", [BASE])
    oci_layout(tmp_path / "bare", [BASE])
    (tmp_path / "bare/oci-layout").unlink()
    tar_of(tmp_path / "layout", tmp_path / "layout.tar")
    plain(tmp_path / "saved.tar")
    linked(tmp_path / "linked.tar")
    (tmp_path / "rootfs").mkdir()
    (tmp_path / "rootfs.tar").write_bytes(layer({"etc/passwd": ""}))
    (tmp_path / "cut.tar").write_bytes((tmp_path / "saved.tar").read_bytes()[:3000])
    (tmp_path / "text").write_text("hello\n" * 200)
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"hello\n" * 200))
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    expected = {
        "layout": "oci",
        "bare": "oci",
        "layout.tar": "oci-archive",
        "saved.tar": "docker-archive",
        "linked.tar": "docker-archive",
        "rootfs": "dir",
        "rootfs.tar": "docker-archive",
        "cut.tar": "docker-archive",
        "text": "",
        "text.gz": "",
        "empty": "",
        "pipe": "",
        "missing": "",
        "nul\0l": "",
        "x" * 300: "",
    }
    assert {name: archive.kind_of(str(tmp_path / name)) for name in expected} == expected
