"""An attacker reaches this program's own servers only, counts what it pays, and hears how it ends."""

from __future__ import annotations

import socket

import pytest

from tests import raw
from tests.waiting import DEADLINE
from wsdemo import Connection, Limits, Opcode, Server, serve
from wsdemo.course.attack import Attacker, price


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def quiet(ws: Connection, message: str | bytes) -> None:
    pass


@pytest.mark.parametrize("target", ["203.0.113.7", ("127.0.0.1", 80), 1234, None, "ws://127.0.0.1:1/"])
def test_an_address_is_no_target(target: object) -> None:
    with pytest.raises(TypeError, match="attack a server that this program has started, no address"):
        Attacker(target)  # type: ignore[arg-type]


def test_a_server_that_others_can_reach_is_no_target() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listening:
        with pytest.raises(ValueError, match=r"listens on 0\.0\.0\.0, expected loopback"):
            Attacker(listening)
    for host in ("0.0.0.0", ""):
        with serve(echo, host=host) as server, pytest.raises(ValueError, match="expected loopback"):
            Attacker(server)
    with serve(echo, host="localhost") as server, Attacker(server) as attacker:
        assert attacker.open() == "open"


def test_a_server_that_has_closed_leaves_no_socket_open() -> None:
    with serve(echo) as server:
        pass
    with pytest.raises(OSError):
        Attacker(server)


def test_bytes_are_counted_as_they_are_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, Attacker(listening) as attacker:
        sock, _ = listening.accept()
        with sock:
            assert attacker.send(b"12345") and attacker.frame(Opcode.PING, b"abc")
            assert attacker.paid == 5 + 2 + 4 + 3
            assert sock.recv(14, socket.MSG_WAITALL)[:5] == b"12345"
            assert repr(attacker) == "<Attacker: 14 bytes sent>"


def test_a_frame_is_masked_with_a_key_that_changes_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, Attacker(listening) as attacker:
        sock, _ = listening.accept()
        with raw.Peer(sock) as peer:
            attacker.frame(Opcode.TEXT, b"Hello", fin=False, rsv1=True)
            assert peer.sock.recv(100) == bytes.fromhex("4185 00000000") + b"Hello"


def test_messages_are_heard_and_the_close_code_is_the_end() -> None:
    with serve(echo) as server, Attacker(server) as attacker:
        assert attacker.open() == "open"
        attacker.frame(Opcode.TEXT, b"Hello")
        attacker.frame(Opcode.CLOSE, b"\x0f\xa0")
        assert attacker.end() == "4000" and attacker.heard == 1
        assert attacker.end() == "4000", "it stays the end"


@pytest.mark.parametrize(
    ("fields", "status"), [({"Origin": "https://evil.example"}, "403"), ({"Host": "evil.example"}, "403")]
)
def test_a_refused_opening_gives_its_status(fields: dict[str, str], status: str) -> None:
    with serve(echo) as server, Attacker(server) as attacker:
        assert attacker.open(**fields) == status
        assert attacker.end() == status


def test_compression_is_offered_where_it_is_asked_for() -> None:
    seen = []

    class Handler:
        def on_open(self, ws: Connection) -> None:
            seen.append("sec-websocket-extensions" in ws.request.headers)

    with serve(Handler()) as server:
        for deflate in (False, True):
            with Attacker(server) as attacker:
                assert attacker.open(deflate=deflate) == "open"
                attacker.frame(Opcode.CLOSE)
                attacker.end()
    assert seen == [False, True]


def test_who_answers_nothing_and_who_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, Attacker(listening) as attacker:
        sock, _ = listening.accept()
        assert attacker.end(0.01) == "no answer"
        sock.close()
        assert attacker.end() == "1006"


def test_bytes_that_are_not_taken_are_not_paid() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, Attacker(listening) as attacker:
        sock, _ = listening.accept()
        raw.Peer(sock).reset()
        while attacker.send(b"x" * 1000):
            assert attacker.paid < 10_000_000
        paid = attacker.paid
        assert not attacker.send(b"x") and attacker.paid == paid


def test_a_price_has_both_sides_and_the_end() -> None:
    heard: list[int] = []
    data = raw.frame(Opcode.BINARY, bytes(500_000))

    def attack(server: Server) -> Attacker:
        attacker = Attacker(server)
        attacker.open()
        attacker.send(data)
        attacker.frame(Opcode.CLOSE, b"\x03\xe8")
        return attacker

    paid = price(attack, lambda ws, message: heard.append(len(message)), Limits())
    assert heard == [500_000] * 2, "once for the time, once for the memory"
    assert 500_000 < paid.paid < 501_000 and paid.memory >= 500_000 and paid.end == "1000"
    assert 0 < paid.seconds < DEADLINE
    refused = price(attack, quiet, Limits(message_size=1000))
    assert refused.end == "1009" and refused.memory < 500_000
