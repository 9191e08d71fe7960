"""pnpm's record of what it installed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.pnpm_lock import read_pnpm_lock

FORMS = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      trap@1.0.0:
    resolution: {integrity: sha512-wrong}

packages:

  plain@1.0.0:
    resolution: {integrity: sha512-AA==}
    engines: {node: '>= 0.6'}

  '@s/scoped@1.0.0-rc.1':
    resolution: {integrity: sha512-BB==}

  /six@1.0.0(peer@2.0.0):
    resolution: {integrity: sha512-CC==}

  /@s/five/1.0.0_peer@2.0.0:
    resolution: {tarball: https://example.org/five.tgz, integrity: sha512-DD==}
    dev: true

  'git@https://codeload.example.org/git/tar.gz/abc':
    resolution: {tarball: https://codeload.example.org/git/tar.gz/abc}
    version: 1.0.0

  local@file:../local:
    resolution: {directory: ../local, type: directory}

snapshots:

  late@1.0.0:
    resolution: {integrity: sha512-wrong}
"""


def test_forms():
    """Keys of lockfile versions 5, 6 and 9; only what stands under `packages`, and has an integrity."""
    assert read_pnpm_lock(FORMS.encode()) == {
        ("plain", "1.0.0"): "sha512-AA==",
        ("@s/scoped", "1.0.0-rc.1"): "sha512-BB==",
        ("six", "1.0.0"): "sha512-CC==",
        ("@s/five", "1.0.0"): "sha512-DD==",
    }


@given(st.lists(st.sampled_from(FORMS.split("\n")) | st.text(max_size=12), max_size=12), st.binary(max_size=60))
def test_any_bytes(lines, data):
    """Any lines and bytes give a dictionary of texts."""
    for content in ("\n".join(lines).encode("utf-8", "replace"), data, b"packages:\n" + data):
        found = read_pnpm_lock(content)
        assert all(name and version and integrity for (name, version), integrity in found.items())


@pytest.mark.parametrize(
    "line",
    [
        "  " + "a" * 60_000,
        "  " + "a/" * 30_000,
        "  a@1" + "(" * 60_000,
        "  a@" + "1" * 60_000,
        "  a@1:\n    resolution: {integrity: " + "1" * 60_000,
    ],
)
def test_linear(line):
    """Long lines end soon."""
    start = time.process_time()
    read_pnpm_lock(("packages:\n" + line + "\n").encode() * 3)
    read_pnpm_lock(("packages:\n  a@1:\n    resolution: {" + "a: b, " * 20_000 + "\n").encode())
    assert time.process_time() - start < 5
