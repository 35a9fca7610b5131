"""The recorder: facts only, in order, bounded, each connection known by its two addresses."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from tests.waiting import DEADLINE
from wsdemo import Trace, connect, serve
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import FramePacket

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 80)


def test_both_ends_share_a_number_until_the_port_is_used_again() -> None:
    trace = Trace()
    client, server = trace.tap("client", CLIENT, SERVER), trace.tap("server", SERVER, CLIENT)
    assert client.connection == server.connection == 1
    assert trace.addresses == {1: (CLIENT, SERVER)}
    client.mark("closed")
    assert trace.tap("server", SERVER, CLIENT).connection == 2


def test_the_time_of_sending_is_when_the_kernel_was_offered_the_bytes() -> None:
    clock = itertools.count()
    trace = Trace(clock=lambda: float(next(clock)))
    tap = trace.tap("client", CLIENT, SERVER)
    tap.offer()
    tap.received(b"answer")
    tap.sent(b"question")
    tap.sent(b"without an offer")
    assert [(chunk.time, chunk.sent) for chunk in trace.chunks] == [(2, False), (1, True), (3, True)]


def test_an_answer_never_comes_before_its_question() -> None:
    trace = Trace()
    with serve(lambda ws, message: ws.send(message), trace=trace) as server:
        with connect(server.url, trace=trace) as ws:
            for number in range(200):
                ws.send(str(number))
                ws.recv(DEADLINE)
    frames = [frame for frame in trace.frames if frame.message is not None]
    assert [frame.direction for frame in frames] == [TO_SERVER, TO_CLIENT] * 200
    assert [frame.message for frame in frames] == [str(n) for n in range(200) for _ in range(2)]
    assert all(isinstance(frame, FramePacket) and frame.verdict.accepted for frame in frames)


@pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc")])
def test_what_is_kept_can_not_change(data: bytes) -> None:
    trace = Trace()
    trace.tap("client", CLIENT, SERVER).sent(data)
    assert type(trace.chunks[0].data) is bytes


def test_recording_loads_no_protocol() -> None:
    """Who records only pays for recording: reading the record is loaded when it is read."""
    code = "import sys, wsdemo.trace; print([m for m in sys.modules if m.startswith('wsdemo.trace.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["['wsdemo.trace.trace']"]


def test_an_end_that_is_late_still_belongs_to_its_connection() -> None:
    trace = Trace()
    client = trace.tap("client", CLIENT, SERVER)
    client.mark("closed")
    assert trace.tap("server", SERVER, CLIENT).connection == client.connection
    assert trace.tap("client", CLIENT, SERVER).connection == client.connection + 1
