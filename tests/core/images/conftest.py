"""Simulated registries, and what surrounds them."""

from collections.abc import Iterator

import pytest

from builders import add_image
from pulls import LAYERS, Client
from simulators import Authority, RegistrySimulator, TokenSimulator, x509


@pytest.fixture
def registry() -> Iterator[RegistrySimulator]:
    with RegistrySimulator() as server:
        server.push(add_image(server.blobs, LAYERS), "1")
        yield server


@pytest.fixture
def tokens(registry) -> Iterator[TokenSimulator]:
    with TokenSimulator() as server:
        registry.tokens = server
        yield server


@pytest.fixture
def storage() -> Iterator[RegistrySimulator]:
    with RegistrySimulator() as server:
        yield server


@pytest.fixture
def authority(tmp_path) -> Authority:
    if x509 is None:
        pytest.skip("certificates are made with the package cryptography")
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    """Close what a test has opened."""
    yield
    while Client.opened:
        Client.opened.pop().close()
