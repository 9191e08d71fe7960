import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import docker_archive, layer
from simulators import EngineSimulator, body, drop_after, endless, status
from stellaops_core.errors import (
    NetworkError,
    StellaError,
    TargetError,
    TargetNotFound,
    Unauthorized,
    UsageError,
)
from stellaops_core.images import daemon as subject
from stellaops_core.images.daemon import open_daemon
from stellaops_core.images.image import ImageRef

TAR = layer({"etc/os-release": "ID=test\n"})
ID = "ab" * 32


@pytest.fixture
def engine(tmp_path) -> Iterator[EngineSimulator]:
    with EngineSimulator(tmp_path / "engine.sock") as server:
        server.archives["app:latest"] = docker_archive(tmp_path / "app.tar", {"app:latest": [TAR]}).read_bytes()
        server.ids[ID] = "app:latest"
        yield server


@pytest.fixture
def spool(tmp_path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("name", "export"),
    [
        ("app", "app:latest"),
        ("app:latest", "app:latest"),
        (ID, ID),
    ],
)
def test_an_image_is_exported_and_read(engine, spool, name, export):
    """By name, with and without a tag, and by ID; the spool file is gone afterwards."""
    source = open_daemon(ImageRef("docker", name), None, engine.url_of_socket, spool)
    with source.open_layer(source.image.layers[0]) as pieces:
        assert b"".join(pieces) == TAR
    source.close()
    assert list(spool.iterdir()) == []
    assert engine.requests[-1].path == f"/images/{export}/get"


def test_the_spool_file_is_private(engine, spool):
    """Only its owner reads it while it exists."""
    modes = []

    def look(handler, asked, data):
        modes.extend(file.stat().st_mode & 0o777 for file in spool.iterdir())
        handler.drop()

    engine.fault("/json", look)
    with pytest.raises(NetworkError):
        open_daemon(ImageRef("docker", "app"), None, engine.url_of_socket, spool)
    assert modes == [0o600]


def test_a_full_disk(engine, spool):
    """An archive that does not fit is told, and leaves nothing behind."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(TargetError, match="no room"):
            open_daemon(ImageRef("docker", "app"), None, engine.url_of_socket, spool)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(spool.iterdir()) == []


FAULTS: list[tuple[str, object, type[StellaError]]] = [
    ("/json", status(404), TargetNotFound),
    ("/json", status(500), NetworkError),
    ("/json", body(b"not json"), NetworkError),
    ("/json", body(b'{"Id": 7}'), NetworkError),
    ("/json", endless(), NetworkError),
    ("/get", status(404), TargetNotFound),
    ("/get", status(500), NetworkError),
    ("/get", drop_after(100), NetworkError),
    ("/get", body(b""), TargetError),
    ("/get", body(b"no tar"), TargetError),
    ("/get", endless(), NetworkError),
]


@pytest.mark.parametrize(("part", "fault", "error"), FAULTS)
def test_a_broken_engine_leaves_an_error_and_no_file(engine, spool, monkeypatch, part, fault, error):
    """Absent images, failures, nonsense, broken and endless answers."""
    monkeypatch.setattr(subject, "EXPORT_LIMIT", 1 << 20)
    monkeypatch.setattr(subject, "DETAILS_LIMIT", 1 << 20)
    engine.fault(part, fault)
    with pytest.raises(error):
        open_daemon(ImageRef("docker", "app:latest"), None, engine.url_of_socket, spool)
    assert list(spool.iterdir()) == []


def test_an_image_that_is_not_there(engine, spool):
    """The hint names both ways to get it."""
    with pytest.raises(TargetNotFound) as caught:
        open_daemon(ImageRef("docker", "other:1"), None, engine.url_of_socket, spool)
    assert "docker pull other:1" in caught.value.hint


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # httpcore forgets a socket that can't connect
def test_no_engine(spool, tmp_path):
    """No socket, a socket nobody serves, a port nobody serves: one error, with a hint."""
    for host in (f"unix://{tmp_path}/absent.sock", "tcp://127.0.0.1:1"):
        with pytest.raises(NetworkError, match="no Docker Engine listens") as caught:
            open_daemon(ImageRef("docker", "app"), None, host, spool)
        assert "DOCKER_HOST" in caught.value.hint
    assert list(spool.iterdir()) == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # the simulator's threads do no harm here
def test_no_permission(spool):
    """A socket that is not for us says which group would be. Root may do everything: somebody else tries."""
    folder = Path(tempfile.mkdtemp())
    with EngineSimulator(folder / "engine.sock") as engine:
        folder.chmod(0o777)
        (folder / "engine.sock").chmod(0)
        child = os.fork()
        if not child:
            os._exit(_hint_for_nobody(engine.url_of_socket, folder))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    shutil.rmtree(folder)


def _hint_for_nobody(host: str, spool: Path) -> int:
    try:
        if not os.getuid():
            os.setuid(65534)
        open_daemon(ImageRef("docker", "app"), None, host, spool)
    except Unauthorized as error:
        return 0 if "group docker" in error.hint and len(list(spool.iterdir())) == 1 else 2
    except BaseException:  # noqa: BLE001  # it must not go on as a second pytest
        return 3
    return 4


@pytest.mark.parametrize("host", ["/var/run/docker.sock", "unix://relative", "ssh://host", "tcp://", "tcp://a/b", "x"])
def test_addresses_that_are_not_supported(host, spool):
    """They are usage errors that say what is."""
    with pytest.raises(UsageError, match="not the address"):
        open_daemon(ImageRef("docker", "app"), None, host, spool)


@pytest.mark.parametrize("name", ["", "../x", "a/../b", "a b", "a?b", "a#b", "a%2fb", "-x", "a\n", "x" * 2000])
def test_names_that_are_none(engine, spool, name):
    """Nothing that could bend the request's path is sent."""
    with pytest.raises(UsageError):
        open_daemon(ImageRef("docker", name), None, engine.url_of_socket, spool)
    assert not engine.requests


def test_a_spool_that_cannot_be_written(engine, tmp_path):
    """It is told with what to do."""
    with pytest.raises(TargetError) as caught:
        open_daemon(ImageRef("docker", "app"), None, engine.url_of_socket, tmp_path / "absent")
    assert "TMPDIR" in caught.value.hint
