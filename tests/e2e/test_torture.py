"""A short run of `benchmarks/torture.py`: the whole of it is `nox -s torture`."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/torture.py"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_many_at_once_killed_and_collected():
    """Scans that start together, are killed, and have their cache collected meanwhile: right, whole, nothing left."""
    command = [sys.executable, SCRIPT, "--kills", "3", "--at-once", "4", "--small", "at_once", "killed", "collected"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 3
