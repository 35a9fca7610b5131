"""Other ways than a WebSocket, each as one small figure: who sends what to whom, from left to right.

::

    browser  ─GET─╲          ╱─ event ─╱─ event ──►      SSE: one request, an answer without end
    server         ╲────────╱─────────╱──────────

Knows nothing of these protocols but their arrows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch

# Lengths in pixels.
TITLE: Final = 30.0
LANE: Final = 62.0
NAMES: Final = 92.0
TOP: Final = 22.0  # above the first lane


class Arrow(NamedTuple):
    """Something sent: from lane to lane, its words; ``kind``: "", "datagram" (dashed), "lost", "later"."""

    source: int
    target: int
    words: str
    kind: str = ""


class OtherWay(NamedTuple):
    """One way: its lanes from top to bottom, its arrows in their order, and its point in one line."""

    lanes: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    point: str


#: By name.
WAYS: Final = {
    "SSE": OtherWay(
        ("browser", "server"),
        (
            Arrow(0, 1, "GET /news"),
            Arrow(1, 0, "200, event 1"),
            Arrow(1, 0, "event 2"),
            Arrow(1, 0, "event 3", "lost"),
            Arrow(0, 1, "GET, and after 2"),
            Arrow(1, 0, "event 3"),
        ),
        "One request, an answer without end; the browser comes back by itself, and says where it stopped.",
    ),
    "long polling": OtherWay(
        ("browser", "server"),
        (
            Arrow(0, 1, "GET after 1"),
            Arrow(1, 0, "200: 2", "later"),
            Arrow(0, 1, "GET after 2"),
            Arrow(1, 0, "200: 3, 4", "later"),
            Arrow(0, 1, "GET after 4"),
        ),
        "Each answer waits for news; a request for each of them, through every proxy there is.",
    ),
    "HTTP/2 and HTTP/3": OtherWay(
        ("browser", "server"),
        (
            Arrow(0, 1, "stream 1: GET"),
            Arrow(0, 1, "stream 3: CONNECT"),
            Arrow(1, 0, "stream 1: page"),
            Arrow(1, 0, "stream 3: frame"),
            Arrow(0, 1, "stream 3: frame"),
        ),
        "Many exchanges on one connection, a WebSocket among them (RFC 8441, RFC 9220): the frames stay.",
    ),
    "WebTransport": OtherWay(
        ("browser", "server"),
        (
            Arrow(0, 1, "CONNECT (HTTP/3)"),
            Arrow(1, 0, "stream A: 1"),
            Arrow(1, 0, "datagram 7", "lost"),
            Arrow(1, 0, "datagram 8", "datagram"),
            Arrow(1, 0, "stream B: 1"),
            Arrow(1, 0, "stream A: 2"),
        ),
        "Streams that do not wait for each other, and datagrams that may be lost: for games and media.",
    ),
    "MQTT": OtherWay(
        ("sensor", "broker", "office"),
        (
            Arrow(2, 1, "SUBSCRIBE home/+"),
            Arrow(0, 1, "PUBLISH home/1 QoS 1"),
            Arrow(1, 0, "PUBACK"),
            Arrow(1, 2, "PUBLISH home/1"),
            Arrow(1, 2, "last will of home/2", "later"),
        ),
        "A broker between all; topics, three qualities of delivery, a last will: made for devices.",
    ),
    "gRPC": OtherWay(
        ("service", "service"),
        (
            Arrow(0, 1, "call Prices(symbols)"),
            Arrow(1, 0, "Price"),
            Arrow(1, 0, "Price"),
            Arrow(0, 1, "deadline, cancel"),
        ),
        "Calls and streams with types, on HTTP/2, between programs of yours; a browser needs a translator.",
    ),
}


def instead(name: str) -> Sketch:
    """The figure of one way, one of `WAYS`. Raises ValueError for another name."""
    if name not in WAYS:
        raise ValueError(f"no way {name!r}, there are {', '.join(WAYS)}")
    way = WAYS[name]
    foot = TITLE + TOP + LANE * (len(way.lanes) - 1)
    canvas = Canvas(foot + 22)
    canvas.text(14, TITLE / 2, name, anchor="start", bold=True)
    canvas.text(176, TITLE / 2, way.point, size=SMALL, anchor="start", room=WIDTH - 190)
    for lane, words in enumerate(way.lanes):
        y = TITLE + TOP + LANE * lane
        canvas.text(14, y, words, size=SMALL, anchor="start", room=NAMES - 18)
        canvas.line([(NAMES, y), (WIDTH - 14, y)], color=theme.QUIET)
    step = (WIDTH - NAMES - 30) / len(way.arrows)
    for place, arrow in enumerate(way.arrows):
        _arrow(canvas, arrow, NAMES + 10 + step * place, step)
    return Sketch(canvas, describe(name), f"{name}: {way.point}")


def describe(name: str) -> str:
    """The same in words.

    >>> print(describe("gRPC").splitlines()[1])
    service ─► service: call Prices(symbols)
    """
    way = WAYS[name]
    ends = {"lost": " (lost)", "later": " (when there is news)", "datagram": " (a datagram)", "": ""}
    steps = [
        f"{way.lanes[one.source]} ─► {way.lanes[one.target]}: {one.words}{ends[one.kind]}"
        for one in way.arrows
    ]
    return "\n".join([f"{name}: {way.point}", *steps])


def _arrow(canvas: Canvas, arrow: Arrow, x: float, step: float) -> None:
    start, end = (TITLE + TOP + LANE * lane for lane in (arrow.source, arrow.target))
    wide = min(step * 0.5, 50)
    lost = arrow.kind == "lost"
    reach = 0.55 if lost else 1.0
    points = [(x, start), (x + wide * reach, start + (end - start) * reach)]
    color = theme.ALARM if lost else theme.INK
    dash = {"datagram": "5 4", "later": "2 3"}.get(arrow.kind, "")
    canvas.line(points, color=color, dash=dash, arrow=not lost, width=1.4)
    if lost:
        canvas.text(*points[1], "✗", color=theme.ALARM, bold=True)
    left = x + wide * (0.75 if lost else 0.5) + 8
    y = (start + end) / 2
    canvas.text(left, y, arrow.words, size=SMALL, anchor="start", card=True, room=x + step - left + 4)
