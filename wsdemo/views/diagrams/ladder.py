"""A sequence diagram of the traffic on the wire: each message, its direction and its time.

::

    time       client                              server
      0.0 ms     ├── GET / ───────────────────────►│  162 B
      0.8 ms     │◄────────── 101 Switching … ─────┤  129 B
      1.1 ms     ├── text 5 B 'Hello' ────────────►│   11 B

Made from a trace, as it stands or as it grows. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, overload

from wsdemo.protocol.codes import Opcode
from wsdemo.record.facts import TO_SERVER, Mark
from wsdemo.trace.fields import opcode_name
from wsdemo.trace.packets import FramePacket, Packet
from wsdemo.trace.trace import Trace
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SMALL, WIDTH, Canvas, Sketch
from wsdemo.views.drawing.canvas import width as measure

if TYPE_CHECKING:
    from wsdemo.views.live.following import Following

MOST: Final = 40  #: rows drawn unless told otherwise: the newest

CLIENT: Final = 190.0
SERVER: Final = 850.0
ROW: Final = 36.0
HEAD: Final = 52.0

ENDS: Final = {"eof": "TCP: no more bytes", "reset": "TCP: reset", "closed": "TCP: socket closed"}


@overload
def ladder(
    trace: Trace, *, connection: int | None = ..., most: int = ..., live: Literal[False] = ...
) -> Sketch: ...
@overload
def ladder(
    trace: Trace, *, connection: int | None = ..., most: int = ..., live: Literal[True]
) -> Following: ...


def ladder(
    trace: Trace, *, connection: int | None = None, most: int = MOST, live: bool = False
) -> Sketch | Following:
    """Draw the packets of a trace (of one ``connection``, or of all), the newest ``most`` of them.

    ``live``: a picture that follows the trace; ``stop()`` it, or run its cell again, to end that.
    """
    if live:
        from wsdemo.views.live.following import Following  # it needs ipywidgets, the ladder does not

        return Following(
            lambda: picture(trace, connection, most),
            lambda: (len(trace.chunks), len(trace.marks), trace.size),
            caption="In a running notebook the picture follows the traffic.",
        )
    return picture(trace, connection, most)


def picture(trace: Trace, connection: int | None = None, most: int = MOST) -> Sketch:
    """The ladder of a trace as it stands."""
    rows = events(trace, connection)
    several = len({row.connection for row in rows}) > 1
    start = rows[0].time if rows else 0.0
    packets = [row for row in rows if isinstance(row, Packet)]
    title = f"{len(packets)} packets, {sum(p.size for p in packets)} bytes"
    hidden = max(0, len(rows) - most)
    lines = [title] + ([f"… {hidden} earlier ones are not shown"] if hidden else [])
    lines += [_line(row, start, several) for row in rows[hidden:]]
    return Sketch(_draw(rows[hidden:], start, hidden, several), "\n".join(lines), title)


def events(trace: Trace, connection: int | None = None) -> list[Packet | Mark]:
    """Packets by time, and the end of TCP as recorded at the same end of the connection."""
    rows: list[Packet | Mark] = [p for p in trace.packets if connection in (None, p.connection)]
    tapped = {chunk.connection for chunk in trace.select(end="client")}
    for mark in list(trace.marks):
        end = "client" if mark.connection in tapped else "server"
        if mark.what in ("eof", "reset") and mark.end == end and connection in (None, mark.connection):
            rows.append(mark)
    return sorted(rows, key=lambda row: row.time)


def label(packet: Packet) -> str:
    """The label of an arrow; payloads of pings and pongs, which are often random, are left out.

    >>> from wsdemo.views.bytes.specimen import as_frame
    >>> label(as_frame("89046f8f3c1b")), label(as_frame("810548656c6c6f"))
    ('ping 4 B', "text 5 B 'Hello'")
    """
    if isinstance(packet, FramePacket) and packet.opcode in (Opcode.PING, Opcode.PONG):
        return f"{opcode_name(packet.opcode)} {packet.length} B"
    return packet.summary


def look(packet: Packet) -> str:
    """The field of the theme in whose colours its label stands."""
    if packet.verdict.outcome in ("refused", "ignored"):
        return "refused"
    if isinstance(packet, FramePacket):
        return "opcode" if packet.opcode & 8 else "masked payload" if packet.masked else "payload"
    return {"request": "start line", "response": "start line", "message": "payload"}.get(packet.kind, "body")


def _line(row: Packet | Mark, start: float, several: bool) -> str:
    who = f"connection {row.connection}, " if several else ""
    when = f"(+{(row.time - start) * 1000:.1f} ms)"
    if isinstance(row, Mark):
        return f"{who}{row.end}: {ENDS[row.what]} {when}"
    verdict = "" if row.verdict.accepted else f"; {row.verdict}"
    return f"{who}{row.direction}: {label(row)}; {row.size} bytes on the wire{verdict} {when}"


def _draw(rows: Sequence[Packet | Mark], start: float, hidden: int, several: bool) -> Canvas:
    canvas = Canvas(HEAD + max(1, len(rows)) * ROW + 14)
    for x, who in ((CLIENT, "client"), (SERVER, "server")):
        canvas.line([(x, 34), (x, canvas.height - 4)], width=2)
        canvas.box(x - 50, 6, 100, 28, fill=theme.PAPER, line=1.6, round=5)
        canvas.text(x, 20, who, bold=True)
    canvas.text(WIDTH - 14, 20, "size", anchor="end", size=SMALL, color=theme.QUIET)
    canvas.text(14, 20, "time", anchor="start", size=SMALL, color=theme.QUIET)
    if hidden or not rows:
        words = f"… {hidden} earlier" if hidden else "nothing yet"
        canvas.text((CLIENT + SERVER) / 2, 24, words, color=theme.QUIET)
    for number, row in enumerate(rows):
        y = HEAD + number * ROW
        when = f"{(row.time - start) * 1000:.1f} ms"
        canvas.text(14, y + 12, when, anchor="start", size=SMALL, mono=True, color=theme.QUIET)
        if several:
            canvas.text(CLIENT - 12, y + 12, f"#{row.connection}", anchor="end", size=SMALL, bold=True)
        if isinstance(row, Mark):
            _mark(canvas, row, y)
        else:
            _arrow(canvas, row, y)
    return canvas


def _mark(canvas: Canvas, mark: Mark, y: float) -> None:
    color = theme.ALARM if mark.what == "reset" else theme.QUIET
    canvas.line([(CLIENT, y + 12), (SERVER, y + 12)], color=color, dash="2 5")
    canvas.text((CLIENT + SERVER) / 2, y + 12, f"{mark.end}: {ENDS[mark.what]}", color=color, card=True)


def _arrow(canvas: Canvas, packet: Packet, y: float) -> None:
    """The packet's arrow, and its label on it in the colours of its kind."""
    bad = not packet.verdict.accepted
    color = theme.ALARM if packet.verdict.outcome in ("refused", "ignored") else theme.INK
    start, end = (CLIENT, SERVER) if packet.direction == TO_SERVER else (SERVER, CLIENT)
    step = 3 if start < end else -3
    canvas.line([(start + step, y + 7), (end - step, y + 17)], color=color, width=1.8, arrow=True,
                dash="" if packet.complete else "7 4")  # fmt: skip
    words = label(packet)
    if bad:
        verdict = packet.verdict
        words += f" ✗ {verdict.outcome}" + (f" {verdict.code}" if verdict.code else "")
    width = min(SERVER - CLIENT - 120, measure(words) + 24)
    middle = (CLIENT + SERVER) / 2
    canvas.box(middle - width / 2, y + 1, width, 22, look(packet), line=1, edge=color, round=4)
    pattern = bool(theme.field(look(packet)).hatch)
    canvas.text(middle, y + 12, words, room=width - 10, color=color, card=pattern)
    canvas.text(WIDTH - 14, y + 12, f"{packet.size:,} B", anchor="end", size=SMALL, mono=True)
