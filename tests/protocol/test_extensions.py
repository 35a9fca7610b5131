"""Sec-WebSocket-Extensions: a table of values, and nothing that takes more than linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.headers import parse_extension

from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.extensions import Extension, parse_extensions, serialize_extensions

GOOD: list[tuple[str, list[Extension]]] = [
    ("x", [("x", [])]),
    ("x, y", [("x", []), ("y", [])]),
    (" ,x,, y ,\t", [("x", []), ("y", [])]),
    ("x;a;b=1", [("x", [("a", None), ("b", "1")])]),
    ("x ; a ;\tb=1 , y", [("x", [("a", None), ("b", "1")]), ("y", [])]),
    ('x; a="1"', [("x", [("a", "1")])]),
    (r'x; a="1\0"', [("x", [("a", "10")])]),
    ("x; a; a", [("x", [("a", None), ("a", None)])]),
    ("x; a = 1", [("x", [("a", "1")])]),
]

BAD = [
    "",
    " ",
    ",",
    "x y",
    "x;",
    "x;;a",
    ";a",
    "x; a b",
    "x; =1",
    "x; a=",
    "x; a=b=c",
    "x; a=b c",
    "é",
    "x/y",
]
BAD += [
    'x; a="',
    'x; a=""',
    'x; a="1',
    'x; a=1"',
    'x; a="1 2"',
    'x; a="1,2"',
    'x; a="1;2"',
    'x; a="1"2',
    '"x"',
]
BAD += [r'x; a="1\\"', r'x; a="\"', 'x; "a"=1', r'x; a="\\"']


@pytest.mark.parametrize("value, extensions", GOOD, ids=[row[0] for row in GOOD])
def test_extensions(value: str, extensions: list[Extension]) -> None:
    assert parse_extensions(value) == extensions
    assert parse_extensions(serialize_extensions(extensions)) == extensions


@pytest.mark.parametrize("value", BAD)
def test_bad_extensions(value: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_extensions(value)
    assert caught.value.status == 400
    assert str(caught.value).isascii() and str(caught.value).isprintable()


TOKEN = st.text(st.sampled_from("!#$%&'*+-.^_`|~019AZaz"), min_size=1, max_size=8)
EXTENSION = st.tuples(TOKEN, st.lists(st.tuples(TOKEN, st.none() | TOKEN), max_size=4))


@given(st.lists(EXTENSION, min_size=1, max_size=4))
def test_websockets_reads_the_same(extensions: list[Extension]) -> None:
    value = serialize_extensions(extensions)
    assert (
        parse_extensions(value) == extensions == [(name, list(more)) for name, more in parse_extension(value)]
    )


@given(st.text(st.sampled_from('ab,;="\\ \t\xe9'), max_size=40))
def test_any_text(value: str) -> None:
    try:
        extensions = parse_extensions(value)
    except HandshakeError:
        return
    assert parse_extensions(serialize_extensions(extensions)) == extensions


@pytest.mark.parametrize("piece", [",", ";", "=", '"', "\\", " ", "a;", 'a="', "a,", '\\"', 'a="\\', "\t,"])
def test_linear_time(piece: str) -> None:
    """websocket-driver CVE-2020-7663 and ws CVE-2021-32640: backtracking in this very field.

    A megabyte, 128 times what a field may hold: half a second where time is linear, hours where it is not.
    """
    value = "x; a=" + piece * (1_000_000 // len(piece))
    start = time.process_time()
    try:
        parse_extensions(value)
    except HandshakeError:
        pass
    assert time.process_time() - start < 5
