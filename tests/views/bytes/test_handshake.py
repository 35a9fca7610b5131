"""A request beside its response: the lines, the pairs, the picture."""

from __future__ import annotations

import pytest

from tests.views.seen import Page, seen, within
from wsdemo.views.bytes.handshake import (
    LETTER,
    LETTERS,
    LINE,
    MOST_LINES,
    POINTS,
    _wrapped,
    handshake,
    lines,
    pair,
)
from wsdemo.views.drawing import theme

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


@pytest.mark.parametrize(
    ("name", "value", "rows"),
    [  # letters of a header name, of its value, and of the parts in each line of the picture
        (10, 42, [[10, 2, 42]]),
        (10, 43, [[10, 2, 42], [1]]),  # where much of a value fits in behind its name, it begins there
        (24, 29, [[24, 2, 28], [1]]),
        (25, 29, [[25, 2], [29]]),  # where little does, it is kept whole
        (40, 54, [[40, 2], [54]]),
        (40, 60, [[40, 2, 12], [48]]),  # unless it has no room in any line
        (3, 200, [[3, 2, 49], [54], [54], [43]]),
        (60, 1, [[54], [6, 2, 1]]),
    ],
)
def test_a_line_is_wrapped_where_that_cuts_least(name: int, value: int, rows: list[list[int]]) -> None:
    line = lines(b"GET / HTTP/1.1\r\n" + b"N" * name + b": " + b"v" * value + b"\r\n\r\n")[1]
    found = _wrapped(line)
    assert [[len(text) for _, text in row] for row in found] == rows
    assert "".join(text for row in found for _, text in row) == line.text


def test_what_a_peer_sends_is_text() -> None:
    picture = handshake(b"GET / HTTP/1.1\r\nX: \x1b[31m$x$ <b>\r\n\r\n", RESPONSE)
    assert "\x1b" not in picture.text
    assert "<b>" not in picture.html
    assert "\\x1b[31m$x$ <b>" in seen(picture).texts


def placed(page: Page, left: bool) -> str:
    """Everything in the boxes of one column, in the order of reading."""
    middle = page.width / 2
    words = [w for w in page.words if (w.x < middle) == left and w.size == pytest.approx(POINTS, abs=0.01)]
    return "".join(word.text for word in sorted(words, key=lambda word: (word.y, word.x)))


@pytest.mark.parametrize("response", [RESPONSE, REFUSAL])
def test_requests_stand_left_and_responses_right(response: bytes) -> None:
    page = seen(handshake(REQUEST, response))
    within(page)
    assert placed(page, True) == REQUEST.decode().replace("\r\n\r\n", "CR LF").replace("\r\n", "")
    right = placed(page, False)
    for line in response.decode().rstrip().split("\r\n"):
        assert line in right
    titles = page.find("client to server: the request"), page.find("server to client: the response")
    assert titles[0].x < page.width / 2 < titles[1].x


def test_arrows_lead_from_a_line_to_its_answer() -> None:
    page = seen(handshake(REQUEST, RESPONSE))
    rows = {}
    for (x, y), (z, w) in page.arrows():
        assert x < z and y == w
        near = [word for word in page.words if abs(word.y - y) < 4]
        asked = min((word for word in near if word.x < x), key=lambda word: word.x).text
        rows[asked] = min((word for word in near if word.x > z), key=lambda word: word.x).text
    assert rows == {
        "GET /chat HTTP/1.1": "HTTP/1.1 101 Switching Protocols",
        "Upgrade": "Upgrade",
        "Connection": "Connection",
        "Sec-WebSocket-Key": "Sec-WebSocket-Accept",
    }


def test_each_part_of_a_line_has_the_colour_of_its_field() -> None:
    page = seen(handshake(REQUEST, RESPONSE))
    for field, text in (
        ("start line", "GET /chat HTTP/1.1"),
        ("header name", "Sec-WebSocket-Version"),
        ("header value", "13"),
        ("plain", "CR LF"),
    ):
        word = next(word for word in page.words if word.text == text)
        behind = [box for box in page.boxes if box.holds(word.middle, word.y)]
        assert [(box.fill, box.pattern) for box in behind] == [(theme.field(field).fill, "")]
        strip = [box for box in page.like(field) if box.x == behind[0].x and box.foot == behind[0].foot]
        assert strip, "its pattern"
        assert all(box.y >= word.y + word.size / 2 - 2 for box in strip if box.pattern), "strikes no letter"
        assert behind[0].x == word.left
        assert behind[0].width == pytest.approx(len(text) * LETTER)


def test_a_note_stands_below_its_line_and_keeps_sections_whole() -> None:
    page = seen(handshake(REQUEST, RESPONSE))
    line, note = page.find("Host"), page.find("the server that is asked, and its port (RFC 9110 §7.2)")
    assert note.x == line.x and line.y < note.y < line.y + 2 * LINE
    assert note.color == theme.QUIET
