"""Any bytes: no exception, no hang, no memory beyond what came; both sides, with and without compression.

``WSDEMO_FUZZ=100000`` runs as many inputs as the release does.
"""

from __future__ import annotations

import os
import random
import sys
import tracemalloc
from types import FrameType

import pytest

from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.deflate import Deflate, Parameters
from wsdemo.protocol.events import Closing, Event, Failed, Message, Opened, Ping, Pong, Refused
from wsdemo.protocol.frames import Frame, parse
from wsdemo.protocol.handshake import request
from wsdemo.protocol.http11 import parse_response
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import PONGS, Protocol
from wsdemo.protocol.states import State

INPUTS = int(os.environ.get("WSDEMO_FUZZ", "4000"))
LIMITS = Limits(message_size=4000, fragments=20)
DEFLATE = Parameters()
AGREED = Parameters(True, True, 12, 12)  #: what two ends with the default settings agree on


def conversation(chance: random.Random, peer: Protocol) -> bytes:
    """A stream of a few frames: good ones, odd ones, and some of compressed data that is none any more."""
    frames = []
    key = chance.randbytes(4) if peer.side is Side.CLIENT else None
    packer = DEFLATE.deflater(peer.side)
    for _ in range(chance.randrange(1, 6)):
        size = chance.choice((0, 1, 5, 60, 125, 126, 300, 3000))
        frames.append(
            chance.choice(
                (
                    lambda size=size: peer.send_text("é" * (size // 2)),
                    lambda size=size: peer.send_binary(chance.randbytes(size)),
                    lambda size=size: (
                        peer.send_fragment("é" * (size // 2), False)
                        + peer.ping(b"between")
                        + peer.send_fragment("end", True)
                    ),
                    lambda: peer.ping(b"1"),
                    lambda: peer.pong(b"2"),
                    lambda: Frame(chance.randrange(16), b"x", masking_key=key).serialize(),
                    lambda: Frame(
                        Opcode.CLOSE, chance.randbytes(chance.randrange(5)), masking_key=key
                    ).serialize(),
                    lambda size=size: Frame(
                        chance.choice((Opcode.TEXT, Opcode.BINARY)),
                        mutated(chance, bytearray(packer.deflate(b"ab" * size + chance.randbytes(size)))),
                        rsv1=True,
                        masking_key=key,
                    ).serialize(),
                )
            )()
        )
    return b"".join(frames)


def mutated(chance: random.Random, data: bytearray) -> bytes:
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) or 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del data[at : at + chance.randrange(8)]
            case 2:
                data[at:at] = chance.randbytes(chance.randrange(8))
            case 3:
                data[at:at] = data[at : at + chance.randrange(200)]
            case _:
                data[at : at + 9] = bytes((chance.choice((126, 127, 254, 255)),)) + chance.randbytes(8)
    return bytes(data)


def fed(protocol: Protocol, chance: random.Random, data: bytes) -> list[Event]:
    """All that happens by these bytes, in pieces of one size; the end of a large payload may go in place."""
    size = chance.choice((1, 2, 7, 100, 1 << 20)) if len(data) < 1000 else chance.choice((100, 1 << 20))
    events: list[Event] = []
    for start in range(0, len(data), size):
        events += protocol.receive(data[start : start + size])
    return events


def check(protocol: Protocol, events: list[Event]) -> None:
    """What holds whatever came, and after its end."""
    for event in events:
        match event:
            case Message(data=message):
                assert len(message) <= LIMITS.message_size
            case Ping(payload) | Pong(payload):
                assert len(payload) <= 125
            case Closing() | Failed():
                assert event is events[-1]
                assert protocol.state is State.CLOSING
            case Refused():
                assert event is events[-1]
                assert protocol.state is State.CLOSED
            case Opened():
                assert event is events[0]
    if protocol.error is not None:
        assert protocol.error.section and str(protocol.error).isprintable()
    owed = protocol.data_to_send()
    if protocol.side is Side.SERVER and protocol.response is not None:  # it had an opening
        answer = parse_response(owed)
        assert answer is not None
        owed = owed[answer[1] :]
    assert len(owed) <= PONGS + 131 + 131
    while owed:
        found = parse(owed, side=protocol.side.peer)
        assert found is not None
        owed = owed[found[1] :]
    protocol.receive_eof()
    assert protocol.state is State.CLOSED


@pytest.mark.timeout(3600 if INPUTS > 4000 else 120)
@pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
@pytest.mark.parametrize("deflate", [None, DEFLATE], ids=["plain", "deflate"])
def test_any_bytes(side: Side, deflate: Parameters | None) -> None:
    chance = dice()
    for number in range(INPUTS // 2):
        peer = Protocol(side.peer, opened=True, deflate=deflate, masking_key=lambda: chance.randbytes(4))
        if number % 4:
            data = mutated(chance, bytearray(conversation(chance, peer)))
        else:
            data = chance.randbytes(chance.randrange(300))
        protocol = Protocol(side, opened=True, limits=LIMITS, deflate=deflate)
        check(protocol, fed(protocol, chance, data))


@pytest.mark.timeout(3600 if INPUTS > 4000 else 120)
@pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
def test_any_bytes_from_the_first_on(side: Side) -> None:
    """The opening, compression agreed in it, and frames behind it, in one stream; mutated anywhere."""
    chance = dice()
    opened = 0
    for _ in range(INPUTS // 2):
        asked = request("ws://localhost", deflate=Deflate())
        client = Protocol(Side.CLIENT, limits=LIMITS, request=asked, deflate=Deflate())
        server = Protocol(Side.SERVER, limits=LIMITS, deflate=Deflate())
        opening = client.data_to_send()
        if side is Side.SERVER:
            protocol, peer = server, Protocol(Side.CLIENT, opened=True, deflate=AGREED)
        else:
            server.receive(opening)
            opening = server.data_to_send()
            protocol, peer = client, server
        if chance.randrange(2):
            opening = mutated(chance, bytearray(opening))
        data = opening + mutated(chance, bytearray(conversation(chance, peer)))
        events = fed(protocol, chance, data)
        opened += bool(events) and isinstance(events[0], Opened)
        check(protocol, events)
    assert opened > INPUTS // 8


def dice() -> random.Random:
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # shown where the test fails
    return random.Random(seed)


class Counted(bytes):
    """Bytes that count how many of them are copied out."""

    copied = 0

    def __getitem__(self, key):  # type: ignore[no-untyped-def, override]
        found = super().__getitem__(key)
        self.copied += 1 if isinstance(found, int) else len(found)
        return found


def work(protocol: Protocol, data: bytes) -> tuple[int, int]:
    """What it costs to receive ``data``: lines run and bytes copied; bytes of memory at the most."""
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal lines
        lines += 1
        return trace

    counted = Counted(data)
    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        protocol.receive(counted)
    finally:
        sys.settrace(before)
    tracemalloc.start()
    protocol.receive(data)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return lines + counted.copied, memory


@pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
@pytest.mark.parametrize("first", [0x81, 0x82, 0x89, 0x8A, 0x01, 0xC1], ids=hex)
def test_time_and_memory_are_linear(side: Side, first: int) -> None:
    """The densest input there is, frames without payload of every kind: twice as many cost twice as much."""
    mask = 0x80 if side is Side.SERVER else 0
    frame = bytes((first, mask)) + (b"abcd" if mask else b"")
    if first == 0x01:
        frame += bytes((0x80, mask)) + (b"abcd" if mask else b"")
    once, twice = (
        work(Protocol(side, opened=True, deflate=DEFLATE), frame * count) for count in (2000, 4000)
    )
    assert twice[0] < 2.1 * once[0]
    assert twice[1] < 2.1 * once[1] + 10_000
