"""Which programs and libraries are known, and how each tells its version.

Comes in: nothing. Goes out: `KNOWN`, data. The rule: an entry stands here because real files proved it, and its
patterns name the program or stand beside a text that only this program has.
"""

from typing import Final

from msgspec import Struct


class Clue(Struct, frozen=True):
    """One way a version stands in a file."""

    anchor: bytes
    """What to look for; every match of the pattern holds it."""
    pattern: bytes
    """Regular expression whose groups are the version: one group, or several numbers to be joined by dots."""


class Known(Struct, frozen=True):
    """One program or library."""

    name: str
    """Of the purl, `pkg:generic/NAME`: the project that releases it."""
    files: str
    """Regular expression of its files' names."""
    clues: tuple[Clue, ...]
    """The first that is found counts."""
    confidence: int = 95
    """Percent: less where the version stands alone, and only the file's name says of what."""
    sign: bytes = b""
    """What the file must hold as well."""
    series: bool = False
    """Whether the first two numbers of the version are those in the file's name."""


_DOTTED: Final = rb"(\d+\.\d+\.\d+)"
_SHORT: Final = rb"(\d+\.\d+(?:\.\d+)?)"
_BARE: Final = 80
_FFMPEG: Final = rb"n?(\d+\.\d+(?:\.\d+)?(?:-\d+-g[0-9a-f]+)?)[^0-9A-Za-z.]"


def _program(*names: str) -> str:
    return f"(?:{'|'.join(names)})(?:\\.exe)?"


def _library(*names: str) -> str:
    """Also as `auditwheel` names the copies it makes: `libz-0123abcd.so.1`."""
    return f"lib(?:{'|'.join(names)})(?:-[0-9a-f]{{8}})?(?:\\.so(?:\\.\\d+)*|(?:\\.\\d+)*\\.dylib)"


def _either(*files: str) -> str:
    return "|".join(files)


def _said(before: bytes, version: bytes = _DOTTED, after: bytes = rb"\0") -> tuple[Clue, ...]:
    """A clue that starts with a plain text, none of whose characters means anything in a pattern."""
    return (Clue(before, before + version + after),)


KNOWN: Final = (
    # languages
    Known(
        "node",
        _either(_program("node"), _library("node")),
        (Clue(b"node.js/v", rb"node\.js/v(\d+\.\d+\.\d+(?:-[a-z]+[0-9.a-z]*)?)[^0-9]"),),
    ),
    Known(
        "python",
        _either(r"python\d\.\d+[a-z]{0,3}", _library(r"python\d\.\d+[a-z]{0,3}")),
        # where the prefix of the installation ends in the version, the linker lets both texts share their end
        tuple(
            Clue(anchor, rb"[\0/]([23]\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\0")
            for anchor in (b"\x003.", b"\x002.", b"/3.", b"/2.")
        ),
        _BARE,
        sign=b"PYTHONHASHSEED",
        series=True,
    ),
    Known(
        "ruby",
        _either(_program(r"ruby[\d.]*"), _library(r"ruby(?:-?[\d.]+\d)?", r"ruby-static")),
        (Clue(b"ruby ", rb"\0ruby (\d+\.\d+\.\d+(?:dev|preview\d+|rc\d+)?)(?:p-?\d+)? \(\d{4}-"),),
    ),
    Known(
        "perl",
        _either(_program(r"perl[\d.]*"), _library("perl")),
        (
            Clue(b"\0v5.", rb"\0v(5\.\d+\.\d+)\0"),
            Clue(b"/lib/perl5/5.", rb"/lib/perl5/(5\.\d+\.\d+)[/\0]"),
        ),
        90,
    ),
    Known(
        "php",
        _either(_program(r"php[\d.]*", r"php-(?:fpm|cgi|cli)[\d.]*"), _library(r"php[\d.]*")),
        _said(b"X-Powered-By: PHP/", rb"(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+|-dev)?)"),
    ),
    Known("bun", _program("bun"), (Clue(b"Bun v", rb"\0Bun v(\d+\.\d+\.\d+(?:-canary[.\w]*)?) \("),)),
    Known("deno", _program("deno"), (Clue(b"Deno/", rb"Deno/(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)\+[0-9a-f]{7}"),)),
    Known(
        "dart",
        _program("dart"),
        (Clue(b") (", rb"\0(\d+\.\d+\.\d+(?:-[\w.]+)?) \((?:stable|beta|dev|main)\) \([A-Z][a-z]{2} "),),
        90,
    ),
    Known(
        "rust",
        _either(_program("rustc"), r"lib(?:std|rustc_driver)-[0-9a-f]{16}\.(?:so|dylib)"),
        (Clue(b"rustc version ", rb"rustc version (\d+\.\d+\.\d+(?:-[a-z]+(?:\.\d+)?)?) \([0-9a-f]{9} "),),
    ),
    Known("zig", _program("zig"), _said(b"\0zig ", rb"(\d+\.\d+\.\d+(?:-dev\.\d+)?)", rb"[\0+]")),
    Known(
        "lua",
        _either(_program(r"lua[\d.]*"), _library(r"lua[\d.]*")),
        (Clue(b"$LuaVersion: ", rb"\$LuaVersion: Lua (5\.\d+\.\d+) "),),
    ),
    Known(
        "luajit",
        _either(_program(r"luajit[\d.a-z-]*"), _library(r"luajit[\d.-]*")),
        _said(b"\0LuaJIT ", rb"(\d[\w.-]+)"),
    ),
    # servers
    Known("nginx", _program("nginx", "nginx-debug"), _said(b"nginx version: nginx/", after=rb"[^0-9.]")),
    Known("httpd", _program("httpd", "apache2"), _said(b"\0Apache/", after=rb"[ \0]")),
    Known("lighttpd", _program("lighttpd"), _said(b"\0lighttpd/", after=rb"[ \0]")),
    Known(
        "haproxy",
        _program("haproxy"),
        (
            Clue(b"HA-Proxy version ", rb"HA-Proxy version (\d+\.\d+\.\d+)[^\0]* \d{4}/"),
            Clue(b", released ", rb" version (\d+\.\d+(?:\.\d+|-dev\d+))[^\0]*, released \d{4}/"),
            Clue(
                b"HAProxy version follows", rb"\0(\d+\.\d+(?:\.\d+|-dev\d+))(?:-[0-9a-f]+)?\0+HAProxy version follows"
            ),
        ),
    ),
    Known("varnish", _program("varnishd"), (Clue(b" revision ", rb"varnish-(\d+\.\d+\.\d+) revision "),)),
    Known(
        "redis",
        _program("redis-server", "redis-sentinel", "redis-check-rdb", "redis-check-aof", "redis-cli"),
        (
            Clue(b"Redis version ", rb"Server started, Redis version (\d+\.\d+\.\d+)\0"),
            Clue(b"\0c11-builtin", rb"\0(\d+\.\d+\.\d+)\0c11-builtin\0"),
            Clue(b"\0 (git:%s", rb"\0(\d+\.\d+\.\d+)\0 \(git:%s"),
            # version, name of the build's container and time, with nothing between
            Clue(b"000000000\0", rb"\D(\d+\.\d+\.\d+)(?:[0-9a-f]{12}|buildkitsandbox)-\d{10}000000000\0"),
        ),
    ),
    Known(
        "valkey",
        _program("valkey-server", "valkey-sentinel", "valkey-check-rdb", "valkey-check-aof"),
        (Clue(b"valkey", rb"valkey(\d+\.\d+\.\d+)(?:[0-9a-f]{12}|buildkitsandbox)-\d{10}000000000\0"),),
    ),
    Known("memcached", _program("memcached"), _said(b"\0memcached ")),
    Known(
        "postgresql",
        _program("postgres", "psql", "pg_dump", "pg_restore", "pg_ctl", "initdb"),
        (
            Clue(b" (PostgreSQL) ", rb"\0\w+ \(PostgreSQL\) (\d+(?:\.\d+)*(?:(?:alpha|beta|rc|devel)\d*)?)[ \n\0]"),
            Clue(b"PostgreSQL ", rb"PostgreSQL (\d+(?:\.\d+)*(?:(?:alpha|beta|rc|devel)\d*)?) (?:on [\w-]+-|\([A-Z])"),
        ),
    ),
    Known(
        "mariadb",
        _program("mariadbd", "mysqld", "mariadb", "mysql", "mariadb-dump", "mariadb-admin"),
        (Clue(b"-MariaDB", rb"\0(?:5\.5\.5-)?(\d+\.\d+\.\d+)-MariaDB[-\0]"),),
    ),
    Known("pgbouncer", _program("pgbouncer"), _said(b"\0PgBouncer ")),
    Known("unbound", _program("unbound"), _said(b"\0unbound ")),
    Known("dnsmasq", _program("dnsmasq"), _said(b"\0dnsmasq-", rb"(\d+\.\d+)")),
    Known(
        "mosquitto",
        _program("mosquitto"),
        (Clue(b"mosquitto version %s", rb"\0(\d+\.\d+\.\d+)\0mosquitto version %s"),),
    ),
    Known("openvpn", _program("openvpn"), _said(b"\0OpenVPN ", after=rb" [\w-]+-")),
    Known("openssh", _program("sshd", "ssh"), _said(b"\0OpenSSH_", rb"(\d+\.\d+p\d+)", rb"[ \0]")),
    Known("proftpd", _program("proftpd"), _said(b"ProFTPD Version ", rb"(\d+\.\d+\.\d+(?:[a-z]|rc\d+)?)")),
    Known("vsftpd", _program("vsftpd"), _said(b"vsftpd: version ", after=rb"\n")),
    Known("dovecot", _program("dovecot"), _said(b"Dovecot v", rb"(\d+\.\d+\.\d+(?:\.\d+)?)", rb" \(")),
    Known("postfix", _program("postconf"), _said(b"\0mail_version=")),
    Known("exim", _program("exim", "exim4"), (Clue(b"<<eximversion>>", rb"\0(4\.\d+(?:\.\d+)?)\0<<eximversion>>"),)),
    Known("tor", _program("tor"), _said(b"\0tor ", rb"(\d+\.\d+\.\d+\.\d+)")),
    Known(
        "openldap",
        _program("slapd", "ldapsearch", "ldapmodify"),
        (Clue(b"$OpenLDAP: ", rb"\$OpenLDAP: [\w ]+? (\d+\.\d+\.\d+)[^\0]* \("),),
    ),
    Known(
        "fluent-bit",
        _program("fluent-bit"),
        (Clue(b"Fluent Bit v%s", rb"\0(\d+\.\d+\.\d+)\0+(?:\x1b\[1m\0+)?(?:%s)?Fluent Bit v%s"),),
    ),
    # tools
    Known(
        "busybox", _program("busybox", r"\[", r"\[\["), (Clue(b"BusyBox v", rb"BusyBox v(\d+\.\d+\.\d+)(?: \(|\n?\0)"),)
    ),
    Known("bash", _program("bash"), (Clue(b"@(#)Bash version ", rb"@\(#\)Bash version (\d+\.\d+\.\d+)\("),)),
    Known("curl", _either(_program("curl"), _library("curl(?:-gnutls|-nss)?")), _said(b"curl/", after=rb"(?:-DEV)?\0")),
    Known("git", _program("git"), (Clue(b"git/", rb"(?<![\w./-])git/(\d+\.\d+\.\d+(?:\.\d+)?(?:-rc\d+)?)\0"),)),
    Known("gawk", _program("gawk"), _said(b"\0GNU Awk ")),
    Known("jq", _program("jq"), (Clue(b"\0DEBUG:", rb"\0(?:jq-)?(\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\0DEBUG:\0"),), 90),
    Known(
        "xz",
        _program("xz", "xzdec"),
        (Clue(b" (XZ Utils) ", rb"\0xz(?:dec)? \(XZ Utils\) (\d+\.\d+\.\d+(?:alpha|beta)?)[\n\0]"),),
    ),
    Known("zstd", _program("zstd"), (Clue(b"Zstandard CLI", rb"\0v(\d+\.\d+\.\d+)\0Zstandard CLI\0"),)),
    Known(
        "ffmpeg",
        _either(
            _program("ffmpeg", "ffprobe"), _library("av(?:codec|device|filter|format|util)", "swresample", "swscale")
        ),
        (
            Clue(b"FFmpeg version ", rb"FFmpeg version " + _FFMPEG),
            Clue(b"%s version ", rb"\0%s version " + _FFMPEG),
        ),
    ),
    Known("sqlcipher", _program("sqlcipher"), (Clue(b"\0community\0", rb"\0community\0(\d+\.\d+\.\d+)\0%s %s\0"),), 90),
    # libraries
    Known(
        "glibc",
        _either(r"libc\.so\.6(?:\.\d+)?", r"libc-\d\.\d+\.so"),
        _said(b"GNU C Library ", rb"(?:\([^)]*\) )?(?:stable|development) release version " + _SHORT, rb"[,.]"),
    ),
    Known(
        "musl",
        r"ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1|libc\.so",
        (Clue(b"\x001.", rb"\0(1\.\d+\.\d+)\0"),),
        _BARE,
        sign=b"\0musl libc (",
    ),
    Known(
        "openssl",
        _either(_program("openssl"), _library("crypto", "ssl")),
        _said(
            b"\0OpenSSL ",
            rb"(\d+\.\d+\.\d+[a-z]{0,2}(?:-(?:alpha|beta|pre|dev)\d*)?)",
            rb"(?:-fips)? {1,2}\d{1,2} [A-Z][a-z]{2} \d{4}\0",
        ),
    ),
    Known("gnutls", _library("gnutls"), _said(b"Enabled GnuTLS ", after=rb" logging")),
    Known("mbedtls", _library("mbedcrypto"), (Clue(b"bed TLS ", rb"\0[Mm]bed TLS (\d+\.\d+\.\d+)\0"),)),
    Known("libssh2", _library("ssh2"), (Clue(b"-libssh2_", rb"SSH-2\.0-libssh2_(\d+\.\d+\.\d+)[\r\0]"),)),
    Known("zlib", _library("z"), (Clue(b" deflate ", rb" deflate (\d+\.\d+(?:\.\d+){0,2}) Copyright 1995-"),)),
    Known("zstd", _library("zstd"), (Clue(b"1.", rb"(?<![\w./-])(1\.\d+\.\d+)\0"),), _BARE, sign=b"ZSTD_versionString"),
    Known(
        "xz",
        _library("lzma"),
        (Clue(b"\x005.", rb"\0(5\.\d+\.\d+(?:alpha|beta)?)\0"),),
        _BARE,
        sign=b"lzma_version_string",
    ),
    Known(
        "sqlite",
        _library("sqlite3"),
        (Clue(b"\x003.", rb"\0(3\.\d+\.\d+(?:\.\d+)?)\0"),),
        _BARE,
        sign=b"sqlite3_libversion",
    ),
    Known(
        "libxml2",
        _library("xml2"),
        tuple(Clue(b"2%02d" % minor, rb"(?<![0-9])(2)(\d\d)(\d\d)\0") for minor in range(9, 16)),
        _BARE,
        sign=b"xmlGetGlobalState",
    ),
    Known("libxslt", _library("xslt"), (Clue(b"101", rb"(?<![0-9])(1)(01)(\d\d)\0"),), _BARE, sign=b"xsltCompileAttr"),
    Known(
        "libpng",
        _library(r"png(?:1\d)?"),
        _said(b" libpng version ", rb"(\d+\.\d+\.\d+(?:beta\d+|rc\d+)?)", rb"[ \n\0]"),
    ),
    Known("libtiff", _library("tiff"), _said(b"LIBTIFF, Version ", after=rb"\n")),
    Known("libjpeg-turbo", _library("jpeg", "turbojpeg"), _said(b"libjpeg-turbo version ", _SHORT, rb" \(build")),
    Known("expat", _library("expat"), _said(b"\0expat_")),
    Known("libarchive", _library("archive"), _said(b"\0libarchive ")),
    Known("pcre2", _library("pcre2-(?:8|16|32)"), (Clue(b"\x0010.", rb"\0(10\.\d+) \d{4}-\d\d-\d\d\0"),), 90),
    Known(
        "qtbase",
        _library("QtCore", r"Qt\dCore"),
        (
            Clue(b"Qt ", rb"\0Qt (\d+\.\d+\.\d+) \(\w+-(?:little|big)_endian-"),
            Clue(b"QtCore library version ", rb"This is the QtCore library version (\d+\.\d+\.\d+)\n"),
        ),
    ),
    Known("heimdal", _library("krb5"), (Clue(b"$Version: Heimdal ", rb"\$Version: Heimdal (\d+\.\d+\.\d+) \$"),)),
)
"""In no order that matters: a file's name fits one entry only."""
