"""The exercises of lesson 07: the end of a connection, and its signs."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any

from wsdemo import Limits, connect
from wsdemo.course.exercises import Wrong, exercise, same, show
from wsdemo.course.sockets import PATIENCE
from wsdemo.protocol import Closing, Frame, Opcode, Pong, Protocol, Side, State
from wsdemo.protocol.codes import NEVER_SENT, on_the_wire

KEY = b"\x37\xfa\x21\x3d"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
TICK = 0.25  # seconds of the made-up clock; a power of two, so that sums are exact

Story = list[tuple[str, int | None]]


@exercise()
def may_be_sent(answer: Callable[[int], bool], rng: random.Random) -> None:
    """Whether a code may stand in a close frame."""
    edges = [0, 999, 1000, *range(1001, 1018), 2999, 3000, 3999, 4000, 4999, 5000, 65535]
    rng.shuffle(edges)
    for code in [*edges, rng.randint(1, 998), rng.randint(1016, 2999), rng.randint(3000, 4999)]:
        same(answer(code), on_the_wire(code), f"may_be_sent({code})")


@exercise()
def answer_to_close(answer: Callable[[bytes], bytes], rng: random.Random) -> None:
    """A server's own close frame in answer; the package's protocol is the judge."""
    codes = [1000, 1001, 1012, rng.randint(3000, 4999), *NEVER_SENT, 1004, rng.randint(0, 999)]
    reasons = [b"", "bye é".encode(), b"going home"]
    payloads = [code.to_bytes(2, "big") + rng.choice(reasons) for code in map(int, codes)]
    payloads += [b"", rng.randbytes(1), b"\x03\xe8" + rng.choice((b"\xff", b"ok \xc3", b"\xc3("))]
    payloads += [b"\x03\xe8going home", b"\x03\xe8" + "bye é".encode()]  # reasons, whatever was drawn
    payloads += [b"\x03\xee\xff"]  # both are wrong, and the code stands first
    rng.shuffle(payloads)
    for payload in payloads:
        protocol = Protocol(Side.SERVER, opened=True)
        protocol.receive(Frame(Opcode.CLOSE, payload, masking_key=KEY).serialize())
        wanted = protocol.data_to_send()[2:]
        got = answer(payload)
        if payload and on_the_wire(int.from_bytes(payload[:2], "big")) and wanted == payload[:2]:
            same(got, wanted, f"the answer to a close frame of {show(payload)}")
        else:  # what the answer says beside the code is free
            kept = got[:2] if isinstance(got, bytes | bytearray | memoryview) else got
            same(kept, wanted[:2], f"the answer to a close frame of {show(payload)}")


@exercise()
def Keepalive(answer: Callable[[float, float, float], Any], rng: random.Random) -> None:
    """A connection lives for a while and then freezes, on a made-up clock; nothing waits for real."""
    for case in range(12):
        interval, timeout = (rng.randint(3, 20) * TICK for _ in range(2))
        _live(answer, interval, timeout, rng, chatty=case % 3 == 1)
    interval, timeout = (rng.randint(3, 20) * TICK for _ in range(2))
    keep = answer(interval, timeout, 0)
    same(
        keep.check(interval + TICK),
        "ping",
        f"Keepalive({interval:g}, {timeout:g}, 0): check({interval + TICK:g})",
    )
    same(
        keep.check(interval + timeout),
        "wait",
        f"Keepalive({interval:g}, {timeout:g}, 0), with a ping sent at {interval + TICK:g}: "
        f"check({interval + timeout:g}), {timeout - TICK:g} seconds after it,",
    )


def _live(
    answer: Callable[[float, float, float], Any],
    interval: float,
    timeout: float,
    rng: random.Random,
    chatty: bool,
) -> None:
    """One life, a quarter of a second at a time. ``chatty``: messages come, and never a pong."""
    now = heard = rng.randint(0, 400) * TICK
    freeze = now + interval * rng.randint(3, 6)
    asked: float | None = None
    due: float | None = None  # when something will come
    keep = answer(interval, timeout, now)
    what = f"Keepalive({interval:g}, {timeout:g}, …)"
    while True:
        now += TICK
        frozen = now > freeze
        if due is not None and now >= due and not frozen:
            keep.heard(now)
            heard, asked, due = now, None, None
        got = keep.check(now)
        silence = now - heard
        after = f"{what}: check {silence:g} seconds after the last byte"
        if got not in ("wait", "ping", "dead"):
            raise Wrong(f"{after} should be 'wait', 'ping' or 'dead'; got {show(got)}")
        if got == "ping":
            if asked is not None:
                raise Wrong(
                    f"{after}: a second ping, {now - asked:g} seconds after one that may yet be answered"
                )
            if silence < interval:
                raise Wrong(f"{after} should be 'wait', for no ping is due; got 'ping'")
            asked = now
            due = now + rng.randint(1, max(1, int(timeout / TICK) - 1)) * TICK
        elif got == "dead":
            if asked is None or now - asked < timeout:
                pinged = (
                    "no ping waits for an answer"
                    if asked is None
                    else f"the ping is {now - asked:g} seconds old"
                )
                raise Wrong(f"{after} should not be 'dead': the peer may be alive, and {pinged}")
            return
        elif asked is None and silence > interval + TICK:
            raise Wrong(f"{after} should be 'ping' by now; got 'wait'")
        elif asked is not None and now - asked > timeout + TICK:
            raise Wrong(f"{after}, {now - asked:g} after the ping, should be 'dead'; got 'wait'")
        if chatty and due is None and not frozen:
            due = now + rng.randint(1, int(interval / TICK) - 1) * TICK


@exercise()
def ending(answer: Callable[[Story], int | None], rng: random.Random) -> None:
    """Stories of five kinds, played to a real client by a server on the loopback: its code is the judge."""
    for story in stories(rng):
        predicted = answer([*story])
        same(predicted, played(story), f"ending({story})")


def stories(rng: random.Random) -> list[Story]:
    """One of each kind, with codes of its own."""

    def messages() -> Story:
        return [("message", None)] * rng.randint(0, 2)

    end = ("eof", "reset")
    found: list[Story] = [
        [*messages(), ("close", rng.choice((1000, 1001, 1011, rng.randint(3000, 4999)))), ("reset", None)],
        [*messages(), ("close", None), (rng.choice(end), None)],
        *([*messages(), (what, None)] for what in end),
        [*messages(), ("message", None)],
        *([*messages(), ("close", int(code)), ("eof", None)] for code in sorted(NEVER_SENT)),
        *([("close", code), ("eof", None)] for code in (rng.choice((0, 999)), 1004, rng.randint(1016, 2999))),
    ]
    rng.shuffle(found)
    return found


def played(story: Sequence[tuple[str, int | None]]) -> int | None:
    """The close code that a real client reports, ``None`` if its connection is still open."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(PATIENCE)
        actor = Actor(listener, story)
        actor.start()
        stack.callback(actor.end)
        limits = Limits(open_timeout=PATIENCE, close_timeout=PATIENCE)
        ws = connect(f"ws://127.0.0.1:{listener.getsockname()[1]}", limits=limits)
        actor.done.wait(PATIENCE)
        if story[-1][0] != "message":
            ws.wait_closed(PATIENCE)
        code = ws.close_code
        actor.end()
        ws.wait_closed(PATIENCE)
        return code


class Actor(threading.Thread):
    """A server that acts one story out to its only client."""

    def __init__(self, listener: socket.socket, story: Sequence[tuple[str, int | None]]) -> None:
        super().__init__(name="an actor", daemon=True)
        self.done = threading.Event()  # all of it is played, and the client has seen it
        self._curtain = threading.Event()
        self._listener = listener
        self._story = story
        self._protocol = Protocol(Side.SERVER)

    def run(self) -> None:
        """Open, play, and hold the connection until the end is called."""
        with contextlib.suppress(OSError), self._listener.accept()[0] as sock:
            sock.settimeout(PATIENCE)
            while self._protocol.state is State.CONNECTING:
                self._protocol.receive(sock.recv(65536))
            sock.sendall(self._protocol.data_to_send())
            for what, code in self._story:
                self._act(sock, what, code)
            if self._story[-1][0] == "message":
                sock.sendall(self._protocol.ping(b"still there?"))
                self._until(sock, Pong)
            self.done.set()
            self._curtain.wait(PATIENCE)

    def _act(self, sock: socket.socket, what: str, code: int | None) -> None:
        match what:
            case "message":
                sock.sendall(self._protocol.send_text("news"))
            case "close":
                payload = b"" if code is None else code.to_bytes(2, "big")
                sock.sendall(Frame(Opcode.CLOSE, payload).serialize())
                self._until(sock, Closing)
            case "eof":
                sock.shutdown(socket.SHUT_WR)
            case "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                sock.close()

    def _until(self, sock: socket.socket, kind: type) -> None:
        """Read until the client has answered."""
        while data := sock.recv(65536):
            if any(isinstance(event, kind) for event in self._protocol.receive(data)):
                return

    def end(self) -> None:
        """Let go of the connection."""
        self._curtain.set()
        self.join(2 * PATIENCE)
