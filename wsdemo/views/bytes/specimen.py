"""A frame from any of the forms that a learner may have, for the views of one frame or of many.

::

    "81 05 48 65 6c 6c 6f"  bytes  Frame  FramePacket  Trace  list of these  ──►  FramePacket …

Knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.frames import MASK, Frame
from wsdemo.record.facts import TO_SERVER, Direction
from wsdemo.trace.dissect import dissect_frame, dissect_frames
from wsdemo.trace.packets import FramePacket, Packet
from wsdemo.trace.trace import Trace

#: One frame, as a learner may have it; text is hexadecimal digits.
Source: TypeAlias = FramePacket | Frame | bytes | bytearray | memoryview | str


def as_bytes(source: Source) -> bytes:
    """The bytes of a frame on the wire.

    >>> as_bytes("81 05 48656c6c6f")
    b'\\x81\\x05Hello'
    """
    if isinstance(source, Packet):
        return source.bytes
    if isinstance(source, Frame):
        return source.serialize()
    return bytes.fromhex(source) if isinstance(source, str) else bytes(source)


def receiver_of(data: bytes) -> Side:
    """The end that should get such a frame: masked ones go to a server (RFC 6455 §5.1)."""
    return Side.SERVER if len(data) > 1 and data[1] & MASK else Side.CLIENT


def as_frame(source: Source, receiver: Side | str | None = None) -> FramePacket:
    """The frame at the start of the bytes, with the verdict of ``receiver`` (None: as its mask bit says)."""
    if isinstance(source, FramePacket) and receiver is None:
        return source
    data = as_bytes(source)
    return dissect_frame(data, receiver_of(data) if receiver is None else as_side(receiver))


def as_frames(
    source: Trace | Source | Iterable[Source],
    receiver: Side | str | None = None,
    *,
    direction: Direction = TO_SERVER,
    connection: int | None = None,
    deflate: Parameters | None = None,
) -> Sequence[FramePacket]:
    """Frames of one direction: of a trace, out of a stream of bytes, or one after the other.

    Bytes are judged as one stream that comes to ``receiver``; packets keep the verdict they have.
    """
    if isinstance(source, Trace):
        frames = [f for f in source.frames if f.direction == direction]
        first = connection or (frames[0].connection if frames else None)
        return [frame for frame in frames if frame.connection == first]
    if isinstance(source, FramePacket | Frame | bytes | bytearray | memoryview | str):
        sources: list[Source] = [source]
    else:
        sources = list(source)
    packets = [item for item in sources if isinstance(item, FramePacket)]
    if receiver is None and len(packets) == len(sources):
        return packets
    data = b"".join(as_bytes(item) for item in sources)
    side = receiver_of(data) if receiver is None else as_side(receiver)
    return dissect_frames(data, side, deflate=deflate)


def as_side(side: Side | str) -> Side:
    """The side for ``"server"`` or ``"client"``, or for the side itself; ValueError for anything else.

    >>> as_side("client") is Side.CLIENT
    True
    """
    if isinstance(side, Side):
        return side
    try:
        return Side[side.upper()]
    except KeyError:
        raise ValueError(f"receiver is {side!r}, it is 'server' or 'client'") from None
