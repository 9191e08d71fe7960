"""Cases as texts: `tests/cases/ANALYZER/CASE.case` holds a few files and what comes of them.

A comment, `-- PATH --` before each file, then `-- expected --`. `pytest --accept` rewrites what is expected; review the
difference. `survives` is what every analyzer of records must do with any bytes.
"""

import json
from pathlib import Path

import msgspec

from analyses import find, installed, is_wanted, read_case, shown
from stellaops_core.analyzers.analyzer import Installed
from stellaops_core.purl import parse_purl

CASES = Path(__file__).parent / "cases"


def cases_of(name):
    """The names of an analyzer's cases, sorted."""
    return sorted(path.stem for path in (CASES / name).glob("*.case"))


def check(analyzer, case, config):
    """Compare a case with what it expects, or rewrite that."""
    path = CASES / analyzer.name / f"{case}.case"
    text = path.read_text()
    files, expected = read_case(text)
    result = shown(*installed(analyzer, files))
    if config.getoption("--accept", default=False):
        path.write_text(
            text.partition("-- expected --\n")[0] + "-- expected --\n" + json.dumps(result, indent=1) + "\n"
        )
    assert result == expected


def survives(analyzer, files):
    """Any files give packages or reasons; what comes of the join is one line each, and packs."""
    assert any(is_wanted(analyzer, path) for path in files)
    items, unread = installed(analyzer, files)
    found, _ = find(analyzer, files)
    for item in items:
        assert isinstance(item, Installed)
        assert parse_purl(str(item.purl)) == item.purl
        texts = (item.package.name, item.package.version, item.package.supplier, *item.licenses, *item.depends)
        assert not any(character in text for text in texts for character in "\0\n\x1b")
        msgspec.msgpack.encode(item)
    assert all(reason and "\n" not in reason for reason in unread.values())
    return items, unread, found
