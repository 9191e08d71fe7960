"""PHP files that return one literal."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.php_literal import DEPTH_LIMIT, read_php_literal


def php(value, brackets=False):
    """As `var_export` and Composer write a value."""
    if isinstance(value, dict):
        inside = ", ".join(f"{php(key)} => {php(item, brackets)}" for key, item in value.items())
        return f"[{inside}]" if brackets else f"array({inside},\n)"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return {True: "true", False: "false", None: "NULL"}[value] if value in {True, False, None} else str(value)


SCALARS = st.text(st.characters(codec="utf-8"), max_size=12) | st.integers(2, 1 << 50) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
)


@given(VALUES, st.booleans())
def test_what_php_writes_is_read(value, brackets):
    """All kinds, both spellings of arrays."""
    text = php(value, brackets).replace("(,", "(").replace("array(\n)", "array()")
    assert read_php_literal(f"<?php return {text};\n".encode()) == value


def test_lists_and_paths():
    """Lists count from 0; `__DIR__` stays away."""
    assert read_php_literal(b"<?php return array('a', 'b' => __DIR__ . '/../', 'c');") == {0: "a", "b": "/../", 2: "c"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "return 1;",
        "<?php return 1",
        "<?php return f();",
        "<?php return 'a' . 'b';",
        "<?php return array('a' => );",
        "<?php return array('a' 'b');",
        "<?php return array(array() => 1);",
        "<?php return array(,);",
        "<?php return 'open;",
        "<?php return array(1;",
        "<?php return [1);",
        "<?php return " + "array(" * (DEPTH_LIMIT + 1) + ")" * (DEPTH_LIMIT + 1) + ";",
    ],
)
def test_code_is_refused(text):
    """Nothing is run."""
    with pytest.raises(ValueError, match="PHP"):
        read_php_literal(text.encode())


@given(st.text(st.sampled_from("array()[]=>,';\\'01 __DIR__.true\n"), max_size=200))
def test_any_text_is_read_or_refused(text):
    """No text raises anything but `ValueError`."""
    with contextlib.suppress(ValueError):
        read_php_literal(f"<?php return {text}".encode())
