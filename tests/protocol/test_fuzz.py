"""Any bytes: no exception, no hang, no memory beyond what came; both sides, with and without compression.

``WSDEMO_FUZZ=100000`` runs as many inputs as the release does.
"""

from __future__ import annotations

import gc
import os
import random
import time
import tracemalloc

import pytest

from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.events import Closed, Message, Ping, Pong
from wsdemo.protocol.frames import Frame, parse
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.protocol import PONGS, Protocol
from wsdemo.protocol.states import State

INPUTS = int(os.environ.get("WSDEMO_FUZZ", "4000"))
LIMITS = Limits(message_size=4000, fragments=20)
DEFLATE = Parameters()


def conversation(chance: random.Random, peer: Protocol) -> bytes:
    """A good stream of a few frames."""
    frames = []
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
                    lambda: Frame(chance.randrange(16), b"x", masking_key=None).serialize(),
                    lambda: Frame(Opcode.CLOSE, chance.randbytes(chance.randrange(5))).serialize(),
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


@pytest.mark.timeout(3600 if INPUTS > 4000 else 120)
@pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
@pytest.mark.parametrize("deflate", [None, DEFLATE], ids=["plain", "deflate"])
def test_any_bytes(side: Side, deflate: Parameters | None) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # shown where the test fails
    chance = random.Random(seed)
    for number in range(INPUTS // 2):
        peer = Protocol(side.peer, opened=True, deflate=deflate, masking_key=lambda: chance.randbytes(4))
        if number % 4:
            data = mutated(chance, bytearray(conversation(chance, peer)))
        else:
            data = chance.randbytes(chance.randrange(300))
        protocol = Protocol(side, opened=True, limits=LIMITS, deflate=deflate)
        size = chance.choice((1, 2, 7, 100, 1 << 20)) if len(data) < 1000 else chance.choice((100, 1 << 20))
        events = []
        for start in range(0, len(data), size):
            events += protocol.receive(data[start : start + size])
        for event in events:
            match event:
                case Message(data=message):
                    assert len(message) <= LIMITS.message_size
                case Ping(payload) | Pong(payload):
                    assert len(payload) <= 125
                case Closed():
                    assert event is events[-1]
                    assert protocol.state is State.CLOSED
        owed = protocol.owed()
        assert len(owed) <= PONGS + 131 + 131
        while owed:
            found = parse(owed, side=side.peer)
            assert found is not None
            owed = owed[found[1] :]
        protocol.receive_eof()
        assert protocol.state is State.CLOSED


@pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
def test_time_and_memory_are_linear(side: Side) -> None:
    # the densest input there is: frames without payload, of every kind
    mask = 0x80 if side is Side.SERVER else 0
    for first in (0x81, 0x82, 0x89, 0x8A, 0x01, 0xC1):
        frame = bytes((first, mask)) + (b"abcd" if mask else b"")
        if first == 0x01:
            frame += bytes((0x80, mask)) + (b"abcd" if mask else b"")
        seconds, memory = [], []
        for count in (2000, 20_000):
            protocol = Protocol(side, opened=True, deflate=DEFLATE)
            data = frame * count
            gc.disable()  # a pass over all objects of the test runner takes longer than either
            started = time.process_time()
            protocol.receive(data)
            seconds.append(time.process_time() - started)
            gc.enable()
            tracemalloc.start()
            protocol.receive(data)
            memory.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert seconds[1] < 40 * seconds[0] + 0.1, hex(first)
        assert memory[1] < 20 * memory[0] + 100_000, hex(first)
