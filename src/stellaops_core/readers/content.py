"""A file's content as readers take it.

Comes in: nothing. Goes out: one name for what is read: bytes in memory, or a read-only map of a large file. The rule:
a reader takes slices and positions, never the whole of a map at once.
"""

import mmap

Content = bytes | mmap.mmap
"""Slices are bytes, `find` works, a compiled pattern searches it, `struct` unpacks from it."""


def text_at(content: Content, start: int, end: int) -> str:
    """Return the text from `start` to the next NUL, which stands before `end`, or to `end`.

    Bytes that are no UTF-8 become U+FFFD.
    """
    nul = content.find(b"\0", start, end)
    return content[start : end if nul < 0 else nul].decode("utf-8", "replace")
