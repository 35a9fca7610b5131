"""Traces in files: what is saved comes back, what is no trace is refused, secrets stay out."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest

from tests.trace.test_dissect import CLIENT, REQUEST, RESPONSE, SERVER, masked, opened
from wsdemo import Trace
from wsdemo.record.record import Record
from wsdemo.trace import TO_SERVER
from wsdemo.trace.files import load

HEADER = '{"format": "wsdemo trace", "version": 1, "started_at": 0, "dropped": 0, "redacted": true}'
CONNECTION = '{"connection": 1, "client": ["::1", 5, 0, 0], "server": ["::1", 80, 0, 0]}'


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    trace = opened((TO_SERVER, masked(1, b"Hello")))
    trace.tap("client", CLIENT, SERVER).encrypted().sent(b"\x17\x03\x03")
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
            "line 3: time is nan, expected 0 to",
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
        load(path, Record(limit=100))


CHUNK = '{"time": 0, "connection": 1, "end": "client", "direction": "to server", "data": "R0VU"}'
MARK = '{"time": 0, "connection": 1, "end": "client", "mark": "eof"}'


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "a capture .pcap., which Wireshark opens"),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", "a capture .pcap., which Wireshark opens"),
        (b"\xa1\xb2\xc3\xd4\0\x02\0\x04", "a capture .pcap., which Wireshark opens"),
        (b"\xa1\xb2\x3c\x4d\0\x02\0\x04", "a capture .pcap., which Wireshark opens"),
        (b"\n\r\r\n\x1c\0\0\0", "a capture .pcapng., which Wireshark opens"),
        (b"\x1f\x8b\x08\0", "compressed .gzip.: gunzip it first"),
        (b"BZh9", "compressed .bzip2."),
        (b"\xfd7zXZ\0", "compressed .xz."),
        (b"\x28\xb5\x2f\xfd", "compressed .zstd."),
        (b"PK\x03\x04", "a zip archive"),
        (b'{\n  "log": {\n    "version": "1.2"', "HAR, which browsers export"),
        (b'{"cells": []}\n', "other JSON"),
        (b"[1, 2]\n", "other JSON"),
        ("Grüße, ".encode() * 1000, "text"),
        (b"\0\xff" * 10_000, "binary data"),
        (b"caf\xe9 \xe9\xe9\xe9\xe9\n", "binary data"),
    ],
)
def test_another_file_is_called_what_it_seems_to_be(tmp_path: Path, start: bytes, kind: str) -> None:
    (tmp_path / "a").write_bytes(start)
    with pytest.raises(ValueError, match=f"line 1: .*; the file seems to be {kind}") as failed:
        Trace.load(tmp_path / "a")
    assert "\n" not in str(failed.value) and len(str(failed.value)) < 300
    with pytest.raises(ValueError, match="a directory, expected a wsdemo trace"):
        Trace.load(tmp_path)


WILD = ["NaN", "Infinity", "-1", "1e300", "1e400", "1" * 400, "true", "null", '"0"', "[]"]
NUMBERS = [
    ("started_at", HEADER),
    ("dropped", HEADER),
    ("time", CHUNK),
    ("time", MARK),
    ("connection", CHUNK),
]


@pytest.mark.parametrize("value", WILD)
@pytest.mark.parametrize(("key", "line"), NUMBERS)
def test_wild_numbers_are_refused(tmp_path: Path, key: str, line: str, value: str) -> None:
    wild = re.sub(f'"{key}": [^,]*', f'"{key}": {value}', line)
    lines = [wild] if line is HEADER else [HEADER, CONNECTION, wild]
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"line {len(lines)}: {key} is "):
        Trace.load(tmp_path / "a.jsonl")


def test_whole_numbers_and_data_are_what_they_should_be(tmp_path: Path) -> None:
    for wild, error in (
        (CHUNK.replace('"connection": 1', '"connection": 1.5'), "connection is 1.5, expected a whole number"),
        (CHUNK.replace('"R0VU"', "null"), "data is not base64"),
        (CHUNK.replace('"R0VU"', '"\u00e9"'), "data is not base64"),
    ):
        (tmp_path / "a.jsonl").write_text(f"{HEADER}\n{CONNECTION}\n{wild}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=f"line 3: {error}"):
            Trace.load(tmp_path / "a.jsonl")


ADDRESSES = [
    ('["::1", 5, 0, 0]', ("::1", 5, 0, 0)),
    ('["a", 5, 0, 0, 0]', None),
    ('["a", 5.5]', None),
    ('"/tmp/socket"', "/tmp/socket"),
    ("5", None),
    ("{}", None),
    ("null", "none"),
]


@pytest.mark.parametrize(("written", "address"), ADDRESSES)
def test_addresses(tmp_path: Path, written: str, address: object) -> None:
    line = CONNECTION.replace('["::1", 5, 0, 0]', written)
    (tmp_path / "a.jsonl").write_text(f"{HEADER}\n{line}\n", encoding="utf-8")
    if address is None:
        with pytest.raises(ValueError, match="line 2: not an address"):
            Trace.load(tmp_path / "a.jsonl")
    else:
        found = Trace.load(tmp_path / "a.jsonl").addresses[1]
        assert found == (None if address == "none" else address, ("::1", 80, 0, 0))


def test_a_line_is_named_by_what_it_lacks(tmp_path: Path) -> None:
    for wild, error in (
        (CHUNK.replace("client", "middle"), "end is none of client, server"),
        (CHUNK.replace("to server", "up"), "direction is none of to server, to client"),
        (CHUNK.replace('"data"', '"layer": "ip", "data"'), "layer is none of plain, tls"),
        (MARK.replace('"mark": "eof"', '"mark": "end"'), "mark is none of open, eof, reset, closed"),
        (MARK.replace('"end": "client"', '"end": 5'), "end is none of client, server"),
    ):
        (tmp_path / "a.jsonl").write_text(f"{HEADER}\n{CONNECTION}\n{wild}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=f"line 3: {error}"):
            Trace.load(tmp_path / "a.jsonl")


def test_the_last_connection_a_file_may_have(tmp_path: Path) -> None:
    last = CONNECTION.replace('"connection": 1', '"connection": 1000000')
    for number, line in ((1_000_000, last), (None, last.replace("1000000", "1000001"))):
        (tmp_path / "a.jsonl").write_text(f"{HEADER}\n{line}\n", encoding="utf-8")
        if number is None:
            with pytest.raises(ValueError, match="connection is 1000001, expected 0 to 1000000"):
                Trace.load(tmp_path / "a.jsonl")
        else:
            assert list(Trace.load(tmp_path / "a.jsonl").addresses) == [number]


def test_times_in_any_order_can_be_exported(tmp_path: Path) -> None:
    last = HEADER.replace('"started_at": 0', '"started_at": 3000000000')
    times = [CHUNK.replace('"time": 0', f'"time": {time}') for time in (1_000_000_000, 0, 5e-324, 17)]
    (tmp_path / "a.jsonl").write_text("\n".join([last, CONNECTION, *times, MARK, ""]), encoding="utf-8")
    trace = Trace.load(tmp_path / "a.jsonl")
    assert [chunk.time for chunk in trace.chunks] == [1_000_000_000, 0, 5e-324, 17]
    assert [packet.bytes for packet in trace.packets] == [b"GET" * 4]
    trace.to_pcap(tmp_path / "a.pcap")
    trace.save(tmp_path / "b.jsonl")
    assert Trace.load(tmp_path / "b.jsonl").bytes(TO_SERVER) == b"*" * 12


@pytest.mark.parametrize("time", [float("nan"), float("inf"), 1e300, -1.0])
def test_a_clock_that_is_none_is_named_at_the_export(tmp_path: Path, time: float) -> None:
    clock = iter([0.0, time, time])
    trace = Trace(clock=lambda: next(clock))
    trace.tap("client", CLIENT, SERVER).sent(b"GET")
    for export in (trace.save, trace.to_pcap):
        with pytest.raises(ValueError, match="time is "):
            export(tmp_path / "a")
        assert not (tmp_path / "a").exists(), "nothing is written"


@pytest.mark.timeout(0 if "WSDEMO_FUZZ" in os.environ else 120)
def test_any_change_of_a_file_is_refused_or_can_be_exported(tmp_path: Path) -> None:
    """``WSDEMO_FUZZ=100000`` tries as many as the release does."""
    trace = opened((TO_SERVER, masked(1, b"Hello")))
    trace.tap("client", CLIENT, SERVER).mark("closed")
    trace.save(tmp_path / "good.jsonl")
    good = (tmp_path / "good.jsonl").read_bytes()
    pick = random.Random(1)
    words = [b"NaN", b"1e999", b"-5", b"[]", b"{}", b"null", b'"', b",", b"\n", b"\xff", b"9" * 30, b"true"]
    taken = 0
    for _ in range(int(os.environ.get("WSDEMO_FUZZ", "2000"))):
        data = bytearray(good)
        for _ in range(pick.choice([1, 1, 3])):
            at = pick.randrange(len(data))
            end = min(at + pick.choice([0, 1, 2, 20]), len(data))
            data[at:end] = pick.choice(words) if pick.random() < 0.7 else bytes([pick.randrange(256)])
        (tmp_path / "a.jsonl").write_bytes(data)
        try:
            found = Trace.load(tmp_path / "a.jsonl")
        except ValueError as error:
            assert str(error).startswith(str(tmp_path / "a.jsonl")) and "line" in str(error)
            continue
        taken += 1
        assert all(packet.summary and packet.fields for packet in found.packets)
        found.to_pcap(tmp_path / "a.pcap")
        found.save(tmp_path / "b.jsonl")
    assert taken > 50


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
