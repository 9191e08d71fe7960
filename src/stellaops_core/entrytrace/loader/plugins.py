"""What well-known libraries load by themselves: modules that a configuration or a directory names.

Comes in: the root and a loaded library. Goes out: names and paths of libraries that it may load. Rule: such modules
are `maybe` all of them, for which are taken depends on what the program does; a directory's modules count whole.

Source: nsswitch.conf(5) and glibc, nss/nss_module.c; pam.d(5); iconv(3) and glibc, iconv/gconv_conf.c; glibc,
sysdeps/nptl/unwind-forcedunwind.c (`libgcc_s.so.1`); the libraries' manuals, by the table below.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from stellaops_core.entrytrace.bounds import Bounds
from stellaops_core.entrytrace.root import Root

MODULE_LIMIT: Final = 5000
"""Modules of one library."""
LINE_LIMIT: Final = 10_000
"""Lines of one configuration, in all its files."""
SERVICE_LIMIT: Final = 100
"""Services of nsswitch.conf."""

_DIRECTORIES: Final = (
    (r"libcrypto\.so\.", ("ossl-modules", "engines-*", "openssl-*/engines")),
    (r"libc\.so\.6$", ("gconv",)),
    (r"libsasl2\.so\.", ("sasl2",)),
    (r"libkrb5\.so\.", ("krb5/plugins/*",)),
    (r"libp11-kit\.so\.", ("pkcs11",)),
    (r"libnss3\.so$", ("nss",)),
    (r"libldap(?:_r)?-[0-9.]+\.so\.", ("ldap", "openldap")),
    (r"libgio-2\.0\.so\.", ("gio/modules",)),
    (r"libgdk_pixbuf-2\.0\.so\.", ("gdk-pixbuf-2.0/*/loaders",)),
    (r"libgtk-3\.so\.", ("gtk-3.0/*/immodules", "gtk-3.0/*/printbackends")),
    (r"libgstreamer-1\.0\.so\.", ("gstreamer-1.0",)),
    (r"libMagickCore-", ("ImageMagick-*/modules-*/coders", "ImageMagick-*/modules-*/filters")),
    (r"libQt[56]Core\.so\.", ("qt[56]/plugins/*", "../plugins/*")),
    (r"libxtables\.so\.", ("xtables",)),
    (r"libaprutil-1\.so\.", ("apr-util-1",)),
    (r"libasound\.so\.", ("alsa-lib",)),
    (r"libgvc\.so\.", ("graphviz",)),
    (r"libenchant-2\.so\.", ("enchant-2",)),
    (r"libhwloc\.so\.", ("hwloc",)),
    (r"libdbus-1\.so\.|libproxy\.so\.", ("libproxy", "libproxy/*")),
    (r"libvips\.so\.", ("vips-modules-*",)),
    (r"libheif\.so\.", ("libheif", "libheif/plugins")),
    (r"libgallium|libEGL\.so\.|libGLX?\.so\.|libgbm\.so\.", ("dri", "gbm")),
    (r"libodbc\.so\.", ("odbc",)),
)
_OWN: Final = tuple((re.compile(pattern), places) for pattern, places in _DIRECTORIES)
_PAM_DIRECTORIES: Final = ("security", "../security")
_SERVICE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PAM_MODULE: Final = re.compile(r"\bpam_[A-Za-z0-9_.+-]{1,200}\.so\b")


def plugins_of(root: Root, path: str, soname: str, bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield (name to search for, or path, and how it comes) of what a library may load; `path`: its real path."""
    home = path.rpartition("/")[0]
    if soname == "libc.so.6":
        yield "libgcc_s.so.1", "dlopen libgcc_s.so.1"
        yield from _name_services(root, bounds)
    elif soname.startswith("libpam.so."):
        yield from _pam_modules(root, home, bounds)
    count = 0
    for pattern, places in _OWN:
        if pattern.match(soname):
            for place in places:
                for module in _modules(root, f"{home}/{place}"):
                    if bounds.is_full(count, MODULE_LIMIT, "modules of one library", path):
                        return
                    count += 1
                    yield module, f"dlopen {place}/{module.rpartition('/')[2]}"


def _modules(root: Root, pattern: str) -> Iterator[str]:
    """Yield the real paths of the libraries in directories by a pattern."""
    for directory in _matching(root, pattern):
        for name in root.names(directory):
            if ".so" in name and (real := root.real(f"{directory}/{name}")):
                yield real


def _matching(root: Root, pattern: str) -> list[str]:
    found = [""]
    for step in pattern.split("/"):
        if any(letter in step for letter in "*?["):
            found = [f"{at}/{name}" for at in found for name in root.names(at) if fnmatchcase(name, step)]
        else:
            found = [f"{at}/{step}" for at in found]
    return [one for one in found if root.is_directory(one)]


def _name_services(root: Root, bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield the modules of `etc/nsswitch.conf`; without it, those of what glibc does then."""
    path = "etc/nsswitch.conf"
    lines = (bounds.text(root, path) or "hosts: dns files\npasswd: files").splitlines()
    seen: set[str] = set()
    for line in bounds.first(lines, LINE_LIMIT, "lines", path):
        database, colon, services = line.partition("#")[0].partition(":")
        for service in re.sub(r"\[[^\]]*\]", " ", services).split() if colon else ():
            if service not in seen and _SERVICE.fullmatch(service):
                if bounds.is_full(len(seen), SERVICE_LIMIT, "services", path):
                    return
                seen.add(service)
                yield f"libnss_{service}.so.2", f"nsswitch.conf {database.strip()}: {service}"


def _pam_modules(root: Root, home: str, bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield the modules that PAM's configuration names; where that was not kept, all that there are."""
    named: dict[str, str] = {}
    kept = False
    for count, (file, line) in enumerate(_pam_lines(root, bounds)):
        if bounds.is_full(count, LINE_LIMIT, "lines of PAM's configuration", file):
            break
        kept = True
        for name in _PAM_MODULE.findall(line.partition("#")[0]):
            named.setdefault(name, file)
    for place in _PAM_DIRECTORIES:
        for module in _modules(root, f"{home}/{place}"):
            name = module.rpartition("/")[2]
            if not kept:
                yield module, f"dlopen security/{name}"
            elif name in named:
                yield module, f"{named[name]} {name}"


def _pam_lines(root: Root, bounds: Bounds) -> Iterator[tuple[str, str]]:
    for place in ("etc/pam.d", "usr/lib/pam.d"):
        for name in root.names(place):
            for line in (bounds.text(root, f"{place}/{name}") or "").splitlines():
                yield f"{place}/{name}", line
