"""All in both directions: our `connect` to each server, and each library's own client to a server of ours."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
import socketio
import websockets.asyncio.client
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from channels.layers import InMemoryChannelLayer

from tests.waiting import DEADLINE
from wsdemo import connect, serve
from wsdemo.alternatives import envelope
from wsdemo.alternatives.envelope import CONNECT, MESSAGE, OPEN, EnginePacket
from wsdemo.alternatives.serving import Serving

WORDS = ("hello", "hé 👋", "x" * 70_000)


def test_our_client_connects_to_each(server: Serving) -> None:
    """Plainly: what the packets of Socket.IO are for, a plain client does by hand."""
    packets = server.alternative.envelope
    base = f"127.0.0.1:{server.port}"
    target = envelope.TARGET if packets else "/room"
    with connect(f"ws://{base}{target}", headers={"Origin": f"http://{base}"}) as ws:
        if packets:
            assert envelope.parse(ws.recv(DEADLINE)).engine == OPEN
            ws.send(envelope.serialize(EnginePacket(MESSAGE, CONNECT, "/room")))
            assert envelope.parse(ws.recv(DEADLINE))[:3] == (MESSAGE, CONNECT, "/room")
        for text in WORDS:
            ws.send(envelope.event(text) if packets else text)
            heard = ws.recv(DEADLINE)
            assert (envelope.content(heard) if packets else heard) == text
    assert ws.close_code == 1000


@pytest.fixture
def ours():
    """A room on our server."""
    with serve(lambda ws, message: running.broadcast(message)) as running:
        yield running


def test_the_client_of_websockets_comes_to_ours(ours) -> None:
    async def talk() -> None:
        async with (
            websockets.asyncio.client.connect(ours.url) as ana,
            websockets.asyncio.client.connect(ours.url) as ben,
        ):
            for text in WORDS:
                await ana.send(text)
                assert await ana.recv() == await ben.recv() == text

    asyncio.run(asyncio.wait_for(talk(), DEADLINE))


def test_the_client_of_aiohttp_comes_to_ours(ours) -> None:
    async def talk() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(ours.url) as ana, session.ws_connect(ours.url) as ben:
                for text in WORDS:
                    await ana.send_str(text)
                    assert await ana.receive_str() == await ben.receive_str() == text

    asyncio.run(asyncio.wait_for(talk(), DEADLINE))


class Enveloped:
    """A room of ours that speaks the packets of Socket.IO."""

    def on_open(self, ws) -> None:
        hello = {"sid": str(ws.id), "upgrades": [], "pingTimeout": 20_000, "pingInterval": 25_000}
        ws.send(envelope.serialize(EnginePacket(OPEN, data=hello)))

    def on_message(self, ws, message) -> None:
        packet = envelope.parse(message)
        if packet.kind == CONNECT:
            ws.send(envelope.serialize(packet._replace(data={"sid": str(ws.id)})))
        elif (said := envelope.content(message)) is not None:
            self.server.broadcast(envelope.event(said, packet.namespace))


def test_the_client_of_socketio_comes_to_ours() -> None:
    room = Enveloped()

    async def talk() -> None:
        async with socketio.AsyncSimpleClient() as ana:
            await ana.connect(
                room.server.url.replace("ws", "http", 1), namespace="/room", transports=["websocket"]
            )
            for text in WORDS:
                await ana.emit("message", text)
                assert await ana.receive() == ["message", text]

    with serve(room) as room.server:
        asyncio.run(asyncio.wait_for(talk(), DEADLINE))


def test_the_client_of_autobahn_comes_to_ours(ours) -> None:
    """Daphne, the server of Channels, is made on it; Channels and FastAPI have clients for tests only."""

    async def talk() -> list[str]:
        loop, heard = asyncio.get_running_loop(), asyncio.Queue[str]()

        class Client(WebSocketClientProtocol):
            def onOpen(self) -> None:
                for text in WORDS:
                    self.sendMessage(text.encode())

            def onMessage(self, payload: bytes, isBinary: bool) -> None:
                assert not isBinary
                heard.put_nowait(payload.decode())

        factory = WebSocketClientFactory(ours.url, loop=loop)
        factory.protocol = Client
        _, client = await loop.create_connection(factory, "127.0.0.1", ours.port)
        texts = [await heard.get() for _ in WORDS]
        client.sendClose(1000)
        await client.is_closed
        return texts

    assert asyncio.run(asyncio.wait_for(talk(), DEADLINE)) == list(WORDS)


def test_the_layer_of_channels_drops_beyond_its_capacity() -> None:
    """150 are sent, 100 arrive, and the sender hears nothing of it."""

    async def flood() -> int:
        layer = InMemoryChannelLayer()
        await layer.group_add("room", "ana")
        for number in range(150):
            await layer.group_send("room", {"type": "room.message", "text": str(number)})
        return layer.channels["ana"].qsize()

    assert asyncio.run(flood()) == 100
