"""What cuts packets out of a stream; what they mean is tested with the dissector."""

from __future__ import annotations

import pytest

from wsdemo.protocol.codes import Side
from wsdemo.protocol.limits import Limits
from wsdemo.record.facts import TO_CLIENT, TO_SERVER
from wsdemo.trace.readers import Frames, Raw, Stream, recognise


@pytest.mark.parametrize(
    ("data", "to_server", "protocol"),
    [
        (b"GET / HTTP/1.1\r\n", True, "http"),
        (b"BREW /pot HTTP/1.1\r\n", True, "http"),
        (b"HTTP/1.1 101 Switching", False, "http"),
        (b"HTTP/1.1 101 Switching", True, ""),
        (b"5         hello", True, "raw"),
        (b"5         hello", False, "raw"),
        (b"\x81\x05hello", False, ""),
        (b"", True, ""),
    ],
)
def test_a_protocol_is_told_by_its_first_bytes(data: bytes, to_server: bool, protocol: str) -> None:
    assert recognise(data, to_server) == protocol


def test_a_piece_has_the_times_of_its_first_and_its_last_byte() -> None:
    stream = Stream(3, TO_CLIENT)
    for time, data in enumerate((b"ab", b"", b"cd", b"ef")):
        stream.add(data, float(time))
    first, second = stream.cut(3), stream.cut(1)
    assert (first.bytes, first.time, first.end_time) == (b"abc", 0.0, 2.0)
    assert (second.bytes, second.time, second.end_time) == (b"d", 2.0, 2.0)
    assert stream.peek().bytes == b"ef" and stream.peek().time == 3.0


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_raw_messages_are_cut_whatever_the_chunks(size: int) -> None:
    data = b"5         hello" + b"0         " + b"2         hi" + b"9         not"
    stream, reader, found = Stream(1, TO_SERVER), Raw(Limits()), []
    for at in range(0, len(data), size):
        stream.add(data[at : at + size], 0.0)
        while (packet := reader.next(stream)) is not None:
            found.append(packet.bytes)
    assert found == [b"5         hello", b"0         ", b"2         hi"]
    assert reader.rest(stream).bytes == b"9         not" and not reader.rest(stream).complete


def test_the_judge_of_frames_keeps_no_answers() -> None:
    """It answers each ping; as nothing sends that, a long trace would fill the memory."""
    stream, reader = Stream(1, TO_CLIENT), Frames(Side.CLIENT, Limits())
    stream.add(b"\x89\x02hi", 0.0)
    assert reader.next(stream) is not None
    assert not reader._judge.has_data_to_send
