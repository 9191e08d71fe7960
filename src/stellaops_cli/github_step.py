"""GitHub Actions: what they know of the build, and the summary of a step.

Comes in: `--github KEY=VALUE` and the environment of a step. Goes out: the facts that a dependency snapshot needs; a
page at the end of the step's summary. The rule: a flag wins over the environment; what neither says stays empty.

Source: GitHub Actions, "Default environment variables" and "Adding a job summary".
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from stellaops_cli.console import printable, say
from stellaops_cli.settings import Settings
from stellaops_core.errors import OutputError, UsageError
from stellaops_core.sbom.github_snapshot import COMMIT, Build, add_build, lacking
from stellaops_core.sbom.markdown import cut_page

SUMMARY_LIMIT = 1 << 20
"""Bytes of one step's summary; GitHub shows none that is longer."""
SUMMARY = "GITHUB_STEP_SUMMARY"

_SHAPES = {
    "sha": (COMMIT, "40 hexadecimal digits"),
    "ref": (re.compile(r"refs/[^\s\x00-\x1f\x7f]{1,1000}"), "such as refs/heads/main"),
    "job": (re.compile(r"[^\x00-\x1f\x7f]{1,1000}"), "text"),
    "correlator": (re.compile(r"[^\x00-\x1f\x7f]{1,1000}"), "text"),
    "url": (re.compile(r"https?://[^\s\x00-\x1f\x7f]{1,2000}"), "a URL"),
    "scanned": (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z"), "such as 2026-01-02T03:04:05Z"),
}
_VARIABLES = {"sha": "GITHUB_SHA", "ref": "GITHUB_REF", "job": "GITHUB_RUN_ID"}
_CORRELATOR = ("GITHUB_WORKFLOW", "GITHUB_JOB")
_RUN = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def read_build(given: Sequence[str], environment: Mapping[str, str]) -> Build:
    """Settle what is known of the build. `given`: `KEY=VALUE` each; raises `UsageError`."""
    facts = {key: _checked(key, environment[name], name) for key, name in _VARIABLES.items() if environment.get(name)}
    if all(environment.get(name) for name in _CORRELATOR):
        value = "_".join(environment[name] for name in _CORRELATOR)
        facts["correlator"] = _checked("correlator", value, " and ".join(_CORRELATOR))
    if all(environment.get(name) for name in _RUN):
        server, repository, run = (environment[name] for name in _RUN)
        facts["url"] = _checked("url", f"{server}/{repository}/actions/runs/{run}", _RUN[0])
    for text in given:
        key, equals, value = text.partition("=")
        if key not in _SHAPES or not equals:
            raise UsageError(f"--github {text!r} is no KEY=VALUE", hint=f"the keys are {', '.join(_SHAPES)}")
        facts[key] = _checked(key, value, f"--github {key}")
    return Build(**facts)


class Step:
    """A step of GitHub Actions, as far as one run has to do with it."""

    def __init__(self, values: Mapping[str, Any], settings: Settings, formats: tuple[str, ...]) -> None:
        """See that everything is there before the work begins. Raises `UsageError`."""
        self._quiet = settings.quiet
        self._build = read_build(values.get("github", ()), settings.environment)
        self._summary = summary_path(settings.environment) if values.get("step_summary") else ""
        self.formats = tuple(dict.fromkeys((*formats, *["markdown"] * bool(self._summary))))
        """What has to be written, the summary's page included."""

    def finish(self, documents: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the documents, the snapshot among them with what is known of the build."""
        if "github" not in documents:
            return dict(documents)
        snapshot = add_build(documents["github"], self._build)
        if missing := lacking(snapshot):
            self._warn(f"GitHub refuses a snapshot without {', '.join(missing)}: see --github")
        return {**documents, "github": snapshot}

    def append(self, page: bytes) -> None:
        """Put a page behind what is in the step's summary already, if it is to have one. Raises `OutputError`."""
        if self._summary and not append_summary(self._summary, page):
            self._warn("the step's summary is full: some of this page is not in it")

    def _warn(self, message: str) -> None:
        if not self._quiet:
            say(f"stella: warning: {message}")


def summary_path(environment: Mapping[str, str]) -> str:
    """Return the file that holds this step's summary. Raises `UsageError` where no step is running."""
    path = environment.get(SUMMARY, "")
    if not path:
        raise UsageError(
            "--step-summary is for steps of GitHub Actions, which set GITHUB_STEP_SUMMARY",
            hint="-o markdown=FILE writes the same page to a file",
        )
    return path


def append_summary(path: str, page: bytes) -> bool:
    """Put a page behind what is in the summary already; return whether all of it had room."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
        try:
            there = os.fstat(descriptor).st_size
            page = b"\n" * bool(there) + page  # a table would swallow the line that follows it
            kept = cut_page(page, SUMMARY_LIMIT - there)
            view = memoryview(kept)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        hint = f"{SUMMARY} is {printable(path)[:200]}"
        raise OutputError(f"cannot write the step's summary: {reason}", hint=hint) from None
    return kept == page


def _checked(key: str, value: str, where: str) -> str:
    shape, meant = _SHAPES[key]
    if not shape.fullmatch(value):
        raise UsageError(f"{where} has to be {meant}: {value[:100]!r}")
    return value
