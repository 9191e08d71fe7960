"""pom.xml: values, inheritance and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.pom import (
    ELEMENT_DEPTH,
    ELEMENT_LIMIT,
    PARENT_LIMIT,
    POM_LIMIT,
    VALUE_LIMIT,
    Effective,
    line_of,
    read_pom,
)


def pom(inside, head='<project xmlns="http://maven.apache.org/POM/4.0.0">'):
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}{inside}</project>'.encode()


def one(inside):
    return Effective([read_pom(pom(inside))])


def test_values():
    """Everything that is read, comments, CDATA and HTML's characters included."""
    found = one(
        "<groupId> a.b </groupId><artifactId><!-- c -->d</artifactId><version><![CDATA[1]]></version>"
        "<packaging>war</packaging><url>https://x.example/</url><organization><name>J&oslash;rn</name></organization>"
        "<scm><url>scm</url></scm><issueManagement><url>bugs</url></issueManagement>"
        "<licenses><license><name>MIT</name><url>u</url></license><license><url>only</url></license></licenses>"
        "<dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId></dependency>"
        "<dependency><groupId>g</groupId><artifactId>t</artifactId><scope>test</scope></dependency>"
        "<dependency><groupId>${project.groupId}</groupId><artifactId>y</artifactId></dependency>"
        "<dependency><groupId>${lost}</groupId><artifactId>z</artifactId></dependency></dependencies>"
        "<build><plugins><plugin><version>9</version></plugin></plugins></build>"
        "<dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>m</artifactId></dependency>"
        "</dependencies></dependencyManagement>"
    )
    names = ("groupId", "artifactId", "version", "packaging", "url", "organization/name", "scm/url")
    assert [found.value(name) for name in names] == ["a.b", "d", "1", "war", "https://x.example/", "Jørn", "scm"]
    assert found.licenses() == ("MIT", "only")
    assert found.dependencies() == ("a.b:y", "g:x")


def test_inheritance():
    """Group, version, licences and properties come from parents, the artifact does not."""
    top = read_pom(pom("<groupId>g</groupId><artifactId>top</artifactId><version>${rev}</version>"
                       "<licenses><license><name>MIT</name></license></licenses>"
                       "<properties><rev>7</rev><q>1</q></properties>"))  # fmt: skip
    low = read_pom(pom("<parent><groupId>g</groupId><artifactId>top</artifactId><version>7</version></parent>"
                       "<artifactId>low-${q}</artifactId><properties><q>2</q></properties>"))  # fmt: skip
    both = Effective(line_of(low, {("g", "top"): top}))
    assert [both.value(name) for name in ("groupId", "artifactId", "version")] == ["g", "low-2", "7"]
    assert both.licenses() == ("MIT",)
    alone = Effective(line_of(low, {}))
    assert [alone.value(name) for name in ("groupId", "artifactId", "version")] == ["g", "low-2", "7"]


@pytest.mark.parametrize(
    ("version", "properties", "filled"),
    [
        ("${a}", "<a>1</a>", "1"),
        ("${a}.${b}", "<a>${b}</a><b>2</b>", "2.2"),
        ("${project.artifactId}-${pom.artifactId}-${artifactId}", "", "x-x-x"),
        ("${project.parent.version}", "", "3"),
        ("${a}", "", ""),
        ("${a}", "<a>${a}</a>", ""),
        ("${a}", "<a>${b}</a><b>${a}</b>", ""),
        ("${a", "", ""),
        ("${}", "", ""),
        ("${a}", "<a>${b}${b}</a><b>" + "x" * 600 + "</b>", ""),
        ("$1", "", "$1"),
    ],
)
def test_properties(version, properties, filled):
    """Properties within properties; what is missing, endless or too long makes the value absent."""
    found = one(
        "<parent><groupId>p</groupId><artifactId>q</artifactId><version>3</version></parent>"
        f"<artifactId>x</artifactId><version>{version}</version><properties>{properties}</properties>"
    )
    assert found.value("version") == filled


def test_parents_end():
    """A parent that is its own ends the line, and so does a long line."""
    own = read_pom(pom("<parent><groupId>g</groupId><artifactId>a</artifactId></parent>"))
    assert line_of(own, {("g", "a"): own}) == [own]
    poms = {
        ("g", f"a{number}"): read_pom(
            pom(f"<parent><groupId>g</groupId><artifactId>a{number + 1}</artifactId></parent>")
        )
        for number in range(PARENT_LIMIT * 2)
    }
    assert len(line_of(poms["g", "a0"], poms)) == PARENT_LIMIT


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not XML"),
        (b"<project>", "not XML"),
        (b'<!DOCTYPE project [<!ENTITY a "b">]><project>&a;</project>', "entity"),
        (b'<!DOCTYPE project [<!ENTITY % a SYSTEM "file:///etc/passwd">%a;]><project/>', "entity"),
        (pom("<a>" * ELEMENT_DEPTH), "deeper"),
        (pom("<a/>" * ELEMENT_LIMIT), "more or deeper"),
        (pom("")[:-1] + b" " * POM_LIMIT, "larger"),
        (b'<?xml version="1.0" encoding="shift_jis"?><project/>', "not XML|encoding"),
        (b'<?xml version="1.0" encoding="nothing"?><project/>', "not XML|encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?><project>\xff</project>', "not XML"),
    ],
)
def test_refused(data, reason):
    """What is no pom.xml, declares entities or is beyond the bounds."""
    with pytest.raises(ValueError, match=reason):
        read_pom(data)


def test_external_subset_is_not_loaded():
    """A DTD elsewhere is passed over."""
    data = b'<!DOCTYPE project SYSTEM "http://x.example/a.dtd"><project><version>1&lost;</version></project>'
    assert read_pom(data).values == {"version": "1"}


def test_long_values_are_cut():
    """A value has at most VALUE_LIMIT characters."""
    assert len(one(f"<version>{'1' * 5000}</version>").value("version")) == VALUE_LIMIT


@given(st.text(max_size=60), st.binary(max_size=60))
def test_anything(text, noise):
    """Any text between tags, and any bytes: a pom or `ValueError`."""
    for data in (pom(text), noise, pom("<version>1</version>")[:-10] + noise):
        try:
            Effective([read_pom(data)]).value("version")
        except ValueError:
            continue
