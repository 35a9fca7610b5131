"""A trace and a connection as tables of facts: against what happened on the wire."""

from __future__ import annotations

import re

import pytest

from tests.waiting import DEADLINE
from wsdemo import Connection, ConnectionClosed, Trace, connect, serve
from wsdemo.views.diagrams.facts import Facts, connection_rows, trace_facts, trace_rows


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def test_a_connection_s_facts_follow_its_life() -> None:
    with serve(echo, subprotocols=["chat"]) as server:
        ws = connect(server.url, subprotocols=["chat"], compression=False)
        assert connection_rows(ws) == [
            ("connection", str(ws.id)),
            ("state", "OPEN"),
            ("peer", f"127.0.0.1:{server.port}"),
            ("subprotocol", "'chat'"),
            ("extensions", "none"),
        ]
        ws.ping(DEADLINE)
        assert dict(connection_rows(ws))["latency"] == f"{(ws.latency or 0) * 1000:.2f} ms there and back"
        ws.close(4000, "enough")
        assert dict(connection_rows(ws))["state"] == "CLOSED"
        assert dict(connection_rows(ws))["close code"].startswith("4000: ")


def test_what_a_peer_says_is_escaped() -> None:
    def leave(ws: Connection, message: str | bytes) -> None:
        ws.close(4001, "\x1b[31m<b>")

    with serve(leave) as server, connect(server.url) as ws:
        ws.send("go")
        with pytest.raises(ConnectionClosed):
            ws.recv(DEADLINE)
        rows = dict(connection_rows(ws))
        assert "permessage-deflate" in rows["extensions"]
        assert "\x1b" not in rows["close reason"] and "<b>" in rows["close reason"]
        assert "<b>" not in Facts([("close reason", rows["close reason"])]).html


def test_an_end_that_was_no_good_one_says_why() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        ws.sender.fail(ValueError("a mistake\x07"), 1011, "internal error")
        assert ws.wait_closed(DEADLINE)
        rows = dict(connection_rows(ws))
        assert rows["error"] == "'a mistake\\x07'"
        assert "close code sent" not in rows, "it is the one that came back"


def test_a_trace_counts_kinds_and_bytes_each_way() -> None:
    trace = Trace()
    with serve(echo, trace=trace) as server, connect(server.url, compression=False) as ws:
        for message in ("a", "bb", b"ccc"):
            ws.send(message)
            ws.recv(DEADLINE)
    rows = dict(trace_rows(trace))
    assert rows["connections"] == "1"
    for direction, head in (("to server", "request"), ("to client", "response")):
        size = sum(packet.size for packet in trace.packets if packet.direction == direction)
        kinds = f"1 × HTTP {head}, 2 × text, 1 × binary, 1 × close"
        assert re.fullmatch(rf"{size:,} bytes: {kinds}", rows[direction]), rows[direction]
    assert "not kept" not in rows


def test_a_trace_shows_its_facts_and_below_them_its_ladder() -> None:
    trace = Trace()
    with serve(echo, trace=trace) as server, connect(server.url):
        pass
    shown = trace_facts(trace)
    assert shown.text.startswith("connections: 1\n") and shown.below is not None
    assert shown.text.endswith(shown.below.text) and shown.below.html in shown.html


def test_what_a_full_record_does_not_keep_is_told() -> None:
    trace = Trace(limit=100)
    with serve(echo, trace=trace) as server, connect(server.url) as ws:
        ws.send("x" * 1000)
        ws.recv(DEADLINE)
    assert dict(trace_rows(trace))["not kept"].endswith("over the limit of 100")
