"""From a reference to an opened image: which source reads which scheme.

Comes in: an `ImageRef` and what the sources need to know of their surroundings. Goes out: an `ImageSource`. Sources are
imported when they are asked for, so that reading a layout costs no HTTP client.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from stellaops_core.errors import UsageError
from stellaops_core.images.image import ImageRef, ImageSource, Platform

if TYPE_CHECKING:
    from stellaops_core.images.registry import RegistryOptions


def open_image(
    ref: ImageRef,
    *,
    platform: Platform | None = None,
    registry: "RegistryOptions | None" = None,
    docker_host: str = "",
    docker_certificates: str = "",
    spool_dir: Path | None = None,
) -> ImageSource:
    """Open the image that `ref` names; the caller closes it.

    `docker_host`, `docker_certificates`: see `open_daemon`.
    `spool_dir`: where compressed archives are unpacked and a daemon's exports are kept while they are read.
    Raises `UsageError`, `TargetError` and its kin, or `NetworkError`.
    """
    if ref.scheme in {"oci", "oci-archive", "docker-archive"}:
        return _open_stored(ref, platform, spool_dir)
    if ref.scheme == "dir":
        from stellaops_core.images.directory import DirectorySource  # noqa: PLC0415

        return DirectorySource(ref.location)
    if ref.scheme == "docker":
        from stellaops_core.images.daemon import open_daemon  # noqa: PLC0415

        return open_daemon(ref, platform, docker_host, spool_dir, docker_certificates)
    if ref.scheme == "registry":
        return _open_registry(ref, platform, registry)
    raise UsageError(f"not a scheme that images are read from: {ref.scheme[:40]!r}")


def _open_stored(ref: ImageRef, platform: Platform | None, spool_dir: Path | None) -> ImageSource:
    from stellaops_core.images import archive  # noqa: PLC0415

    if ref.scheme == "oci":
        return archive.open_layout(ref.location, ref.selector, platform)
    opener = archive.open_oci_archive if ref.scheme == "oci-archive" else archive.open_docker_archive
    return opener(ref.location, ref.selector, platform, spool_dir=spool_dir)


def _open_registry(ref: ImageRef, platform: Platform | None, registry: "RegistryOptions | None") -> ImageSource:
    if registry is None:
        raise UsageError("images can't be pulled here: no registry settings were given")
    from stellaops_core.images.registry import open_registry  # noqa: PLC0415

    return open_registry(ref, platform, registry)
