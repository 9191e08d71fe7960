"""Which image is meant: by the entries of an index and the platform asked for, never by this host.

Source: OCI image specification 1.1, image-index.md, `platform`.
"""

from collections.abc import Iterable

from stellaops_core.errors import NotAnImage, PlatformNotFound
from stellaops_core.images.descriptor import Descriptor
from stellaops_core.images.image import Platform

DEFAULT_PLATFORM = Platform("linux", "amd64")


def choose(descriptors: Iterable[Descriptor], wanted: Platform | None) -> Descriptor:
    """Choose one image of an index's entries.

    Attestations and artifacts are no images. Without `wanted`: the only image, else the one for linux/amd64. With it:
    the same variant before others, then the highest variant, then the first listed. Raises `NotAnImage` where there is
    no image and `PlatformNotFound` where none fits.
    """
    images = [descriptor for descriptor in descriptors if descriptor.is_image]
    if not images:
        raise NotAnImage("the index lists no container image")
    if len(images) == 1 and (wanted is None or images[0].platform is None):
        return images[0]  # its configuration will tell
    target = wanted or DEFAULT_PLATFORM
    fits = [(image, image.platform) for image in images if image.platform and target.accepts(image.platform)]
    if not fits:
        raise _not_found(wanted, [image.platform for image in images])
    return max(fits, key=lambda pair: (pair[1].variant == target.variant, pair[1].variant))[0]


def settled_platform(configured: Platform, stated: Platform | None, wanted: Platform | None) -> Platform:
    """Settle an image's platform: its configuration, completed by what an index states; checked against `wanted`.

    Raises `PlatformNotFound`.
    """
    other = stated or Platform("", "")
    platform = Platform(
        configured.os or other.os, configured.architecture or other.architecture, configured.variant or other.variant
    )
    # Many configurations leave the variant out; a variant that is not stated contradicts none.
    asked = wanted if wanted is None or platform.variant else Platform(wanted.os, wanted.architecture)
    if asked and not asked.accepts(platform):
        raise _not_found(wanted, [platform])
    return platform


def _not_found(wanted: Platform | None, there: Iterable[Platform | None]) -> PlatformNotFound:
    names = sorted({str(platform) for platform in there if platform and str(platform)})
    listed = ", ".join(names[:20]) or "images that state no platform"
    if wanted is None:
        return PlatformNotFound(
            f"the image exists for several platforms, and none is {DEFAULT_PLATFORM}: {listed}",
            hint="choose one with --platform",
        )
    return PlatformNotFound(f"no image for {wanted}; there is {listed}", hint="choose another with --platform")
