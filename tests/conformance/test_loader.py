"""The dynamic linker over real root file systems: each program's libraries, in numbers that ldd gave there as well."""

import os
from pathlib import Path

import pytest

from stellaops_core.analyzers import loader_files, native_code, texts
from stellaops_core.analyzers.native import Native
from stellaops_core.entrytrace.loader.loader import NativeLoader
from stellaops_core.entrytrace.process import Edge, Process
from stellaops_core.images.image import ImageRef
from stellaops_core.images.source import open_image
from stellaops_core.scan.options import ScanOptions
from stellaops_core.scan.read import read_packs
from stellaops_core.scan.rootfs import RootFs

FIXTURES = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures"))
ROOTS = FIXTURES / "images" / "rootfs-oci"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not ROOTS.is_dir(), reason="no fixtures: set STELLA_FIXTURES (images/rootfs-oci not found)"),
]


@pytest.mark.parametrize(
    ("name", "programs", "libraries", "missing"),
    [("alpine-haconiwa", 71, 195, 0), ("alpine-vaultwarden", 11, 27, 5), ("debian-guestbook", 331, 1360, 43)],
)
def test_programs(name, programs, libraries, missing):
    """So many pairs of program and library, and of program and what is missing, were compared with ldd, one by one."""
    analyzers = (native_code.ANALYZER, loader_files.ANALYZER, texts.ANALYZER)
    with open_image(ImageRef("oci-archive", str(ROOTS / f"{name}.oci.tar"), "")) as source:
        root = RootFs(read_packs(source, analyzers, ScanOptions(jobs=1), None, None)[0])
    paths = [path for path in files_of(root) if (facts := root.facts(path, Native)) and facts.interpreter]
    pairs, gaps = set(), set()
    for path in paths:
        for one in NativeLoader(root, Process(path, (path,))).load(path):
            if isinstance(one, Edge):
                pairs.add((path, one.target))
            else:
                gaps.add((path, one.reason))
    assert (len(paths), len(pairs), len(gaps)) == (programs, libraries, missing)


def files_of(root, directory=""):
    """All files, links left out."""
    for name in root.names(directory):
        path = f"{directory}/{name}" if directory else name
        if root.real(path) != path:
            continue
        if root.is_directory(path):
            yield from files_of(root, path)
        else:
            yield path
