"""Linked documents in files: an image's document, and beside it those of its layers.

Comes in: the image's document and the folder it lies in. Goes out: an `Sbom`. The rule: a file's name is made of the
SHA-256 that the image's document states of its content, never of a text in it; so nothing outside the folder is read,
and what is read is what was linked.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator

from stellaops_core.errors import TargetError
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.stella_json import MAX_DOCUMENT

LAYERS_LIMIT = 1000
"""Documents of layers that are read for one image."""
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def image_name(format_: str) -> str:
    """Name of the file with the image's document."""
    return "image" + FORMATS[format_].ending


def layer_name(digest: str, format_: str) -> str:
    """Name of the file with a layer's document, which has this SHA-256 digest. Raises `ValueError`."""
    if not (found := _DIGEST.fullmatch(digest)):
        raise ValueError(f"not a SHA-256 digest: {digest[:100]!r}")
    return f"layer-{found[1]}{FORMATS[format_].ending}"


def read_beside(data: bytes, folder: str, format_: str) -> Sbom | None:
    """Read a linked document with the documents in a folder; None where it links to nothing. Raises `TargetError`.

    `format_`: `cdx-json` or `spdx-json`.
    """
    if format_ == "cdx-json":
        from stellaops_core.sbom.linked import named, resolve  # noqa: PLC0415  # few documents are linked
    else:
        from stellaops_core.sbom.spdx_linked import named, resolve  # noqa: PLC0415
    digests = named(data)
    if not digests:
        return None
    if len(digests) > LAYERS_LIMIT:
        raise TargetError(f"a document that links to more than {LAYERS_LIMIT} others")
    return resolve(data, list(_files(digests, folder, format_)))


def _files(digests: Iterable[str], folder: str, format_: str) -> Iterator[bytes]:
    left = MAX_DOCUMENT
    for digest in digests:
        try:
            name = layer_name(digest, format_)
        except ValueError as error:
            raise TargetError(f"a link to a document: {error}") from None
        try:
            data = _read(os.path.join(folder, name), left)
        except OSError as error:
            reason = error.strerror or "can't be read"
            raise TargetError(
                f"the document of a layer can't be read: {name}: {reason}",
                hint="it has to lie beside the image's, under this name",
            ) from None
        left -= len(data)
        if left < 0:
            raise TargetError(f"the linked documents are together larger than {MAX_DOCUMENT >> 20} MiB")
        yield data


def _read(path: str, most: int) -> bytes:
    """Read a regular file, and of one that is too large one byte more than `most`. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        return file.read(most + 1)
