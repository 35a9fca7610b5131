"""Header fields, tokens, authorities."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import Headers, is_token, shown, split_authority


def test_headers() -> None:
    headers = Headers(
        [("Host", "a"), ("Connection", "keep-alive ,"), ("CONNECTION", " ,\tUpgrade"), ("B", "c ")]
    )
    for _ in range(2):
        assert headers.get_all("connection") == ["keep-alive ,", ",\tUpgrade"]
        assert headers["Connection"] == "keep-alive ,, ,\tUpgrade"
        assert headers.tokens("connection") == ["keep-alive", "upgrade"]
        assert headers.get("x") is None and headers.get("x", "y") == "y" and headers.tokens("x") == []
        assert "host" in headers and "x" not in headers and 1 not in headers
        assert list(headers) == ["Host", "Connection", "CONNECTION", "B"] and len(headers) == 4
        assert headers.items()[-1] == ("B", "c")
        headers.release()
    with pytest.raises(KeyError):
        headers["x"]
    assert Headers({"A": "b"}) == Headers([("A", "b")]) != Headers([("a", "b")])
    assert hash(Headers({"A": "b"})) == hash(Headers([("A", "b")]))
    assert Headers() == Headers([]) and Headers() != "" and len(Headers()) == 0


@pytest.mark.parametrize(
    "name, value",
    [
        ("A", "b\r\nC: d"),
        ("A", "b\nC: d"),
        ("A", "b\r"),
        ("A", "b\0"),
        ("A", "\x1b"),
        ("A", "\x7f"),
        ("A", "\u010a"),  # its low byte is a line feed
        ("A", "\udc0a"),
        ("A\r\nB", "c"),
        ("A:", "b"),
        ("A ", "b"),
        ("", "b"),
        ("\u212a", "b"),  # Kelvin sign: "k" in lower case
    ],
)
def test_header_injection_on_output_is_refused(name: str, value: str) -> None:
    """uvicorn CVE-2020-7695, autobahn CVE-2020-35678, aiohttp CVE-2026-34519."""
    with pytest.raises(ValueError):
        Headers([(name, value)])


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4))
def test_any_fields_are_sent_as_they_are_or_refused(fields: list[tuple[str, str]]) -> None:
    """The fast look at all fields and the one that names the culprit come to the same verdict."""
    try:
        headers = Headers(fields)
    except ValueError:
        return
    assert headers.items() == [(name, value.strip(" \t")) for name, value in fields]
    assert all(is_token(name) for name, _ in fields)


@pytest.mark.parametrize("field", [("A", b"b"), (b"A", "b"), ("A", 1), ("A", None)])
def test_fields_are_text(field: tuple[str, str]) -> None:
    with pytest.raises(TypeError):
        Headers([field])


def test_shown_is_safe_to_print() -> None:
    assert shown("a\x1b[2J\r\n\u202e") == r"'a\x1b[2J\r\n\u202e'"
    assert shown("x" * 1000) == "'" + "x" * 59 + "'..."


@pytest.mark.parametrize("character", ["x", "\x1b", "\u202e", "\U0001f44b", "'", "\"'", "\\"])
@pytest.mark.parametrize("length", [20, 64, 300])
def test_shown_is_bounded_as_it_is_printed(character: str, length: int) -> None:
    """A body of escape sequences made a line of 495 characters."""
    for count in range(2 * length):
        whole = character * count
        text = shown(whole, length)
        assert len(text) <= length
        kept = ast.literal_eval(text.removesuffix("..."))
        assert kept == whole or (text.endswith("...") and whole.startswith(kept))
    assert len(text) > length - 13  # no more is left out than has to be


@pytest.mark.parametrize(
    "text, host, port",
    [
        ("a", "a", None),
        ("a:", "a", None),
        ("a.b-c:65535", "a.b-c", 65535),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]", "[::1]", None),
        ("[::1]:", "[::1]", None),
        ("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]", 80),
    ],
)
def test_authority(text: str, host: str, port: int | None) -> None:
    assert split_authority(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            ":80",
            "a:b",
            "a:-1",
            "a:65536",
            "a:000080",
            "a:8\u0660",
            "a b",
            "a@b",
            "a/b",
            "a\\b",
            "a#",
        ),
        *("é", "[", "[]", "[]:80", "[::1", "::1", "[::1]80", "[a]", "[::g]", "[fe80::1%25eth0]", "[[::1]]"),
    ],
)
def test_no_authority(text: str) -> None:
    with pytest.raises(HandshakeError, match="is not a host"):
        split_authority(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a,b", "a;b", 'a"', "a/b", "(a)", "a\n", "é", "\u212a", "a\x7f"]
)
def test_no_token(text: str) -> None:
    assert not is_token(text)
