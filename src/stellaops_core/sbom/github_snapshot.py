"""A snapshot of dependencies, as GitHub's dependency submission API takes it.

Comes in: an `Sbom`, and what only the build knows: commit, branch, job. Goes out: JSON. One manifest for each place in
which packages were found; in it each package once, by its package URL. The rule: no fact about the build is invented.
What isn't given is taken from the image's label `org.opencontainers.image.revision` (the commit), else left empty, and
GitHub refuses a snapshot with an empty `sha`, `ref` or job.

Source: GitHub REST API, "Create a snapshot of dependencies for a repository", version 2022-11-28.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from stellaops_core.component import Component
from stellaops_core.sbom.graph import edges, roots
from stellaops_core.sbom.sbom import Sbom
from stellaops_core.sbom.spdx_fields import Json, write
from stellaops_core.sbom.text import escape_path

REVISION = "org.opencontainers.image.revision"
"""Label whose value is the commit, by the OCI image specification's annotations."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Build(Struct, frozen=True):
    """What the build knows; in GitHub Actions each is an environment variable."""

    sha: str = ""
    """Commit (`GITHUB_SHA`)."""
    ref: str = ""
    """`refs/heads/main` (`GITHUB_REF`)."""
    job_id: str = ""
    """`GITHUB_RUN_ID`."""
    correlator: str = ""
    """What later snapshots of the same thing share and replace each other by (`GITHUB_WORKFLOW`, `GITHUB_JOB`)."""
    job_url: str = ""


def encode(sbom: Sbom) -> bytes:
    """Write the snapshot of a build that nothing is known of."""
    return encode_snapshot(sbom, Build())


def encode_snapshot(sbom: Sbom, build: Build) -> bytes:
    """Write the snapshot: UTF-8, two spaces of indentation, a newline at the end."""
    label = dict(sbom.subject.labels).get(REVISION, "")
    subject = sbom.subject
    job: Json = {"id": build.job_id, "correlator": build.correlator}
    content: Json = {
        "version": 0,
        "sha": build.sha or (label if _COMMIT.fullmatch(label) else ""),
        "ref": build.ref,
        "job": job | {"html_url": build.job_url} if build.job_url else job,
        "detector": {"name": "stella", "version": sbom.tool_version, "url": "https://stella-ops.org"},
        "scanned": sbom.timestamp,
        "metadata": {"stella:image": subject.name, "stella:digest": subject.digest},
        "manifests": _manifests(sbom),
    }
    return write(content)


def _manifests(sbom: Sbom) -> Json:
    needs = edges(sbom.components)
    direct = set(roots(needs))
    places: dict[str, dict[str, Component]] = {}
    for component in sbom.components:
        if component.purl:
            for one in component.evidence:
                places.setdefault(escape_path(one.path), {})[component.ref] = component
    return {
        path: {
            "name": path,
            "file": {"source_location": path},
            "resolved": {
                ref: _resolved(component, [need for need in needs[ref] if need in found], direct)
                for ref, component in found.items()
            },
        }
        for path, found in sorted(places.items())
    }


def _resolved(component: Component, needs: Sequence[str], direct: set[str]) -> Json:
    ref = component.ref
    out: Json = {
        "package_url": ref,
        "relationship": "direct" if ref in direct else "indirect",
        "scope": "runtime",
        "dependencies": needs,
    }
    facts: Json = {}
    if component.layer >= 0:
        facts["stella:layer"] = component.layer
    if component.use:
        facts["stella:use"] = component.use.level
    return out | {"metadata": facts} if facts else out
