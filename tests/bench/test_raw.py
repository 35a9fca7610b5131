"""The raw client: frames however they come, the parameters it insists on, closings that are complete."""

from __future__ import annotations

import threading

import pytest

from tests.bench.test_plain import Socket
from tests.waiting import DEADLINE
from wsdemo import Connection, serve
from wsdemo.bench import raw
from wsdemo.protocol.codes import Opcode
from wsdemo.protocol.frames import Frame

FRAMES = [Frame(Opcode.TEXT, b"x" * size).serialize() for size in (0, 1, 125, 126, 300, 65535)]


def test_frames_cut_anywhere() -> None:
    whole = b"".join(FRAMES)
    for cut in (*range(1, 1000), len(whole) - 1):
        assert raw.frames(Socket(whole[:cut], whole[cut:]), len(FRAMES)) == FRAMES  # type: ignore[arg-type]
    small = b"".join(FRAMES[:5])
    sock = Socket(*(small[i : i + 1] for i in range(len(small))))
    assert raw.frames(sock, 5) == FRAMES[:5]  # type: ignore[arg-type]


def test_too_few_frames() -> None:
    with pytest.raises(EOFError, match="the server ended after 1 of 2 frames"):
        raw.frames(Socket(FRAMES[2] + FRAMES[3][:-1]), 2)  # type: ignore[arg-type]


HEAD = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: %b\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"permessage-deflate; server_no_context_takeover",
        b"permessage-deflate; server_max_window_bits=12",
        b"permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
    ],
)
def test_a_server_that_compresses_otherwise_is_not_measured(answer: bytes) -> None:
    raw.opened(Socket(HEAD % answer))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="other parameters"):
        raw.opened(Socket(HEAD % answer), compressed=True)  # type: ignore[arg-type]
    agreed = b"permessage-deflate; " + b"; ".join(raw.AGREED)
    raw.opened(Socket(HEAD % agreed), compressed=True)  # type: ignore[arg-type]


def test_after_hanging_up_every_closing_handshake_is_over() -> None:
    codes: list[int | None] = []
    over = threading.Event()

    class Handler:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            raise AssertionError("nothing is sent")

        def on_close(self, ws: Connection) -> None:
            codes.append(ws.close_code)
            if len(codes) == 60:
                over.set()

    with serve(Handler()) as server:
        sizes = []
        for socks in raw.batches(server.port, "wsdemo", 60):
            sizes.append(len(socks))
            raw.hang_up(socks)
            assert all(sock.fileno() == -1 for sock in socks)
        assert sizes == [raw.BATCH, 60 - raw.BATCH]
        assert over.wait(DEADLINE)
        assert codes == [1000] * 60 and not server.errors


def test_hanging_up_waits_for_the_end_of_each_connection() -> None:
    socks = [Socket(b"\x88", b"\x02\x03\xe8"), Socket(b"\x88\x02\x03\xe8")]
    raw.hang_up(socks)  # type: ignore[arg-type]
    assert [(len(sock.sent), sock.received, sock.closed) for sock in socks] == [(1, 3, True), (1, 2, True)]
