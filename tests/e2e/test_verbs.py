"""The cold verbs, as users run them."""

import json
from pathlib import Path

import pytest

from stellaops_core.version import __version__

COMPLETIONS = Path(__file__).parents[2] / "completions"


@pytest.mark.parametrize("word", ["--version", "version"])
def test_version(stella, word):
    """One line, on standard output."""
    assert stella(word) == (0, f"stella {__version__}\n".encode(), "")


def test_version_stands_alone(stella):
    """`--version` before a command is a mistake, and told as one."""
    code, out, err = stella("--version", "scan", "x")
    assert (code, out) == (3, b"")
    assert err.startswith("stella: error: ")


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["scan", "--help"], ["cache", "-h"], ["config", "show", "--help"]]
)
def test_help(stella, words):
    """Help is a report: on standard output, exit code 0, plain text."""
    code, out, err = stella(*words)
    assert (code, err) == (0, "")
    assert out.startswith(b"Usage: stella ")
    assert b"\x1b" not in out


@pytest.mark.parametrize(("shell", "file"), [("bash", "stella.bash"), ("zsh", "_stella"), ("fish", "stella.fish")])
def test_completion(stella, shell, file):
    """The script that is committed is the one that is printed."""
    assert stella("completion", shell) == (0, (COMPLETIONS / file).read_bytes(), "")


def test_cache(stella, image):
    """A scan fills the cache, `info` counts it, `clear` empties it, and then the image is unknown again."""
    stella("scan", image)
    assert b"layers     2 in" in stella("cache", "info")[1]
    assert stella("cache", "verify")[1].endswith(b"damaged    0\n")
    assert stella("cache", "clear")[0] == 0
    assert b"layers     0 in 0 B" in stella("cache", "info")[1]
    assert b"image known" not in stella("scan", image)[1]


def test_config_show(stella):
    """The origin of a value is told, for people and for machines."""
    environ = {"STELLA_JOBS": "2"}
    code, out, err = stella("config", "show", "--origin", environ=environ)
    assert (code, err) == (0, "")
    assert [line.split() for line in out.decode().splitlines() if line.startswith("jobs")] == [
        ["jobs", "2", "environment", "STELLA_JOBS"]
    ]
    shown = json.loads(stella("config", "show", "-o", "json", environ=environ)[1])
    assert shown["jobs"] == {"value": 2, "origin": "environment STELLA_JOBS"}
