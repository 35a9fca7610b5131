r"""Frames: what goes over the wire once the connection is open (RFC 6455 §5.2).

::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-------+-+-------------+-------------------------------+
    |F|R|R|R| opcode|M| payload len |    extended payload length    |
    |I|S|S|S|  (4)  |A|     (7)     |  (16 bits if payload len 126, |
    |N|V|V|V|       |S|             |   64 bits if payload len 127) |
    | |1|2|3|       |K|             |                               |
    +-+-+-+-+-------+-+-------------+-------------------------------+
    |      masking key, 4 bytes (if mask is set)    |  payload  …   |
    +-----------------------------------------------+---------------+

``serialize`` and ``parse`` are mirrors, in the order of the picture. This is the plain way; ``Protocol`` has
a loop that does the same for many small frames at once, and the tests hold both to the same results.
Knows nothing of messages: a frame has no neighbours here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .arguments import check_kind, check_whole
from .codes import CONTROL, CloseCode, Opcode, Side, on_the_wire
from .errors import InvalidData, MessageTooBig, ProtocolError
from .masking import mask
from .utf8 import invalid

FIN: Final = 0b1000_0000  # the last frame of its message
RSV1: Final = 0b0100_0000  # the first of three bits for extensions: "this message is compressed"
RSV2: Final = 0b0010_0000
RSV3: Final = 0b0001_0000
OPCODE: Final = 0b0000_1111

MASK: Final = 0b1000_0000
LENGTH: Final = 0b0111_1111
LENGTH_16: Final = 126  # the length is in the next 2 bytes
LENGTH_64: Final = 127  # the length is in the next 8 bytes
#: Bytes of the extended length that these two announce.
EXTENDED: Final = {LENGTH_16: 2, LENGTH_64: 8}

#: "All control frames MUST have a payload length of 125 bytes or less" (RFC 6455 §5.5).
CONTROL_SIZE: Final = 125
#: Bytes of a close reason: what the close code leaves of those 125.
REASON_SIZE: Final = CONTROL_SIZE - 2


@dataclass(frozen=True, slots=True)
class Header:
    """The 2 to 14 bytes before a payload, taken apart and not checked."""

    fin: bool
    rsv1: bool
    rsv2: bool
    rsv3: bool
    opcode: int
    length: int  #: bytes of payload
    masking_key: bytes | None  #: four bytes, or None: not masked
    size: int  #: bytes of the header itself


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Its payload is not masked: masking happens when it is serialized.

    >>> Frame(Opcode.TEXT, b"Hello").serialize().hex(" ")  # RFC 6455 §5.7, unmasked
    '81 05 48 65 6c 6c 6f'
    >>> Frame(Opcode.TEXT, b"Hello", masking_key=bytes.fromhex("37fa213d")).serialize().hex(" ")
    '81 85 37 fa 21 3d 7f 9f 4d 51 58'
    """

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv1: bool = False
    rsv2: bool = False
    rsv3: bool = False
    masking_key: bytes | None = None

    def serialize(self) -> bytes:
        """The bytes on the wire; also of a frame that no peer accepts, so that one can be shown."""
        masked, payload = b"", self.payload
        if self.masking_key is not None:
            masked, payload = self.masking_key, mask(self.payload, self.masking_key)
        bits = FIN * self.fin | RSV1 * self.rsv1 | RSV2 * self.rsv2 | RSV3 * self.rsv3
        return b"".join((header(bits | self.opcode, len(payload), MASK if masked else 0), masked, payload))


def header(first: int, length: int, mask_bit: int = 0) -> bytes:
    """The header up to the masking key. ``first`` is the first byte: fin, rsv bits, opcode.

    >>> header(FIN | Opcode.BINARY, 256).hex(" ")  # RFC 6455 §5.7
    '82 7e 01 00'
    >>> header(FIN | Opcode.BINARY, 65536).hex(" ")
    '82 7f 00 00 00 00 00 01 00 00'
    """
    # "the minimal number of bytes MUST be used to encode the length" (RFC 6455 §5.2)
    if length < LENGTH_16:
        return bytes((first, mask_bit | length))
    if length < 1 << 16:
        return bytes((first, mask_bit | LENGTH_16)) + length.to_bytes(2, "big")
    return bytes((first, mask_bit | LENGTH_64)) + length.to_bytes(8, "big")


def parse(
    data: bytes, *, side: Side | None = None, rsv1: bool = False, limit: int | None = None
) -> tuple[Frame, int] | None:
    """The frame at the start of ``data`` and its size in bytes, or None: more bytes are needed.

    ``side``: the end that received it (None: masked or not, both will do). ``rsv1``: whether an extension
    gives that bit a meaning. ``limit``: the largest payload accepted, in bytes. Raises ``ProtocolError``, or
    ``MessageTooBig``, as soon as the bytes that are there show it.

    >>> parse(bytes.fromhex("818537fa213d7f9f4d5158"))[0].payload
    b'Hello'
    >>> parse(bytes.fromhex("8185 37fa213d 7f9f")) is None
    True
    >>> parse(bytes.fromhex("810548656c6c6f"), side=Side.SERVER)
    Traceback (most recent call last):
    wsdemo.protocol.errors.ProtocolError: frame without a mask, a client must mask
    """
    if len(data) < 2:
        return None
    check(data[0], data[1], side, rsv1)
    head = parse_header(data)
    if head is None:
        return None
    check_length(head.length, data[1], limit if not head.opcode & CONTROL else None)
    end = head.size + head.length
    if len(data) < end:
        return None
    payload = bytes(data[head.size : end])
    if head.masking_key is not None:
        payload = mask(payload, head.masking_key)
    return Frame(head.opcode, payload, head.fin, head.rsv1, head.rsv2, head.rsv3, head.masking_key), end


def parse_header(data: bytes) -> Header | None:
    """The header at the start of ``data``, not checked, or None: more bytes are needed.

    >>> parse_header(bytes.fromhex("82fe 0100 37fa213d")).length
    256
    """
    found = parse_length(data)
    if found is None:
        return None
    first, (length, start) = data[0], found
    size = header_size(data[1])
    if len(data) < size:
        return None
    key = bytes(data[start:size]) or None
    bits = (bool(first & FIN), bool(first & RSV1), bool(first & RSV2), bool(first & RSV3))
    return Header(*bits, first & OPCODE, length, key, size)


def parse_length(data: bytes | bytearray, at: int = 0) -> tuple[int, int] | None:
    """The payload length of the frame that begins at ``at``, and where it ends; None: more bytes are needed.

    >>> parse_length(bytes.fromhex("8105 48656c6c6f")), parse_length(bytes.fromhex("827e 0100"))
    ((5, 2), (256, 4))
    """
    if len(data) < at + 2:
        return None
    length, start = data[at + 1] & LENGTH, at + 2
    if length < LENGTH_16:
        return length, start
    end = start + EXTENDED[length]
    return (int.from_bytes(data[start:end], "big"), end) if len(data) >= end else None


def header_size(second: int) -> int:
    """The size of a header in bytes, masking key included, 2 to 14: its second byte tells it.

    >>> header_size(0x05), header_size(MASK | LENGTH_64)
    (2, 14)
    """
    return 2 + EXTENDED.get(second & LENGTH, 0) + (4 if second & MASK else 0)


def check(first: int, second: int, side: Side | None = None, rsv1: bool = False) -> None:
    """Check the rules for the first two bytes of a frame (RFC 6455 §5.1, §5.2, §5.5).

    Arguments as of ``parse``. Raises ``ProtocolError``.
    """
    opcode, length = first & OPCODE, second & LENGTH
    if first & (RSV2 | RSV3) or (first & RSV1 and not rsv1):
        # "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values"
        bits = [name for name, bit in (("rsv1", RSV1), ("rsv2", RSV2), ("rsv3", RSV3)) if first & bit]
        raise ProtocolError(
            f"reserved bits set: {', '.join(bits)}; no extension gave them a meaning",
            section="RFC 6455 §5.2",
        )
    if opcode not in _OPCODES:
        raise ProtocolError(f"opcode {opcode:#x} is reserved", section="RFC 6455 §5.2")
    if opcode & CONTROL:
        if length > CONTROL_SIZE:
            text = f"control frame of over {CONTROL_SIZE} bytes, at most {CONTROL_SIZE} are possible"
            raise ProtocolError(text, section="RFC 6455 §5.5")
        if not first & FIN:
            raise ProtocolError("fragmented control frame; they come whole", section="RFC 6455 §5.5")
    if first & RSV1 and opcode not in (Opcode.TEXT, Opcode.BINARY):
        # RFC 7692 §6.1: only "the first fragment of a compressed message" carries the bit
        raise ProtocolError("rsv1 on a frame that begins no message", section="RFC 7692 §6.1")
    if side is Side.SERVER and not second & MASK:
        # "The server MUST close the connection upon receiving a frame that is not masked."
        raise ProtocolError("frame without a mask, a client must mask", section="RFC 6455 §5.1")
    if side is Side.CLIENT and second & MASK:
        # "A client MUST close a connection if it detects a masked frame."
        raise ProtocolError("masked frame, a server must not mask", section="RFC 6455 §5.1")


def check_length(length: int, second: int, limit: int | None = None) -> None:
    """Check the rules for a payload length: shortest form, at most ``limit`` bytes (RFC 6455 §5.2, §10.4).

    Raises ``ProtocolError``, or ``MessageTooBig``.
    """
    form = second & LENGTH
    if (form == LENGTH_16 and length < LENGTH_16) or (form == LENGTH_64 and length < 1 << 16):
        raise ProtocolError(f"length {length} not in its shortest form", section="RFC 6455 §5.2")
    if length >> 63:
        # "the most significant bit MUST be 0"
        text = f"length {length} has its top bit set, at most {(1 << 63) - 1} is possible"
        raise ProtocolError(text, section="RFC 6455 §5.2")
    if limit is not None and length > limit:
        text = f"message of {length} bytes, at most {limit} accepted"
        raise MessageTooBig(text, section="RFC 6455 §10.4")


def close_payload(code: int | None = CloseCode.NORMAL, reason: str = "") -> bytes:
    """The payload of a close frame: two bytes of close code, then the reason in UTF-8 (RFC 6455 §5.5.1).

    None for no code, and so no reason. Raises ValueError for what must not be sent, TypeError for a reason
    that is not a text.

    >>> close_payload(1001, "bye")
    b'\\x03\\xe9bye'
    """
    if code is None:
        if reason:
            raise ValueError("a close reason needs a close code")
        return b""
    check_whole("code", code, 0, 65535)
    check_kind("reason", reason, str, "a text")
    if not on_the_wire(code):
        raise ValueError(f"close code {code} must not be sent; 1000 and 3000-4999 are yours to use")
    data = reason.encode()
    if len(data) > REASON_SIZE:
        raise ValueError(f"close reason of {len(data)} bytes, at most {REASON_SIZE} fit")
    return code.to_bytes(2, "big") + data


def short_reason(text: str) -> str:
    """As much of ``text`` as fits into a close frame, cut between two characters.

    >>> len(short_reason("é" * 100))
    61
    """
    return text.encode()[:REASON_SIZE].decode("utf-8", "ignore")


def parse_close(payload: bytes) -> tuple[int, str]:
    """The close code and the reason; 1005 stands for "no code" (RFC 6455 §7.1.5).

    Raises ``ProtocolError`` for a code that must not be sent, ``InvalidData`` for a reason that is not UTF-8.

    >>> parse_close(b"\\x03\\xe9bye"), parse_close(b"")
    ((1001, 'bye'), (1005, ''))
    """
    if not payload:
        return int(CloseCode.NO_CODE), ""
    if len(payload) == 1:
        raise ProtocolError("close frame of 1 byte; a close code has 2", section="RFC 6455 §5.5.1")
    code = int.from_bytes(payload[:2], "big")
    if not on_the_wire(code):
        text = f"close code {code}; 1000-1003, 1007-1014 and 3000-4999 are accepted"
        raise ProtocolError(text, section="RFC 6455 §7.4")
    try:
        return code, str(payload[2:], "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidData(f"close reason: {invalid(error)}", section="RFC 6455 §5.5.1") from None


_OPCODES: Final = frozenset(Opcode)
