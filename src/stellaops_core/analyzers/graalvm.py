"""Libraries that are compiled into native images of GraalVM, where the builder embedded a bill of materials.

Comes in: ELF programs. Goes out: one `Package` for each component of the CycloneDX document that the symbols `sbom` and
`sbom_length` lead to, with edges as it states them. Rules: a program without a heap of native-image is none; one
without these symbols says nothing (`--enable-sbom` is what makes them).

Source: GraalVM reference manual, "Software Bill of Materials (SBOM) in Native Image"; System V ABI, "Symbol Table".
"""

import zlib
from collections.abc import Iterable, Iterator
from struct import Struct as Binary
from typing import Final

from stellaops_core.analyzers.analyzer import Analyzer, Installed, LayerFile, LayerFiles, Malformed, Package, View
from stellaops_core.purl import Purl, make_purl, parse_purl
from stellaops_core.readers import elf
from stellaops_core.readers.program import Program
from stellaops_core.readers.programs import read_programs

SYMBOLS_LIMIT: Final = 32 << 20
"""Bytes of the symbols, and of their names."""
PACKED_LIMIT: Final = 16 << 20
"""Bytes of the compressed document."""
DOCUMENT_LIMIT: Final = 64 << 20
"""Bytes of the document."""

_WEAK: Final = 80
"""Percent of confidence where the document states no purl."""
_HEAP: Final = ".svm_heap"
_symbol = Binary("<I4xQ8x")  # name and value; info, other, section and size are passed over


class GraalVM(Analyzer):
    """The analyzer; see the module."""

    name = "graalvm"
    version = 1
    magic = frozenset({elf.MAGIC})
    alone = True

    def wants(self, path: str, size: int) -> bool:  # noqa: ARG002
        """Every program."""
        return size >= 64

    def analyze(self, file: LayerFile, near: LayerFiles) -> Iterable[Package]:  # noqa: ARG002
        """Yield what the embedded document of a native image lists."""
        try:
            [program] = file.once(read_programs)
        except ValueError:  # the analyzer `golang` reports it
            return
        if program.section(_HEAP) is None or program.bits != 64 or program.big_endian:
            return
        try:
            document = _embedded(program)
            if document is not None:
                yield from _packages(document)
        except ValueError as error:
            raise Malformed(str(error)) from error

    def join(self, view: View) -> Iterable[Installed]:
        """Resolve dependencies within each program."""
        for path, finds in view.found.items():
            packages = [one for one in finds if isinstance(one, Package)]
            purls = {one.key: _purl(one) for one in packages}
            for package in packages:
                own = purls[package.key]
                needed = {str(purls[key]) for key in package.requires if key in purls}
                yield Installed(
                    package, path, own, licenses=package.licenses, depends=tuple(sorted(needed - {str(own)}))
                )


def _purl(package: Package) -> Purl:
    return make_purl(
        package.type, package.name, package.version, namespace=package.namespace, qualifiers=package.qualifiers
    )


def _embedded(program: Program) -> bytes | None:
    """Return the document; None where there is none."""
    places = _symbols(program)
    if not {b"sbom", b"sbom_length"} <= places.keys():
        return None
    size = int.from_bytes(program.at(places[b"sbom_length"], 8), "little")
    if size > PACKED_LIMIT:
        raise ValueError(f"an embedded document of more than {PACKED_LIMIT:,} bytes")
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        document = inflater.decompress(program.at(places[b"sbom"], size), DOCUMENT_LIMIT)
    except zlib.error:
        raise ValueError("its embedded document does not inflate") from None
    if not inflater.eof:
        raise ValueError("its embedded document is cut off, or too large")
    return document


def _symbols(program: Program) -> dict[bytes, int]:
    """Return the addresses of the symbols that tell where the document is."""
    table, texts = program.section(".dynsym"), program.section(".dynstr")
    if table is None or texts is None:
        return {}
    names = program.bytes_of(texts, SYMBOLS_LIMIT)
    if b"sbom_length\0" not in names:
        return {}
    symbols = program.bytes_of(table, SYMBOLS_LIMIT)
    found = {}
    for at, value in _symbol.iter_unpack(symbols[: len(symbols) // _symbol.size * _symbol.size]):
        if names[at : at + 4] == b"sbom":
            found[names[at : names.find(b"\0", at)]] = value
    return found


def _packages(data: bytes) -> Iterator[Package]:
    from stellaops_core.readers.sbom_document import read_sbom  # noqa: PLC0415  # only where there is a document

    document = read_sbom(data)
    flaws = 0
    for entry in document.entries:
        stated = entry.purl or (entry.ref if entry.ref.startswith("pkg:") else "")
        try:
            purl = parse_purl(stated) if stated else make_purl("generic", entry.name, entry.version)
        except ValueError:
            flaws += 1
            continue
        if purl.version:
            yield Package(
                purl.type,
                purl.name,
                purl.version,
                namespace=purl.namespace,
                key=entry.ref,
                qualifiers=dict(purl.qualifiers),
                licenses=entry.licenses,
                hashes=entry.hashes,
                requires=tuple(document.needs.get(entry.ref, ())),
                supplier=entry.supplier,
                urls=entry.urls,
                technique="binary-analysis",
                confidence=100 if stated else _WEAK,
            )
    if flaws:
        raise ValueError(f"{flaws} of {len(document.entries)} components of its embedded document have no usable name")


ANALYZER = GraalVM()
