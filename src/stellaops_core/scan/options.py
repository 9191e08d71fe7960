"""What can be chosen about a scan, and how it tells where it stands."""

from collections.abc import Callable

from msgspec import Struct


class ScanOptions(Struct, frozen=True):
    """What the user may choose about a scan."""

    name: str = ""
    """Names the image in documents, in place of what it calls itself."""
    view: str = "inventory"
    """`inventory`: all that is there. `usage`: what the entry point leads to.
    `history`: what upper layers removed or replaced."""
    strict: bool = False
    """Verify every layer's diffID as well as the digest that it is stored under."""
    jobs: int = 1
    """Layers that are read at once."""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH: seconds since 1970 for the documents' time; None: the image's own."""
    spool_dir: str | None = None
    """Where large temporary files go; None: the system's place."""


class Progress(Struct, frozen=True):
    """Where a scan stands."""

    layers_done: int
    layers: int
    bytes_read: int
    bytes_total: int
    """-1 where the source doesn't know."""


Follow = Callable[[Progress], None]
"""Called often, from the calling thread."""
