"""Known publishers of Java libraries."""

import pytest

from stellaops_core.analyzers.java_known import _RULES, find_group


@pytest.mark.parametrize(
    ("names", "version", "package", "found"),
    [
        (("spring-core",), "5.3.20", b"org/springframework/", ("org.springframework", "spring-core")),
        (("tomcat10-embed-core", "org.apache.tomcat-embed-core"), "10.1", b"org/apache/",
         ("org.apache.tomcat.embed", "tomcat-embed-core")),
        (("catalina", "org.apache.tomcat-catalina"), "9.0", b"org/apache/", ("org.apache.tomcat", "tomcat-catalina")),
        (("asm",), "3.3", b"org/objectweb/asm/", ("asm", "asm")),
        (("asm-tree",), "9.4", b"org/objectweb/asm/", ("org.ow2.asm", "asm-tree")),
        (("hibernate-core",), "5.6", b"org/hibernate/", ("org.hibernate", "hibernate-core")),
        (("hibernate-core",), "6.1", b"org/hibernate/", ("org.hibernate.orm", "hibernate-core")),
        (("derby",), "10.14.2.0", b"org/apache/derby/", ("org.apache.derby", "derby")),
        (("jackson-mapper-asl",), "1.9.13", b"org/codehaus/jackson/", ("org.codehaus.jackson", "jackson-mapper-asl")),
        (("scala-library",), "2.12.18", b"scala/", ("org.scala-lang", "scala-library")),
        (("annotations",), "3.0.1", b"edu/umd/cs/findbugs/", ("", "")),
        (("spring-core-fork",), "1", b"org/springframework/", ("", "")),
        ((), "1", b"org/", ("", "")),
    ],
)  # fmt: skip
def test_groups(names, version, package, found):
    """Name, version and package must all fit."""
    assert find_group(names, version, lambda folder: folder == package) == found


def test_rules_ask_for_folders():
    """Each rule asks for a folder, and no rule is hidden by an equal one."""
    assert all(rule.package.endswith(b"/") for rule in _RULES)
    assert len({(rule.names, rule.package, rule.versions) for rule in _RULES}) == len(_RULES)
