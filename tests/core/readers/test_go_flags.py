"""The version that linker flags set."""

import time

import pytest

from stellaops_core.readers.go_flags import FLAGS_LIMIT, read_version_flag

MODULE = "ex.org/a/b"


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        ("-s -w -X main.version=1.2.3", "1.2.3"),
        ("-X=main.Version=v1.2.3+x", "v1.2.3+x"),
        (f"-X '{MODULE}/pkg/version.Ver=v0.1' -w", "v0.1"),
        (f"-X \"{MODULE}.version=2\" -extldflags '-static -lm'", "2"),
        (f"-X={MODULE}/x.version='3.0'", "3.0"),
        (f"-X {MODULE}/cmd/a.ver=1 -X {MODULE}/version.Version=2", "1"),
        (f"-X {MODULE}/other.ver=1 -X {MODULE}/version.Version=2", "2"),
        (f"-X {MODULE}/other.ver=1 -X {MODULE}/another.ver=1", "1"),
        (f"-X {MODULE}/other.ver=1 -X {MODULE}/another.ver=2", ""),
        (f"-X {MODULE}/common.kubectlVersion=v0.26.11", ""),
        ("-X ex.org/z/version.Version=4", ""),
        (f"-X {MODULE}c/version.Version=4", ""),
        ("-X main.version=unknown", ""),
        ("-X main.version=", ""),
        ("-X main.commit=1.2", ""),
        ("-X", ""),
        ("", ""),
    ],
)
def test_versions(flags, version):
    """Variables of the main module called version or ver; where two of one rank differ there is none."""
    assert read_version_flag(flags, MODULE) == version


def test_time_is_linear():
    """Quotes that don't end cost nothing much."""
    start = time.process_time()
    for text in ("'\"" * FLAGS_LIMIT, "'" + '"' * FLAGS_LIMIT, "-X a=" * FLAGS_LIMIT, "a'" * FLAGS_LIMIT):
        read_version_flag(text, MODULE)
    assert time.process_time() - start < 3
