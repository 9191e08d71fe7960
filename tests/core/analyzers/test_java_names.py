"""Names of archives without Maven's records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.analyzers.java_names import agrees, identify, is_identifier, is_version, take_apart


def nothing(_):
    return False


@pytest.mark.parametrize(
    ("stem", "splits", "version"),
    [
        ("xz-1.9", (("xz", "1.9"),), "1.9"),
        ("json4s-ast_2.12-3.7.0-M11", (("json4s-ast_2.12", "3.7.0-M11"),), "3.7.0-M11"),
        ("log4j-1.2-api-2.20.0", (("log4j", "1.2"), ("log4j-1.2-api", "2.20.0")), ""),
        ("ast_2.12", (), ""),
        ("jboss-logging-3.5.0.Final", (("jboss-logging", "3.5.0.Final"),), "3.5.0.Final"),
        ("guava-31.1-jre", (("guava", "31.1-jre"),), "31.1-jre"),
        ("a-1.0-SNAPSHOT", (("a", "1.0-SNAPSHOT"),), "1.0-SNAPSHOT"),
        ("tabula-1.0.5-jar-with-dependencies", (("tabula", "1.0.5"),), "1.0.5"),
        ("netty-4.1.96.Final-linux-x86_64", (("netty", "4.1.96.Final"),), "4.1.96.Final"),
        ("org.a.b_1.2.3", (("org.a.b", "1.2.3"),), "1.2.3"),
        ("utf-8", (("utf", "8"),), ""),
        ("foo-2.0.0-1", (("foo-2.0.0", "1"),), ""),
        ("spring3-core-3.x", (), ""),
        ("ROOT", (), ""),
        ("-1.0", (), ""),
        ("1.0", (), ""),
        ("", (), ""),
    ],
)
def test_file_names(stem, splits, version):
    """A version is what looks like nothing else; a classifier is none of it."""
    file = take_apart(stem)
    assert (file.splits, file.version) == (splits, version)


@pytest.mark.parametrize(
    ("stem", "manifest", "identity"),
    [
        # name and version of the file, which the manifest confirms
        ("xz-1.9", {"bundle-version": "1.9.0", "implementation-version": "1.9"},
         "generic//xz@1.9 manifest-analysis 70"),
        ("a-1.7", {"implementation-version": "1.7+r608262"}, "generic//a@1.7 manifest-analysis 70"),
        ("a-3.3", {"bundle-version": "3.3.0"}, "generic//a@3.3 manifest-analysis 70"),
        ("jta-1.1", {"specification-version": "1.1"}, "generic//jta@1.1 manifest-analysis 70"),
        ("foo-2.0.0-1", {"bundle-version": "1"}, "generic//foo-2.0.0@1 manifest-analysis 70"),
        ("foo-2.0.0-1", {"implementation-version": "2.0.0-1"}, "generic//foo@2.0.0-1 manifest-analysis 70"),
        # the manifest alone
        ("app", {"implementation-version": "5.6.0 (b0)"}, "generic//app@5.6.0 manifest-analysis 60"),
        ("s-3.x", {"implementation-title": "spring-core", "implementation-version": "4.3.30.RELEASE"},
         "generic//spring-core@4.3.30.RELEASE manifest-analysis 60"),
        ("b", {"bundle-symbolicname": "org.a.b;singleton:=true", "bundle-version": "1.0.0"},
         "generic//org.a.b@1.0.0 manifest-analysis 60"),
        ("a-2.0", {"implementation-version": "3.0"}, "generic//a@3.0 manifest-analysis 60"),
        ("app", {"specification-version": "1.1"}, "generic//app@ filename 30"),
        ("app", {"implementation-version": "${version}"}, "generic//app@ filename 30"),
        ("a-2.1.0", {"bundle-version": "3.0.0.v1"}, "generic//a@3.0.0.v1 manifest-analysis 60"),
        # a bundle's version, counted in another way than the file's
        ("derby-10.14.2.0", {"bundle-version": "10.14.2000000.1828579"}, "generic//derby@10.14.2.0 filename 50"),
        ("a-10.14.2", {"bundle-version": "10.14.3", "implementation-version": "10.14.3"},
         "generic//a@10.14.3 manifest-analysis 60"),
        # the file name alone
        ("oro-2.0.8", {}, "generic//oro@2.0.8 filename 50"),
        ("ROOT", {}, "generic//ROOT@ filename 30"),
        # stated coordinates
        ("x", {"group-id": "org.g", "short-name": "p", "plugin-version": "1.0-SNAPSHOT (private)"},
         "maven/org.g/p@1.0-SNAPSHOT manifest-analysis 100"),
        ("x", {"nar-group": "org.g", "nar-id": "p-nar", "nar-version": "2"},
         "maven/org.g/p-nar@2 manifest-analysis 100"),
        ("x", {"implementation-title": "org.g#server;8.1", "implementation-version": "8.1"},
         "maven/org.g/server@8.1 manifest-analysis 100"),
        ("x", {"group-id": "${g}", "short-name": "p", "plugin-version": "1"}, "generic//x@1 manifest-analysis 60"),
        # groups that build tools wrote
        ("ast_2.12-1.0", {"implementation-title": "ast", "implementation-version": "1.0",
                          "implementation-vendor-id": "org.g"}, "maven/org.g/ast_2.12@1.0 manifest-analysis 80"),
        ("spire-util_2.12-1.0", {"implementation-title": "util", "implementation-version": "1.0",
                                 "implementation-vendor-id": "org.g", "implementation-vendor": "org.g"},
         "maven/org.g/spire-util_2.12@1.0 manifest-analysis 80"),
        ("zstd-jni-1.5.5-4", {"implementation-title": "zstd-jni", "implementation-version": "1.5.5-4",
                              "implementation-vendor-id": "com.github.luben", "bundle-version": "1.5.5.4"},
         "maven/com.github.luben/zstd-jni@1.5.5-4 manifest-analysis 80"),
        # and groups that they didn't: a foundation's domain is no group
        ("commons-x-1.2", {"implementation-title": "Commons X", "implementation-version": "1.2",
                           "implementation-vendor-id": "org.apache"}, "generic//commons-x@1.2 manifest-analysis 70"),
        ("asm-9.4", {"bundle-symbolicname": "org.objectweb.asm", "bundle-version": "9.4.0"},
         "generic//asm@9.4 manifest-analysis 70"),
    ],
)  # fmt: skip
def test_identities(stem, manifest, identity):
    """What is stated comes before what is only called so, and no group comes from a package."""
    found = identify(take_apart(stem), manifest, nothing, merged=False)
    shown = f"{found.type}/{found.group}/{found.name}@{found.version} {found.technique} {found.confidence}"
    assert shown == identity


@pytest.mark.parametrize(
    ("stem", "manifest", "version"),
    [
        ("server-3.1", {"implementation-title": "Exec", "implementation-version": "1.3"}, "3.1"),
        ("server-3.1", {"implementation-version": "3.1"}, "3.1"),
        ("server", {"implementation-version": "1.3"}, ""),
        ("server", {"group-id": "g", "short-name": "p", "plugin-version": "1"}, ""),
    ],
)
def test_merged(stem, manifest, version):
    """The manifest of an archive with others' classes only confirms what the file is called."""
    found = identify(take_apart(stem), manifest, nothing, merged=True)
    assert (found.type, found.name, found.version) == ("generic", "server", version)


def test_known_publishers():
    """A known artifact has its group if one of its packages is inside."""
    file = take_apart("asm-9.4")
    found = identify(file, {}, lambda folder: folder == b"org/objectweb/asm/", merged=False)
    assert (found.type, found.group, found.technique) == ("maven", "org.ow2.asm", "filename")


@pytest.mark.parametrize(
    ("short", "long", "same"),
    [("1.7", "1.7", True), ("1.7", "1.7.0", True), ("1.7", "1.70", False), ("1.7.1", "1.7", False), ("", "1", False)],
)
def test_agrees(short, long, same):
    """A version agrees with itself and with more of itself."""
    assert agrees(short, long) is same


@given(st.text(max_size=40), st.dictionaries(
    st.sampled_from(["implementation-version", "implementation-title", "bundle-version", "bundle-symbolicname",
                     "implementation-vendor-id", "group-id", "short-name", "plugin-version"]),
    st.text(max_size=20)), st.booleans())  # fmt: skip
def test_anything(stem, manifest, merged):
    """Whatever file and manifest say, names and versions are fit for a purl."""
    found = identify(take_apart(stem), manifest, lambda _: True, merged=merged)
    if found:
        assert is_identifier(found.name)
        assert not found.version or is_version(found.version)
        assert (found.type == "maven") is bool(found.group)
