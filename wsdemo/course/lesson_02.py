"""The exercises of lesson 02: many clients, one thread.

Each check opens real sockets on the loopback, plays the clients, and looks at the bytes that arrive.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
from collections.abc import Callable

from wsdemo.course.exercises import Wrong, exercise, same, show
from wsdemo.course.sockets import PATIENCE, Listeners, Watch, arrived, connections, drain, rescue
from wsdemo.protocol.errors import WebSocketError
from wsdemo.rawtcp.framing import HEADER, serialize

BEYOND_ASCII = ("naïve", "héllo 👋", "日本")  # more bytes than characters
WORDS = ("tea", *BEYOND_ASCII, " see you ", "12", "x", "")

FULL = "a call when the operating system has no room"
ASKED = 5  # calls of which the median is taken: one alone may have met a busy machine
MOST_CALLS = 200  # with which a system's buffer is filled: each takes what there is room for
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds: closing sends a reset, not an end


@exercise()
def tell_others(
    answer: Callable[[list[socket.socket], socket.socket, bytes], object], rng: random.Random
) -> None:
    """All others get the whole message, its sender does not; no call waits longer than it must."""
    count = rng.randint(3, 6)
    watch = Watch()
    with connections(count, small=True) as pairs:
        for server, _ in pairs:
            server.settimeout(PATIENCE)  # so that send takes what there is room for
        for speaker, text in zip(
            rng.sample(range(count), 3),
            (rng.choice(BEYOND_ASCII), rng.choice(WORDS), "news " * 200_000),
            strict=True,
        ):
            _tell(answer, pairs, speaker, serialize(text), watch)
    watch.judge("tell_others")


def _tell(
    answer: Callable[[list[socket.socket], socket.socket, bytes], object],
    pairs: list[tuple[socket.socket, socket.socket]],
    speaker: int,
    data: bytes,
    watch: Watch,
) -> None:
    """One of them has said this: who gets it?"""
    count = len(pairs)
    socks = [server for server, _ in pairs]
    listed = list(socks)
    with Listeners([client for _, client in pairs], len(data)) as listeners:
        with watch.on(*socks):
            answer(listed, pairs[speaker][0], data)
        if listed != socks:
            raise Wrong(f"of {count} clients, {len(listed)} are in the list after it: no client has left")
        if any(sock.fileno() < 0 for sock in socks):
            raise Wrong("a client's socket is closed after it: no client has left")
    if back := listeners.heard[speaker]:
        raise Wrong(f"the sender, client {speaker + 1} of {count}, should get no bytes; got {show(back)}")
    for number, got in enumerate(listeners.heard):
        who = f"client {number + 1} of {count}"
        if number == speaker:
            continue
        if 0 < len(got) < len(data) and data.startswith(got):
            raise Wrong(
                f"{who} should get the message, {len(data)} bytes; {len(got)} came: "
                "send takes what there is room for, and says how much that was"
            )
        same(got, data, f"{who} should get the message: it")


@exercise()
def receive_or_forget(
    answer: Callable[[socket.socket, list[socket.socket]], bytes], rng: random.Random
) -> None:
    """Bytes from the living; the dead are closed and removed; the silent stay."""
    first, other = rng.sample(["talks", "silent"], 2)
    cases = [first, *rng.sample(["ended", "reset", other], 3)]  # the first in the list stays there
    watch = Watch()
    with connections(len(cases)) as pairs:
        clients = [server for server, _ in pairs]
        for case, (server, client) in zip(cases, pairs, strict=True):
            words = serialize(rng.choice(WORDS))
            _play(case, server, client, words)
            for _ in range(ASKED if case == "silent" else 1):
                with rescue(client.close) as rescued:
                    _judge(case, server, clients, words, answer, rescued, watch)
    watch.judge("receive_or_forget")


def _play(case: str, server: socket.socket, client: socket.socket, words: bytes) -> None:
    """Do what the case says, and wait until the server's system knows."""
    server.setblocking(False)
    match case:
        case "talks":
            client.sendall(words)
        case "ended":
            client.close()
        case "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
    if case != "silent":
        select.select([server], [], [], PATIENCE)


def _judge(
    case: str,
    server: socket.socket,
    clients: list[socket.socket],
    words: bytes,
    answer: Callable[[socket.socket, list[socket.socket]], bytes],
    rescued: threading.Event,
    watch: Watch,
) -> None:
    others = [sock for sock in clients if sock is not server]
    try:
        with watch.on(server):
            got = answer(server, clients)
    except OSError as error:
        meaning = "nothing has come yet" if isinstance(error, BlockingIOError) else "this client is gone"
        raise Wrong(
            f"a client that {_CASES[case]}: recv raised {type(error).__name__}, "
            f"which means: {meaning}. Your code let it through"
        ) from None
    if rescued.is_set():
        raise Wrong(
            f"a client that {_CASES[case]}: your code waited for it, and no other was served meanwhile"
        )
    same(got, words if case == "talks" else b"", f"for a client that {_CASES[case]}, the result")
    if case == "talks" and server in select.select([server], [], [], 0)[0]:
        raise Wrong("a client that has sent bytes: they can still be read, so they would come twice")
    here = any(sock is server for sock in clients)
    alive = case in ("talks", "silent")
    if here and not alive:
        raise Wrong(f"a client that {_CASES[case]} is still in the list of clients")
    if alive and (not here or server.fileno() < 0):
        raise Wrong(f"a client that {_CASES[case]} was forgotten or closed, though it is there")
    if not alive and server.fileno() >= 0:
        raise Wrong(f"a client that {_CASES[case]}: its socket is still open at the server")
    if [sock for sock in clients if sock is not server] != others:
        raise Wrong(f"a client that {_CASES[case]}: another client was removed from the list too")


_CASES = {
    "talks": "has sent bytes",
    "ended": "has closed its connection",
    "reset": "has reset its connection",
    "silent": "is only silent",
}


@exercise()
def send_what_fits(answer: Callable[[socket.socket, bytearray], object], rng: random.Random) -> None:
    """A frozen client takes what its system takes; the rest is kept, in order, and no call waits."""
    data = rng.randbytes(1_000_000 + rng.randrange(1000))
    with connections(2, small=True) as ((frozen, asleep), (lively, awake)):
        frozen.setblocking(False)
        lively.setblocking(False)
        outbox = bytearray(data)
        _fill(answer, frozen, outbox, asleep)
        watch = Watch()
        for _ in range(ASKED):
            _without_waiting(answer, frozen, outbox, asleep, FULL, watch)
        watch.judge("send_what_fits, when the operating system has no room,")
        news = bytearray(serialize(rng.choice(WORDS)))
        expected = bytes(news)
        _without_waiting(answer, lively, news, awake, "a client that is not frozen", watch)
        same(arrived(awake, len(expected)), expected, "what a client that is not frozen should get: it")
        same(bytes(news), b"", "its outbox")
        got = bytearray()
        while len(got) < len(data):  # the frozen client thaws
            piece = arrived(asleep, 1)
            got += piece
            if bytes(got) != data[: len(got)]:
                differ = (i for i, (a, b) in enumerate(zip(got, data, strict=False)) if a != b)
                at = next(differ, len(data))  # more came than was to be sent
                raise Wrong(
                    f"after it thawed, byte {at} of {len(data)} is wrong: bytes were sent twice, or left out"
                )
            if outbox:
                _without_waiting(answer, frozen, outbox, asleep, "a call after the client has thawed", watch)
            elif not piece:
                raise Wrong(f"the outbox is empty, and {len(data) - len(got)} of {len(data)} bytes are lost")
        if outbox:
            raise Wrong(
                f"all bytes have arrived, and {len(outbox)} are still in the outbox: they would go out twice"
            )
        answer(frozen, outbox)  # nothing to send is no error


def _fill(
    answer: Callable[[socket.socket, bytearray], object],
    sock: socket.socket,
    outbox: bytearray,
    reader: socket.socket,
) -> None:
    """Call the answer until the operating system has no room left."""
    size = len(outbox)
    watch = Watch()
    _without_waiting(answer, sock, outbox, reader, "the first call", watch)
    if len(outbox) == size and select.select([reader], [], [], PATIENCE / 2)[0]:
        raise Wrong(
            f"the operating system took bytes, and all {size} are still in the outbox: "
            "they would go out twice"
        )
    calls = 1
    while len(outbox) < size:
        if calls == MOST_CALLS:
            raise Wrong(
                f"after {calls} calls {size} bytes are in the outbox: "
                "offer the operating system all of it at once"
            )
        size, calls = len(outbox), calls + 1
        _without_waiting(answer, sock, outbox, reader, FULL, watch)


def _without_waiting(
    answer: Callable[[socket.socket, bytearray], object],
    sock: socket.socket,
    outbox: bytearray,
    reader: socket.socket,
    when: str,
    watch: Watch,
) -> None:
    """Call the answer; a client that wakes up frees one that waits, and Wrong says so."""
    size = len(outbox)
    with rescue(lambda: drain(reader)) as rescued:
        try:
            with watch.on(sock):
                answer(sock, outbox)
        except OSError as error:
            if not rescued.is_set():
                raised = type(error).__name__
                raise Wrong(f"{when}: your code raised {raised}, with {size} bytes in the outbox") from None
    if rescued.is_set():
        raise Wrong(f"{when}: your code waited for the frozen client, and no other was served meanwhile")


@exercise()
def take_messages(answer: Callable[[socket.socket, bytearray], list[str]], rng: random.Random) -> None:
    """All whole messages, after one `recv` that has something to give; the rest stays in the inbox."""
    half = serialize("half")
    cut = rng.choice([rng.randrange(1, HEADER), rng.randrange(HEADER, len(half))])
    twice = rng.choice(WORDS)
    texts = [twice, twice, rng.choice(BEYOND_ASCII), " see you ", ""]  # nothing is a message, too
    rng.shuffle(texts)
    steps = [
        (half[:cut], []),
        (half[cut:] + serialize(texts[0])[:5], ["half"]),
        (serialize(texts[0])[5:] + b"".join(map(serialize, texts[1:])), texts),
    ]
    inbox = bytearray()
    watch = Watch()
    with connections(1) as ((server, client),):
        for data, wanted in steps:
            before = bytes(inbox)
            client.sendall(data)
            select.select([server], [], [], PATIENCE)
            earlier = f", after {len(before)} earlier" if before else ""
            what = f"{len(data)} bytes came ({show(data)}){earlier}"
            got = _take(answer, server, client, inbox, what, watch)
            same(got, wanted, f"{what}: the messages")
        same(bytes(inbox), b"", "when all messages are whole, the inbox")
    watch.judge("take_messages")


def _take(
    answer: Callable[[socket.socket, bytearray], list[str]],
    server: socket.socket,
    client: socket.socket,
    inbox: bytearray,
    what: str,
    watch: Watch,
) -> object:
    """Call the answer; a reset frees one that waits, and Wrong says so."""

    def reset() -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()

    waited = Wrong(f"{what}: your code waited for more, and no other client was served meanwhile")
    with rescue(reset) as rescued:
        try:
            with watch.on(server):
                got = answer(server, inbox)
        except WebSocketError as error:
            raise Wrong(f"{what}: the messages should be found in it; your code raised {error}") from None
        except OSError:
            if rescued.is_set():
                raise waited from None
            raise
    if rescued.is_set():
        raise waited
    return got
