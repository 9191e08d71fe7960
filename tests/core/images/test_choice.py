"""Which image of an index is meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_documents import entry, outcome
from stellaops_core import errors
from stellaops_core.images import choice, descriptor
from stellaops_core.images.image import Platform


def texts(*platforms: str) -> list[descriptor.Descriptor]:
    return [entry(platform, number) for number, platform in enumerate(platforms)]


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["linux/s390x"], None, 0),
        ([""], None, 0),
        (["linux/arm64", "linux/amd64"], None, 1),
        (["windows/amd64", "linux/amd64/v2"], None, 1),
        (["linux/arm64", "linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64/v8"], "linux/arm64", 0),
        (["linux/arm64"], "linux/arm64/v8", 0),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm", 1),
        (["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], "linux/arm/v6", 2),
        (["linux/amd64/v3", "linux/amd64"], "linux/amd64", 1),
        (["windows/amd64", "windows/amd64"], "windows/amd64", 0),
        ([""], "linux/arm64", 0),
        (["unknown/unknown", "linux/arm64"], None, 1),
    ],
)
def test_choice(there, wanted, chosen):
    """The image for a platform, by the index alone."""
    descriptors = texts(*there)
    assert choice.choose(descriptors, wanted and Platform.parse(wanted)) is descriptors[chosen]


@pytest.mark.parametrize(
    ("there", "wanted", "words"),
    [
        (["linux/arm64", "linux/s390x"], None, "linux/arm64, linux/s390x"),
        (["linux/arm64"], "linux/amd64", "no image for linux/amd64; there is linux/arm64"),
        (["linux/arm/v6"], "linux/arm/v7", "linux/arm/v6"),
        (["linux/arm64", ""], "linux/amd64", "linux/arm64"),
    ],
)
def test_no_choice(there, wanted, words):
    """Where no image fits, the error lists those there are."""
    with pytest.raises(errors.PlatformNotFound, match=words):
        choice.choose(texts(*there), wanted and Platform.parse(wanted))


@given(
    st.lists(
        st.sampled_from(["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64", "", "unknown/unknown"])
    ),
    st.randoms(),
)
@settings(max_examples=50)
def test_choice_ignores_order(there, random):
    """Of images with different platforms, the order in the index decides nothing."""
    descriptors = [entry(platform) for platform in set(there)]
    shuffled = random.sample(descriptors, len(descriptors))
    assert outcome(lambda: choice.choose(descriptors, None)) == outcome(lambda: choice.choose(shuffled, None))


@pytest.mark.parametrize(
    ("configured", "stated", "wanted", "platform"),
    [
        ("linux/arm64", None, None, "linux/arm64"),
        ("linux/arm", "linux/arm/v7", None, "linux/arm/v7"),
        ("linux/arm", None, "linux/arm/v7", "linux/arm"),
        ("linux/arm/v7", None, "linux/arm", "linux/arm/v7"),
        ("linux/arm64", None, "linux/arm64/v8", "linux/arm64"),
        ("linux/amd64", "linux/arm64", None, "linux/amd64"),
        ("", None, None, ""),
        ("", "linux/arm64", "linux/arm64", "linux/arm64"),
        ("linux/arm/v6", None, "linux/arm/v7", None),
        ("linux/amd64", "linux/arm64", "linux/arm64", None),
        ("", None, "linux/amd64", None),
    ],
)
def test_platform(configured, stated, wanted, platform):
    """The configuration's platform holds, completed by the index's; it must not contradict the one asked for."""

    def read(text):
        return Platform(*text.split("/")) if text else None

    settled = outcome(lambda: choice.settled_platform(read(configured) or Platform("", ""), read(stated), read(wanted)))
    assert settled[0] is errors.PlatformNotFound if platform is None else str(settled) == platform
