"""Two programs and the connection between them: the socket of each, with its address and port.

::

    the client's program              the server's program
                                      listening socket  127.0.0.1:1234
                                             │ accept()
    socket  127.0.0.1:51234 ◄───────► socket 127.0.0.1:1234
                       one TCP connection

Addresses are pairs of a host and a port, as ``getsockname()`` gives them. Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wsdemo.views.drawing import theme
from wsdemo.views.drawing.canvas import SIZE, SMALL, WIDTH, Canvas, Sketch, width

TITLE: Final = "Two programs, two sockets, one TCP connection"

# In pixels.
PROGRAM: Final = 352.0  # the width of a program
TALL: Final = 250.0  # and its height
TOP: Final = 42.0
PAD: Final = 18.0
BOX: Final = 76.0  # the height of a socket
FOOT: Final = 46.0  # the room below the programs
UPPER, LOWER = TOP + 40.0, TOP + TALL - BOX - 14.0  # where the sockets begin

#: The host and the port of one end.
Address = Sequence[object]


def sockets(client: Address, server: Address) -> Sketch:
    """Draw both ends of one connection: the ``client``'s address, and the ``server``'s.

    >>> print(sockets(("127.0.0.1", 51234), ("127.0.0.1", 1234)).text)
    Two programs, two sockets, one TCP connection
    the client's program: a socket at 127.0.0.1:51234
    the server's program: a listening socket at 127.0.0.1:1234, which only accepts
    the server's program: a socket at 127.0.0.1:1234, which accept() gave
    between the two sockets: one TCP connection, a stream of bytes in each direction
    """
    here, there = written(client), written(server)
    text = [
        TITLE,
        f"the client's program: a socket at {here}",
        f"the server's program: a listening socket at {there}, which only accepts",
        f"the server's program: a socket at {there}, which accept() gave",
        "between the two sockets: one TCP connection, a stream of bytes in each direction",
    ]
    return Sketch(_draw(here, there), "\n".join(text), TITLE)


def written(address: Address) -> str:
    """An address and its port as one word; IPv6 has colons of its own, and so stands in brackets.

    >>> written(("127.0.0.1", 1234)), written(("::1", 1234, 0, 0))
    ('127.0.0.1:1234', '[::1]:1234')
    """
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _draw(here: str, there: str) -> Canvas:
    canvas = Canvas(TOP + TALL + FOOT)
    left, right = 8.0, WIDTH - 8.0 - PROGRAM
    for x, words in ((left, "the client's program"), (right, "the server's program")):
        canvas.box(x, TOP, PROGRAM, TALL, edge=theme.QUIET, round=10)
        canvas.text(x + PROGRAM / 2, TOP - 18, words, size=SIZE + 1.5, bold=True)
    wide = PROGRAM - 2 * PAD
    _socket(canvas, left + PAD, LOWER, wide, "socket", here)
    _socket(canvas, right + PAD, UPPER, wide, "listening socket: it only accepts", there, listening=True)
    _socket(canvas, right + PAD, LOWER, wide, "socket, one for each client", there)
    note = UPPER + BOX / 2
    for number, line in enumerate(("create_connection() makes the socket;", "the system chooses its port")):
        canvas.text(left + PROGRAM / 2, note + 18 * number, line, size=SMALL, color=theme.QUIET)
    middle = right + PROGRAM / 2
    canvas.line([(middle, UPPER + BOX), (middle, LOWER)], color=theme.QUIET, dash="5 4", arrow=True)
    canvas.text(
        middle + 10, (UPPER + BOX + LOWER) / 2, "accept()", size=SMALL, anchor="start", color=theme.QUIET
    )
    start, end = left + PAD + wide, right + PAD
    for up, (one, two) in ((-9, (start, end)), (9, (end, start))):
        canvas.line([(one, LOWER + BOX / 2 + up), (two, LOWER + BOX / 2 + up)], width=2.5, arrow=True)
    canvas.text(WIDTH / 2, LOWER + 8, "one TCP connection", bold=True, room=end - start - 40)
    words = "bytes, in both directions"
    canvas.text(WIDTH / 2, LOWER + BOX - 6, words, size=SMALL, room=end - start - 40)
    foot = "What one program hands to its socket comes out of the other one: "
    foot += "the two operating systems, and the network between them, see to that."
    canvas.text(WIDTH / 2, TOP + TALL + FOOT / 2, foot, size=SMALL, color=theme.QUIET, room=WIDTH - 20)
    return canvas


def _socket(
    canvas: Canvas, x: float, y: float, wide: float, name: str, address: str, *, listening: bool = False
) -> None:
    """One socket: its name, its address and port, and below each of these an explanation."""
    look = None if listening else "payload"
    canvas.box(x, y, wide, BOX, look, line=1.4, dash="6 4" if listening else "", round=6)
    letter = width("0", SIZE + 1.5, mono=True)
    host, _, port = address.rpartition(":")
    most = int((wide - 12) / letter) - len(port) - 1
    host = host if len(host) <= most else f"{host[: most - 1]}…"
    address = f"{host}:{port}"
    middle = x + wide / 2
    canvas.text(middle, y + 16, name, bold=True, room=wide - 12)
    canvas.text(middle, y + 39, address, size=SIZE + 1.5, mono=True)
    start = middle - len(address) * letter / 2
    for words, first, size in (("address", 0, len(host)), ("port", len(host) + 1, len(port))):
        ends = start + first * letter, start + (first + size) * letter
        canvas.line([(ends[0], y + 50), (ends[1], y + 50)], color=theme.QUIET)
        canvas.text(sum(ends) / 2, y + 62, words, size=SMALL, color=theme.QUIET)
