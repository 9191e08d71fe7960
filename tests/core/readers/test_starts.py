"""Programs that sources start by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.starts import START_LIMIT, read_node_starts, read_python_starts

ALL = "import subprocess, os, shutil, asyncio"


@pytest.mark.parametrize(
    ("code", "programs"),
    [
        ("subprocess.run(['git', 'log'])", ["git"]),
        ("sp.check_output(\n    ('uname', '-p'),\n)", ["uname"]),
        ("Popen(args=['/usr/bin/x y', a])", []),
        ("Popen(['/opt/a b'])", []),
        ("subprocess.call('ls -l | wc', shell=True)", ["ls"]),
        ("os.system(f'cp {a} {b}')", ["cp"]),
        ("os.system('LANG=C A=1 sort x')", ["sort"]),
        ("os.execvp('node', argv)", ["node"]),
        ("os.spawnlp(os.P_WAIT, 'cp', 'cp')", ["cp"]),
        ("shutil.which('gcc') or which(\"/usr/bin/cc\")", ["gcc", "/usr/bin/cc"]),
        ("await asyncio.create_subprocess_exec('tar', 'x')", ["tar"]),
        ("ProgressProcess(['node', PATH])", ["node"]),
        ("run([sys.executable, '-m', 'pip']); run(name); run('./x'); run(['a/b'])", []),
        ("# subprocess.run(['git'])\ndef run('x'): pass", []),
    ],
)
def test_python(code, programs):
    """Lists, command lines, paths; what is put together is passed over."""
    assert [name for name, _ in read_python_starts(code.encode(), ALL)] == programs


def test_python_that_starts_nothing():
    """A source that imports nothing of that sort is not searched."""
    assert read_python_starts(b"run(['git'])", "import app") == []
    assert read_python_starts(b"run(['git'])", "import os, shutil, asyncio") == []
    assert read_python_starts(b"x = 1\n\nos.popen('id')", "import os") == [("id", 3)]


@pytest.mark.parametrize(
    ("code", "programs"),
    [
        ("cp.exec('git log', done)", ["git"]),
        ("spawnSync('npm', ['x']); execFileSync(`tar`)", ["npm", "tar"]),
        ("const { stdout } = await execa('ls')", ["ls"]),
        ("which.sync('node')", ["node"]),
        ("spawn(process.execPath); spawn(name); // spawn('git')", ["git"]),
        ("  // spawn('git')\n * exec('git')", []),
        ("spawn(`${bin}/x`)", []),
    ],
)
def test_node(code, programs):
    """Only where the module that starts programs is loaded."""
    assert [name for name, _ in read_node_starts(code.encode(), ["node:child_process"])] == programs
    assert read_node_starts(code.encode(), ["fs"]) == []


def test_there_is_an_end():
    """One more than the limit is given where there are more."""
    data = b"".join(b"run(['p%d'])\n" % number for number in range(START_LIMIT + 9))
    assert len(read_python_starts(data, "subprocess")) == START_LIMIT + 1


@given(st.binary(max_size=300))
def test_anything(data):
    """Any bytes are read; each program has a line of the source."""
    for found in (read_python_starts(b"run(['" + data, "subprocess"), read_node_starts(b"exec('" + data, ["execa"])):
        assert all(1 <= line <= data.count(b"\n") + 1 for _, line in found)
