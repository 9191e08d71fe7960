"""Digests as OCI writes them: `algorithm:hex`.

Source: OCI image specification 1.1, descriptor.md, "Digests". Only registered algorithms are accepted, in lower case.
"""

import hashlib
import re
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from hashlib import _Hash

from stellaops_core.errors import CorruptImage

Digest = NewType("Digest", str)
"""A checked `algorithm:hex`; get one from `parse_digest` or `sha256`."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def parse_digest(text: object) -> Digest:
    """Check that `text` is a digest that can be verified here; raise `CorruptImage` otherwise."""
    if isinstance(text, str) and _DIGEST.fullmatch(text):
        return Digest(text)
    raise CorruptImage(f"not a digest: {str(text)[:100]!r}", hint="sha256 and sha512 are supported")


def sha256(data: bytes) -> Digest:
    """Digest of bytes."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def hasher(digest: Digest) -> "_Hash":
    """An empty hash of the digest's algorithm, for streaming."""
    return hashlib.new(digest.partition(":")[0])


def hexadecimal(digest: Digest) -> str:
    """The digest without its algorithm."""
    return digest.partition(":")[2]
