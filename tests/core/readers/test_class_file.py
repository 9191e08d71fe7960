"""What compiled Java classes name."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classes import compiled, module_info
from stellaops_core.readers.class_file import makes_loader, read_module, read_packages

NAME = st.from_regex(r"[a-z]\w{0,5}", fullmatch=True).filter(lambda text: text not in {"java", "sun", "jdk"})
CLASS = st.lists(NAME, min_size=2, max_size=5).map("/".join)


@given(CLASS, st.lists(CLASS, max_size=10))
def test_all_packages_of_named_classes_are_found(own, refers):
    """Its own as well."""
    expected = {name[: name.rindex("/") + 1].encode() for name in (own, *refers)}
    assert expected <= read_packages(compiled(own, refers))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("org/a/B", {b"org/a/"}),
        ("org/a/B$C", {b"org/a/"}),
        ("Lorg/a/B;", set()),
        ("(Lorg/a/B;)Lorg/c/D;", set()),
        ("[Lorg/a/B;", set()),
        ("java/util/List", set()),
        ("java/awt/Color", {b"java/awt/"}),
        ("javax/inject/Inject", {b"javax/inject/"}),
        ("sun/misc/Unsafe", set()),
        ("Main", set()),
        ("a text", set()),
    ],
)
def test_what_counts_as_a_class(text, found):
    """Types of fields and methods, and the runtime's own classes, do not."""
    assert read_packages(compiled("Main", texts=[text])) == found


def test_makers_of_class_loaders_are_told():
    """Naming the class alone is not making one."""
    assert makes_loader(compiled("a/B", loader=True))
    assert not makes_loader(compiled("a/B", ["java/net/URLClassLoader"]))


@given(CLASS, st.lists(NAME, max_size=4), st.sampled_from(["", "org/a/Main"]))
def test_modules_are_read(name, requires, main):
    """Name, requirements and main class, among other attributes."""
    found = read_module(module_info(name.replace("/", "."), requires, main))
    assert (found.name, list(found.requires), found.main) == (
        name.replace("/", "."),
        requires,
        main.replace("/", "."),
    )


def test_a_class_is_no_module():
    """None, not an error."""
    assert read_module(compiled("a/B", ["c/D"])) is None


@given(st.binary(max_size=200), st.integers(0, 300))
def test_no_bytes_raise_anything_else(data, end):
    """Arbitrary bytes, and a module that is cut off."""
    for content in (data, b"\xca\xfe\xba\xbe" + data, module_info("a.b", ["c"])[:end]):
        read_packages(content)
        with contextlib.suppress(ValueError):
            read_module(content)
