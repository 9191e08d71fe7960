"""Manifests, indexes and configurations for tests, sound ones and any."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from builders import (
    Blobs,
    add_image,
    digest,
)
from stellaops_core import errors
from stellaops_core.digest import Digest
from stellaops_core.images import descriptor
from stellaops_core.images import manifest as m
from stellaops_core.images.image import Platform

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(b"{}"), "size": 2}


LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(b"layer"), "size": 5}


MANIFEST = {"schemaVersion": 2, "mediaType": descriptor.OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in names}


def described(data: bytes, media_type: str = descriptor.OCI_MANIFEST, **more: Any) -> descriptor.Descriptor:
    return descriptor.Descriptor(media_type, Digest(digest(data)), len(data), **more)


def entry(platform: str = "", number: int = 0, **more: Any) -> descriptor.Descriptor:
    known = Platform(*platform.split("/")) if platform else None
    return described(f"{platform}{number}".encode(), platform=known, **more)


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except errors.StellaError as error:
        return type(error), str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(digest(b"{}")),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


def shaped(names: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values | JSON))


def make(config: Any, layers: int = 1, **more: Any) -> Any:
    data = config if isinstance(config, bytes) else encoded(config)
    layer = described(b"layer", LAYER["mediaType"])
    manifest = m.Manifest(described(data, CONFIG["mediaType"]), (layer,) * layers, descriptor.OCI_MANIFEST)
    return m.make_image(manifest, digest(b"manifest"), data, name="a/b:1", **more)


class Store(Blobs):
    """Blobs with a fetch that counts."""

    fetched = 0

    def fetch(self, descriptor: descriptor.Descriptor) -> bytes:
        self.fetched += 1
        return self[descriptor.digest]

    def present(self, descriptor: descriptor.Descriptor) -> bool:
        return descriptor.digest in self

    def index(self, *entries: Any) -> dict[str, Any]:
        key, size = self.add_json({"mediaType": descriptor.OCI_INDEX, "manifests": entries})
        return {"mediaType": descriptor.OCI_INDEX, "digest": key, "size": size}

    def image(self, platform: str, *, stated: bool = True, **more: Any) -> dict[str, Any]:
        known = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        return add_image(self, [platform.encode()], config=known, platform=known if stated else None, **more)


def top(*entries: Any) -> m.Index:
    index = m.read_manifest(encoded({"manifests": entries}))
    assert isinstance(index, m.Index)
    return index
