"""Programs with rules of their own for finding archives."""

import pytest

from classes import compiled
from jars import pack
from roots import root_of
from stellaops_core.analyzers.java_code import ANALYZER
from stellaops_core.entrytrace.java.classes import follow_java
from stellaops_core.entrytrace.java.containers import CONTAINERS
from stellaops_core.entrytrace.process import Edge, Process, Step


def run(files, *words):
    root = root_of(pack({"j/bin/java": "x", "j/lib/modules": "x"} | files), analyzers=[ANALYZER])
    process = Process("j/bin/java", ("java", *words), directory="", steps=(Step("ENTRYPOINT", 0, ""),))
    found = list(follow_java(root, process))
    return {one.target: one.level for one in found if isinstance(one, Edge)}, [
        one for one in found if not isinstance(one, Edge)
    ]


def test_tomcat():
    """What it starts with and what is deployed is used, its other libraries may be; other archives aren't reached."""
    main = "org.apache.catalina.startup.Bootstrap"
    files = {
        "t/bin/bootstrap.jar!/org/apache/catalina/startup/Bootstrap.class": compiled(
            main.replace(".", "/"), loader=True
        ),
        "t/lib/catalina.jar!/org/apache/catalina/startup/Catalina.class": compiled(
            "org/apache/catalina/startup/Catalina", ["org/apache/coyote/X"]
        ),
        "t/lib/coyote.jar!/org/apache/coyote/X.class": compiled("org/apache/coyote/X"),
        "t/lib/jasper.jar!/org/apache/jasper/X.class": compiled("org/apache/jasper/X"),
        "base/webapps/a/WEB-INF/lib/x.jar!/org/x/X.class": compiled("org/x/X"),
        "base/webapps/b.war!/WEB-INF/lib/y.jar!/org/y/Y.class": compiled("org/y/Y"),
        "base/webapps.dist/z.jar!/org/z/Z.class": compiled("org/z/Z"),
    }
    words = ("-cp", "/t/bin/bootstrap.jar", "-Dcatalina.base=/base", "-Dcatalina.home=/t", main, "start")
    edges, gaps = run(files, *words)
    assert {target: level for target, level in edges.items() if not target.startswith("j/")} == {
        "t/bin/bootstrap.jar": "used",
        "t/lib/catalina.jar": "used",
        "t/lib/coyote.jar": "used",
        "t/lib/jasper.jar": "maybe",
        "base/webapps/a/WEB-INF/lib/x.jar": "used",
        "base/webapps/b.war": "used",
        "base/webapps/b.war!/WEB-INF/lib/y.jar": "used",
    }
    assert gaps == []


@pytest.mark.parametrize("main", CONTAINERS)
def test_each_finds_its_libraries(main):
    """Below the directory of its archive or the one above, where no property says otherwise."""
    container = CONTAINERS[main]
    name = main.replace(".", "/")
    files = {f"opt/p/bin/main.jar!/{name}.class": compiled(name, loader=True)}
    places = (*container.libraries, *container.deployed)
    files |= {f"opt/p/{place}/deep/{at}.jar!/x/X.class": compiled("x/X") for at, place in enumerate(places)}
    edges, gaps = run(files, "-cp", "/opt/p/bin/main.jar", main)
    for at, place in enumerate(places):
        level = "used" if place in container.deployed else "maybe"
        assert edges[f"opt/p/{place}/deep/{at}.jar"] == level
    assert gaps == []
