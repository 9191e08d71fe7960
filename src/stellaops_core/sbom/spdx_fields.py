"""What SPDX 2.3 admits in single fields: identifiers, licences, checksums, actors, locations; and how they read back.

Comes in: facts as packages state them. Goes out: values that hold against the specification. The rule: for each field
that can fail to hold a fact there is the function that reads it back, so that an encoder sees what has to be said
elsewhere.

Source: SPDX 2.3, chapters 6 (document), 7 (package), 8.4 (checksums), 10 (other licences), annexes D (expressions)
and F (external references).
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from stellaops_core.digest import sha256
from stellaops_core.licenses import kind
from stellaops_core.sbom.cyclonedx_fields import cpe_fits
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.text import valid

NAMESPACE = "https://stella-ops.org/spdx/"
"""Begins the namespaces of documents; a UUID follows."""
UUIDS = "8f0f4be6-53c0-5d0a-8a3f-0d1f7f0c9a21"
"""UUID namespace of those."""
NOASSERTION = "NOASSERTION"
OWNERSHIP = "ownership-by-file-overlap"
"""Begins the comment of a relationship OTHER from an operating system package to what it owns. A word of Syft's, by
which Grype knows not to report what the distributor answers for."""
DECLARED = "As the package declares it."
NAMED = "The package names this licence; its text is not recorded."

_CHECKSUMS = {
    "MD5": ("MD5", 32),
    "SHA-1": ("SHA1", 40),
    "SHA-256": ("SHA256", 64),
    "SHA-384": ("SHA384", 96),
    "SHA-512": ("SHA512", 128),
    "SHA3-256": ("SHA3-256", 64),
    "SHA3-384": ("SHA3-384", 96),
    "SHA3-512": ("SHA3-512", 128),
    "BLAKE2b-256": ("BLAKE2b-256", 64),
    "BLAKE2b-384": ("BLAKE2b-384", 96),
    "BLAKE2b-512": ("BLAKE2b-512", 128),
}
_HASHES = {theirs: ours for ours, (theirs, _) in _CHECKSUMS.items()}
_HEX = re.compile(r"[0-9a-fA-F]+")
_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")
_LICENSE_REF = re.compile(r"(?<![\w.:-])LicenseRef-[A-Za-z0-9.-]+")
_MAILBOX = re.compile(r"([^<>()\n]*[^<>()\s]) <([^<>()\s]+)>")
_ACTOR = re.compile(r"Organization: (?:([^()]*[^()\s]) \(([^()\s]+)\)|([^()]+))")
_WEB = re.compile(
    r"https?://[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\.[A-Za-z]{2,63}(?::[0-9]{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2}){0,2000})?"
)
_CPE22 = re.compile(r"cpe:/[aho](?::[A-Za-z0-9._~%-]*){1,6}")
_CPE23 = re.compile(
    r"cpe:2\.3:[aho*-](?::(?:[A-Za-z0-9._-]+|\*)){5}:(?:[A-Za-z]{2,3}(?:-(?:[A-Za-z]{2}|[0-9]{3}))?|[*-])"
    r"(?::(?:[A-Za-z0-9._-]+|\*)){4}"
)

Json = dict[str, Any]


def identity(sbom: Sbom, serial: str) -> str:
    """UUIDv5 over the digest of all facts, packages that were removed left out: other facts, another UUID.

    `serial` tells apart documents of the same facts that are not the same document, such as `2.3` and `3.0.1`.
    """
    import uuid  # noqa: PLC0415  # msgspec has it loaded already

    facts = msgspec.structs.replace(sbom, removed=())
    try:
        data = msgspec.json.encode(facts)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_spelled(msgspec.to_builtins(facts)))
    return str(uuid.uuid5(uuid.UUID(UUIDS), f"{serial} {sha256(data)}"))


def _spelled(value: Any) -> Any:
    """Escape what is no Unicode, so that different names stay different."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in value.items()}
    return [_spelled(item) for item in value] if isinstance(value, list | tuple) else value


def write(content: Json) -> bytes:
    """Write JSON: UTF-8, two spaces of indentation, a newline at the end; U+FFFD for what is no Unicode."""
    try:
        data = msgspec.json.encode(content)
    except UnicodeEncodeError:
        data = msgspec.json.encode(valid(content))
    return msgspec.json.format(data, indent=2) + b"\n"


def compact(facts: Json) -> str:
    """Write JSON on one line, as a text that stands in an annotation."""
    try:
        return msgspec.json.encode(facts).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(valid(facts)).decode()


def fingerprint(text: str) -> str:
    """96 bits of SHA-256 in hex: more than anyone finds two texts for."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def element_id(ref: str, name: str) -> str:
    """`SPDXRef-Package-openssl-…` for a component."""
    return f"SPDXRef-Package-{_UNFIT.sub('-', name[:40]).strip('-.')}-{fingerprint(ref)}"


def tool_text(version: str) -> str:
    """`Tool: stella-1.2.3`."""
    return "Tool: stella-" + " ".join(version.split()) if version.strip() else "Tool: stella"


# --- licences ---


@lru_cache(maxsize=4096)
def declared_license(licenses: tuple[str, ...]) -> str:
    """Return all statements as one expression; NOASSERTION where there is none."""
    parts = [_operand(text) for text in dict.fromkeys(filter(None, licenses))]
    if len(parts) < 2:
        return parts[0] if parts else NOASSERTION
    return " AND ".join(f"({part})" if " " in part else part for part in parts)


def license_reads_back(licenses: tuple[str, ...]) -> bool:
    """Whether `declared_license` alone tells these statements."""
    return not licenses or (len(licenses) == 1 and licenses[0] == declared_license(licenses) != NOASSERTION)


@lru_cache(maxsize=4096)
def other_licenses(licenses: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return (identifier, text, comment) of what `declared_license` names that is not on the SPDX list."""
    found = []
    for text in filter(None, licenses):
        operand = _operand(text)
        if operand != text:
            found.append((operand, text, DECLARED))
        else:
            found += [(name, NOASSERTION, NAMED) for name in _LICENSE_REF.findall(text)]
    return tuple(found)


@lru_cache(maxsize=4096)
def _operand(text: str) -> str:
    if kind(text) == "text" or "DocumentRef-" in text:
        return "LicenseRef-stella-" + fingerprint(text)
    return text


# --- the rest ---


def checksums(hashes: Iterable[tuple[str, str]]) -> list[Json]:
    """List the hashes that fit, each once."""
    fit = dict.fromkeys((algorithm, content.lower()) for algorithm, content in hashes if _fits(algorithm, content))
    return [{"algorithm": _CHECKSUMS[algorithm][0], "checksumValue": content} for algorithm, content in fit]


def _fits(algorithm: str, content: str) -> bool:
    known = _CHECKSUMS.get(algorithm)
    return known is not None and len(content) == known[1] and _HEX.fullmatch(content) is not None


def read_checksums(items: Iterable[Json]) -> list[tuple[str, str]]:
    """Give back (algorithm as CycloneDX names it, hex); algorithms without such a name are passed over."""
    pairs = ((_HASHES.get(str(item.get("algorithm"))), item.get("checksumValue")) for item in items)
    return [(algorithm, content) for algorithm, content in pairs if algorithm and isinstance(content, str)]


@lru_cache(maxsize=4096)
def supplier_text(supplier: str) -> str:
    """`Organization: Name (mail)`. Records don't tell people from organisations."""
    if mailbox := _MAILBOX.fullmatch(supplier):
        return f"Organization: {mailbox[1]} ({mailbox[2]})"
    name = " ".join(re.sub(r"[()]+", " ", supplier).split())
    return f"Organization: {name}" if name else NOASSERTION


@lru_cache(maxsize=4096)
def read_supplier(text: str) -> str:
    """Give back what `supplier_text` was given, where it can."""
    actor = _ACTOR.fullmatch(text)
    if not actor:
        return ""
    return f"{actor[1]} <{actor[2]}>" if actor[1] else actor[3]


@lru_cache(maxsize=4096)
def place_fits(url: str) -> bool:
    """Whether a homepage or a download location can be this."""
    return _WEB.fullmatch(url) is not None


def places(urls: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Return (homepage, download location) among references; empty where there is none."""
    homepage = download = ""
    for what, url in urls:
        if what == "website" and not homepage and place_fits(url):
            homepage = url
        elif what == "distribution" and not download and place_fits(url):
            download = url
    return homepage, download


def read_places(homepage: object, download: object) -> list[tuple[str, str]]:
    """Give back references, in the order of their types."""
    pairs = (("distribution", download), ("website", homepage))
    return [(what, url) for what, url in pairs if isinstance(url, str) and url not in {"", NOASSERTION, "NONE"}]


def cpe_type(cpe: str) -> str:
    """`cpe22Type` or `cpe23Type`; empty where it is neither."""
    if not cpe_fits(cpe):
        return ""
    return "cpe22Type" if _CPE22.fullmatch(cpe) else "cpe23Type" if _CPE23.fullmatch(cpe) else ""
