"""`serve`, `connect` and what they give: an argument that can't be is refused in the call."""

from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tests import raw
from tests.protocol.test_arguments import NEVER_DONE, coroutine_function
from tests.waiting import DEADLINE, Seen, turn_until
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Limits,
    Response,
    Server,
    Trace,
    connect,
    first_message,
    serve,
    threaded,
)
from wsdemo.proxy.chaos import Chaos, Freeze
from wsdemo.proxy.sniffer import Sniffer
from wsdemo.rawtcp import TimeClient, TimeServer

NOWHERE = "ws://127.0.0.1:9"  # nobody is asked: the call ends before


def echo(ws: Any, message: Any) -> None:
    ws.send(message)


class Object:
    def __init__(self, **methods: Any) -> None:
        self.__dict__.update(methods)


def on_a_server(use: Callable[[Server], object]) -> None:
    with serve(echo) as server:
        use(server)


def on_a_client(use: Callable[[Connection], object]) -> None:
    with serve(echo) as server, connect(server.url) as ws:
        use(ws)


#: Everywhere a function is taken.
FUNCTIONS: dict[str, Callable[[Any], object]] = {
    "handler": lambda given: serve(given),
    "on_open": lambda given: serve(Object(on_open=given, on_message=echo)),
    "on_message": lambda given: serve(Object(on_message=given)),
    "on_close": lambda given: serve(Object(on_close=given)),
    "on_drain": lambda given: serve(Object(on_drain=given)),
    "client's handler": lambda given: connect(NOWHERE, given),
    "client's on_message": lambda given: connect(NOWHERE, Object(on_message=given)),
    "threaded": threaded,
    "authorize": lambda given: serve(echo, authorize=given),
    "first_message": first_message,
    "every": lambda given: on_a_server(lambda server: server.every(1, given)),
    "route": lambda given: on_a_server(lambda server: server.route("/a", given)),
    "route as a decorator": lambda given: on_a_server(lambda server: server.route("/a")(given)),
    "call_soon": lambda given: on_a_server(lambda server: server.call_soon(given)),
    "masking_key": lambda given: connect(NOWHERE, masking_key=given),
    "Trace's clock": lambda given: Trace(clock=given),
    "TimeServer's on_message": TimeServer,
    "TimeServer's on_open": lambda given: TimeServer(on_open=given),
    "TimeServer's clock": lambda given: TimeServer(clock=given),
}


@pytest.mark.parametrize(
    "kind", ["async def", "object", "partial of a method", "async def with yield", "generator"]
)
@pytest.mark.parametrize("where", FUNCTIONS)
def test_a_function_whose_call_does_nothing_is_refused(where: str, kind: str) -> None:
    if where == "handler" and kind == "object":
        kind = "method"
    with pytest.raises(TypeError, match=r"which nothing (awaits|iterates over) here; expected "):
        FUNCTIONS[where](NEVER_DONE[kind])


@pytest.mark.parametrize("where", FUNCTIONS)
def test_what_is_no_function_is_refused(where: str) -> None:
    for value in ("text", 5, Object, [echo]):
        if where == "call_soon" and value is Object:  # it may be one that makes an object
            continue
        with pytest.raises(TypeError, match=r"^[\w.]+: got .*, expected "):
            FUNCTIONS[where](value)


def test_a_handler_as_of_websockets_is_told_the_first_difference_first() -> None:
    async def awaits(ws: Any) -> None: ...

    with pytest.raises(TypeError, match=r"^handler: got an asynchronous function"):
        serve(awaits)
    with pytest.raises(
        TypeError, match=r"^handler: got a function of \(ws\), expected .*threaded\(function\)"
    ):
        serve(lambda ws: None)


def test_a_class_is_not_an_object() -> None:
    class Chat:
        def on_message(self, ws: Any, message: Any) -> None:
            """Nothing."""

    for use in (serve, lambda given: connect(NOWHERE, given)):
        with pytest.raises(TypeError, match=r"^handler: got the class Chat, expected .* or an object with"):
            use(Chat)
    with pytest.raises(TypeError, match=r"^authorize: got the class first_message"):
        serve(echo, authorize=first_message)  # type: ignore[arg-type]


CLIENT, SERVER = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER))

#: (call, what its error says)
OPTIONS: list[tuple[Callable[[], object], str]] = [
    (
        lambda: serve(echo, None),
        "host: got None, expected a name or an IP address, '' for all of this machine",
    ),
    (lambda: serve(echo, port="8000"), "port: got the text '8000', expected a whole number from 0 to 65535"),
    (lambda: serve(echo, port=True), "port: got True"),
    (lambda: serve(echo, port=8000.0), "port: got 8000.0"),
    (lambda: serve(echo, port=65536), "port: got 65536"),
    (lambda: serve(echo, subprotocols="chat"), "subprotocols: got the text 'chat', expected a list of names"),
    (lambda: serve(echo, subprotocols=None), "subprotocols: got None"),
    (lambda: serve(echo, subprotocols=["a b"]), "subprotocols: number 1 of 1, expected"),
    (lambda: serve(echo, hosts="x"), "hosts: got the text 'x'"),
    (lambda: serve(echo, hosts=["http://x"]), "hosts: got the text 'http://x'"),
    (lambda: serve(echo, origins="http://x"), "origins: got the text 'http://x', expected a list"),
    (lambda: serve(echo, origins=["x"]), "origins: got the text 'x'"),
    (lambda: serve(echo, compression="gzip"), "compression: got the text 'gzip'"),
    (lambda: serve(echo, compression=1), "compression: got 1"),
    (lambda: serve(echo, limits=Limits), "limits: got the class Limits"),
    (lambda: serve(echo, limits={"message_size": 5}), "limits: got a value of type dict"),
    (lambda: serve(echo, ssl=True), "ssl: got True, expected an ssl.SSLContext with a certificate, or None"),
    (lambda: serve(echo, ssl="cert.pem"), "ssl: got the text 'cert.pem'"),
    (lambda: serve(echo, ssl=CLIENT), "ssl: got a context for a client, expected one for a server"),
    (lambda: serve(echo, trace=True), "trace: got True, expected a Trace, or None"),
    (lambda: serve(echo, trace=Trace), "trace: got the class Trace"),
    (lambda: connect(b"ws://a"), "url: got a value of type bytes"),
    (lambda: connect(None), "url: got None"),
    (lambda: connect(NOWHERE, 5), "handler: got 5"),
    (lambda: connect(NOWHERE, subprotocols="chat"), "subprotocols: got the text 'chat'"),
    (lambda: connect(NOWHERE, headers="A: b"), "headers: got a text"),
    (lambda: connect(NOWHERE, headers=["A: b"]), "headers: got a field of type str"),
    (lambda: connect(NOWHERE, headers={"A": 5}), "headers: got a field of type (str, int)"),
    (lambda: connect(NOWHERE, origin=["http://a"]), "origin: got a value of type list"),
    (lambda: connect(NOWHERE, compression="none"), "compression: got the text 'none'"),
    (lambda: connect(NOWHERE, limits=10), "limits: got 10"),
    (lambda: connect(NOWHERE, ssl=True), "ssl: got True"),
    (
        lambda: connect("wss://127.0.0.1:9", ssl=SERVER),
        "ssl: got a context for a server, expected one for a client",
    ),
    (lambda: connect(NOWHERE, ssl=CLIENT), "ssl: got a context, expected None for ws://"),
    (lambda: connect(NOWHERE, trace="trace.json"), "trace: got the text 'trace.json'"),
    (lambda: connect(NOWHERE, masking_key="abcd"), "masking_key: got the text 'abcd'"),
    (lambda: connect(NOWHERE, masking_key=b"abc"), "masking_key: got 3 bytes"),
    (lambda: Trace(limit="1 MiB"), "limit: got the text '1 MiB'"),
    (lambda: Trace(limit=-1), "limit: got -1"),
    (lambda: TimeServer(port="1234"), "port: got the text '1234'"),
    (lambda: TimeServer(every=True), "every: got True"),
    (lambda: TimeServer(limits=5), "limits: got 5"),
    (lambda: TimeServer(trace=5), "trace: got 5"),
    (lambda: TimeClient(port="1234"), "port: got the text '1234'"),
    (lambda: TimeClient(host=None), "host: got None"),
    (lambda: TimeClient(timeout=None), "timeout: got None"),
    (lambda: TimeClient(trace=5), "trace: got 5"),
    (lambda: Sniffer(None), "url: got None"),
    (lambda: Sniffer(NOWHERE, port="80"), "port: got the text '80'"),
    (lambda: Sniffer(NOWHERE, trace=5), "trace: got 5"),
    (lambda: Sniffer(NOWHERE, rewrite="yes"), "rewrite: got the text 'yes'"),
    (lambda: Sniffer("wss://a", ssl=SERVER), "ssl: got a context for a server"),
    (lambda: Chaos("127.0.0.1", "80"), "target_port: got the text '80'"),
    (lambda: Chaos(None, 80), "target_host: got None"),
    (
        lambda: Chaos("127.0.0.1", 80, Freeze()),
        "script: got a value of type Freeze, expected a list of steps",
    ),
    (lambda: Chaos("127.0.0.1", 80, [Freeze]), "step: got the class Freeze"),
    (lambda: Chaos("127.0.0.1", 80, context=5), "context: got 5"),
    (lambda: on_a_server(lambda server: server.route("about", str)), "path: got the text 'about'"),
    (lambda: on_a_server(lambda server: server.route("/a?b", str)), "path: got the text '/a?b'"),
    (lambda: on_a_server(lambda server: server.route(5, str)), "path: got 5"),
    (lambda: on_a_server(lambda server: server.every("3", print)), "seconds: got the text '3'"),
    (lambda: on_a_server(lambda server: server.every(True, print)), "seconds: got True"),
    (lambda: on_a_server(lambda server: server.every(float("nan"), print)), "seconds: got nan"),
    (lambda: on_a_client(lambda ws: ws.send("a", compress=0)), "compress: got 0, expected True or False"),
    (lambda: on_a_server(lambda server: server.broadcast("a", compress=None)), "compress: got None"),
    (lambda: on_a_server(lambda server: server.broadcast("a", to=5)), "to: got 5, expected connections"),
    (lambda: on_a_server(lambda server: server.broadcast("a", to="all")), "to: got the text 'all'"),
    (lambda: on_a_server(lambda server: server.broadcast("a", to=[1])), "to: got 1, expected connections"),
    (lambda: on_a_server(lambda server: server.close("1001")), "code: got the text '1001'"),
    (lambda: on_a_server(lambda server: server.close(1005)), "close code 1005 must not be sent"),
]


@pytest.mark.parametrize(("call", "text"), OPTIONS, ids=[text.partition(",")[0] for _, text in OPTIONS])
def test_an_option_that_can_t_be_is_refused_in_the_call(call: Callable[[], object], text: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value).startswith(text)


def test_as_others_spell_it() -> None:
    with serve(echo, compression="deflate", origins="*") as server:  # type: ignore[arg-type]
        for origin in ("http://page.example", "null", None):
            with connect(server.url, origin=origin, compression="deflate") as ws:  # type: ignore[arg-type]
                assert ws.response is not None
                assert "permessage-deflate" in ws.response.headers["Sec-WebSocket-Extensions"]
        with connect(server.url, compression=None) as ws:  # type: ignore[arg-type]
            assert ws.response is not None and "Sec-WebSocket-Extensions" not in ws.response.headers


def test_a_list_that_can_be_read_once_serves_every_connection() -> None:
    names = (name for name in ("a", "b"))
    with serve(echo, subprotocols=names) as server:  # type: ignore[arg-type]
        for _ in range(2):
            with connect(server.url, subprotocols=["b"]) as ws:
                assert ws.subprotocol == "b"


# -- what a function gives, that looked like any other -----------------------------------------------------

LOOP = asyncio.new_event_loop()
LOOP.close()

#: What `authorize` may give by mistake, each of which counts as true.
NO_VERDICT: dict[str, Callable[[], object]] = {
    "coroutine": coroutine_function,
    "asynchronous generator": lambda: NEVER_DONE["async def with yield"](),
    "generator": lambda: (part for part in "yes"),
    "Future": concurrent.futures.Future,
    "future of a loop": lambda: asyncio.Future(loop=LOOP),
    "exception": lambda: HandshakeError("no", 403),
    "class of an exception": lambda: HandshakeError,
    "response": lambda: Response(403, "Forbidden"),
    "function": lambda: echo,
    "method": lambda: "Ana".upper,
}


@pytest.mark.parametrize("kind", NO_VERDICT)
def test_what_is_no_verdict_lets_nobody_in(kind: str) -> None:
    by_request = (lambda request: NO_VERDICT[kind]()) if kind != "Future" else (lambda request: echo)
    with serve(echo, authorize=by_request) as server:  # a Future is followed there: see test_decisions
        with pytest.raises(HandshakeError, match="the server failed to answer") as caught:
            connect(server.url)
        assert caught.value.status == 500 and server.connections == []
        assert isinstance(server.errors[0][1], TypeError)
    with serve(echo, authorize=first_message(lambda ws, message: NO_VERDICT[kind]())) as server:
        with connect(server.url) as ws:
            ws.send("let me in")
            with pytest.raises(ConnectionClosed) as closed:
                ws.recv(DEADLINE)
            assert closed.value.code == 1011 and server.connections == []
        assert [type(error) for _, error in server.errors] == [TypeError]


def test_numpy_s_false_is_a_no() -> None:
    numpy = pytest.importorskip("numpy")
    with serve(echo, authorize=lambda request: numpy.bool_(request.path == "/yes")) as server:
        with pytest.raises(HandshakeError) as caught:
            connect(server.url)
        assert caught.value.status == 403
        connect(server.url + "/yes").close()


@pytest.mark.parametrize("where", ["on_open", "on_message", "threaded"])
def test_a_handler_that_gives_a_coroutine_ends_its_connection(where: str) -> None:
    handler: Any = Object(**{where: lambda *args: coroutine_function()})
    if where == "threaded":
        handler = threaded(lambda ws: coroutine_function())
    with serve(handler) as server, connect(server.url) as ws:
        if where == "on_message":
            ws.send("x")
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == 1011
        turn_until(server._reactor, lambda: server.errors)
        ((_, error),) = server.errors
        assert isinstance(error, TypeError) and "nothing awaits here" in str(error)


def test_a_repeated_call_that_gives_a_coroutine_is_an_error_of_the_server() -> None:
    with serve(echo) as server:
        server.every(0.01, lambda: coroutine_function())
        turn_until(server._reactor, lambda: server.errors)
    assert "nothing awaits here" in str(server.errors[0][1])


def test_a_route_that_gives_no_answer_is_an_error_of_the_server() -> None:
    with serve(echo) as server:
        server.route("/a", lambda request: coroutine_function())  # type: ignore[arg-type, return-value]
        server.route("/b", lambda request: 5)  # type: ignore[arg-type, return-value]
        for path, text in (("/a", "nothing awaits here"), ("/b", "function: got 5, expected")):
            with pytest.raises(HandshakeError) as caught:
                connect_plainly(server, path)
            assert caught.value.status == 500
            assert text in str(server.errors[0][1])
            server.errors.clear()


def connect_plainly(server: Server, path: str) -> None:
    """Ask for a plain route, and raise what it says as a client's connect would."""
    with raw.dial(server.port) as peer:
        peer.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status, text = peer.answer()
    raise HandshakeError(text, status)


def test_a_pool_s_future_is_no_mistake_of_a_handler() -> None:
    """Its work goes on elsewhere: unlike a coroutine it runs by itself."""
    seen = Seen()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with serve(lambda ws, message: pool.submit(seen, message)) as server, connect(server.url) as ws:
            ws.send("work")
            assert seen.next() == "work" and ws.ping(DEADLINE) > 0
            assert not server.errors
