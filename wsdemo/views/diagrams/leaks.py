"""Five ways to bring a token, and the places where it turns up.

::

    ticket in the URL                     GET /chat?ticket=TOKEN HTTP/1.1
      the wire, with TLS     –            17 03 03 …
      an access log          used up      GET /chat?ticket=TOKEN HTTP/1.1
      a log of headers       used up      …

`found` writes down what each place gets to see: the request as a client sends it, its line in a log, the
address in a browser. The token is there, or it is not. A page of another port
does not see the cookie, but the browser sends it along. Knows nothing of sockets.
"""

from __future__ import annotations

import html
from typing import Final, NamedTuple

from wsdemo.views.drawing import table as sheet
from wsdemo.views.drawing import theme
from wsdemo.views.drawing.drawing import Drawing

TOKEN: Final = "TOKEN"
COOKIE: Final = "cookie"
AUTHORIZATION: Final = "Authorization"
MESSAGE: Final = "first message"
TICKET: Final = "ticket in the URL"
SUBPROTOCOL: Final = "subprotocol"
WAYS: Final = (COOKIE, AUTHORIZATION, MESSAGE, TICKET, SUBPROTOCOL)
#: The places, in the order of the way: on the road, at the server, in the browser.
WIRE: Final = "the wire"
ACCESS: Final = "an access log"
HEADERS: Final = "a log of headers"
HISTORY: Final = "the browser's tools and history"
SCRIPT: Final = "a script that got into the page"
STRANGER: Final = "a page of another port"
PLACES: Final = (WIRE, ACCESS, HEADERS, HISTORY, SCRIPT, STRANGER)


class Sighting(NamedTuple):
    """A place, and the text that it gets to see. ``spent``: the token there counts no longer."""

    name: str
    sees: str
    spent: bool = False

    @property
    def verdict(self) -> str:
        """Whether the token is there, in a word.

        >>> [Sighting("a log", "GET /?ticket=TOKEN", spent).verdict for spent in (False, True)]
        ['LEAKS', 'used up']
        """
        if TOKEN not in self.sees:
            return "–"
        if self.name == STRANGER:
            return "COMES ALONG"
        return "used up" if self.spent else "LEAKS"


def request(way: str) -> tuple[str, ...]:
    """The lines of the request that opens the WebSocket. Raises ValueError for another way.

    >>> request("ticket in the URL")[0]
    'GET /chat?ticket=TOKEN HTTP/1.1'
    """
    if way not in WAYS:
        raise ValueError(f"{way!r}: expected one of {WAYS}")
    query = f"?ticket={TOKEN}" if way == TICKET else ""
    head = [f"GET /chat{query} HTTP/1.1", "Host: chat.example"]
    match way:
        case "cookie":
            head.append(f"Cookie: session={TOKEN}")
        case "Authorization":
            head.append(f"Authorization: Bearer {TOKEN}")
        case "subprotocol":
            head.append(f"Sec-WebSocket-Protocol: chat, {TOKEN}")
    return tuple(head)


def found(way: str, tls: bool = True) -> tuple[Sighting, ...]:
    """A sighting at each of `PLACES`, of a token that comes this way. Raises ValueError for another way."""
    lines = request(way)
    hello = f' · {{"type":"hello","token":"{TOKEN}"}}' if way == MESSAGE else ""
    spent = way == TICKET
    script = {
        COOKIE: 'document.cookie is "": HttpOnly',
        AUTHORIZATION: "only programs can add this header, no page",
        TICKET: f'ticket = "{TOKEN}"',
    }.get(way, f'token = "{TOKEN}"')
    stranger = lines[2] if way == COOKIE else "the browser adds nothing by itself"
    return (
        Sighting(WIRE, "17 03 03 … (TLS)" if tls else " · ".join(lines) + hello, spent),
        Sighting(ACCESS, f'"{lines[0]}" 101', spent),
        Sighting(HEADERS, " · ".join(lines), spent),
        Sighting(HISTORY, f"{'wss' if tls else 'ws'}://chat.example{lines[0].split()[1]}", spent),
        Sighting(SCRIPT, script, spent),
        Sighting(STRANGER, stranger),
    )


class Leaks(Drawing):
    """The places of one way, with the text that each of them sees."""

    def __init__(self, way: str, tls: bool) -> None:
        self.way, self.tls = way, tls
        self.places = found(way, tls)

    @property
    def title(self) -> str:
        """The way, with or without TLS, and the number of places that hold a token that counts."""
        bad = sum(place.verdict.isupper() for place in self.places)
        return f"{self.way}, {'with' if self.tls else 'without'} TLS: bad in {bad} of {len(PLACES)} places"

    @property
    def text(self) -> str:
        """The title, and a line for each place."""
        wide = max(map(len, PLACES))
        lines = [f"  {place.name:<{wide}}  {place.verdict:<11}  {place.sees}" for place in self.places]
        return "\n".join([self.title, *lines])

    @property
    def html(self) -> str:
        """The title over a table of places, verdicts and texts; the token is marked in each text."""
        rows = [[sheet.head(words) for words in ("the place", "the token", "what is there")]]
        rows += [
            [sheet.head(place.name), verdict(place.verdict), _marked(place.sees)] for place in self.places
        ]
        title = (
            f'<strong style="color:{theme.INK};background:{theme.PAPER}">{html.escape(self.title)}</strong>'
        )
        return f'<div style="background:{theme.PAPER};padding:6px">{title}{sheet.table(rows)}</div>'


class AllLeaks(Drawing):
    """All ways and all places, in one table."""

    def __init__(self, tls: bool) -> None:
        self.tls = tls

    @property
    def text(self) -> str:
        """A line for each way: the places where the token is, and those where it is used up."""
        wide, lines = max(map(len, WAYS)), []
        for way in WAYS:
            places = found(way, self.tls)
            leaks = [place.name for place in places if place.verdict.isupper()]
            spent = [place.name for place in places if place.verdict == "used up"]
            said = ", ".join(leaks) or "nowhere"
            lines.append(f"{way:<{wide}}  {said}" + (f"; used up in {len(spent)} places" if spent else ""))
        return "\n".join(lines)

    @property
    def html(self) -> str:
        """A row for each way, a column for each place."""
        rows = [[sheet.head("way"), *(sheet.head(place) for place in PLACES)]]
        rows += [[sheet.head(way), *(verdict(p.verdict) for p in found(way, self.tls))] for way in WAYS]
        return f"<div>{sheet.table(rows)}</div>"


def leaks(way: str | None = None, *, tls: bool = True) -> Drawing:
    """Show where a token turns up that comes this way, one of `WAYS`; None: all ways, in one table.

    Raises ValueError for another way.
    """
    return AllLeaks(tls) if way is None else Leaks(way, tls)


def verdict(words: str) -> str:
    """The cell of a verdict: its colour says it again."""
    look = f"color:{theme.ALARM};font-weight:bold" if words.isupper() else f"color:{theme.INK}"
    style = f"text-align:left;white-space:nowrap;{sheet.CELL};{look}"
    return f'<td style="{style}">{words}</td>'


def _marked(words: str) -> str:
    mark = f'<span style="{theme.css("payload")}">{TOKEN}</span>'
    text = mark.join(html.escape(part) for part in words.split(TOKEN))
    return f'<td style="text-align:left;{sheet.CELL}"><code>{text}</code></td>'
