import os
import resource
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import docker_archive, layer
from simulators import Authority, EngineSimulator, body, drop_after, endless, status
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

# httpcore forgets sockets that can't connect; whichever test runs when they are collected would be blamed.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket", "ignore:Exception ignored in. <ssl")

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
    source = open_daemon(ImageRef("docker", name), None, engine.docker_host, spool)
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
        open_daemon(ImageRef("docker", "app"), None, engine.docker_host, spool)
    assert modes == [0o600]


def test_a_full_disk(engine, spool):
    """An archive that does not fit is told, and leaves nothing behind."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(TargetError, match="no room"):
            open_daemon(ImageRef("docker", "app"), None, engine.docker_host, spool)
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
        open_daemon(ImageRef("docker", "app:latest"), None, engine.docker_host, spool)
    assert list(spool.iterdir()) == []


def test_an_image_that_is_not_there(engine, spool):
    """The hint names both ways to get it."""
    with pytest.raises(TargetNotFound) as caught:
        open_daemon(ImageRef("docker", "other:1"), None, engine.docker_host, spool)
    assert "docker pull other:1" in caught.value.hint


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
            os._exit(_hint_for_nobody(engine.docker_host, folder))
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
    with pytest.raises(UsageError, match="not the address") as caught:
        open_daemon(ImageRef("docker", "app"), None, host, spool)
    assert ("ssh -nNT -L" if host.startswith("ssh") else "tcp://host:port") in caught.value.hint


@pytest.mark.parametrize("host", ["tcp://me:s3cret@a", "ssh://me:s3cret@a"])
def test_a_login_in_an_address_is_not_told(host, spool):
    """Whether it is supported or not."""
    with pytest.raises(UsageError, match=r"//a$"):
        open_daemon(ImageRef("docker", "app"), None, host, spool)


# TLS


@pytest.fixture
def secured(authority, engine, tmp_path) -> Iterator[EngineSimulator]:
    """An engine that wants to know its clients; `tmp_path/certificates` is what DOCKER_CERT_PATH would name."""
    context = authority.context()
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    folder = tmp_path / "certificates"
    folder.mkdir()
    for name, file in zip(("cert.pem", "key.pem"), authority.issue("client", "client.example"), strict=True):
        shutil.copy(file, folder / name)
    shutil.copy(authority.file, folder / "ca.pem")
    with EngineSimulator(None, tls=context) as server:
        server.archives = engine.archives
        yield server


def test_an_engine_over_tls(secured, spool, tmp_path):
    """With certificates on both sides; a client without one gets nothing."""
    folder = tmp_path / "certificates"
    open_daemon(ImageRef("docker", "app"), None, secured.docker_host, spool, str(folder)).close()
    (folder / "cert.pem").unlink()
    with pytest.raises(NetworkError):
        open_daemon(ImageRef("docker", "app"), None, secured.docker_host, spool, str(folder))
    assert list(spool.iterdir()) == []


def test_an_engine_that_is_not_trusted(secured, spool, tmp_path):
    """An unknown authority; TLS where there is none, and none where there is: each has its error."""
    folder = tmp_path / "certificates"
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(Authority(other).file, folder / "ca.pem")
    with pytest.raises(NetworkError, match="not trusted") as caught:
        open_daemon(ImageRef("docker", "app"), None, secured.docker_host, spool, str(folder))
    assert "DOCKER_CERT_PATH" in caught.value.hint
    with EngineSimulator(None) as plain:
        with pytest.raises(NetworkError, match="does not speak TLS"):
            open_daemon(ImageRef("docker", "app"), None, plain.docker_host, spool, str(folder))
        plain.fault("/json", status(400, b"Client sent an HTTP request to an HTTPS server.\n"))
        with pytest.raises(NetworkError) as caught:
            open_daemon(ImageRef("docker", "app"), None, plain.docker_host, spool)
        assert "DOCKER_TLS_VERIFY" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content"), [("ca.pem", None), ("ca.pem", b"x"), ("cert.pem", b"x"), ("key.pem", None)]
)
def test_certificates_that_cannot_be_used(secured, spool, tmp_path, name, content):
    """Missing ones, and files that are none."""
    file = tmp_path / "certificates" / name
    file.unlink()
    if content:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="can't be used"):
        open_daemon(ImageRef("docker", "app"), None, secured.docker_host, spool, str(file.parent))
    assert not secured.requests


def test_a_socket_needs_no_certificates(engine, spool, tmp_path):
    """They are for TCP only, as with docker."""
    open_daemon(ImageRef("docker", "app"), None, engine.docker_host, spool, str(tmp_path / "absent")).close()


@pytest.mark.parametrize("name", ["", "../x", "a/../b", "a b", "a?b", "a#b", "a%2fb", "-x", "a\n", "x" * 2000])
def test_names_that_are_none(engine, spool, name):
    """Nothing that could bend the request's path is sent."""
    with pytest.raises(UsageError):
        open_daemon(ImageRef("docker", name), None, engine.docker_host, spool)
    assert not engine.requests


def test_a_spool_that_cannot_be_written(engine, tmp_path):
    """It is told with what to do."""
    with pytest.raises(TargetError) as caught:
        open_daemon(ImageRef("docker", "app"), None, engine.docker_host, tmp_path / "absent")
    assert "TMPDIR" in caught.value.hint
