"""What the entrypoints of twenty products run, as a person read it from their scripts.

`entrypoint_truth.json` was written by reading each script, before our tracing was run on any; its `about` explains the
fields. The programs that the scripts call are not in the corpus: each is put there as an empty program.
"""

import json
import os
from pathlib import Path

import pytest

from builders import Dir, Link
from programs import elf
from roots import root_of
from stellaops_core.analyzers import native_code, texts
from stellaops_core.entrytrace.trace import EntryConfig, trace

TRUTH = json.loads((Path(__file__).parent / "entrypoint_truth.json").read_text())["images"]
PROGRAM = elf({".text": bytes(64)}, kind=2)
SCRIPTS = Path(os.environ.get("STELLA_FIXTURES", Path(__file__).parents[3] / "shared" / "fixtures")) / "entrypoints"
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SCRIPTS.is_dir(), reason="no fixtures: set STELLA_FIXTURES (entrypoints)"),
]


def traced(image):
    files = {
        **{path: Dir() for path in image["directories"]},
        **dict.fromkeys(image["programs"], PROGRAM),
        **{path: (SCRIPTS / source).read_bytes() for path, source in image["files"].items()},
        **{path: Link(target) for path, target in image["symlinks"].items()},
    }
    root = root_of(files, analyzers=[texts.ANALYZER, native_code.ANALYZER], executable=set(image["files"]))
    return trace(
        EntryConfig(
            entrypoint=tuple(image["entrypoint"]) if image["entrypoint"] else None,
            cmd=tuple(image["cmd"]) if image["cmd"] else None,
            environment=image["env"],
            working_dir=image["workdir"] or "",
            user=image["user"] or "",
        ),
        root,
    )


def contains(steps, chain):
    """Whether the steps hold the chain's places, in order."""
    places = iter([(step.place, step.line) for step in steps])
    return all((file, line) in places for file, line, _ in chain)


@pytest.mark.parametrize("image", TRUTH, ids=lambda image: f"{image['product']}-{image['variant']}")
def test_terminals(image):
    """Exactly the programs that the container may become, each by the lines that hand over to it."""
    found = {}
    for process in traced(image).processes:
        if process.terminal:
            found.setdefault(process.script or process.program, []).append(process)
    told = {}
    for terminal in image["terminals"]:
        told.setdefault(terminal["path"], []).append(terminal)
    assert sorted(found) == sorted(told)
    for path, terminals in told.items():
        chains = [terminal["chain"] for terminal in terminals]
        assert any(contains(process.steps, chain) for process in found[path] for chain in chains), path
