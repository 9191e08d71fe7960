"""Image configurations."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    digest,
    image_config,
)
from image_documents import JSON, encoded, make, outcome, shaped
from stellaops_core import errors
from stellaops_core.images import configuration


@pytest.mark.parametrize(
    ("history", "lines"),
    [
        ([{"created_by": "a"}, {"created_by": "b"}], ["a", "b"]),
        ([{"created_by": "a"}, {"created_by": "x", "empty_layer": True}, {"created_by": "b"}], ["a", "b"]),
        ([{"created_by": "a"}, {}], ["a", ""]),
        ([{"created_by": "a"}], ["", ""]),
        ([{"created_by": "a"}] * 3, ["", ""]),
        (None, ["", ""]),
    ],
)
def test_history(history, lines):
    """A history line is given to a layer only where the history tells one line for each."""
    image = make({**image_config([b"1", b"2"]), "history": history}, 2)
    assert [layer.created_by for layer in image.layers] == lines


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"[]", "Expected `object`"),
        (b"{", "JSON"),
        (b"[" * 50_000, "JSON"),
        ({"rootfs": {"diff_ids": []}}, "1 layers and the image configuration 0"),
        ({"rootfs": {"diff_ids": [digest(b"")] * 2}}, "1 layers and the image configuration 2"),
        ({"rootfs": {"diff_ids": ["sha256:x"]}}, "not a digest"),
        ({"rootfs": {"diff_ids": [1]}}, r"rootfs\.diff_ids"),
        ({"rootfs": [], "history": {}}, "rootfs"),
        ({"history": [{"created_by": 1}]}, "created_by"),
        ({"architecture": {}}, "architecture"),
        ({"os": "lin\nux"}, "not a platform"),
        ({"config": []}, "config"),
        ({"config": json.loads("[" * 150 + "]" * 150)}, "deep"),
        ({**image_config([b"1"]), "rootFS": {"diff_ids": [digest(b"2")]}}, "`rootfs` comes twice"),
        ({**image_config([b"1"]), "rootfs": {"diff_ids": [], "diff_IDs": []}}, "`diff_ids` comes twice"),
        (b" " * (configuration.CONFIG_LIMIT + 1), "are read"),
    ],
)
def test_bad_configurations(config, words):
    """A configuration that contradicts the manifest or the specification is refused, by name."""
    with pytest.raises(errors.CorruptImage, match=words):
        make(config)


def test_spelling():
    """Members in another case mean the same, as for Docker: Windows images have `rootfS` and `user`."""
    config = image_config([b"1"], config={"user": "ContainerUser", "cmd": ["x"], "labels": {"A": "1", "a": "2"}})
    config["rootfS"] = config.pop("rootfs")
    image = make(config)
    assert image.layers[0].diff_id == digest(b"1")
    assert image.config["config"] == {"User": "ContainerUser", "Cmd": ["x"], "Labels": {"A": "1", "a": "2"}}


CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "rootfs": shaped(["diff_ids"], st.lists(st.just(digest(b"")), max_size=2)) | JSON,
        "history": st.lists(shaped(["created_by", "empty_layer"], JSON), max_size=2) | JSON,
        **dict.fromkeys(("os", "architecture", "config", "Config", "created"), JSON),
    },
)


@given(CONFIGS | JSON)
@settings(max_examples=150)
def test_any_configuration(document):
    """Whatever the configuration, an image or an error of ours comes out; what comes out can be written."""
    image = outcome(lambda: make(json.dumps(document).encode()))
    if not isinstance(image, tuple):
        json.dumps(image.config, ensure_ascii=False).encode()


def test_a_long_history():
    """A million history lines are refused before they become objects; a hundred thousand are not."""
    for lines, refused in ((100_000, False), (1_000_000, True)):
        config = image_config([b"1"], history=[{}] * lines)
        if refused:
            with pytest.raises(errors.CorruptImage, match="values"):
                configuration.read_config(encoded(config))
        else:
            assert configuration.read_config(encoded(config)).commands == ("",)
