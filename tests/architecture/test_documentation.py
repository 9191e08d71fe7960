"""The documentation: links lead somewhere, commands parse, code runs, and nothing that can be chosen is missing."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import indent

import pytest

from builders import layer, oci_layout
from sources import ROOT, blocks, pages
from stellaops_cli.parser import parse
from stellaops_core.analyzers.available import BUILTIN
from stellaops_core.sbom.formats import FORMATS
from stellaops_core.version import __version__

DOCS = ROOT / "docs"
REFERENCE = "\n".join(path.read_text() for path in sorted((DOCS / "reference").glob("*.md")))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n"


def prose(text):
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """Names of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_resolve(page):
    """Links to files of the project, and to headings in them."""
    for link in LINK.findall(prose(page.read_text())):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_relative_to(ROOT), link
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text()), link


def test_every_page_can_be_found():
    """From docs/README.md every page of docs/ is reached by links."""
    seen, ahead = set(), [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            links = LINK.findall(prose(page.read_text()))
            ahead += [(page.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]
    assert [named(page) for page in pages() if page.is_relative_to(DOCS) and page not in seen] == []


def commands():
    """Every `stella …` that a page shows in a shell block."""
    for page in pages():
        for block in [*blocks(page.read_text(), "sh"), *blocks(page.read_text(), "yaml")]:
            for line in block.replace("\\\n", " ").splitlines():
                for match in re.finditer(r"(?:^|[ /;|&])stella (?!ops)([^;|&#>]*)", line):
                    yield pytest.param(match[1].strip(), id=f"{named(page)}: {match[1].strip()[:50]}")


@pytest.mark.parametrize("command", list(commands()))
def test_commands_parse(command):
    """Verbs and options of every command that is shown exist."""
    if command != "--version":
        parse(shlex.split(command))


def test_formats_and_analyzers_are_described():
    """Each format and each analyzer stands in the reference."""
    assert [name for name in FORMATS if f"`{name}`" not in REFERENCE] == []
    ecosystems = (DOCS / "reference/ecosystems.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", ecosystems, re.MULTILINE) == [name for name, _ in BUILTIN]


def test_the_changelog_knows_the_version():
    """The newest entry is about this version."""
    first = re.search(r"^## \[?([^\]\s]+)\]?", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == __version__


def test_the_readme_runs_the_session_that_ci_runs():
    """README.md and .ci/run start the same session, and noxfile.py has it."""
    assert "nox -s tests" in (ROOT / "README.md").read_text()
    assert "session tests" in (ROOT / ".ci/run").read_text()
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "def tests(" in (ROOT / "noxfile.py").read_text()


def test_python_versions_are_one_list():
    """What pyproject.toml promises is what noxfile.py tries."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    tried = re.search(r"^VERSIONS = (.*)$", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    assert tried
    assert re.findall(r"3\.\d+", tried[1]) == promised
    assert project["requires-python"] == f">={promised[0]}"


def test_the_library_page_runs(tmp_path):
    """The code of docs/how-to/use-as-a-library.md does what the page says, as one program."""
    oci_layout(tmp_path / "image", [layer({"etc/os-release": "ID=debian\n", "var/lib/dpkg/status": STATUS})])
    code = "".join(blocks((DOCS / "how-to/use-as-a-library.md").read_text(), "python"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stderr
    assert "pkg:deb/debian/libexample1@1%3A2.3-4" in ran.stdout or "pkg:deb/debian/libexample1@1:2.3-4" in ran.stdout
    assert (tmp_path / "image.cdx.json").is_file()
    assert "stella: no" in ran.stdout


def test_the_tutorial_runs(tmp_path):
    """The commands of docs/tutorial/first-scan.md, one after another, show what the page says."""
    script = "".join(blocks((DOCS / "tutorial/first-scan.md").read_text(), "sh"))
    ran = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^layers   2  20 kB read", ran.stdout, re.MULTILINE)
    for line in ("deb   1  layer 0", "layers   2 (1 cached)", "METADATA  states no name (python, layer 1)"):
        assert line in ran.stdout
    assert ran.stderr.startswith("stella: error: layer 0 ")
    assert (tmp_path / "sbom.cdx.json").is_file()


def test_the_analyzer_page_is_true(tmp_path):
    """The analyzer of docs/how-to/add-an-ecosystem.md is one, and finds and joins what the page says."""
    code, join = blocks((DOCS / "how-to/add-an-ecosystem.md").read_text(), "python")
    (tmp_path / "probe.py").write_text(
        code + "\nimport sys\nsys.path.insert(0, sys.argv[1])\n"
        "from stellaops_core import Analyzer\nfrom case_files import analyze\nassert isinstance(ANALYZER, Analyzer)\n"
        "from stellaops_core.analyzers.analyzer import Installed, Joins, View\n"
        "from stellaops_core.purl import make_purl\n" + f"class Joining(Deps):\n{indent(join, '    ')}\n"
        "packages = [Package('generic', 'a', '1', requires=('b', 'c')), Package('generic', 'b', '2')]\n"
        "assert isinstance(Joining(), Joins)\n"
        "assert [one.depends for one in Joining().join(View({'x': packages}))] == [('pkg:generic/b@2',), ()]\n"
        "layer = {'app/installed.deps': b'alpha 1.0\\nbeta 2\\n', 'x/installed.deps': b'a\\n'}\n"
        "found, gaps = analyze(ANALYZER, layer)\n"
        "print([(p.name, p.version) for p in found['app/installed.deps']], sorted(gaps))\n"
    )
    command = [sys.executable, "-W", "error", str(tmp_path / "probe.py"), str(ROOT / "tests")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout == "[('alpha', '1.0'), ('beta', '2')] ['x/installed.deps']\n", ran.stderr
