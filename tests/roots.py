"""Root file systems for tests of tracing: made by the real layer reader and the real analyzers.

`root_of({"usr/bin/x": b"...", "bin": Link("usr/bin")})` gives one; `root_of(lower, upper)` lays two over one another;
`root_of_image(path)` reads an OCI layout. Executable are files that begin with `#!` or like a program, and those in
`executable`.
"""

from collections.abc import Collection, Mapping, Sequence

from builders import Content, layer
from stellaops_core.analyzers.analyzer import Analyzer
from stellaops_core.analyzers.available import load_analyzers
from stellaops_core.images.image import ImageRef
from stellaops_core.images.layer import read_tree
from stellaops_core.images.source import open_image
from stellaops_core.readers.programs import MAGICS
from stellaops_core.scan.fragment import Pack, read_with
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.read import read_packs
from stellaops_core.scan.rootfs import RootFs


def root_of(
    *layers: Mapping[str, Content], analyzers: Sequence[Analyzer] | None = None, executable: Collection[str] = ()
) -> RootFs:
    """Make a root of layers, base first."""
    return RootFs([pack_of(files, analyzers=analyzers, executable=executable) for files in layers])


def pack_of(
    files: Mapping[str, Content], *, analyzers: Sequence[Analyzer] | None = None, executable: Collection[str] = ()
) -> Pack:
    """Read one layer as a scan with the usage view does."""
    tar = layer(files, mode_of=lambda path, content: 0o755 if _runs(path, content, executable) else 0o644)
    used = tuple(analyzers) if analyzers is not None else load_analyzers([], tracing=True)
    return Pack(read_with(used, lambda wants, look: read_tree(lambda: [tar], wants, look=look)))


def _runs(path: str, content: Content, executable: Collection[str]) -> bool:
    data = content.encode() if isinstance(content, str) else content
    return path in executable or (isinstance(data, bytes) and (data[:2] == b"#!" or data[:4] in MAGICS))


def root_of_image(layout: str) -> RootFs:
    """Make the root of an image in an OCI layout, without a cache."""
    with open_image(ImageRef("oci", layout, "")) as source:
        packs, _ = read_packs(source, load_analyzers([], tracing=True), ScanOptions(jobs=2), None, None)
        return RootFs(packs)
