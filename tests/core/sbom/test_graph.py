"""The dependency graph that formats write."""

from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.component import Component, Distribution, Evidence
from stellaops_core.sbom.graph import edges, roots, split_foreign, split_own

NODES = [f"pkg:generic/{letter}" for letter in "abcdefgh"]


def component(purl, depends):
    return Component(purl, "generic", purl[-1], "", (Evidence("x", "test", 0),), 0, depends=tuple(depends))


GRAPHS = st.dictionaries(st.sampled_from(NODES), st.lists(st.sampled_from([*NODES, "pkg:generic/absent"]), max_size=4))


@given(GRAPHS)
def test_edges_are_sorted_unique_and_lead_to_listed_components(graph):
    """No edge dangles, none leads back to its start, and none that holds is lost."""
    found = edges([component(purl, needs) for purl, needs in sorted(graph.items())])
    assert found == {purl: sorted({need for need in graph[purl] if need in graph} - {purl}) for purl in graph}


@given(GRAPHS)
def test_everything_is_reached_from_the_roots(graph):
    """Rings too; and whatever nothing depends on is a root."""
    needs = edges([component(purl, graph[purl]) for purl in sorted(graph)])
    top = roots(needs)
    assert len(top) == len(set(top))
    assert set(needs) - {need for all_needs in needs.values() for need in all_needs} <= set(top)
    reached, todo = set(), list(top)
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo += needs[one]
    assert reached == set(needs)


def test_a_ring_has_one_root():
    """Two packages that need each other hang under the image by the first of them, not by both."""
    assert roots({"a": ["b"], "b": ["a"], "c": ["a"]}) == ["c"]
    assert roots({"a": ["b"], "b": ["a"]}) == ["a"]


def test_the_distributions_own_packages():
    """By type and namespace, in their order; without a distribution nothing is its own."""
    refs = [
        "pkg:rpm/centos/a@1",
        "pkg:deb/debian/b@1",
        "pkg:deb/ubuntu/c@1",
        "pkg:deb/debian/a@1",
        "pkg:npm/debian/x@1",
    ]
    others = ["pkg:rpm/centos/a@1", "pkg:deb/ubuntu/c@1", "pkg:npm/debian/x@1"]
    assert split_own(refs, Distribution("Debian")) == (["pkg:deb/debian/b@1", "pkg:deb/debian/a@1"], others)
    assert split_own(refs, None) == ([], refs)


def test_own_packages_stand_apart_from_a_second_systems():
    """Only where there is one, of whatever type; language packages are of no system."""
    own, wheel, npm = "pkg:deb/debian/b@1", "pkg:rpm/centos/a@1", "pkg:npm/a@1"
    assert split_foreign([own, npm, wheel], Distribution("debian")) == ([own], [npm, wheel])
    assert split_foreign([own, npm], Distribution("debian")) == ([], [own, npm])
    assert split_foreign([own, npm, "pkg:deb/ubuntu/b@1"], Distribution("debian"))[0] == [own]
