"""The fields of package.json."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers import package_json as read


@pytest.mark.parametrize(
    ("document", "licenses"),
    [
        ({"license": "MIT"}, ("MIT",)),
        ({"license": "  SEE LICENSE IN\nLICENSE.md "}, ("SEE LICENSE IN LICENSE.md",)),
        ({"license": {"type": "MIT", "url": "x"}}, ("MIT",)),
        ({"license": {"name": "MIT"}}, ("MIT",)),
        ({"license": {"foo": "bar"}}, ()),
        ({"license": ["MIT", {"type": "ISC"}, {"type": ""}, 5]}, ("MIT", "ISC")),
        ({"licenses": [{"type": "MIT"}, {"type": "MIT"}]}, ("MIT",)),
        ({"license": "MIT", "licenses": "ISC"}, ("MIT", "ISC")),
        ({"license": 42}, ()),
        ({"license": None}, ()),
        ({}, ()),
    ],
)
def test_licenses(document, licenses):
    """All the forms in which packages have stated licences."""
    assert read.licenses_of(document) == licenses


@pytest.mark.parametrize(
    ("document", "supplier"),
    [
        ({"author": "Ada <a@example.org> (https://a.example.org)"}, "Ada"),
        ({"author": {"name": "Ada", "email": "x"}}, "Ada"),
        ({"author": ["Ada", "Bob"]}, "Ada"),
        ({"author": [{"email": "x"}, {"name": "Bob"}]}, "Bob"),
        ({"author": None, "maintainers": [{"name": "Bob"}]}, "Bob"),
        ({"author": "", "contributors": ["<x@example.org>", "Cyd <c@example.org>"]}, "Cyd"),
        ({"author": {"name": ["Ada"]}}, ""),
        ({"author": 7, "maintainers": {"name": "Bob"}}, "Bob"),
        ({}, ""),
    ],
)
def test_supplier(document, supplier):
    """The first person with a name, in any broken form."""
    assert read.supplier_of(document) == supplier


@pytest.mark.parametrize(
    ("document", "links"),
    [
        ({"homepage": "https://a.example.org"}, [("website", "https://a.example.org")]),
        ({"homepage": ["https://a.example.org"]}, []),
        ({"repository": "ada/a"}, [("vcs", "https://github.com/ada/a")]),
        ({"repository": "gitlab:ada/a#main"}, [("vcs", "https://gitlab.com/ada/a")]),
        ({"repository": "bitbucket:ada/a"}, [("vcs", "https://bitbucket.org/ada/a")]),
        ({"repository": "gist:0a1b"}, [("vcs", "https://gist.github.com/0a1b")]),
        ({"repository": {"url": "git+https://u:p@h/a.git"}}, [("vcs", "git+https://h/a.git")]),
        ({"repository": {"type": "git"}}, []),
        ({"bugs": {"url": "https://a.example.org/b"}}, [("issue-tracker", "https://a.example.org/b")]),
        ({"bugs": "https://a.example.org/b"}, [("issue-tracker", "https://a.example.org/b")]),
        ({"_resolved": "https://u@h/a.tgz?t=1#x"}, [("distribution", "https://h/a.tgz")]),
        ({"_resolved": "git+ssh://git@h/a.git#c0ffee"}, [("vcs", "git+ssh://git@h/a.git#c0ffee")]),
    ],
)
def test_links(document, links):
    """Places on a network, typed as CycloneDX types them."""
    assert list(read.links_of(document)) == links


def test_dependencies():
    """Dependencies, optional and peer ones, each name once; the strongest kind's range; odd values are passed over."""
    document = {
        "dependencies": {"b": "1", "a": "https://u:secret@h/a.tgz", "odd": None},
        "optionalDependencies": {"b": "2", "c": "3"},
        "peerDependencies": {"b": "4", "@s/d": "5", "": "6"},
        "devDependencies": {"e": "7"},
    }
    assert read.dependencies_of(document) == ("@s/d@5", "a@https://h/a.tgz", "b@1", "c@3")
    assert read.dependencies_of({"dependencies": ["a"]}) == ()


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"bundleDependencies": ["b", "a", 5]}, ("a", "b")),
        ({"bundledDependencies": {"a": "1"}}, ("a",)),
        ({"bundleDependencies": True, "dependencies": {"a": "1"}}, ("a",)),
        ({"bundleDependencies": True}, ()),
        ({"bundleDependencies": False, "dependencies": {"a": "1"}}, ()),
    ],
)
def test_bundled(document, names):
    """A list, npm's older object, or all of them."""
    assert read.bundled_by(document) == names


LABELS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(LABELS)), st.binary(max_size=9)), max_size=4), st.sampled_from(["", "?x"])
)
def test_integrity(contents, options):
    """Every hash of an SRI text comes out as hashlib writes it."""
    text = " ".join(
        f"{name}-{base64.b64encode(hashlib.new(name, data).digest()).decode()}{options}" for name, data in contents
    )
    assert list(read.integrity_of(text)) == [
        (LABELS[name], hashlib.new(name, data).hexdigest()) for name, data in contents
    ]


@pytest.mark.parametrize("text", [None, 5, "", "sha512", "sha512-", "sha512-AAAA", "md5-AAAA", "sha1-!!!!", "sha1-é"])
def test_integrity_of_nonsense(text):
    """What is no hash of its algorithm's length says nothing."""
    assert list(read.integrity_of(text)) == []


def test_values_are_bounded(monkeypatch):
    """A document of many small values takes far more memory than its bytes; so they are counted before."""
    monkeypatch.setattr(read, "VALUES_LIMIT", 10)
    assert read.read_object(b'{"a": [1,1,1,1,1,1,1,1]}') == {"a": [1] * 8}
    for more in (b"1,1", b"[],[]", b"[[[]]]"):
        with pytest.raises(ValueError, match="more than 10 values"):
            read.read_object(b'{"a": [1,1,1,1,1,1,1,1,%s]}' % more)
