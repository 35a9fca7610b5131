"""Traces in files: what is saved comes back, what is no trace is refused, secrets stay out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trace.test_dissect import CLIENT, REQUEST, RESPONSE, SERVER, masked, opened
from wsdemo import Trace
from wsdemo.trace import TO_SERVER
from wsdemo.trace.files import load

HEADER = '{"format": "wsdemo trace", "version": 1, "started_at": 0, "dropped": 0, "redacted": true}'
CONNECTION = '{"connection": 1, "client": ["::1", 5, 0, 0], "server": ["::1", 80, 0, 0]}'


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    trace = opened((TO_SERVER, masked(1, b"Hello")))
    trace.tap("client", CLIENT, SERVER, layer="tls").sent(b"\x17\x03\x03")
    trace.tap("client", CLIENT, SERVER).mark("closed")
    trace.save(tmp_path / "a.jsonl", redact=False)
    again = Trace.load(tmp_path / "a.jsonl")
    assert [chunk[1:] for chunk in again.chunks] == [chunk[1:] for chunk in trace.chunks]
    assert [c.time for c in again.chunks] == [c.time - trace.started for c in trace.chunks]
    assert [mark[1:] for mark in again.marks] == [mark[1:] for mark in trace.marks]
    assert again.addresses == trace.addresses and again.started_at == trace.started_at
    assert [p.bytes for p in again.packets] == [p.bytes for p in trace.packets]
    again.save(tmp_path / "b.jsonl", redact=False)
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()
    assert again.tap("client", ("x", 1), ("y", 2)).connection == 2


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], "an empty file"),
        (["{}"], "line 1: not a wsdemo trace"),
        ([HEADER.replace('1, "st', '9, "st')], "line 1: version 9"),
        (["[" * 4000], "line 1: not JSON"),
        ([HEADER, "[]"], "line 2: not a JSON object"),
        ([HEADER, CONNECTION, CONNECTION], "line 3: connection 1"),
        ([HEADER, '{"connection": 1, "client": [[]], "server": null}'], "line 2: not an address"),
        ([HEADER, '{"connection": true}'], "line 2: connection is not a number"),
        (
            [HEADER, '{"time": 0, "connection": 7, "end": "client", "direction": "to server", "data": ""}'],
            "line 2: connection 7",
        ),
        (
            [HEADER, CONNECTION, '{"time": NaN, "connection": 1, "data": ""}'],
            "line 3: time is not a number",
        ),
        ([HEADER, CONNECTION, '{"time": 0, "connection": 1, "data": "%"}'], "line 3: data is not base64"),
        (
            [HEADER, CONNECTION, '{"time": 0, "connection": 1, "end": "middle", "data": ""}'],
            "line 3: end is none of client, server",
        ),
        (
            [HEADER, CONNECTION, '{"time": 0, "connection": 1, "data": "' + "AAAA" * 50 + '"}'],
            "line 3: over 100 bytes",
        ),
        ([HEADER, "x" * 10_000], "line 2: the line is too long"),
    ],
)
def test_what_is_no_trace_is_refused_by_its_line(tmp_path: Path, lines: list[str], error: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(ValueError, match=error):
        load(path, limit=100)


def test_secrets_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    secret = b"Cookie: sid=geheim\r\nAuthorization: Bearer geheim\r\nX-Own: geheim\r\n"
    chosen = b"Sec-WebSocket-Protocol: geheim\r\n"
    trace = Trace()
    for end, pair in (("client", (CLIENT, SERVER)), ("server", (SERVER, CLIENT))):
        tap = trace.tap(end, *pair)  # type: ignore[arg-type]
        there = (REQUEST % (secret + b"Sec-WebSocket-Protocol: chat, geheim\r\n")).replace(b"=1", b"=geheim")
        for data, write in (
            (there, tap.sent if end == "client" else tap.received),
            (RESPONSE % (chosen + b"Set-Cookie: geheim\r\n"), tap.received if end == "client" else tap.sent),
        ):
            for at in range(0, len(data), 7):
                write(data[at : at + 7])
    trace.save(tmp_path / "open.jsonl", redact=False)
    assert b"geheim" in Trace.load(tmp_path / "open.jsonl").bytes(TO_SERVER)
    trace.save(tmp_path / "a.jsonl")
    again = Trace.load(tmp_path / "a.jsonl")
    for end in ("client", "server"):
        joined = b"".join(chunk.data for chunk in again.select(end=end))  # type: ignore[arg-type]
        assert b"geheim" not in joined and b"chat?" in joined
        assert len(joined) == sum(len(chunk.data) for chunk in trace.select(end=end))  # type: ignore[arg-type]
    assert [packet.verdict for packet in again.packets] == [packet.verdict for packet in trace.packets]
    trace.to_pcap(tmp_path / "a.pcap")
    assert b"geheim" not in (tmp_path / "a.pcap").read_bytes()
    head = json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert head["redacted"] is True
