"""Frames whose messages have tokens, with these overwritten and every size as it was.

::

    81 b4 37fa213d …   {"token":"eyJhbGci…"}      ──►   81 b4 37fa213d …   {"token":"*********"}
    c1 a6 37fa213d …   the same, deflated         ──►   c1 a6 37fa213d …   deflated again, and filled up

A compressed message that gets shorter is filled with empty blocks. Its text has the old size, so a later
message that refers to it (RFC 7692 §7.1.1) refers to the asterisks: each is read here as the reader of the
export will read it, and so a secret that a reference brings back is found.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wsdemo.protocol.codes import CONTROL, Opcode
from wsdemo.protocol.deflate import FINAL_BLOCKS, TAIL
from wsdemo.protocol.limits import MiB
from wsdemo.protocol.masking import mask
from wsdemo.record.facts import TO_CLIENT, TO_SERVER, Direction
from wsdemo.trace.packets import FramePacket
from wsdemo.trace.tokens import without_tokens

#: Bytes of a compressed message's text that are read, and DEFLATE streams in it.
_LIMIT: Final = 16 * MiB
_STREAMS: Final = FINAL_BLOCKS + 1
_WINDOW: Final = 1 << 15


def clean_frames(frames: Iterable[FramePacket]) -> dict[FramePacket, bytes]:
    """The bytes of those frames of a connection that change; the frames of each direction in their order."""
    windows: dict[Direction, bytes] = {TO_SERVER: b"", TO_CLIENT: b""}
    changed: dict[FramePacket, bytes] = {}
    for message in _messages(frames):
        payload = b"".join(frame.payload for frame in message)
        clean = without_tokens(payload)
        if message[0].rsv1 and clean == payload:
            window = windows[message[0].direction]
            clean, text = _clean_deflated(payload, message[-1].fin and message[-1].complete, window)
            windows[message[0].direction] = (window + text)[-_WINDOW:]
        if clean != payload:
            changed |= _with_payload(message, clean)
    return changed


def _messages(frames: Iterable[FramePacket]) -> Iterator[Sequence[FramePacket]]:
    """The frames of each message, also of one that is not whole."""
    begun: dict[Direction, list[FramePacket]] = {TO_SERVER: [], TO_CLIENT: []}
    for frame in frames:
        if frame.opcode & CONTROL:
            continue
        message = begun[frame.direction]
        if message and (message[-1].fin or frame.opcode != Opcode.CONTINUATION):
            yield message
            message = begun[frame.direction] = []
        message.append(frame)
    yield from filter(None, begun.values())


def _with_payload(message: Sequence[FramePacket], payload: bytes) -> Iterator[tuple[FramePacket, bytes]]:
    """The frames of a message with another payload of the same size."""
    at = 0
    for frame in message:
        size = len(frame.wire_payload)
        part, key = payload[at : at + size], frame.masking_key
        yield frame, frame.bytes[: frame.header_size] + (mask(part, key) if key else part)
        at += size


# -- compressed messages ------------------------------------------------------------------------------------


def _clean_deflated(payload: bytes, whole: bool, window: bytes) -> tuple[bytes, bytes]:
    """The payload of a compressed message without its secrets, and its text."""
    text = _inflated(payload + TAIL if whole else payload, window)
    if text is not None:
        clean = without_tokens(text)
        if clean == text:
            return payload, text
        for same_size in (clean, b"*" * len(text)):
            packed = _deflated(same_size, len(payload))
            if packed is not None:
                return packed, same_size
    stored = _stored(len(payload))
    return stored, _inflated(stored, b"") or b""


def _inflated(data: bytes, window: bytes, step: int = 64) -> bytes | None:
    """The text of a compressed message as far as it can be read; None: it is more than we read."""
    text, rest = bytearray(), data
    for _ in range(_STREAMS):
        stream = zlib.decompressobj(-15, zdict=(window + text)[-_WINDOW:])
        at = 0
        while at < len(rest) and not stream.eof:
            if len(text) > _LIMIT:
                return None
            try:
                text += stream.decompress(rest[at : at + step])
            except zlib.error:
                return bytes(text) if step == 1 else _inflated(data, window, 1)
            at += step
        rest = stream.unused_data + rest[at:]  # behind a final block
        if not rest:
            return bytes(text)
    return None


def _deflated(text: bytes, size: int) -> bytes | None:
    """A text compressed to exactly ``size`` bytes; None where that is not found.

    Its references are near and inside itself, so it is good for each window and with any text before it.
    """
    for cuts in ((), (0,), (1,), (0, 1)):  # more blocks, for the sizes that filling alone does not give
        stream = zlib.compressobj(9, zlib.DEFLATED, -9, 9)
        packed, at = b"", 0
        for cut in cuts:
            packed += stream.compress(text[at:cut]) + stream.flush(zlib.Z_PARTIAL_FLUSH)
            at = cut
        packed += (stream.compress(text[at:]) + stream.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
        gap = size - len(packed)
        for last in ((), (6,), (7,), (6, 7), (9,)):  # one for each remainder of five
            fives = gap - sum(last)
            if fives >= 0 and fives % 5 == 0:
                return packed + _FILLING[5] * (fives // 5) + b"".join(_FILLING[part] for part in last)
    return None


def _filling(blocks: int) -> bytes:
    """The bytes between two flushes: some empty blocks with fixed codes, of ten bits (RFC 1951 §3.2.6)."""
    bits = sum(0b10 << 10 * block for block in range(blocks))
    return TAIL + bits.to_bytes((10 * blocks + 10) // 8, "little")  # and three bits of the next flush


#: By size in bytes.
_FILLING: Final = {len(_filling(blocks)): _filling(blocks) for blocks in range(4)}


def _stored(size: int) -> bytes:
    """``size`` bytes that inflate to asterisks (RFC 1951 §3.2.4)."""
    packed = b""
    while (left := size - len(packed)) > 6:
        length = min(left - 6, 0xFFFF - 6)
        header = length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")
        packed += b"\0" + header + b"*" * length
    return packed + bytes(left)
