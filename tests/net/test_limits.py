"""Every bound of `Limits`, from the outside: a raw socket against `serve`, a raw server against `connect`."""

from __future__ import annotations

import queue
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import trustme

from tests import raw
from tests.waiting import DEADLINE, Seen, turn, turn_until
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Limits,
    Opcode,
    ProtocolError,
    Trace,
    connect,
    serve,
    threaded,
)
from wsdemo.protocol import frames

TEXT, BINARY, CONTINUATION, PING = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION, Opcode.PING
KiB, MiB = 1024, 1 << 20


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


# -- messages ---------------------------------------------------------------------------------------------

SMALL = Limits(message_size=1000, fragments=5)
BOMB = deflated(bytes(1001))

#: Of a client; a server's is the same without masks.
TOO_MUCH: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "header alone": (1009, lambda key: raw.announce(1001, key=key)),
    "header alone, 2^63 - 1": (1009, lambda key: raw.announce(2**63 - 1, key=key)),
    "fragments joined": (
        1009,
        lambda key: (
            raw.frame(BINARY, bytes(600), fin=False, key=key) + raw.announce(401, CONTINUATION, key=key)
        ),
    ),
    "sixth fragment": (
        1008,
        lambda key: (
            raw.frame(TEXT, b"a", fin=False, key=key) + 5 * raw.frame(CONTINUATION, b"a", fin=False, key=key)
        ),
    ),
    "sixth fragment, empty": (
        1008,
        lambda key: (
            raw.frame(TEXT, b"", fin=False, key=key) + 5 * raw.frame(CONTINUATION, b"", fin=False, key=key)
        ),
    ),
    "inflated": (1009, lambda key: raw.frame(BINARY, BOMB, rsv1=True, key=key)),
    "inflated, in fragments": (
        1009,
        lambda key: (
            raw.frame(BINARY, BOMB[:3], rsv1=True, fin=False, key=key)
            + raw.frame(CONTINUATION, BOMB[3:], key=key)
        ),
    ),
}
NOT_TOO_MUCH: dict[str, Callable[[Any], bytes]] = {
    "as long as allowed": lambda key: raw.frame(BINARY, bytes(1000), key=key),
    "as many fragments as allowed": lambda key: (
        raw.frame(BINARY, bytes(600), fin=False, key=key)
        + 3 * raw.frame(CONTINUATION, b"", fin=False, key=key)
        + raw.frame(CONTINUATION, bytes(400), key=key)
    ),
    "inflates to as much as allowed": lambda key: raw.frame(
        BINARY, deflated(bytes(1000)), rsv1=True, key=key
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_server_bounds_a_message(name: str) -> None:
    code, data = TOO_MUCH[name]
    with serve(echo, limits=SMALL) as server, raw.client(server.port, **raw.DEFLATE) as peer:
        peer.send(data(raw.MASKING))
        got, reason = peer.closed()
        assert got == code and ("at most" in reason or "more than" in reason), reason
        peer.rest()


@pytest.mark.parametrize("name", NOT_TOO_MUCH)
def test_a_server_takes_a_message_of_just_that_much(name: str) -> None:
    with serve(echo, limits=SMALL) as server, raw.client(server.port) as peer:
        if name.startswith("inflates"):
            peer = raw.client(server.port, **raw.DEFLATE)
        peer.send(NOT_TOO_MUCH[name](raw.MASKING))
        assert len(peer.message()) in (1000, len(deflated(bytes(1000)))) or name.startswith("inflates")
        peer.sock.close()


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_client_bounds_a_message(name: str) -> None:
    code, data = TOO_MUCH[name]

    def script(peer: raw.Peer) -> None:
        raw.accept(
            peer,
            "Sec-WebSocket-Extensions: permessage-deflate; "
            "server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12",
        )
        peer.send(data(None))
        assert peer.closed()[0] == code
        peer.rest()

    with raw.server(script, answer=False) as url, connect(url, limits=SMALL) as ws:
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        check_failed(ws, caught.value, code)


def check_failed(ws: Connection, closed: ConnectionClosed, code: int) -> None:
    """Nothing valid was received, which is 1006 (RFC 6455 §7.1.5); what we sent stands beside it."""
    assert (closed.code, closed.reason, ws.close_code, ws.close_reason) == (1006, "", 1006, "")
    assert ws.close_sent == code
    assert isinstance(ws.error, ProtocolError) and ws.error.code == code and ws.error.section
    assert closed.__cause__ is ws.error


def test_nothing_is_allocated_for_a_length_that_is_only_announced() -> None:
    limits = Limits(message_size=1 << 40)
    with serve(echo, limits=limits) as server:
        peers = [raw.client(server.port) for _ in range(20)]
        tracemalloc.start()
        try:
            for peer in peers:
                peer.send(raw.announce(1 << 39) + bytes(100))
            with connect(server.url) as ws:  # they have been read by now
                ws.send("still here")
                assert ws.recv(DEADLINE) == "still here"
            assert tracemalloc.get_traced_memory()[1] < 8 * MiB  # and 10 TiB are announced
            assert len(server.connections) == 20 and not server._reactor.errors
        finally:
            tracemalloc.stop()
        for peer in peers:
            peer.reset()


BROKEN: dict[str, tuple[int, bytes, bool]] = {
    # close code, what a client sends, whether a server sending the same (its mask aside) is as wrong
    "16-bit length of 125": (1002, bytes.fromhex("82fe007d00000000") + bytes(125), False),
    "64-bit length of 65535": (1002, bytes.fromhex("82ff000000000000ffff00000000"), False),
    "length with its top bit set": (1002, bytes.fromhex("82ff800000000000000000000000"), False),
    "rsv1 without an extension": (1002, raw.frame(TEXT, b"x", rsv1=True), True),
    "rsv2": (1002, bytes.fromhex("a18000000000"), False),
    "rsv3": (1002, bytes.fromhex("918000000000"), False),
    "opcode 3": (1002, raw.frame(3), True),
    "opcode 11": (1002, raw.frame(11), True),
    "control frame of 126 bytes": (1002, raw.frame(PING, bytes(126)), True),
    "control frame in fragments": (1002, raw.frame(PING, fin=False), True),
    "continuation of nothing": (1002, raw.frame(CONTINUATION), True),
    "a message inside a message": (1002, raw.frame(TEXT, fin=False) + raw.frame(TEXT), True),
    "text that is not UTF-8": (1007, raw.frame(TEXT, b"\xff"), True),
    "fragment that can't become UTF-8": (1007, raw.frame(TEXT, b"\xed\xa0", fin=False), True),
    "close frame of one byte": (1002, raw.frame(Opcode.CLOSE, b"\x03"), True),
    "close code 1006": (1002, raw.frame(Opcode.CLOSE, b"\x03\xee"), True),
    "close reason that is not UTF-8": (1007, raw.frame(Opcode.CLOSE, b"\x03\xe8\xff"), True),
    "no mask": (1002, raw.frame(TEXT, b"x", key=None), False),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_ends_its_connection_and_no_other(name: str) -> None:
    code, data, _ = BROKEN[name]
    with serve(echo) as server, connect(server.url) as ws, raw.client(server.port) as peer:
        peer.send(data)
        assert peer.closed()[0] == code
        peer.rest()
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed"


@pytest.mark.parametrize("name", [name for name in BROKEN if BROKEN[name][2]] + ["masked"])
def test_a_client_refuses_a_broken_frame(name: str) -> None:
    code, data = 1002, raw.frame(TEXT, b"x")
    if name != "masked":
        code, data = BROKEN[name][0], unmasked(BROKEN[name][1])

    def script(peer: raw.Peer) -> None:
        peer.send(data)
        assert peer.closed()[0] == code
        peer.rest()

    with raw.server(script) as url, connect(url, compression=False) as ws:
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        check_failed(ws, caught.value, code)


def unmasked(data: bytes) -> bytes:
    out = b""
    while data:
        header = frames.parse_header(data)
        assert header is not None
        payload = data[header.size : header.size + header.length]
        plain = bytes(byte ^ raw.MASKING[i % 4] for i, byte in enumerate(payload))
        out += bytes([data[0]]) + frames.header(data[0], len(plain))[1:] + plain
        data = data[header.size + header.length :]
    return out


# -- HTTP -------------------------------------------------------------------------------------------------

HTTP = Limits(request_line=100, header_field=200, header_fields=10, head_size=1000, body_size=50)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"a" * 200, 414),  # no end of the line needed
        (b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 10 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 200, 431),  # no end of the head needed
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1000, 431),
        (raw.request(Content_Length="5") + b"hello", 400),
        (b"POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n", 413),
        (b"POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 200),
    ],
)
def test_heads_and_bodies_are_bounded(data: bytes, status: int) -> None:
    with serve(echo, limits=HTTP) as server:
        server.route("/p", lambda request: request.body)
        with raw.dial(server.port) as peer:
            peer.send(data)
            assert peer.answer()[0] == status


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 " + b"a" * 200,
        b"HTTP/1.1 101 OK\r\nX: " + b"a" * 200 + b"\r\n\r\n",
        b"HTTP/1.1 101 OK\r\n" + b"X: a\r\n" * 11 + b"\r\n",
        b"HTTP/1.1 101 OK\r\n" + b"X: a\r\n" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    ],
)
def test_a_client_bounds_the_answer(answer: bytes) -> None:
    def script(peer: raw.Peer) -> None:
        peer.head()
        peer.send(answer)
        peer.rest()

    with raw.server(script, answer=False) as url, pytest.raises(HandshakeError, match=r"at most|more than"):
        connect(url, limits=HTTP)


def test_a_client_reads_no_more_of_a_refusal_than_its_bound() -> None:
    def script(peer: raw.Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 403 No\r\nContent-Length: 1000000000\r\n\r\n" + b"a" * 100)
        peer.rest()

    with raw.server(script, answer=False) as url, pytest.raises(HandshakeError) as caught:
        connect(url, limits=HTTP)
    assert caught.value.status == 403 and len(str(caught.value)) < 500


# -- time -------------------------------------------------------------------------------------------------

#: No deadline of these is reached: each test sets the one that it is about, and waits for its effect.
LONG = Limits(open_timeout=1e3, close_timeout=1e3, ping_interval=None, pong_timeout=1e3, write_timeout=1e3)


def dribble(peer: raw.Peer, data: bytes) -> None:
    """One byte each 20 ms, until it is all sent or the other side ends the connection."""
    peer.sock.settimeout(0.02)
    for i in range(len(data)):
        peer.send(data[i : i + 1])
        try:
            piece = peer.sock.recv(65536)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        peer.buffer += piece
        break
    peer.sock.settimeout(DEADLINE)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"dribble"])
def test_an_opening_has_a_deadline_in_all(sent: bytes) -> None:
    limits = replace(LONG, open_timeout=0.3)
    with serve(echo, limits=limits) as server, raw.dial(server.port) as peer:
        if sent == b"dribble":
            dribble(peer, raw.request())  # a byte in time each time, 4 seconds in all
        else:
            peer.send(sent)
        status, body = peer.answer()
        assert status == 408 and "0.3 seconds" in body


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
def test_an_opening_includes_tls(sent: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    limits = replace(LONG, open_timeout=0.3)
    with serve(echo, limits=limits, ssl=context) as server, raw.dial(server.port) as peer:
        peer.send(sent)
        peer.rest()
        turn_until(server._reactor, lambda: not (server._opening or server._leaving))


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_client_waits_for_an_opening_so_long(scheme: str) -> None:
    with raw.server(raw.Peer.rest, answer=False) as url:
        with pytest.raises(TimeoutError, match=r"did not open within 0.3 seconds"):
            connect(url.replace("ws:", f"{scheme}:"), limits=replace(LONG, open_timeout=0.3))


def test_a_client_waits_for_an_opening_that_dribbles_so_long() -> None:
    def script(peer: raw.Peer) -> None:
        peer.head()
        dribble(peer, b"HTTP/1.1 101 Switching Protocols\r\n" + b"X: y\r\n" * 50)

    with raw.server(script, answer=False) as url:
        with pytest.raises(TimeoutError):
            connect(url, limits=replace(LONG, open_timeout=0.3))


def test_a_server_waits_for_an_answer_to_its_close_frame_so_long() -> None:
    ended = Seen()

    class Leaves:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.close(1000, "enough")

        def on_close(self, ws: Connection) -> None:
            ended(ws.close_code)

    with (
        serve(Leaves(), limits=replace(LONG, close_timeout=0.3)) as server,
        raw.client(server.port) as peer,
    ):
        peer.send(raw.frame(TEXT, b"hi"))
        assert peer.closed() == (1000, "enough")
        peer.rest()
        assert ended.next() == 1006


def test_a_client_waits_for_an_answer_to_its_close_frame_so_long() -> None:
    with raw.server(raw.Peer.rest) as url:
        ws = connect(url, limits=replace(LONG, close_timeout=0.3))
        ws.close()
        assert (ws.close_code, ws.close_sent) == (1006, 1000)


def test_a_server_asks_who_is_silent_and_gives_up() -> None:
    limits = replace(LONG, ping_interval=0.2, pong_timeout=0.2, close_timeout=0.3)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        assert peer.frame().opcode == PING
        assert peer.closed() == (1011, "no pong within 0.2 seconds")
        peer.rest()
    assert isinstance(server.errors[-1][1], TimeoutError)


def test_a_client_asks_who_is_silent_and_gives_up() -> None:
    def script(peer: raw.Peer) -> None:
        assert peer.frame().opcode == PING
        assert peer.closed() == (1011, "no pong within 0.2 seconds")

    limits = replace(LONG, ping_interval=0.2, pong_timeout=0.2, close_timeout=0.3)
    with raw.server(script) as url, connect(url, limits=limits) as ws, pytest.raises(ConnectionClosed):
        ws.recv(DEADLINE)


def test_idle_connections_end_where_asked() -> None:
    with serve(echo, limits=replace(LONG, idle_timeout=0.3)) as server, connect(server.url) as ws:
        assert list(ws) == []
        assert (ws.close_code, ws.close_reason) == (1000, "no message for 0.3 seconds")


def test_a_socket_that_takes_no_byte_is_dropped() -> None:
    limits = replace(LONG, write_timeout=0.3, buffer_size=64 * MiB)
    with serve(echo, limits=limits) as server, raw.client(server.port, receive_buffer=4096) as peer:
        server.broadcast(bytes(16 * MiB))
        with connect(server.url) as ws:
            ws.send("x")
            assert ws.recv(DEADLINE) == "x"
        turn_until(server._reactor, lambda: not server.connections)
        assert "took no byte" in str(server.errors[0][1])
        assert len(peer.rest()) < 16 * MiB


# -- buffers ----------------------------------------------------------------------------------------------


def test_send_waits_over_the_high_water_mark() -> None:
    """A thread waits while the peer does not read, and goes on when it does; with a deadline."""
    told = Seen()

    @threaded
    def pour(ws: Connection) -> None:
        for number in range(400):
            ws.send(number.to_bytes(4, "big") + bytes(64 * KiB))
            told(ws.transport.pending)
        ws.recv()

    limits = Limits(write_timeout=DEADLINE)
    with serve(pour, limits=limits) as server, raw.client(server.port, receive_buffer=4096) as peer:
        most = 0
        with pytest.raises(queue.Empty):
            while True:
                most = max(most, told.next(timeout=0.5))
        assert most <= 192 * KiB  # the mark, and one message above it
        for number in range(400):
            assert peer.message()[:4] == number.to_bytes(4, "big")


def test_send_waits_with_a_deadline() -> None:
    result = Seen()

    @threaded
    def pour(ws: Connection) -> None:
        try:
            while True:
                ws.send(bytes(256 * KiB))
        except (TimeoutError, ConnectionClosed) as error:
            result(error)

    limits = Limits(write_timeout=0.3)
    with serve(pour, limits=limits) as server, raw.client(server.port, receive_buffer=4096):
        assert isinstance(result.next(), TimeoutError | ConnectionClosed)


def numbers(count: int) -> list[bytes]:
    return [i.to_bytes(4, "big") + bytes(64 * KiB) for i in range(count)]


@pytest.mark.parametrize("overflow", ["close", "drop", "latest"])
def test_the_hard_bound_of_the_out_buffer(overflow: Any) -> None:
    """A handler never waits: what it sends to one who does not read is bounded by the connection's policy."""
    done = threading.Event()
    seen: list[int] = []

    def pour(ws: Connection, message: str | bytes) -> None:
        try:
            for data in numbers(400):
                ws.send(data)
                seen.append(ws.transport.pending)
        finally:  # "close": the next send says so
            seen.append(ws.dropped)
            done.set()

    limits = Limits(overflow=overflow, buffer_size=MiB, write_timeout=DEADLINE, message_size=MiB)
    with serve(pour, limits=limits, compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            peer.send(raw.frame(TEXT, b"go"))
            assert done.wait(DEADLINE)
            dropped = seen.pop()
            assert max(seen) <= 1.1 * MiB
            got = []
            if overflow == "close":
                code, reason = peer.closed()
                assert code == 1008 and "slow reader" in reason
                return
            with connect(server.url) as ws:  # others are served meanwhile
                assert ws.ping() > 0
            expected = 400 - dropped
            assert dropped > 100
            for _ in range(expected):
                got.append(int.from_bytes(peer.message()[:4], "big"))  # type: ignore[arg-type]
            assert got == sorted(got)
            assert got[-1] == 399 if overflow == "latest" else got[-1] < 399


@pytest.mark.parametrize("overflow", ["close", "drop", "latest"])
def test_a_broadcast_in_the_server_s_thread_waits_for_nobody(overflow: Any) -> None:
    def news(ws: Connection, message: str | bytes) -> None:
        server.broadcast(int(message).to_bytes(4, "big") + bytes(128 * KiB))

    limits = Limits(overflow=overflow, buffer_size=256 * KiB, write_timeout=DEADLINE)
    with serve(news, limits=limits, compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as slow, connect(server.url) as ws:
            for number in range(100):
                ws.send(str(number))
                assert ws.recv(DEADLINE)[:4] == number.to_bytes(4, "big")
            if overflow == "close":
                assert slow.closed()[0] == 1008
                return
            assert server.connections[0].dropped > 50
            if overflow == "latest":
                while slow.message()[:4] != (99).to_bytes(4, "big"):  # type: ignore[comparison-overlap]
                    pass


def test_a_full_inbox_stops_the_sender() -> None:
    """The server's thread takes nothing: TCP pushes back. It takes again: everything comes, in order."""
    go, got = threading.Event(), Seen()
    size = 8 * KiB

    @threaded
    def slow(ws: Connection) -> None:
        assert go.wait(DEADLINE)
        for message in ws:
            got(message)

    limits = Limits(inbox_size=64 * KiB, ping_interval=None)
    with serve(slow, limits=limits) as server, raw.client(server.port) as peer:
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * KiB)
        message = raw.frame(BINARY, bytes(size))
        taken = peer.fill(message)
        assert taken < 32 * MiB  # what two kernels buffer, and the inbox
        (connection,) = server.connections
        assert connection._inbox is not None and len(connection._inbox) <= 24
        go.set()
        rest = len(message) - taken % len(message)
        peer.send(message[taken % len(message) :] if rest != len(message) else b"")
        for _ in range(-(-taken // len(message))):
            assert len(got.next()) == size


def test_an_inbox_is_bounded_in_messages_too() -> None:
    def script(peer: raw.Peer) -> None:
        for number in range(5000):
            peer.send(raw.frame(TEXT, str(number).encode(), key=None))
        assert peer.closed()[0] == 1000

    limits = Limits(inbox_messages=10, turn_size=1 * KiB)
    with raw.server(script) as url, connect(url, limits=limits) as ws:
        most = 0
        for number in range(5000):
            assert ws._inbox is not None
            most = max(most, len(ws._inbox))
            assert ws.recv(DEADLINE) == str(number)
        assert most < 10 + 1 * KiB / 3  # the bound, and what came in the same turn


def test_room_from_before_the_inbox_was_full_again_lets_nothing_in() -> None:
    """Full, taken from, and full again within one turn of the reactor: it does not read."""
    message = raw.frame(TEXT, b"x", key=None)
    done = threading.Event()

    def one_turn() -> None:
        ws.data_received(message * 10)
        assert not ws.transport.is_reading
        for _ in range(10):
            assert ws.recv(0) == "x"
        ws.data_received(message * 10)
        reactor.call_soon(done.set)

    with serve(echo) as server, connect(server.url, limits=Limits(inbox_messages=10)) as ws:
        reactor = ws.transport.reactor
        reactor.call_soon(one_turn)
        assert done.wait(DEADLINE)
        assert not ws.transport.is_reading and not reactor.errors
        for _ in range(10):
            assert ws.recv(0) == "x"
        turn_until(reactor, lambda: ws.transport.is_reading)


def test_pongs_owed_are_the_newest_only() -> None:
    """200,000 pings from one who reads no pong: not as many pongs wait, and the last one comes."""
    with serve(echo) as server, raw.client(server.port, receive_buffer=4096) as peer:
        pings = b"".join(raw.frame(PING, b"%0100d" % i) for i in range(1000))
        reader = threading.Event()
        count = 0

        def flood() -> None:
            for _ in range(200):
                peer.send(pings)
            peer.send(raw.frame(PING, b"last"))
            reader.set()

        thread = threading.Thread(target=flood)
        thread.start()
        with connect(server.url) as ws:
            assert ws.ping() > 0
        (connection, *_) = server.connections
        assert connection.transport.pending < 256 * KiB
        while (made := peer.frame()).payload != b"last":
            assert made.opcode == Opcode.PONG
            count += 1
        thread.join(DEADLINE)
        assert reader.is_set() and count < 200_000


def test_pongs_wait_behind_what_is_pending_and_their_sender_is_still_heard() -> None:
    """Much is on its way to one who does not read: his pings add nothing to it, and he may go on talking."""
    heard = Seen()
    limits = Limits(write_timeout=DEADLINE, ping_interval=None)
    with serve(lambda ws, message: heard(message), limits=limits, compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each ping goes at once
            server.broadcast(bytes(8 * MiB))
            (slow,) = server.connections
            pending = slow.transport.pending
            assert pending > limits.high_water
            for number in (b"1", b"2", b"3"):
                peer.send(raw.frame(PING, number))
                turn(server._reactor)  # one may have begun before the ping came
                turn(server._reactor)
            assert slow.transport.pending == pending
            peer.send(raw.frame(TEXT, b"still there?"))
            assert heard.next() == "still there?"
            assert len(peer.message()) == 8 * MiB
            assert peer.frame().payload == b"3"  # the newest only


def test_who_does_not_read_the_answers_is_not_read_from() -> None:
    """So he is not closed for what he asked: when he reads, all answers come, in order."""
    with serve(echo, limits=Limits(ping_interval=None), compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            question = raw.frame(BINARY, bytes(8 * KiB))
            taken = peer.fill(question)
            assert taken < 32 * MiB  # what two kernels hold
            (connection,) = server.connections
            # The high-water mark, and the answers of one turn.
            assert connection.transport.pending <= 192 * KiB
            for _ in range(taken // len(question)):
                assert len(peer.message()) == 8 * KiB
            assert connection.error is None


# -- a server's ------------------------------------------------------------------------------------------


def test_connections_are_counted() -> None:
    with serve(echo, limits=Limits(connections=2)) as server:
        first, second = raw.client(server.port), raw.client(server.port)
        with raw.dial(server.port) as third:
            third.send(raw.request())
            status, body = third.answer()
            assert status == 503 and "2 connections" in body
        first.send(raw.frame(TEXT, b"unharmed"))
        assert first.message() == "unharmed"
        first.send(raw.frame(Opcode.CLOSE, b"\x03\xe8"))
        first.rest()
        with raw.client(server.port) as fourth:  # there is room again
            fourth.send(raw.frame(TEXT, b"in"))
            assert fourth.message() == "in"
        second.sock.close()


def test_unfinished_handshakes_are_bounded_and_the_oldest_goes() -> None:
    with serve(echo, limits=Limits(handshakes=3)) as server:
        waiting = [raw.dial(server.port) for _ in range(4)]
        status, body = waiting[0].answer()
        assert status == 503 and "3 openings" in body
        waiting[0].sock.close()
        for peer in waiting[1:]:
            peer.send(raw.request())
            assert peer.head().startswith("HTTP/1.1 101")
            peer.sock.close()


def test_sockets_are_bounded_in_all_those_that_are_leaving_too() -> None:
    """Who was told no and stays on the line is counted: connections, and twice the unfinished openings."""
    with serve(echo, limits=Limits(connections=1, handshakes=1)) as server:
        with (
            raw.client(server.port) as first,
            raw.dial(server.port) as second,
            raw.dial(server.port) as third,
        ):
            assert second.head().startswith("HTTP/1.1 503")  # the oldest unfinished one, which now lingers
            with raw.dial(server.port) as fourth:
                assert fourth.rest() == b""
            third.send(raw.request())
            assert third.answer()[0] == 503
            first.send(raw.frame(TEXT, b"unharmed"))
            assert first.message() == "unharmed"


def test_connections_of_one_address_are_bounded_where_asked() -> None:
    with serve(echo, limits=Limits(per_address=2)) as server:
        peers = [raw.client(server.port) for _ in range(2)]
        with raw.dial(server.port) as third:
            third.send(raw.request())
            assert third.answer()[0] == 503
        for peer in peers:
            peer.send(raw.frame(TEXT, b"hi"))
            assert peer.message() == "hi"
            peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8"))
            peer.rest()
        turn_until(server._reactor, lambda: not (server._open or server._leaving))
        for _ in range(2):  # one after the other: there is room again
            with raw.client(server.port) as late:
                late.send(raw.frame(TEXT, b"in"))
                assert late.message() == "in"


def test_one_who_floods_gets_his_turn_and_no_more() -> None:
    """With small turns an echo comes while another connection sends without a pause."""
    stop = threading.Event()
    with serve(lambda ws, message: None, limits=Limits(turn_size=4 * KiB)) as server:
        with raw.client(server.port) as flooder, connect(server.url) as ws:
            data = raw.frame(TEXT, b"x") * 10_000

            def flood() -> None:
                while not stop.is_set():
                    flooder.send(data)

            thread = threading.Thread(target=flood)
            thread.start()
            try:
                assert all(ws.ping(DEADLINE) > 0 for _ in range(20))
            finally:
                stop.set()
                thread.join(DEADLINE)


@pytest.mark.parametrize("turn_size", [600, 64 * KiB])
def test_a_turn_reads_no_more_than_its_size(turn_size: int) -> None:
    """Small frames and large ones, whose payload is received in place: the record shows each ``recv``."""
    trace = Trace()
    with serve(echo, limits=Limits(turn_size=turn_size), trace=trace) as server:
        with raw.client(server.port) as peer:
            small, large = raw.frame(BINARY, bytes(94)), raw.frame(BINARY, bytes(MiB))
            peer.send(small * 60)
            for _ in range(60):
                assert len(peer.message()) == 94
            sender = threading.Thread(target=peer.send, args=(large * 4,))
            sender.start()
            for _ in range(4):
                assert len(peer.message()) == MiB
            sender.join(DEADLINE)
    assert max(len(chunk.data) for chunk in trace.chunks if not chunk.sent) <= turn_size


def test_the_listening_queue_holds_those_who_come_while_the_server_is_busy() -> None:
    go = threading.Event()
    with serve(echo) as server:
        server._reactor.call_soon(go.wait, DEADLINE)
        try:
            peers = [raw.dial(server.port) for _ in range(100)]  # each is connected by the kernel alone
        finally:
            go.set()
        for peer in peers:
            peer.send(raw.request())
        for peer in peers:
            assert peer.head().startswith("HTTP/1.1 101")
            peer.sock.close()


def test_out_of_file_descriptors_accepting_pauses_and_nothing_dies() -> None:
    program = """
        import resource, sys
        from tests.waiting import turn_until
        from wsdemo import serve
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        with serve(lambda ws, message: ws.send(message)) as server:
            print(server.port, flush=True)
            for line in sys.stdin:
                turn_until(server._reactor, lambda: server._listener.paused)
                print(list(server._reactor.errors), flush=True)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout
    try:
        port = int(child.stdout.readline())
        first = raw.client(port)
        crowd = [raw.dial(port) for _ in range(60)]  # more than it has descriptors for; the kernel holds them
        first.send(raw.frame(TEXT, b"unharmed"))
        assert first.message() == "unharmed"
        child.stdin.write("?\n")
        child.stdin.flush()
        assert child.stdout.readline().strip() == "[]"
        for peer in crowd:
            peer.reset()
        with raw.client(port) as late:  # accepted again
            late.send(raw.frame(TEXT, b"late"))
            assert late.message() == "late"
        first.sock.close()
    finally:
        child.communicate(timeout=DEADLINE)
    assert child.returncode == 0


# -- who may come in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fields", "status", "words"),
    [
        ({}, {"Origin": "https://evil.example"}, 403, ["https://evil.example", "origins"]),
        ({}, {"Origin": "null"}, 403, ["null", "origins"]),
        ({}, {"Origin": "http://localhost.evil.example"}, 403, ["origins"]),
        (
            {"origins": ["https://a.example"]},
            {"Origin": "https://a.example.evil"},
            403,
            ["https://a.example"],
        ),
        ({"origins": ["https://a.example"]}, {"Origin": "https://A.example"}, 403, ["https://a.example"]),
        ({"origins": ["https://a.example"]}, {}, 403, ["no Origin"]),
        ({}, {"Host": "evil.example"}, 403, ["evil.example", "hosts"]),
        ({}, {"Host": "localhost.evil.example:80"}, 403, ["hosts"]),
        ({"origins": ["https://a.example"]}, {"Origin": "https://a.example"}, 101, []),
        ({"hosts": ["lab.example"]}, {"Host": "lab.example"}, 101, []),
        ({}, {"Host": "127.0.0.1"}, 101, []),
        ({}, {}, 101, []),
    ],
)
def test_origin_and_host(options: Any, fields: Any, status: int, words: list[str]) -> None:
    with serve(echo, **options) as server, raw.dial(server.port) as peer:
        peer.send(raw.request(**fields))
        if status == 101:
            assert peer.head().startswith("HTTP/1.1 101")
        else:
            got, body = peer.answer()
            assert got == status and all(word in body for word in words), body


def test_a_page_of_the_server_itself_may_connect() -> None:
    with serve(echo) as server, raw.dial(server.port) as peer:
        host = f"127.0.0.1:{server.port}"
        peer.send(raw.request(Host=host, Origin=f"http://{host}"))
        assert peer.head().startswith("HTTP/1.1 101")
