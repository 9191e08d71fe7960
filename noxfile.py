"""What can be run on this project: `nox -l` lists it, `nox -s tests` is the one to start with.

Every session installs the project as users get it, in an environment of its own. Needed groups of packages stand in
pyproject.toml. Arguments after `--` go to the program that the session runs.
"""

import os
import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
VERSIONS = ("3.11", "3.12", "3.13")
SHELLS = {"bash": "stella.bash", "zsh": "_stella", "fish": "stella.fish"}
"""Benchmarks that have sessions of their own."""
SERVERS = {"docker-registry": "docker-registry", "skopeo": "skopeo"}  # program to Debian package

nox.needs_version = ">=2025.2"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False


def install(session: nox.Session, *groups: str) -> None:
    """Install the project itself and groups of packages."""
    project = nox.project.load_toml(ROOT / "pyproject.toml")
    session.install(".", *nox.project.dependency_groups(project, *groups))


def fixtures() -> Path:
    """Where the public corpora are, if they are."""
    return Path(os.environ.get("STELLA_FIXTURES") or ROOT.parent / "shared/fixtures")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the default suite: no server, no network, no data but our own; on the Python that runs nox."""
    install(session, "test")
    session.run("pytest", "-m", "not conformance and not integration", *session.posargs)


@nox.session(name="tests-on", python=VERSIONS)
def tests_on(session: nox.Session) -> None:
    """Run the default suite on one more version of Python: `nox -s tests-on-3.13`."""
    tests(session)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the default suite and show which lines of the core it leaves out; less than 95 % fails."""
    install(session, "test")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", "-m", "not conformance and not integration", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", "--include=*/stellaops_core/*", "--fail-under=95")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, form and the order of imports."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    install(session, "types")
    session.run("mypy", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run over public corpora: STELLA_FIXTURES, else ../shared/fixtures."""
    if not fixtures().is_dir():
        session.skip(f"no fixtures: STELLA_FIXTURES names no directory, and there is no {fixtures()}")
    install(session, "conformance")
    session.run("pytest", "-m", "conformance", "tests/conformance", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """Run against real servers; as root on Debian, missing ones are installed first."""
    missing = [package for program, package in SERVERS.items() if not shutil.which(program)]
    if missing and (os.getuid() != 0 or not shutil.which("apt-get")):
        session.skip(f"needs root and apt-get to install {' '.join(missing)}")
    if missing and not obtain(session, missing):
        session.skip(f"{' '.join(missing)} can't be installed here")
    install(session, "test")
    session.run("pytest", "-m", "integration", "tests/integration", *session.posargs)


def obtain(session: nox.Session, packages: list[str]) -> bool:
    """Install Debian packages; False where that fails."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "--no-install-recommends", "-y", *packages])
    try:
        for command in commands:
            session.run(*command, external=True, env=quiet, silent=True)
    except nox.command.CommandFailed:
        return False
    return True


@nox.session
def bench(session: nox.Session) -> None:
    """Print figures; `-- benchmarks/report.py [LAYOUT...]` writes docs/reference/performance.md, minutes an image."""
    install(session)
    if session.posargs:
        session.run("python", *session.posargs)
        return
    for name in ("startup", "emit", "index", "scan"):
        session.run("python", f"benchmarks/{name}.py")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Damage inputs of every reader and analyzer: `nox -s fuzz -- --count 100000 --only jar`."""
    install(session)
    session.run("python", "benchmarks/fuzz.py", *session.posargs)


@nox.session
def torture(session: nox.Session) -> None:
    """Scan many images at once, kill, collect, fill the disk: `nox -s torture -- --seed 2 --kills 1000`."""
    install(session, "test")
    session.run("python", "benchmarks/torture.py", *session.posargs)


@nox.session
def memory(session: nox.Session) -> None:
    """Measure scans of images that are large in one way each: `nox -s memory -- files --scale 10`."""
    install(session)
    session.run("python", "benchmarks/memory.py", *session.posargs)


def hostile(session: nox.Session) -> None:
    """Scan the whole corpus of hostile inputs; needs Linux and some GB of disk: `nox -s hostile -- --only zstd`."""
    install(session)
    session.run("python", "benchmarks/hostile.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Check the documentation: links, commands, code, completeness; `-- --accept` rewrites its generated tables."""
    install(session, "test")
    places = [f"tests/architecture/test_{name}.py" for name in ("documentation", "limits")]
    session.run("pytest", "-q", *places, "tests/cli/test_reference.py", *session.posargs)


@nox.session
def completions(session: nox.Session) -> None:
    """Write completions/ anew; `-- --check` only compares."""
    install(session)
    for shell, name in SHELLS.items():
        text = session.run("stella", "completion", shell, silent=True)
        path = ROOT / "completions" / name
        if "--check" not in session.posargs:
            path.write_text(text)
        elif path.read_text() != text:
            session.error(f"completions/{name} is out of date: nox -s completions")
