"""Which analyzers there are."""

import sys
from pathlib import Path

import pytest

from stellaops_core.analyzers.analyzer import Analyzer
from stellaops_core.analyzers.available import BUILTIN, analyzer_versions, load_analyzers
from stellaops_core.errors import UsageError

PLUGIN = """
from stellaops_core.analyzers.analyzer import Analyzer
class Cobol(Analyzer):
    name, version = "{name}", 3
    names = frozenset({{"x"}})
    def wants(self, path, size): return True
    def analyze(self, file, near): return []
ANALYZER = Cobol()
"""


def test_the_table_and_the_files_agree() -> None:
    """Names and versions stand in two places; here they are compared."""
    assert tuple((one.name, one.version) for one in load_analyzers([])) == BUILTIN
    assert all(isinstance(one, Analyzer) for one in load_analyzers([]))


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stella_cobol.py").write_text(PLUGIN.format(name="cobol"))
    info = tmp_path / "stella_cobol-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stella-cobol\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[stellaops.analyzers]\ncobol = stella_cobol:ANALYZER\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "stella_cobol", raising=False)
    return tmp_path


def test_third_parties_come_after_ours(plugin: Path) -> None:
    """By entry point, with their version in the key."""
    assert analyzer_versions() == (*BUILTIN, ("cobol", 3))
    assert [one.name for one in load_analyzers()][-1] == "cobol"
    assert analyzer_versions([]) == BUILTIN


def test_equal_names_are_an_error(plugin: Path) -> None:
    """Two analyzers of one name would share cache entries."""
    (plugin / "stella_cobol.py").write_text(PLUGIN.format(name="dpkg"))
    with pytest.raises(UsageError, match="dpkg"):
        load_analyzers()


def test_what_is_no_analyzer_is_refused(plugin: Path) -> None:
    """The message names the entry point."""
    (plugin / "stella_cobol.py").write_text("ANALYZER = 1\n")
    with pytest.raises(UsageError, match="stella_cobol:ANALYZER"):
        load_analyzers()
