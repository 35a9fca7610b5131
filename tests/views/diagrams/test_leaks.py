"""Where a token turns up: against a request as `connect` sends it, and in text and table alike."""

from __future__ import annotations

import html
import re

import pytest

from wsdemo import Headers, Request, Trace, connect, serve
from wsdemo.views.diagrams.leaks import (
    ACCESS,
    AUTHORIZATION,
    COOKIE,
    HEADERS,
    HISTORY,
    MESSAGE,
    PLACES,
    SCRIPT,
    STRANGER,
    SUBPROTOCOL,
    TICKET,
    TOKEN,
    WAYS,
    WIRE,
    found,
    leaks,
    request,
)

#: What theory demands, over TLS: the places where the token counts, and those where it is used up.
WANTED = {
    COOKIE: ({HEADERS, STRANGER}, set()),
    AUTHORIZATION: ({HEADERS}, set()),
    MESSAGE: ({SCRIPT}, set()),
    TICKET: (set(), {ACCESS, HEADERS, HISTORY, SCRIPT}),
    SUBPROTOCOL: ({HEADERS, SCRIPT}, set()),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_places_of_each_way(way: str) -> None:
    bad, spent = WANTED[way]
    places = {place.name: place.verdict for place in found(way)}
    assert tuple(places) == PLACES
    assert {name for name, verdict in places.items() if verdict.isupper()} == bad
    assert {name for name, verdict in places.items() if verdict == "used up"} == spent
    without = {place.name: place.verdict for place in found(way, tls=False)}
    assert "ws://chat.example/chat" in {place.sees.partition("?")[0] for place in found(way, tls=False)}
    assert without.pop(WIRE) == ("used up" if way == TICKET else "LEAKS") and places.pop(WIRE) == "–"
    assert without == places


@pytest.mark.parametrize("way", WAYS)
def test_the_request_is_one_that_a_client_sends(way: str) -> None:
    """Its lines, apart from those of every handshake, on a real wire."""
    start, _, *rest = request(way)
    fields = dict(line.split(": ", 1) for line in rest)
    subprotocols = fields.pop("Sec-WebSocket-Protocol", "").split(", ") if way == SUBPROTOCOL else []
    trace = Trace()
    with serve(lambda ws, text: None, subprotocols=subprotocols[:1], trace=trace) as server:
        target = start.split()[1]
        with connect(f"{server.url}{target}", subprotocols=subprotocols, headers=fields):
            pass
    sent = next(packet for packet in trace.packets if type(packet).__name__ == "RequestPacket").bytes.decode()
    for line in (start, *rest):
        assert f"{line}\r\n".lower() in sent.lower()
    assert (TOKEN in sent) is (way != MESSAGE)


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_text_and_table_say_the_same(way: str, tls: bool) -> None:
    drawing = leaks(way, tls=tls)
    cells = [re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", drawing.html)]
    rows = [list(map(html.unescape, cells[at : at + 3])) for at in range(3, len(cells), 3)]
    lines = drawing.text.splitlines()[1:]
    for place, row, line in zip(found(way, tls), rows, lines, strict=True):
        assert row == [place.name, place.verdict, place.sees]
        assert [part for part in re.split(r"  +", line) if part] == row
    bad = sum(verdict.isupper() for _, verdict, _ in rows)
    assert f"TLS: bad in {bad} of 6 places" in drawing.text and f"bad in {bad} of 6" in drawing.html
    assert drawing.html.count(f">{TOKEN}</span>") == sum(place.sees.count(TOKEN) for place in found(way, tls))


def test_all_ways_in_one_table() -> None:
    drawing = leaks()
    cells = [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", drawing.html)]
    assert cells[:7] == ["way", *PLACES]
    for number, way in enumerate(WAYS, 1):
        assert cells[7 * number : 7 * number + 7] == [way, *(place.verdict for place in found(way))]
        line = next(line for line in drawing.text.splitlines() if line.startswith(way))
        assert all((name in line) is (name in WANTED[way][0]) for name in PLACES)


def test_what_is_not_known_is_refused() -> None:
    for refused in (lambda: leaks("telepathy"), lambda: request("telepathy"), lambda: found("")):
        with pytest.raises(ValueError, match="expected one of"):
            refused()


def test_requests_are_http() -> None:
    for way in WAYS:
        method, target, version = request(way)[0].split()
        assert (method, version) == ("GET", "HTTP/1.1")
        Request(method, target, Headers([tuple(line.split(": ", 1)) for line in request(way)[1:]]))
