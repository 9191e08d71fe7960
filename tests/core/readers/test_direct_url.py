"""direct_url.json."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.direct_url import Origin, read_direct_url

SHA256 = "ab" * 32


@pytest.mark.parametrize(
    ("document", "origin"),
    [
        ({"url": "file:///app", "dir_info": {"editable": True}}, Origin(editable="/app")),
        ({"url": "file:///app", "dir_info": {}}, Origin()),
        ({"url": "file:///app", "dir_info": {"editable": "yes"}}, Origin()),
        ({"url": "https://h/app", "dir_info": {"editable": True}}, Origin()),
        (
            {"url": "https://u:p@h/r.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            Origin(commit="c0ffee", urls=(("vcs", "https://h/r.git"),)),
        ),
        ({"url": "https://h/r.git", "vcs_info": {"commit_id": "a b"}}, Origin(urls=(("vcs", "https://h/r.git"),))),
        ({"url": "file:///r.git", "vcs_info": {"commit_id": "c0"}}, Origin(commit="c0")),
        (
            {"url": "https://h/a.whl?sig=1", "archive_info": {"hash": f"sha256={SHA256}"}},
            Origin(urls=(("distribution", "https://h/a.whl"),), hashes=(("SHA-256", SHA256),)),
        ),
        (
            {"url": "file:///a.whl", "archive_info": {"hashes": {"sha256": SHA256.upper(), "x": "1", "sha1": "zz"}}},
            Origin(hashes=(("SHA-256", SHA256),)),
        ),
        ({"url": 5, "archive_info": []}, Origin()),
        ([], Origin()),
    ],
)
def test_origins(document, origin):
    """Each kind of origin says what the specification gives it, without credentials."""
    assert read_direct_url(json.dumps(document).encode()) == origin


@given(st.binary(max_size=60))
def test_any_bytes(data):
    """Bytes that can't be read say nothing."""
    assert read_direct_url(data) == Origin()
