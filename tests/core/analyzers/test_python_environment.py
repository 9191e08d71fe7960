"""Edges between Python distributions."""

import platform
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from analyses import installed
from stellaops_core.analyzers.python import ANALYZER
from stellaops_core.analyzers.python_environment import EXTRAS_LIMIT, normal_name, read_requirement

VENV = "opt/venv/lib/python3.11/site-packages"


def image(packages):
    """`{directory/name: requirements}` as files."""
    return {
        f"{path}-1.dist-info/METADATA": f"Name: {path.rpartition('/')[2]}\nVersion: 1\n"
        + "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements)
        for path, requirements in packages.items()
    }


def edges(packages, architecture="amd64"):
    """`{name: names it depends on}`."""
    items, unread = installed(ANALYZER, image(packages), architecture=architecture)
    assert not unread
    return {item.package.name: [purl[9:].partition("@")[0] for purl in item.depends] for item in items}


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
MARKERS = st.sampled_from(
    ["", 'python_version < "3.8"', 'extra == "x"', "(os_name == 'nt' or extra=='y') and extra!='z'"]
)
SPECIFIERS = st.sampled_from(["", ">=1", "<2,>=1.0", "(>=1)", "==1.*", "@ https://h/a;b", "@ file:///x"])


@given(NAMES, st.lists(NAMES, max_size=3), SPECIFIERS, MARKERS, st.sampled_from(["", " ", "  "]))
def test_requirements_are_split_as_packaging_does(name, extras, specifier, marker, space):
    """Name, extras and marker are those that the reference implementation reads."""
    text = name + space + (f"[{','.join(extras)}]" if extras else "") + space + specifier
    text += f" ;{space}{marker}" if marker else ""
    expected = Requirement(text)
    mine = read_requirement(text)
    assert mine is not None
    assert mine.name == normal_name(expected.name)
    assert mine.extras == {normal_name(extra) for extra in expected.extras}
    assert bool(mine.marker) == bool(expected.marker)
    assert not marker or mine.marker == marker


@given(st.text(max_size=60))
def test_any_text_is_a_requirement_or_none(text):
    """Nothing else than a requirement or None comes out."""
    requirement = read_requirement(text)
    assert requirement is None or requirement.name


@pytest.mark.parametrize(
    ("sites", "seen"),
    [
        (("usr/lib/python3/dist-packages", "usr/local/lib/python3.11/dist-packages"), True),
        (("usr/local/lib/python3.11/dist-packages", "usr/lib/python3/dist-packages"), True),
        (("usr/lib/python3.12/site-packages", "usr/lib64/python3.12/site-packages"), True),
        (("usr/local/lib/python3.12/site-packages", "usr/lib/python3.12/site-packages"), True),
        (("opt/venv/lib/python3.11/site-packages", "opt/venv/lib64/python3.11/site-packages"), True),
        (("opt/venv/lib/python3.11/site-packages", "usr/lib/python3.11/site-packages"), False),
        (("usr/lib/python3.11/site-packages", "usr/lib/python3.12/site-packages"), False),
        (("usr/local/lib/python3.11/site-packages", "usr/lib/python3/dist-packages"), False),
        (("usr/lib/python2.7/dist-packages", "usr/lib/python3/dist-packages"), False),
        (("usr/lib/pypy3.9/site-packages", "usr/lib/python3.9/site-packages"), False),
        (("var/task", "opt/layer"), False),
        (("var/task", "var/task"), True),
    ],
)
def test_which_directories_see_one_another(sites, seen):
    """A requirement leads into another directory exactly where one interpreter searches both."""
    first, second = sites
    assert edges({f"{first}/a": ["b"], f"{second}/b": []})["a"] == (["b"] if seen else [])


def test_own_directory_first_then_local():
    """Of several copies the one nearest to the interpreter's search order is meant."""
    system, local = "usr/lib/python3/dist-packages", "usr/local/lib/python3.11/dist-packages"
    files = {f"{system}/a-1.dist-info/METADATA": "Name: a\nVersion: 1\nRequires-Dist: b\nRequires-Dist: c\n"}
    for site, name, version in ((system, "b", 1), (local, "b", 2), (system, "d", 1), (local, "c", 2)):
        files[f"{site}/{name}-{version}.dist-info/METADATA"] = f"Name: {name}\nVersion: {version}\n"
    depends = installed(ANALYZER, files)[0][0].depends
    assert depends == ("pkg:pypi/b@1", "pkg:pypi/c@2")


@pytest.mark.parametrize(
    ("marker", "site", "architecture", "holds"),
    [
        ('python_version >= "3.11"', VENV, "amd64", True),
        ('python_version < "3.11"', VENV, "amd64", False),
        ('python_full_version >= "3.11"', VENV, "amd64", True),
        ('platform_machine == "x86_64"', VENV, "amd64", True),
        ('platform_machine == "aarch64"', VENV, "arm64", True),
        ('platform_machine == "x86_64"', VENV, "", False),
        ('sys_platform == "linux" and os_name == "posix"', VENV, "amd64", True),
        ('platform_system == "Windows"', VENV, "amd64", False),
        ('implementation_name == "cpython"', VENV, "amd64", True),
        ('implementation_name == "pypy"', "usr/lib/pypy3.9/site-packages", "amd64", True),
        ('python_version < "3.9"', "usr/lib/python3/dist-packages", "amd64", True),  # may be: no version in the path
        ('python_version < "3"', "usr/lib/python3/dist-packages", "amd64", False),
        ("nonsense ==", VENV, "amd64", False),
        ("(" * 60 + 'os_name == "posix"' + ")" * 60, VENV, "amd64", True),
        ("(" * 400 + 'os_name == "posix"' + ")" * 400, VENV, "amd64", False),
        ('os_name == "' + "x" * 2000 + '"', VENV, "amd64", False),
    ],
)
def test_markers_are_the_images(marker, site, architecture, holds, monkeypatch):
    """Markers are evaluated for the image; what this host is makes no difference."""
    packages = {f"{site}/a": [f"b ; {marker}"], f"{site}/b": []}
    assert edges(packages, architecture)["a"] == (["b"] if holds else [])
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    monkeypatch.setattr(sys, "platform", "win32")
    assert edges(packages, architecture)["a"] == (["b"] if holds else [])


def test_extras_only_where_wanted():
    """An extra's requirements count when an installed distribution asks for the extra, through any number of steps."""
    packages = {
        f"{VENV}/app": ["lib[All]"],
        f"{VENV}/lib": ['lib[fast,safe]; extra == "all"', 'c-ext; extra == "fast"', 'lock; extra == "safe"'],
        f"{VENV}/c-ext": [],
        f"{VENV}/lock": ['tool; extra == "dev"'],
        f"{VENV}/tool": [],
    }
    assert edges(packages) == {"app": ["lib"], "lib": ["c-ext", "lock"], "c-ext": [], "lock": [], "tool": []}


def test_extras_are_bounded():
    """A hostile heap of extras is followed up to the limit and no further."""
    rows = [[f"e{number}" for number in range(start, start + 100)] for start in range(0, EXTRAS_LIMIT + 100, 100)]
    packages = {
        f"{VENV}/a": [f"b[{','.join(row)}]" for row in rows],
        f"{VENV}/b": ['first; extra == "e0"', f'last; extra == "e{EXTRAS_LIMIT + 50}"'],
        f"{VENV}/first": [],
        f"{VENV}/last": [],
    }
    assert edges(packages)["b"] == ["first"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4), max_size=6))
def test_edges_are_what_is_required_and_there(wishes):
    """Plain requirements: exactly those that are installed, without itself, sorted, each once."""
    expected = {name: sorted(set(wants) & set(wishes) - {name}) for name, wants in wishes.items()}
    assert edges({f"{VENV}/{name}": wants for name, wants in wishes.items()}) == expected


@pytest.mark.parametrize(
    ("config", "sees"),
    [
        ("home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\n", ["helper", "local"]),
        ("home = /usr/local/bin\nInclude-System-Site-Packages=TRUE", ["helper", "local"]),
        ("home = /usr/bin\ninclude-system-site-packages = false\n", []),
        ("home = /opt/python/bin\ninclude-system-site-packages = true\n", []),
        ("include-system-site-packages = true\n", []),
        ("\xff", []),
    ],
)
def test_virtual_environments_that_see_the_system(config, sees):
    """Where pyvenv.cfg says so, what the system's interpreter searches is found too; other versions are not."""
    files = image(
        {
            f"{VENV}/app": ["helper", "local", "newer"],
            "usr/lib/python3/dist-packages/helper": [],
            "usr/local/lib/python3.11/dist-packages/local": ["app"],
            "usr/lib/python3.12/site-packages/newer": [],
        }
    )
    items, unread = installed(ANALYZER, {**files, "opt/venv/pyvenv.cfg": config.encode("latin-1")})
    assert not unread
    found = {item.package.name: [purl[9:].partition("@")[0] for purl in item.depends] for item in items}
    assert found == {"app": sees, "helper": [], "local": [], "newer": []}
