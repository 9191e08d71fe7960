"""What hot commands cost, counted: function calls, imports, files looked at, bytes. No clock is asked.

costs.json holds what was counted last; more than a tenth above that fails. Where more work is meant, or less was
reached, `pytest tests/architecture/test_costs.py --accept` records the counts anew; review the diff.
"""

import json
import os
import subprocess
import sys

import pytest

from sample_images import write_image
from sources import ROOT

RECORD = ROOT / "tests/architecture/costs.json"
VERSION = "{}.{}".format(*sys.version_info)
COUNT = 20
FILES = 13 * COUNT
"""Regular files of the sample, or some less."""
MARGIN, SLACK = 0.1, 10
"""Part of a count that it may grow by, and calls: Python's versions differ by some hundredths."""
HOT = 200
"""Calls from which a module has counts of its own."""
SOMETIMES = {"fnmatch", "functools", "glob", "grp", "pwd", "token", "tokenize", "warnings", "weakref"}
"""What the standard library imports by itself in some versions of Python."""


def run(program, arguments, home):
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environ["STELLA_CACHE_DIR"] = str(home / "cache")
    command = [sys.executable, "-S", *program, *map(str, arguments)]
    return subprocess.run(command, env=environ, capture_output=True, check=True, timeout=120).stdout


def counted(home, *arguments):
    """Run a command in a process that counts."""
    found = json.loads(run([str(ROOT / "tests/costs.py")], arguments, home))
    assert found["code"] == 0
    found["counts"] = {name: count for name, count in found["counts"].items() if " in " not in name or count >= HOT}
    return found


def profiled(home, *arguments):
    """Run a scan; what it worked on, by stage: how often, and bytes."""
    run(["-m", "stellaops_cli"], [*arguments, "--profile-to", home / "profile.json"], home)
    spans, work = json.loads((home / "profile.json").read_text())["main"]["spans"], {}
    waiting = list(spans.values())
    while waiting:
        span = waiting.pop()
        waiting += span.get("spans", {}).values()
        if span["name"] in {"analyze", "file.capture", "blob.read", "blob.verify"}:
            name = " ".join(filter(None, ("times", span["name"], span.get("of", ""))))
            work[name] = work.get(name, 0) + span["count"]
            work[f"bytes {span['name']}"] = work.get(f"bytes {span['name']}", 0) + span.get("bytes", 0)
    return {name: count for name, count in work.items() if count}


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """Counts of each command, by its name."""
    home = tmp_path_factory.mktemp("costs")
    first = ("scan", f"oci:{write_image(home / 'first', COUNT)}", "-o", "cdx-json", "--jobs", "1")
    second = ("scan", f"oci:{write_image(home / 'second', COUNT, release=2)}", *first[2:])
    run(["-m", "stellaops_cli"], ["--version"], home)  # compiles
    found = {
        "version": counted(home, "--version"),
        "cold": counted(home, *first),
        "warm": counted(home, *first),
        "known base": counted(home, *second),
        "usage": counted(home, *first, "--view", "usage", "--no-cache"),
    }
    packs = [path.stat().st_size for path in (home / "cache/layers").rglob("*.pack")]
    found["cold"]["counts"]["bytes of packs"] = sum(packs)
    found["cold"]["counts"] |= profiled(home, *first, "--no-cache")
    found["usage"]["counts"] |= profiled(home, *first, "--view", "usage", "--no-cache")
    return {name: {"counts": one["counts"], "imports": one["imports"]} for name, one in found.items()}


def excess(found, recorded):
    """What is dearer than it was; calls of C by module only on the Python that they were recorded with."""
    alike = recorded.get("python", VERSION) == VERSION
    for command, now in found.items():
        then = recorded.get(command, {"counts": {}, "imports": []})
        for name, count in now["counts"].items():
            if name.startswith("calls of C") and not alike:
                continue
            was = then["counts"].get(name, HOT if " in " in name else 0)
            if count > was * (1 + MARGIN) + SLACK:
                yield f"{command}: {count} {name}, not {was}"
        for name in sorted(set(now["imports"]) - set(then["imports"]) - SOMETIMES):
            yield f"{command}: imports {name}"


def test_nothing_got_dearer(costs, request):
    """Each count of each command, and each import, is within what was recorded."""
    if request.config.getoption("--accept"):
        kept = {
            name: {"counts": dict(sorted(one["counts"].items())), "imports": sorted(set(one["imports"]) - SOMETIMES)}
            for name, one in costs.items()
        }
        kept["python"] = VERSION
        RECORD.write_text(json.dumps(kept, indent=1) + "\n")
    assert list(excess(costs, json.loads(RECORD.read_text()))) == []


def test_what_is_known_costs_little(costs):
    """A known image costs a small part of reading it, and a known base layer nearly nothing."""

    calls = {name: one["counts"]["calls"] for name, one in costs.items()}
    assert calls["warm"] < calls["cold"] / 10
    assert calls["known base"] < calls["cold"] * 0.8
    assert calls["version"] < 20


def test_regressions_are_noticed(costs):
    """One more call a file, an import at the start, an analyzer that looks at more, and larger packs all show."""
    for command, name, more in (
        ("cold", "calls of C in images/layer", FILES),
        ("cold", "calls in images/tree", FILES),
        ("cold", "calls in scan/nothing", HOT + 31),
        ("warm", "calls", 400),
        ("cold", "times analyze dpkg", 15),
        ("cold", "bytes of packs", 5000),
    ):
        worse = json.loads(json.dumps(costs))
        worse[command]["counts"][name] = worse[command]["counts"].get(name, 0) + more
        assert len(list(excess(worse, costs))) == 1, name
    worse = {**costs, "version": {**costs["version"], "imports": [*costs["version"]["imports"], "json"]}}
    assert list(excess(worse, costs)) == ["version: imports json"]
