"""The usage view and explanations, as users meet them."""

import json

import pytest

from builders import Link, layer, oci_layout
from loader_roots import GLIBC, LINKER, MULTIARCH, library, program

FILES = {
    "var/lib/dpkg/status": "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n" for name in ("ssl", "idle")
    ),
    "var/lib/dpkg/info/ssl.list": f"/{MULTIARCH}/libssl.so.3\n",
    "var/lib/dpkg/info/idle.list": "/usr/bin/idle\n",
    LINKER: library("ld-linux-x86-64.so.2"),
    GLIBC.lstrip("/"): Link("/" + LINKER),
    f"{MULTIARCH}/libssl.so.3": library("libssl.so.3"),
    "usr/bin/idle": program(),
    "bin/sh": program(),
    "srv/app": program("libssl.so.3"),
    "run.sh": "#!/bin/sh\nset -e\nexec /srv/app --port 80\n",
}


@pytest.fixture
def used(tmp_path):
    """An image whose script starts a program that needs one of two packages."""
    tar = layer(FILES, mode_of=lambda path, content: 0o755)
    return oci_layout(tmp_path / "used", [tar], config={"config": {"Entrypoint": ["/run.sh"]}})


def test_table(stella, used):
    """What runs, by which lines, how much is in use, and what could not be followed."""
    code, out, err = stella("scan", "--view", "usage", f"oci:{used}")
    assert (code, err) == (0, "")
    lines = out.decode("ascii").splitlines()
    assert "runs     /srv/app --port 80" in lines
    assert "         by ENTRYPOINT > run.sh:3" in lines
    assert any(line.startswith("usage    ") and "1 not-reached" in line for line in lines)


def test_documents(stella, used):
    """Only what is reached is listed, in every format; each component has its chain; a known image says the same."""
    first = stella("scan", "--view", "usage", f"oci:{used}", "-o", "json")
    again = stella("scan", "--view", "usage", f"oci:{used}", "-o", "json")
    assert first == again
    document = json.loads(first[1])
    assert "idle" not in {one["name"] for one in document["components"]}
    ssl = next(one for one in document["components"] if one["name"] == "ssl")
    assert ssl["use"]["level"] == "used"
    assert [step["place"] for step in ssl["use"]["chain"]] == ["ENTRYPOINT", "run.sh", "srv/app"]
    code, out, _ = stella("scan", "--view", "usage", f"oci:{used}", "-o", "cdx-json")
    assert code == 0
    assert b'"stella:use"' in out
    assert b"pkg:deb/idle" not in out


def test_both_views_share_a_cache(stella, used):
    """The inventory after the usage view is what it is without."""
    inventory = stella("scan", "-o", "json", f"oci:{used}")
    stella("scan", "--view", "usage", "-o", "json", f"oci:{used}")
    assert stella("scan", "-o", "json", f"oci:{used}") == inventory
    assert "use" not in json.loads(inventory[1])["components"][0]


def test_explain(stella, used):
    """A component's story ends in the chain that leads to it."""
    code, out, err = stella("explain", f"oci:{used}", "ssl")
    assert (code, err) == (0, "")
    assert out.decode().splitlines()[-3:] == [
        '            1 ENTRYPOINT ["/run.sh"]',
        "            2 run.sh:3 exec /srv/app --port 80",
        "            3 srv/app DT_NEEDED libssl.so.3",
    ]
    code, out, _ = stella("explain", f"oci:{used}", "idle")
    assert code == 0
    assert b"use       not-reached" in out


def test_explain_as_json(stella, used):
    """All that is known, in Stella's own document."""
    code, out, _ = stella("explain", f"oci:{used}", "/srv/app", "-o", "json")
    assert code == 0
    (one,) = json.loads(out)["components"]
    assert one["ref"].startswith("bin:")
    assert one["use"]["path"] == "srv/app"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 4, "nothing in the image is called nothing"),
        (["ssl", "-o", "yaml"], 3, "unknown format 'yaml'"),
        ([], 3, "needs WHAT"),
    ],
)
def test_mistakes(stella, used, arguments, code, message):
    """One line, a hint, and the code of its kind."""
    got, out, err = stella("explain", f"oci:{used}", *arguments)
    assert (got, out) == (code, b"")
    assert message in err
    assert "hint: " in err


def test_a_directory_has_no_entry_point(stella, used, tmp_path):
    """It says so, and nothing is called unused."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/app").write_bytes(program())
    code, out, _ = stella("scan", "--view", "usage", f"dir:{tmp_path / 'root'}")
    assert code == 0
    assert b"neither ENTRYPOINT nor CMD" in out
    assert b"0 not-reached" in out
