"""Answers of a fleet, for people and for programs."""

import json

import pytest

from core.sbom.fleets import REFS, digest, parts
from stellaops_core.sbom.fleet import Wanted, open_fleet
from stellaops_core.sbom.fleet_report import answer, encode, render
from stellaops_core.sbom.fleet_writer import FleetWriter

A, OTHER = REFS[0], REFS[1]


@pytest.fixture
def fleet(tmp_path):
    path = str(tmp_path / "fleet")
    with FleetWriter(path) as writer:
        writer.add(
            [
                parts(1, [A, OTHER], used=[A], unused=[OTHER], name="shop/api:1"),
                parts(2, [A], used=[], usage=True, name="shop/api:2"),
                parts(3, [OTHER], name="evil\x1b[31m\u202e:1"),
                parts(4, [REFS[9]]),
            ]
        )
    with open_fleet(path) as fleet:
        yield fleet


def test_table(fleet):
    """One block an image: its name, its digest, and each package that fits with whether it is in use."""
    assert render(answer(fleet, [Wanted("pkg:npm/a")], "installed")) == (
        "3 of 4 images\n"
        "\n"
        f"shop/api:1  linux/amd64\n  {digest(1)}\n  used        {A}\n  not-reached {OTHER}\n"
        "\n"
        f"shop/api:2  linux/amd64\n  {digest(2)}\n  possible    {A}\n"
        "\n"
        f"evil\\x1b[31m\\u202e:1  linux/amd64\n  {digest(3)}\n  unknown     {OTHER}\n"
    )


def test_reach(fleet):
    """What is known not to count is neither listed nor counted."""
    found = answer(fleet, [Wanted("pkg:npm/a")], "possible")
    assert [[package.ref for package in image.packages] for image in found.found] == [[A], [A], [OTHER]]
    assert answer(fleet, [Wanted("pkg:npm/a")], "used").selected == 1


def test_many(fleet):
    """A table shows the first ones, and counts the rest."""
    found = answer(fleet, [Wanted("pkg:npm/a")], "installed", shown=1)
    assert render(found).endswith("\n\n... and 2 more; -o json lists them all\n")
    assert [image.name for image in found.found] == ["shop/api:1"]


def test_json(fleet):
    """All of it, a package that several questions find once; equal answers have equal bytes."""
    wanted = [Wanted("pkg:npm/a"), Wanted("pkg:npm/a", "1.0.0")]
    data = encode(answer(fleet, wanted, "installed"))
    assert data == encode(answer(fleet, wanted[::-1], "installed"))
    document = json.loads(data)
    assert (document["images"], document["selected"], len(document["found"])) == (4, 3, 3)
    assert document["found"][0]["packages"] == [{"ref": A, "use": "used"}, {"ref": OTHER, "use": "not-reached"}]


def test_nothing(fleet):
    """Nothing found is an answer."""
    assert render(answer(fleet, [Wanted("pkg:npm/none")], "installed")) == "0 of 4 images\n"
