"""The time server against real sockets: what it says, and who can and can't disturb whom."""

from __future__ import annotations

import inspect
import itertools
import os
import socket
import struct
import threading
import warnings
from collections.abc import Callable

import pytest

from tests.rawtcp.conftest import Serve
from tests.waiting import DEADLINE, Seen, turn
from wsdemo.protocol.errors import (
    ConnectionClosed,
    InvalidData,
    InvalidState,
    MessageTooBig,
    PolicyViolation,
    ProtocolError,
)
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp import HEADER, Peer, TimeClient, TimeServer, parse_header, serialize
from wsdemo.rawtcp.framing import LIMIT
from wsdemo.trace.trace import Trace

WELCOME = "Welcome! The time follows."


def raw(server: TimeServer) -> socket.socket:
    """A plain socket to the server, which has read its welcome."""
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
    assert read(sock) == WELCOME
    return sock


def exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, "the stream ended too early"
        data += piece
    return data


def read(sock: socket.socket) -> str:
    """One message, by the plainest code there is."""
    return exactly(sock, parse_header(exactly(sock, HEADER))).decode()


def reset(sock: socket.socket) -> None:
    """End it as a crash does: with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def ticking() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"tick {next(numbers)}"


# -- what it says --------------------------------------------------------------------------------------------


def test_welcome_then_the_time_by_the_given_clock(serve: Serve) -> None:
    server = serve(every=0.01, clock=ticking())
    with TimeClient(port=server.port) as client:
        messages = [client.recv(DEADLINE) for _ in range(4)]
    assert messages[0] == WELCOME
    first = int(messages[1].split()[1])
    assert messages[1:] == [f"tick {first + step}" for step in range(3)]


def test_every_client_gets_the_same_ticks(serve: Serve) -> None:
    server = serve(every=0.01, clock=ticking())
    with TimeClient(port=server.port) as first, TimeClient(port=server.port) as second:
        ticks = [{client.recv(DEADLINE) for _ in range(6)} for client in (first, second)]
    assert len(ticks[0] & ticks[1]) >= 2  # the welcome, and at least one of both


def test_a_hundred_clients_get_the_welcome_and_the_next_tick(serve: Serve) -> None:
    server = serve()
    clients = [raw(server) for _ in range(100)]
    assert [peer.id for peer in server.clients] == list(range(1, 101))
    server.broadcast("next tick")
    assert {read(client) for client in clients} == {"next tick"}
    for client in clients:
        client.close()


def test_both_ways(serve: Serve) -> None:
    server = serve(lambda peer, text: peer.send(f"{peer.id}: {text}"))
    with TimeClient(port=server.port) as client:
        for text in ("hello", "", "héllo 👋", "x" * 100_000):
            client.send(text)
        assert [client.recv(DEADLINE) for _ in range(5)][1:] == [
            "1: hello",
            "1: ",
            "1: héllo 👋",
            "1: " + "x" * 100_000,
        ]


def test_broadcast_to_all_and_to_some(serve: Serve) -> None:
    server = serve()
    clients = [raw(server) for _ in range(3)]
    server.broadcast("all")
    server.broadcast("not the second", to=[peer for peer in server.clients if peer.id != 2])
    server.broadcast("end")
    heard = [[read(sock) for _ in range(count)] for sock, count in zip(clients, (3, 2, 3), strict=True)]
    assert heard == [["all", "not the second", "end"], ["all", "end"], ["all", "not the second", "end"]]
    for client in clients:
        client.close()


def test_who_comes_speaks_and_goes(serve: Serve) -> None:
    seen = Seen()
    server = serve(
        lambda peer, text: seen("says", peer.id, text),
        on_open=lambda peer: seen("came", peer.id, peer.address),
        on_close=lambda peer: seen("left", peer.id, peer.error),
    )
    with raw(server) as sock:
        assert seen.next() == ("came", 1, sock.getsockname())
        sock.sendall(serialize("hello"))
        assert seen.next() == ("says", 1, "hello")
    assert seen.next() == ("left", 1, None)
    assert (server.clients, server.errors) == ([], [])


def test_messages_that_arrive_in_any_pieces(serve: Serve) -> None:
    seen = Seen()
    server = serve(lambda peer, text: seen(text))
    with raw(server) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = b"".join(map(serialize, ("héllo", "", "world")))
        for index in range(len(stream)):
            sock.sendall(stream[index : index + 1])
        sock.sendall(stream)
        assert [seen.next() for _ in range(6)] == ["héllo", "", "world"] * 2


def test_a_send_larger_than_the_kernel_takes_is_kept_and_flushed(serve: Serve) -> None:
    server = serve()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(DEADLINE)
        sock.connect(("127.0.0.1", server.port))
        assert read(sock) == WELCOME
        (peer,) = server.clients
        texts = [character * 1024 * 1024 for character in "abcdefgh"]
        sender = threading.Thread(target=lambda: [peer.send(text) for text in texts])
        sender.start()
        for text in texts:
            assert read(sock) == text
        sender.join(DEADLINE)
        assert peer.pending == 0
    assert server.errors == []


# -- who disturbs whom ---------------------------------------------------------------------------------------

DISTURBANCES = [
    (b"five      hello", ProtocolError, r"header b'five      ', expected digits"),
    (b"\xff" * 10, ProtocolError, "expected digits"),
    (b"1048577   ", MessageTooBig, "message of 1048577 bytes, at most 1048576 accepted"),
    (b"9999999999", MessageTooBig, "message of 9999999999 bytes"),
    (b"2         \xff\xfe", InvalidData, "not UTF-8"),
]


@pytest.mark.parametrize(("wire", "kind", "why"), DISTURBANCES)
def test_who_breaks_the_protocol_ends_alone(serve: Serve, wire: bytes, kind: type, why: str) -> None:
    seen, gone = Seen(), Seen()
    server = serve(lambda peer, text: seen(text), on_close=gone)
    with raw(server) as good, raw(server) as bad:
        bad.sendall(serialize("before") + wire + serialize("after"))
        peer = gone.next()
        assert (peer.id, type(peer.error)) == (2, kind)
        with pytest.raises(kind, match=why):
            raise peer.error
        assert server.errors == [(2, peer.error)]
        good.sendall(serialize("still here"))
        assert [seen.next(), seen.next()] == ["before", "still here"], (
            "what came after the error is not heard"
        )
        server.broadcast("tick")
        assert read(good) == "tick"


@pytest.mark.parametrize("inside", [b"", b"5         hel"])
def test_a_reset_ends_that_client_alone(serve: Serve, inside: bytes) -> None:
    gone = Seen()
    server = serve(on_close=gone)
    with raw(server) as good:
        bad = raw(server)
        bad.sendall(inside)
        reset(bad)
        assert gone.next().id == 2
        ((number, error),) = server.errors
        assert (number, type(error)) == (2, ConnectionResetError)
        server.broadcast("tick")
        assert read(good) == "tick"


def test_an_end_inside_a_message_is_an_error(serve: Serve) -> None:
    gone = Seen()
    server = serve(on_close=gone)
    with raw(server) as sock:
        sock.sendall(b"5         hel")
    assert str(gone.next().error) == "the stream ended inside a message, 13 bytes into it"


def test_a_frozen_client_is_dropped_at_the_bound_and_the_others_go_on(serve: Serve) -> None:
    """In the server's thread a broadcast can't wait."""
    gone = Seen()
    bound, most = 256 * 1024, 0
    text = "x" * 50_000

    def news(peer: Peer, heard: str) -> None:
        nonlocal most
        server.broadcast(text)
        most = max(most, *(one.pending for one in server.clients))

    server = serve(news, on_close=gone, limits=Limits(buffer_size=bound))
    with raw(server) as good, raw(server) as frozen:
        peer = next(peer for peer in server.clients if peer.id == 2)
        heard = 0
        while server.clients[-1] is peer:
            good.sendall(serialize("news?"))
            assert read(good) == text
            heard += 1
            assert heard < 2000, "the frozen client is never dropped"
        assert gone.next() is peer
        assert most <= bound
        ((number, error),) = server.errors
        assert (number, type(error)) == (2, PolicyViolation)
        assert "wait for a slow reader" in str(error)
        frozen.close()
        server.broadcast("end")
        assert read(good) == "end"


def test_a_broadcast_of_a_thread_waits_for_a_slow_client_after_the_others_have_it(serve: Serve) -> None:
    """Each gets every message; who is behind is waited for, and named when the time is over."""
    server = serve(limits=Limits(write_timeout=DEADLINE))
    result = Seen()
    text = "x" * 50_000

    def news(count: int) -> None:
        try:
            for _ in range(count):
                server.broadcast(text)
            result("done")
        except TimeoutError as error:
            result(str(error))

    with raw(server) as good, raw(server) as slow:
        thread = threading.Thread(target=news, args=(400,))
        thread.start()
        heard = 0
        good.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                read(good)
                heard += 1
        assert 0 < heard < 400, "the thread waits, and the good client has what the slow one lacks"
        most = max(peer.pending for peer in server.clients)
        assert most <= server.limits.high_water + 51_000
        good.settimeout(DEADLINE)
        others = threading.Thread(target=lambda: [read(slow) for _ in range(400)])
        others.start()
        for _ in range(400 - heard):
            assert read(good) == text
        assert result.next() == "done"
        thread.join(DEADLINE)
        others.join(DEADLINE)
        assert not others.is_alive() and server.errors == []


def test_a_handler_that_answers_who_does_not_read_is_bounded_too(serve: Serve) -> None:
    """In the reactor's thread nobody can wait: the bound ends it."""
    gone = Seen()
    bound, most = 256 * 1024, 0

    def handler(peer: Peer, text: str) -> None:
        nonlocal most
        for _ in range(1000):
            peer.send("x" * 50_000)
            most = max(most, peer.pending)

    server = serve(handler, on_close=gone, limits=Limits(buffer_size=bound))
    with raw(server) as frozen:
        frozen.sendall(serialize("go"))
        assert isinstance(gone.next().error, PolicyViolation)
        assert 0 < most <= bound
        assert [type(error) for _, error in server.errors] == [PolicyViolation]


def test_a_client_that_takes_no_byte_is_dropped_after_the_write_timeout(serve: Serve) -> None:
    gone = Seen()
    server = serve(on_close=gone, limits=Limits(write_timeout=0.2, buffer_size=64 * 1024 * 1024))
    with raw(server), raw(server) as good:
        frozen, healthy = server.clients
        server.broadcast("x" * 16_000_000, to=[frozen])
        assert frozen.pending > 0
        assert gone.next() is frozen
        assert str(frozen.error) == "took no byte for 0.2 seconds"
        server.broadcast("still here")
        assert read(good) == "still here"
        assert server.clients == [healthy]


def test_a_sender_waits_for_a_slow_client_and_gives_up_in_time(serve: Serve) -> None:
    server = serve(limits=Limits(write_timeout=0.2))
    with raw(server):
        (peer,) = server.clients
        with pytest.raises((TimeoutError, ConnectionClosed)):
            while True:
                peer.send("x" * 100_000)


def test_more_than_so_many_clients_are_turned_away(serve: Serve) -> None:
    server = serve(limits=Limits(connections=2))
    with raw(server), raw(server):
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as third:
            assert third.recv(100) == b""
        assert len(server.clients) == 2


# -- handlers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("mine"), OSError("mine"), ConnectionResetError("mine")])
def test_an_error_in_a_handler_costs_that_client_only(serve: Serve, error: Exception) -> None:
    heard, gone = Seen(), Seen()

    def handler(peer: Peer, text: str) -> None:
        heard(text)
        if text == "fail":
            raise error

    server = serve(handler, on_close=gone)
    with raw(server) as good, raw(server) as bad:
        bad.sendall(serialize("fail") + serialize("after"))
        assert gone.next().error is error
        assert server.errors == [(2, error)]
        good.sendall(serialize("hello"))
        assert [heard.next(), heard.next()] == ["fail", "hello"]


def test_errors_in_on_open_and_on_close(serve: Serve) -> None:
    server = serve(on_open=lambda peer: 1 / 0)
    with TimeClient(port=server.port) as client:
        list(client)
    assert [type(error) for _, error in server.errors] == [ZeroDivisionError]

    gone = Seen()

    def on_close(peer: Peer) -> None:
        gone(peer)
        raise ValueError("mine")

    server = serve(on_close=on_close)
    raw(server).close()
    gone.next()
    turn(server._reactor)
    with raw(server):
        assert len(server.clients) == 1


def test_a_handler_may_end_its_client_and_hears_nothing_more(serve: Serve) -> None:
    heard, gone = Seen(), Seen()

    def handler(peer: Peer, text: str) -> None:
        heard(text)
        peer.send("bye")
        peer.close()
        with pytest.raises(ConnectionClosed):
            peer.send("too late")
        peer.close()

    server = serve(handler, on_close=gone)
    with raw(server) as sock:
        sock.sendall(serialize("end me") + serialize("after"))
        assert read(sock) == "bye"
        assert sock.recv(1) == b""
        assert gone.next().error is None
        assert heard.next() == "end me"
        assert heard.empty()
    assert server.errors == []


@pytest.mark.parametrize("error", [ValueError("after the end"), ConnectionClosed(1000, "of another one")])
def test_an_error_is_kept_that_is_not_the_answer_to_who_has_left(serve: Serve, error: Exception) -> None:
    """ConnectionClosed is none where the client has left, and nothing else is."""
    ends = isinstance(error, ValueError)

    def fails(peer: Peer, text: str) -> None:
        if ends:
            peer.close()
        raise error

    gone = Seen()
    server = serve(fails, on_close=gone)
    assert repr(server) == "<TimeServer: 0 clients>"
    with raw(server) as sock:
        assert repr(server) == "<TimeServer: 1 clients>"
        sock.sendall(serialize("x"))
        gone.next()
    assert server.errors == [(1, error)]


def test_an_answer_to_who_has_left_is_no_error(serve: Serve) -> None:
    gone = Seen()

    def answers(peer: Peer, text: str) -> None:
        peer.close()
        peer.send("too late")

    server = serve(answers, on_close=gone)
    with raw(server) as sock:
        sock.sendall(serialize("x"))
        gone.next()
    assert server.errors == []


def test_the_clock_s_error_has_no_client_s_number(serve: Serve) -> None:
    ticked = Seen()

    def clock() -> str:
        ticked(1)
        raise ValueError("stopped")

    server = serve(every=0.001, clock=clock)
    ticked.next()
    ticked.next()
    number, error = server.errors[0]
    assert (number, str(error)) == (0, "stopped")


def test_a_handler_may_close_the_server(serve: Serve) -> None:
    server = serve(lambda peer, text: peer._server.close())
    with TimeClient(port=server.port) as client:
        client.send("close")
        assert list(client) == [WELCOME]
    server.close()  # waits for the thread
    assert not server._reactor.thread.is_alive()


def test_a_handler_may_broadcast_and_leave_out_the_sender(serve: Serve) -> None:
    def handler(peer: Peer, text: str) -> None:
        server.broadcast(text, to=[other for other in server.clients if other is not peer])

    server = serve(handler)
    with raw(server) as first, raw(server) as second:
        first.sendall(serialize("to second"))
        assert read(second) == "to second"
        second.sendall(serialize("to first"))
        assert read(first) == "to first"


# -- the end -------------------------------------------------------------------------------------------------


def test_close_twice_and_from_many_threads(serve: Serve) -> None:
    server = serve()
    with raw(server) as sock:
        threads = [threading.Thread(target=server.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert not server._reactor.thread.is_alive()
        assert sock.recv(1) == b""
    server.close()
    server.broadcast("to nobody")
    with pytest.raises(ConnectionRefusedError):
        TimeClient(port=server.port)


def test_close_with_a_full_buffer_does_not_wait(serve: Serve) -> None:
    server = serve(limits=Limits(buffer_size=64 * 1024 * 1024))
    with raw(server):
        server.broadcast("x" * 16_000_000)
        server.close()
        assert not server._reactor.thread.is_alive()


def test_close_while_clients_connect(serve: Serve) -> None:
    """Whoever is on the way sees an end or a refusal; nothing hangs and nothing is left."""
    for _ in range(20):
        server = serve()
        ends = Seen()

        def connect(port: int = server.port, ends: Seen = ends) -> None:
            try:
                with TimeClient(port=port, timeout=DEADLINE) as client:
                    ends(list(client))
            except OSError as error:
                ends(error)

        threads = [threading.Thread(target=connect) for _ in range(4)]
        for thread in threads:
            thread.start()
        server.close()
        for thread in threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
            end = ends.next()
            assert isinstance(end, OSError) or end in ([], [WELCOME])


def test_two_servers_at_once_and_the_port_in_use(serve: Serve) -> None:
    first, second = serve(), serve()
    assert first.port != second.port
    with pytest.raises(OSError, match="another program uses this port"):
        serve(port=first.port)


@pytest.mark.parametrize("every", [0, -1, float("nan")])
def test_every_must_be_a_time(every: float) -> None:
    with pytest.raises(ValueError, match=r"every: got .*, expected a number of seconds, more than 0"):
        TimeServer(every=every)


@pytest.mark.parametrize("name", ["on_message", "on_open", "on_close"])
@pytest.mark.parametrize("wrong", [lambda: None, "text", lambda a, b, c: None], ids=["none", "text", "three"])
def test_functions_that_can_t_be_called_are_refused_at_the_start(name: str, wrong: object) -> None:
    takes = r"\(peer, text\)" if name == "on_message" else r"\(peer\)"
    with pytest.raises((TypeError, ValueError), match=rf"{name}: .*a function of {takes}, or None"):
        TimeServer(**{name: wrong})


def test_a_message_is_text(serve: Serve) -> None:
    with pytest.raises(TypeError, match="a message is text, a str; got bytes"):
        serve().broadcast(b"bytes")  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_process_can_use_neither_end_and_harms_none(serve: Serve) -> None:
    server = serve(lambda peer, text: peer.send(text))
    with TimeClient(port=server.port) as client:
        assert client.recv(DEADLINE) == WELCOME
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads is what we test
            child = os.fork()
        if child == 0:
            refused = 0
            uses = (lambda: client.send("x"), client.recv, lambda: server.broadcast("x"))
            for use in uses:
                try:
                    use()
                except InvalidState:
                    refused += 1
            client.close()
            server.close()
            os._exit(refused)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        client.send("still here")
        assert client.recv(DEADLINE) == "still here"


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_trace_knows_which_address_is_whose(serve: Serve, side: str) -> None:
    trace = Trace()
    server = serve(trace=trace if side == "server" else None)
    with TimeClient(port=server.port, trace=trace if side == "client" else None) as client:
        assert client.recv(DEADLINE) == WELCOME
        (peer,) = server.clients
        assert list(trace.addresses.values()) == [(peer.address, ("127.0.0.1", server.port))]


def test_what_holds_where_nothing_is_said(serve: Serve) -> None:
    """The port of lesson 01, a time every 3 seconds, messages up to 1 MiB, the last 100 errors."""
    client, server = inspect.signature(TimeClient).parameters, inspect.signature(TimeServer).parameters
    assert (client["host"].default, client["port"].default) == ("127.0.0.1", 1234)
    assert client["timeout"].default == 10.0
    assert (server["host"].default, server["port"].default) == ("127.0.0.1", 0)
    assert (server["every"].default, LIMIT) == (3.0, 1 << 20)
    asked = serve()
    for number in range(101):
        asked._failed(None, ValueError(number))
    assert [str(error) for _, error in asked.errors] == [str(number) for number in range(1, 101)]
