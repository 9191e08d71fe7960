"""Text and URLs of package records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.stated import URL_LIMIT, clean_text, clean_url, kind_of_link


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        (" https://example.org ", "https://example.org"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://secret@example.org", "https://example.org"),
        ("git+https://secret@example.org/a.git", "git+https://example.org/a.git"),
        ("git+ssh://git@example.org/a.git#v1", "git+ssh://git@example.org/a.git#v1"),
        ("ssh://git:secret@example.org/a", "ssh://git@example.org/a"),
        ("git@example.org:a/b.git", "git+ssh://git@example.org/a/b.git"),
        ("git+ssh://git@example.org:a/b.git", "git+ssh://git@example.org/a/b.git"),
        ("ssh://git@example.org:22/a", "ssh://git@example.org:22/a"),
        ("git://example.org/a", "git://example.org/a"),
        ("https://u:p@ss@example.org/", ""),
        ("https:///a", ""),
        ("https://", ""),
        ("https://example.org/a b", ""),
        ("https://example.org/\x00", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("www.example.org", ""),
        ("https://example.org/" + "a" * URL_LIMIT, ""),
        (None, ""),
        (["https://example.org"], ""),
    ],
)
def test_clean_url(text, url):
    """Only places on a network come out, without who may go there."""
    assert clean_url(text) == url


def test_query_may_be_dropped():
    """The signature of a download address goes with its query."""
    assert clean_url("https://example.org/a.tgz?X-Signature=1#sha1", keep_query=False) == "https://example.org/a.tgz"


@given(st.text(max_size=30), st.text("abc:", max_size=8))
def test_clean_url_is_a_fixpoint_without_credentials(text, secret):
    """Cleaning twice changes nothing, and what stood before the at sign of an http URL is gone."""
    once = clean_url(f"https://{secret}@h.example/{text}")
    assert clean_url(once) == once
    assert once == "" or once.startswith("https://h.example/")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\n  b\tc\x00\x1b[31m", "a b c [31m"),
        ("see https://user:secret@example.org/x", "see https://example.org/x"),
        ("a" * 50, "a" * 20),
        (None, ""),
        (5, ""),
    ],
)
def test_clean_text(value, text):
    """One line, no control characters, no credentials, no more than asked for."""
    assert clean_text(value, 20 if text.startswith("aaa") else 100) == text


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Home-Page", "website"),
        ("Source Code", "vcs"),
        ("Issue Tracker", "issue-tracker"),
        ("Bug Tracker", "issue-tracker"),
        ("What's New", "release-notes"),
        ("Chat: Matrix", "chat"),
        ("Funding", "other"),
        ("", "other"),
    ],
)
def test_labels(label, kind):
    """Well-known labels count in any spelling."""
    assert kind_of_link(label) == kind
