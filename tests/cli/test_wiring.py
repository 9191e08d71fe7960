"""Settings to the core's arguments."""

import pytest

from stellaops_cli.settings import load_settings
from stellaops_cli.wiring import (
    REGISTRY_JOBS,
    docker_certificates,
    jobs,
    login_files,
    open_target,
    read_platform,
    read_proxies,
    read_ref,
)
from stellaops_core.errors import NetworkError, TargetNotFound, UsageError
from stellaops_core.images.image import ImageRef, Platform
from stellaops_core.images.proxies import Proxies

HOME = {"HOME": "/home/a"}


@pytest.mark.parametrize(
    ("environ", "files"),
    [
        ({}, ()),
        (HOME, ("/home/a/.config/containers/auth.json", "/home/a/.docker/config.json")),
        (
            {**HOME, "XDG_RUNTIME_DIR": "/run/user/1", "XDG_CONFIG_HOME": "/c", "DOCKER_CONFIG": "/d"},
            ("/run/user/1/containers/auth.json", "/c/containers/auth.json", "/d/config.json"),
        ),
        ({**HOME, "REGISTRY_AUTH_FILE": "/auth"}, ("/auth",)),
    ],
)
def test_logins_are_looked_for(environ, files):
    """In the places and the order of containers-auth.json(5); a named file is the only one."""
    assert login_files(load_settings({}, environ)) == files


@pytest.mark.parametrize("text", ["./x.tar", "../x", "/nowhere/x", "~/x", "x.tar", "x.tar.gz", "nowhere/x.tgz"])
def test_paths_to_nothing_are_no_registry_names(text):
    """A mistyped path must not send anybody's file names to a registry."""
    with pytest.raises(TargetNotFound, match="no image at"):
        read_ref(text, load_settings({}, HOME))


@pytest.mark.parametrize("text", ["debian", "debian:12", "ghcr.io/a/b@sha256:" + "0" * 64, "localhost:5000/x"])
def test_registry_names(text):
    """Everything else is a registry's, unless offline."""
    assert read_ref(text, load_settings({}, HOME)).scheme == "registry"
    with pytest.raises(UsageError, match="--offline is set; nor is it a path on this host"):
        read_ref(text, load_settings({"offline": True}, HOME))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("", True), ("unix:///run/docker.sock", True), ("tcp://10.0.0.1:2375", False), ("ssh://u@h", False)],
)
def test_offline_engines(host, allowed):
    """A socket of this host is no network."""
    settings = load_settings({"offline": True}, {**HOME, "DOCKER_HOST": host})
    if allowed:
        assert read_ref("docker:x", settings).scheme == "docker"
    else:
        with pytest.raises(UsageError, match="not on this host"):
            read_ref("docker:x", settings)


def test_jobs():
    """As set; else by processors, and few for a registry."""
    local, remote = ImageRef("oci", "x"), ImageRef("registry", "x")
    assert jobs(remote, load_settings({"jobs": "64"}, HOME)) == 64
    assert 1 <= jobs(remote, load_settings({}, HOME)) <= min(REGISTRY_JOBS, jobs(local, load_settings({}, HOME)))


def test_platform():
    """None unless asked for."""
    assert read_platform(load_settings({}, HOME)) is None
    assert read_platform(load_settings({"platform": "Linux/ARM64"}, HOME)) == Platform("linux", "arm64")


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [
        ({}, Proxies()),
        ({"HTTPS_PROXY": "a", "https_proxy": "b", "NO_PROXY": "c", "no_proxy": "d"}, Proxies(https="a", none="c")),
        ({"HTTPS_PROXY": "", "https_proxy": "b", "no_proxy": "d"}, Proxies(https="b", none="d")),
        ({"HTTP_PROXY": "a"}, Proxies()),
        ({"HTTP_PROXY": "a", "http_proxy": "b"}, Proxies(http="b")),
        ({"ALL_PROXY": "a"}, Proxies()),
    ],
)
def test_proxies_are_those_of_the_environment(environ, proxies):
    """By the names that docker and curl know; the one that a request to a server can set is left out."""
    assert read_proxies(environ) == proxies


def test_a_proxy_arrives(tmp_path):
    """Where it does not listen, that is a network error which names it, and not its password."""
    environ = {"HOME": str(tmp_path), "HTTPS_PROXY": "http://me:s3cret@127.0.0.1:9"}
    with pytest.raises(NetworkError, match=r"the proxy 127\.0\.0\.1:9 can't be reached") as caught:
        open_target(ImageRef("registry", "registry.example/a/b"), load_settings({}, environ))
    assert "s3cret" not in repr(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        (HOME, ""),
        ({**HOME, "DOCKER_CERT_PATH": "/c"}, ""),
        ({**HOME, "DOCKER_TLS_VERIFY": "1"}, "/home/a/.docker"),
        ({**HOME, "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": "/d"}, "/d"),
        ({**HOME, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"}, "/c"),
    ],
)
def test_certificates_for_an_engine(environ, folder):
    """Where docker looks, and only when TLS is asked for."""
    assert docker_certificates(load_settings({}, environ)) == folder


def test_registry_settings_arrive(tmp_path):
    """Where no registry listens, that is a network error which names the host."""
    settings = load_settings({"insecure_registry": ["127.0.0.1:9"]}, {"HOME": str(tmp_path)})
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:9"):
        open_target(ImageRef("registry", "127.0.0.1:9/a/b"), settings)
