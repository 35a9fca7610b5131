"""A small server of ``wsdemo.chat.v1`` for the tests of its client: it follows the protocol, or lies as told.

Its state is in memory and outlives connections. A test may set `answer`, which gives the replies to a message
in place of the usual ones, and `welcome`, which changes fields of the welcome.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Callable
from typing import Any

from tests.waiting import Seen
from wsdemo import Connection, ConnectionClosed, serve
from wsdemo.patterns.messages import CLIENT, PROTOCOL, parse

Message = dict[str, Any]


class ChatServer:
    def __init__(self, port: int = 0) -> None:
        self.seen = Seen()  # every message of a client, in order
        self.hellos: list[Message] = []
        self.next: dict[str, int] = {}  # by device
        self.logs: dict[str, list[tuple[str, int, Any]]] = collections.defaultdict(list)  # device, n, body
        self.epoch = "first"
        self.first = 1  # the oldest offset that is kept
        self.welcome: Message = {}
        self.answer: Callable[[Message], list[Message] | None] = lambda message: None
        self.devices: dict[Connection, str] = {}
        self.members: dict[Connection, set[str]] = {}
        self.server = serve(self, port=port, subprotocols=[PROTOCOL])
        self.url = f"ws://127.0.0.1:{self.server.port}/"

    def __enter__(self) -> ChatServer:
        return self

    def __exit__(self, *args: object) -> None:
        self.server.close()

    def bodies(self, channel: str = "#lobby") -> list[Any]:
        return [body for _, _, body in self.logs[channel]]

    def on_open(self, ws: Connection) -> None:
        self.members[ws] = set()

    def on_close(self, ws: Connection) -> None:
        self.members.pop(ws, None)
        self.devices.pop(ws, None)

    def on_message(self, ws: Connection, text: str) -> None:
        message = parse(text, CLIENT)
        if message["type"] == "hello":
            self.hellos.append(message)
        replies = self.answer(message)
        if replies is None:
            replies = list(getattr(self, message["type"])(ws, message))
        self.seen(message)
        for reply in replies:
            self.send(ws, reply)

    def send(self, ws: Connection, message: Message) -> None:
        """Send it; a message {"close": 4401} closes."""
        try:
            if "close" in message:
                ws.close(message["close"], "as told")
            else:
                ws.send(json.dumps(message))
        except ConnectionClosed:
            pass

    def all(self, message: Message) -> None:
        """To every client that has said hello. From any thread."""
        for ws in list(self.devices):
            self.send(ws, message)

    # -- the usual replies --------------------------------------------------------------------------------

    def hello(self, ws, message):
        self.devices[ws] = message["device"]
        number = self.next.setdefault(message["device"], 1)
        limits = {"size": 65536, "window": 64, "rate": 50}
        usual = {
            "v": 1,
            "user": "ann",
            "next": number,
            "expires": 0,
            "durable": True,
            "limits": limits,
            "now": 0,
        }
        yield {"type": "welcome", **usual, **self.welcome}

    def join(self, ws, message):
        log, after = self.logs[message["channel"]], message.get("after")
        top = len(log)
        same = message.get("epoch", self.epoch) == self.epoch and (after or 0) <= top
        start = top if after is None else after if same else 0
        complete = same and (after is None or after + 1 >= self.first)
        yield {"type": "ok", "id": message["id"], "epoch": self.epoch, "offset": top, "complete": complete}
        if start + 1 < self.first:
            gap = {"from": start + 1, "to": self.first - 1, "why": "expired"}
            yield {"type": "gap", "channel": message["channel"], **gap}
        for offset in range(max(start + 1, self.first), top + 1):
            yield self.message(message["channel"], offset)
        self.members[ws].add(message["channel"])

    def leave(self, ws, message):
        self.members[ws].discard(message["channel"])
        yield {"type": "ok", "id": message["id"]}

    def publish(self, ws, message):
        device, n = self.devices[ws], message["n"]
        if n > self.next[device]:
            yield {"type": "error", "n": n, "code": "out_of_order", "reason": "", "expect": self.next[device]}
            return
        if n == self.next[device]:
            self.next[device] += 1
            self.post(message["channel"], message["body"], device, n)
        yield {"type": "confirm", "n": self.next[device] - 1}

    def post(self, channel: str, body: Any, device: str = "", n: int = 0) -> None:
        """A new entry, sent to the members."""
        self.logs[channel].append((device, n, body))
        for ws, channels in list(self.members.items()):
            if channel in channels:
                self.send(ws, self.message(channel, len(self.logs[channel])))

    def message(self, channel: str, offset: int) -> Message:
        body = self.logs[channel][offset - 1][2]
        return {"type": "message", "channel": channel, "offset": offset, "from": "ann", "at": 0, "body": body}

    def volatile(self, ws, message):
        for other, channels in self.members.items():
            if message["channel"] in channels:
                self.send(other, {**message, "from": "ann"})
        return ()

    def refresh(self, ws, message):
        yield {"type": "ok", "id": message["id"], "expires": 60}

    def pong(self, ws, message):
        return ()
