"""The engine source against a real dockerd with a socket and a data folder of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import docker_archive, layer
from stellaops_core.errors import PlatformNotFound, TargetNotFound
from stellaops_core.images.daemon import open_daemon
from stellaops_core.images.image import ImageRef, Platform

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        os.getuid() != 0 or not (shutil.which("dockerd") and shutil.which("docker")),
        reason="needs root and Debian's package docker.io",
    ),
]

TARS = [layer({"etc/os-release": "ID=test\n"}), layer({"app/data": bytes(range(256)) * 5000})]


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """A dockerd without networks; yields its address."""
    folder = Path(tempfile.mkdtemp())  # short: a socket's path has 107 bytes at most
    socket = folder / "docker.sock"
    command = ["dockerd", "--iptables=false", "--bridge=none", "--storage-driver=vfs", "--host", f"unix://{socket}"]
    command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _await(process, f"unix://{socket}", folder / "log")
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


def _await(process: "subprocess.Popen[bytes]", host: str, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            pytest.skip(f"dockerd does not run here: {log.read_text()[-300:]}")
        if not subprocess.run(["docker", "-H", host, "info"], check=False, capture_output=True, timeout=60).returncode:
            return
        time.sleep(0.1)
    pytest.fail("dockerd does not start")


@pytest.fixture(scope="module")
def loaded(engine, tmp_path_factory) -> str:
    """The engine with `team/app` in two versions."""
    archive = docker_archive(
        tmp_path_factory.mktemp("a") / "app.tar", {"team/app:latest": TARS, "team/app:1": TARS[:1]}
    )
    subprocess.run(["docker", "-H", engine, "load", "-i", str(archive)], check=True, capture_output=True, timeout=120)
    return engine


def _read(engine: str, name: str, spool: Path) -> list[bytes]:
    source = open_daemon(ImageRef("docker", name), None, engine, spool)
    found = []
    for entry in source.image.layers:
        with source.open_layer(entry) as pieces:
            found.append(b"".join(pieces))
    source.close()
    return found


def test_images_by_name_tag_and_id(loaded, tmp_path):
    """One image each, whatever else the repository holds; nothing stays in the spool folder."""
    assert _read(loaded, "team/app", tmp_path) == TARS
    assert _read(loaded, "team/app:1", tmp_path) == TARS[:1]
    command = ["docker", "-H", loaded, "images", "-q", "--no-trunc", "team/app:1"]
    identity = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    for name in (identity, identity.removeprefix("sha256:"), identity.removeprefix("sha256:")[:12]):
        assert _read(loaded, name, tmp_path) == TARS[:1]
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there(loaded, tmp_path):
    """An absent image and an absent platform are told apart."""
    with pytest.raises(TargetNotFound):
        open_daemon(ImageRef("docker", "team/none"), None, loaded, tmp_path)
    with pytest.raises(PlatformNotFound):
        open_daemon(ImageRef("docker", "team/app"), Platform("linux", "s390x"), loaded, tmp_path)
    assert list(tmp_path.iterdir()) == []
