"""What Java processes load."""

from classes import compiled, module_info
from jars import pack
from roots import root_of
from stellaops_core.analyzers.java_code import ANALYZER
from stellaops_core.analyzers.texts import ANALYZER as TEXTS
from stellaops_core.entrytrace.java import classes as java_classes
from stellaops_core.entrytrace.java.classes import follow_java
from stellaops_core.entrytrace.process import Edge, Process, Step, Undetermined

RUNTIME = {"j/bin/java": "x", "j/lib/modules": "x", "j/lib/libawt.so": "x"}
STEP = Step("run.sh", 2, "exec java")


def lib(name, *refers, **options):
    return compiled(f"org/{name}/{name.title()}", [f"org/{other}/X" for other in refers], **options)


def run(files, *words, program="j/bin/java", environment=None):
    """(edges of the classes by target, gaps)."""
    root = root_of(pack(RUNTIME | files), analyzers=[ANALYZER, TEXTS])
    process = Process(program, ("java", *words), environment=environment or {}, directory="app", steps=(STEP,))
    found = list(follow_java(root, process))
    edges = {one.target: one for one in found if isinstance(one, Edge) and not one.target.startswith("j/lib")}
    seen = {program}
    for one in found:
        if isinstance(one, Edge):
            assert one.source in seen
            seen.add(one.target)
    return edges, [one for one in found if isinstance(one, Undetermined)]


def levels(edges):
    return {target: edge.level for target, edge in edges.items()}


FILES = {
    "app/main.jar!/META-INF/MANIFEST.MF": "Main-Class: org.main.Main\nClass-Path: a.jar b.jar c.jar d.jar\n",
    "app/main.jar!/org/main/Main.class": lib("main", "a"),
    "app/main.jar!/org/unused/Unused.class": lib("unused", "c"),
    "app/a.jar!/org/a/A.class": lib("a", "b"),
    "app/b.jar!/org/b/B.class": lib("b"),
    "app/c.jar!/org/c/C.class": lib("c"),
    "app/d.jar!/META-INF/services/org.b.Service": "org.d.D",
    "app/d.jar!/org/d/D.class": lib("d"),
    "app/other.jar!/org/other/X.class": lib("other"),
}


def test_references_are_followed_package_by_package():
    """Used is what the main class's package leads to; the rest of the class path may be; others are not reached."""
    edges, gaps = run(FILES, "-jar", "main.jar")
    assert levels(edges) == {
        "app/main.jar": "used",
        "app/a.jar": "used",
        "app/b.jar": "used",
        "app/c.jar": "maybe",
        "app/d.jar": "maybe",
    }
    assert edges["app/b.jar"] == Edge("app/a.jar", "app/b.jar", "refers to org.b")
    assert edges["app/d.jar"] == Edge("app/b.jar", "app/d.jar", "ServiceLoader org.b.Service", level="maybe")
    assert gaps == []


def test_the_main_class_is_looked_for():
    """On the class path, in a directory of classes as well; where it isn't, that is told."""
    files = FILES | {"app/classes/org/app/App.class": lib("app", "c")}
    edges, gaps = run(files, "-cp", "classes:a.jar:c.jar", "org.app.App")
    assert levels(edges) == {"app/classes": "used", "app/c.jar": "used", "app/a.jar": "maybe"}
    assert gaps == []
    edges, gaps = run(files, "-cp", "a.jar", "org.none.None")
    assert levels(edges) == {"app/a.jar": "maybe"}
    assert gaps == [Undetermined("run.sh", 2, "org.none.None is not in the image", "maven")]
    assert [gap.reason for gap in run({}, "-jar", "no.jar")[1]] == ["no.jar is not in the image"]
    assert [gap.reason for gap in run({})[1]] == ["it is not known which class is run"]
    assert run({}, "-version")[1] == []


def test_agents():
    """They are used, with what they refer to and their own class path."""
    files = FILES | {
        "app/agent.jar!/META-INF/MANIFEST.MF": "Premain-Class: org.agent.Agent\nBoot-Class-Path: /app/other.jar\n",
        "app/agent.jar!/org/agent/Agent.class": lib("agent", "other"),
    }
    edges, gaps = run(files, "-jar", "b.jar", environment={"JAVA_TOOL_OPTIONS": "-javaagent:/app/agent.jar=x"})
    assert levels(edges) == {"app/agent.jar": "used", "app/other.jar": "used", "app/b.jar": "used"}
    assert gaps == []
    assert [gap.reason for gap in run(FILES, "-javaagent:no.jar", "-jar", "b.jar")[1]] == [
        "the agent no.jar is not in the image"
    ]
    native = run(FILES | {"opt/l.so": "x"}, "-agentpath:/opt/l.so=x", "-jar", "b.jar")[0]
    assert native["opt/l.so"].level == "used"


def test_agents_are_searched_last():
    """A class that an agent has as well comes from the class path."""
    files = {
        "app/agent.jar!/META-INF/MANIFEST.MF": "Premain-Class: org.a.Agent\n",
        "app/agent.jar!/org/a/Agent.class": lib("a"),
        "app/a.jar!/org/a/A.class": lib("a"),
    }
    edges, _ = run(files, "-javaagent:agent.jar", "-cp", "a.jar", "org.a.A")
    assert levels(edges) == {"app/agent.jar": "used", "app/a.jar": "used"}


def test_modules():
    """By their declaration, their manifest, or their file's name."""
    files = {
        "app/m/one.jar!/module-info.class": module_info("org.one", main="org/one/One"),
        "app/m/one.jar!/org/one/One.class": lib("one", "two"),
        "app/m/two.jar!/META-INF/MANIFEST.MF": "Automatic-Module-Name: org.two\n",
        "app/m/two.jar!/org/two/Two.class": lib("two"),
        "app/m/three.jar!/org/three/Three.class": lib("three"),
    }
    everything = {"app/m", "app/m/one.jar", "app/m/two.jar", "app/m/three.jar"}
    for words, used in (
        (("-m", "org.one"), {"app/m/one.jar", "app/m/two.jar"}),
        (("-m", "org.two/org.two.Two"), {"app/m/two.jar"}),
        (("-m", "three/org.three.Three"), {"app/m/three.jar"}),
    ):
        edges, gaps = run(files, "-p", "m", *words)
        assert {target for target, level in levels(edges).items() if level == "used"} == used
        assert set(edges) == everything
        assert gaps == []


BOOT = {
    "app/boot.jar!/META-INF/MANIFEST.MF": (
        "Main-Class: org.springframework.boot.loader.launch.JarLauncher\nStart-Class: org.app.App\n"
    ),
    "app/boot.jar!/org/springframework/boot/loader/launch/JarLauncher.class": compiled(
        "org/springframework/boot/loader/launch/JarLauncher", loader=True
    ),
    "app/boot.jar!/BOOT-INF/classes/org/app/App.class": lib("app", "a"),
    "app/boot.jar!/BOOT-INF/lib/a.jar!/org/a/A.class": lib("a"),
    "app/boot.jar!/BOOT-INF/lib/b.jar!/org/b/B.class": lib("b"),
    "ext/c.jar!/org/c/C.class": lib("c"),
}


def test_spring_boot():
    """The class that the launcher starts leads on; archives inside may be, and loader.path counts."""
    edges, gaps = run(BOOT, "-Dloader.path=/ext,nowhere", "-jar", "boot.jar")
    assert levels(edges) == {
        "app/boot.jar": "used",
        "app/boot.jar!/BOOT-INF/lib/a.jar": "used",
        "app/boot.jar!/BOOT-INF/lib/b.jar": "maybe",
        "ext": "maybe",
        "ext/c.jar": "maybe",
    }
    assert gaps == []


def test_spring_boot_unpacked():
    """The working directory holds what was the archive."""
    unpacked = {}
    for path, data in BOOT.items():
        outer, _, rest = path.partition("!/")
        unpacked[f"app/{rest}" if rest and outer == "app/boot.jar" else path] = data
    edges, gaps = run(unpacked, "org.springframework.boot.loader.launch.JarLauncher")
    assert levels(edges) == {
        "app": "used",
        "app/BOOT-INF/classes": "used",
        "app/BOOT-INF/lib/a.jar": "used",
        "app/BOOT-INF/lib/b.jar": "maybe",
    }
    assert gaps == []


def test_makers_of_class_loaders_are_told_once():
    """Whoever makes them may load anything, unless its rules are known."""
    files = {
        "app/main.jar!/META-INF/MANIFEST.MF": "Main-Class: org.main.Main\n",
        "app/main.jar!/org/main/Main.class": lib("main", "more", loader=True),
        "app/main.jar!/org/more/More.class": lib("more", loader=True),
    }
    _, gaps = run(files, "-jar", "main.jar")
    assert gaps == [Undetermined("app/main.jar", 0, "org.main makes class loaders of its own", "maven")]


def test_what_draws_brings_libraries():
    """Those of the runtime that draw come with packages that may need them."""

    def drawn(refers):
        root = root_of(pack(RUNTIME | {"app/a.jar!/A.class": compiled("A", [refers])}), analyzers=[ANALYZER])
        process = Process("j/bin/java", ("java", "-jar", "a.jar"), directory="app", steps=(STEP,))
        return any(isinstance(one, Edge) and one.target == "j/lib/libawt.so" for one in follow_java(root, process))

    assert drawn("java/awt/Color")
    assert not drawn("org/a/A")


def test_other_programs():
    """Those of the runtime load the runtime, others nothing; a launcher without its runtime is told of."""
    root = root_of(RUNTIME | {"j/bin/keytool": "x", "usr/bin/java": "x"}, analyzers=[])

    def targets(program, *words):
        return list(follow_java(root, Process(program, (program, *words), steps=(STEP,))))

    assert {one.target for one in targets("j/bin/keytool")} == {"j/lib/modules", "j/lib/libawt.so"}
    assert targets("usr/bin/python3") == []
    assert [one.place for one in targets("usr/bin/java")] == ["run.sh"]
    assert any(isinstance(one, Edge) for one in targets("usr/bin/jsvc", "-home", "/j", "M"))


def test_damaged_archives_and_bounds(monkeypatch):
    """What can't be read inside an archive is told, and so is a graph that is too large."""
    _, gaps = run({"app/a.jar!/A.class": compiled("A"), "app/a.jar!/b.jar": "no"}, "-jar", "a.jar")
    assert [(gap.place, gap.reason) for gap in gaps] == [("app/a.jar", "parts of the archive can't be read")]
    monkeypatch.setattr(java_classes, "STEPS_LIMIT", 1)
    assert [gap.reason for gap in run(FILES, "-jar", "main.jar")[1]] == ["more than 1 references between packages"]
