"""Experiments in a browser: what it tells a page, beside what its server records (lesson 12).

::

    with Experiments() as lab:           a server, with a page that has a button for each experiment
        views.embedded(lab.port, …)
        lab.lanes("hang")                of your browser where it was run, else as recorded in Chromium

A test runs the experiments in Chromium and compares them with the record, all but the times.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from wsdemo.net.connection import Connection
from wsdemo.net.server import serve
from wsdemo.net.static import StaticFile
from wsdemo.net.threaded import threaded
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.http11 import Headers, Request, Response
from wsdemo.trace.packets import FramePacket, Packet, RequestPacket, ResponsePacket
from wsdemo.trace.trace import Trace
from wsdemo.views.diagrams.told import Told, told
from wsdemo.views.drawing.canvas import Sketch

HERE: Final = Path(__file__).parent
#: The experiments by their names, and the titles of their pictures.
TITLES: Final = {
    "life": "A short life",
    "hang": "A page that hangs for three seconds",
    "vanish": "Send on a socket that is closed",
    "refused": "Refused, and no server there",
}


class Experiments:
    """A server with the page, from its making to `close`, or to the end of its ``with``."""

    def __init__(self) -> None:
        self._trace = Trace(clock=time.time)
        self._notes: dict[str, list[Told]] = {}
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self._empty = closed.getsockname()[1]
        self._server = serve(threaded(_serve), authorize=_authorize, trace=self._trace, compression=False)
        for path, name in (("/", "browser.html"), ("/browser.js",) * 2, ("/browser.css",) * 2):
            self._server.route(path, StaticFile(HERE / name.strip("/")))
        self._server.route("/nowhere", lambda request: _json({"port": self._empty}))
        self._server.route("/notes", self._noted)

    def __enter__(self) -> Experiments:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port of the page, on this machine."""
        return self._server.port

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def rows(self, name: str) -> list[Told]:
        """An experiment: as it was in your browser, or else as recorded. Raises KeyError."""
        return self._notes.get(name) or list(RECORDED[name])

    def lanes(self, name: str) -> Sketch:
        """The picture of an experiment. Raises KeyError."""
        here = "in your browser" if name in self._notes else "as recorded in Chromium 156"
        return told(self.rows(name), f"{TITLES[name]}, {here}")

    def script(self, name: str) -> str:
        """The JavaScript of an experiment. Raises KeyError."""
        TITLES[name]
        source = (HERE / "browser.js").read_text(encoding="utf-8")
        found = re.search(rf"^  async {name}\(\) {{.*?^  }},$", source, re.MULTILINE | re.DOTALL)
        assert found is not None
        return re.sub("^  ", "", found[0], flags=re.MULTILINE).rstrip(",")

    def _noted(self, request: Request) -> Response:
        """The page's notes: they are laid beside the record of the same connections."""
        given = json.loads(request.body or b"{}")
        name, notes = given["name"], [(float(note["at"]), str(note["what"])) for note in given["notes"]]
        self._notes[name] = beside(notes, self._packets(name))
        return _json({})

    def _packets(self, name: str) -> list[Packet]:
        """The packets of the newest connection of an experiment."""
        packets = self._trace.packets
        requests = [
            packet
            for packet in packets
            if isinstance(packet, RequestPacket) and packet.request and packet.request.path == f"/{name}"
        ]
        return [packet for packet in packets if requests and packet.connection == requests[-1].connection]


def _authorize(request: Request) -> str:
    if request.path == "/refused":
        raise HandshakeError("log in first", 401)
    return "learner"


def _serve(ws: Connection) -> None:
    """The server's part in the experiments."""
    if ws.request is not None and ws.request.path == "/hang":
        ws.send("hang now")
        ws.send("are you there?")
        ws.ping(timeout=30)
        ws.recv()  # the page's answer
        return
    for message in ws:
        if isinstance(message, bytes):
            ws.ping(timeout=30)
            ws.send(message)
        else:
            ws.send(iter([message[:3], message[3:]]))  # in two fragments


def _json(fields: Any) -> Response:
    return Response(200, "OK", Headers([("Content-Type", "application/json")]), json.dumps(fields).encode())


# -- two lanes -------------------------------------------------------------------------------------------


def beside(notes: Sequence[tuple[float, str]], packets: Sequence[Packet]) -> list[Told]:
    """The notes of a page, each with the packet that belongs to it, and the packets that it is not told of.

    ``notes``: milliseconds since 1970, and what was noted. All times in the result count from the first note.

    >>> [tuple(row) for row in beside([(5.0, "new WebSocket"), (9.0, "error")], [])]
    [(0.0, 'new WebSocket', '', None), (4.0, 'error', '', None)]
    """
    start, left = notes[0][0], list(enumerate(notes))
    rows: list[tuple[int, Told]] = []  # with the number of the note; -1 for none
    for packet in packets:
        number, (at, what) = next((one for one in left if _belongs(one[1][1], packet)), (-1, (0.0, "")))
        left = [one for one in left if one[0] != number]
        told_at = at - start if number >= 0 else None
        rows.append((number, Told(told_at, what, _words(packet), packet.time * 1000 - start)))
    for number, (at, what) in left:  # behind all earlier notes, and behind all that had crossed by then
        earlier = [
            place
            for place, (other, row) in enumerate(rows, 1)
            if 0 <= other < number or (row.wire_at is not None and row.wire_at <= at - start)
        ]
        rows.insert(max(earlier, default=0), (number, Told(at - start, what, "", None)))
    return [row for _, row in rows]


def _belongs(what: str, packet: Packet) -> bool:
    """Whether the page was told this of the packet, or has caused it by this."""
    word, up = what.split(" ")[0], packet.direction == "to server"
    if isinstance(packet, RequestPacket):
        return word == "new"
    if isinstance(packet, ResponsePacket):
        return word == "open"
    if not isinstance(packet, FramePacket):
        return False
    if packet.opcode == 8:
        return word.startswith("close(") if up else word == "close"
    return packet.opcode < 8 and packet.fin and word == ("send" if up else "message")


def _words(packet: Packet) -> str:
    words = re.sub(r"^(ping|pong) .*", r"\1", packet.summary)  # their payload is another one each time
    return f"{'→' if packet.direction == 'to server' else '←'} {words}"


#: Each experiment as it was in Chromium 156; the times are one machine's.
RECORDED: Final[dict[str, tuple[Told, ...]]] = {
    "life": (
        Told(0.0, 'new WebSocket("…/life")', "→ GET /life", 2.2),
        Told(16.3, "open", "← 101 Switching Protocols", 2.5),
        Told(16.7, 'send "Hello": no error', "→ text 5 B 'Hello'", 19.9),
        Told(None, "", "← text, more follows 3 B 'Hel'", 20.2),
        Told(20.7, 'message "Hello"', "← continuation 2 B 'lo'", 20.5),
        Told(20.9, "send bytes 1,2,3: no error", "→ binary 3 B 01 02 03", 21.3),
        Told(None, "", "← ping", 21.4),
        Told(None, "", "→ pong", 21.5),
        Told(21.6, "message bytes 1,2,3", "← binary 3 B 01 02 03", 21.6),
        Told(21.7, "close(1000, bye) is called", "→ close 5 B 1000 'bye'", 22.1),
        Told(22.5, "close 1000, clean", "← close 2 B 1000", 22.2),
    ),
    "hang": (
        Told(0.0, 'new WebSocket("…/hang")', "→ GET /hang", 3.6),
        Told(9.6, "open", "← 101 Switching Protocols", 4.0),
        Told(32.7, 'message "hang now"', "← text 8 B 'hang now'", 32.1),
        Told(3044.7, 'message "are you there?"', "← text 14 B 'are you there?'", 32.2),
        Told(None, "", "← ping", 32.3),
        Told(None, "", "→ pong", 56.1),
        Told(3032.8, "three seconds are over", "", None),
        Told(3044.9, 'send "yes": no error', "→ text 3 B 'yes'", 3046.1),
        Told(3053.0, "close 1000, clean", "← close 2 B 1000", 3046.7),
        Told(None, "", "→ close 2 B 1000", 3047.5),
    ),
    "vanish": (
        Told(0.0, 'new WebSocket("…/vanish")', "→ GET /vanish", 3.2),
        Told(9.7, "open", "← 101 Switching Protocols", 3.5),
        Told(9.8, "close() is called", "→ close 0 B 1005", 11.5),
        Told(10.0, 'send "lost": no error', "", None),
        Told(14.8, "close 1005, clean", "← close 0 B 1005", 11.7),
        Told(15.3, 'send "lost, too": no error', "", None),
        Told(15.3, "bufferedAmount 13", "", None),
    ),
    "refused": (
        Told(0.0, 'new WebSocket("…/refused")', "→ GET /refused", 3.0),
        Told(None, "", "← 401 Unauthorized", 3.3),
        Told(8.7, "error", "", None),
        Told(8.8, "close 1006, not clean", "", None),
        Told(15.0, 'new WebSocket("…/nowhere")', "", None),
        Told(17.0, "error", "", None),
        Told(17.1, "close 1006, not clean", "", None),
    ),
}
