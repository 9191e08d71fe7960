"""Programs that the analyzer `binaries` knows: names, the text that tells the version, and what it tells.

`told("nginx", program(b"…"))` gives what is said of a file, and why it could not be read.
"""

from analyses import find
from programs import elf, macho
from stellaops_core.analyzers.binaries import ANALYZER

TOLD = [
    ("node", b"~node.js/v22.11.0\0", "node@22.11.0"),
    ("node", b"~node.js/v23.0.0-nightly20240101\0", "node@23.0.0-nightly20240101"),
    ("libnode.so.108", b"\0node.js/v18.20.4\0", "node@18.20.4"),
    ("libpython3.12.so.1.0", b"\0PYTHONHASHSEED\0\x003.12.4\0%.80s", "python@3.12.4"),
    ("libpython3.7m.so.1.0", b"PYTHONHASHSEED\0/opt/3.7.16\0", "python@3.7.16"),
    ("python3.13", b"PYTHONHASHSEED\0\x003.13.0rc2\0", "python@3.13.0rc2"),
    ("python2.7", b"PYTHONHASHSEED\0\x002.7.18+\0", "python@2.7.18"),
    ("libruby.so.3.3.0", b"\0ruby 3.3.5 (2024-09-03 revision ef084cc8f4) [x86_64-linux]\0", "ruby@3.3.5"),
    ("libruby-3.1.so.3.1.7", b"\0ruby 3.1.7p261 (2025-03-26 revision 0a3704f218)\0", "ruby@3.1.7"),
    ("ruby", b"\0ruby 3.4.0preview1 (2024-05-16 master 9d69619623)\0", "ruby@3.4.0preview1"),
    ("perl5.40.0", b"\0v5.40.0\0", "perl@5.40.0"),
    ("perl", b"\0/usr/local/lib/perl5/5.20.0\0", "perl@5.20.0"),
    ("php-fpm", b"\0X-Powered-By: PHP/8.3.12\0", "php@8.3.12"),
    ("php8.2", b"\0X-Powered-By: PHP/8.4.0RC1\0", "php@8.4.0RC1"),
    ("bun", b"\0Bun v1.1.30 (Linux x64)\0", "bun@1.1.30"),
    ("deno", b"Deno/2.0.1Deno/2.0.1+0dbb5e1", "deno@2.0.1"),
    ("dart", b'\x003.5.2 (stable) (Wed Aug 28 10:01:20 2024 +0000) on "linux_x64"\0', "dart@3.5.2"),
    ("rustc", b"rustc version 1.83.0 (90b35a623 2024-11-26)\0", "rust@1.83.0"),
    ("libstd-0123456789abcdef.so", b"rustc version 1.85.0-nightly (90b35a623 2024-11-26)\0", "rust@1.85.0-nightly"),
    ("zig", b"\0zig 0.13.0\0", "zig@0.13.0"),
    ("lua5.4", b"$LuaVersion: Lua 5.4.6  Copyright (C) 1994-2023", "lua@5.4.6"),
    ("luajit", b"\0LuaJIT 2.1.0-beta3\0", "luajit@2.1.0-beta3"),
    ("nginx", b"nginx version: nginx/1.27.2\n", "nginx@1.27.2"),
    ("httpd", b"\0Apache/2.4.62 (Unix)\0", "httpd@2.4.62"),
    ("lighttpd", b"\0lighttpd/1.4.76\0", "lighttpd@1.4.76"),
    ("haproxy", b"\0HA-Proxy version 1.8.22 2019/10/25\n", "haproxy@1.8.22"),
    ("haproxy", b"\0 version 3.0.5-8e879a5, released 2024/09/19\0", "haproxy@3.0.5"),
    ("haproxy", b"\x003.1-dev0-1eb0f22\0\0HAProxy version follows\0", "haproxy@3.1-dev0"),
    ("varnishd", b"\0varnish-7.6.0 revision eef25264e5ca5f96a77129308edb83ccf84cb1b1\0", "varnish@7.6.0"),
    ("redis-server", b"Server started, Redis version 2.8.23\0", "redis@2.8.23"),
    ("redis-server", b"\x007.0.15\0c11-builtin\0", "redis@7.0.15"),
    ("redis-server", b"\x007.2.58f1c18bfd7fc-1728390128000000000\0", "redis@7.2.5"),
    ("redis-server", b"\x007.4.1buildkitsandbox-1728390128000000000\0", "redis@7.4.1"),
    ("redis-cli", b"\x007.4.1\0 (git:%s\0", "redis@7.4.1"),
    ("valkey-server", b"\0valkey9.0.0buildkitsandbox-1764887574000000000\0", "valkey@9.0.0"),
    ("memcached", b"\0memcached 1.6.31\0", "memcached@1.6.31"),
    ("postgres", b"\0postgres (PostgreSQL) 17.0\n\0", "postgresql@17.0"),
    ("postgres", b"PostgreSQL 15beta4 (Debian 15~beta4-1)\0", "postgresql@15beta4"),
    ("postgres", b"PostgreSQL 9.6.24 on x86_64-pc-linux-gnu\0", "postgresql@9.6.24"),
    ("mariadbd", b"\x0011.5.2-MariaDB\0", "mariadb@11.5.2"),
    ("pgbouncer", b"\0PgBouncer 1.23.1\0", "pgbouncer@1.23.1"),
    ("unbound", b"\0unbound 1.21.1\0", "unbound@1.21.1"),
    ("dnsmasq", b"\0dnsmasq-2.90\0", "dnsmasq@2.90"),
    ("mosquitto", b"\x002.0.20\0mosquitto version %s\0", "mosquitto@2.0.20"),
    ("openvpn", b"\0OpenVPN 2.6.12 x86_64-pc-linux-gnu\0", "openvpn@2.6.12"),
    ("sshd", b"\0OpenSSH_9.9p1\0", "openssh@9.9p1"),
    ("proftpd", b"ProFTPD Version 1.3.8b\0", "proftpd@1.3.8b"),
    ("vsftpd", b"vsftpd: version 3.0.5\n", "vsftpd@3.0.5"),
    ("dovecot", b"Dovecot v2.3.21.1 (d492236fa0)", "dovecot@2.3.21.1"),
    ("postconf", b"\0mail_version=3.9.0\0", "postfix@3.9.0"),
    ("exim", b"\x004.98\0<<eximversion>>\0", "exim@4.98"),
    ("tor", b"\0tor 0.4.8.12\0", "tor@0.4.8.12"),
    ("ldapsearch", b"@(#) $OpenLDAP: ldapsearch 2.6.10 (May 23 2025 04:19:08) $\n", "openldap@2.6.10"),
    ("fluent-bit", b"\x001.7.0\0\x1b[1m\0%sFluent Bit v%s%s\n", "fluent-bit@1.7.0"),
    ("busybox", b"\0BusyBox v1.36.1 (2023-12-04 19:44:32 UTC)\0", "busybox@1.36.1"),
    ("[", b"\0BusyBox v1.36.1 (2023-12-04 19:44:32 UTC)\0", "busybox@1.36.1"),
    ("bash", b"@(#)Bash version 5.2.37(1) release GNU\0", "bash@5.2.37"),
    ("curl", b"\0curl/8.10.1\0", "curl@8.10.1"),
    ("libcurl.so.4.8.0", b"\0libcurl/8.10.1-DEV\0", "curl@8.10.1"),
    ("git", b"\xffgit/2.47.0\0", "git@2.47.0"),
    ("gawk", b"\0GNU Awk 5.3.1\0", "gawk@5.3.1"),
    ("jq", b"\x001.7.1\0DEBUG:\0", "jq@1.7.1"),
    ("xz", b"\0xz (XZ Utils) 5.6.3\n", "xz@5.6.3"),
    ("zstd", b"\0v1.5.6\0Zstandard CLI\0", "zstd@1.5.6"),
    ("ffmpeg", b"\0%s version 7.1\0", "ffmpeg@7.1"),
    ("ffprobe", b"\0FFmpeg version n9.0.2-17-g2a571b6068-20260930\0", "ffmpeg@9.0.2-17-g2a571b6068"),
    ("libavcodec-9aae324f.so.59.37.100", b"\0FFmpeg version 5.1.9-0+x\0", "ffmpeg@5.1.9"),
    ("sqlcipher", b"\0community\x004.5.5\0%s %s\0", "sqlcipher@4.5.5"),
    ("libc.so.6", b"GNU C Library (GNU libc) stable release version 2.40.\n", "glibc@2.40"),
    ("libc-2.31.so", b"GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n", "glibc@2.31"),
    ("ld-musl-x86_64.so.1", b"\0musl libc (x86_64)\0\x001.2.5\0", "musl@1.2.5"),
    ("libcrypto.so.3", b"\0OpenSSL 3.3.2 3 Sep 2024\0", "openssl@3.3.2"),
    ("libcrypto.so.10", b"\0OpenSSL 1.0.2k-fips  26 Jan 2017\0", "openssl@1.0.2k"),
    ("libgnutls.so.30.34.3", b"Enabled GnuTLS 3.8.8 logging...", "gnutls@3.8.8"),
    ("libmbedcrypto.so.7", b"\0mbed TLS 2.28.9\0", "mbedtls@2.28.9"),
    ("libssh2.so.1.0.1", b"\0SSH-2.0-libssh2_1.11.1\0", "libssh2@1.11.1"),
    ("libz.so.1.3.1", b"\0 deflate 1.3.1 Copyright 1995-2024 Jean-loup", "zlib@1.3.1"),
    ("libzstd.so.1", b"ZSTD_versionString\0\xff1.5.6\0", "zstd@1.5.6"),
    ("liblzma.so.5", b"lzma_version_string\0\x005.6.3\0", "xz@5.6.3"),
    ("libsqlite3.so.0.8.6", b"sqlite3_libversion\0\x003.46.1\0", "sqlite@3.46.1"),
    ("libxml2.so.2", b"xmlGetGlobalState\0\xff21208\0", "libxml2@2.12.8"),
    ("libxslt.so.1", b"xsltCompileAttr\0\xff10142\0", "libxslt@1.1.42"),
    ("libpng16.so.16.44.0", b"\0 libpng version 1.6.44\0", "libpng@1.6.44"),
    ("libtiff.so.6", b"\0LIBTIFF, Version 4.7.0\nCopyright", "libtiff@4.7.0"),
    ("libjpeg.so.62", b"\0libjpeg-turbo version 3.0.4 (build 20240915)", "libjpeg-turbo@3.0.4"),
    ("libexpat.so.1", b"\0expat_2.6.3\0", "expat@2.6.3"),
    ("libarchive.so.13", b"\0libarchive 3.7.7\0", "libarchive@3.7.7"),
    ("libpcre2-8.so.0", b"\x0010.44 2024-06-07\0", "pcre2@10.44"),
    ("libQt6Core.so.6", b"\0Qt 6.5.0 (x86_64-little_endian-lp64 shared", "qtbase@6.5.0"),
    ("libQtCore.so.4.8.6", b"This is the QtCore library version 4.8.6\n", "qtbase@4.8.6"),
    ("libkrb5.so.26.0.0", b"@(#)$Version: Heimdal 7.8.0 $\0", "heimdal@7.8.0"),
]  # fmt: skip


def program(text, make=elf):
    """A program that holds a text."""
    return make({".rodata" if make is not macho else "__cstring": b"\0\1\0" + text + b"\0\1"})


def told(name, data):
    """What a file says, and why it could not be read."""
    found, unread = find(ANALYZER, {f"usr/local/{name}": data})
    return [f"{one.name}@{one.version}" for one in found.get(f"usr/local/{name}", [])], list(unread.values())
