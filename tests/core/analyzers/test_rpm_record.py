"""rpm records: what of a header is a fact."""

import base64

import pytest

from rpm_files import BINARY, CHAR, INT32, INT64, STRING, STRINGS, TRANSLATED, header, package, signature
from stellaops_core.analyzers.rpm_record import PATH_LIMIT, TEXT_LIMIT, name_package, read_record

ROOM = 1 << 20


def read(**facts):
    return read_record(package(**facts), ROOM)


def test_facts():
    """Every field of a package."""
    record = read(
        name="bash",
        version="5.2",
        release="3.el9",
        epoch=2,
        vendor="A Vendor\n",
        license="GPL-3.0-or-later AND MIT",
        url="https://user:secret@shell.example/",
        sourcerpm="bash-5.2-3.el9.src.rpm",
        modularitylabel="bash:5:8010020190829143335:cdc1202b",
        requires=["libc.so.6()(64bit)", "config(bash) = 5.2-3.el9", "rpmlib(X) <= 1", "(a if b)", "/bin/sh", "/bin/sh"],
        provides=["bash = 5.2-3.el9", "bash(x86-64) = 5.2-3.el9"],
    )
    found = record.package
    assert (found.type, found.name, found.version, found.key) == (
        "rpm",
        "bash",
        "2:5.2-3.el9",
        "bash-2:5.2-3.el9.x86_64",
    )
    assert found.qualifiers == {"arch": "x86_64", "epoch": "2"}
    assert found.licenses == ("GPL-3.0-or-later AND MIT",)
    assert found.supplier == "A Vendor"
    assert found.urls == (("website", "https://shell.example/"),)
    assert found.requires == ("libc.so.6()(64bit)", "config(bash) = 5.2-3.el9", "/bin/sh")
    assert found.provides == ("bash = 5.2-3.el9", "bash(x86-64) = 5.2-3.el9")
    assert found.properties == (
        ("stella:rpm:modularityLabel", "bash:5:8010020190829143335:cdc1202b"),
        ("stella:rpm:sourceRpm", "bash-5.2-3.el9.src.rpm"),
    )


@pytest.mark.parametrize("epoch", [None, 0])
def test_no_epoch(epoch):
    """Epoch 0 is no epoch."""
    found = read(epoch=epoch).package
    assert (found.version, found.qualifiers) == ("1-1", {"arch": "x86_64"})


def test_public_keys_are_no_packages():
    """rpm keeps the keys that it trusts among the packages."""
    assert read(name="gpg-pubkey", arch="") is None


@pytest.mark.parametrize(
    "facts",
    [{"name": ""}, {"version": ""}, {"release": "1 2"}, {"name": "a\nb"}, {"name": "ä"}, {"name": "a" * 257}],
)
def test_unusable_names(facts):
    """A package without a usable name, version or release is none."""
    with pytest.raises(ValueError, match="no usable name, version or release"):
        read(**facts)


def test_texts():
    """A licence may be translated, what "(none)" says is nothing, and what is too long is passed over."""
    extra = {
        1014: (TRANSLATED, ["MIT", "MIT auf Deutsch"]),
        1011: (STRING, "(none)"),
        1044: (STRING, "x" * (TEXT_LIMIT + 1)),
    }
    found = read(extra=extra).package
    assert (found.licenses, found.supplier, found.properties) == (("MIT",), "", ())


def test_files():
    """Paths are put together; what another package replaced, and what was not installed, is not on disk."""
    files = ["/usr/bin/a", "/usr/bin/b", "/usr/share/doc/c", "/etc/d", "/lib/e", "/f"]
    assert read(files=files).files == [file[1:] for file in files]
    assert read(files=files, states=[0, 1, 2, 3, 4, 0]).files == ["usr/bin/a", "etc/d", "f"]
    assert read(files=["/"]).files == []


def test_old_files():
    """Headers of old keep whole paths."""
    assert read(extra={1027: (STRINGS, ["/usr/bin/a", "/etc/b"])}).files == ["usr/bin/a", "etc/b"]


def test_odd_paths():
    """What no file system could hold, or no list of lines, is left out."""
    assert read(files=["/a\nb", "/" + "x" * PATH_LIMIT, "/c"]).files == ["c"]


@pytest.mark.parametrize(
    "extra",
    [
        {1117: (STRINGS, ["a", "b"]), 1118: (STRINGS, ["/"]), 1116: (INT32, [0])},
        {1117: (STRINGS, ["a"]), 1118: (STRINGS, ["/"]), 1116: (INT32, [1])},
        {1117: (STRINGS, ["a"]), 1118: (STRINGS, ["/"])},
    ],
)
def test_lists_of_several_lengths(extra):
    """A file list whose parts don't fit is refused."""
    with pytest.raises(ValueError, match="a file list of several lengths"):
        read(extra=extra)


def test_paths_are_bounded():
    """A thousand names in one long directory can't make a small database large."""
    extra = {1117: (STRINGS, ["a"] * 1000), 1118: (STRINGS, ["/" + "d" * 4000 + "/"]), 1116: (INT32, [0] * 1000)}
    with pytest.raises(ValueError, match="more characters than the database has"):
        read(extra=extra)


def test_signature_keys():
    """Keys of all signatures, old and new, each once."""
    one, two, three = "0123456789abcdef", "fedcba9876543210", "1111222233334444"
    extra = {
        268: (BINARY, signature(one)),
        259: (BINARY, signature(one, version=3)),
        267: (BINARY, signature(two)),
        278: (STRINGS, [base64.b64encode(signature(three, version=6, fingerprint=True)).decode(), "no base64!"]),
    }
    assert read(extra=extra).package.properties == tuple(("stella:rpm:signatureKey", key) for key in (one, two, three))


def test_values_of_other_types():
    """A tag of another type than its own is as good as none; it is no reason to lose the package."""
    extra = {1049: (INT32, [1]), 1048: (STRING, "x"), 1047: (STRINGS, ["p"]), 1112: (INT64, [8]), 1113: (CHAR, [1])}
    extra |= {268: (STRING, "x"), 1003: (STRING, "1"), 1014: (INT32, [5])}
    found = read(extra=extra).package
    assert (found.requires, found.provides, found.licenses, found.qualifiers) == ((), ("p",), (), {"arch": "x86_64"})


def test_damaged_headers_are_refused():
    """What `read_header` refuses is refused."""
    with pytest.raises(ValueError, match="cut off"):
        read_record(header({1000: (STRING, "a")})[:-3], ROOM)


def test_keys_tell_packages_apart():
    """Two versions and two architectures of one name are four packages."""
    keys = {name_package("a", version, 0, arch).key for version in ("1-1", "2-1") for arch in ("i686", "x86_64")}
    assert len(keys) == 4
