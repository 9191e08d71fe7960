"""Product keys: what advisories name, and packages are looked up by.

Comes in: a component's `ref`, a canonical package URL. Goes out: its product keys, canonical package URLs without
version, qualifiers and subpath. There is the package's own, and that of the source package it was built from where the
qualifier `upstream` names one, since Debian's and Alpine's advisories speak of those: asking for
`pkg:deb/debian/openssl` finds `libssl3` as well.

Source: ECMA-427 (in canonical text, `@`, `?` and `#` are separators and nothing else).
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from stellaops_core.purl import make_purl

_END = re.compile(r"[@?#]")
_UPSTREAM = re.compile(r"[^#?]*\?(?:[^#]*&)?upstream=([^&#]+)")
_EPOCH = re.compile(r"[?&]epoch=(\d+)")
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")


def product_of(ref: str) -> str:
    """Return the package URL without version, qualifiers and subpath; a `bin:` ref as it is."""
    return _END.split(ref, maxsplit=1)[0]


def products_of(ref: str) -> tuple[str, ...]:
    """Return all product keys of a component: its own, then its source package's if that is another."""
    own = product_of(ref)
    upstream = _UPSTREAM.match(ref, len(own))
    source = _source_product(own, upstream[1]) if upstream else own
    return (own,) if source == own else (own, source)


def version_of(ref: str, product: str) -> str:
    """Return the version of what is looked up as `product`: for its source package, that one's; may be empty."""
    own = product_of(ref)
    version = unquote(_END.split(ref[len(own) + 1 :], maxsplit=1)[0]) if ref.startswith("@", len(own)) else ""
    if product == own or not (upstream := _UPSTREAM.match(ref, len(own))):
        return version
    return unquote(upstream[1]).partition("@")[2] or version


def ordered_version_of(ref: str, product: str) -> str:
    """Return the version as its ecosystem compares it: of an rpm with its epoch, which purls state apart."""
    version = version_of(ref, product)
    epoch = _EPOCH.search(ref) if version and ref.startswith("pkg:rpm/") else None
    return f"{epoch[1]}:{version}" if epoch else version


@lru_cache(maxsize=16384)
def _source_product(own: str, upstream: str) -> str:
    """Name the source package that the qualifier `upstream` states: `name`, `name@version` or an rpm's file name."""
    kind, _, rest = own.removeprefix("pkg:").partition("/")
    namespace, _, _ = rest.rpartition("/")
    name = unquote(upstream).partition("@")[0]
    if match := _SOURCE_RPM.fullmatch(name):
        name = match[1]
    try:
        return str(make_purl(kind, name, namespace=unquote(namespace)))
    except ValueError:
        return own
