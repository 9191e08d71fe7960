import logging

import pytest

from builders import add_image
from pulls import LAYERS, STORED, Client, logins, read
from simulators import redirect
from stellaops_core.errors import MissingBlob, PlatformNotFound
from stellaops_core.images.image import Platform


def test_an_image_is_read_by_tag_and_by_digest(registry):
    """The same image either way; layers come as they are stored; the name is as people know it."""
    client = Client(registry)
    source = client.open()
    assert source.image.name == f"{registry.authority}/team/app:1"
    assert [read(source, index) for index in (1, 0)] == [STORED[1], STORED[0]]
    source.close()
    source.close()
    pinned = client.open(f"@{source.image.digest}")
    assert (pinned.image.layers, pinned.image.digest) == (source.image.layers, source.image.digest)
    assert pinned.image.name == f"{registry.authority}/team/app"
    assert all("authorization" not in map(str.lower, request.headers) for request in registry.requests)


def test_an_index_yields_the_wanted_platform(registry):
    """linux/amd64 unless asked otherwise; the image's digest is its manifest's, not the index's."""
    arm = add_image(
        registry.blobs,
        LAYERS[:1],
        config={"architecture": "arm64"},
        platform={"os": "linux", "architecture": "arm64"},
    )
    amd = add_image(registry.blobs, LAYERS, platform={"os": "linux", "architecture": "amd64"})
    index = registry.push_index([arm, amd], "many")
    client = Client(registry)
    assert client.open(":many").image.digest == amd["digest"]
    assert client.open(f"@{index}", Platform("linux", "arm64")).image.digest == arm["digest"]
    with pytest.raises(PlatformNotFound, match="linux/arm64"):
        client.open(":many", Platform("linux", "s390x"))


def test_secrets_stay_out_of_logs_and_errors(registry, storage, tokens, tmp_path, caplog):
    """Passwords, tokens and signatures of redirects appear in no log record and no message."""
    caplog.set_level(logging.INFO)
    tokens.logins = {"me:s3cret"}
    tokens.make = lambda asked, name: "t0ken"
    client = Client(registry, credentials=logins(tmp_path, registry, login="me:s3cret"))
    source = client.open()
    registry.fault("/blobs/", redirect(storage.url + "{path}?signature=s1gned"))
    with pytest.raises(MissingBlob) as caught:
        read(source, 1)
    told = caplog.text + repr(caught.value) + repr(client.options) + repr(source.image)
    assert not [secret for secret in ("s3cret", "t0ken", "s1gned", "bWU6") if secret in told]
