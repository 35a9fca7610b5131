"""The frame microscope: a frame as bytes and bits, any of which can be flipped.

::

    browser   a bit is clicked ──{"do": "flip", "bit": 9}──► Python: Slide ── dissect ──► fields, verdict
    microscope.js  ◄────────────── state, as JSON ──────────────┘             a few milliseconds

The meaning is computed here, by the parser that the connections use; the page only draws it. Without a
kernel the frame is shown as a picture and a table. Knows nothing of the origin of the frames.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from wsdemo.protocol.codes import CONTROL, Side
from wsdemo.protocol.deflate import Parameters, parameters_in
from wsdemo.record.facts import TO_SERVER
from wsdemo.trace.packets import FramePacket, Packet, Verdict
from wsdemo.trace.trace import Trace
from wsdemo.views.benches.slide import MOST, PAGE, SIGNS, Slide
from wsdemo.views.bytes.ruler import describe, ruler
from wsdemo.views.bytes.specimen import Source, as_bytes, as_side, receiver_of
from wsdemo.views.diagrams.ladder import label
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.theme import CARD
from wsdemo.views.live import still

HERE: Final = Path(__file__).parent
SHELF: Final = 400  #: frames that are offered, the newest


def microscope(source: Trace | Source | Iterable[Source], receiver: Side | str | None = None) -> Microscope:
    """Put a frame under the microscope: a packet, a `Frame`, its bytes, or these as hex.

    Of a trace, or of several frames, each can be loaded with one click. ``receiver`` judges the frame,
    ``"server"`` or ``"client"``; where it is not given, as recorded, or as the mask bit says.
    """
    return Microscope(source, None if receiver is None else as_side(receiver))


class Microscope(anywidget.AnyWidget):
    """The widget, and the same from Python: ``flip``, ``edit``, ``load``; ``verdict``, ``text``, ``hex``.

    ValueError where there is no frame to look at.
    """

    _esm = HERE / "microscope.js"
    _css = HERE / "microscope.css"
    hide = traitlets.Unicode("").tag(sync=True)  #: the rule that hides its still
    state = traitlets.Unicode("{}").tag(sync=True)  #: the data that the page draws
    shelf = traitlets.Unicode("[]").tag(sync=True)  #: the frames that can be loaded

    def __init__(self, source: Trace | Source | Iterable[Source], receiver: Side | None = None) -> None:
        super().__init__()
        self.hide = still.hidden(self.model_id)
        self._receiver = receiver
        self._trace = source if isinstance(source, Trace) else None
        if isinstance(source, FramePacket | str | bytes | bytearray | memoryview) or not isinstance(
            source, Iterable
        ):
            self._sources: list[Source] = [] if isinstance(source, Trace) else [source]
        else:
            self._sources = list(source)
        self.refresh()
        if not self._sources:
            raise ValueError("no frame to look at: the trace has none yet")
        self.slide = self._slide(0)
        self._loaded = self._page = 0
        self._still = self._slide(0)  # shown by a page without a kernel
        self._show()
        self.on_msg(lambda widget, content, buffers: self.ask(content))

    def __repr__(self) -> str:
        return self.text

    # -- its state ----------------------------------------------------------------------------------------

    @property
    def data(self) -> bytes:
        """The bytes as they are now."""
        return self.slide.data

    @property
    def hex(self) -> str:
        """The same as digits."""
        return self.slide.data.hex(" ")

    @property
    def verdict(self) -> Verdict:
        """The receiver's verdict on the frame as it is now."""
        return self.slide.verdict

    @property
    def text(self) -> str:
        """Everything about the frame as it is now: one line for each field, and the verdict."""
        return _text(self.slide)

    # -- changes ------------------------------------------------------------------------------------------

    def flip(self, bit: int) -> Verdict:
        """Turn one bit over, counted from the first of the frame; the new verdict."""
        self.slide.flip(bit)
        self._page = bit // 8 // PAGE
        fields = [f for p in self.slide.packets[:1] for f in p.fields if f.start <= bit < f.stop]
        name = f", {theme.field(fields[0].name).label}," if fields else ""
        now = self.slide.data[bit >> 3] >> (7 - bit % 8) & 1
        self._show(f"bit {bit}{name} is now {now}")
        return self.verdict

    def edit(self, **changes: Any) -> Verdict:
        """Build the frame with another ``payload``, ``key``, ``masked`` or length ``form`` (7, 16, 64)."""
        self.slide.build(**changes)
        self._show(f"the frame has {len(self.data)} bytes now")
        return self.verdict

    def load(self, number: int) -> None:
        """Put another frame of the trace, or of the list, under the microscope: 0, 1, 2 …; or ValueError."""
        self.slide = self._slide(number)
        self._loaded, self._page = number, 0
        self._show(f"frame {number + 1} is under the microscope")

    def reset(self) -> None:
        """The frame as it was."""
        self.slide.reset()
        self._show("the frame is as it was")

    def refresh(self) -> None:
        """Read the frames of the trace again."""
        if self._trace is not None:
            fitting: list[Source] = [f for f in self._trace.frames if f.size <= MOST]
            self._sources = fitting[-SHELF:]
        self.shelf = json.dumps([_name(source) for source in self._sources])

    def ask(self, content: Any) -> None:
        """Do what the page asks for; an error is shown there."""
        try:
            self._do(content)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            self._show(f"that can't be done: {error}", failed=True)

    def _do(self, content: dict[str, Any]) -> None:
        match content["do"]:
            case "flip":
                self.flip(int(content["bit"]))
            case "turn":
                self._page = max(0, int(content["page"]))
                self._show()
            case "load":
                self.load(int(content["number"]))
            case "refresh":
                self.refresh()
            case "reset":
                self.reset()
            case "receiver":
                self.slide.receiver = as_side(str(content["receiver"]))
                self.slide.put(self.slide.data)
                self._show(f"a {content['receiver']} receives it")
            case "text":
                self.edit(payload=str(content["text"]).encode())
            case "payload":
                self.edit(payload=bytes.fromhex(content["payload"]))
            case "key":
                self.edit(key=bytes.fromhex(content["key"]), masked=True)
            case "masked":
                self.edit(masked=bool(content["masked"]))
            case "form":
                self.edit(form=int(content["form"]))
            case "nothing":
                pass  # a ping only has to arrive
            case other:
                raise ValueError(f"{other!r}: the page can't ask for that")

    # -- how ----------------------------------------------------------------------------------------------

    def _show(self, said: str = "", *, failed: bool = False) -> None:
        self._page = min(self._page, (len(self.data) - 1) // PAGE)
        state = self.slide.state(self._page, said) | {"loaded": self._loaded, "failed": failed}
        self.state = json.dumps(state)

    def _slide(self, number: int) -> Slide:
        if not 0 <= number < len(self._sources):
            raise ValueError(f"frame {number}: there are {len(self._sources)}, counted from 0")
        source = self._sources[number]
        data = as_bytes(source)
        side = self._receiver
        if side is None and isinstance(source, FramePacket):
            side = Side.SERVER if source.direction == TO_SERVER else Side.CLIENT
        return Slide(data, side or receiver_of(data), *self._around(number))

    def _around(self, number: int) -> tuple[bytes, Parameters | None]:
        """The context of a frame: the frames before it of its message, and the compression agreed on."""
        source = self._sources[number]
        if not isinstance(source, FramePacket):
            return b"", None
        if self._trace is None:
            return b"", Parameters() if source.compressed and source.verdict.accepted else None
        deflate = agreed(self._trace, source.connection)
        return before(self._trace.frames, source, deflate), deflate

    @property
    def outputs(self) -> tuple[still.Bundle, still.Bundle]:
        """The outputs that a notebook keeps: the still, and the widget."""
        return still.outputs(self, _text(self._still), _html(self._still))

    def _ipython_display_(self) -> None:
        still.show(self.outputs)


def agreed(trace: Trace, connection: int) -> Parameters | None:
    """The compression that a connection's response names."""
    for packet in trace.responses:
        if packet.connection == connection and packet.status == 101:
            return parameters_in(packet.headers.get("sec-websocket-extensions") or "")
    return None


def before(frames: Sequence[FramePacket], frame: FramePacket, deflate: Parameters | None) -> bytes:
    """The frames that are needed to judge one: those before it of its message.

    Where a compressor keeps earlier messages, these too.
    """
    place = (frame.connection, frame.direction)
    earlier = [f for f in frames if (f.connection, f.direction) == place and f.offset < frame.offset]
    earlier = [f for f in earlier if not f.opcode & CONTROL]
    if deflate is not None and frame.compressed:
        to_server = frame.direction == TO_SERVER
        if not (deflate.client_no_context_takeover if to_server else deflate.server_no_context_takeover):
            return b"".join(f.bytes for f in earlier)
    ends = [number for number, f in enumerate(earlier, start=1) if f.fin]
    return b"".join(f.bytes for f in earlier[ends[-1] if ends else 0 :])


def _name(source: Source) -> str:
    """A frame in a line, for the list of those that can be loaded."""
    if isinstance(source, FramePacket):
        return f"{'→' if source.direction == TO_SERVER else '←'} {label(source)}"
    if isinstance(source, Packet):
        return source.summary
    data = as_bytes(source)
    return data[:8].hex(" ") + (" …" if len(data) > 8 else "")


def _text(slide: Slide) -> str:
    lines = [describe(slide.packet), f"{SIGNS[slide.verdict.outcome]} {slide.words}"]
    lines += [f"behind it: {packet.summary}: {packet.verdict}" for packet in slide.packets[1:]]
    return "\n".join(lines)


def _html(slide: Slide) -> str:
    """The frame without a kernel: verdict, picture, table."""
    cell = "text-align:left;padding:.15em .6em;border:1px solid #999999"
    style = f"background:{theme.PAPER};color:{theme.INK}"
    rows = ""
    for field in slide.state()["frames"][0]["fields"]:
        name = f'<th style="{cell};{field["css"]}">{field["label"]}</th>'
        parts = [field[key] for key in ("where", "value", "meaning", "section")]
        values = "".join(f'<td style="{cell}">{html.escape(part)}</td>' for part in parts)
        rows += f'<tr style="{style}">{name}{values}</tr>'
    titles = "".join(
        f'<th style="{cell}">{title}</th>' for title in ("field", "where", "value", "meaning", "says who")
    )
    sign = SIGNS[slide.verdict.outcome]
    return (
        f"<div><p><em>In a running notebook every bit can be flipped.</em></p>{ruler(slide.packet).frame}"
        f'<div style="{CARD};overflow-x:auto;{style}"><p style="{style}"><strong>{sign} '
        f"{html.escape(slide.words)}</strong></p>"
        f'<table style="border-collapse:collapse;{style}"><tr style="{style}">{titles}</tr>'
        f"{rows}</table></div></div>"
    )
