"""Packets: the parts of a connection's bytes, one after the other, each with its fields and a verdict.

::

    Packet ── RequestPacket    ResponsePacket    BodyPacket      HTTP
          ├── FramePacket                                        a WebSocket frame
          ├── RawPacket                                          a message of the raw TCP protocol
          └── OpaquePacket                                       none of these

A packet keeps its bytes; everything else is computed from them when it is asked for, so that many packets
take little memory. They are made by ``dissect`` and not changed afterwards. Knows nothing of sockets or
pictures.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import ClassVar, Final, Literal

from wsdemo.protocol.codes import CONTROL, Opcode
from wsdemo.protocol.frames import FIN, MASK, OPCODE, RSV1, RSV2, RSV3, header_size, parse_length
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import Request, Response
from wsdemo.protocol.masking import mask
from wsdemo.rawtcp.framing import HEADER
from wsdemo.record.facts import TO_SERVER, Direction
from wsdemo.trace import fields, heads
from wsdemo.trace.fields import SHOWN, Field, count, described, escaped, opcode_name
from wsdemo.trace.lengths import outline
from wsdemo.trace.tokens import without_tokens

Outcome = Literal["accepted", "refused", "ignored", "incomplete"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a packet of an end that keeps to the rules.

    >>> str(Verdict("refused", 1002, "opcode 0x3 is reserved", "RFC 6455 §5.2"))
    'refused with close code 1002: opcode 0x3 is reserved (RFC 6455 §5.2)'
    """

    outcome: Outcome
    code: int | None = None  #: of "refused": the close code to answer with; an HTTP status under 1000
    reason: str = ""  #: the rule, what was got and what is allowed; safe to print
    section: str = ""  #: the source of the rule

    @property
    def accepted(self) -> bool:
        """Whether the packet breaks no rule."""
        return self.outcome == "accepted"

    def __str__(self) -> str:
        text: str = self.outcome
        if self.code:
            text += f" with {'close code' if self.code >= 1000 else 'status'} {self.code}"
        if self.reason:
            text += f": {self.reason}"
        return f"{text} ({self.section})" if self.section else text


ACCEPTED: Final = Verdict("accepted")
INCOMPLETE: Final = Verdict("incomplete", reason="the rest has not come")
AFTER_CLOSE: Final = Verdict("ignored", None, "it came after a close frame", "RFC 6455 §5.5.1")
AFTER_FAILURE: Final = Verdict("ignored", None, "the connection had failed before it", "RFC 6455 §7.1.7")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Packet:
    """Bytes of one direction of one connection that belong together."""

    kind: ClassVar[str] = "packet"

    bytes: builtins.bytes  #: as on the wire
    connection: int = 0
    direction: Direction = TO_SERVER
    time: float = 0.0  #: seconds on the trace's clock: when its first byte crossed the socket
    end_time: float = 0.0  #: and its last byte
    offset: int = 0  #: bytes of this direction before it
    verdict: Verdict = ACCEPTED
    complete: bool = True  #: false: it goes on, and the rest has not come

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return len(self.bytes)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its fields: they cover its bits exactly, in order."""
        return fields.whole("plain", self.bytes, count(self.size))

    @property
    def summary(self) -> str:
        """One line for a picture or a log; a peer's text in it is escaped, header values are left out."""
        return f"{self.kind} {self.size} B"

    def field(self, name: str) -> Field:
        """The first field of this name; KeyError where it has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def __repr__(self) -> str:
        end = "" if self.verdict.accepted else f"; {self.verdict}"
        return f"<{type(self).__name__} {self.connection} {self.direction}: {self.summary}{end}>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FramePacket(Packet):
    """A frame. Nearly all is read off its bytes; see ``wsdemo.protocol.frames``.

    >>> frame = FramePacket(bytes.fromhex("8185 37fa213d 7f9f4d5158"))
    >>> frame.opcode, frame.fin, frame.masking_key.hex(), frame.payload, frame.message
    (1, True, '37fa213d', b'Hello', 'Hello')
    """

    kind: ClassVar[str] = "frame"

    begun: int | None = None  #: first byte of the frame that began its message; None: it is this one
    completed: str | bytes | None = None  #: the message that it completes, where its own bytes don't tell

    @property
    def fin(self) -> bool:
        """Whether it is the last frame of its message."""
        return self.bytes[0] & FIN != 0

    @property
    def rsv1(self) -> bool:
        """Whether it begins a compressed message (RFC 7692 §6)."""
        return self.bytes[0] & RSV1 != 0

    @property
    def rsv2(self) -> bool:
        """The second reserved bit."""
        return self.bytes[0] & RSV2 != 0

    @property
    def rsv3(self) -> bool:
        """The third reserved bit."""
        return self.bytes[0] & RSV3 != 0

    @property
    def opcode(self) -> int:
        """The opcode, 0 to 15."""
        return self.bytes[0] & OPCODE

    @property
    def masked(self) -> bool:
        """Whether the mask bit is set."""
        return len(self.bytes) > 1 and self.bytes[1] & MASK != 0

    @property
    def length(self) -> int | None:
        """Bytes of payload that the header announces; None while the header is not whole."""
        found = parse_length(self.bytes)
        return found[0] if found is not None else None

    @property
    def header_size(self) -> int:
        """Bytes of the header, masking key and all: 2 to 14."""
        return header_size(self.bytes[1]) if len(self.bytes) > 1 else 2

    @property
    def masking_key(self) -> bytes | None:
        """Four bytes; None: not masked, or cut off."""
        end = self.header_size
        return self.bytes[end - 4 : end] if self.masked and len(self.bytes) >= end else None

    @property
    def wire_payload(self) -> bytes:
        """The payload as it travelled."""
        return self.bytes[self.header_size :]

    @property
    def payload(self) -> bytes:
        """The payload without its mask; still compressed where it is."""
        key = self.masking_key
        return mask(self.wire_payload, key) if key else self.wire_payload

    @property
    def compressed(self) -> bool:
        """Whether it is part of a compressed message."""
        return self._first & RSV1 != 0 and not self.opcode & CONTROL

    @property
    def message(self) -> str | bytes | None:
        """The message that this frame completes, joined and inflated; None where it completes none."""
        if self.completed is not None:
            return self.completed
        simple = self.bytes[0] in (FIN | Opcode.TEXT, FIN | Opcode.BINARY)
        if not (simple and self.complete and self.verdict.accepted):
            return None
        return self.payload.decode() if self.opcode == Opcode.TEXT else self.payload

    @property
    def close_code(self) -> int | None:
        """Of a close frame; 1005 stands for "no code" (RFC 6455 §7.1.5)."""
        if self.opcode != Opcode.CLOSE or not self.complete:
            return None
        payload = self.payload
        return int.from_bytes(payload[:2], "big") if len(payload) > 1 else 1005

    @property
    def close_reason(self) -> str | None:
        """Of a close frame; bytes that are not UTF-8 as backslashes."""
        if self.opcode != Opcode.CLOSE or not self.complete:
            return None
        return self.payload[2:].decode(errors="backslashreplace")

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the RFC's picture."""
        text = self._first & OPCODE == Opcode.TEXT if self.opcode == Opcode.CONTINUATION else None
        inflated = self.completed if self.compressed else None
        return fields.frame_fields(self.bytes, inflated, text, self.compressed)

    @property
    def summary(self) -> str:
        """Opcode, fin, bytes of payload, and its content without tokens."""
        text = opcode_name(self.opcode)
        if not self.fin:
            text += ", more follows"
        if self.length is not None:
            text += f" {self.length} B"
        if not self.complete:
            return f"{text}, incomplete"
        if self.opcode == Opcode.CLOSE:
            reason = self.close_reason
            return f"{text} {self.close_code}" + (f" {escaped(reason)}" if reason else "")
        message = self.message
        if self.compressed:
            return f"{text}, compressed" + (f": {_discreet(message)}" if message is not None else "")
        if message is not None and self.opcode != Opcode.CONTINUATION:
            return f"{text} {_discreet(message)}" if message else text
        value = self.fields[-1].value  # of the payload, where there is one
        return f"{text} {_discreet(value)}" if self.length and isinstance(value, str | bytes) else text

    @property
    def _first(self) -> int:
        """The first byte of the frame that began its message."""
        return self.bytes[0] if self.begun is None else self.begun


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RequestPacket(Packet):
    """An HTTP request; ``request`` is None where it is not one, or its head not whole."""

    kind: ClassVar[str] = "request"

    request: Request | None = None  #: with its body, where that is part of this packet

    @property
    def method(self) -> str:
        """The method, also of a request that is refused; "" where there is none."""
        return self.request.method if self.request else outline(self.bytes).method

    @property
    def target(self) -> str:
        """The target with its query, which may hold a token."""
        return self.request.target if self.request else ""

    @property
    def headers(self) -> Headers:
        """The header fields."""
        return self.request.headers if self.request else Headers()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Request line, header fields, body."""
        return heads.head_fields(self.bytes, len(self.request.body) if self.request else None)

    @property
    def summary(self) -> str:
        """Method and path."""
        if self.request is None:
            return f"request {self.size} B"
        return f"{self.method} {escaped(self.request.path)[1:-1]}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResponsePacket(Packet):
    """An HTTP response; ``response`` is None where it is not one, or its head not whole."""

    kind: ClassVar[str] = "response"

    response: Response | None = None  #: with its body, where that is part of this packet

    @property
    def status(self) -> int:
        """The status, also of a response that is refused; 0 where there is none."""
        return self.response.status if self.response else outline(self.bytes).status

    @property
    def headers(self) -> Headers:
        """The header fields."""
        return self.response.headers if self.response else Headers()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Status line, header fields, body."""
        return heads.head_fields(self.bytes, len(self.response.body) if self.response else None)

    @property
    def summary(self) -> str:
        """Status and reason."""
        if self.response is None:
            return f"response {self.size} B"
        return f"{self.response.status} {escaped(self.response.reason)[1:-1]}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BodyPacket(Packet):
    """A piece of a body, as it came; streams such as Server-Sent Events consist of them."""

    kind: ClassVar[str] = "body"

    #: The place of the body's bytes; the others are chunked coding.
    body: slice = with_default(default_factory=lambda: slice(None))
    last: bool = False  #: the body ends with it

    @property
    def fields(self) -> tuple[Field, ...]:
        """The body, and the length around it where it is chunked (RFC 9112 §7.1)."""
        return heads.chunk_fields(self.bytes, self.body)

    @property
    def summary(self) -> str:
        """Bytes of body; of one for the client their beginning: the other way go passwords."""
        data = self.bytes[self.body]
        text = f"body {len(data)} B"
        return (
            text
            if self.direction == TO_SERVER
            else f"{text} {_discreet(data.decode(errors='backslashreplace'))}"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RawPacket(Packet):
    """A message of the raw TCP protocol: ten digits and spaces, then the text."""

    kind: ClassVar[str] = "message"

    length: int | None = None  #: bytes of payload that the header announces; None: no length

    @property
    def payload(self) -> bytes:
        """The text as bytes."""
        return self.bytes[HEADER:]

    @property
    def message(self) -> str | None:
        """The text; None where it is none, or not whole."""
        return self.payload.decode() if self.complete and self.verdict.accepted else None

    @property
    def fields(self) -> tuple[Field, ...]:
        """Header and payload."""
        return fields.raw_fields(self.bytes, HEADER, self.length)

    @property
    def summary(self) -> str:
        """Bytes of payload, and the text."""
        text = self.payload.decode(errors="backslashreplace")
        return f"message {len(self.payload)} B {escaped(text)}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OpaquePacket(Packet):
    """Bytes that belong to no protocol known here, or whose meaning no bytes before them tell."""

    kind: ClassVar[str] = "opaque"

    @property
    def fields(self) -> tuple[Field, ...]:
        """All bytes as one field."""
        return fields.whole("plain", self.bytes, f"{count(self.size)} of no protocol known here")


def _discreet(message: str | bytes) -> str:
    """The beginning of a message for humans, without tokens."""
    if isinstance(message, bytes):
        return described(message)
    return described(without_tokens(message[: 2 * SHOWN].encode()).decode())
