"""Text and URLs as package records state them, made fit to be published.

Comes in: any value. Goes out: one line of text without control characters; a URL without credentials; or nothing.
"""

import re
from typing import Final

URL_LIMIT: Final = 2048
"""Longer ones are data, not places."""

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]+")
_LOGIN = re.compile(r"://[^/?#\s]*@")
_URL = re.compile(
    r"(git\+|hg\+|svn\+|bzr\+)?(https?|ssh|git|ftp|svn|bzr)://(?:([^/?#@\s\x00-\x20]*)@)?([^/?#@\s\x00-\x20]+)"
    r"((?:[/?#][^\s\x00-\x20\x7f<>\"\\^`{|}]*)?)"
)
_SCP = re.compile(r"(?:git\+ssh://)?git@([A-Za-z0-9.-]+):(?!\d+/)([^\s:]+)")
_KINDS: Final = {
    "bugs": "issue-tracker",
    "bugtracker": "issue-tracker",
    "changelog": "release-notes",
    "changes": "release-notes",
    "chat": "chat",
    "code": "vcs",
    "docs": "documentation",
    "documentation": "documentation",
    "download": "distribution",
    "github": "vcs",
    "history": "release-notes",
    "home": "website",
    "homepage": "website",
    "issues": "issue-tracker",
    "issuetracker": "issue-tracker",
    "mailinglist": "mailing-list",
    "mailinglists": "mailing-list",
    "releasenotes": "release-notes",
    "repository": "vcs",
    "source": "vcs",
    "sourcecode": "vcs",
    "support": "support",
    "tracker": "issue-tracker",
    "website": "website",
    "whatsnew": "release-notes",
}


def clean_text(value: object, limit: int) -> str:
    """Return the text on one line; empty for other types. What is beyond `limit` characters is cut off.

    Users and passwords of URLs inside it are left out.
    """
    if not isinstance(value, str):
        return ""
    text = _CONTROL.sub(" ", value[:limit]).strip()
    return _LOGIN.sub("://", text) if "://" in text else text


def clean_url(text: object, *, keep_query: bool = True) -> str:
    """Return the URL without user, password and (on request) query and fragment; empty for what is no URL.

    Signed download addresses carry their secret in the query. The user of an ssh URL is no secret and stays.
    """
    if not isinstance(text, str) or len(text) > URL_LIMIT:
        return ""
    text = _SCP.sub(r"git+ssh://git@\1/\2", text.strip())
    match = _URL.fullmatch(text)
    if not match:
        return ""
    tool, scheme, user, host, rest = match.groups(default="")
    if not keep_query:
        rest = re.split("[?#]", rest, maxsplit=1)[0]
    login = user.partition(":")[0] + "@" if user and scheme == "ssh" else ""
    return f"{tool}{scheme}://{login}{host}{rest}"


def kind_of_link(label: str) -> str:
    """CycloneDX external reference type of a labelled link; `other` for labels that say nothing known.

    Source: PyPA "Well-known Project URLs in Metadata": labels are compared without punctuation, spaces and case.
    """
    plain = re.sub(r"[^a-z]", "", label.lower())
    return _KINDS.get(plain) or ("chat" if plain.startswith("chat") else "other")
