"""WebSocket URLs: a table of good ones, a table of bad ones."""

from __future__ import annotations

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdemo.protocol.headers import VISIBLE, only
from wsdemo.protocol.url import URL, parse_url, percent_encode

GOOD = [
    ("ws://example.com", False, "example.com", 80, "/", "example.com"),
    ("wss://example.com", True, "example.com", 443, "/", "example.com"),
    ("WS://Example.COM:80/Chat", False, "example.com", 80, "/Chat", "example.com"),
    ("ws://example.com:443/", False, "example.com", 443, "/", "example.com:443"),
    ("wss://example.com:80/", True, "example.com", 80, "/", "example.com:80"),
    ("ws://example.com:", False, "example.com", 80, "/", "example.com"),
    ("ws://example.com?a=b", False, "example.com", 80, "/?a=b", "example.com"),
    ("ws://example.com/?", False, "example.com", 80, "/?", "example.com"),
    ("ws://example.com?a/b@c:d", False, "example.com", 80, "/?a/b@c:d", "example.com"),
    ("ws://example.com.", False, "example.com.", 80, "/", "example.com."),
    ("ws://a_b/", False, "a_b", 80, "/", "a_b"),
    ("ws://127.0.0.1:1234/", False, "127.0.0.1", 1234, "/", "127.0.0.1:1234"),
    ("ws://[::1]", False, "::1", 80, "/", "[::1]"),
    ("ws://[2001:DB8::1]:8765/x", False, "2001:db8::1", 8765, "/x", "[2001:db8::1]:8765"),
    ("ws://münchen.example/", False, "xn--mnchen-3ya.example", 80, "/", "xn--mnchen-3ya.example"),
    ("ws://münchen.example:81", False, "xn--mnchen-3ya.example", 81, "/", "xn--mnchen-3ya.example:81"),
    ("ws://a/in the café", False, "a", 80, "/in%20the%20caf%C3%A9", "a"),
    ("ws://a/%20%C3%A9%", False, "a", 80, "/%20%C3%A9%25", "a"),
    ("ws://a/100%?x=%zz", False, "a", 80, "/100%25?x=%25zz", "a"),
    ('ws://a/"<>^`{|}\\', False, "a", 80, "/%22%3C%3E%5E%60%7B%7C%7D%5C", "a"),
]

BAD = [
    ("", "not a WebSocket URL"),
    ("example.com", "not a WebSocket URL"),
    ("http://example.com", "ws:// instead of http://"),
    ("https://example.com", "wss:// instead of https://"),
    ("ws:/example.com", "not a WebSocket URL"),
    ("wsx://example.com", "not a WebSocket URL"),
    (" ws://example.com", "not a WebSocket URL"),
    ("ws://example.com ", "a space at the end"),
    ("ws://example.com\r\nX: y", "a control character"),
    ("ws://example.com/\0", "a control character"),
    ("ws://example.com/\x7f", "a control character"),
    ("ws://", "not a host"),
    ("ws:///path", "not a host"),
    ("ws://:80", "not a host"),
    ("ws://example.com:0", "not a host"),
    ("ws://example.com:65536", "not a host"),
    ("ws://example.com:ws", "not a host"),
    ("ws://example.com:1:2", "not a host"),
    ("ws://a b/", "not a host"),
    ("ws://a\\b/", "not a host"),
    ("ws://a%2eb/", "not a host"),
    ("ws://a..b/", "not a host"),
    ("ws://é..b/", "not a host"),
    ("ws://.", "not a host"),
    (f"ws://{'a' * 64}.b/", "not a host"),
    (f"ws://{'a.' * 130}b/", "not a host"),
    ("ws://::1/", "not a host"),
    ("ws://[::1", "not a host"),
    ("ws://[é]", "not a host"),
    ("ws://[fe80::1%25eth0]/", "not a host"),
    ("ws://example.com/#", "fragment"),
    ("ws://example.com#x", "fragment"),
    ("ws://user@example.com/", "user name"),
    ("ws://user:hunter2@example.com/", "user name"),
    ("http://user:hunter2@example.com/", "user name"),
    ("ws://example.com/\ud800", "half a character"),
]


@pytest.mark.parametrize("text, secure, host, port, target, authority", GOOD, ids=[row[0] for row in GOOD])
def test_url(text: str, secure: bool, host: str, port: int, target: str, authority: str) -> None:
    url = parse_url(text)
    assert url == URL(secure, host, port, target)
    assert url.authority == authority
    assert parse_url(url.href) == url


@pytest.mark.parametrize("text, words", BAD, ids=[ascii(row[0])[:40] for row in BAD])
def test_bad_url(text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_url(text)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert "hunter2" not in str(caught.value)


def test_a_query_stays_out_of_errors() -> None:
    with pytest.raises(ValueError) as caught:
        parse_url("ws://example.com/?token=hunter2#")
    assert "hunter2" not in str(caught.value)


@given(st.text())
def test_any_target_can_be_sent_and_means_the_same(text: str) -> None:
    try:
        target = percent_encode("/" + text)
    except ValueError:
        assert any(0xD800 <= ord(character) < 0xE000 for character in text)
        return
    assert only(target, VISIBLE)
    assert percent_encode(target) == target
    assert urllib.parse.unquote_to_bytes(target) == urllib.parse.unquote_to_bytes("/" + text)


@given(st.text())
def test_any_text_is_a_url_or_a_value_error(text: str) -> None:
    for start in ("", "ws://", "ws://a/", "wss://[", "ws://a:"):
        try:
            url = parse_url(start + text)
        except ValueError:
            continue
        assert parse_url(url.href) == url
        assert url.authority.isascii() and url.authority.isprintable()
