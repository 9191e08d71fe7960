"""What Debian's copyright files say about licences.

Comes in: the bytes of `usr/share/doc/PACKAGE/copyright`. Goes out: licences in SPDX spelling where their names are
known, else as written. The rule: names are read, texts are never classified.

Source: Debian copyright format 1.0 (DEP-5), "License specification"; Debian Policy 12.5 for `common-licenses`.
"""

import re

from stellaops_core.readers.deb822 import read_stanzas

LICENSE_LIMIT = 256
"""Characters of one licence name or expression; what is longer is a text, not a name."""

_FORMAT = re.compile(rb"\s*Format(-Specification)?:\s*\S", re.IGNORECASE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9+])")
_LATER = re.compile(r"any\s+later\s+version")

_SPDX = {
    "0bsd": "0BSD",
    "apache-1.1": "Apache-1.1",
    "apache-2": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "artistic-2": "Artistic-2.0",
    "artistic-2.0": "Artistic-2.0",
    "bsd": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause",
    "bsl-1.0": "BSL-1.0",
    "cc0": "CC0-1.0",
    "cc0-1.0": "CC0-1.0",
    "cc-by-3.0": "CC-BY-3.0",
    "cc-by-4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "curl": "curl",
    "expat": "MIT",
    "isc": "ISC",
    "mit": "MIT",
    "mpl-1.1": "MPL-1.1",
    "mpl-2": "MPL-2.0",
    "mpl-2.0": "MPL-2.0",
    "openssl": "OpenSSL",
    "python-2.0": "Python-2.0",
    "unicode-dfs-2016": "Unicode-DFS-2016",
    "w3c": "W3C",
    "zlib": "Zlib",
}
"""Names in lower case that mean one SPDX licence. Names for families of texts (public-domain, X11) are left out."""

_GNU_VERSIONS = {"GPL": {"1.0", "2.0", "3.0"}, "LGPL": {"2.0", "2.1", "3.0"}, "AGPL": {"1.0", "3.0"}}

_EXCEPTIONS = {
    "autoconf": "Autoconf-exception-{}.0",
    "bison": "Bison-exception-2.2",
    "classpath": "Classpath-exception-2.0",
    "font": "Font-exception-2.0",
    "gcc": "GCC-exception-3.1",
    "libtool": "Libtool-exception",
}


def read_licenses(data: bytes) -> tuple[str, ...]:
    """Return the licences that a copyright file names, in order, each once.

    Machine-readable: of the header and all `Files` paragraphs; stand-alone licence paragraphs count only without these,
    since they hold the texts of names used above. Otherwise: the common licences that the text points to. Whether "any
    later version" is granted can then only be told for the file as a whole.
    """
    if _FORMAT.match(data):
        return tuple(dict.fromkeys(map(to_spdx, _declared(data))))
    text = data.decode("utf-8", "replace")
    later = "+" if _LATER.search(text) else ""
    names = dict.fromkeys(match[1] for match in _COMMON.finditer(text))
    return tuple(dict.fromkeys(to_spdx(name + later if _is_gnu(name) else name) for name in names))


def _declared(data: bytes) -> list[str]:
    used: list[str] = []
    standing: list[str] = []
    for number, stanza in enumerate(read_stanzas(data)):
        name = stanza.get("license", "").partition("\n")[0].strip(" \t\r,;.")
        if name and len(name) <= LICENSE_LIMIT:
            (used if "files" in stanza or number == 0 else standing).append(name)
    return used or standing


def to_spdx(declared: str) -> str:
    """Write a DEP-5 licence specification as an SPDX expression; unchanged where a name in it is not known.

    "and" binds closer than "or", except across a comma: `GPL-1+ or Artistic, and BSD` is `(GPL or Artistic) and BSD`.
    """
    parts = [_convert(part) for part in re.split(r",\s+(?=(?:and|or)\s)", declared)]
    words = [word for part in parts for word in part]
    if len(words) % 2 == 0 or not all(_fits(word, number) for number, word in enumerate(words)):
        return declared
    return words[0] if len(words) == 1 else " ".join(map(_join, parts)) if len(parts) > 1 else " ".join(words)


def _fits(word: str, number: int) -> bool:
    """Licences and operators take turns."""
    return bool(word) and (word in {"AND", "OR"}) == (number % 2 == 1)


def _join(part: list[str]) -> str:
    """Put what stands between two commas in parentheses."""
    operator = part[:1] if part[0] in {"AND", "OR"} else []
    names = part[len(operator) :]
    return " ".join([*operator, "(" + " ".join(names) + ")" if len(names) > 1 else names[0]])


def _convert(part: str) -> list[str]:
    """Return licences and operators of one comma-free part; an empty one for what has no SPDX form."""
    words = [word for word in re.split(r"(?:^|\s+)(and|or)\s+", part.strip()) if word]
    return [word.upper() if word in {"and", "or"} else _convert_name(word) for word in words]


def _convert_name(name: str) -> str:
    license_, with_, exception = name.partition(" with ")
    gnu = _convert_gnu(license_.strip())
    found = gnu or _SPDX.get(license_.strip().lower(), "")
    if not with_ or not found:
        return found
    known = _EXCEPTIONS.get(re.sub(r"[\s-]+exception$", "", exception.strip(), flags=re.IGNORECASE).lower(), "")
    return f"{found} WITH {known.format(gnu.partition('.')[0][-1:])}" if known and gnu else ""


def _convert_gnu(name: str) -> str:
    later = "or-later" if name.endswith("+") else "only"
    if match := re.fullmatch(r"([AL]?GPL)-?v?([123](?:\.[01])?)\+?", name):
        version = match[2] if "." in match[2] else match[2] + ".0"
        return f"{match[1]}-{version}-{later}" if version in _GNU_VERSIONS[match[1]] else ""
    if match := re.fullmatch(r"GFDL-(NIV-)?(1\.[123])\+?", name):
        return f"GFDL-{match[2]}-{'no-invariants-' if match[1] else ''}{later}"
    return ""


def _is_gnu(name: str) -> bool:
    return name.startswith(("GPL-", "LGPL-", "GFDL-")) and not name.endswith("+")
