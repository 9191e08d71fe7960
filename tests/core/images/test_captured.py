"""Content in memory and content in a file are one."""

import tempfile

import pytest

from stellaops_core.images.captured import CapturedFile


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_content_from_a_file(size: int) -> None:
    """Read whole, mapped, and under another path; after the release nothing is left but the result."""
    data = bytes(range(256)) * 20
    with tempfile.TemporaryFile() as spool:
        spool.write(data[:size])
        spool.flush()
        file = CapturedFile("a/b", size, None, spool, 0)
        file.result = "seen"
        other = file.at("c")
        assert (file.read(), bytes(file.content()[:]), other.read()) == (data[:size],) * 3
        assert (other.path, other.result) == ("c", "seen")
        file.release()
        other.release()
        assert (file.content(), file.result) == (b"", "seen")


def test_once() -> None:
    """What several analyzers ask for is worked out once."""
    asked = []

    def length(content: object) -> int:
        asked.append(content)
        return 3

    file = CapturedFile("a", 3, b"abc")
    assert [file.once(length), file.once(length), file.once(len)] == [3, 3, 3]
    assert len(asked) == 1
