"""What well-known libraries load by themselves."""

import pytest

from loader_roots import APP, MULTIARCH, library, loads, program, tree
from stellaops_core.analyzers.texts import TEXT_LIMIT
from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.loader import plugins as loader_plugins
from stellaops_core.entrytrace.loader.plugins import plugins_of

LIBC = {APP: program("libc.so.6"), f"{MULTIARCH}/libc.so.6": library("libc.so.6")}


def libraries(*names):
    return {f"{MULTIARCH}/{name}": library(name.rpartition("/")[2]) for name in names}


def maybe(files):
    """What may be loaded, below the directory of libraries."""
    found = loads(tree(files))
    return [one for one in found if one.startswith("-")] + [
        one.removeprefix(f"?{MULTIARCH}/") for one in found if one.startswith("?")
    ]


def test_name_services():
    """Those that the configuration names, once each; actions in brackets are none; what is not there is not missed."""
    files = {
        "etc/nsswitch.conf": "# passwd: never\npasswd: files systemd\nhosts: files [!UNAVAIL=return] dns\nbad line\n",
        **libraries("libnss_files.so.2", "libnss_systemd.so.2", "libnss_dns.so.2", "libnss_never.so.2"),
    }
    assert maybe(LIBC | files) == ["libnss_files.so.2", "libnss_systemd.so.2", "libnss_dns.so.2"]


def test_without_a_configuration():
    """glibc asks files and DNS then."""
    assert maybe(LIBC | libraries("libnss_files.so.2", "libnss_dns.so.2", "libnss_nis.so.2")) == [
        "libnss_dns.so.2",
        "libnss_files.so.2",
    ]


def test_unwinding_and_character_sets():
    """glibc loads libgcc_s to cancel threads, and converters by their names."""
    assert maybe(LIBC | libraries("libgcc_s.so.1", "gconv/UTF-16.so", "gconv/CP1252.so")) == [
        "libgcc_s.so.1",
        "gconv/CP1252.so",
        "gconv/UTF-16.so",
    ]


def test_modules_of_pam():
    """Those that any service names; all of them where the configuration was not kept."""
    files = {
        APP: program("libpam.so.0"),
        **libraries("libpam.so.0", "security/pam_unix.so", "security/pam_never.so", "security/pam_x-y.so"),
    }
    conf = {
        "etc/pam.d/su": "auth required pam_unix.so\n# pam_never.so\n",
        "usr/lib/pam.d/z": "-session [a] /x/pam_x-y.so\n",
    }
    assert maybe(files | conf) == ["security/pam_unix.so", "security/pam_x-y.so"]
    assert maybe(files) == ["security/pam_never.so", "security/pam_unix.so", "security/pam_x-y.so"]


@pytest.mark.parametrize(
    ("soname", "module"),
    [
        ("libcrypto.so.3", "ossl-modules/legacy.so"),
        ("libcrypto.so.3", "engines-3/padlock.so"),
        ("libcrypto.so.1.1", "engines-1.1/padlock.so"),
        ("libsasl2.so.2", "sasl2/libplain.so.2.0.25"),
        ("libkrb5.so.3", "krb5/plugins/preauth/spake.so"),
        ("libp11-kit.so.0", "pkcs11/p11-kit-trust.so"),
        ("libnss3.so", "nss/libsoftokn3.so"),
        ("libgdk_pixbuf-2.0.so.0", "gdk-pixbuf-2.0/2.10.0/loaders/x.so"),
        ("libQt5Core.so.5", "qt5/plugins/platforms/libqxcb.so"),
        ("libMagickCore-6.Q16.so.6", "ImageMagick-6.9.11/modules-Q16/coders/png.so"),
    ],
)
def test_directories_of_modules(soname, module):
    """They lie beside the library; files that are no libraries don't count."""
    files = {APP: program(soname), **libraries(soname, module), f"{MULTIARCH}/{module}.txt": "no library"}
    assert maybe(files) == [module]
    assert maybe({APP: program("libother.so"), **libraries("libother.so", module)}) == []


def test_how():
    """It is said which configuration or directory leads to a module."""
    root = tree({**LIBC, "etc/nsswitch.conf": "hosts: dns\n", **libraries("gconv/A.so")})
    assert list(plugins_of(root, f"{MULTIARCH}/libc.so.6", "libc.so.6", Bounds("p"))) == [
        ("libgcc_s.so.1", "dlopen libgcc_s.so.1"),
        ("libnss_dns.so.2", "nsswitch.conf hosts: dns"),
        (f"{MULTIARCH}/gconv/A.so", "dlopen gconv/A.so"),
    ]


def test_too_many_modules(monkeypatch):
    """That there are more is told."""
    monkeypatch.setattr(loader_plugins, "MODULE_LIMIT", 2)
    found = maybe(LIBC | libraries(*(f"gconv/{number}.so" for number in range(9))))
    assert found == ["-more than 2 modules of one library", "gconv/0.so", "gconv/1.so"]


def test_too_much_configuration(monkeypatch):
    """Services and lines have limits, of which is told when they are met; as is a file that was not kept."""
    monkeypatch.setattr(loader_plugins, "SERVICE_LIMIT", 2)
    monkeypatch.setattr(loader_plugins, "LINE_LIMIT", 3)
    services = libraries(*(f"libnss_{name}.so.2" for name in "abcd"))
    assert maybe(LIBC | services | {"etc/nsswitch.conf": "hosts: a b c d\n"}) == [
        "-more than 2 services",
        "libnss_a.so.2",
        "libnss_b.so.2",
    ]
    assert maybe(LIBC | services | {"etc/nsswitch.conf": "\n" * 3 + "hosts: a\n"}) == ["-more than 3 lines"]
    assert maybe(LIBC | {"etc/nsswitch.conf": "#" * (TEXT_LIMIT + 1)}) == [
        "-its content was not kept, or is not readable"
    ]
    files = {APP: program("libpam.so.0"), **libraries("libpam.so.0", *(f"security/pam_{name}.so" for name in "abcd"))}
    conf = "".join(f"auth required pam_{name}.so\n" for name in "abcd")
    found = maybe(files | {"etc/pam.d/su": conf})
    assert found[0] == "-more than 3 lines of PAM's configuration"
    assert len(found) == 4
