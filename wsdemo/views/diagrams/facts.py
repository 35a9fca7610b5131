"""A `Trace` and a `Connection` as they show themselves when they are the last line of a cell.

::

    Trace       kinds and numbers of packets in each direction, and the ladder of them
    Connection  state, peer, subprotocol, latency, its end

Text from a peer is escaped. `wsdemo.notebook` makes both classes use this.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from wsdemo.net.connection import Connection
from wsdemo.record.facts import TO_CLIENT, TO_SERVER
from wsdemo.trace.fields import close_meaning, count, escaped, opcode_name
from wsdemo.trace.packets import FramePacket, Packet
from wsdemo.trace.trace import Trace
from wsdemo.views.diagrams.ladder import picture
from wsdemo.views.drawing.drawing import Drawing
from wsdemo.views.drawing.table import cell, head, table

Rows = list[tuple[str, str]]


class Facts(Drawing):
    """A table of names and values, and a drawing ``below`` it."""

    def __init__(self, rows: Rows, below: Drawing | None = None) -> None:
        self.rows = rows
        self.below = below

    @property
    def text(self) -> str:
        """One line for each fact, and the drawing below as text."""
        return lines(self.rows) + (f"\n{self.below.text}" if self.below else "")

    @property
    def html(self) -> str:
        """The table, and the drawing below."""
        facts = table([head(name), cell(value)] for name, value in self.rows)
        return f"<div>{facts}{self.below.html}</div>" if self.below else facts


def trace_facts(trace: Trace) -> Facts:
    """A trace: counts, and the ladder."""
    return Facts(trace_rows(trace), picture(trace))


def trace_rows(trace: Trace) -> Rows:
    """The kinds and numbers of packets in each direction."""
    packets = trace.packets
    rows = [("connections", str(len(trace.addresses)))]
    for direction in (TO_SERVER, TO_CLIENT):
        mine = [packet for packet in packets if packet.direction == direction]
        kinds = Counter(_kind(packet) for packet in mine)
        what = ", ".join(f"{number} × {kind}" for kind, number in kinds.items())
        rows.append((direction, count(sum(packet.size for packet in mine)) + (f": {what}" if what else "")))
    if trace.dropped:
        rows.append(("not kept", f"{count(trace.dropped)}, over the limit of {trace.limit}"))
    return rows


def _kind(packet: Packet) -> str:
    if isinstance(packet, FramePacket):
        return opcode_name(packet.opcode)
    return f"HTTP {packet.kind}" if packet.kind in ("request", "response", "body") else packet.kind


def connection_facts(connection: Connection) -> Facts:
    """A connection: its facts as a table."""
    return Facts(connection_rows(connection))


def connection_rows(connection: Connection) -> Rows:
    """The facts about a connection, and its state."""
    response = connection.response
    extensions = response.headers.get("sec-websocket-extensions") if response is not None else None
    rows = [
        ("connection", str(connection.id)),
        ("state", connection.state.name),
        ("peer", _peer(connection.address)),
        ("subprotocol", "none" if connection.subprotocol is None else escaped(connection.subprotocol)),
        ("extensions", "none" if extensions is None else escaped(extensions, 120)),
    ]
    if connection.latency is not None:
        rows.append(("latency", f"{connection.latency * 1000:.2f} ms there and back"))
    code = connection.close_code
    if code is not None:
        rows.append(("close code", f"{code}: {close_meaning(code)}"))
        if connection.close_reason:
            rows.append(("close reason", escaped(connection.close_reason)))
    sent = connection.close_sent
    if sent not in (None, code):
        rows.append(("close code sent", f"{sent}: {close_meaning(sent)}"))
    if connection.error is not None:
        rows.append(("error", escaped(str(connection.error))))
    return rows


def _peer(address: Any) -> str:
    """An address as it stands in a URL.

    >>> _peer(("127.0.0.1", 1234)), _peer(("::1", 1234, 0, 0))
    ('127.0.0.1:1234', '[::1]:1234')
    """
    if not isinstance(address, tuple) or len(address) < 2:
        return str(address)
    host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"{host}:{address[1]}"


def lines(rows: Rows) -> str:
    """
    >>> print(lines([("state", "OPEN"), ("peer", "127.0.0.1:80")]))
    state: OPEN
    peer: 127.0.0.1:80
    """
    return "\n".join(f"{name}: {value}" for name, value in rows)
