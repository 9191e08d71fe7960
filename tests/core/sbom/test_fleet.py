"""Asking a fleet: what it finds is what going through all images finds."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sbom.fleets import PRODUCTS, REFS, digest, expected, images, parts
from stellaops_core.errors import TargetNotFound, UsageError
from stellaops_core.sbom.fleet import Wanted, open_fleet, read_wanted
from stellaops_core.sbom.fleet_check import check_fleet
from stellaops_core.sbom.fleet_writer import FleetWriter

QUESTIONS = st.one_of(
    st.sampled_from(PRODUCTS).map(Wanted),
    st.sampled_from(REFS).map(read_wanted),
    st.builds(Wanted, st.sampled_from(PRODUCTS), accepts=st.sampled_from([lambda text: text > "1.1", lambda _: False])),
    st.sampled_from(["pkg:deb/debian/ssl?arch=arm64", "pkg:deb/debian/ssl@1.1", "pkg:npm/z", "pkg:npm/a@9"]).map(
        read_wanted
    ),
)
REACHES = ("installed", "possible", "used")


@settings(max_examples=100)
@given(st.data())
def test_equals_brute_force(tmp_path_factory, data):
    """After any additions, replacements and removals: each kind of question, however far it reaches."""
    path = str(tmp_path_factory.mktemp("fleet") / "fleet.bomx")
    known = {}
    with FleetWriter(path) as writer:
        for _ in range(data.draw(st.integers(1, 4))):
            batch = data.draw(st.lists(images(), max_size=8))
            writer.add(batch)
            known |= {one.image: one for one in batch}
            gone = [digest(number) for number in data.draw(st.sets(st.integers(0, 14), max_size=3))]
            assert writer.remove(gone) == len(known.keys() & set(gone))
            known = {image: one for image, one in known.items() if image not in gone}
    assert check_fleet(path) == len(known)
    wanted = data.draw(st.lists(QUESTIONS, max_size=4))
    with open_fleet(path) as fleet:
        assert len(fleet) == len(known)
        for reach in REACHES:
            found = {image.image for image in fleet.images(fleet.select(wanted, reach))}
            assert found == expected(known, wanted, reach)
        for one in wanted:
            for hit in fleet.hits(one):
                assert one.fits(hit.ref)
                for reach in REACHES:
                    found = {image.image for image in fleet.images(hit.reached(reach))}
                    assert found == {
                        image
                        for image, known_one in known.items()
                        if image in expected({image: known_one}, [exactly(hit.ref)], reach)
                    }


def exactly(ref):
    one = read_wanted(ref)
    return Wanted(one.product, accepts=None, version=one.version, qualifiers=one.qualifiers, subpath=one.subpath)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("pkg:npm/lodash", Wanted("pkg:npm/lodash")),
        ("pkg:NPM/@babel/core@7.0.0", Wanted("pkg:npm/%40babel/core", "7.0.0")),
        ("pkg:pypi/Flask_Login", Wanted("pkg:pypi/flask-login")),
        ("pkg:deb/debian/a@1%2Bb?distro=x&arch=y", Wanted("pkg:deb/debian/a", "1+b", ("arch=y", "distro=x"))),
        ("pkg:golang/a.org/b@v1#c/d", Wanted("pkg:golang/a.org/b", "v1", subpath="c/d")),
        ("bin:" + "a" * 64, Wanted("bin:" + "a" * 64)),
    ],
)
def test_questions_are_read(text, wanted):
    """Package URLs in any spelling, with a version or without."""
    assert read_wanted(text) == wanted


def test_bad_questions_are_refused():
    """What is no package URL, and two ways to name versions."""
    with pytest.raises(UsageError, match="not a package URL"):
        read_wanted("lodash")
    with pytest.raises(UsageError, match="both"):
        read_wanted("pkg:npm/a@1", lambda _: True)


def test_a_package_is_found_by_its_source(tmp_path):
    """An advisory on the source package finds what was built from it, by the source's version; see `products`."""
    path = str(tmp_path / "fleet")
    with FleetWriter(path) as writer:
        writer.add([parts(1, [REFS[9]]), parts(2, [REFS[12]])])
    with open_fleet(path) as fleet:
        assert [hit.ref for hit in fleet.hits(Wanted("pkg:deb/debian/ssl"))] == [REFS[9], REFS[12]]
        assert [hit.ref for hit in fleet.hits(Wanted("pkg:deb/debian/ssl", "1.0"))] == [REFS[9]]
        assert [hit.ref for hit in fleet.hits(Wanted("pkg:deb/debian/lib0", "1.0-1"))] == [REFS[9]]


def test_images_are_told(tmp_path):
    """What is known of each; numbers that are none are passed over."""
    path = str(tmp_path / "fleet")
    with FleetWriter(path) as writer:
        writer.add([parts(1, [REFS[0]], used=[REFS[0]]), parts(4, [REFS[0]])])
    with open_fleet(path) as fleet:
        first, second = fleet.images([0, 1, 77])
        assert (first.image, first.name, first.has_usage) == (digest(1), "registry.example/app-1:1", True)
        assert (second.image, second.platform, second.has_usage) == (digest(4), "linux/amd64", False)


def test_no_file(tmp_path):
    """Asking makes no file, where there is none, nor a directory into one."""
    for name in ("none", ".", "none/none"):
        with pytest.raises(TargetNotFound):
            open_fleet(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_readers_see_whole_states(tmp_path):
    """While one thread adds and removes the same two images together, others see both or none, and wait for nobody."""
    path = str(tmp_path / "fleet")
    both = [parts(number, [REFS[0], REFS[9]]) for number in (1, 2)]
    with FleetWriter(path) as writer:
        writer.add([parts(9, [REFS[9]])])
    stop, seen = threading.Event(), []

    def read():
        while not stop.is_set():
            with open_fleet(path) as fleet:
                seen.append(
                    (len(fleet.select([Wanted("pkg:npm/a")])), len(fleet.select([Wanted("pkg:deb/debian/ssl")])))
                )

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    with FleetWriter(path) as writer:
        for _ in range(20):
            writer.add(both)
            writer.remove([one.image for one in both])
    stop.set()
    for one in readers:
        one.join()
    assert {first for first, _ in seen} <= {0, 2}
    assert {second for _, second in seen} <= {1, 3}
    assert len(seen) > 3
