"""Which of an archive's images is meant."""

import pytest

from builders import (
    digest,
    docker_archive,
)
from image_files import BASE, TOP, opened
from stellaops_core import errors


def test_docker_selectors(tmp_path):
    """A name in any of a daemon's spellings, a tag or an image ID chooses an image."""
    path = docker_archive(tmp_path / "two.tar", {"debian:12": [BASE], "ghcr.io/a/b:1": [TOP], "x/y": [BASE, TOP]})
    cases = {
        "debian:12": 0,
        "docker.io/library/debian:12": 0,
        "library/debian:12": 0,
        "12": 0,
        "ghcr.io/a/b:1": 1,
        "x/y": 2,
        "x/y:latest": 2,
        "docker.io/x/y": 2,
    }
    images = {name: opened(path, name).image for name in cases}
    tops = {0: digest(BASE), 1: digest(TOP), 2: digest(TOP)}
    assert {name: image.layers[-1].diff_id for name, image in images.items()} == {
        name: tops[number] for name, number in cases.items()
    }
    key = images["debian:12"].digest
    for selector in (key[7:], key[7:19], "@" + key, key):
        assert opened(path, selector).image.digest == key
    for selector in (key[7:18], "debian", "x/y:2", "@" + digest(b"")):
        with pytest.raises(errors.TargetNotFound, match="has no image") as caught:
            opened(path, selector)
        assert caught.value.hint == "there is debian:12, ghcr.io/a/b:1, x/y"
    with pytest.raises(errors.UsageError, match="several images"):
        opened(path)
