"""What CycloneDX 1.6 admits in single fields: hashes, references, CPEs, licences, group and name.

Comes in: facts as packages state them. Goes out: values that hold against the schema, or word that they do not, so that
encoders can list them as properties instead.

Sources: CycloneDX 1.6 JSON schema; RFC 3987 (IRIs); CPE 2.2 and 2.3 naming; purl type definition `oci`; the reference
grammar of the OCI distribution specification 1.1.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from stellaops_core.component import OS_PACKAGE_TYPES, Component
from stellaops_core.licenses import split
from stellaops_core.purl import make_purl
from stellaops_core.sbom.sbom import Subject

MAX_VERSION = 1024
"""Longest version the schema admits."""
MAX_URL = 4096

_HASHES = """
MD5 SHA-1 SHA-256 SHA-384 SHA-512 SHA3-256 SHA3-384 SHA3-512 BLAKE2b-256 BLAKE2b-384 BLAKE2b-512 BLAKE3
"""
_ALGORITHMS = frozenset(_HASHES.split())
_HEX = re.compile(r"[0-9a-fA-F]+")
_LENGTHS = frozenset({32, 40, 64, 96, 128})
_REFERENCES = """
adversary-model advisories attestation bom build-meta build-system certification-report chat codified-infrastructure
component-analysis-report configuration digital-signature distribution distribution-intake documentation
dynamic-analysis-report electronic-signature evidence exploitability-statement formulation issue-tracker license log
mailing-list maturity-report model-card other pentest-report poam quality-metrics release-notes rfc-9116 risk-assessment
runtime-analysis-report security-contact social source-distribution static-analysis-report support threat-model vcs
vulnerability-assertion website
"""
_REFERENCE_TYPES = frozenset(_REFERENCES.split())
# RFC 3987, absolute, without address literals and passwords. What is refused here is still listed, as a property.
# What is read is never given back (++, *+), so that this takes linear time.
_TEXT = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@MORE]++|%[0-9A-Fa-f]{2})"
_PATH, _QUERY = (_TEXT.replace("MORE", more) + "*+" for more in ("/", "/?"))
_BEYOND_ASCII = "[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    r"(?://(?:[A-Za-z0-9\-._~]{1,100}@)?[A-Za-z0-9\-._~]+(?::[0-9]{1,5})?(?:/PATH)?|(?![/?#])(?=.)PATH)"
    r"(?:\?QUERY)?(?:\#QUERY)?".replace("PATH", _PATH).replace("QUERY", _QUERY)
)
_CPE = re.compile(
    r"cpe:/[aho](?::[A-Za-z0-9._~%!-]*){1,6}"
    r"|cpe:2\.3:[aho*-](?::(?:[A-Za-z0-9._*?-]|\\[!-/:-@\[-`{-~])+){10}"
)
_REPOSITORY = re.compile(
    r"(?P<repository>(?P<host>localhost(?::[0-9]+)?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?|[A-Za-z0-9-]+:[0-9]+)"
    r"(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?"
)
# Types whose namespace is no group: it names the distributor, or is the first part of one name.
_UNGROUPED = OS_PACKAGE_TYPES | {"golang", "pypi", "gem", "cargo", "nuget"}

Json = dict[str, Any]


def group_and_name(component: Component) -> tuple[str, str]:
    """Group and name: npm's scope and Maven's group id are groups, a distributor is not."""
    if component.type in _UNGROUPED:
        return "", component.name
    path = component.purl.partition("#")[0].partition("?")[0].split("/", 1)[-1]
    before, slash, last = path.rpartition("/")
    return (_decoded(before), _decoded(last.partition("@")[0])) if slash else ("", component.name)


@lru_cache(maxsize=4096)
def _decoded(text: str) -> str:
    return unquote(text) if "%" in text else text


def image_purl(subject: Subject) -> str:
    """`pkg:oci/…`, for a name with a registry's host and a manifest's digest: only those can be pulled by it."""
    named = _REPOSITORY.fullmatch(subject.name)
    if not named or not subject.digest.startswith("sha256:") or subject.digest == subject.config_digest:
        return ""
    repository, architecture = named["repository"], subject.platform.split("/")[1:2]
    qualifiers = {"repository_url": repository, "tag": named["tag"] or "", "arch": "".join(architecture)}
    return str(make_purl("oci", repository.rpartition("/")[2], subject.digest, qualifiers=qualifiers))


def cpe_fits(cpe: str) -> bool:
    """Whether this is a CPE 2.2 URI or a CPE 2.3 formatted string."""
    return len(cpe) <= MAX_VERSION and _CPE.fullmatch(cpe) is not None


def hash_fits(algorithm: str, content: str) -> bool:
    """Whether the schema knows the algorithm and the content is hexadecimal of a known length."""
    return algorithm in _ALGORITHMS and len(content) in _LENGTHS and _HEX.fullmatch(content) is not None


def hashes_of(hashes: Iterable[tuple[str, str]]) -> list[Json]:
    """List the hashes that fit, in lower case."""
    return [
        {"alg": algorithm, "content": content.lower()} for algorithm, content in hashes if hash_fits(algorithm, content)
    ]


@lru_cache(maxsize=4096)
def licenses_of(licenses: tuple[str, ...]) -> tuple[Json, ...]:
    """Return `licenseChoice`: one expression, or single licences by SPDX id or by name. Shared: not to be changed."""
    out: list[Json] = []
    for kind, text in split(licenses):
        if kind == "expression":
            out.append({"expression": text})
        else:
            out.append({"license": {"id" if kind == "id" else "name": text}})
    return tuple(out)


@lru_cache(maxsize=4096)
def url_fits(url: str) -> bool:
    """Whether this is an absolute IRI."""
    if len(url) > MAX_URL:
        return False
    if not url.isascii():  # allowed wherever %20 is; six such ranges in one pattern take 8 ms to compile
        url = re.sub(_BEYOND_ASCII, "%20", url)
    return _IRI.fullmatch(url) is not None


def references_of(urls: Iterable[tuple[str, str]]) -> list[Json]:
    """List the references that fit; types the schema does not know become `other`."""
    return [{"type": kind if kind in _REFERENCE_TYPES else "other", "url": url} for kind, url in urls if url_fits(url)]
