"""The installed command, and an image to try it on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders import layer, oci_layout

STATUS = """Package: libexample1
Status: install ok installed
Version: 1:2.3-4
Architecture: amd64
Maintainer: Someone <someone@example.org>

"""


class Command:
    """`stella` as users have it: in a process of its own, with its own home, cache and working directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cache = home / "cache"
        self.plain = {"PATH": os.environ["PATH"], "HOME": str(home), "STELLA_CACHE_DIR": str(self.cache)}
        self.environ = {**self.plain, **{name: text for name, text in os.environ.items() if name.startswith("COV")}}

    @property
    def program(self):
        return str(Path(sys.executable).parent / "stella")

    def start(self, *arguments, **options):
        environ = {**self.environ, **options.pop("environ", {})}
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.Popen(
            [self.program, *map(os.fspath, arguments)],
            env=environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **options,
        )

    def __call__(self, *arguments, **options):
        """Run to the end; (exit code, standard output, standard error)."""
        with self.start(*arguments, **options) as process:
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        return process.returncode, out, err.decode()


@pytest.fixture
def stella(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Command(home)


@pytest.fixture
def image(tmp_path):
    """Two layers: a Debian with a package, and a Python distribution."""
    base = layer({"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": STATUS})
    upper = layer({"usr/lib/python3.11/site-packages/demo-1.0.dist-info/METADATA": "Name: demo\nVersion: 1.0\n\n"})
    return oci_layout(tmp_path / "image", [base, upper])


@pytest.fixture
def damaged(tmp_path):
    """An image in which one file can't be read."""
    path = "usr/lib/python3.11/site-packages/demo-1.0.dist-info/METADATA"
    return oci_layout(tmp_path / "damaged", [layer({"etc/os-release": "ID=debian\n", path: "Summary: nameless\n\n"})])
