"""Rockspecs: literal values of Lua."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stellaops_core.readers.rockspec import DEPTH_LIMIT, JOINED_LIMIT, read_rockspec


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ('a = \'x\' b = "y\\"\\x41\\065\\n"; c = [==[\nz]]]==]', {"a": "x", "b": 'y"AA\n', "c": "z]]"}),
        ("a = true b = false c = nil d = 1.5 e = 0x10", {"a": True, "b": False, "c": None, "d": 1.5, "e": 16}),
        ("a = {1, 'x', k = {}, ['q'] = 2; [7] = 3,}", {"a": {1: 1.0, 2: "x", "k": {}, "q": 2.0, 7.0: 3.0}}),
        ("local v = '1' a = v .. '-' .. v b = a", {"a": "1-1", "b": "1-1"}),
        ("--[[ a = 1 ]] -- b = 2\nc = 3", {"c": 3.0}),
        ("a = 1 b = f() c = 3", {"a": 1.0}),
        ("a = 1 if b then c = 3 end", {"a": 1.0}),
        ("a = {f()}", {}),
        ("a.b = 1", {}),
        ("a = 1 .. 'x'", {}),
        ("a = 'torn", {}),
        ("a = [[torn", {}),
        ("a = " + "{" * (DEPTH_LIMIT + 1), {}),
        ("local function a() end b = 1", {}),
    ],
)
def test_values(text, values):
    """What is assigned, up to the first thing that would have to be run."""
    assert read_rockspec(text.encode()) == values


@given(st.binary(max_size=100))
def test_any_bytes(data):
    """Any bytes give a dictionary."""
    assert isinstance(read_rockspec(data), dict)


@pytest.mark.parametrize("piece", [b"'", b'"', b"--[[\n", b"[==[", b"a=a..a ", b"{", b"a='x'a=a..a ", b'\\"'])
def test_linear(piece):
    """A megabyte of one piece ends soon, and grows nothing."""
    start = time.process_time()
    found = read_rockspec(b"a='xx' " + piece * ((1 << 20) // len(piece)))
    assert time.process_time() - start < 5
    assert sum(len(value) for value in found.values() if isinstance(value, str)) < 1 << 20


def test_joined_texts():
    """Texts that are joined many times, under many names or in one table, take no more room than one rockspec may."""
    text = b"v='" + b"x" * 50_000 + b"' "
    for more in (b"".join(b"a%d=v..v " % number for number in range(10_000)), b"t={" + b"v..v," * 10_000 + b"}"):
        found = read_rockspec(text + more)
        assert sum(len(value) for value in found.values() if isinstance(value, str)) <= 50_000 + JOINED_LIMIT
    assert read_rockspec(b"a = 'x' b = a .. a .. a")["b"] == "xxx"
