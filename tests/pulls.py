"""Pulls from simulated registries, with a clock and pauses that take no time."""

import base64
import json
import os
from typing import Any, ClassVar

from builders import compress, layer
from stellaops_core.images.credentials import Credentials
from stellaops_core.images.image import ImageRef, Platform
from stellaops_core.images.registry import RegistryOptions, open_registry

LAYERS = [layer({"etc/os-release": "ID=test\n"}), layer({"app/data": os.urandom(200_000)})]
"""Of the image that the fixture `registry` holds as `team/app:1`."""
STORED = [compress(tar, "gzip") for tar in LAYERS]


class Client:
    """Opens images of a registry with a clock and pauses that take no time."""

    opened: ClassVar[list[Any]] = []

    def __init__(self, server: Any, **options: Any) -> None:
        self.pauses: list[float] = []
        self.server = server
        self.step = 0.0
        self.time = 0.0
        self.options = RegistryOptions(**{"insecure": ("127.0.0.1", "localhost"), "timeout": 5.0, **options})

    def now(self) -> float:
        self.time += self.step
        return self.time

    def open(self, reference: str = ":1", platform: Platform | None = None):
        ref = ImageRef("registry", f"{self.server.authority}/team/app{reference}")
        source = open_registry(ref, platform, self.options, sleep=self.pauses.append, now=self.now)
        self.opened.append(source)
        return source

    def pull(self, reference: str = ":1") -> list[bytes]:
        source = self.open(reference)
        return [read(source, index) for index in range(len(source.image.layers))]


def read(source, index: int) -> bytes:
    with source.open_layer(source.image.layers[index]) as pieces:
        return b"".join(pieces)


def logins(tmp_path, server, **entry: str) -> Credentials:
    if "login" in entry:
        entry = {"auth": base64.b64encode(entry["login"].encode()).decode()}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {server.authority: entry}}))
    return Credentials((str(file),))
