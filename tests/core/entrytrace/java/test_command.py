"""Command lines of Java."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roots import root_of
from stellaops_core.analyzers.texts import ANALYZER as TEXTS
from stellaops_core.entrytrace.java import command as java_command
from stellaops_core.entrytrace.java.command import read_command, read_words
from stellaops_core.entrytrace.process import Process, Step

EMPTY = root_of({}, analyzers=[TEXTS])


def command(*words, root=EMPTY, more=False, **environment):
    step = Step("run.sh", 3, "exec java")
    process = Process(
        "bin/java", ("java", *words), environment=environment, directory="app", steps=(step,), more_arguments=more
    )
    return read_command(root, process)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-jar a.jar x -cp y", {"jar": "a.jar", "arguments": ("x", "-cp", "y")}),
        ("-Xmx1g -cp a:b/* org.Main -x", {"class_path": ["a", "b/*"], "main": "org.Main", "arguments": ("-x",)}),
        ("-classpath a org/Main", {"class_path": ["a"], "main": "org.Main"}),
        ("--class-path a M", {"class_path": ["a"], "main": "M"}),
        ("--class-path=a:b M", {"class_path": ["a", "b"], "main": "M"}),
        ("-Djava.class.path=a M", {"class_path": ["a"]}),
        ("-p m:n -m mod/org.Main", {"module_path": ["m", "n"], "module": "mod", "main": "org.Main"}),
        ("--module-path=m --module=mod", {"module_path": ["m"], "module": "mod", "main": ""}),
        ("--patch-module x=p.jar --add-modules ALL M", {"module_path": ["p.jar"], "main": "M"}),
        ("--patch-module=x=p.jar M", {"module_path": ["p.jar"]}),
        ("--add-opens a/b=c M", {"main": "M"}),
        ("--add-opens=a/b=c M", {"main": "M"}),
        ("-Xbootclasspath/a:x.jar M", {"boot": ["x.jar"]}),
        (
            "-javaagent:a.jar=b=c -agentlib:jdwp=x -agentpath:/l.so M",
            {"agents": ["a.jar"], "native_agents": ["jdwp", "/l.so"]},
        ),
        ("-Da=b=c -Dd M", {"properties": {"a": "b=c", "d": ""}}),
    ],
)
def test_options(words, expected):
    """As the launcher takes them."""
    found = command(*words.split())
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.gaps == []


def test_environment():
    """Variables come before the command line; CLASSPATH counts where no other class path is stated."""
    found = command(
        "M", JAVA_TOOL_OPTIONS="-javaagent:a.jar", _JAVA_OPTIONS="-Dx=1", JDK_JAVA_OPTIONS="'-Dy=2 3'", CLASSPATH="p:q"
    )
    assert (found.agents, found.properties, found.class_path) == (["a.jar"], {"x": "1", "y": "2 3"}, ["p", "q"])
    assert command("-cp", "z", "M", CLASSPATH="p").class_path == ["z"]
    assert command("-jar", "a.jar", CLASSPATH="p").class_path == []


def test_what_is_not_known_is_told():
    """With the place that the process comes from; reading goes on."""
    found = command(None, "-cp", None, "M", JAVA_TOOL_OPTIONS=None)
    assert found.main == "M"
    assert [(gap.place, gap.line, gap.scope) for gap in found.gaps] == [("run.sh", 3, "maven")] * 3
    assert command(more=True).gaps
    assert not command("-jar", "a.jar", more=True).gaps


def test_argument_files():
    """Their words stand in their place, relative to the working directory; `@@` is an `@`; those not kept are told."""
    root = root_of({"app/x.conf": '-cp "a b:c" # comment\nMain\n@y.conf'}, analyzers=[TEXTS])
    found = command("-Da=b", "@x.conf", "z", root=root)
    assert (found.class_path, found.main, found.arguments) == (["a b", "c"], "Main", ("@y.conf", "z"))
    assert command("@@x.conf", root=root).main == "@x.conf"
    assert [gap.reason for gap in command("@no.conf", "M", root=root).gaps] == [
        "the argument file no.conf is not known"
    ]


def test_bounds(monkeypatch):
    """Words beyond the limit are told of."""
    monkeypatch.setattr(java_command, "WORDS_LIMIT", 2)
    assert command("-Da=b", "-Dc=d", "M").gaps
    root = root_of({"app/x.conf": "a b c d"}, analyzers=[TEXTS])
    assert command("@x.conf", root=root).gaps


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc\n d", ["a", "b", "c", "d"]),
        ("'a b' \"c d\"e", ["a b", "c de"]),
        (r'"C:\\x" "a\"b" "\n\t"', ["C:\\x", 'a"b', "\n\t"]),
        (r"C:\x", [r"C:\x"]),
        ("# no\na#b # no", ["a#b"]),
        ('"a\\\n   b" c', ["ab", "c"]),
        ("a\\\nb", ["ab"]),
        ('"open', ["open"]),
        ("''", [""]),
        ("", []),
    ],
)
def test_words(text, words):
    """Quotes, escapes, comments and lines that go on."""
    assert list(read_words(text)) == words


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=6))
def test_quoted_words_are_themselves(words):
    """Whatever stands in them."""
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for word in words]
    assert list(read_words(" ".join(quoted))) == words


def test_reading_takes_linear_time():
    """A megabyte of quotes and backslashes."""
    for text in ("\\" * 1_000_000, '"' * 1_000_000, "'\"\\\n" * 250_000, "a" * 1_000_000):
        list(read_words(text))
