"""A snapshot of dependencies, as GitHub's dependency submission API takes it.

Comes in: an `Sbom`; and, for a finished snapshot, what only the build knows: commit, branch, job. Goes out: JSON. One
manifest for each place in which packages were found; in it each package once, by its package URL. The rule: no fact
about the build is invented. What isn't given is empty, but for the commit that the image's label
`org.opencontainers.image.revision` may state; GitHub refuses a snapshot with an empty `sha`, `ref` or job.

Source: GitHub REST API, "Create a snapshot of dependencies for a repository", version 2022-11-28.
"""

import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from stellaops_core.component import Component
from stellaops_core.sbom.graph import edges, roots
from stellaops_core.sbom.sbom import Sbom, Subject
from stellaops_core.sbom.spdx_fields import Json, write
from stellaops_core.sbom.text import escape_path

REVISION = "org.opencontainers.image.revision"
"""Label whose value is the commit, by the OCI image specification's annotations."""
COMMIT = re.compile(r"[0-9a-f]{40}")


class Build(Struct, frozen=True):
    """What the build knows; in GitHub Actions each is an environment variable. Empty: not known."""

    sha: str = ""
    """Commit (`GITHUB_SHA`): 40 hexadecimal digits."""
    ref: str = ""
    """`refs/heads/main` (`GITHUB_REF`)."""
    job: str = ""
    """What the build calls this run of it (`GITHUB_RUN_ID`)."""
    correlator: str = ""
    """What later snapshots of the same thing share and replace each other by (`GITHUB_WORKFLOW`, `GITHUB_JOB`)."""
    url: str = ""
    """Of the run."""
    scanned: str = ""
    """RFC 3339; in place of the time that the document states."""


def encode(sbom: Sbom) -> bytes:
    """Write the snapshot of a build that nothing is known of: UTF-8, indented by two spaces, a newline at the end."""
    label = dict(sbom.subject.labels).get(REVISION, "")
    subject = sbom.subject
    content: Json = {
        "version": 0,
        "sha": label if COMMIT.fullmatch(label) else "",
        "ref": "",
        "job": {"id": "", "correlator": ""},
        "detector": {"name": "stella", "version": sbom.tool_version, "url": "https://stella-ops.org"},
        "scanned": sbom.timestamp,
        "metadata": {"stella:image": subject.name, "stella:digest": subject.digest},
        "manifests": _manifests(sbom),
    }
    return write(content)


def add_build(snapshot: bytes, build: Build) -> bytes:
    """Say in a snapshot that `encode` wrote what is known of the build. The result must not be kept for later."""
    content: Json = msgspec.json.decode(snapshot)
    job: Json = content["job"]
    for member, value in (("id", build.job), ("correlator", build.correlator), ("html_url", build.url)):
        job |= {member: value} if value else {}
    for member, value in (("sha", build.sha), ("ref", build.ref), ("scanned", build.scanned)):
        content[member] = value or content[member]
    return write(content)


def lacking(snapshot: bytes) -> list[str]:
    """List the fields of `Build` without which GitHub refuses this snapshot."""
    content: Json = msgspec.json.decode(snapshot)
    told = {**content, "job": content["job"]["id"], "correlator": content["job"]["correlator"]}
    return [name for name in ("sha", "ref", "job", "correlator") if not told[name]]


def _place(subject: Subject, path: str) -> str:
    """Name a place so that no file of the repository has the same name: its own manifests are not ours to replace."""
    inside = escape_path(path)
    return f"{subject.name or subject.digest}:/{inside}" if subject.kind == "container" else inside


def _manifests(sbom: Sbom) -> Json:
    needs = edges(sbom.components)
    direct = set(roots(needs))
    places: dict[str, dict[str, Component]] = {}
    for component in sbom.components:
        if component.purl:
            for one in component.evidence:
                places.setdefault(_place(sbom.subject, one.path), {})[component.ref] = component
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
