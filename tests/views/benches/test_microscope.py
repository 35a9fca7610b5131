"""The microscope without a browser: what the page may ask for, and what stands there without a kernel."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from wsdemo import Trace, connect, serve
from wsdemo.protocol import Frame
from wsdemo.views import Microscope, microscope
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
        start = time.perf_counter()
        scope.ask({"do": "flip", "bit": 4})
        times.append(time.perf_counter() - start)
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
