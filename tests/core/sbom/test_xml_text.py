"""Text in XML comes back, whatever it is."""

from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.sbom.xml_text import read_xml, xml_text

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["\ufffd", '\ufffd"a"', "\x00", "a\r\nb", " a ", "\uffff", "]]>", "&amp;", "\x85\u2028", '"<&>']),
)


def parse(text):
    found = {}
    parser = expat.ParserCreate()
    pieces = []
    parser.StartElementHandler = lambda _, attributes: found.update(attributes)
    parser.CharacterDataHandler = pieces.append
    parser.Parse(f'<a b="{text}">{text}</a>'.encode(), True)
    return found["b"], "".join(pieces)


@given(TEXTS)
def test_content_and_attributes_come_back(text):
    """Through a real parser, in both places."""
    attribute, content = parse(xml_text(text))
    assert read_xml(attribute) == read_xml(content) == text


@pytest.mark.parametrize("text", ['\ufffd"', '\ufffd"a', "\ufffd5", '\ufffd["a"]', "\ufffd" + "[" * 9999])
def test_others_text_stays_as_it_is(text):
    """What begins like ours, and isn't."""
    assert read_xml(text) == text


def test_lone_surrogates():
    """Become U+FFFD, as in the other serialisations."""
    assert read_xml(parse(xml_text("a\ud800"))[0]) == "a\ufffd"
