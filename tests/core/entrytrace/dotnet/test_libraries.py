"""Native libraries of .NET."""

import pytest

from roots import root_of
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.dotnet.libraries import find_native, system_edges

FILES = {
    "app/A.dll": "x",
    "app/libown.so": "x",
    "app/runtimes/linux-x64/native/libpack.so": "x",
    "app/runtimes/win-x64/native/libpack.so": "x",
    "usr/lib/x86_64-linux-gnu/libsys.so.0": "x",
    "usr/lib/x86_64-linux-gnu/libicuuc.so.72": "x",
    "usr/lib/x86_64-linux-gnu/libssl.so.3": "x",
    "usr/lib/x86_64-linux-gnu/libother.so.1": "x",
    "d/shared/F/1/libSystem.Native.so": "x",
    "d/shared/F/1/System.dll": "x",
}
ROOT = root_of(FILES, analyzers=[])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("own", ["app/libown.so"]),
        ("libown", ["app/libown.so"]),
        ("libown.so", ["app/libown.so"]),
        ("pack", ["app/runtimes/linux-x64/native/libpack.so"]),
        ("libsys.so.0", ["usr/lib/x86_64-linux-gnu/libsys.so.0"]),
        ("/usr/lib/libsys.so.0", ["usr/lib/x86_64-linux-gnu/libsys.so.0"]),
        ("kernel32.dll", []),
        ("QCall", []),
        ("", []),
        ("none", []),
    ],
)
def test_imports(name, found):
    """With and without `lib` and `.so`: beside, in the application, in the system; never another platform's."""
    assert list(find_native(ROOT, "app/A.dll", name, "app")) == found


def test_the_runtime_s_own():
    """Those of its directories, and those of the system that it looks for: each may be."""
    edges = list(system_edges(ROOT, "p", ["d/shared/F/1", "d/shared/F/1", ""], Bounds("p")))
    assert [edge.target.rpartition("/")[2] for edge in edges] == [
        "libSystem.Native.so",
        "libicuuc.so.72",
        "libssl.so.3",
    ]
    assert {edge.level for edge in edges} == {"maybe"}
