"""A request beside its response: the lines, the pairs, the picture."""

from __future__ import annotations

import pytest

from wsdemo.views.handshake import LETTERS, MOST_LINES, _wrapped, handshake, lines, pair

REQUEST = (
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nServer: x\r\n\r\n"
)
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno!\n"


@pytest.mark.parametrize("data", [REQUEST, RESPONSE, REFUSAL])
def test_every_line_of_the_head_is_there(data: bytes) -> None:
    head = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    found = [line.text for line in lines(data)]
    assert found[: len(head)] == head
    assert found[len(head)] == "CR LF"


def test_each_line_stands_beside_its_answer() -> None:
    rows = {
        asked.name: answered and answered.name
        for asked, answered in pair(lines(REQUEST), lines(RESPONSE))
        if asked is not None
    }
    assert rows == {
        "start line": "start line",
        "host": None,
        "upgrade": "upgrade",
        "connection": "connection",
        "sec-websocket-key": "sec-websocket-accept",
        "sec-websocket-version": None,
        "plain": "plain",
    }


@pytest.mark.parametrize("response", [RESPONSE, REFUSAL])
def test_no_line_is_lost_and_none_stands_twice(response: bytes) -> None:
    rows = pair(lines(REQUEST), lines(response))
    assert [asked for asked, _ in rows if asked is not None] == lines(REQUEST)
    shown = [answered for _, answered in rows if answered is not None]
    assert sorted(line.text for line in shown) == sorted(line.text for line in lines(response))
    assert len({id(line) for line in shown}) == len(shown)


def test_the_body_stands_last() -> None:
    said = handshake(REQUEST, REFUSAL).text.splitlines()
    assert said[-1] == "response: no! - the body (RFC 9112 §6)"


def test_a_head_that_is_cut_off_says_so() -> None:
    assert lines(REQUEST[:30])[-1].meaning == "cut off: the rest has not come"


def test_a_long_value_is_wrapped_and_cut() -> None:
    short, long = (
        lines(b"GET / HTTP/1.1\r\nX: " + b"a" * size + b"\r\n\r\n")[1] for size in (3 * LETTERS, 9999)
    )
    rows = _wrapped(short)
    assert "".join(text for row in rows for _, text in row) == short.text
    assert all(sum(len(text) for _, text in row) <= LETTERS for row in rows)
    assert len(_wrapped(long)) == MOST_LINES
    assert _wrapped(long)[-1][-1] == ("plain", "…")


def test_what_a_peer_sends_is_text() -> None:
    picture = handshake(b"GET / HTTP/1.1\r\nX: \x1b[31m$x$ <b>\r\n\r\n", RESPONSE)
    assert "\x1b" not in picture.text
    assert "<b>" not in picture.html
    assert picture.png.startswith(b"\x89PNG")
