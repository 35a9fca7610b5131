"""What one end may say: bytes on the wire, arguments that are refused, states that forbid it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wsdemo.protocol.codes import Opcode, Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.errors import InvalidState
from wsdemo.protocol.events import Message, Ping, Pong
from wsdemo.protocol.frames import FIN, Frame, parse
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State

KEY = bytes.fromhex("37fa213d")
SIZES = [0, 1, 63, 64, 125, 126, 127, 1023, 1024, 2048, 65535, 65536, 100_001]
both = pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)


def pair(side: Side, deflate: Parameters | None = None) -> tuple[Protocol, Protocol]:
    """One end, and the other."""
    return (
        Protocol(side, opened=True, deflate=deflate, masking_key=KEY),
        Protocol(side.peer, opened=True, deflate=deflate),
    )


@both
@pytest.mark.parametrize("size", SIZES)
def test_messages_are_the_frames_of_the_plain_way(side: Side, size: int) -> None:
    here, there = pair(side)
    key = KEY if side is Side.CLIENT else None
    text, data = "a" * size, bytes(size)
    assert here.send_text(text) == Frame(Opcode.TEXT, text.encode(), masking_key=key).serialize()
    for kind in (bytes, bytearray, memoryview):
        assert here.send_binary(kind(data)) == Frame(Opcode.BINARY, data, masking_key=key).serialize()
    assert there.receive(here.send_text(text) + here.send_binary(data)) == [Message(text), Message(data)]


@both
@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_compressed_messages(side: Side, takeover: bool, size: int) -> None:
    here, there = pair(side, Parameters(not takeover, not takeover, 10, 11, threshold=64))
    for _ in range(3):
        frame = here.send_text("é" * size)
        assert bool(frame[0] & 0x40) is (2 * size >= 64)
        assert there.receive(frame) == [Message("é" * size)]
    assert len(frame) < 2 * size or size < 64


@both
@pytest.mark.parametrize("deflate", [None, Parameters(), Parameters(True, True)])
def test_fragments(side: Side, deflate: Parameters | None) -> None:
    here, there = pair(side, deflate)
    for _ in range(2):
        parts = ["a" * 100, "", "é" * 100, "end"]
        frames = [here.send_fragment(part, i == 3) for i, part in enumerate(parts)]
        heads = [frame[0] for frame in frames]
        assert heads == [0x01 if deflate is None else 0x41, 0x00, 0x00, 0x80]  # rsv1 on the first only
        assert there.receive(frames[0] + here.ping(b"1") + b"".join(frames[1:])) == [
            Ping(b"1"),
            Message("".join(parts)),
        ]
        assert there.receive(here.send_text("b" * 100)) == [Message("b" * 100)]
    assert there.receive(here.send_fragment(b"one", True)) == [Message(b"one")]
    begun = here.send_fragment(b"a", False)
    with pytest.raises(TypeError, match="text fragment in a binary message"):
        here.send_fragment("b", True)
    for send in (here.send_text, here.send_binary):
        with pytest.raises(InvalidState, match="in fragments is under way"):
            send("a" if send == here.send_text else b"a")
    assert there.receive(begun + here.send_fragment(b"", True)) == [Message(b"a")]


@both
def test_pings_and_pongs(side: Side) -> None:
    here, there = pair(side)
    assert there.receive(here.ping(b"1") + here.pong(bytes(125))) == [Ping(b"1"), Pong(bytes(125))]
    assert here.receive(there.data_to_send()) == [Pong(b"1")]
    for send in (here.ping, here.pong):
        with pytest.raises(ValueError, match="of 126 bytes, at most 125 fit"):
            send(bytes(126))


CALLS: list[Callable[[Protocol], Any]] = [
    lambda protocol: protocol.send_text("a"),
    lambda protocol: protocol.send_binary(b"a"),
    lambda protocol: protocol.send_fragment("a", False),
    lambda protocol: protocol.ping(),
    lambda protocol: protocol.pong(),
    lambda protocol: protocol.close(),
]


@both
@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_sent_but_in_the_state_open(side: Side, call: Callable[[Protocol], Any]) -> None:
    closing, closed = pair(side)[0], pair(side)[0]
    closing.close()
    closed.receive_eof()
    connecting = Protocol(Side.SERVER)
    for protocol in (connecting, closing, closed):
        state = protocol.state
        with pytest.raises(InvalidState, match=f"the connection is {state.value}"):
            call(protocol)
        assert protocol.state is state


@both
def test_types_are_checked(side: Side) -> None:
    # CVE-2026-45736: a number where bytes are meant would disclose, or fill, memory
    here, _ = pair(side)
    for wrong in (5, None, b"a", ["a"]):
        with pytest.raises(TypeError, match="a text message is str"):
            here.send_text(wrong)  # type: ignore[arg-type]
    for wrong in (5, None, "a", [1]):
        for send in (here.send_binary, here.ping, here.pong):
            with pytest.raises(TypeError, match="bytes are needed"):
                send(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        here.send_fragment(5, True)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        here.send_text("\ud800")
    with pytest.raises(ValueError, match="must not be sent"):
        here.close(1005)
    assert here.state is State.OPEN


@pytest.mark.parametrize("key", [b"abc", "abcd", None, b"abcde", bytearray(4)])
def test_a_masking_key_of_another_length_never_goes_out(key: Any) -> None:
    client = Protocol(Side.CLIENT, opened=True, masking_key=lambda: key)
    with pytest.raises(TypeError, match=r"^masking_key gave .*, expected four bytes$"):
        client.send_text("a")


def test_masking_keys() -> None:
    def sent(**options: Any) -> list[bytes]:
        client = Protocol(Side.CLIENT, opened=True, **options)
        frames = [parse(client.send_text("a" * size), side=Side.SERVER) for size in (5, 5, 500)]
        return [frame[0].masking_key or b"" for frame in frames if frame is not None]

    assert len(set(sent())) == 3  # "a fresh masking key ... for each frame"
    assert sent(masking_key=KEY) == [KEY] * 3
    assert sent(masking_key=iter([b"aaaa", b"bbbb", b"cccc"]).__next__) == [b"aaaa", b"bbbb", b"cccc"]
    for wrong in (b"abc", "abcd", 5):
        with pytest.raises((TypeError, ValueError), match=r"^masking_key: got .*, expected four bytes"):
            sent(masking_key=wrong)


def test_owed_is_taken_away_once() -> None:
    server, client = pair(Side.SERVER)
    assert not server.has_data_to_send
    server.receive(client.ping())
    assert server.has_data_to_send
    assert server.data_to_send()
    assert not server.has_data_to_send
    assert server.data_to_send() == b""


@both
def test_what_is_taken_first_is_taken_once_and_a_close_frame_stays(side: Side) -> None:
    here, there = pair(side)
    here._handshake = b"a head"
    here.receive(there.ping(b"1") + there.close(1001))
    pong = here._frame_bytes(FIN | Opcode.PONG, b"1")
    assert here.data_to_send_first() == b"a head" + pong
    assert here.data_to_send_first() == b"" and here.has_data_to_send
    assert here.data_to_send() == here._frame_bytes(FIN | Opcode.CLOSE, (1001).to_bytes(2, "big"))
    assert not here.has_data_to_send


def test_its_repr_names_the_side_and_the_state() -> None:
    here, _ = pair(Side.CLIENT)
    assert repr(here) == "<Protocol: client, open>"
    here.close()
    assert repr(here) == "<Protocol: client, closing>"
