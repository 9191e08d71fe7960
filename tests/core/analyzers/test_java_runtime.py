"""Java runtimes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.analyzers.java_runtime import read_release


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('IMPLEMENTOR="Debian"\nJAVA_VERSION="17.0.21.1"\nLIBC="gnu"\n',
         [("", "openjdk", "17.0.21.1", "Debian", (("stella:java:libc", "gnu"),))]),
        ('JAVA_VERSION="1.8.0_392"\r\n', [("", "openjdk", "1.8.0_392", "", ())]),
        ('JAVA_VERSION="21.0.1"\nBUILD_TYPE="commercial"\nIMPLEMENTOR="Oracle Corporation"\n',
         [("oracle", "jdk", "21.0.1", "Oracle Corporation", ())]),
        ('JAVA_VERSION="11"\nGRAALVM_VERSION="22.3.0"\nIMAGE_TYPE="JDK"\n',
         [("", "openjdk", "11", "", (("stella:java:imageType", "JDK"),)), ("", "graalvm", "22.3.0", "", ())]),
        ("JAVA_VERSION=17\n", [("", "openjdk", "17", "", ())]),
        ('JAVA_VERSION="none"\n', []),
        ("Debian GNU/Linux 12\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_release(text, found):
    """Version, maker and kind; a file without a Java version is somebody else's."""
    packages = [
        (one.namespace, one.name, one.version, one.supplier, one.properties) for one in read_release(text.encode())
    ]
    assert packages == found


@given(st.binary(max_size=200))
def test_anything(data):
    """Any bytes give packages or none."""
    list(read_release(data))
    list(read_release(b"JAVA_VERSION=" + data))
