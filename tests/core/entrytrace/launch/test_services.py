"""Supervisors and their services."""

import pytest

from stellaops_core.entrytrace.launch import services as launch_services
from stellaops_core.entrytrace.launch.services import read_sections
from stellaops_core.entrytrace.shell import files as shell_files
from traces import PROGRAMS, root_with, told, traced

SUPERVISOR = """[supervisord]
nodaemon=true ; stays

[program:web]
command=/usr/bin/web --name "%(program_name)s"
  --port 1 ; the port
user=app
directory=/srv
environment=A="1",B=two

[program:later]
command=other
autostart=false

[include]
files = conf.d/*.conf
"""


def test_supervisord():
    """All programs of its files, with their lines; one that isn't started by itself is `maybe`."""
    files = {
        "etc/supervisor/supervisord.conf": SUPERVISOR,
        "etc/supervisor/conf.d/x.conf": "[program:x]\ncommand=worker\n",
    }
    found = traced(files, "supervisord", "-n")
    assert told(found) == ["used /usr/bin/web --name web --port 1", "maybe other if autostart=false", "used worker"]
    web = next(one for one in found.processes if one.program == "usr/bin/web")
    assert (web.directory, web.environment["A"], web.environment["B"]) == ("srv", "1", "two")
    assert [(step.place, step.line) for step in web.steps][-1] == ("etc/supervisor/supervisord.conf", 5)
    assert told(traced({"c.conf": "[program:x]\ncommand=web\n"}, "supervisord", "-c", "/c.conf")) == ["used web"]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"etc/supervisord.conf": "".join(f"[program:p{n}]\ncommand=p{n}\n" for n in range(5))}, "supervisord"),
        ({f"srv/{n}/run": "exec web\n" for n in range(5)}, "s6-svscan /srv"),
        ({"supervisord.conf": "[include]\nfiles=*.ini\n", **{f"{n}.ini": "[x]\n" for n in range(5)}}, "supervisord"),
    ],
)
def test_services_that_are_left_out_are_told(files, command, monkeypatch):
    """Nothing behind a limit counts as not reached."""
    monkeypatch.setattr(launch_services, "SERVICE_LIMIT", 4)
    monkeypatch.setattr(launch_services, "INCLUDE_LIMIT", 4)
    gaps = traced(files, *command.split()).undetermined
    assert "" in {gap.scope for gap in gaps if gap.reason.startswith("more than 4 ")}


def test_an_absent_configuration_is_told():
    """Nothing is guessed."""
    assert len(traced({}, "supervisord").undetermined) == 1


def test_sections():
    """Comments, continued lines, either sign."""
    (one,) = read_sections("; c\n[a]\n# c\nk: v ; c\n more\nl = 2\n", "p")
    assert {name: setting.value for name, setting in one.settings.items()} == {"k": "v\nmore", "l": "2"}
    assert one.settings["l"].line == 6


def test_directories_of_services():
    """`run` of each service."""
    files = {"sv/a/run": "#!/bin/sh\nexec web", "sv/b/run": "#!/bin/sh\nexec other", "sv/c/x": "x"}
    assert told(traced(files, "s6-svscan", "/sv")) == ["used web", "used other"]


def test_overlay():
    """What runs once, services of both kinds, and the command."""
    files = {
        "init": "#!/bin/sh\n",
        "etc/cont-init.d/1": "#!/bin/sh\ntouch x",
        "etc/services.d/a/run": "#!/bin/sh\nexec other",
        "etc/s6-overlay/s6-rc.d/user/contents.d/b": "",
        "etc/s6-overlay/s6-rc.d/b/run": "#!/usr/bin/with-contenv sh\nexec worker",
    }
    root = root_with(files, programs=[*PROGRAMS, "with-contenv"])
    found = traced({}, "/init", cmd=("web",), root=root)
    assert told(found) == ["used worker", "used other", "used web"]
    assert "used touch x" in told(found, helpers=True)


def test_includes_that_are_not_read_are_told(monkeypatch):
    """More directories than a pattern may come to, and a file whose text was not kept."""
    include = {"supervisord.conf": "[include]\nfiles=*/*.ini x.ini\n", "x.ini": "#" * (1 << 21)}
    monkeypatch.setattr(shell_files, "GLOB_LIMIT", 2)
    gaps = traced({**include, **{f"{n}/a.ini": "[x]\n" for n in range(3)}}, "supervisord").undetermined
    assert [gap.reason for gap in gaps] == [f"not all that {one} includes can be read" for one in ("*/*.ini", "x.ini")]
