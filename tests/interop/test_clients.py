"""The clients of others against our server: `websockets`, `aiohttp`, `websocket-client`, npm's `ws`."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import websocket
import websockets.asyncio.client
import websockets.sync.client

from tests import needs
from tests.interop import node
from tests.interop.node import LARGE
from tests.waiting import DEADLINE, Seen, turn_until
from wsdemo import Connection, Deflate, Server, serve

COMPRESSION: dict[str, bool | Deflate] = {
    "none": False,
    "ours": True,
    "with takeover": Deflate(server_context_takeover=True, client_context_takeover=True, threshold=0),
}


class Echo:
    """Echoes; does what a few words ask for; tells how connections end."""

    def __init__(self) -> None:
        self.ended = Seen()
        self.alive: set[Connection] = set()

    def on_open(self, ws: Connection) -> None:
        self.alive.add(ws)

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        if message == "close":
            ws.close(4001, "as you wish")
        else:
            ws.send(message)

    def on_close(self, ws: Connection) -> None:
        self.alive.remove(ws)
        self.ended(ws.close_code, ws.close_reason)


HANDLER = Echo()
MESSAGES: list[str | bytes] = ["hello", "", b"\0\xff" * 500, "é€😀" * 100, LARGE, LARGE, LARGE.encode()]


@pytest.fixture(scope="module", params=COMPRESSION)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    options: dict[str, Any] = {"compression": COMPRESSION[request.param], "subprotocols": ["chat"]}
    with serve(HANDLER, origins=[None, "null", "http://page.example"], **options) as made:
        yield made


def drain(server: Server) -> None:
    """Forget the connections of the tests before, the last of which may just be ending.

    `server.connections` has the open ones only: one that is closing still has its `on_close` to come.
    """
    turn_until(server._reactor, lambda: not HANDLER.alive)
    while not HANDLER.ended.empty():
        HANDLER.ended.next()


def test_websockets_asyncio(server: Server) -> None:
    async def main() -> None:
        async with websockets.asyncio.client.connect(server.url, subprotocols=["chat"]) as ws:  # type: ignore[list-item]
            assert ws.subprotocol == "chat"
            for message in MESSAGES:
                await ws.send(message)
                assert await ws.recv() == message
            await ws.send(["frag", "ments", ""])
            assert await ws.recv() == "fragments"
            await asyncio.wait_for(await ws.ping(), DEADLINE)
            await ws.close(3000, "bye")
        async with websockets.asyncio.client.connect(server.url) as ws:
            await ws.send("close")
            with pytest.raises(websockets.exceptions.ConnectionClosed):
                await ws.recv()
            assert (ws.close_code, ws.close_reason) == (4001, "as you wish")

    drain(server)
    asyncio.run(main())
    assert HANDLER.ended.next() == (3000, "bye")


def test_websockets_sync(server: Server) -> None:
    drain(server)
    with websockets.sync.client.connect(server.url, subprotocols=["chat"]) as ws:  # type: ignore[list-item]
        assert ws.subprotocol == "chat"
        for message in MESSAGES:
            ws.send(message)
            assert ws.recv(DEADLINE) == message
        ws.send(["frag", "ments", ""])
        assert ws.recv(DEADLINE) == "fragments"
        assert ws.ping().wait(DEADLINE)
        ws.close(3000, "bye")
    assert HANDLER.ended.next() == (3000, "bye")
    with websockets.sync.client.connect(server.url) as ws:
        ws.send("close")
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            ws.recv(DEADLINE)
        assert (ws.close_code, ws.close_reason) == (4001, "as you wish")


def test_aiohttp(server: Server) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            options: dict[str, Any] = {"protocols": ["chat"], "compress": 15, "max_msg_size": 0}
            async with session.ws_connect(server.url, **options) as ws:
                assert ws.protocol == "chat"
                for message in MESSAGES:
                    await (ws.send_str(message) if isinstance(message, str) else ws.send_bytes(message))
                    assert (await ws.receive(DEADLINE)).data == message
                await ws.ping(b"x")
                await ws.close(code=3000, message=b"bye")
            async with session.ws_connect(server.url) as ws:
                await ws.send_str("close")
                message_ = await ws.receive(DEADLINE)
                assert message_.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
                assert ws.close_code == 4001

    drain(server)
    asyncio.run(main())
    assert HANDLER.ended.next() == (3000, "bye")


def test_websocket_client(server: Server) -> None:
    drain(server)
    ws = websocket.create_connection(
        server.url, timeout=DEADLINE, subprotocols=["chat"], suppress_origin=True
    )
    assert ws.getsubprotocol() == "chat"
    for message in MESSAGES:
        ws.send(message) if isinstance(message, str) else ws.send_binary(message)
        assert ws.recv() == message
    for data, opcode, fin in (
        ("frag", websocket.ABNF.OPCODE_TEXT, 0),
        ("ments", websocket.ABNF.OPCODE_CONT, 1),
    ):
        ws.send_frame(websocket.ABNF.create_frame(data, opcode, fin))
    assert ws.recv() == "fragments"
    ws.ping("x")
    assert ws.recv_frame().opcode == websocket.ABNF.OPCODE_PONG
    ws.close(3000, b"bye")
    assert HANDLER.ended.next() == (3000, "bye")


WS_CLIENT = """
const WebSocket = require("ws");
const ws = new WebSocket(process.argv[1], ["chat"], { perMessageDeflate: { threshold: 0 } });
const large = "words and more words, ".repeat(5000);
const sent = ["hello", "", large, large, Buffer.from([0, 255, 0, 255])];
const result = { protocol: null, same: 0, fragments: null, pong: null, close: null, extensions: null };
ws.on("open", () => {
  result.protocol = ws.protocol; result.extensions = ws.extensions;
  for (const data of sent) ws.send(data);
  ws.send("frag", { fin: false }); ws.send("ments", { fin: true });
});
ws.on("message", (data, binary) => {
  if (sent.length) {
    const expected = sent.shift();
    if (binary ? data.equals(expected) : data.toString() === expected) result.same++;
  } else { result.fragments = data.toString(); ws.ping("here?"); }
});
ws.on("pong", (data) => { result.pong = data.toString(); ws.send("close"); });
ws.on("close", (code, reason) => {
  result.close = [code, reason.toString()];
  console.log(JSON.stringify(result));
});
"""


@needs.node
def test_ws(server: Server) -> None:
    done = subprocess.run(
        [str(needs.node_path()), "-e", WS_CLIENT, server.url],
        cwd=node.installed(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    result = json.loads(done.stdout)
    assert result.pop("extensions") in ("", "permessage-deflate")
    assert result == {
        "protocol": "chat",
        "same": 5,
        "fragments": "fragments",
        "pong": "here?",
        "close": [4001, "as you wish"],
    }
