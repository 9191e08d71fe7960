"""Cases as folders: `tests/cases/ANALYZER/CASE/files/…` is a root file system, `expected.json` what comes of it.

`pytest --accept` rewrites `expected.json`; review the difference.
"""

import json
from pathlib import Path

import msgspec

from stellaops_core.analyzers.analyzer import Malformed, OwnedFiles, View
from stellaops_core.component import Distribution
from stellaops_core.images.captured import CapturedFile

CASES = Path(__file__).parent / "cases"


def cases_of(analyzer):
    """The names of an analyzer's cases, sorted."""
    return sorted(folder.name for folder in (CASES / analyzer).iterdir())


class Near(dict):
    """Files by path, as `LayerFiles`."""

    def under(self, directory):
        return (file for path, file in sorted(self.items()) if path.startswith(directory + "/"))


def near_of(files):
    """`LayerFiles` of {path: bytes}."""
    return Near({path: CapturedFile(path, len(data), data) for path, data in files.items()})


def analyze(analyzer, files):
    """({path: what was found}, {path: why it could not be read}) of {path: bytes}."""
    near, found, gaps = near_of(files), {}, {}
    for path, file in sorted(near.items()):
        if analyzer.wants(path, file.size):
            found[path] = []
            try:
                found[path].extend(analyzer.analyze(file, near))
            except Malformed as error:
                gaps[path] = str(error)
    return found, gaps


def join(analyzer, found, distribution=None):
    """What `join` makes of finds whose file lists were taken out, as the composer does."""
    slim = {
        path: [OwnedFiles(item.key, "") if isinstance(item, OwnedFiles) else item for item in items]
        for path, items in found.items()
    }
    return list(analyzer.join(View(slim, distribution)))


def _facts(item):
    """The kind of a find, and its fields that say something."""
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    said = {
        name: msgspec.to_builtins(value)
        for name, value in fields.items()
        if value is not False and value not in ("", (), {}, 100)
    }
    return {"kind": type(item).__name__, **said}


def check(analyzer, case, config):
    """Compare a case with its `expected.json`, or rewrite that."""
    folder = CASES / analyzer.name / case
    root = folder / "files"
    files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    found, gaps = analyze(analyzer, files)
    result = {"found": {path: [_facts(item) for item in items] for path, items in found.items()}, "unknown": gaps}
    if hasattr(analyzer, "join"):
        stated = folder / "distribution.json"
        release = Distribution(**json.loads(stated.read_text())) if stated.is_file() else None
        result["installed"] = [
            {
                "purl": str(one.purl),
                "path": one.path,
                "licenses": list(one.licenses),
                "depends": list(one.depends),
                "evidence": list(one.evidence),
                "owns": list(one.owns),
            }
            for one in join(analyzer, found, release)
        ]
    expected = folder / "expected.json"
    text = json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if config.getoption("--accept", default=False):
        expected.write_text(text)
    assert text == expected.read_text()
