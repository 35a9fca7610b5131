"""Networks that fail: resets in mid-frame, silence, slow readers and writers, crowds that come and go."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests import needs, raw
from tests.waiting import DEADLINE, Seen, open_files, turn_until
from wsdemo import Connection, ConnectionClosed, Limits, Opcode, connect, serve

MiB = 1 << 20


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


FRAME = raw.frame(Opcode.BINARY, bytes(200))


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 9, len(FRAME) - 1])
@pytest.mark.parametrize("how", ["reset", "fin"])
def test_an_end_in_mid_frame(cut: int, how: str) -> None:
    ended = Seen()

    class Handler:
        def on_close(self, ws: Connection) -> None:
            ended(ws.close_code)

    with serve(Handler()) as server:
        peer = raw.client(server.port)
        peer.send(FRAME[:cut])
        peer.reset() if how == "reset" else peer.sock.close()
        assert ended.next() == 1006
    assert all(isinstance(error, ConnectionError) for _, error in server.errors)


def test_an_end_in_the_middle_of_the_handshake() -> None:
    with serve(echo) as server:
        for cut in range(1, len(raw.request()), 9):
            peer = raw.dial(server.port)
            peer.send(raw.request()[:cut])
            peer.reset() if cut % 2 else peer.sock.close()
        with connect(server.url) as ws:
            ws.send("unharmed")
            assert ws.recv(DEADLINE) == "unharmed"
        deadline = time.monotonic() + DEADLINE
        while server._opening:
            assert time.monotonic() < deadline


def test_a_writer_so_slow_that_each_byte_comes_alone() -> None:
    with serve(echo) as server, raw.dial(server.port) as peer:
        for byte in raw.request() + raw.frame(Opcode.TEXT, b"slowly"):
            peer.send(bytes([byte]))
        assert peer.head().startswith("HTTP/1.1 101") and peer.message() == "slowly"


def test_a_reader_so_slow_that_each_byte_leaves_alone() -> None:
    with serve(echo) as server, raw.client(server.port, receive_buffer=2048) as peer:
        message = os.urandom(30_000)
        peer.send(raw.frame(Opcode.BINARY, message))
        got = bytearray()
        while len(got) < 30_004:
            got += peer.sock.recv(7)
        assert got[4:] == message


def test_a_frozen_client_is_found_out_and_others_are_served() -> None:
    """A process that is stopped: its kernel still takes bytes and never answers."""
    program = "import sys, wsdemo; ws = wsdemo.connect(sys.argv[1]); print('open', flush=True); ws.recv()"
    limits = Limits(ping_interval=0.2, pong_timeout=3.0, close_timeout=0.3)  # who is not frozen answers
    closed = Seen()

    class Handler:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.send(message)

        def on_close(self, ws: Connection) -> None:
            closed(ws.id, ws.close_code)

    with serve(Handler(), limits=limits) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", program, server.url], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout and child.stdout.readline() == "open\n"
        psutil.Process(child.pid).suspend()
        with connect(server.url) as ws:
            assert closed.next() == (1, 1006)
            ws.send("unharmed")
            assert ws.recv(DEADLINE) == "unharmed"
        assert isinstance(server.errors[0][1], TimeoutError)
        child.kill()
        child.communicate()


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network of its own, 10.231.7.2, reached over 10.231.7.1; gives its name."""
    name = f"wsdemo-{os.getpid()}"
    veth = f"wsd{os.getpid() % 100000}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=DEADLINE)

    ip("netns", "add", name)
    try:
        ip("link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", "10.231.7.1/24", "dev", veth)
        ip("link", "set", veth, "up")
        ip("-n", name, "addr", "add", "10.231.7.2/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=DEADLINE)
        subprocess.run(["ip", "link", "delete", veth], check=False, capture_output=True, timeout=DEADLINE)


@needs.root
def test_a_pulled_cable_is_noticed_on_both_sides(namespace: str) -> None:
    """Half-open: no FIN, no RST, the packets just stop."""
    program = """
        import sys
        from wsdemo import Limits, connect
        ws = connect(sys.argv[1], limits=Limits(ping_interval=0.3, pong_timeout=3.0, close_timeout=0.4))
        ws.send("hello")
        print(ws.recv(60), flush=True)
        try:
            ws.recv(60)
        except Exception as error:
            print(type(error).__name__, type(ws.error).__name__, flush=True)
    """
    closed = Seen()

    class Handler:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.send(message)

        def on_close(self, ws: Connection) -> None:
            closed(ws.close_code)

    limits = Limits(ping_interval=0.3, pong_timeout=3.0, close_timeout=0.4)
    with serve(Handler(), "10.231.7.1", limits=limits) as server:
        child = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, "-c", textwrap.dedent(program), server.url],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert child.stdout and child.stdout.readline() == "hello\n"
            pull = ["ip", "-n", namespace, "link", "set", "eth0", "down"]
            subprocess.run(pull, check=True, timeout=DEADLINE)
            assert closed.next() == 1006
            assert child.stdout.readline() == "ConnectionClosed TimeoutError\n"
        finally:
            child.kill()
            child.communicate()


def test_ten_thousand_connect_and_drop_and_nothing_is_left() -> None:
    """Half of them open and say something; each ends as rudely as it likes."""
    rng = random.Random(7)
    opening = raw.request() + raw.frame(Opcode.TEXT, b"hi")

    def storm(port: int, count: int) -> None:
        for _ in range(count):
            peer = raw.dial(port)
            match rng.randrange(4):
                case 0:
                    peer.send(opening)
                    peer.reset()
                case 1:
                    peer.send(opening[: rng.randrange(len(opening))])
                    peer.reset()
                case 2:
                    peer.send(opening)
                    peer.head()
                    peer.sock.close()
                case 3:
                    peer.reset()

    def clock(ws: Connection, message: str | bytes) -> None:
        ws.send(str(time.thread_time()))

    with serve(clock) as server, connect(server.url) as healthy:
        storm(server.port, 1000)  # what is allocated once
        healthy.send("warm")
        assert healthy.recv(DEADLINE)
        _settle(server)
        working = time.pthread_getcpuclockid(server._reactor.thread.ident)
        gc.collect()
        process = psutil.Process()
        memory, files, threads = process.memory_info().rss, open_files(), threading.active_count()
        workers = [threading.Thread(target=storm, args=(server.port, 2500)) for _ in range(4)]
        for worker in workers:
            worker.start()
        slowest = 0.0
        while any(worker.is_alive() for worker in workers):
            healthy.send("still here")
            begun = time.clock_gettime(working)  # the server's work alone, up to the answer, which says it
            slowest = max(slowest, float(healthy.recv(DEADLINE)) - begun)
        assert slowest < 0.5
        _settle(server)
        gc.collect()
        assert open_files() <= files and threading.active_count() <= threads
        assert process.memory_info().rss - memory < 8 * MiB
        assert not server._reactor.errors


def _settle(server: Any) -> None:
    """Wait until all who came before have been accepted, and have left; one at most stays."""
    connect(server.url).close()  # the last in the queue of those not accepted yet
    turn_until(
        server._reactor, lambda: not server._opening and not server._leaving and len(server._open) <= 1
    )


def test_a_client_survives_a_server_that_dies_in_mid_message() -> None:
    def script(peer: raw.Peer) -> None:
        peer.send(raw.announce(1000, key=None) + bytes(500))
        peer.reset()

    for _ in range(20):
        with raw.server(script) as url, connect(url) as ws:
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(DEADLINE)
            assert caught.value.code == 1006


def test_errors_kept_do_not_keep_the_connections() -> None:
    """The last hundred errors are remembered; what those connections had not read is not."""
    with serve(echo) as server:
        peer = raw.client(server.port)
        peer.send(FRAME[:100])
        peer.reset()
        with raw.client(server.port) as other:
            other.send(raw.frame(Opcode.TEXT, b"\xff"))
            other.closed()
        _settle(server)
        assert len(server.errors) == 2
        assert all(error.__traceback__ is None for _, error in server.errors)
