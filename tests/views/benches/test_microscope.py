"""The microscope without a browser: what the page may ask for, and what stands there without a kernel."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests import raw
from wsdemo import Trace, connect, serve
from wsdemo.protocol import Frame, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.record.facts import TO_SERVER
from wsdemo.trace.dissect import dissect_frame, dissect_frames
from wsdemo.views import Microscope, microscope
from wsdemo.views.benches.microscope import before
from wsdemo.views.live.still import VIEW

HELLO = "818537fa213d7f9f4d5158"


@pytest.fixture
def scope() -> Iterator[Microscope]:
    scope = microscope(HELLO)
    yield scope
    scope.close()


@pytest.fixture(scope="module")
def trace() -> Trace:
    trace = Trace()
    with serve(lambda ws, message: ws.send(message), trace=trace) as server:
        with connect(server.url, trace=trace) as ws:
            for message in ("Hello", ["frag", "ments"], ["compressed " * 20, "twice"]):
                ws.send(message)
                ws.recv(timeout=5)
    return trace


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"do": "flip", "bit": 1}, "1002: reserved bits set"),
        ({"do": "receiver", "receiver": "client"}, "a client answers with close code 1002"),
        ({"do": "text", "text": "é"}, "text 2 B 'é'"),
        ({"do": "payload", "payload": "ff"}, "1007"),
        ({"do": "key", "key": "00000000"}, "text 5 B 'Hello'"),
        ({"do": "masked", "masked": False}, "1002: frame without a mask"),
        ({"do": "form", "form": "64"}, "1002: length 5 not in its shortest form"),
    ],
)
def test_what_the_page_asks_for(scope: Microscope, asked: dict[str, object], words: str) -> None:
    scope.ask(asked)
    state = json.loads(scope.state)
    assert words in state["words"]
    assert not state["failed"]
    assert state["changed"] == (bytes.fromhex(state["hex"]) != bytes.fromhex(HELLO))
    scope.ask({"do": "reset"})
    assert json.loads(scope.state)["hex"] == HELLO


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "flip", "bit": 88},
        {"do": "load", "number": 1},
        {"do": "dance"},
        {},
        "flip",
        {"do": "key", "key": "1"},
    ],
)
def test_what_can_not_be_done_is_said(scope: Microscope, asked: object) -> None:
    scope.ask(asked)
    state = json.loads(scope.state)
    assert state["failed"]
    assert state["said"].startswith("that can't be done")
    assert state["hex"] == HELLO


def test_a_flip_is_answered_at_once(scope: Microscope) -> None:
    times = []
    for _ in range(20):
        start = time.thread_time()
        scope.ask({"do": "flip", "bit": 4})
        times.append(time.thread_time() - start)
    assert min(times) < 0.01, "the kernel's part of 50 ms"


def test_a_large_frame_is_sent_a_page_at_a_time() -> None:
    payload = bytes(range(256)) * 4096  # 1 MiB: a length of 64 bits
    scope = microscope(Frame(2, payload, masking_key=b"\x37\xfa\x21\x3d"))
    whole = scope.data
    last = (len(whole) - 1) // 64
    for page in (0, 1, last, last + 1, -1):
        scope.ask({"do": "turn", "page": page})
        state = json.loads(scope.state)
        assert len(scope.state) < 8192
        assert state["size"] == len(whole)
        assert state["start"] == 64 * max(0, min(page, last))
        shown = slice(state["start"], state["start"] + 64)
        assert bytes.fromhex(state["hex"]) == whole[shown]
        assert bytes.fromhex(state["meant"]) == (whole[:14] + payload)[shown]
        assert state["payload"] is None, "too long to edit by hand"
    scope.flip(8 * len(whole) - 1)
    assert json.loads(scope.state)["start"] == 64 * last, "what is flipped is shown"
    scope.edit(payload=b"short")
    assert json.loads(scope.state)["start"] == 0
    scope.close()


def test_from_python(scope: Microscope) -> None:
    assert scope.flip(8).code == 1002
    scope.reset()
    assert scope.edit(payload=b"x" * 200).accepted
    assert scope.hex.startswith("81 fe 00 c8")
    scope.reset()
    assert scope.text == scope.outputs[0]["text/plain"] == repr(scope)
    scope.edit(masked=False)
    assert scope.text == repr(scope)
    assert scope.text.splitlines()[-1].startswith("✗ ")


def test_every_frame_of_a_trace_is_accepted_as_it_was(trace: Trace) -> None:
    scope = microscope(trace)
    assert len(json.loads(scope.shelf)) == len(trace.frames)
    for number, frame in enumerate(trace.frames):
        scope.load(number)
        assert scope.data == frame.bytes
        assert scope.verdict.accepted, (number, str(scope.verdict))
        assert scope.slide.packet.message == frame.message
    scope.close()


def test_without_a_kernel_it_is_the_frame_of_the_beginning(scope: Microscope) -> None:
    before = scope.outputs
    scope.flip(3)
    assert scope.outputs == before
    assert before[0]["text/plain"].endswith("✓ accepted: a server reads text 5 B 'Hello'")
    assert "data:image/svg+xml;base64," in before[0]["text/html"]
    assert "XORed with the payload" in before[0]["text/html"]
    assert before[1][VIEW]["model_id"] == scope.model_id


def test_a_peers_text_is_text() -> None:
    scope = microscope([Frame(1, b"<script>alert(1)</script>"), Frame(9, b"<b>")])
    assert "<script>" not in scope.outputs[0]["text/html"]
    scope.close()


def test_nothing_to_look_at() -> None:
    with pytest.raises(ValueError, match="no frame"):
        microscope(Trace())


@pytest.mark.parametrize(
    ("bit", "said"),
    [
        (0, "bit 0, FIN, is now 0"),
        (1, "bit 1, RSV1, is now 1"),
        (4, "bit 4, opcode, is now 1"),
        (7, "bit 7, opcode, is now 0"),
        (8, "bit 8, MASK, is now 0"),
        (9, "bit 9, length, is now 1"),
        (47, "bit 47, masking key, is now 0"),
        (87, "bit 87, masked payload, is now 1"),
    ],
)
def test_a_flip_names_the_field_of_its_bit(bit: int, said: str) -> None:
    scope = microscope(HELLO)
    fields = dissect_frame(scope.data).fields
    scope.flip(bit)
    assert scope.data[bit // 8] ^ bytes.fromhex(HELLO)[bit // 8] == 0x80 >> bit % 8
    told = json.loads(scope.state)["said"]
    if len(dissect_frame(scope.data).fields) == len(fields):
        assert told == said
    assert told.startswith(f"bit {bit}") and told.endswith(said[-1])
    scope.close()


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> Frame:
    return Frame(opcode, payload, fin, masking_key=b"1234")


def test_which_frames_a_frame_is_judged_with() -> None:
    """Those before it of its message; where it is compressed with a memory, all; control frames never."""
    wire = [masked(1, b"one"), masked(1, b"tw", fin=False), masked(9, b"?"), masked(0, b"o")]
    frames = list(dissect_frames(b"".join(frame.serialize() for frame in wire), Side.SERVER))
    parts = [frame.bytes for frame in frames]
    takeover, without = Parameters(), Parameters(client_no_context_takeover=True)
    for deflate in (None, takeover, without):
        assert before(frames, frames[3], deflate) == parts[1], "not compressed"
        assert before(frames, frames[0], deflate) == b""
        assert before(frames, frames[1], deflate) == b"", "the one before it is whole"


def test_a_compressed_frame_needs_what_its_compressor_remembers() -> None:
    scope_trace = Trace()
    with serve(lambda ws, message: None, trace=scope_trace) as server:
        with connect(server.url, trace=scope_trace) as ws:
            for message in ("first " * 30, "second " * 30):
                ws.send(message)
            ws.ping()
    frames = [frame for frame in scope_trace.frames if frame.direction == TO_SERVER and frame.compressed]
    assert len(frames) == 2
    both, second = frames[0].bytes, frames[1]
    assert before(scope_trace.frames, second, Parameters()) == both
    assert before(scope_trace.frames, second, Parameters(server_no_context_takeover=True)) == both
    assert before(scope_trace.frames, second, Parameters(client_no_context_takeover=True)) == b""
    assert before(scope_trace.frames, second, None) == b"", "no compression was agreed on"


def test_the_shelf_names_each_frame_and_its_direction(trace: Trace) -> None:
    scope = microscope(trace)
    names = json.loads(scope.shelf)
    assert [name[0] for name in names] == ["→" if f.direction == TO_SERVER else "←" for f in trace.frames]
    assert names[0] == "→ text 5 B 'Hello'"
    scope.close()
    scope = microscope([bytes.fromhex(HELLO), b"\x89\x00", Frame(9)])
    assert json.loads(scope.shelf) == ["81 85 37 fa 21 3d 7f 9f …", "89 00", "89 00"]
    scope.close()


def test_the_shelf_has_the_newest_four_hundred() -> None:
    many = Trace()
    tap = many.tap("client", ("127.0.0.1", 1), ("127.0.0.1", 2))
    tap.sent(raw.request())
    tap.received(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")  # fmt: skip
    for number in range(401):
        tap.sent(masked(1, b"%d" % number).serialize())
    scope = microscope(many)
    names = json.loads(scope.shelf)
    assert (len(names), names[0], names[-1]) == (400, "→ text 1 B '1'", "→ text 3 B '400'")
    scope.close()
