"""Modules of servers."""

from stellaops_core.entrytrace import servers
from stellaops_core.entrytrace.process import Edge, Process, Undetermined
from stellaops_core.entrytrace.servers import follow_server
from stellaops_core.entrytrace.shell import files as shell_files
from traces import root_with


def followed(files, program, *arguments, **environment):
    process = Process(program, (program, *arguments), environment=environment)
    return list(follow_server(root_with(files), process))


def targets(found):
    return [(edge.source, edge.target, edge.line, edge.level) for edge in found if isinstance(edge, Edge)]


def test_nginx():
    """Configuration, what it includes, modules; an absent module is told."""
    files = {
        "etc/nginx/nginx.conf": (
            "# x\nload_module modules/a.so;\nload_module modules/none.so;\nhttp {\n include conf.d/*.conf;\n}\n"
        ),
        "etc/nginx/conf.d/b.conf": "include /etc/nginx/nginx.conf;\n",
        "usr/share/nginx/modules/a.so": b"\x7fELF",
    }
    found = followed(files, "usr/sbin/nginx")
    assert targets(found) == [
        ("usr/sbin/nginx", "etc/nginx/nginx.conf", 0, "used"),
        ("etc/nginx/nginx.conf", "usr/share/nginx/modules/a.so", 2, "used"),
        ("etc/nginx/nginx.conf", "etc/nginx/conf.d/b.conf", 5, "used"),
    ]
    assert [gap.line for gap in found if isinstance(gap, Undetermined)] == [3]


def test_too_many_files(monkeypatch):
    """What is not read any more is told."""
    monkeypatch.setattr(servers, "CONFIGURATION_LIMIT", 2)
    files = {f"etc/nginx/{name}.conf": f"include /etc/nginx/{name}a.conf;\n" for name in ("nginx", "nginxa", "nginxaa")}
    found = followed(files, "usr/sbin/nginx")
    assert [edge[1] for edge in targets(found)] == ["etc/nginx/nginx.conf", "etc/nginx/nginxa.conf"]
    assert [one.reason for one in found if isinstance(one, Undetermined)] == ["it reads more than 2 configurations"]


def test_apache():
    """`ServerRoot` and variables count; a module within a condition is `maybe`."""
    files = {
        "usr/local/apache2/conf/httpd.conf": (
            'ServerRoot "/usr/local/apache2"\nLoadModule a_module modules/a.so\n<IfModule x>\n'
            "LoadModule b_module ${HOME_OF}/b.so\n</IfModule>\n#LoadModule c modules/c.so\nInclude conf/extra/*.conf\n"
        ),
        "usr/local/apache2/conf/extra/e.conf": "LoadFile /opt/b.so\n",
        "usr/local/apache2/modules/a.so": b"\x7fELF",
        "opt/b.so": b"\x7fELF",
    }
    found = followed(files, "usr/local/apache2/bin/httpd", HOME_OF="/opt")
    assert [(target, line, level) for _, target, line, level in targets(found)][1:] == [
        ("usr/local/apache2/modules/a.so", 2, "used"),
        ("opt/b.so", 4, "maybe"),
        ("usr/local/apache2/conf/extra/e.conf", 7, "used"),
        ("opt/b.so", 1, "used"),
    ]


def test_php():
    """Extensions of all `.ini` files, looked up in the directory of extensions."""
    files = {
        "usr/local/etc/php/conf.d/redis.ini": "; x\nextension=redis.so\nzend_extension=opcache\nextension=none\n",
        "usr/local/lib/php/extensions/no-debug-1/redis.so": b"\x7fELF",
        "usr/local/lib/php/extensions/no-debug-1/opcache.so": b"\x7fELF",
    }
    found = followed(files, "usr/local/sbin/php-fpm")
    assert [(target.rpartition("/")[2], line) for _, target, line, _ in targets(found)][1:] == [
        ("redis.so", 2),
        ("opcache.so", 3),
    ]
    assert [gap.line for gap in found if isinstance(gap, Undetermined)] == [4]
    assert followed(files, "usr/local/bin/php", "-n") == []


def test_without_configuration():
    """A server whose configuration isn't there can't be followed; another program has none."""
    assert [type(one) for one in followed({}, "usr/sbin/nginx")] == [Undetermined]
    assert [type(one) for one in followed({}, "usr/sbin/httpd")] == [Undetermined]
    assert followed({}, "usr/bin/web") == []


def test_patterns_for_too_many_files(monkeypatch):
    """That an include comes to more is told."""
    monkeypatch.setattr(shell_files, "GLOB_LIMIT", 1)
    files = {"etc/nginx/nginx.conf": "include c/*;\n", "etc/nginx/c/a.conf": "", "etc/nginx/c/b.conf": ""}
    found = followed(files, "usr/sbin/nginx")
    assert [edge[1] for edge in targets(found)] == ["etc/nginx/nginx.conf", "etc/nginx/c/a.conf"]
    assert [(one.place, one.line) for one in found if isinstance(one, Undetermined)] == [("etc/nginx/nginx.conf", 1)]
