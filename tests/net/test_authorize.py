"""Who may come in: by the request (more of it in test_server), and by the first message."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Limits,
    Opcode,
    PolicyViolation,
    connect,
    first_message,
    serve,
    threaded,
)

TEXT, CONTINUATION = Opcode.TEXT, Opcode.CONTINUATION
USERS = {"key of Ada": "Ada", "key of Bob": "Bob"}
KiB = 1024


def by_key(ws: Connection, message: str | bytes) -> Any:
    if message == "boom":
        raise RuntimeError("a secret")
    if message == "expired":
        raise PolicyViolation("this key has expired")
    if message == "leave":
        ws.close(1000, "as you like")
    return USERS.get(str(message), message in ("leave", "zero") and 0)


def name(ws: Connection, message: str | bytes) -> None:
    ws.send(f"{ws.user}: {len(message)}")


GATE = first_message(by_key)


class Told:
    """A handler that notes what it is told."""

    def __init__(self) -> None:
        self.seen = Seen()

    def on_open(self, ws: Connection) -> None:
        self.seen("open", ws.user)

    def on_message(self, ws: Connection, message: str | bytes) -> None:
        self.seen("message", message)

    def on_close(self, ws: Connection) -> None:
        self.seen("close")


@pytest.mark.parametrize("nobody", [None, False])
def test_a_request_that_nothing_is_found_for_is_refused(nobody: Any) -> None:
    with serve(name, authorize=lambda request: nobody) as server:
        with pytest.raises(HandshakeError) as caught:
            connect(server.url)
    assert caught.value.status == 403


def test_the_first_message_gives_the_user_and_the_next_ones_are_the_handlers() -> None:
    with serve(name, authorize=GATE) as server:
        for key, user in (("key of Ada", "Ada"), ("key of Bob", "Bob"), ("zero", 0)):
            with connect(server.url) as ws:
                ws.send(key)
                ws.send("hello")
                assert ws.recv(DEADLINE) == f"{user}: 5"


def test_a_handler_is_told_of_it_only_then() -> None:
    handler = Told()
    with serve(handler, authorize=GATE) as server, connect(server.url) as ws:
        assert ws.ping(DEADLINE) > 0  # it is open, and answered
        assert handler.seen.empty() and server.connections == []
        server.broadcast("not for strangers")
        ws.send("key of Ada")
        ws.send("hello")
        assert handler.seen.next() == ("open", "Ada")
        assert handler.seen.next() == ("message", "hello")
        assert [connection.user for connection in server.connections] == ["Ada"]
        server.broadcast("for friends")
        assert ws.recv(DEADLINE) == "for friends"


def test_a_thread_starts_only_then() -> None:
    seen = Seen()

    def handler(ws: Connection) -> None:
        seen(ws.user)
        for message in ws:
            name(ws, message)

    with serve(threaded(handler), authorize=GATE) as server, connect(server.url) as ws:
        ws.ping(DEADLINE)
        assert seen.empty()
        ws.send("key of Bob")
        assert seen.next() == "Bob"
        ws.send("hello")
        assert ws.recv(DEADLINE) == "Bob: 5"


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ("wrong", 1008, "not allowed"),
        ("", 1008, "not allowed"),
        (b"key of Ada".hex(), 1008, "not allowed"),
        ("expired", 1008, "this key has expired"),
        ("boom", 1011, "internal error"),
        ("leave", 1000, "as you like"),
    ],
)
def test_who_is_refused_is_closed_and_nothing_that_follows_is_heard(
    said: str, code: int, reason: str
) -> None:
    handler = Told()
    with serve(handler, authorize=GATE) as server:
        with raw.client(server.port) as peer:
            peer.send(raw.frame(TEXT, said.encode()) + raw.frame(TEXT, b"key of Ada"))
            assert peer.closed() == (code, reason)
            peer.send(raw.frame(Opcode.CLOSE, code.to_bytes(2, "big")))
            peer.rest()
        assert handler.seen.empty() and server.connections == []
    assert len(server.errors) == (code != 1000) and "key of" not in str(server.errors)


def test_its_bound_is_4_kib_told_from_the_header() -> None:
    with serve(name, authorize=GATE) as server:
        for sent in (
            raw.announce(4 * KiB + 1),
            raw.frame(TEXT, bytes(4 * KiB), fin=False) + raw.announce(1, CONTINUATION),
            raw.frame(Opcode.PING) + raw.announce(1 << 20),
        ):
            with raw.client(server.port) as peer:
                peer.send(sent)
                code, reason = peer.closed()
                assert code == 1009 and reason.endswith("at most 4096 accepted")


def test_its_bound_holds_for_what_it_inflates_to() -> None:
    with serve(name, authorize=GATE) as server, connect(server.url) as ws:
        ws.send("a" * (4 * KiB + 1))
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == 1009


@pytest.mark.parametrize("cut", ["whole", "fragments", "compressed", "byte by byte"])
def test_what_comes_right_behind_it_has_the_bound_of_all_messages(cut: str) -> None:
    key, large = b"key of Ada", bytes(100 * KiB)
    limits = Limits(first_message_size=len(key))
    with serve(name, authorize=GATE, limits=limits) as server:
        if cut == "compressed":
            with connect(server.url) as ws:
                ws.send("key of Ada".ljust(10))
                ws.send(large)
                assert ws.recv(DEADLINE) == f"Ada: {100 * KiB}"
            return
        with raw.client(server.port) as peer:
            first = raw.frame(TEXT, key)
            if cut == "fragments":
                first = raw.frame(TEXT, key[:3], fin=False) + raw.frame(CONTINUATION, key[3:])
            data = first + raw.frame(Opcode.BINARY, large)
            if cut == "byte by byte":
                for index in range(len(first)):
                    peer.send(data[index : index + 1])
                data = data[len(first) :]
            peer.send(data)
            assert peer.message() == f"Ada: {100 * KiB}"


def test_who_says_nothing_is_closed_after_the_time_of_an_opening() -> None:
    """On the test's own clock: a busy machine may take a second for what is said in time."""
    with (
        serve(name, authorize=GATE) as server,
        raw.client(server.port) as peer,
        connect(server.url) as ws,
    ):
        peer.send(raw.frame(Opcode.PING))  # alive, but who?
        ws.send("key of Ada")  # who has said it may stay
        ws.send("hello")
        assert ws.recv(DEADLINE) == "Ada: 5"
        late = time.monotonic() + Limits().open_timeout + 1
        for connection in (*server._opening.values(), *server.connections):
            server.call_soon(connection.check, late)
        assert peer.closed() == (1008, "the first message did not come within 10 seconds")
        ws.send("hello")
        assert ws.recv(DEADLINE) == "Ada: 5"


def test_strangers_count_as_unfinished_openings_and_the_oldest_goes() -> None:
    with serve(name, authorize=GATE, limits=Limits(handshakes=2)) as server:
        with raw.client(server.port) as oldest, raw.client(server.port), raw.client(server.port):
            assert oldest.closed() == (1013, "more than 2 openings at once: try again later")
            with connect(server.url) as ws:
                ws.send("key of Ada")
                ws.send("hello")
                assert ws.recv(DEADLINE) == "Ada: 5"


def test_the_end_of_the_server_is_told_to_strangers_too() -> None:
    with serve(name, authorize=GATE) as server:
        stranger = connect(server.url)
        stranger.ping(DEADLINE)
    with pytest.raises(ConnectionClosed) as caught:
        stranger.recv(DEADLINE)
    assert caught.value.code == 1001
    stranger.close()
