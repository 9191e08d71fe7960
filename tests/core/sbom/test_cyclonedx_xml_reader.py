"""XML read: no entities, no document types, other namespaces passed over, bounds hold."""

import pytest

from core.sbom.samples import SAMPLE
from stellaops_core.errors import TargetError
from stellaops_core.sbom import cyclonedx_xml_reader
from stellaops_core.sbom.cyclonedx_xml import encode
from stellaops_core.sbom.cyclonedx_xml_reader import MAX_NESTING, decode, read_document_xml

GOOD = encode(SAMPLE).decode()
SPACE = "http://cyclonedx.org/schema/bom/1.5"


def bom(inner, space=SPACE):
    return f'<bom xmlns="{space}" xmlns:o="urn:other">{inner}</bom>'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + bom("&b;"),
        b'<!DOCTYPE bom SYSTEM "file:///etc/passwd">' + bom(""),
        bom("&unknown;"),
        bom("") + b"<a/>",
        bom("<components>"),
        bom("", "urn:x"),
        bom("", "http://cyclonedx.org/schema/bom/1.1"),
        bom("<components>" * MAX_NESTING + "</components>" * MAX_NESTING),
        b"",
        b"\xff\xfe<\x00",
        bom("\ud800".encode("utf-8", "surrogatepass").decode("latin-1")).replace(b"\xc3\xad", b"\xed"),
    ],
)
def test_what_is_no_document_is_refused(data):
    """With one error that shows nothing of the content."""
    with pytest.raises(TargetError, match="not a CycloneDX document") as error:
        read_document_xml(data)
    assert "passwd" not in str(error.value)


def test_other_namespaces_are_passed_over():
    """Signatures and extensions of others, whatever is inside."""
    data = GOOD.replace("<metadata>", '<x xmlns="urn:o"><bom/><components>a</components></x><metadata>').encode()
    assert decode(data) == decode(GOOD.encode())


def test_old_tools_are_a_list():
    """Before 1.5 tools had no components."""
    tool = "<metadata><tools><tool><vendor>a</vendor><name>b</name></tool></tools></metadata>"
    assert read_document_xml(bom(tool))["metadata"]["tools"] == [{"vendor": "a", "name": "b"}]


def test_others_documents():
    """A component as others write it: licences, hashes and nested dependencies."""
    inner = (
        '<components><component type="library" bom-ref="r"><name>a</name><version>1</version><hashes>'
        '<hash alg="SHA-1">AA</hash></hashes><licenses><license><id>MIT</id></license></licenses>'
        '<purl>pkg:pypi/a@1</purl></component></components><dependencies><dependency ref="r"/></dependencies>'
    )
    (component,) = decode(bom(inner)).components
    assert (component.purl, component.licenses, component.hashes) == ("pkg:pypi/a@1", ("MIT",), (("SHA-1", "aa"),))


def test_bounds(monkeypatch):
    """Of size and of the number of elements."""
    monkeypatch.setattr(cyclonedx_xml_reader, "MAX_ELEMENTS", 10)
    with pytest.raises(TargetError, match="too many elements"):
        read_document_xml(GOOD.encode())
    monkeypatch.setattr(cyclonedx_xml_reader, "MAX_DOCUMENT", 10)
    with pytest.raises(TargetError, match="larger than"):
        read_document_xml(GOOD.encode())
