"""Everything that can go wrong, in one tree.

::

    StellaError                     1  500  internal
    ├── UsageError                  3  400  the command or a setting is wrong
    ├── TargetError                 4  422  the image or the directory
    │   ├── TargetNotFound          4  404
    │   ├── NotAnImage              4  422
    │   ├── PlatformNotFound        4  404
    │   ├── CorruptIndex            4  422  a BOM-Index, or a fleet's file
    │   └── CorruptImage            4  422  a digest, a size or a structure does not hold
    │       ├── DigestMismatch
    │       ├── Truncated
    │       ├── MissingBlob
    │       └── Unsupported                 foreign layers, unknown media types, unknown compression
    ├── NetworkError                5  502  no answer, or a useless one
    │   └── Unauthorized            5  401
    ├── Incomplete                  8  422  --strict, and something could not be read
    └── OutputError                 1  500  a document could not be written

The columns are the exit code of `stella` and the HTTP status of the daemons. Foreign exceptions are turned into these
at one place per library.
"""

from typing import ClassVar


class StellaError(Exception):
    """Base of all errors: one line for people, a hint with the next step, and what follows from it."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(StellaError):
    """The command line or a setting is wrong."""

    exit_code = 3
    http_status = 400


class TargetError(StellaError):
    """What was to be scanned can't be."""

    exit_code = 4
    http_status = 422


class TargetNotFound(TargetError):
    """There is nothing at that place."""

    http_status = 404


class NotAnImage(TargetError):
    """Something is there, but it is no container image."""


class PlatformNotFound(TargetError):
    """The image exists, but not for the platform that was asked for."""

    http_status = 404


class CorruptImage(TargetError):
    """The image contradicts itself."""


class CorruptIndex(TargetError):
    """A BOM-Index, or a fleet's file, contradicts itself."""


class DigestMismatch(CorruptImage):
    """Content does not have the digest under which it is listed."""


class Truncated(CorruptImage):
    """Content ends before its stated or structural end."""


class MissingBlob(CorruptImage):
    """A manifest names content that is not there."""


class Unsupported(CorruptImage):
    """A media type, compression or structure that this version does not read."""


class NetworkError(StellaError):
    """No answer from a server, or a useless one."""

    exit_code = 5
    http_status = 502


class Unauthorized(NetworkError):
    """The server wants other credentials."""

    http_status = 401


class Incomplete(StellaError):
    """`--strict` was asked for and something could not be read."""

    exit_code = 8
    http_status = 422


class OutputError(StellaError):
    """A document could not be written."""
