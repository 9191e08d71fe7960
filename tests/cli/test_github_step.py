"""What GitHub Actions know, and the summary of a step."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stellaops_cli import github_step as subject
from stellaops_cli.github_step import SUMMARY, SUMMARY_LIMIT, Step, append_summary, read_build
from stellaops_cli.settings import load_settings
from stellaops_core.errors import OutputError, StellaError, UsageError
from stellaops_core.sbom.github_snapshot import Build

ACTIONS = {
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "17",
    "GITHUB_WORKFLOW": "CI image",
    "GITHUB_JOB": "scan",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "shop/web",
}
SNAPSHOT = json.dumps({"sha": "", "ref": "", "job": {"id": "", "correlator": ""}, "scanned": "x"}).encode()


def test_inside_of_actions():
    """Nothing has to be given."""
    url = "https://github.example/shop/web/actions/runs/17"
    assert read_build((), ACTIONS) == Build("a" * 40, "refs/heads/main", "17", "CI image_scan", url, "")


def test_flags_win():
    """Each fact can be given, inside of Actions and elsewhere; a value may hold an equals sign."""
    given = ["sha=" + "b" * 40, "ref=refs/tags/v1", "job=9", "correlator=a=b", "url=https://ci/9"]
    wanted = Build("b" * 40, "refs/tags/v1", "9", "a=b", "https://ci/9", "2026-01-02T03:04:05Z")
    for environment in ({}, ACTIONS):
        assert read_build([*given, "scanned=2026-01-02T03:04:05Z"], environment) == wanted
    assert read_build((), {}) == Build()


@pytest.mark.parametrize("left", sorted(ACTIONS))
def test_half_a_fact_is_none(left):
    """What is made of several variables needs all of them."""
    build = read_build((), {name: text for name, text in ACTIONS.items() if name != left})
    known = {name for name in Build.__struct_fields__ if getattr(build, name)}
    assert known < {"sha", "ref", "job", "correlator", "url"}


@pytest.mark.parametrize(
    "text",
    [
        "sha",
        "sha=",
        "sha=main",
        "SHA=" + "a" * 40,
        "ref=main",
        "job=",
        "job=a\nb",
        "url=ftp://x",
        "scanned=now",
        "x=y",
        "",
    ],
)
def test_what_is_no_fact(text):
    """It is refused before the work begins."""
    with pytest.raises(UsageError):
        read_build([text], {})


@given(st.dictionaries(st.sampled_from(sorted(ACTIONS)), st.text(max_size=50)), st.lists(st.text(max_size=20)))
def test_any_environment_is_answered(environment, given):
    """By facts, or by an error of ours."""
    try:
        build = read_build(given, environment)
    except StellaError:
        return
    assert build.ref == "" or build.ref.startswith("refs/")


def step(values, environment, formats=("github",), **flags):
    return Step(values, load_settings(flags, environment), formats)


def test_a_snapshot_is_finished(capfd):
    """Complete: nothing is said. Else what GitHub lacks is, unless --quiet is given. Other documents stay."""
    documents = {"github": SNAPSHOT, "table": b"x"}
    done = step({}, ACTIONS).finish(documents)
    assert (done["table"], json.loads(done["github"])["sha"]) == (b"x", "a" * 40)
    assert documents["github"] == SNAPSHOT
    assert capfd.readouterr().err == ""
    step({"github": ["job=1"]}, {}).finish(documents)
    assert capfd.readouterr().err == (
        "stella: warning: GitHub refuses a snapshot without sha, ref, correlator: see --github\n"
    )
    step({}, {}, quiet=True).finish(documents)
    assert capfd.readouterr().err == ""
    assert step({}, {}, ("table",)).finish({"table": b"x"}) == {"table": b"x"}


def test_the_page_is_one_of_the_formats(tmp_path):
    """Once, where a summary is wanted."""
    inside = {SUMMARY: str(tmp_path / "s")}
    assert step({"step_summary": True}, inside, ("table",)).formats == ("table", "markdown")
    assert step({"step_summary": True}, inside, ("markdown",)).formats == ("markdown",)
    assert step({}, inside, ("table",)).formats == ("table",)
    with pytest.raises(UsageError, match="steps of GitHub Actions"):
        step({"step_summary": True}, {})


def test_pages_are_added(tmp_path):
    """One behind the other, with an empty line between them; what was there stays."""
    path = tmp_path / "summary"
    for page in (b"### a\n", b"### b\n"):
        assert append_summary(str(path), page)
    assert path.read_bytes() == b"### a\n\n### b\n"


@settings(max_examples=50)
@given(st.lists(st.integers(0, 400_000), max_size=8), st.integers(1, 9000))
def test_a_summary_is_never_too_long(tmp_path_factory, sizes, width):
    """Whatever is added, and however long its lines: whole lines, and a word on what is left out."""
    path = tmp_path_factory.mktemp("step") / "summary"
    for size in sizes:
        row = b"|" + b"x" * width + b"|\n"
        page = b"<details>\n" + row * (size // len(row)) + b"</details>\n"
        before = path.stat().st_size if path.exists() else 0
        whole = append_summary(str(path), page)
        added = path.read_bytes()[before:]
        assert path.stat().st_size <= SUMMARY_LIMIT
        assert whole == (added.lstrip(b"\n") == page)
        assert added.count(b"<details>") == added.count(b"</details>")
        assert whole or not added or b"more lines that have no room here.\n" in added


def test_a_full_summary_is_told(tmp_path, capfd, monkeypatch):
    """The exit code stays what the scan's is."""
    monkeypatch.setattr(subject, "SUMMARY_LIMIT", 150)
    path = tmp_path / "summary"
    one = step({"step_summary": True}, {SUMMARY: str(path)}, ())
    one.append(b"### a\n" + b"- x\n" * 100)
    assert path.read_bytes().startswith(b"### a\n- x\n")
    assert capfd.readouterr().err == "stella: warning: the step's summary is full: some of this page is not in it\n"
    one.append(b"### b\n" * 50)
    assert b"### b" not in path.read_bytes()


@pytest.mark.parametrize("name", ["", "none/summary", "a\0b", "pipe"])
def test_a_summary_that_can_not_be_written(tmp_path, name):
    """A directory, a path to nowhere, a pipe that nobody reads: an error, no hang."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="cannot write the step's summary"):
        append_summary(f"{tmp_path}/{name}", b"x\n")
