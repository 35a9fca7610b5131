"""The contestants: an echo server of each, in the fewest lines that its documentation suggests.

Each is a function that starts a server on a free port of 127.0.0.1 in threads of its own and returns a
`Running`. That function imports the library, so only the contestants that take part must be installed.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from wsdemo.bench import plain

HOST: Final = "127.0.0.1"

#: The greeting to each client of a crowd in plain TCP, which tells it that the server has counted it.
GREETING: Final = b"+"

#: Seconds in which a server must start.
DEADLINE: Final = 30.0


class Running(NamedTuple):
    """A server that listens.

    ``broadcast`` sends to the whole crowd and gives the moment at which it began, in seconds of
    `time.perf_counter`, a clock that all processes share. ``dial`` opens a client in the same process and
    gives its *send this, receive the answer*.
    """

    port: int
    broadcast: Callable[[str], float] | None = None
    dial: Callable[[], Callable[[str], object]] | None = None


class Library(NamedTuple):
    """A contestant: the function that starts it, the modules that it needs, and its name for pip."""

    start: Callable[[bool, bool], Running]  # compressed? many idle connections?
    needs: tuple[str, ...] = ()  # modules
    pip: str = ""  # the packages that bring them


# -- plain TCP, with which everything is compared ----------------------------------------------------------


def tcp(compressed: bool, crowd: bool, echo: Callable[[socket.socket], None] = plain.echo) -> Running:
    """A thread for each connection; the connections of a crowd only listen, and need none."""
    listener = socket.create_server((HOST, 0), backlog=1024)
    port = listener.getsockname()[1]
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if crowd:
                connections.append(connection)
                connection.sendall(GREETING)
            else:
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

    def broadcast(message: str) -> float:
        data = plain.framed(message.encode())
        began = time.perf_counter()
        for connection in connections:
            connection.sendall(data)
        return began

    def dial() -> Callable[[str], object]:
        sock = socket.create_connection((HOST, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def exchange(message: str) -> object:
            sock.sendall(plain.framed(message.encode()))
            return plain.read(sock, int(plain.read(sock, plain.HEADER))).decode()

        return exchange

    threading.Thread(target=accept, daemon=True).start()
    return Running(port, broadcast, dial)


# -- ours ---------------------------------------------------------------------------------------------------


def wsdemo(compressed: bool, crowd: bool, *, threads: bool = False, timeout: float | None = None) -> Running:
    """All limits and the keepalive as they are by default; the recorder off.

    ``threads``: a blocking handler, in a thread for each connection. ``timeout``: seconds for each ``recv``.
    """
    from wsdemo import Connection, connect, serve, threaded

    def echo(ws: Connection, message: str | bytes) -> None:
        ws.send(message)

    @threaded
    def blocking(ws: Connection) -> None:
        for message in ws:
            ws.send(message)

    server = serve(blocking if threads else echo, compression=compressed)

    def broadcast(message: str) -> float:
        began = time.perf_counter()
        server.broadcast(message)
        return began

    def dial() -> Callable[[str], object]:
        ws = connect(server.url, compression=compressed)

        def exchange(message: str) -> object:
            ws.send(message)
            return ws.recv() if timeout is None else ws.recv(timeout=timeout)

        return exchange

    return Running(server.port, broadcast, dial)


# -- websockets ---------------------------------------------------------------------------------------------


def websockets_asyncio(compressed: bool, crowd: bool) -> Running:
    """``websockets.asyncio``, with its own ``broadcast``."""
    library = importlib.import_module("websockets.asyncio.server")
    servers: list[Any] = []

    async def echo(ws: Any) -> None:
        async for message in ws:
            await ws.send(message)

    async def start() -> int:
        server = await library.serve(echo, HOST, 0, compression="deflate" if compressed else None)
        servers.append(server)
        return port_of(server.sockets)

    async def broadcast(message: str) -> None:
        library.broadcast(servers[0].connections, message)

    return _in_a_loop(start, broadcast)


def websockets_sync(compressed: bool, crowd: bool) -> Running:
    """``websockets.sync``: a thread for each connection."""
    library = importlib.import_module("websockets.sync.server")
    client = importlib.import_module("websockets.sync.client")
    compression = "deflate" if compressed else None

    def echo(ws: Any) -> None:
        for message in ws:
            ws.send(message)

    server = library.serve(echo, HOST, 0, compression=compression)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.socket.getsockname()[1]

    def dial() -> Callable[[str], object]:
        ws = client.connect(f"ws://{HOST}:{port}", compression=compression)

        def exchange(message: str) -> object:
            ws.send(message)
            return ws.recv()

        return exchange

    return Running(port, None, dial)


# -- others -------------------------------------------------------------------------------------------------


def aiohttp(compressed: bool, crowd: bool) -> Running:
    """``aiohttp.web``; AIOHTTP_NO_EXTENSIONS=1 leaves out its parts in C."""
    web = importlib.import_module("aiohttp.web")
    connections: list[Any] = []

    async def echo(request: Any) -> Any:
        ws = web.WebSocketResponse(compress=compressed)
        await ws.prepare(request)
        connections.append(ws)
        async for message in ws:
            if message.type is web.WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type is web.WSMsgType.BINARY:
                await ws.send_bytes(message.data)
        return ws

    async def start() -> int:
        app = web.Application()
        app.router.add_get("/", echo)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        return int(runner.addresses[0][1])

    async def broadcast(message: str) -> None:
        for ws in connections:
            await ws.send_str(message)

    return _in_a_loop(start, broadcast)


def picows(compressed: bool, crowd: bool) -> Running:
    """``picows``: written in Cython, without compression."""
    library = importlib.import_module("picows")
    connections: list[Any] = []

    class Echo(library.WSListener):  # type: ignore[misc, name-defined]
        def on_ws_connected(self, transport: Any) -> None:
            connections.append(transport)

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == library.WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            else:
                transport.send(frame.msg_type, frame.get_payload_as_bytes())

    async def start() -> int:
        server = await library.ws_create_server(lambda request: Echo(), HOST, 0)
        return port_of(server.sockets)

    async def broadcast(message: str) -> None:
        data = message.encode()
        for transport in connections:
            transport.send(library.WSMsgType.TEXT, data)

    return _in_a_loop(start, broadcast)


def wsproto(compressed: bool, crowd: bool) -> Running:
    """``wsproto`` has no sockets of its own: here on blocking ones, a thread for each connection."""
    library = importlib.import_module("wsproto")
    events = importlib.import_module("wsproto.events")
    listener = socket.create_server((HOST, 0), backlog=1024)

    def serve(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ws = library.WSConnection(library.ConnectionType.SERVER)
        parts: list[Any] = []
        while data := sock.recv(65536):
            ws.receive_data(data)
            answers = []
            for event in ws.events():
                if isinstance(event, events.Request):
                    answers.append(ws.send(events.AcceptConnection()))
                elif isinstance(event, events.Message):
                    parts.append(event.data)
                    if event.message_finished:
                        whole = type(event.data)().join(parts) if len(parts) > 1 else event.data
                        answers.append(ws.send(events.Message(data=whole)))
                        parts = []
                elif isinstance(event, events.CloseConnection):
                    answers.append(ws.send(event.response()))
            sock.sendall(b"".join(answers))
        sock.close()

    def accept() -> None:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return Running(listener.getsockname()[1])


def fastapi(compressed: bool, crowd: bool) -> Running:
    """FastAPI on uvicorn, as it comes."""
    library, uvicorn = importlib.import_module("fastapi"), importlib.import_module("uvicorn")
    app = library.FastAPI()

    async def echo(ws: Any) -> None:
        await ws.accept()
        while (message := await ws.receive())["type"] != "websocket.disconnect":
            if message.get("text") is not None:
                await ws.send_text(message["text"])
            else:
                await ws.send_bytes(message["bytes"])

    echo.__annotations__["ws"] = library.WebSocket  # tells FastAPI which argument to pass
    app.add_api_websocket_route("/", echo)
    return _uvicorn(uvicorn, app, compressed)


def channels(compressed: bool, crowd: bool) -> Running:
    """Django Channels on daphne."""
    conf = importlib.import_module("django.conf")
    conf.settings.configure(SECRET_KEY="benchmark", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[])
    importlib.import_module("django").setup()
    importlib.import_module("twisted.internet.selectreactor").install()
    consumers = importlib.import_module("channels.generic.websocket")
    daphne = importlib.import_module("daphne.server")
    endpoints = importlib.import_module("daphne.endpoints")

    class Echo(consumers.AsyncWebsocketConsumer):  # type: ignore[misc, name-defined]
        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.send(text_data=text_data, bytes_data=bytes_data)

    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    ready = threading.Event()
    server = daphne.Server(
        application=Echo.as_asgi(),
        endpoints=endpoints.build_endpoint_description_strings(host=HOST, port=port),
        signal_handlers=False,
        ready_callable=ready.set,
        verbosity=0,
    )
    threading.Thread(target=server.run, daemon=True).start()
    _wait(ready.is_set)
    return Running(port)


#: By name.
PEERS: Final[dict[str, Library]] = {
    "tcp": Library(tcp),
    "tcp-buffered": Library(partial(tcp, echo=plain.echo_buffered)),
    "wsdemo": Library(wsdemo),
    "wsdemo-timeout": Library(partial(wsdemo, timeout=DEADLINE)),
    "wsdemo-threaded": Library(partial(wsdemo, threads=True)),
    "websockets": Library(websockets_asyncio, ("websockets",), "websockets"),
    "websockets.sync": Library(websockets_sync, ("websockets",), "websockets"),
    "aiohttp": Library(aiohttp, ("aiohttp",), "aiohttp"),
    "picows": Library(picows, ("picows",), "picows"),
    "wsproto": Library(wsproto, ("wsproto",), "wsproto"),
    "fastapi": Library(fastapi, ("fastapi", "uvicorn", "websockets"), "fastapi 'uvicorn[standard]'"),
    "channels": Library(channels, ("channels", "daphne"), "channels daphne"),
}

#: Those that need nothing: plain TCP and our own package, always measured.
ALWAYS: Final = tuple(name for name, peer in PEERS.items() if not peer.needs)


def port_of(sockets: Iterable[socket.socket]) -> int:
    """The port that the first of the sockets listens on."""
    return int(next(iter(sockets)).getsockname()[1])


def _in_a_loop(
    start: Callable[[], Coroutine[Any, Any, int]], broadcast: Callable[[str], Coroutine[Any, Any, None]]
) -> Running:
    """An asyncio server in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    port = asyncio.run_coroutine_threadsafe(start(), loop).result(DEADLINE)

    async def timed(message: str) -> float:
        began = time.perf_counter()
        await broadcast(message)
        return began

    return Running(port, lambda m: asyncio.run_coroutine_threadsafe(timed(m), loop).result(DEADLINE))


def _uvicorn(uvicorn: Any, app: Any, compressed: bool) -> Running:
    config = uvicorn.Config(app, HOST, 0, log_level="error", ws_per_message_deflate=compressed)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    _wait(lambda: server.started)
    return Running(port_of(server.servers[0].sockets))


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.01)
