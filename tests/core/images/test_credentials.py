import base64
import json
import time
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from stellaops_core.images import credentials as subject
from stellaops_core.images.credentials import Credentials, Login


def auth(user: str, password: str = "s3cret") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, document) -> str:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def helper(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


AUTHS = {
    "https://index.docker.io/v1/": auth("hub"),
    "reg.example": auth("plain"),
    "https://tls.example": auth("scheme"),
    "https://old.example/v1/": auth("v1"),
    "bare.example/v2": auth("v2"),
    "Upper.Example:5000": auth("port"),
    "reg.example/team": auth("team"),
    "reg.example/team/app": auth("app"),
    "empty.example": {},
    "null.example": None,
    "fields.example": {"username": "fields", "password": "x"},
    "colon.example": auth("colon", "a:b"),
    "nul.example": auth("nul", "x\0\0"),
}


@pytest.mark.parametrize(
    ("registry", "repository", "user"),
    [
        ("docker.io", "library/debian", "hub"),
        ("reg.example", "", "plain"),
        ("reg.example", "other/app", "plain"),
        ("reg.example", "teamwork/app", "plain"),
        ("reg.example", "team/tool", "team"),
        ("reg.example", "team/app", "app"),
        ("reg.example", "team/app/sub", "app"),
        ("tls.example", "x", "scheme"),
        ("old.example", "x", "v1"),
        ("bare.example", "x", "v2"),
        ("upper.example:5000", "x", "port"),
        ("fields.example", "x", "fields"),
        ("colon.example", "x", "colon"),
        ("nul.example", "x", "nul"),
        ("upper.example", "x", None),
        ("upper.example:5001", "x", None),
        ("sub.reg.example", "x", None),
        ("example", "x", None),
        ("reg.example:443", "x", None),
        ("g.example", "x", None),
        ("empty.example", "x", None),
        ("null.example", "x", None),
        ("index.docker.io.evil.example", "x", None),
    ],
)
def test_a_login_belongs_to_one_registry(tmp_path, registry, repository, user):
    """Keys as docker and podman write them; the longest path wins; other hosts and ports get nothing."""
    login, problem = Credentials((write(tmp_path / "c", {"auths": AUTHS}),)).find(registry, repository)
    assert (login.username if login else None) == user
    assert not problem


def test_passwords_are_read_whole(tmp_path):
    """Colons belong to the password, padding does not."""
    found = Credentials((write(tmp_path / "c", {"auths": AUTHS}),))
    assert found.find("colon.example")[0] == Login("colon", "a:b")
    assert found.find("nul.example")[0] == Login("nul", "x")


def test_earlier_files_win_and_missing_ones_do_not_matter(tmp_path):
    """The order of settings is the order of precedence."""
    first = write(tmp_path / "1", {"auths": {"a.example": auth("one")}})
    second = write(tmp_path / "2", {"auths": {"a.example": auth("two"), "b.example": auth("two")}})
    found = Credentials((str(tmp_path / "none"), first, second))
    users = [login.username if login else "" for login, _ in map(found.find, ("a.example", "b.example", "c.example"))]
    assert users == ["one", "two", ""]


def test_an_identity_token_is_none_of_ours_to_send(tmp_path):
    """It wins over the name beside it, and never becomes Basic."""
    entry = {**auth("00000000-0000-0000-0000-000000000000", ""), "identitytoken": "s3cret"}
    login, _ = Credentials((write(tmp_path / "c", {"auths": {"a.example": entry}}),)).find("a.example")
    assert login == Login(identity_token="s3cret")
    assert login.basic == ""


def test_a_token_for_the_registry_wins(tmp_path):
    """Over what stands beside it, as with docker; it becomes neither Basic nor a refresh token."""
    entry = {**auth("me"), "identitytoken": "other", "registrytoken": "s3cret"}
    login, _ = Credentials((write(tmp_path / "c", {"auths": {"a.example": entry}}),)).find("a.example")
    assert login == Login(registry_token="s3cret")
    assert login.basic == ""


@pytest.mark.parametrize(
    "document",
    [
        "",
        "s3cret",
        "[]",
        '{"auths": []}',
        '{"auths": {"a.example": "s3cret"}}',
        '{"auths": {"a.example": {"auth": 7}}}',
        '{"auths": {"a.example": {"auth": "s3cret!"}}}',
        '{"auths": {"a.example": {"auth": "//79"}}}',
        '{"auths": {"a.example": {"registrytoken": "s3cret\\r\\nX-Injected: 1"}}}',
        '{"auths": {"a.example": {"registrytoken": "s3cret é"}}}',
        '{"credHelpers": 7}',
        '{"credHelpers": {"a.example": "../s3cret"}}',
        '{"credHelpers": {"a.example": "s3cret/x"}}',
        '{"credHelpers": {"a.example": ""}}',
        '{"credsStore": "absent"}',
        "[" * 100_000,
        '{"x": "' + "x" * subject.CONFIG_LIMIT + '"}',
    ],
)
def test_what_cannot_be_read_is_a_problem_without_secrets(tmp_path, document):
    """No error, no login: a reason to show in case the registry refuses us, and nothing quoted in it."""
    login, problem = Credentials((write(tmp_path / "c", document),), {"PATH": str(tmp_path)}).find("a.example")
    assert login is None
    assert problem
    assert "s3cret" not in problem


def test_an_unreadable_file_is_a_problem(tmp_path):
    """A directory in place of the file."""
    assert "can't be read" in Credentials((str(tmp_path),)).find("a.example")[1]


def test_a_huge_file_is_not_read_whole(tmp_path):
    """A configuration of a terabyte costs no memory."""
    with (tmp_path / "c").open("wb") as file:
        file.truncate(1 << 40)
    assert "no configuration" in Credentials((str(tmp_path / "c"),)).find("a.example")[1]


# Helpers


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "bin"


def ask(folder: Path, config, registry: str = "a.example") -> tuple[Login | None, str]:
    file = write(folder.parent / "config.json", config)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "MARK": "marked", "OUT": str(folder.parent / "out")}
    return Credentials((file,), environment).find(registry)


@pytest.mark.parametrize(
    ("registry", "server"), [("a.example", "a.example"), ("docker.io", "https://index.docker.io/v1/")]
)
def test_a_helper_is_asked_as_docker_asks_it(folder, registry, server):
    """`get`, the server on stdin, the environment of the user; the answer is a login."""
    helper(folder, "x", 'echo "$1 $MARK $(cat)" > $OUT; echo \'{"Username": "me", "Secret": "s3cret"}\'')
    for config in ({"credHelpers": {registry: "x"}}, {"credsStore": "x"}):
        assert ask(folder, config, registry) == (Login("me", "s3cret"), "")
        assert (folder.parent / "out").read_text() == f"get marked {server}\n"


def test_a_helper_is_asked_for_its_registry_only(folder):
    """Another registry's helper is left alone, and a general one is asked by the key that docker stored."""
    helper(folder, "x", 'cat >> $OUT; echo \'{"Username": "me", "Secret": "x"}\'')
    assert ask(folder, {"credHelpers": {"b.example": "x"}}) == (None, "")
    assert not (folder.parent / "out").exists()
    ask(folder, {"credsStore": "x", "auths": {"https://a.example/v2/": {}, "https://b.example": {}}})
    assert (folder.parent / "out").read_text() == "https://a.example/v2/"


def test_a_helper_may_give_an_identity_token(folder):
    """The user name `<token>` says so."""
    helper(folder, "x", 'echo \'{"Username": "<token>", "Secret": "t"}\'')
    assert ask(folder, {"credsStore": "x"})[0] == Login(identity_token="t")


def test_a_helper_that_knows_nothing_is_no_problem(folder):
    """What the file holds is used then."""
    helper(folder, "x", "echo credentials not found in native keychain; exit 1")
    assert ask(folder, {"credsStore": "x"}) == (None, "")
    config = {"credHelpers": {"a.example": "x"}, "auths": {"a.example": auth("file")}}
    assert ask(folder, config)[0] == Login("file", "s3cret")


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo s3cret; exit 1",
        "echo s3cret",
        "exec cat /dev/zero",
        'echo \'{"Username": 7, "Secret": "s3cret"}\'',
        "kill -9 $$",
    ],
)
def test_a_broken_helper_is_a_problem(folder, script):
    """Failing, talking nonsense, talking without end: told by the helper's name, without what it said."""
    helper(folder, "x", script)
    login, problem = ask(folder, {"credsStore": "x"})
    assert login is None
    assert "docker-credential-x" in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    "script", ["echo $$ > $OUT; sleep 60", "sleep 60 & echo $! > $OUT; sleep 60", "echo $$ > $OUT; exec >&-; sleep 60"]
)
def test_a_hanging_helper_is_ended(folder, script, monkeypatch):
    """With what it has started, whether it keeps its output open or not."""
    monkeypatch.setattr(subject, "HELPER_SECONDS", 0.3)
    helper(folder, "x", script)
    assert "failed" in ask(folder, {"credsStore": "x"})[1]
    process = int((folder.parent / "out").read_text())
    for _ in range(100):
        if not _runs(process):
            break
        time.sleep(0.05)
    assert not _runs(process)


def _runs(process: int) -> bool:
    """Whether a process exists and has not ended; nobody may have asked for its exit code. proc_pid_stat(5)."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_helper_is_not_taken_from_the_working_directory(folder, monkeypatch):
    """Empty and relative entries of PATH don't count."""
    helper(folder, "x", 'echo \'{"Username": "me", "Secret": "x"}\'')
    monkeypatch.chdir(folder)
    file = write(folder.parent / "c", {"credsStore": "x"})
    for path in ("", ":", ".", "bin:.:", ":/nowhere"):
        login, problem = Credentials((file,), {"PATH": path}).find("a.example")
        assert login is None
        assert "not on PATH" in problem


def test_secrets_are_not_shown():
    """Neither repr, str nor rich tells a password, a token or the environment."""
    login = Login("user", "s3cret", "s3cret", "s3cret")
    found = Credentials(("file",), {"KEY": "s3cret"})
    for thing in (login, found, [login], {"a": found}):
        assert "s3cret" not in f"{thing} {thing!r} {pretty_repr(thing)}"
    assert "file" in repr(found)
