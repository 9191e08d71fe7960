"""What other tools read in our documents: Trivy and Syft, where they are on the PATH; no network, no database.

The sample has what is known to go wrong: packages of two systems, and packages that differ in their group alone.
"""

import json
import os
import shutil
import subprocess

import pytest
from msgspec.structs import replace

from core.sbom.samples import SAMPLE
from stellaops_core.component import Evidence
from stellaops_core.purl import parse_purl
from stellaops_core.sbom.formats import FORMATS

pytestmark = pytest.mark.conformance

BASE = replace(SAMPLE.components[0], layer=1, depends=(), owners=())
MORE = ("pkg:npm/%40types/send@1.2.1", "pkg:npm/send@1.2.1", "pkg:rpm/centos/libcom_err@1.42.9-19.el7")
"""An rpm package on Debian, as some Python wheels bring."""


def make_sbom():
    parts = [part for part in SAMPLE.components if not part.owners]
    for ref in MORE:
        purl = parse_purl(ref)
        name = f"{purl.namespace}/{purl.name}" if purl.namespace and purl.type == "npm" else purl.name
        evidence = (Evidence(f"app/{name}", "test", 1),)
        parts.append(replace(BASE, ref=ref, type=purl.type, name=name, version=purl.version, evidence=evidence))
    return replace(SAMPLE, components=tuple(sorted(parts, key=lambda part: part.ref)))


def run(command, name, tmp_path):
    """Give a tool the document; return what it prints."""
    if not (program := shutil.which(command[0])):
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / ("document" + FORMATS[name].ending)
    path.write_bytes(FORMATS[name].encode(make_sbom()))
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false", "TRIVY_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([program, *command[1:], path], capture_output=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    return json.loads(done.stdout)


def canonical(purls):
    return {str(parse_purl(purl)) for purl in purls}


@pytest.mark.parametrize("name", ["cdx-json", "cdx-json-1.7", "spdx-json", "spdx-tv"])
def test_trivy(name, tmp_path):
    """Takes all but packages of another system; before, it refused SPDX documents that have some."""
    options = (
        "-q --format json --list-all-pkgs --offline-scan --skip-db-update --skip-java-db-update --scanners license"
    )
    report = run(["trivy", "sbom", *options.split()], name, tmp_path)
    found = [part["Identifier"]["PURL"] for one in report["Results"] for part in one.get("Packages", ())]
    expected = {part.ref for part in make_sbom().components if part.type != "rpm"}
    assert canonical(found) - {MORE[2]} == expected


@pytest.mark.parametrize("name", ["cdx-json", "cdx-xml", "spdx-json", "spdx-tv"])
def test_syft(name, tmp_path):
    """Takes all; 1.7 is newer than what it reads."""
    report = run(["syft", "convert", "-q", "-o", "syft-json"], name, tmp_path)
    found = canonical(part["purl"] for part in report["artifacts"] if part["purl"])
    assert found >= {part.ref for part in make_sbom().components}
