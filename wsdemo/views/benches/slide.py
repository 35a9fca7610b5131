"""The slide under the microscope: the bytes of a frame, their meaning, and the ways to change them.

::

    81 05 48 65 …  ── flip, payload, masking key, length form ──►  other bytes
          └─ dissection, each time ──► fields · verdict of the real parser · frames behind it

A frame that continues a message is judged together with the frames before it, which stay as they are.
Knows nothing of widgets.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, TypeAlias

from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Parameters
from wsdemo.protocol.frames import LENGTH, LENGTH_16, LENGTH_64, MASK, parse_header
from wsdemo.protocol.masking import mask
from wsdemo.trace.dissect import dissect_frames
from wsdemo.trace.fields import Field, count
from wsdemo.trace.packets import FramePacket, Verdict
from wsdemo.views.bytes.hexdump import where
from wsdemo.views.bytes.ruler import raw
from wsdemo.views.drawing import theme

#: Bits of the length: in the second byte, or in the 2 or 8 bytes behind it.
Form: TypeAlias = Literal[7, 16, 64]

MOST: Final = 1024 * 1024 + 14  #: bytes under the microscope: a message as long as may be, and its header
PAGE: Final = 64  #: bytes that are shown at a time
TYPED: Final = 1024  #: bytes of a payload that can be edited by hand
BEHIND: Final = 512  #: bytes behind the frame that are looked at, where a flipped length leaves some over
SHOWN: Final = 8  #: frames behind it that are shown in detail

SIGNS: Final = {"accepted": "✓", "refused": "✗", "ignored": "–", "incomplete": "…"}


class Slide:
    """Bytes that may be changed, and their meaning.

    ``context``: the bytes of the frames before, of the same message; ``deflate``: the compression agreed on.
    ValueError for no bytes, or over 1 MiB of payload.

    >>> slide = Slide(bytes.fromhex("818537fa213d7f9f4d5158"), Side.SERVER)
    >>> str(slide.verdict)
    'accepted'
    >>> slide.flip(8)
    >>> str(slide.verdict)
    'refused with close code 1002: frame without a mask, a client must mask (RFC 6455 §5.1)'
    """

    def __init__(
        self, data: bytes, receiver: Side, context: bytes = b"", deflate: Parameters | None = None
    ) -> None:
        if not 1 <= len(data) <= MOST:
            raise ValueError(f"{count(len(data))}: the microscope takes 1 to {MOST}")
        self.data = self.original = data
        self.receiver = receiver
        self._context = context
        self._deflate = deflate
        self._packets: list[FramePacket] | None = None

    # -- its meaning --------------------------------------------------------------------------------------

    @property
    def packets(self) -> list[FramePacket]:
        """The frame, and the frames that a changed length makes of the bytes behind it."""
        if self._packets is None:
            head = parse_header(self.data)
            end = len(self.data) if head is None else min(head.size + head.length + BEHIND, len(self.data))
            start = len(self._context)
            found = dissect_frames(self._context + self.data[:end], self.receiver, deflate=self._deflate)
            found = [packet for packet in found if packet.offset >= start]
            if end < len(self.data) and len(found) > 1 and not found[-1].complete:
                del found[-1]  # cut off by us
            self._packets = found
        return self._packets

    @property
    def packet(self) -> FramePacket:
        """The frame itself."""
        return self.packets[0]

    @property
    def verdict(self) -> Verdict:
        """The receiver's verdict on the frame."""
        return self.packet.verdict

    @property
    def form(self) -> Form:
        """The form of the length: 7, 16 or 64 bits."""
        short = self.data[1] & LENGTH if len(self.data) > 1 else 0
        return 16 if short == LENGTH_16 else 64 if short == LENGTH_64 else 7

    @property
    def words(self) -> str:
        """The verdict as a sentence about the receiver."""
        who = "server" if self.receiver is Side.SERVER else "client"
        verdict = self.verdict
        if verdict.accepted:
            return f"accepted: a {who} reads {self.packet.summary}"
        if verdict.outcome == "incomplete":
            head = self.packet.length
            need = f" for {count(head)} of payload" if head is not None else ""
            return f"incomplete: a {who} waits{need}, {len(self.packet.wire_payload)} of it are here"
        section = f" ({verdict.section})" if verdict.section else ""
        return f"refused: a {who} answers with close code {verdict.code}: {verdict.reason}{section}"

    # -- how it may be changed ----------------------------------------------------------------------------

    def flip(self, bit: int) -> None:
        """Turn one bit over, counted from the first of the frame; ValueError where it has no such bit."""
        if not 0 <= bit < len(self.data) * 8:
            raise ValueError(f"bit {bit}: this frame has bits 0 to {len(self.data) * 8 - 1}")
        changed = bytearray(self.data)
        changed[bit >> 3] ^= 0x80 >> (bit & 7)
        self.put(bytes(changed))

    def put(self, data: bytes) -> None:
        """Replace all bytes; ValueError for none, or too many."""
        if not 1 <= len(data) <= MOST:
            raise ValueError(f"{count(len(data))}: the microscope takes 1 to {MOST}")
        self.data = data
        self._packets = None

    def reset(self) -> None:
        """Return to the frame as it was."""
        self.put(self.original)

    def build(
        self,
        *,
        payload: bytes | None = None,
        key: bytes | None = None,
        masked: bool | None = None,
        form: Form | None = None,
    ) -> None:
        """Build the frame again with another payload, key or length form; the first byte stays.

        A ``form`` wider than needed is possible, although RFC 6455 §5.2 forbids it: it is there to be shown.
        Raises ValueError where the form is too narrow, or the key has not four bytes.
        """
        packet = self.packet
        payload = packet.payload if payload is None else payload
        masked = packet.masked if masked is None else masked
        key = (packet.masking_key or bytes(4)) if key is None else key
        if len(key) != 4:
            raise ValueError(f"a masking key has 4 bytes, this one {len(key)}")
        if form is None:
            form = self.form if fits(len(payload), self.form) else smallest(len(payload))
        self.put(
            self.data[:1]
            + head(len(payload), form, masked)
            + (key + mask(payload, key) if masked else payload)
        )

    # -- for the picture ----------------------------------------------------------------------------------

    def state(self, page: int = 0, said: str = "") -> dict[str, Any]:
        """Everything that the widget shows, as plain values; of the bytes those of one page."""
        packet = self.packet
        start = page * PAGE
        typed = packet.payload if len(packet.payload) <= TYPED else None
        try:
            text = "" if typed is None else typed.decode()
            text_or_none = text if text.isprintable() else None
        except UnicodeDecodeError:
            text_or_none = None
        key = packet.masking_key
        return {
            "size": len(self.data),
            "start": start,
            "hex": self.data[start : start + PAGE].hex(),
            "meant": self._meant(start, start + PAGE).hex(),
            "receiver": self.receiver.name.lower(),
            "frames": [_frame(item, len(self._context)) for item in self.packets[:SHOWN]],
            "more": max(0, len(self.packets) - SHOWN),
            "outcome": self.verdict.outcome,
            "sign": SIGNS[self.verdict.outcome],
            "words": self.words,
            "text": text_or_none,
            "payload": None if typed is None else typed.hex(" "),
            "masked": packet.masked,
            "key": key.hex(" ") if key else "",
            "form": self.form,
            "changed": self.data != self.original,
            "said": said,
        }

    def _meant(self, start: int, stop: int) -> bytes:
        """Some of the bytes, with their masks taken off."""
        meant = bytearray(self.data[start:stop])
        for packet in self.packets:
            if packet.masking_key:
                begin = packet.offset - len(self._context) + packet.header_size
                first, last = max(begin, start), min(begin + len(packet.payload), stop)
                if first < last:
                    meant[first - start : last - start] = packet.payload[first - begin : last - begin]
        return bytes(meant)


def fits(size: int, form: Form) -> bool:
    """Whether a length of ``size`` bytes can be written in this form.

    >>> fits(126, 7), fits(125, 64)
    (False, True)
    """
    return size < LENGTH_16 if form == 7 else size < 1 << form


def smallest(size: int) -> Form:
    """The only form that the RFC allows for a length (RFC 6455 §5.2)."""
    return 7 if fits(size, 7) else 16 if fits(size, 16) else 64


def head(size: int, form: Form, masked: bool) -> bytes:
    """The second byte of a header, and the extended length behind it, also in a form that the RFC forbids.

    Raises ValueError where the form is too narrow for the size.

    >>> head(5, 16, True).hex(" ")
    'fe 00 05'
    """
    if not fits(size, form):
        raise ValueError(f"{count(size)} of payload: too many for a length of {form} bits")
    bit = MASK if masked else 0
    if form == 7:
        return bytes((bit | size,))
    return bytes((bit | (LENGTH_16 if form == 16 else LENGTH_64),)) + size.to_bytes(form // 8, "big")


def link(section: str) -> str:
    """The address of a section on the web; "" for none.

    >>> link("RFC 6455 §5.2, §11.8")
    'https://www.rfc-editor.org/rfc/rfc6455#section-5.2'
    """
    found = re.match(r"RFC (\d+) §([\d.]*\d)", section)
    return f"https://www.rfc-editor.org/rfc/rfc{found[1]}#section-{found[2]}" if found else ""


def _frame(packet: FramePacket, origin: int) -> dict[str, Any]:
    start = packet.offset - origin
    return {
        "start": start,
        "size": packet.size,
        "summary": packet.summary,
        "outcome": packet.verdict.outcome,
        "sign": SIGNS[packet.verdict.outcome],
        "verdict": str(packet.verdict),
        "fields": [_field(packet, field, start * 8) for field in packet.fields],
    }


def _field(packet: FramePacket, field: Field, origin: int) -> dict[str, Any]:
    moved = field._replace(start=field.start + origin, stop=field.stop + origin)
    value = raw(packet, field)
    if isinstance(field.value, int) and field.bits > 1:
        value += f" = {field.value}"
    return {
        "label": theme.field(field.name).label,
        "css": theme.css(field.name),
        "text": field.name in ("payload", "masked payload", "close reason"),
        "start": moved.start,
        "stop": moved.stop,
        "where": where(moved),
        "value": value,
        "meaning": field.meaning,
        "section": field.section,
        "link": link(field.section),
    }
