"""Pings, round-trip times and keepalive, over sockets."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import Connection, ConnectionClosed, Limits, Opcode, State, connect, serve

QUICK = Limits(ping_interval=0.1, pong_timeout=0.2, close_timeout=0.2)
ANSWER = raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None)


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def test_ping_gives_the_round_trip_time() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        assert ws.latency is None
        took = ws.ping()
        assert 0 < took < DEADLINE and ws.latency == took


def test_ping_has_a_deadline_and_a_late_pong_does_no_harm() -> None:
    late = threading.Event()

    def script(peer: raw.Peer) -> None:
        payload = peer.frame().payload
        assert late.wait(DEADLINE)
        peer.send(raw.frame(Opcode.PONG, payload, key=None))
        second = peer.frame()
        peer.send(raw.frame(Opcode.PONG, second.payload, key=None))
        peer.closed()
        peer.send(ANSWER)
        peer.rest()

    with raw.server(script) as url, connect(url) as ws:
        with pytest.raises(TimeoutError, match=r"no pong within 0.05 seconds"):
            ws.ping(0.05)
        late.set()
        assert ws.ping(DEADLINE) > 0


def test_one_pong_answers_all_the_pings_before_it() -> None:
    """RFC 6455 §5.5.3: a peer may answer the newest only."""

    def script(peer: raw.Peer) -> None:
        payloads = [peer.frame().payload for _ in range(3)]
        assert len(set(payloads)) == 3
        peer.send(raw.frame(Opcode.PONG, b"a heartbeat that nobody asked for", key=None))
        peer.send(raw.frame(Opcode.PONG, payloads[-1], key=None))
        peer.closed()
        peer.send(ANSWER)
        peer.rest()

    took = Seen()
    with raw.server(script) as url, connect(url) as ws:
        threads = [threading.Thread(target=lambda: took(ws.ping(DEADLINE))) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert all(took.next() > 0 for _ in threads)
        for thread in threads:
            thread.join(DEADLINE)


def test_a_pong_answers_no_ping_after_its_own() -> None:
    """The second thread waits on, and is woken by the second pong."""
    first, took = threading.Event(), Seen()

    def script(peer: raw.Peer) -> None:
        payloads = [peer.frame().payload for _ in range(2)]
        peer.send(raw.frame(Opcode.PONG, payloads[0], key=None))
        assert first.wait(DEADLINE)
        peer.send(raw.frame(Opcode.PONG, payloads[1], key=None))
        peer.closed()
        peer.send(ANSWER)
        peer.rest()

    with raw.server(script) as url, connect(url) as ws:
        threads = [threading.Thread(target=lambda: took(ws.ping(DEADLINE))) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert took.next() > 0 and took.empty()
        first.set()
        assert took.next() > 0
        for thread in threads:
            thread.join(DEADLINE)


def test_who_waits_for_a_pong_is_woken_by_the_end() -> None:
    def script(peer: raw.Peer) -> None:
        peer.frame()
        peer.reset()

    with raw.server(script) as url, connect(url) as ws, pytest.raises(ConnectionClosed):
        ws.ping(DEADLINE)


def test_a_peer_that_answers_pings_lives_on() -> None:
    """By the clock; when exactly is in `test_deadlines`."""
    limits = replace(QUICK, pong_timeout=DEADLINE)
    begun = time.monotonic()
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        for _ in range(5):
            made = peer.frame()
            assert made.opcode == Opcode.PING
            peer.send(raw.frame(Opcode.PONG, made.payload))
        assert time.monotonic() - begun > 0.4
        (held,) = server.connections
        assert held.latency is not None


def test_a_frozen_peer_is_found_out_and_a_thread_that_waits_is_told() -> None:
    """The half-open connection: no FIN, no RST, no answer."""
    frozen = threading.Event()

    def script(peer: raw.Peer) -> None:
        frozen.wait(DEADLINE)

    with raw.server(script) as url:
        ws = connect(url, limits=QUICK)
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code in (1006, 1011)
        assert isinstance(ws.error, TimeoutError)
        ws.close()
        frozen.set()


def test_the_close_timeout_counts_from_our_close_frame() -> None:
    """Not from the last message: a connection that was idle would be cut off at once."""

    def script(peer: raw.Peer) -> None:
        peer.closed()
        peer.send(ANSWER)
        peer.rest()

    with raw.server(script) as url, connect(url) as ws, ws.transport.lock:
        now = time.monotonic()
        ws._heartbeat.active = now - 1000
        ws.sender._close(1000, "")
        assert ws._heartbeat.check(now, State.CLOSING, True) is None
        assert ws._heartbeat.check(now + 1000, State.CLOSING, True) is not None
