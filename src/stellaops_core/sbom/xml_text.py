"""Any text in XML, and back.

Comes in: text. Goes out: the same as content or attribute of an XML 1.0 document, or from there the text. The rule:
`read_xml(what a parser makes of xml_text(x)) == x` for all valid Unicode. XML has no way to write most control
characters, so text that holds one is written as U+FFFD and a JSON string; so is text that begins with U+FFFD itself.

Source: XML 1.0 (fifth edition), 2.2 (characters), 2.11 and 3.3.3 (what parsers normalise).
"""

import json
import re
from functools import lru_cache

from stellaops_core.sbom.text import valid

_SAFE = re.compile("[ !#-%'-;=?-~]*")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\\A\ufffd")
_NAMED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


@lru_cache(maxsize=1 << 16)
def xml_text(text: str) -> str:
    """Escape text for content and for attributes in double quotes; lone surrogates become U+FFFD."""
    if _SAFE.fullmatch(text):
        return text
    text = valid(text)
    if _ILLEGAL.search(text):
        text = "\ufffd" + json.dumps(text)
    return text.translate(_NAMED)


def read_xml(text: str) -> str:
    """Give back what `xml_text` was given, from what a parser makes of it."""
    if not text.startswith('\ufffd"'):
        return text
    try:
        inner = json.loads(text[1:])
    except (ValueError, RecursionError):
        return text
    return valid(inner) if isinstance(inner, str) else text
