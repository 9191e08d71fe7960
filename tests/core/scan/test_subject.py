"""What documents say of the image, and when they were made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stellaops_core.images.image import Image, Layer, Platform
from stellaops_core.scan.subject import make_subject, state_time

LAYER = Layer(0, "sha256:" + "c" * 64, "sha256:" + "d" * 64, 7, "application/x", "COPY")
PLAIN = Image(
    name="shop/web:1",
    digest="sha256:" + "a" * 64,
    config_digest="sha256:" + "b" * 64,
    platform=Platform("linux", "amd64"),
    layers=(LAYER,),
    config={"config": {"Labels": {"b": "2", "a": "1", "c": 3}}},
    tags=("z", "a"),
)


def created(text):
    return replace(PLAIN, config={"created": text})


def test_the_subject():
    """Labels that are text and tags are sorted; the name that is given wins."""
    subject = make_subject(PLAIN, "")
    assert (subject.kind, subject.name, subject.tags) == ("container", "shop/web:1", ("a", "z"))
    assert subject.labels == (("a", "1"), ("b", "2"))
    assert subject.layers[0].created_by == "COPY"
    assert make_subject(PLAIN, "other").name == "other"


@pytest.mark.parametrize(
    ("text", "epoch", "time"),
    [
        ("2026-01-02T03:04:05.678Z", None, "2026-01-02T03:04:05Z"),
        ("2026-01-02t03:04:05+02:00", None, "2026-01-02T01:04:05Z"),
        ("2026-01-02T03:04:05Z", 86400, "1970-01-02T00:00:00Z"),
        ("2026-02-30T03:04:05Z", None, "1970-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+23:00", None, "1970-01-01T00:00:00Z"),
        ("0999-12-31T23:59:59Z", None, "0999-12-31T23:59:59Z"),
        ("", None, "1970-01-01T00:00:00Z"),
    ],
)
def test_times(text, epoch, time):
    """What was asked for, else the image's own, else 1970; in whole seconds of UTC."""
    assert state_time(created(text), epoch) == time


@given(st.text("0123456789-:TZ+.", max_size=30))
def test_any_time_is_one(text):
    """Whatever an image states."""
    assert len(state_time(created(text), None)) == 20
