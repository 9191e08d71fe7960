"""The generator as BuildKit runs it: mounts of its own, read-only sources, a fresh destination, no network.

BuildKit gives a generator the file system of its image; here it is this host's, the rest is the same. BuildKit runs
generators as root, whatever their image says; others may not, so that both are tried.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sources import ROOT

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(
        os.getuid() != 0 or not all(map(shutil.which, ("unshare", "mount", "setpriv"))),
        reason="needs root, and the namespaces of util-linux",
    ),
]

SCRIPT = """
set -eu
mount --bind "$PWD" /run
cd /run
for target in src/core/sbom src/extras/sbom-build; do
    mount --bind "$target" "$target"
    mount -o remount,bind,ro "$target"
done
mount -t tmpfs -o size=64m,mode=0755,uid="$1",gid="$1" scratch out
mount -t tmpfs -o size=64m,mode=1777 scratch tmp
export TMPDIR=/run/tmp BUILDKIT_SCAN_DESTINATION=/run/out/ BUILDKIT_SCAN_SOURCE=/run/src/core/sbom
export BUILDKIT_SCAN_SOURCE_EXTRAS=/run/src/extras/
code=0
setpriv --reuid "$1" --regid "$1" --clear-groups --no-new-privs "$2" -I generator.py || code=$?
cp -a out/. kept/
find tmp -mindepth 1 >kept.tmp
exit "$code"
"""
"""Arguments: the user and the Python. What a tmpfs held goes with its namespace, so it is copied."""

PROBE = "import os, sys; os.listdir(sys.argv[1]); import stellaops_core.scan.scan, httpx"


def as_user(uid: int) -> list[str]:
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]


@pytest.fixture(params=[0, 65532], ids=["root", "nobody"])
def uid(request) -> int:
    """Who runs it; skipped where this host's Python may not be used by others."""
    folder = sysconfig.get_path("purelib")
    ran = subprocess.run(
        [*as_user(request.param), sys.executable, "-c", PROBE, folder], check=False, capture_output=True, timeout=60
    )
    if ran.returncode:
        pytest.skip(f"user {request.param} may not run {sys.executable}")
    return request.param


@pytest.fixture
def run(uid, tmp_path):
    """Run the generator in namespaces of its own; returns its exit code, its words and what it wrote."""
    tmp_path.chmod(0o755)
    for name in ("src/core/sbom", "src/extras/sbom-build", "out", "tmp", "kept"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "plugins/buildx/generator.py", tmp_path / "generator.py")

    def run():
        command = ["unshare", "--mount", "--net", "--ipc", "sh", "-c", SCRIPT, "sh", str(uid), sys.executable]
        ran = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.stdout == ""
        assert (tmp_path / "kept.tmp").read_text() == "", "temporary files stay behind"
        return ran.returncode, ran.stderr, {path.name: path for path in (tmp_path / "kept").iterdir()}

    return run


def fill(root: Path, package: str) -> Path:
    """A root file system with one Debian package, and a file that only root may read."""
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (root / "var/lib/dpkg").mkdir(parents=True)
    status = f"Package: {package}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
    (root / "var/lib/dpkg/status").write_text(status)
    (root / "etc/shadow").write_text("root:*:1::::::\n")
    (root / "etc/shadow").chmod(0o600)
    return root


def decode_as_buildkit(path: Path) -> dict:
    """Read a file as BuildKit's exporter does: a regular file with a single JSON object, of a known predicate."""
    assert path.is_file()
    assert not path.is_symlink()
    assert path.stat().st_size <= 40 << 20
    text = path.read_text()
    statement, end = json.JSONDecoder().raw_decode(text)
    assert text[end:].strip() == ""
    assert statement["predicateType"] == "https://spdx.dev/Document"
    assert statement["_type"] == "https://in-toto.io/Statement/v0.1"
    assert statement["predicate"]["spdxVersion"] == "SPDX-2.3"
    return statement


def test_core_and_extras(run, tmp_path):
    """One statement for each target, named after it, listing what that target holds; sources are as they were."""
    fill(tmp_path / "src/core/sbom", "core")
    fill(tmp_path / "src/extras/sbom-build", "build")
    code, said, files = run()
    assert (code, said) == (0, "")
    assert sorted(files) == ["sbom-build.spdx.json", "sbom.spdx.json"]
    for name, package in (("sbom-build", "build"), ("sbom", "core")):
        predicate = decode_as_buildkit(files[f"{name}.spdx.json"])["predicate"]
        assert [one["name"] for one in predicate["packages"] if one["primaryPackagePurpose"] == "LIBRARY"] == [package]


def test_a_target_without_packages(run, tmp_path):
    """`FROM scratch`: an empty root gives a statement as well."""
    code, said, files = run()
    assert (code, said) == (0, "")
    assert len(decode_as_buildkit(files["sbom.spdx.json"])["predicate"]["packages"]) == 1


def test_what_only_root_may_read(run, uid, tmp_path):
    """A package database that is closed to the generator is told about, not passed over."""
    fill(tmp_path / "src/core/sbom", "core")
    (tmp_path / "src/core/sbom/var/lib/dpkg/status").chmod(0o600)
    code, said, files = run()
    assert code == 0
    names = [one["name"] for one in decode_as_buildkit(files["sbom.spdx.json"])["predicate"]["packages"]]
    assert ("core" in names) is (uid == 0)
    assert ("1 not read, such as var/lib/dpkg/status" in said) is (uid != 0)
