"""The registry source against Debian's docker-registry, filled by skopeo."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from builders import Blobs, add_image, compress, layer, write_layout
from simulators import Authority, TokenSimulator, sign_token, x509
from stellaops_core.errors import NetworkError, TargetNotFound, Unauthorized
from stellaops_core.images.credentials import Credentials
from stellaops_core.images.image import ImageRef, Platform
from stellaops_core.images.registry import RegistryOptions, RegistrySource, open_registry

SERVER = shutil.which("docker-registry")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (SERVER and shutil.which("skopeo")), reason="needs Debian's packages docker-registry and skopeo"
    ),
]

LAYERS = [layer({"etc/os-release": "ID=test\n"}), layer({"app/data": bytes(range(256)) * 20_000})]
STORED = [compress(tar, "gzip") for tar in LAYERS]
Start = Callable[..., Any]


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> Path:
    """What a registry keeps after an image and an index have been pushed to it."""
    folder = tmp_path_factory.mktemp("registry")
    blobs = Blobs()
    one = add_image(blobs, LAYERS, platform={"os": "linux", "architecture": "amd64"})
    two = add_image(
        blobs,
        LAYERS[:1],
        compression="zstd",
        config={"architecture": "arm64"},
        platform={"os": "linux", "architecture": "arm64"},
    )
    kind = "application/vnd.oci.image.index.v1+json"
    key, size = blobs.add_json({"schemaVersion": 2, "mediaType": kind, "manifests": [one, two]})
    index = {"mediaType": kind, "digest": key, "size": size}
    name = "org.opencontainers.image.ref.name"
    tagged = [{**one, "annotations": {name: "1"}}, {**index, "annotations": {name: "many"}}]
    layout = write_layout(folder / "layout", blobs, tagged)
    with _serving(folder / "storage", folder / "plain.json") as authority:
        for tag, options in (("1", []), ("many", ["--all"]), ("docker", ["--format", "v2s2"])):
            source = f"oci:{layout}:{'1' if tag == 'docker' else tag}"
            target = f"docker://{authority}/team/app:{tag}"
            command = ["skopeo", "copy", "-q", "--dest-tls-verify=false", *options, source, target]
            subprocess.run(command, check=True, timeout=60)
    return folder / "storage"


@contextmanager
def _serving(storage: Path, config: Path, *, http: dict[str, Any] | None = None, **sections: Any) -> Iterator[str]:
    """Run a registry; yield its `host:port`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    document = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": f"127.0.0.1:{port}", **(http or {})},
        **sections,
    }
    config.write_text(json.dumps(document))  # which is YAML, too
    with (
        config.with_suffix(".log").open("w") as log,
        subprocess.Popen([str(SERVER), "serve", str(config)], stdout=log, stderr=log) as process,
    ):
        try:
            _await(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("docker-registry does not start")


def _open(authority: str, tag: str = "1", platform: Platform | None = None, **options: Any) -> RegistrySource:
    known = RegistryOptions(**{"insecure": (authority,), **options})
    return open_registry(ImageRef("registry", f"{authority}/team/app:{tag}"), platform, known)


def _read(source: RegistrySource) -> list[bytes]:
    found = []
    for entry in source.image.layers:
        with source.open_layer(entry) as pieces:
            found.append(b"".join(pieces))
    source.close()
    return found


def _login(folder: Path, authority: str) -> Credentials:
    """Let skopeo write the configuration, as people do."""
    file = folder / "auth.json"
    command = ["skopeo", "login", "--tls-verify=false", "--authfile", str(file), "-u", "me", "-p", "s3cret", authority]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return Credentials((str(file),))


def test_plain(storage, tmp_path):
    """Without access control: an image, an index by platform, Docker's media types, and what is not there."""
    with _serving(storage, tmp_path / "c.json") as authority:
        assert _read(_open(authority)) == STORED
        assert _read(_open(authority, "many")) == STORED
        arm = _open(authority, "many", Platform("linux", "arm64"))
        assert _read(arm) == [compress(LAYERS[0], "zstd")]
        docker = _open(authority, "docker")
        assert docker.image.layers[0].media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip"
        assert _read(docker) == STORED
        with pytest.raises(TargetNotFound):
            _open(authority, "absent")


def test_basic(storage, tmp_path):
    """htpasswd: refused without a login, served with the one that skopeo stored."""
    if not shutil.which("htpasswd"):
        pytest.skip("needs Debian's package apache2-utils")
    lines = subprocess.run(["htpasswd", "-Bbn", "me", "s3cret"], check=True, capture_output=True, timeout=60).stdout
    (tmp_path / "htpasswd").write_bytes(lines)
    auth = {"htpasswd": {"realm": "test", "path": str(tmp_path / "htpasswd")}}
    with _serving(storage, tmp_path / "c.json", auth=auth) as authority:
        with pytest.raises(Unauthorized):
            _open(authority)
        assert _read(_open(authority, credentials=_login(tmp_path, authority))) == STORED


@pytest.fixture
def certified(tmp_path) -> Authority:
    if x509 is None:
        pytest.skip("certificates are made with the package cryptography")
    return Authority(tmp_path)


def test_tokens(storage, tmp_path, certified):
    """Signed tokens for one repository and pulling only, as the registry itself verifies them."""
    certificate, key = certified.issue("issuer", "issuer.example")
    with TokenSimulator() as tokens:
        tokens.logins = {"me:s3cret"}
        tokens.make = lambda asked, _: sign_token(key, certificate, _claims(asked.query))
        auth = {
            "token": {
                "realm": f"{tokens.url}/token",
                "service": "docker-registry",
                "issuer": "simulator",
                "rootcertbundle": str(certified.file),
            }
        }
        with _serving(storage, tmp_path / "c.json", auth=auth) as authority:
            options = {"insecure": ("127.0.0.1",)}
            with pytest.raises(Unauthorized):
                _open(authority, **options)
            credentials = _login(tmp_path, authority)
            before = len(tokens.requests)
            assert _read(_open(authority, credentials=credentials, **options)) == STORED
            assert [asked.query["scope"] for asked in tokens.requests[before:]] == [["repository:team/app:pull"]]
            with pytest.raises(NetworkError, match="without TLS"):
                _open(authority, credentials=credentials)  # the token server is not listed


def _claims(query: dict[str, list[str]]) -> dict[str, Any]:
    now = int(time.time())
    access = []
    for scope in query.get("scope", []):
        kind, name, actions = scope.split(":")
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    return {
        "iss": "simulator",
        "sub": "me",
        "aud": query["service"][0],
        "iat": now,
        "nbf": now - 60,
        "exp": now + 300,
        "jti": "1",
        "access": access,
    }


def test_own_authority(storage, tmp_path, certified):
    """TLS by an authority of one's own: refused with a hint until it is named; plain HTTP is told apart."""
    certificate, key = certified.issue("server", "127.0.0.1")
    tls = {"tls": {"certificate": str(certificate), "key": str(key)}}
    with _serving(storage, tmp_path / "c.json", http=tls) as authority:
        with pytest.raises(NetworkError) as caught:
            _open(authority, insecure=())
        assert "--ca-file" in caught.value.hint
        assert _read(_open(authority, insecure=(), ca_file=str(certified.file))) == STORED
        with pytest.raises(NetworkError) as caught:
            _open(authority)
        assert "leave out --insecure-registry" in caught.value.hint
    with _serving(storage, tmp_path / "c.json") as authority, pytest.raises(NetworkError) as caught:
        _open(authority, insecure=())
    assert f"--insecure-registry {authority}" in caught.value.hint
