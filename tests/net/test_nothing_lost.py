"""A message whose `send` returned arrives, in order; or the connection ends with an error that says so."""

from __future__ import annotations

import contextlib
import random
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen, turn, turn_until
from wsdemo import Connection, ConnectionClosed, Limits, Opcode, State, Trace, serve

KiB = 1024
MiB = 1024 * KiB

#: The number of the thread that broadcasts.
BROADCASTER = 4

Ending = Literal["quiet", "close", "server", "reset"]


def label(sender: int, index: int, size: int) -> bytes:
    return b"%d:%d:" % (sender, index) + bytes(size)


class Reader:
    """Reads messages at a pace of its own, in a thread, until the close frame or the end of TCP."""

    def __init__(self, peer: raw.Peer, seed: int, stop_after: int | None) -> None:
        self.got: dict[int, list[int]] = defaultdict(list)
        self.closed: int | None = None  # the code of the close frame
        self.count = 0
        self.many = threading.Event()  # twenty have come, or all that will
        self._peer, self._rng, self._stop_after = peer, random.Random(seed), stop_after
        self._pause = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        lazy = self._rng.choice([0, 0.02, 0.2])  # how often it rests for a moment
        data, packed = b"", False
        inflater = zlib.decompressobj(wbits=-15)
        try:
            while True:
                if self._rng.random() < lazy:
                    self._pause.wait(0.01)
                frame = self._peer.frame()
                if frame.opcode == Opcode.CLOSE:
                    self.closed = int.from_bytes(frame.payload[:2], "big")
                    self._peer.send(raw.frame(Opcode.CLOSE, frame.payload))
                    return
                if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION):
                    data += frame.payload
                    packed = frame.rsv1 or (packed and frame.opcode == Opcode.CONTINUATION)
                    if frame.fin:
                        if packed:
                            data = inflater.decompress(data + b"\0\0\xff\xff")
                        sender, index, _ = data.split(b":", 2)
                        self.got[int(sender)].append(int(index))
                        self.count += 1
                        data = b""
                        if self.count == 20:
                            self.many.set()
                        if self.count == self._stop_after:
                            self._peer.reset()
                            return
        except (AssertionError, OSError):
            pass  # TCP ended
        finally:
            self.many.set()


def sizes(rng: random.Random) -> int:
    return rng.choice([0, 10, 1000, 20_000, 70_000, 200_000])


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("overflow", ["close", "drop", "latest"])
@pytest.mark.parametrize("ending", ["quiet", "close", "server", "reset"])
@pytest.mark.parametrize("seed", range(2))
def test_what_send_took_arrives_in_order(ending: Ending, overflow: Any, compression: bool, seed: int) -> None:
    """Threads, fragments, broadcasts and a handler, through small buffers to a reader of random speed."""
    rng = random.Random(f"{ending}{overflow}{compression}{seed}")
    limits = Limits(
        high_water=rng.choice([0, 5000, 64 * KiB]),
        buffer_size=rng.choice([30_000, 100_000, MiB]),
        overflow=overflow,
        write_timeout=DEADLINE,
        ping_interval=None,
    )
    returned: dict[int, list[int]] = defaultdict(list)

    def whole(ws: Connection, sender: int, index: int, size: int) -> None:
        ws.send(label(sender, index, size))

    def fragments(ws: Connection, sender: int, index: int, size: int) -> None:
        data = label(sender, index, size)
        ws.send(iter([data[: size // 2], data[size // 2 : size], data[size:]]))

    def broadcast(ws: Connection, sender: int, index: int, size: int) -> None:
        server.broadcast(label(sender, index, size))
        if ws.state is not State.OPEN:  # it may have been no member any more
            raise ConnectionClosed(1006, "")

    def work(send: Callable[..., None], ws: Connection, sender: int, seed: int) -> None:
        rng = random.Random(seed)
        try:
            for index in range(25):
                send(ws, sender, index, sizes(rng))
                returned[sender].append(index)
        except ConnectionClosed:
            pass

    def handler(ws: Connection, message: str | bytes) -> None:
        answers = random.Random(int(message))
        for _ in range(answers.randrange(5)):
            index = handler.sent  # type: ignore[attr-defined]
            handler.sent += 1  # type: ignore[attr-defined]
            ws.send(label(0, index, sizes(answers)))
            returned[0].append(index)

    handler.sent = 0  # type: ignore[attr-defined]
    with serve(handler, limits=limits, compression=compression) as server:
        offered = "permessage-deflate" if compression else None
        peer = raw.client(server.port, receive_buffer=4096, **{"Sec-WebSocket-Extensions": offered})
        (ws,) = server.connections
        ways = [whole, whole, fragments, broadcast]
        threads = [
            threading.Thread(target=work, args=(way, ws, sender, rng.randrange(1000)))
            for sender, way in enumerate(ways, 1)
        ]
        reader = Reader(peer, rng.randrange(1000), rng.randrange(1, 60) if ending == "reset" else None)
        for thread in threads:
            thread.start()
        with contextlib.suppress(OSError):  # reset by the reader
            for number in range(20):
                peer.send(raw.frame(Opcode.TEXT, str(number).encode()))
        if ending == "quiet":
            for thread in threads:
                thread.join(DEADLINE)
            turn_until(server._reactor, lambda: ws.error or not ws.transport.pending)
            turn(server._reactor)
            ws.close()
        elif ending == "close":
            assert reader.many.wait(DEADLINE)
            ws.close()
        elif ending == "server":
            assert reader.many.wait(DEADLINE)
            server.close()
        for thread in threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        reader.thread.join(DEADLINE)
        assert not reader.thread.is_alive()
        assert ws.wait_closed(DEADLINE)

    assert all(error is ws.error for _, error in server.errors)
    for sender in range(5):
        took, got = returned[sender], reader.got[sender]
        assert got == sorted(set(got)), "in order, and each once"
        if sender and ws.error is None and ws.close_code != 1006:
            unsure = sender == BROADCASTER and len(got) == len(took) + 1  # the last one, see `broadcast`
            assert got[: len(took)] == took and (len(got) == len(took) or unsure)
        elif sender:
            # The last one may have been written while its thread was told of the end.
            assert got == list(range(len(got)))
            assert ws.error is not None or ws.close_code == 1006 or len(got) == len(took)
    if ws.error is None and ws.close_code != 1006:
        missing = len(returned[0]) - len(reader.got[0])
        assert missing == ws.dropped, "each message of the handler that did not arrive is counted"
        if overflow == "latest" and ending == "quiet":
            assert reader.got[0][-1:] == returned[0][-1:], "the latest one arrives"


# -- and what is recorded is what came -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [7 * KiB, 8 * KiB, 64 * KiB, MiB + 1, 5 * MiB - 1])
def test_a_large_message_is_recorded_to_its_last_byte(size: int) -> None:
    """The rest of it is read straight to its place, and comes to the recorder from there."""
    trace, heard = Trace(), Seen()
    payload = random.Random(size).randbytes(size)
    wire = raw.frame(Opcode.BINARY, payload)
    limits = Limits(message_size=8 * MiB, turn_size=16 * KiB)
    with serve(lambda ws, message: heard(message), trace=trace, limits=limits) as server:
        with raw.client(server.port) as peer:
            for _ in range(2):
                peer.send(wire)
                assert heard.next() == payload
            assert trace.bytes("to server").endswith(2 * wire)
