"""Completion scripts: committed as printed, and understood by the shells."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stellaops_cli.completion import SCRIPTS
from stellaops_cli.options import VERBS

COMPLETIONS = Path(__file__).parents[2] / "completions"
FILES = {"bash": "stella.bash", "zsh": "_stella", "fish": "stella.fish"}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_committed_as_printed(shell):
    """The files in completions/ are what `stella completion` prints."""
    assert (COMPLETIONS / FILES[shell]).read_text() == SCRIPTS[shell]()


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_option_is_offered(shell):
    """No verb and no option of the table is missing."""
    script = SCRIPTS[shell]()
    for verb in VERBS:
        assert all(word in script for word in verb.path)
        for option in verb.options:
            flag = option.flags[-1]
            assert (f"-l {flag[2:]} " if shell == "fish" else flag) in script


@pytest.mark.parametrize("shell", SCRIPTS)
def test_shell_accepts_the_script(shell):
    """The shell itself finds no syntax error."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    subprocess.run([shell, "-n", COMPLETIONS / FILES[shell]], check=True, capture_output=True)


def complete_bash(tmp_path, line):
    """What bash would offer after `line`, split as readline splits it."""
    words = [part for word in line.split(" ") for part in re.findall("[=:]|[^=:]+", word) or [""]]
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
    compopt() {{ :; }}
    source {COMPLETIONS / "stella.bash"}
    COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
    _stella
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(
        ["bash", "--norc", "-uc", script], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=20
    )
    assert not run.stderr
    return run.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (
            "stella ",
            [
                "scan",
                "explain",
                "export",
                "diff",
                "index",
                "buildx",
                "cache",
                "config",
                "completion",
                "--help",
                "--version",
            ],
        ),
        ("stella sc", ["scan"]),
        ("stella cache ", ["info", "gc", "clear", "verify", "--help"]),
        ("stella cache g", ["gc"]),
        ("stella cache gc --max", ["--max-size"]),
        ("stella config show --or", ["--origin"]),
        ("stella config show -o j", ["json"]),
        ("stella completion z", ["zsh"]),
        ("stella scan --pl", ["--platform"]),
        ("stella scan -o spdx-t", ["spdx-tv"]),
        ("stella scan -o json=im", ["image.tar"]),
        ("stella scan --color n", ["never"]),
        ("stella scan --color=al", ["always"]),
        ("stella scan --platform ", []),
        ("stella scan --ca-file im", ["image.tar"]),
        ("stella scan oci-", ["oci-archive:"]),
        ("stella scan oci-archive:im", ["image.tar"]),
        ("stella scan im", ["image.tar"]),
        ("stella scan --cache-dir ", ["folder"]),
    ],
)
def test_bash_offers(tmp_path, line, offered):
    """Words, options, values and files, at the places where they belong."""
    (tmp_path / "image.tar").touch()
    (tmp_path / "folder").mkdir()
    assert complete_bash(tmp_path, line) == offered


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("stella ca", ["cache"]),
        ("stella cache v", ["verify"]),
        ("stella scan --plat", ["--platform"]),
        ("stella scan -o spdx-t", ["spdx-tv"]),
        ("stella scan --color ne", ["never"]),
        ("stella completion b", ["bash"]),
    ],
)
def test_fish_offers(tmp_path, line, offered):
    """Fish offers the same."""
    script = f"source {COMPLETIONS / 'stella.fish'}; complete -C '{line}'"
    run = subprocess.run(
        ["fish", "--no-config", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert [found.split("\t")[0] for found in run.stdout.splitlines()] == offered


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("stella ca", "stella cache "),
        ("stella cache v", "stella cache verify "),
        ("stella scan --plat", "stella scan --platform="),
        ("stella scan -o spdx-t", "stella scan -o spdx-tv "),
        ("stella scan --color ne", "stella scan --color never "),
        ("stella scan docker-a", "stella scan docker-archive:"),
        ("stella completion b", "stella completion bash "),
        ("stella config show --ori", "stella config show --origin "),
    ],
)
def test_zsh_completes(tmp_path, line, completed):
    """A real zsh on a pseudo terminal turns the line into the expected one when Tab is pressed."""
    assert complete_zsh(tmp_path, line) == completed


def complete_zsh(tmp_path, line):
    """Type a line and Tab into zsh; a key of our own makes it print its edit buffer."""
    script = tmp_path / "driver.zsh"
    script.write_text(
        f"""
        zmodload zsh/zpty
        zpty -b shell zsh -f -i
        zpty -w shell 'PS1=; unsetopt prompt_sp prompt_cr; fpath=({COMPLETIONS} $fpath)'
        zpty -w shell 'autoload -Uz compinit; compinit -u -D'
        zpty -w shell 'show() {{ print -r -- "<<$BUFFER>>"; BUFFER=; zle accept-line }}; zle -N show'
        zpty -w shell 'bindkey "^X^B" show; bindkey "^I" complete-word; print rea""dy'
        zpty -r -m shell seen '*ready*'
        zpty -n -w shell {line!r}$'\\t\\C-x\\C-b'
        zpty -r -m shell seen '*<<*>>*'
        print -r -- ${{${{seen##*<<}}%%>>*}}
        """
    )
    run = subprocess.run(
        ["zsh", "-f", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=30,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb"},
    )
    return run.stdout.rstrip("\n")
