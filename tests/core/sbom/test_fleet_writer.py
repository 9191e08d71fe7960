"""Changing a fleet: numbers, replacement, and nothing by halves."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from msgspec.structs import replace

from core.sbom.fleets import REFS, digest, parts
from core.sbom.samples import LIBC, SAMPLE
from stellaops_core.component import Use
from stellaops_core.errors import OutputError, TargetError
from stellaops_core.sbom.fleet import Wanted, open_fleet
from stellaops_core.sbom.fleet_check import check_fleet
from stellaops_core.sbom.fleet_store import connect
from stellaops_core.sbom.fleet_writer import Added, FleetWriter, parts_of, repository_of
from stellaops_core.sbom.index import encode
from stellaops_core.sbom.index_reader import open_index
from stellaops_core.sbom.sbom import Usage


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "fleet.bomx")


def numbers(path):
    """Repository to the numbers of its images."""
    found = {}
    with closing(connect(path)) as connection:
        rows = connection.execute(
            "SELECT repositories.name, number FROM images JOIN repositories ON id = repository ORDER BY number"
        )
        for name, number in rows:
            found.setdefault(name, []).append(number)
    return found


def test_like_images_stand_together(path):
    """Repositories whose images come in turns get stretches of numbers, longer as they grow."""
    with FleetWriter(path) as writer:
        for number in range(60):
            writer.add([parts(number, REFS[:2], name=f"app-{number % 2}:{number}")])
    assert numbers(path) == {
        "app-0": [*range(8), *range(16, 24), *range(32, 46)],
        "app-1": [*range(8, 16), *range(24, 32), *range(48, 62)],
    }


def test_counts(path):
    """New, replaced, and left as they are; another index of the same image takes its number."""
    with FleetWriter(path) as writer:
        assert writer.add([parts(1, REFS[:2]), parts(2, REFS[:2]), parts(1, REFS[:2])]) == Added(2, 0, 1)
        before = numbers(path)
        assert writer.add([parts(1, REFS[2:5], version=1), parts(2, REFS[:2])]) == Added(0, 1, 1)
        assert numbers(path) == before
        assert writer.remove([digest(2), digest(3), digest(2)]) == 1
    with open_fleet(path) as fleet:
        assert [len(fleet.select([Wanted(product)])) for product in ("pkg:npm/a", "pkg:npm/b")] == [1, 1]
        assert len(fleet.select([Wanted("pkg:npm/a", "1.0.0")])) == 0


def test_an_image_may_move(path):
    """Under another name it gets a number of that repository, and leaves nothing behind."""
    with FleetWriter(path) as writer:
        writer.add([parts(1, REFS, name="a:1"), parts(2, REFS, name="b:1")])
        writer.add([parts(1, REFS[:1], name="b:2", version=1)])
    assert numbers(path) == {"b": [8, 9]}
    assert check_fleet(path) == 2


def test_what_nobody_has_is_gone(path):
    """With the last image its components go, their products too."""
    with FleetWriter(path) as writer:
        writer.add([parts(1, REFS), parts(2, REFS[:1])])
        writer.remove([digest(1)])
    with closing(connect(path)) as connection:
        for table in ("refs", "products", "members"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_a_failure_changes_nothing(path):
    """An input that breaks off takes all before it back; the writer goes on afterwards."""

    def broken():
        yield parts(2, REFS)
        yield parts(1, REFS[3:], version=1)
        raise TargetError("broken")

    with FleetWriter(path) as writer:
        writer.add([parts(1, REFS[:3])])
        with pytest.raises(TargetError, match="broken"):
            writer.add(broken())
        assert check_fleet(path) == 1
        assert writer.add([parts(2, REFS[:3])]) == Added(1, 0, 0)
    assert check_fleet(path) == 2


def test_rows_make_room(path, monkeypatch):
    """When too many are touched they are written before the end, which changes no answer."""
    monkeypatch.setattr("stellaops_core.sbom.fleet_rows.ROWS_LIMIT", 3)
    with FleetWriter(path) as writer:
        writer.add(parts(number, REFS[number % 5 :]) for number in range(30))
        writer.add(parts(number, REFS[number % 3 :], version=1) for number in range(30))
        writer.remove(map(digest, range(0, 30, 2)))
    assert check_fleet(path) == 15
    with open_fleet(path) as fleet:
        assert len(fleet.select([Wanted("pkg:npm/a", "1.0.0")])) == len(
            [one for one in range(1, 30, 2) if one % 3 == 0]
        )


KILLED = """
import sys
from core.sbom.fleets import REFS, parts
from stellaops_core.sbom.fleet_writer import FleetWriter
def images():
    for number in range(200):
        yield parts(number, [f"{ref}" for ref in REFS], version=int(sys.argv[2]) + 1)
    print("halfway", flush=True)
    while True:
        number += 1
        yield parts(number, REFS)
import stellaops_core.sbom.fleet_rows as rows
rows.ROWS_LIMIT = 8
with FleetWriter(sys.argv[1]) as writer:
    writer.add(images())
"""


def test_killed_writers_leave_no_trace(path):
    """After kill -9 amid an addition that has written much already: the state before, and it can be changed."""
    with FleetWriter(path) as writer:
        writer.add(parts(number, REFS[:4]) for number in range(5))
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for round_ in range(3):
        command = [sys.executable, "-c", KILLED, path, str(round_)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}) as writer:
            assert writer.stdout.readline() == b"halfway\n"
            time.sleep(0.02 * round_)
            writer.send_signal(signal.SIGKILL)
        assert check_fleet(path) == 5
    with FleetWriter(path) as writer:
        writer.add([parts(7, REFS)])
    assert check_fleet(path) == 6


def test_parts_come_from_an_index():
    """Components, and what is known of their use; of a view that leaves things out, nothing is known to be unused."""
    uses = ("used", "maybe", "undetermined", "not-reached")
    components = tuple(replace(one, use=Use(use)) for one, use in zip(SAMPLE.components, uses, strict=True))
    sbom = replace(SAMPLE, components=components, usage=Usage((), (), tuple((use, 1) for use in uses)))
    found = parts_of(open_index(encode(sbom)))
    assert (found.refs[0], set(found.used), set(found.unused), found.has_usage) == (LIBC, {0}, {3}, True)
    found = parts_of(open_index(encode(SAMPLE)))
    assert (set(found.used), set(found.unused), found.has_usage) == (set(), set(), False)
    nameless = replace(SAMPLE, subject=replace(SAMPLE.subject, digest="", config_digest="", name=""))
    with pytest.raises(TargetError, match="names no image"):
        parts_of(open_index(encode(nameless)))


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("registry.example:5000/shop/api:2.4", "registry.example:5000/shop/api"),
        ("registry.example:5000/shop/api", "registry.example:5000/shop/api"),
        ("shop/api@sha256:abc", "shop/api"),
        ("shop/api:1@sha256:abc", "shop/api"),
        ("api", "api"),
        ("", ""),
    ],
)
def test_repositories(name, repository):
    """A name without tag and digest; a port is no tag."""
    assert repository_of(name) == repository


def test_no_place_to_write(tmp_path):
    """A directory that isn't there, or a directory in the file's place."""
    for name in ("none/fleet", "."):
        with pytest.raises((OutputError, TargetError)):
            FleetWriter(str(tmp_path / name))
