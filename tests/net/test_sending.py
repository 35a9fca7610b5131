"""Sending: fragments as they come, many threads at once, and readers too slow for us."""

from __future__ import annotations

import contextlib
import random
import threading
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest

from tests import raw
from tests.net.rig import Rig
from tests.waiting import DEADLINE, Seen, turn_until
from wsdemo import (
    Connection,
    ConnectionClosed,
    Deflate,
    InvalidState,
    Limits,
    Opcode,
    State,
    Trace,
    connect,
    serve,
    threaded,
)
from wsdemo.net.reactor import WRITE
from wsdemo.net.sending import Sender
from wsdemo.net.transport import Transport
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.frames import Frame
from wsdemo.protocol.prepared import Prepared
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.sending import BINARY_WHOLE

KiB = 1024
MiB = 1024 * KiB


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize(
    "parts", [["a"], ["a", "b", "c"], ["", "", ""], [b"x" * 70_000, b"y"], ["é" * 100, "", "z" * 500]]
)
def test_an_iterable_is_one_message(parts: list[str] | list[bytes], compression: bool) -> None:
    with serve(echo, compression=compression) as server, connect(server.url) as ws:
        ws.send(iter(parts))  # type: ignore[arg-type]
        whole = parts[0][:0].join(parts)  # type: ignore[arg-type]
        assert ws.recv(DEADLINE) == whole


def test_each_fragment_is_a_frame_sent_when_it_is_there() -> None:
    """The first one is out while the third does not exist yet."""
    seen = Seen()
    go = threading.Event()

    def script(peer: raw.Peer) -> None:
        for _ in range(3):
            made = peer.frame()
            seen(made.opcode, made.fin, made.payload)
            go.set()
        peer.closed()
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None))
        peer.rest()

    def parts() -> Iterator[str]:
        yield "one"
        yield "two"  # "one" leaves when there is another: only the last has fin
        assert go.wait(DEADLINE)
        yield "three"

    with raw.server(script) as url, connect(url, compression=False) as ws:
        ws.send(parts())
        assert [seen.next() for _ in range(3)] == [
            (Opcode.TEXT, False, b"one"),
            (Opcode.CONTINUATION, False, b"two"),
            (Opcode.CONTINUATION, True, b"three"),
        ]


def test_a_message_of_no_fragments_is_none() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        with pytest.raises(ValueError, match="no fragments"):
            ws.send([])
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed"


def test_an_iterable_that_fails_in_the_middle_ends_the_connection() -> None:
    """Half a message is out: nothing may follow but its rest, and there is none."""

    def parts() -> Iterator[str]:
        yield "one"
        yield "two"
        raise RuntimeError("no more")

    with serve(echo) as server, connect(server.url) as ws:
        with pytest.raises(RuntimeError, match="no more"):
            ws.send(parts())
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == 1011


def test_a_close_that_follows_such_a_failure_does_not_hide_it() -> None:
    def parts() -> Iterator[str]:
        yield "one"
        yield "two"
        raise RuntimeError("no more")

    for _ in range(20):
        with serve(echo) as server:
            with pytest.raises(RuntimeError, match="no more"), connect(server.url) as ws:
                ws.send(parts())
            assert ws.close_code == 1011


def test_an_iterable_that_fails_before_anything_is_out_does_not() -> None:
    def parts() -> Iterator[str]:
        raise RuntimeError("none at all")
        yield ""

    with serve(echo) as server, connect(server.url) as ws:
        with pytest.raises(RuntimeError, match="none at all"):
            ws.send(parts())
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed"


def test_sending_while_iterating_over_fragments_is_refused() -> None:
    def parts(ws: Connection) -> Iterator[str]:
        yield "one"
        yield "two"
        with pytest.raises(InvalidState, match="fragments of another message"):
            ws.send("inside")
        yield "three"

    with serve(echo) as server, connect(server.url) as ws:
        ws.send(parts(ws))
        assert ws.recv(DEADLINE) == "onetwothree"


@pytest.mark.parametrize("compression", [False, True])
def test_many_threads_may_send_at_once(compression: bool) -> None:
    """Whole messages, fragments and pings from many threads: each comes whole, each thread's in its order."""
    count = 60

    def whole(ws: Connection, name: str) -> None:
        for i in range(count):
            ws.send(f"{name}:{i}:" + "x" * (i * 37 % 500))

    def pieces(ws: Connection, name: str) -> None:
        for i in range(count):
            ws.send(iter([f"{name}:{i}:", "x" * (i * 37 % 250), "x" * (i * 37 % 500 - i * 37 % 250)]))

    def pings(ws: Connection, name: str) -> None:
        for i in range(count):
            ws.ping(DEADLINE)
            ws.send(f"{name}:{i}:" + "x" * (i * 37 % 500))

    with serve(echo, compression=compression) as server, connect(server.url) as ws:
        senders = {"a": whole, "b": whole, "c": pieces, "d": pieces, "e": pings}
        threads = [threading.Thread(target=send, args=(ws, name)) for name, send in senders.items()]
        for thread in threads:
            thread.start()
        following = dict.fromkeys(senders, 0)
        for _ in range(count * len(senders)):
            name, number, filling = str(ws.recv(DEADLINE)).split(":")
            assert int(number) == following[name]
            assert len(filling) == int(number) * 37 % 500
            following[name] += 1
        for thread in threads:
            thread.join(DEADLINE)
        assert set(following.values()) == {count}


def test_a_handler_s_messages_wait_behind_a_thread_s_fragments() -> None:
    middle, answered = threading.Event(), threading.Event()

    def parts() -> Iterator[str]:
        yield "begin,"
        yield "middle,"
        middle.set()
        assert answered.wait(DEADLINE)
        yield "end"

    class Handler:
        def on_open(self, ws: Connection) -> None:
            threading.Thread(target=lambda: ws.send(parts())).start()

        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.send(f"echo {message}")
            answered.set()

    with serve(Handler()) as server, connect(server.url) as ws:
        assert middle.wait(DEADLINE)
        ws.send("hi")
        assert ws.recv(DEADLINE) == "begin,middle,end"
        assert ws.recv(DEADLINE) == "echo hi"


def test_a_thread_that_waits_for_room_is_woken_by_the_end() -> None:
    seen = Seen()

    @threaded
    def pour(ws: Connection) -> None:
        try:
            while True:
                ws.send(bytes(256 * KiB))
        except ConnectionClosed as closed:
            seen(closed.code)

    with serve(pour, limits=Limits(write_timeout=60)) as server:
        peer = raw.client(server.port, receive_buffer=4096)
        (held,) = server.connections
        while not held.transport.pending:
            pass
        peer.reset()
        assert seen.next() == 1006


def test_all_of_a_slow_reader_s_messages_come_in_the_end() -> None:
    """Backpressure from one end to the other: 32 MiB through a small window, nothing lost."""
    size, count = 64 * KiB, 512

    @threaded
    def pour(ws: Connection) -> None:
        for i in range(count):
            ws.send(i.to_bytes(4, "big") * (size // 4))

    with serve(pour, compression=False) as server, connect(server.url) as ws:
        for i in range(count):
            message = ws.recv(DEADLINE)
            assert message == i.to_bytes(4, "big") * (size // 4)


def test_what_was_sent_before_close_comes_before_it() -> None:
    @threaded
    def leave(ws: Connection) -> None:
        for i in range(100):
            ws.send(bytes(10 * KiB) + bytes([i]))
        ws.close(4000)

    with serve(leave) as server, connect(server.url) as ws:
        got = []
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                got.append(ws.recv(DEADLINE)[-1])
        assert got == list(range(100)) and caught.value.code == 4000


@pytest.mark.parametrize("text", ["x" * 24 * KiB, "€" * 8 * KiB, "👋" * 6 * KiB])
@pytest.mark.parametrize("way", ["send", "broadcast"])
@pytest.mark.parametrize("bound", [64 * KiB, 76 * KiB])  # one of them shows it, whatever the kernel took
def test_the_bound_of_the_out_buffer_counts_bytes(way: str, text: str, bound: int) -> None:
    """Not characters: a text of 24 KiB counts as such, however few they are."""
    pending = Seen()

    def pour(ws: Connection, message: str | bytes) -> None:
        for _ in range(400):
            if way == "send":
                ws.send(text)
            else:
                server.broadcast(text)
            pending(ws.transport.pending)
        pending("done")

    limits = Limits(buffer_size=bound, overflow="drop", write_timeout=DEADLINE)
    with serve(pour, limits=limits, compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            peer.send(raw.frame(Opcode.TEXT, b"go"))
            most = max(iter(pending.next, "done"))
            assert 0 < most <= bound + 16  # its headers are not counted


class Row:
    """Has keys and an order, and is no mapping: as a row of a database, or a data frame."""

    def keys(self) -> list[str]:
        return ["type"]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


NO_MESSAGES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"type": "login"},
    "empty dict": dict,
    "set": lambda: {"a", "b"},
    "frozenset": lambda: frozenset({"a"}),
    "keys": lambda: {"a": 1}.keys(),
    "counter": lambda: Counter("ab"),
    "proxy": lambda: MappingProxyType({"a": "b"}),
    "row": Row,
    "None": lambda: None,
    "number": lambda: 5,
    "numbers": lambda: [5],
    "a number behind": lambda: ["a", 5],
    "a None": lambda: [None],
    "both kinds": lambda: ["a", b"b"],
    "a list in it": lambda: ("a", ["b"]),
    "range": lambda: range(3),
    "array": lambda: array("B", b"bytes"),
    "iterator: number": lambda: iter([5]),
    "iterator: a number behind": lambda: iter(["a", 5]),
    "iterator: a None": lambda: iter([None]),
    "iterator: both kinds": lambda: iter(["a", b"b"]),
}


@pytest.mark.parametrize("name", NO_MESSAGES)
@pytest.mark.parametrize("way", ["client", "handler", "broadcast"])
def test_what_is_no_message_is_a_type_error_and_nothing_is_sent(way: str, name: str) -> None:
    told = Seen()
    thing = NO_MESSAGES[name]()

    def handler(ws: Connection, message: str | bytes) -> None:
        if message == "try":
            try:
                ws.send(thing)
            except (TypeError, InvalidState) as error:
                told(type(error))
        ws.send(message)

    with serve(handler) as server, connect(server.url) as ws:
        if way == "client":
            with pytest.raises(TypeError, match="str"):
                ws.send(thing)
        elif way == "broadcast":
            with pytest.raises(TypeError, match="str"):
                server.broadcast(thing)
        else:
            ws.send("try")
            assert ws.recv(DEADLINE) == "try"
            assert told.next() is (InvalidState if "iterator" in name else TypeError)
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed"
        assert not server.errors


def test_a_broadcast_of_a_thread_reaches_the_slow_after_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen members hold up nobody; who is still behind at the deadline is named, and stays."""
    monkeypatch.setattr(Transport, "stalled", lambda transport, now: False)  # it has the same deadline
    with serve(echo, limits=Limits(write_timeout=3.0, high_water=64 * KiB)) as server:
        slow = [raw.client(server.port, receive_buffer=4096) for _ in range(2)]
        with connect(server.url, compression=True) as good:
            members = {ws.id: ws for ws in server.connections}
            told = Seen()

            def news() -> None:
                try:
                    for number in range(10_000):
                        server.broadcast(str(number) + "x" * 50_000, to=[*members.values()])
                except TimeoutError as error:
                    told(error)

            thread = threading.Thread(target=news)
            thread.start()
            heard = 0
            while told.empty():
                with contextlib.suppress(TimeoutError):
                    assert str(good.recv(0.05)).startswith(f"{heard}x")
                    heard += 1
            text = str(told.next())
            thread.join(DEADLINE)
            assert "1, 2" in text and "2 of 3" in text and "3 seconds" in text
            assert heard > 3
            assert members[1].state is members[2].state is State.OPEN and not server.errors
        for peer in slow:
            peer.reset()


def test_a_thread_that_waits_is_told_of_close_at_once() -> None:
    told = Seen()
    with serve(echo, limits=Limits(write_timeout=60, close_timeout=0.2)) as server:
        peer = raw.client(server.port, receive_buffer=4096)
        (ws,) = server.connections

        def pour() -> None:
            try:
                while True:
                    told("sends")
                    ws.send(bytes(MiB))
            except ConnectionClosed:
                told("told")

        thread = threading.Thread(target=pour)
        thread.start()
        turn_until(server._reactor, lambda: ws.transport._waiters)
        ws.close()
        assert told.until(lambda word: word == "told")
        thread.join(DEADLINE)
        assert isinstance(ws.error, TimeoutError) and "bytes not sent" in str(ws.error)
        assert [error for _, error in server.errors] == [ws.error]
        peer.sock.close()


def test_a_thread_that_waits_behind_fragments_is_told_of_close_at_once() -> None:
    """The iterable itself may take its time."""
    told, half, go = Seen(), threading.Event(), threading.Event()

    def parts() -> Iterator[str]:
        yield "one"
        yield "two"
        half.set()
        assert go.wait(DEADLINE)
        yield "three"

    def send(message: Any) -> None:
        try:
            ws.send(message)
        except ConnectionClosed:
            told("told")

    with serve(echo) as server, connect(server.url) as ws:
        streaming = threading.Thread(target=send, args=(parts(),))
        streaming.start()
        assert half.wait(DEADLINE)
        waiting = threading.Thread(target=send, args=("behind",))
        waiting.start()
        turn_until(ws.transport.reactor, lambda: ws.transport._waiters)
        ws.close()
        assert told.next() == "told"
        waiting.join(DEADLINE)
        go.set()
        assert told.next() == "told"
        streaming.join(DEADLINE)
        assert ws.error is None and ws.close_code == 1000


def test_messages_that_wait_behind_fragments_are_bounded() -> None:
    half, full, done = threading.Event(), threading.Event(), threading.Event()

    def parts() -> Iterator[str]:
        yield "begin,"
        yield "middle,"
        half.set()
        assert full.wait(DEADLINE)
        yield "end"

    class Handler:
        def on_open(self, ws: Connection) -> None:
            threading.Thread(target=lambda: (ws.send(parts()), done.set())).start()

        def on_message(self, ws: Connection, message: str | bytes) -> None:
            for number in range(100):
                ws.send(str(number) + "x" * 10_000)
            full.set()

    limits = Limits(buffer_size=100_000, overflow="drop", write_timeout=DEADLINE)
    with serve(Handler(), limits=limits, compression=False) as server, connect(server.url) as ws:
        assert half.wait(DEADLINE)
        ws.send("go")
        assert ws.recv(DEADLINE) == "begin,middle,end"
        (connection,) = server.connections
        for number in range(9):
            assert str(ws.recv(DEADLINE)).startswith(f"{number}x")
        assert connection.dropped == 91
        assert done.wait(DEADLINE)


@pytest.mark.parametrize("kind", ["small pending", "close", "fragments"])
def test_the_latest_message_is_not_forgotten(kind: str) -> None:
    """Where less than the high-water mark is pending; where the connection closes; behind fragments."""
    half, go = threading.Event(), threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"begin,"
        yield b"middle,"
        half.set()
        assert go.wait(DEADLINE)
        yield b"end"

    class Handler:
        def on_open(self, ws: Connection) -> None:
            if kind == "fragments":
                threading.Thread(target=lambda: ws.send(parts())).start()

        def on_message(self, ws: Connection, message: str | bytes) -> None:
            if kind == "fragments":
                ws.send(bytes(60_000))
                ws.send(b"latest" + bytes(60_000))
                go.set()
                return
            while not ws.transport._outbox:  # until the kernel takes no more
                ws.send(bytes(10_000))
            assert ws.transport.pending < 64 * KiB
            ws.send(b"latest" + bytes(100_000))
            if kind == "close":
                ws.close()

    limits = Limits(buffer_size=100_000, overflow="latest", write_timeout=DEADLINE)
    with serve(Handler(), limits=limits, compression=False) as server:
        with raw.client(server.port, receive_buffer=4096) as peer:
            if kind == "fragments":
                assert half.wait(DEADLINE)
            peer.send(raw.frame(Opcode.TEXT, b"go"))
            while not bytes(peer.message()).startswith(b"latest"):  # type: ignore[arg-type]
                pass


def test_many_answers_at_once_are_not_a_slow_reader_s() -> None:
    """Answers to messages that came together are held for a moment: that says nothing of the peer."""

    def handler(ws: Connection, message: str | bytes) -> None:
        ws.send(message)
        ws.send(bytes(MiB))

    with serve(handler, compression=False) as server, raw.client(server.port) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"a") + raw.frame(Opcode.PING, b""))
        assert peer.message() == "a"
        assert len(peer.message()) == MiB
        (ws,) = server.connections
        assert ws.error is None and ws.dropped == 0


@pytest.mark.parametrize("where", ["handler", "thread"])
def test_a_broadcast_is_compressed_for_those_who_agreed_and_plain_for_the_others(where: str) -> None:
    text = "news " * 100

    def tell(ws: Connection, message: str | bytes) -> None:
        server.broadcast(text)

    with serve(tell) as server:
        with raw.client(server.port) as plain, raw.client(server.port, **raw.DEFLATE) as packed:
            for _ in range(2):
                if where == "handler":
                    plain.send(raw.frame(Opcode.TEXT, b"go"))
                else:
                    server.broadcast(text)
                made = plain.frame()
                assert (made.rsv1, made.payload) == (False, text.encode())
                made = packed.frame()
                assert made.rsv1 and len(made.payload) < 100
                assert zlib.decompress(made.payload + b"\x00\x00\xff\xff\x03\x00", -15) == text.encode()


@pytest.mark.parametrize("fields", [{}, raw.DEFLATE], ids=["plain", "compressed"])
def test_no_broadcast_follows_a_close_frame(fields: Any) -> None:
    def leave(ws: Connection, message: str | bytes) -> None:
        ws.close()
        server.broadcast("too late", to=[ws])

    with serve(leave) as server, raw.client(server.port, **fields) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"go"))
        assert peer.frame().opcode == Opcode.CLOSE
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8"))
        assert peer.rest() == b""


@pytest.mark.parametrize("compression", [False, True])
def test_a_broadcast_through_a_client_is_masked(compression: bool) -> None:
    """Its frames are made for it alone (RFC 6455 §5.3); a server would refuse any other."""
    heard = Seen()
    with serve(lambda ws, message: heard(message)) as server:
        with connect(server.url, compression=compression) as ws:
            server.broadcast("news " * 100, to=[ws])
            assert heard.next() == "news " * 100


def inflated(inflater: Any, frame: Frame) -> bytes:
    data = frame.payload + b"\x00\x00\xff\xff" if frame.rsv1 else b""
    return bytes(inflater.decompress(data)) if data else frame.payload


SECRET = "token=7c9e6679; " * 20
WHOLE_SECRET = Frame(Opcode.BINARY, SECRET.encode()).serialize()


@pytest.mark.parametrize("way", ["send", "bytes", "fragments", "handler", "broadcast", "handler's broadcast"])
def test_a_message_that_must_not_be_compressed_is_not(way: str) -> None:
    """RSV1 is clear, whatever was agreed; the next one is compressed, and refers to none of its text."""

    def tell(ws: Connection, message: str | bytes) -> None:
        if way == "handler":
            ws.send(SECRET, compress=False)
        else:
            server.broadcast(SECRET, compress=False)

    def say(ws: Connection, peer: raw.Peer) -> None:
        match way:
            case "send":
                ws.send(SECRET, compress=False)
            case "bytes":
                ws.send(SECRET.encode(), compress=False)
            case "fragments":
                ws.send([SECRET[:100], SECRET[100:]], compress=False)
            case "broadcast":
                server.broadcast(SECRET, compress=False)
            case _:
                peer.send(raw.frame(Opcode.TEXT, b"go"))

    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    deflate = Deflate(server_context_takeover=True)
    with serve(tell, compression=deflate) as server, raw.client(server.port, **offer) as peer:
        (ws,) = server.connections
        inflater = zlib.decompressobj(-15)
        for turn in range(2):
            say(ws, peer)
            frames = [peer.frame() for _ in range(2 if way == "fragments" else 1)]
            assert not any(frame.rsv1 for frame in frames)
            assert b"".join(frame.payload for frame in frames) == SECRET.encode()
            ws.send(SECRET)
            frame = peer.frame()
            assert frame.rsv1 and inflated(inflater, frame) == SECRET.encode()
            assert (len(frame.payload) > 20) is (turn == 0), "the first refers to nothing before it"


def packing_rig(overflow: Any) -> tuple[Rig, Sender]:
    """A sender that compresses, on a fake socket."""
    limits = Limits(buffer_size=1000, high_water=1000, overflow=overflow)
    rig = Rig(limits)
    rig.reactor.forked = False
    protocol = Protocol(Side.SERVER, limits=limits, opened=True, deflate=Parameters())
    sender = Sender(protocol, rig.transport)
    rig.sink.resume_writing = sender.resume_writing  # type: ignore[method-assign]
    return rig, sender


@pytest.mark.parametrize("way", ["send", "broadcast"])
def test_a_message_that_waits_as_the_latest_is_not_compressed_later(way: str) -> None:
    rig, sender = packing_rig("latest")
    rig.sock.takes = [0]
    sender.send(BINARY_WHOLE, random.randbytes(900))
    if way == "send":
        sender.send(BINARY_WHOLE, SECRET.encode(), False)
    else:
        sender.send_prepared(Prepared(SECRET.encode(), compress=False))
    assert not rig.sent
    rig.reactor.turn(WRITE)
    assert rig.sent.endswith(WHOLE_SECRET)


def test_a_message_that_waits_behind_fragments_is_not_compressed_later() -> None:
    rig, sender = packing_rig("close")

    def parts() -> Iterator[bytes]:
        yield b"begin,"
        yield b"middle,"
        rig.reactor.here = True  # a handler
        sender.send(BINARY_WHOLE, SECRET.encode(), False)
        rig.reactor.here = False
        yield b"end"

    rig.reactor.here = False
    sender.send_fragments(parts())
    assert rig.sent.endswith(Frame(Opcode.CONTINUATION, b"end").serialize() + WHOLE_SECRET)


@pytest.mark.parametrize(
    ("overflow", "dropped", "left"),
    [("drop", 3, b""), ("latest", 2, b"\x82\x04late"), ("close", 1, b"\x88")],
)
def test_a_handler_s_messages_without_room_are_counted_one_by_one(
    overflow: Any, dropped: int, left: bytes
) -> None:
    """On a socket that takes nothing, where the buffer holds one message of a hundred bytes."""
    limits = Limits(buffer_size=120, high_water=1, overflow=overflow)
    rig = Rig(limits)
    rig.reactor.forked = False
    sender = Sender(Protocol(Side.SERVER, limits=limits, opened=True), rig.transport)
    rig.sink.resume_writing = sender.resume_writing  # type: ignore[method-assign]
    rig.sock.takes = [0]
    sender.send(BINARY_WHOLE, bytes(100))
    for payload in (bytes(30), bytes(40), b"late"):
        if sender.alive:
            sender.send(BINARY_WHOLE, payload * 10 if payload == b"late" and overflow == "drop" else payload)
    assert sender.dropped == dropped
    rig.reactor.turn(WRITE)
    rig.reactor.turn(WRITE)
    assert rig.sent.startswith(b"\x82\x64" + bytes(100) + left)
    assert (len(rig.sent) == 102) is (overflow == "drop")


# -- to the byte ---------------------------------------------------------------------------------------------


def pending_rig(pending: int, **limits: Any) -> tuple[Rig, Sender]:
    """A sender with so many bytes pending, on a fake socket that takes none of them before the next turn."""
    bounds = Limits(**limits)
    rig = Rig(bounds)
    rig.reactor.forked = False
    sender = Sender(Protocol(Side.SERVER, limits=bounds, opened=True), rig.transport)
    rig.sock.takes = [0] * (pending > 0)
    rig.write(bytes(pending))
    return rig, sender


def in_a_thread(rig: Rig, sender: Sender) -> None:
    rig.reactor.here = False
    with contextlib.suppress(TimeoutError):
        sender.send(BINARY_WHOLE, b"news")


def answer_a_ping(rig: Rig, sender: Sender, flush: Callable[[], None]) -> None:
    with rig.transport.lock:
        sender._protocol.receive(raw.frame(Opcode.PING, b"?"))
    flush()


#: What may be written up to the high-water mark.
AT_HIGH_WATER: dict[str, Callable[[Rig, Sender], object]] = {
    "a thread's message": in_a_thread,
    "a thread's broadcast": lambda rig, sender: sender.offer_prepared(Prepared(b"news")),
    "a pong": lambda rig, sender: answer_a_ping(rig, sender, sender.flush),
    "a pong before the answers": lambda rig, sender: answer_a_ping(rig, sender, sender.flush_first),
}


@pytest.mark.parametrize(("pending", "written"), [(100, True), (101, False)])
@pytest.mark.parametrize("what", AT_HIGH_WATER)
def test_the_high_water_mark_itself_is_not_above_it(what: str, pending: int, written: bool) -> None:
    rig, sender = pending_rig(pending, high_water=100, write_timeout=0.001)
    AT_HIGH_WATER[what](rig, sender)
    assert (rig.transport.pending > pending) is written


@pytest.mark.parametrize(("pending", "size", "dropped"), [(60, 40, 0), (60, 41, 1), (0, 500, 0), (1, 500, 1)])
def test_a_handler_s_message_may_fill_the_buffer(pending: int, size: int, dropped: int) -> None:
    """To its last byte; and the first one always fits."""
    _, sender = pending_rig(pending, buffer_size=100, high_water=10, overflow="drop")
    sender.send(BINARY_WHOLE, bytes(size))
    assert (sender.dropped, sender.messages) == (dropped, 1 - dropped)


@pytest.mark.parametrize(("taken", "dropped"), [(20, 0), (19, 1)])
def test_what_is_held_for_company_leaves_before_a_message_is_dropped(taken: int, dropped: int) -> None:
    rig, sender = pending_rig(0, buffer_size=100, high_water=10, overflow="drop")
    rig.transport.cork()
    rig.write(bytes(70))
    rig.sock.takes = [taken]
    sender.send(BINARY_WHOLE, bytes(50))
    assert sender.dropped == dropped


@pytest.mark.parametrize("sizes", [[60, 40], [100], [500]])
def test_handlers_messages_behind_fragments_may_fill_the_buffer(sizes: list[int]) -> None:
    """To its last byte; and the first one always fits."""
    rig, sender = pending_rig(0, buffer_size=100, high_water=100, overflow="drop")

    def parts() -> Iterator[bytes]:
        yield b"begin"
        rig.reactor.here = True  # a handler
        for size in sizes:
            sender.send(BINARY_WHOLE, bytes(size))
        assert sender.dropped == 0
        sender.send(BINARY_WHOLE, b"x")
        assert sender.dropped == 1
        rig.reactor.here = False

    rig.reactor.here = False
    sender.send_fragments(parts())
    messages = [b"begin", *(bytes(size) for size in sizes)]
    assert rig.sent == b"".join(Frame(Opcode.BINARY, payload).serialize() for payload in messages)
    assert sender.messages == 1 + len(sizes)


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_trace_knows_which_address_is_whose(side: str) -> None:
    trace = Trace()
    with (
        serve(lambda ws, message: None, trace=trace if side == "server" else None) as server,
        connect(server.url, trace=trace if side == "client" else None) as ws,
    ):
        (address,) = {ws.transport.sock.getsockname()}
        assert list(trace.addresses.values()) == [(address, ("127.0.0.1", server.port))]
