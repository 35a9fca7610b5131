"""Our client against the servers of others: `websockets` (asyncio and threads), `aiohttp`, npm's `ws`."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp.web
import pytest
import websockets.asyncio.server
import websockets.sync.server

from tests import needs
from tests.interop import node
from tests.interop.node import LARGE
from tests.protocol.test_deflate import ANSWERS
from tests.waiting import DEADLINE
from wsdemo import ConnectionClosed, Deflate, connect


def in_a_loop(opened: Callable[[asyncio.Event], Any]) -> contextlib.AbstractContextManager[str]:
    """Run an asynchronous server in a thread; ``opened(stop)``: an async context manager, gives a URL."""

    @contextlib.contextmanager
    def running() -> Iterator[str]:
        ready: list[Any] = []
        up = threading.Event()

        async def main() -> None:
            stop = asyncio.Event()
            async with opened(stop) as url:
                ready.extend([url, asyncio.get_running_loop(), stop])
                up.set()
                await stop.wait()

        thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
        thread.start()
        assert up.wait(DEADLINE)
        url, loop, stop = ready
        try:
            yield url
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(DEADLINE)

    return running()


def choose(ws: Any, offered: Any) -> Any:
    return "chat" if "chat" in offered else None


@contextlib.contextmanager
def websockets_asyncio() -> Iterator[str]:
    async def echo(ws: Any) -> None:
        async for message in ws:
            if message == "close":
                await ws.close(4001, "as you wish")
            elif message == "ping":
                await (await ws.ping())
                await ws.send("ponged")
            elif message == "fragments":
                await ws.send(["one,", "two,", "three"])
            else:
                await ws.send(message)

    @contextlib.asynccontextmanager
    async def opened(stop: asyncio.Event) -> AsyncIterator[str]:
        async with websockets.asyncio.server.serve(
            echo, "127.0.0.1", 0, select_subprotocol=choose, max_size=None
        ) as server:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    with in_a_loop(opened) as url:
        yield url


@contextlib.contextmanager
def websockets_sync() -> Iterator[str]:
    def echo(ws: Any) -> None:
        for message in ws:
            if message == "close":
                ws.close(4001, "as you wish")
            elif message == "ping":
                ws.ping().wait(DEADLINE)
                ws.send("ponged")
            elif message == "fragments":
                ws.send(["one,", "two,", "three"])
            else:
                ws.send(message)

    with websockets.sync.server.serve(
        echo, "127.0.0.1", 0, select_subprotocol=choose, max_size=None
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join(DEADLINE)


@contextlib.contextmanager
def aiohttp_server() -> Iterator[str]:
    async def echo(request: aiohttp.web.Request) -> aiohttp.web.WebSocketResponse:
        ws = aiohttp.web.WebSocketResponse(protocols=["chat"], max_msg_size=0)
        await ws.prepare(request)
        async for message in ws:
            if message.data == "close":
                await ws.close(code=4001, message=b"as you wish")
            elif message.data == "ping":
                await ws.ping(b"hello")
                await ws.send_str("ponged")
            elif message.data == "fragments":
                await ws.send_str("one,two,three")
            elif isinstance(message.data, str):
                await ws.send_str(message.data)
            else:
                await ws.send_bytes(message.data)
        return ws

    @contextlib.asynccontextmanager
    async def opened(stop: asyncio.Event) -> AsyncIterator[str]:
        app = aiohttp.web.Application()
        app.router.add_get("/", echo)
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
        await runner.cleanup()

    with in_a_loop(opened) as url:
        yield url


WS_SERVER = """
const { WebSocketServer } = require("ws");
const options = { host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 0 },
                  handleProtocols: (offered) => offered.has("chat") ? "chat" : false };
const server = new WebSocketServer(options, () => console.log(server.address().port));
server.on("connection", (ws) => ws.on("message", (data, binary) => {
  const text = binary ? "" : data.toString();
  if (text === "close") ws.close(4001, "as you wish");
  else if (text === "ping") { ws.once("pong", () => ws.send("ponged")); ws.ping("x"); }
  else if (text === "fragments") {
    ws.send("one,", { fin: false }); ws.send("two,", { fin: false }); ws.send("three", { fin: true });
  } else ws.send(data, { binary });
}));
"""


@contextlib.contextmanager
def node_ws() -> Iterator[str]:
    child = subprocess.Popen(
        [str(needs.node_path()), "-e", WS_SERVER], cwd=node.installed(), stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    try:
        yield f"ws://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.kill()
        child.communicate()


SERVERS = {
    "websockets asyncio": websockets_asyncio,
    "websockets sync": websockets_sync,
    "aiohttp": aiohttp_server,
    "ws": node_ws,
}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=needs.node if name == "ws" else ()) for name in SERVERS]
)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "ws" and needs.missing("node"):
        yield ""
        return
    with SERVERS[request.param]() as found:
        yield found


COMPRESSION: dict[str, bool | Deflate] = {
    "none": False,
    "ours": True,
    "with takeover": Deflate(server_context_takeover=True, client_context_takeover=True, threshold=0),
    "small windows": Deflate(server_max_window_bits=9, client_max_window_bits=9, threshold=0),
}


@pytest.mark.parametrize("compression", COMPRESSION)
def test_messages_both_ways(url: str, compression: str) -> None:
    with connect(url, compression=COMPRESSION[compression]) as ws:
        agreed = (ws.response.headers.get("Sec-WebSocket-Extensions") if ws.response else None) or ""
        assert ("permessage-deflate" in agreed) == (compression != "none")
        if compression == "ours":
            assert agreed.partition("; ")[2] in [row[1] for row in ANSWERS]
        for message in ("hello", "", b"", b"\0\xff" * 500, "é€😀" * 100, LARGE, LARGE, LARGE.encode()):
            ws.send(message)
            assert ws.recv(DEADLINE) == message


@pytest.mark.parametrize("compression", COMPRESSION)
def test_fragments_both_ways(url: str, compression: str) -> None:
    with connect(url, compression=COMPRESSION[compression]) as ws:
        ws.send(iter(["some ", "words ", "", LARGE]))
        assert ws.recv(DEADLINE) == f"some words {LARGE}"
        ws.send("fragments")
        assert ws.recv(DEADLINE) == "one,two,three"
        ws.send("after them")
        assert ws.recv(DEADLINE) == "after them"


def test_pings_both_ways(url: str) -> None:
    with connect(url) as ws:
        assert 0 < ws.ping(DEADLINE) < DEADLINE
        ws.send("ping")
        assert ws.recv(DEADLINE) == "ponged"


def test_subprotocols(url: str) -> None:
    with connect(url, subprotocols=["other", "chat"]) as ws:
        assert ws.subprotocol == "chat"


def test_they_close(url: str) -> None:
    with connect(url) as ws:
        ws.send("close")
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert (caught.value.code, caught.value.reason) == (4001, "as you wish")


def test_we_close(url: str) -> None:
    ws = connect(url)
    ws.close(3000, "bye")
    assert ws.close_code in (3000, 1000) and ws.error is None  # aiohttp answers with 1000
