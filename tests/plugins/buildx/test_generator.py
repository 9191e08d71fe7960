"""The BuildKit generator, called as a function and as a program."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sbom.strategies import sboms
from sources import ROOT
from stellaops_core.sbom.spdx_json import encode

FOLDER = ROOT / "plugins/buildx"
STATUS = "Package: libexample1\nStatus: install ok installed\nVersion: 1:2.3-4\nArchitecture: amd64\n"


def load():
    spec = importlib.util.spec_from_file_location("generator", FOLDER / "generator.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = load()


def root_of(folder, package="libexample1"):
    """A root file system with one Debian package."""
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (folder / "var/lib/dpkg").mkdir(parents=True)
    (folder / "var/lib/dpkg/status").write_text(STATUS.replace("libexample1", package))
    return folder


@pytest.fixture
def environ(tmp_path):
    """What BuildKit sets, for a core target and no extras."""
    root_of(tmp_path / "src/core/sbom")
    (tmp_path / "out").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "BUILDKIT_SCAN_SOURCE": str(tmp_path / "src/core/sbom"),
        "BUILDKIT_SCAN_DESTINATION": f"{tmp_path}/out/",
    }


@pytest.fixture
def out(tmp_path):
    """What was written, by file name."""
    return lambda: {path.name: json.loads(path.read_text()) for path in (tmp_path / "out").iterdir()}


def purls(statement):
    refs = (ref for package in statement["predicate"]["packages"] for ref in package.get("externalRefs", ()))
    return [ref["referenceLocator"] for ref in refs if ref["referenceType"] == "purl"]


def test_the_core_target(environ, out, capsys):
    """One statement of SPDX, named after the target, whose subject is left to BuildKit; nothing is said."""
    assert generator.main(environ) == 0
    assert list(out()) == ["sbom.spdx.json"]
    statement = out()["sbom.spdx.json"]
    predicate = statement.pop("predicate")
    assert statement == {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [],
    }
    assert predicate["spdxVersion"] == "SPDX-2.3"
    assert predicate["name"] == "sbom"
    assert purls({"predicate": predicate}) == ["pkg:deb/debian/libexample1@1:2.3-4?arch=amd64&distro=debian-12"]
    assert capsys.readouterr() == ("", "")


def test_extras(environ, out, tmp_path):
    """A statement for each directory there, by its name; files and links beside them are none of ours."""
    extras = tmp_path / "src/extras"
    for name in ("sbom-build", "sbom-base.v2"):
        root_of(extras / name, name.partition("-")[2].replace(".", ""))
    (extras / "sbom-file").write_text("x")
    (extras / "sbom-link").symlink_to("/")
    environ["BUILDKIT_SCAN_SOURCE_EXTRAS"] = f"{extras}/"
    environ["BUILDKIT_SCAN_NAME"] = "shop/web"
    assert generator.main(environ) == 0
    assert sorted(out()) == ["sbom-base.v2.spdx.json", "sbom-build.spdx.json", "sbom.spdx.json"]
    names = [statement["predicate"]["name"] for _, statement in sorted(out().items())]
    assert names == ["sbom-base.v2", "sbom-build", "shop/web"]
    assert "pkg:deb/debian/build@" in purls(out()["sbom-build.spdx.json"])[0]


@pytest.mark.parametrize("extras", ["", "missing"])
def test_extras_that_are_not_there(environ, out, tmp_path, extras):
    """Empty or missing: as if there were none."""
    environ["BUILDKIT_SCAN_SOURCE_EXTRAS"] = extras and str(tmp_path / extras)
    assert generator.main(environ) == 0
    assert list(out()) == ["sbom.spdx.json"]


def test_equal_targets_give_equal_bytes(environ, tmp_path):
    """Wherever the file systems lie, and whatever else is in the environment."""
    assert generator.main(environ) == 0
    first = (tmp_path / "out/sbom.spdx.json").read_bytes()
    root_of(tmp_path / "elsewhere/sbom")
    again = {**environ, "BUILDKIT_SCAN_SOURCE": str(tmp_path / "elsewhere/sbom"), "TZ": "Asia/Tokyo", "LANG": "tr_TR"}
    assert generator.main(again) == 0
    assert (tmp_path / "out/sbom.spdx.json").read_bytes() == first
    assert first.startswith(b'{"_type":"https:')
    assert str(tmp_path).encode() not in first


def test_parameters(environ, out, capsys):
    """The time and the name are what the caller says; others are warned about and change nothing."""
    environ |= {
        "BUILDKIT_SCAN_SOURCE_DATE_EPOCH": "1700000000",
        "BUILDKIT_SCAN_NAME": " web ",
        "BUILDKIT_SCAN_VIEW": "x",
    }
    assert generator.main(environ) == 0
    predicate = out()["sbom.spdx.json"]["predicate"]
    assert (predicate["name"], predicate["creationInfo"]["created"]) == ("web", "2023-11-14T22:13:20Z")
    assert capsys.readouterr().err == (
        "stella: warning: no such parameter: VIEW; there are NAME, SOURCE_DATE_EPOCH, STRICT\n"
    )


@pytest.mark.parametrize(("strict", "code"), [("", 0), ("false", 0), ("true", 8), ("1", 8)])
def test_what_could_not_be_read(environ, out, tmp_path, capsys, strict, code):
    """It is told in any case, and with STRICT it fails the build."""
    broken = tmp_path / "src/core/sbom/usr/lib/python3.11/site-packages/demo-1.0.dist-info/METADATA"
    broken.parent.mkdir(parents=True)
    broken.write_text("Summary: nameless\n\n")
    environ["BUILDKIT_SCAN_STRICT"] = strict
    assert generator.main(environ) == code
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("stella: warning: sbom: 1 not read, such as usr/lib/python3.11/")
    assert told[1:] == ["stella: error: incomplete: 1 could not be read (STRICT is set)"][: code and 1]
    assert "1 of the things" in out()["sbom.spdx.json"]["predicate"]["comment"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"BUILDKIT_SCAN_SOURCE": ""}, 3, "BUILDKIT_SCAN_SOURCE names no directory"),
        ({"BUILDKIT_SCAN_SOURCE": "/"}, 3, "BUILDKIT_SCAN_SOURCE names no directory"),
        ({"BUILDKIT_SCAN_SOURCE": "{}/none"}, 4, "there is no directory"),
        ({"BUILDKIT_SCAN_DESTINATION": ""}, 3, "BUILDKIT_SCAN_DESTINATION names no directory"),
        ({"BUILDKIT_SCAN_DESTINATION": "{}/none"}, 4, "there is no directory"),
        ({"BUILDKIT_SCAN_DESTINATION": "/proc/self/fd"}, 1, "cannot write sbom.spdx.json"),
        ({"BUILDKIT_SCAN_SOURCE_EXTRAS": "{}/file"}, 4, "BUILDKIT_SCAN_SOURCE_EXTRAS can't be read"),
        ({"BUILDKIT_SCAN_SOURCE_EXTRAS": "{}/src/core"}, 3, "two targets have the name 'sbom'"),
        ({"BUILDKIT_SCAN_SOURCE_DATE_EPOCH": "soon"}, 3, "no number of seconds"),
        ({"BUILDKIT_SCAN_SOURCE_DATE_EPOCH": "9" * 30}, 3, "no number of seconds"),
        ({"BUILDKIT_SCAN_STRICT": "perhaps"}, 3, "STRICT is neither true nor false"),
    ],
)
def test_errors_are_one_line(environ, tmp_path, capsys, change, code, said):
    """Whatever is wrong: an exit code, and one line on standard error."""
    (tmp_path / "file").write_text("x")
    environ |= {name: text.format(tmp_path) for name, text in change.items()}
    assert generator.main(environ) == code
    told = capsys.readouterr().err
    assert told.startswith("stella: error: ")
    assert said in told
    assert told.count("\n") == 1


def test_a_file_that_buildkit_would_refuse(environ, capsys, monkeypatch, out):
    """A statement over the limit is an error here, where it can be told."""
    monkeypatch.setattr(generator, "STATEMENT_LIMIT", 100)
    assert generator.main(environ) == 1
    assert "BuildKit takes 100" in capsys.readouterr().err
    assert out() == {}


def test_anything_else_is_one_line_as_well(environ, capsys, monkeypatch):
    """A bug ends in an exit code, not a traceback, and steers no terminal."""

    def fail(*_, **__):
        raise RuntimeError("a\nb\x1b[31m\udc80")

    monkeypatch.setattr(generator, "scan_target", fail)
    assert generator.main(environ) == 1
    assert capsys.readouterr().err == "stella: error: internal error: RuntimeError: a\\nb\\x1b[31m\\udc80\n"


@given(sboms())
def test_any_document_is_one_statement(sbom):
    """The predicate is the SPDX document, whatever it holds; and the file is a single JSON object."""
    statement = json.loads(generator.make_statement(sbom))
    assert statement["predicate"] == json.loads(encode(sbom))


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10)))
def test_any_environment_is_answered(environ):
    """Never an exception."""
    named = {f"BUILDKIT_SCAN_{name}": text.replace("\0", "") for name, text in environ.items()}
    assert generator.main(named) == 3


def test_as_a_program(environ, tmp_path):
    """As the image runs it: isolated, with nothing on standard output."""
    command = [sys.executable, "-I", "-W", "error", str(FOLDER / "generator.py")]
    ran = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    ran = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (3, b"")


def instructions():
    """(instruction, rest) of the Dockerfile."""
    text = re.sub(r"\\\n", "", (FOLDER / "Dockerfile").read_text())
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [tuple(line.split(None, 1)) for line in lines]


def test_the_image():
    """What is copied exists, what is started was copied, nobody is root, and the base can be pinned."""
    last = max(at for at, (word, _) in enumerate(instructions()) if word == "FROM")
    final = instructions()[last:]
    copied = [rest.split() for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    sources = [name for words in copied for name in words[:-1] if not name.startswith("--")]
    assert sources == ["dist/*.whl", "plugins/buildx/generator.py"]
    assert (ROOT / "plugins/buildx/generator.py").is_file()
    start = json.loads(dict(final)["ENTRYPOINT"])
    assert start[-1] in [words[-1] for words in copied]
    assert start[0].startswith("/opt/stella/")
    assert "CMD" not in dict(final)
    assert int(dict(final)["USER"].partition(":")[0]) > 0
    assert {rest.split()[0] for word, rest in instructions() if word == "FROM"} == {"${BASE}"}
    assert dict(instructions())["ARG"].startswith("BASE=python:")


def test_the_image_is_made_for_any_platform():
    """What installs and what runs have one base and one platform, so `--platform` decides; nothing names a machine."""
    text = (FOLDER / "Dockerfile").read_text()
    assert not re.search(r"--platform|BUILDPLATFORM|TARGET[A-Z]+|amd64|arm64|x86_64|aarch64", text)
    assert not re.search(r"manylinux|musllinux", text)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert build["build-system"]["build-backend"] == "hatchling.build"
    assert "hooks" not in build["tool"].get("hatch", {}).get("build", {}), "the wheel in dist/ is pure Python"


def test_the_image_is_not_started_as_root():
    """The last word on the user is a number that is not 0; what it starts was made before, and is readable for all."""
    words = [word for word, _ in instructions()]
    last = max(at for at, word in enumerate(words) if word == "FROM")
    assert words.index("USER", last) > max(at for at, word in enumerate(words) if word == "COPY")
    assert words.count("USER") == 1
    assert "RUN" not in words[last:], "the finished image is only put together"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", dict(instructions())["USER"])
    copied = next(rest for word, rest in instructions() if word == "COPY" and "generator.py" in rest)
    assert "--chmod=0444" in copied


def test_the_page_lists_every_parameter():
    """docs/reference/buildkit-generator.md and the program know the same ones."""
    page = (ROOT / "docs/reference/buildkit-generator.md").read_text()
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert listed == {generator.SOURCE, generator.EXTRAS, generator.DESTINATION, *generator.PARAMETERS}
