"""What the dynamic linker reads besides libraries: glibc's cache of their places, musl's path, libraries to preload.

Comes in: `etc/ld.so.cache`, `etc/ld.so.preload`, `etc/ld-musl-ARCH.path`, and PAM's configuration. Goes out: a
`LoaderCache` or a `Text`, for tracing. It says nothing of packages. The cache's older form (before glibc 2.2) counts
only where the newer one stands behind it.

Source: glibc, sysdeps/generic/dl-cache.h (`cache_file_new`), ld.so(8); musl, ldso/dynlink.c; pam.d(5).
"""

from collections.abc import Iterable
from struct import Struct as Binary
from typing import Final

from msgspec import Struct

from stellaops_core.analyzers.analyzer import Analyzer, FileFacts, LayerFile, LayerFiles, Malformed, facts_of
from stellaops_core.analyzers.texts import TEXT_LIMIT, Text
from stellaops_core.readers.content import text_at

CACHE_LIMIT: Final = 32 << 20
"""Bytes of a cache."""
ENTRY_LIMIT: Final = 200_000
"""Entries of a cache; a large desktop's has 5,000."""
NAME_LIMIT: Final = 4096
"""Bytes of a name or path in a cache; as in Linux's PATH_MAX."""

_MAGIC: Final = b"glibc-ld.so.cache1.1"
_CACHE: Final = "ld.so.cache"
_BIG_ENDIAN: Final = 3


class LoaderCache(Struct, frozen=True, array_like=True):
    """glibc's cache."""

    entries: tuple[tuple[str, str, int, bool], ...]
    """(name that is asked for, path with its leading slash, flags that tell processors apart, whether only some
    processors of that sort take it), in its order."""


class LoaderFiles(Analyzer):
    """The analyzer; see the module."""

    name, version = "loader_files", 1
    names = frozenset({_CACHE, "ld.so.preload"})
    endings = (".path",)
    directories = frozenset({"etc/pam.d", "usr/lib/pam.d"})
    alone = True

    def wants(self, path: str, size: int) -> bool:
        """Those files alone; of other `.path` files those that are musl's."""
        name = path.rpartition("/")[2]
        if name.endswith(".path") and not name.startswith("ld-musl-"):
            return False
        return size <= (CACHE_LIMIT if name == _CACHE else TEXT_LIMIT)

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[FileFacts]:  # noqa: ARG002
        """Yield what the file says."""
        data = file.read()
        if file.path.rpartition("/")[2] == _CACHE:
            yield facts_of(LoaderCache(read_cache(data)))
        else:
            yield facts_of(Text(data, file.executable))


def read_cache(data: bytes) -> tuple[tuple[str, str, int, bool], ...]:
    """Read the entries of `etc/ld.so.cache`, as `LoaderCache.entries`. Raises `Malformed` where it is none."""
    start = data.find(_MAGIC)
    head = data[start + len(_MAGIC) : start + 48]
    if start < 0 or len(head) < 28:
        raise Malformed("not a cache of glibc's dynamic linker")
    order = ">" if head[8] & 3 == _BIG_ENDIAN else "<"
    count, row = Binary(order + "I").unpack_from(head)[0], Binary(order + "iIIIQ")
    rows = data[start + 48 : start + 48 + row.size * count]
    if count > ENTRY_LIMIT or len(rows) < row.size * count:
        raise Malformed(f"a cache of the dynamic linker with {count:,} entries in {len(data):,} bytes")
    return tuple(
        (_text(data, start + name), _text(data, start + path), flags, condition != 0)
        for flags, name, path, _, condition in row.iter_unpack(rows)
    )


def _text(data: bytes, at: int) -> str:
    return text_at(data, at, at + NAME_LIMIT)


ANALYZER = LoaderFiles()
