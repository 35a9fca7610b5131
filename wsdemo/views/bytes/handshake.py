"""A request beside its response: each line of the opening handshake, its purpose, and its answer.

::

    GET /chat HTTP/1.1               ►   HTTP/1.1 101 Switching Protocols
    what is asked for                    what the server answers
    Sec-WebSocket-Key: dGhl…         ►   Sec-WebSocket-Accept: s3pP…
    16 random bytes in base64            proof that the server has read the key

The lines of the request stand in the order of the wire; those of the response beside the line that they
answer (the order of header fields means nothing), then the rest. Names and meanings come from the trace's own
dissection. Knows nothing of connections.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wsdemo.trace.fields import Field
from wsdemo.trace.heads import head_fields
from wsdemo.trace.packets import RequestPacket, ResponsePacket
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SIZE, SMALL, WIDTH, Canvas, Sketch
from wsdemo.words import printable

#: A header field of the request (in lower case), and the one of the response that answers it.
ANSWERS: Final = {
    "upgrade": "upgrade",
    "connection": "connection",
    "sec-websocket-key": "sec-websocket-accept",
    "sec-websocket-version": "sec-websocket-version",
    "sec-websocket-protocol": "sec-websocket-protocol",
    "sec-websocket-extensions": "sec-websocket-extensions",
}

LETTERS: Final = 54  #: that fit in a line of one column
MOST_LINES: Final = 4  #: of one field; the rest of it is cut
MOST_BODY: Final = 300  #: characters of a body that are shown

# In pixels.
LEFT: Final = 8.0
GAP: Final = 40.0  # between the two columns, for the arrow
LETTER: Final = 8.5  # a character of the fixed-width font: all are alike
LINE: Final = 26.0
NOTE: Final = 18.0  # a line of explanation
PAD: Final = 14.0
HEAD: Final = 40.0  # the room above the columns
POINTS: Final = LETTER / 0.602  # of the font; its letters are 0.602 of its size wide
STRIP: Final = 5.0  # of pattern, below the letters: it does not strike them through

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a head (or the body): its parts as (field's name, text), its purpose, and the source."""

    parts: tuple[tuple[str, str], ...]
    meaning: str
    section: str

    @property
    def name(self) -> str:
        """The header field's name in lower case; the field's own for the start line, the end and the body."""
        kind, text = self.parts[0]
        return text.lower() if kind == "header name" else kind

    @property
    def text(self) -> str:
        """The line itself, without the CR LF that ends it."""
        return "".join(text for _, text in self.parts)

    @property
    def note(self) -> str:
        """The purpose of the line, and the section that says so."""
        return f"{self.meaning} ({self.section})" if self.section else self.meaning


def handshake(request: RequestPacket | bytes, response: ResponsePacket | bytes) -> Sketch:
    """A request and its response, line by line: packets of a trace, or the bytes of the two heads."""
    rows = pair(lines(request), lines(response))
    title = "A request, and the response to each of its lines"
    return Sketch(_draw(rows), describe(rows), title)


def lines(packet: RequestPacket | ResponsePacket | bytes) -> list[Line]:
    r"""The lines of a head.

    >>> [line.text for line in lines(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    ['GET / HTTP/1.1', 'Host: a', 'CR LF']
    >>> lines(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[1].note
    'the server that is asked, and its port (RFC 9110 §7.2)'
    """
    fields = head_fields(packet) if isinstance(packet, bytes) else packet.fields
    found: list[Line] = []
    parts: list[Field] = []
    for field in fields:
        if field.name == "body":
            data = field.value if isinstance(field.value, bytes) else b""
            text = data.decode("utf-8", "replace").rstrip("\r\n")
            found.append(Line((("body", printable(text[:MOST_BODY])),), "the body", field.section))
        elif field.value != "\r\n":
            parts.append(field)
        elif parts:
            said = next((part for part in parts if part.name != "plain"), parts[0])
            shown = tuple((part.name, printable(str(part.value))) for part in parts)
            found.append(Line(shown, said.meaning, said.section))
            parts = []
        else:
            found.append(Line((("plain", "CR LF"),), field.meaning, field.section))
    if parts:
        shown = tuple((part.name, printable(str(part.value))) for part in parts)
        found.append(Line(shown, "cut off: the rest has not come", ""))
    return found


def pair(asked: Sequence[Line], answered: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """Each line of the request beside the one that answers it; the response's other lines before its end."""
    rest = list(answered)
    rows: list[tuple[Line | None, Line | None]] = []
    end: list[Line] = []
    for line in asked:
        if line.name in ("plain", "body"):
            end.append(line)
            continue
        wanted = ANSWERS.get(line.name, line.name if line.name == "start line" else "")
        match = next((other for other in rest if other.name == wanted), None)
        if match is not None:
            rest.remove(match)
        rows.append((line, match))
    tail = [line for line in rest if line.name in ("plain", "body")]
    rows += [(None, line) for line in rest if line not in tail]
    for number in range(max(len(end), len(tail))):
        left = end[number] if number < len(end) else None
        rows.append((left, tail[number] if number < len(tail) else None))
    return rows


def describe(rows: Sequence[tuple[Line | None, Line | None]]) -> str:
    r"""The same as the picture, in lines.

    >>> asked, answered = lines(b"GET / HTTP/1.1\r\n\r\n"), lines(b"HTTP/1.1 101 Go\r\n\r\n")
    >>> print(describe(pair(asked, answered)))
    request:  GET / HTTP/1.1 - what is asked for (RFC 9112 §3)
    response: HTTP/1.1 101 Go - what the server answers (RFC 9112 §4)
    request:  CR LF - an empty line ends the head (RFC 9112 §2.1)
    response: CR LF - an empty line ends the head (RFC 9112 §2.1)
    """
    said = []
    for asked, answered in rows:
        if asked is not None:
            said.append(f"request:  {asked.text} - {asked.note}")
        if answered is not None:
            said.append(f"response: {answered.text} - {answered.note}")
    return "\n".join(said)


# -- as a picture -----------------------------------------------------------------------------------------


def _draw(rows: Sequence[tuple[Line | None, Line | None]]) -> Canvas:
    """Two columns, an arrow from each line to its answer."""
    heights = [max(_height(line) for line in row if line is not None) for row in rows]
    canvas = Canvas(HEAD + sum(heights) + PAD / 2)
    right = (WIDTH + GAP) / 2
    for x, words in ((LEFT, "client to server: the request"), (right, "server to client: the response")):
        canvas.text(x, HEAD / 2, words, size=SIZE + 1.5, anchor="start", bold=True)
    top = HEAD
    for (asked, answered), tall in zip(rows, heights, strict=True):
        canvas.line([(0, top), (WIDTH, top)], color="#cccccc", width=0.8)
        if asked is not None:
            _line(canvas, asked, LEFT, top + PAD / 2)
        if answered is not None:
            _line(canvas, answered, right, top + PAD / 2)
        if asked is not None and answered is not None and asked.name not in ("plain", "body"):
            y = top + PAD / 2 + LINE / 2
            canvas.line([(right - GAP + 5, y), (right - 5, y)], width=1.4, arrow=True)
        top += tall
    return canvas


def _height(line: Line) -> float:
    return len(_wrapped(line)) * LINE + len(_note(line)) * NOTE + PAD


def _note(line: Line) -> list[str]:
    """The note in lines, none of which ends inside the name of a section."""
    whole = line.note.replace("RFC ", f"RFC{_NO_BREAK}").replace(" §", f"{_NO_BREAK}§")
    return [part.replace(_NO_BREAK, " ") for part in textwrap.wrap(whole, 68)]


def _wrapped(line: Line) -> list[list[tuple[str, str]]]:
    """The parts of a line, cut into as many lines as a column needs."""
    out: list[list[tuple[str, str]]] = [[]]
    room = LETTERS
    for name, text in line.parts:
        for piece in _pieces(text, room):
            if len(piece) > room:
                out.append([])
                room = LETTERS
            out[-1].append((name, piece))
            room -= len(piece)
    if len(out) > MOST_LINES:
        del out[MOST_LINES:]
        out[-1].append(("plain", "…"))
    return out


def _pieces(text: str, room: int) -> Iterator[str]:
    """The text whole where there is room for it, else cut where the lines end."""
    first = room if len(text) > LETTERS or len(text) > room > LETTERS // 2 else LETTERS
    if len(text) <= room:
        first = len(text)
    yield text[:first]
    for start in range(first, len(text), LETTERS):
        yield text[start : start + LETTERS]


def _line(canvas: Canvas, line: Line, x: float, y: float) -> None:
    for parts in _wrapped(line):
        at = x
        for name, text in parts:
            wide = len(text) * LETTER
            if name != "plain" or text == "CR LF":
                canvas.box(at, y + 1, wide, LINE - 4, fill=theme.field(name).fill, line=0)
                canvas.box(at, y + LINE - 3 - STRIP, wide, STRIP, name, line=0)
            canvas.text(at, y + LINE / 2 - 2, text, size=POINTS, anchor="start", mono=True)
            at += wide
        y += LINE
    for note in _note(line):
        canvas.text(x, y + NOTE / 2 - 1, note, size=SMALL, anchor="start", color=theme.QUIET)
        y += NOTE
