"""Visitors of a chat for its tests: plain HTTP by Python's own client, and the protocol, word by word."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, connect
from wsdemo.chat import Chat
from wsdemo.patterns.messages import PROTOCOL, SERVER, parse

JSON = "application/json"


class Answer(NamedTuple):
    status: int
    fields: Any  # the JSON object, or the text
    headers: dict[str, str]

    @property
    def cookie(self) -> str:
        """The pair of Set-Cookie, as a browser sends it back."""
        return self.headers["Set-Cookie"].partition(";")[0]


def ask(chat: Chat, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Ask a route; ``body``: a JSON value, or bytes as they are."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        fields.setdefault("Content-Type", JSON)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(chat.url).netloc, timeout=DEADLINE)
    connection.request(method, path, body, fields)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    found = dict(response.getheaders())
    return Answer(response.status, json.loads(text) if found["Content-Type"] == JSON else text, found)


class Visitor:
    """A client of the protocol without any help. ``options``: of `connect`."""

    def __init__(self, chat: Chat, token: str | None = "ann.secret", device: str = "phone", **options: Any):
        query = options.pop("query", "")
        self.ws = connect(chat.websocket_url + query, **{"subprotocols": [PROTOCOL], **options})
        self.welcomed = False
        self.say("hello", v=1, device=device, **({} if token is None else {"token": token}))

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *args: object) -> None:
        self.ws.close()

    def say(self, kind: str, **fields: Any) -> None:
        """Send a message; the first ones wait for the welcome."""
        if kind != "hello" and not self.welcomed:
            self.until("welcome")
        self.ws.send(json.dumps({"type": kind, **fields}))

    def hear(self) -> dict[str, Any]:
        message = parse(self.ws.recv(DEADLINE), SERVER)
        self.welcomed = self.welcomed or message["type"] == "welcome"
        return message

    def until(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others are passed over."""
        while (message := self.hear())["type"] != kind:
            pass
        return message

    def join(self, channel: str = "#lobby", **fields: Any) -> dict[str, Any]:
        self.say("join", id=1, channel=channel, **fields)
        return self.until("ok")

    def publish(self, n: int, body: Any = "hi", channel: str = "#lobby") -> None:
        self.say("publish", n=n, channel=channel, body=body)

    def bye(self) -> dict[str, Any]:
        """The bye, behind which the connection ends with its code."""
        bye = self.until("bye")
        with pytest.raises(ConnectionClosed) as caught:
            self.ws.recv(DEADLINE)
        assert caught.value.code == bye["code"]
        return bye
