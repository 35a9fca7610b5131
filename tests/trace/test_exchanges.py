"""Which head follows which: a response is read with its request, and Wireshark finds no frame that we miss.

``WSDEMO_FUZZ=100000`` runs as many mutated sessions as the release does.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests import needs
from tests.trace.test_dissect import CLIENT, REQUEST, RESPONSE, SERVER, covered, masked, session
from tests.trace.test_redact import BEFORE, OK, PLAIN, POST, Pieces
from tests.waiting import DEADLINE
from wsdemo import Trace
from wsdemo.record.facts import End
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.dissect import Dissector
from wsdemo.trace.packets import BodyPacket, FramePacket, Packet, RequestPacket, ResponsePacket, Verdict
from wsdemo.trace.redact import redacted

FUZZ = int(os.environ.get("WSDEMO_FUZZ", "1000"))

UPGRADE: Pieces = [(TO_SERVER, REQUEST % b""), (TO_CLIENT, RESPONSE % b"")]
FRAMES: Pieces = [(TO_CLIENT, b"\x81\x02hi"), (TO_SERVER, masked(1, b"Hello"))]
OPENED = UPGRADE + FRAMES


def lf(pieces: Pieces) -> Pieces:
    return [(direction, data.replace(b"\r\n", b"\n")) for direction, data in pieces]


def changed(old: bytes, new: bytes) -> Pieces:
    return [(direction, data.replace(old, new)) for direction, data in UPGRADE] + FRAMES


SESSIONS: dict[str, Pieces] = {
    what: pieces + OPENED for what, pieces in BEFORE if what not in ("junk", "no answer yet")
}
SESSIONS |= {
    "from the start": OPENED,
    "line feeds only": lf(UPGRADE) + FRAMES,
    "line feeds in the answer": UPGRADE[:1] + lf(UPGRADE[1:]) + FRAMES,
    "at once": [
        (TO_SERVER, PLAIN + UPGRADE[0][1]),
        (TO_CLIENT, OK + b"Content-Length: 2\r\n\r\nok" + UPGRADE[1][1]),
        *FRAMES,
    ],
    "HEAD at once": [
        (TO_SERVER, b"HEAD" + PLAIN[3:] + UPGRADE[0][1]),
        (TO_CLIENT, OK + b"Content-Length: 2\r\n\r\n" + UPGRADE[1][1]),
        *FRAMES,
    ],
    "an interim response": [UPGRADE[0], (TO_CLIENT, b"HTTP/1.1 100 Continue\r\n\r\n"), UPGRADE[1], *FRAMES],
    "a refused tunnel": [
        (TO_SERVER, b"CONNECT a:80" + PLAIN[6:]),
        (TO_CLIENT, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
        *OPENED,
    ],
    "a body and an answer": [
        (TO_SERVER, POST + b"Content-Length: 2\r\n\r\nab"),
        (TO_CLIENT, OK + b"Content-Length: 0\r\n\r\n"),
        *OPENED,
    ],
    "trailer fields": [
        (TO_SERVER, PLAIN),
        (TO_CLIENT, OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n"),
        *OPENED,
    ],
    "no key": changed(b"Sec-WebSocket-Key", b"X-Key"),
    "a key in Latin-1": changed(b"dGhl", b"d\xe9hl"),
    "two keys": changed(b"Host: a\r\n", b"Host: a\r\nSec-WebSocket-Key: b\r\n"),
    "no upgrade asked for": [(TO_SERVER, PLAIN), *OPENED[1:]],
    "no upgrade answered": [UPGRADE[0], (TO_CLIENT, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), *FRAMES],
    "HTTP/1.0 answered": changed(b"HTTP/1.1 101", b"HTTP/1.0 101"),
    "a folded line": changed(b"Host: a\r\n", b"Host: a\r\nX: a\r\n b\r\n"),
    "two hosts": changed(b"Host: a\r\n", b"Host: a\r\nHost: a\r\n"),
    "an empty line before": [(TO_SERVER, b"\r\n"), *OPENED],
    "frames of another method": changed(b"GET /", b"PUT /"),
    "another version": changed(b"Version: 13", b"Version: 8"),
}  # fmt: skip


@needs.tshark
def test_wireshark_finds_no_frame_that_we_miss(tmp_path: Path) -> None:
    trace = Trace()
    for port, pieces in enumerate(SESSIONS.values(), 50000):
        tap = trace.tap("client", ("127.0.0.1", port), SERVER)
        tap.mark("open")
        for direction, data in pieces:
            (tap.sent if direction == TO_SERVER else tap.received)(data)
        tap.mark("closed")
    trace.to_pcap(tmp_path / "a.pcap", redact=False)
    command = [needs.tshark_path(), "-r", str(tmp_path / "a.pcap"), "-n", "-Y", "websocket"]
    columns = ("tcp.stream", "tcp.srcport", "websocket.opcode")
    command += ["-T", "fields", "-E", "separator=,", *(word for name in columns for word in ("-e", name))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    theirs: dict[tuple[int, str], list[int]] = defaultdict(list)
    for line in done.stdout.split():
        stream, port, *opcodes = line.split(",")
        theirs[int(stream) + 1, TO_CLIENT if port == "80" else TO_SERVER] += map(int, opcodes)
    ours: dict[tuple[int, str], list[int]] = defaultdict(list)
    for frame in trace.frames:
        ours[frame.connection, frame.direction].append(frame.opcode)
    names = list(SESSIONS)
    missed = {
        f"{names[connection - 1]}, {direction}": (frames, ours[connection, direction])
        for (connection, direction), frames in theirs.items()
        if ours[connection, direction][: len(frames)] != frames
    }
    assert missed == {}
    assert len(theirs) > 50, "and it finds most of them"


def kinds(pieces: Pieces, end: End = "client") -> list[str]:
    """The packets of a session: status, opcode, or what they are."""
    found = []
    for packet in session(*pieces, end=end).packets:
        covered(packet)
        if isinstance(packet, RequestPacket):
            found.append(packet.method)
        elif isinstance(packet, ResponsePacket):
            found.append(str(packet.status))
        elif isinstance(packet, FramePacket):
            found.append(f"frame {packet.opcode}")
        else:
            found.append(packet.kind)
    return found


OPENING = ["GET", "101", "frame 1", "frame 1"]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("HEAD", ["HEAD", "200", *OPENING]),
        ("204", ["GET", "204", *OPENING]),
        ("304", ["GET", "304", *OPENING]),
        ("100", ["GET", "100", "200", *OPENING]),
        ("CONNECT", ["CONNECT", "200", *OPENING]),
        ("a refused tunnel", ["CONNECT", "403", *OPENING]),
        ("one length twice", ["GET", "200", "body", *OPENING]),
        ("400, then 5", ["GET", "200", "body", *OPENING]),
        ("no chunk", ["GET", "200", "body", *OPENING]),
        ("trailer fields", ["GET", "200", "body", "body", *OPENING]),
        ("until the end", ["GET", "200", "body", "GET", "body", "body", "opaque"]),
        ("a chunked request", ["POST", "body", "body", *OPENING]),
        ("line feeds", ["GET", "200", "body", *OPENING]),
        ("an answer unasked", ["200", *OPENING]),
        ("HEAD at once", ["HEAD", "GET", "200", "101", "frame 1", "frame 1"]),
        ("an interim response", ["GET", "100", "101", "frame 1", "frame 1"]),
        ("h2c", ["GET", "101", "opaque", "opaque"]),
    ],
)
def test_what_follows_what(what: str, expected: list[str]) -> None:
    assert kinds(SESSIONS[what]) == expected


def test_an_answer_without_a_request() -> None:
    late = (TO_CLIENT, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\nno")
    for end in ("client", "server"):
        (packet,) = session(late, end=end).packets
        assert isinstance(packet, ResponsePacket) and packet.status == 408
        assert (packet.verdict.outcome, packet.verdict.section) == ("ignored", "RFC 9112 §9.2")
        first, *rest = session(late, *OPENED, end=end).packets
        assert isinstance(first, ResponsePacket) and first.verdict.outcome == "ignored"
        assert all(packet.verdict.accepted for packet in rest)
    assert len(session(late, end="server").news()) == 1, "a server has recorded what was asked before"


def test_interim_responses_are_bounded() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    responses = session(
        (TO_SERVER, PLAIN), (TO_CLIENT, 9 * early + OK + b"Content-Length: 0\r\n\r\n")
    ).responses
    assert [packet.verdict.outcome for packet in responses] == ["accepted"] * 8 + ["refused", "accepted"]
    assert "more than 8 interim" in responses[8].verdict.reason
    assert responses[8].verdict.section == "RFC 9112"
    opened = session(UPGRADE[0], (TO_CLIENT, 8 * early + UPGRADE[1][1] + b"\x81\x02hi"))
    assert [packet.verdict.outcome for packet in opened.responses] == ["accepted"] * 9
    assert [frame.message for frame in opened.frames] == ["hi"]
    twice = session((TO_SERVER, 2 * PLAIN), (TO_CLIENT, 2 * (8 * early + OK + b"Content-Length: 0\r\n\r\n")))
    assert all(packet.verdict.accepted for packet in twice.responses), "they are counted for each response"


@pytest.mark.parametrize(
    ("head", "reason", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost : a", "accepted", None),
        (b"GET / HTTP/1.1\r\nHo\0st", "only CR LF ends a line", 400),
        (b"GET /" + b"a" * 10_000, "first line of", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000, "head of", 431),
    ],
)
def test_a_head_that_is_cut_off(head: bytes, reason: str, status: int | None) -> None:
    (packet,) = session((TO_SERVER, head)).packets
    assert isinstance(packet, RequestPacket) and not packet.complete and packet.request is None
    if reason == "accepted":
        assert packet.verdict.outcome == "incomplete"
    else:
        assert packet.verdict.outcome == "refused" and reason in packet.verdict.reason
        assert (packet.verdict.code, packet.verdict.section) == (status, "RFC 9112")
    told = session((TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 200 OK\r\nA\0: b")).responses[0].verdict
    assert (told.outcome, told.code) == ("refused", None), "a server's mistake has no status of ours"
    answer = session(
        (TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
    ).responses[0]
    assert (answer.status, answer.complete, answer.verdict.outcome) == (200, False, "incomplete")
    assert answer.response is not None and answer.response.body == b"hel"
    form = session((TO_SERVER, POST + b"Content-Length: 5\r\n\r\nhel")).requests[0]
    assert (form.method, form.complete, form.verdict.outcome) == ("POST", False, "incomplete")
    assert form.request is not None and form.request.body == b"hel"


@pytest.mark.parametrize(
    ("what", "reason", "section"),
    [
        ("400, then 5", "a Content-Length that is not one number", "RFC 9112 §6.3"),
        ("both lengths", "both Content-Length and Transfer-Encoding", "RFC 9112 §6.3"),
        ("a request with two lengths", "a Content-Length that is not one number", "RFC 9112 §6.3"),
        ("no chunk", "chunk size b'no', expected hexadecimal digits", "RFC 9112 §7.1"),
    ],
)
def test_a_body_of_doubtful_length_names_the_rule(what: str, reason: str, section: str) -> None:
    bodies = [packet for packet in session(*SESSIONS[what]).packets if isinstance(packet, BodyPacket)]
    assert {packet.verdict for packet in bodies} == {Verdict("refused", None, reason, section)}


def test_a_head_that_answers_nothing_and_is_none() -> None:
    (packet,) = session((TO_CLIENT, b"HTTP/1.1 abc\r\n\r\n")).packets
    assert not packet.complete and (packet.verdict.outcome, packet.verdict.code) == ("refused", None)
    assert packet.verdict.reason.startswith("status line 'HTTP/1.1 abc'")
    assert packet.verdict.section == "RFC 9112"


# -- any bytes ------------------------------------------------------------------------------------------


def shape(packets: tuple[Packet, ...]) -> list[tuple[object, ...]]:
    """All that a packet tells; raises where it could not be told."""
    found: list[tuple[object, ...]] = []
    for packet in packets:
        covered(packet)
        more: tuple[object, ...] = ()
        if isinstance(packet, FramePacket):
            more = (packet.message, packet.close_code, packet.close_reason, packet.payload, packet.length)
        elif isinstance(packet, RequestPacket):
            more = (packet.request, packet.method, packet.target, packet.headers)
        elif isinstance(packet, ResponsePacket):
            more = (packet.response, packet.status, packet.headers)
        elif isinstance(packet, BodyPacket):
            more = (packet.body.indices(packet.size), packet.last)
        place = (packet.connection, packet.direction, packet.time, packet.end_time, packet.offset)
        found.append(
            (packet.kind, packet.bytes, packet.verdict, packet.complete, packet.summary, place, more)
        )
    return found


WORDS = [
    *(b"\r\n", b"\n", b"\r\n\r\n", b": ", b",", b" ", b"\0", b"\xe9", b"\x81", b"\x88\x02", b"0", b"5"),
    *(b"HEAD", b"CONNECT", b"101", b"204", b"HTTP/1.1 ", b"chunked"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Upgrade: websocket\r\n"),
]


def mutated(seed: int) -> list[tuple[str, bytes]]:
    """A session with a few bytes changed, taken out, doubled or put in, cut anew."""
    pick = random.Random(seed)
    pieces = []
    for direction, whole in SESSIONS[pick.choice(list(SESSIONS))]:
        data = bytearray(whole)
        for _ in range(pick.choice([0, 1, 1, 2, 5])):
            at, end = sorted(pick.randrange(len(data) + 1) for _ in range(2))
            match pick.randrange(5):
                case 0:
                    data[at : at + 1] = bytes([pick.randrange(256)])
                case 1:
                    del data[at : min(end, at + 12)]
                case 2:
                    data[at:at] = data[at:end]
                case _:
                    data[at:at] = pick.choice(WORDS)
        step = pick.choice([1, 3, 20, 10_000])
        pieces += [(direction, bytes(data[at : at + step])) for at in range(0, len(data), step)]
    if pick.random() < 0.2:
        pick.shuffle(pieces)
    return pieces


@pytest.mark.timeout(0 if "WSDEMO_FUZZ" in os.environ else 120)
@pytest.mark.parametrize("block", range(4))
def test_nothing_that_was_on_the_wire_raises(block: int) -> None:
    """And a look after each chunk tells the same as one look at the end."""
    for seed in range(block, FUZZ, 4):
        pieces, end = mutated(seed), random.Random(seed).choice(["client", "server"])
        trace = session(end=end)  # type: ignore[arg-type]
        tap = trace.tap(end, *((CLIENT, SERVER) if end == "client" else (SERVER, CLIENT)))  # type: ignore[arg-type]
        often, news = seed % 10 == 0, []
        for direction, data in pieces:
            (tap.sent if (direction == TO_SERVER) == (end == "client") else tap.received)(data)
            if often:
                news += trace.news()
                assert len(b"".join(p.bytes for p in trace.packets)) == trace.size, seed
        packets = trace.packets
        told = shape(packets)
        assert told == shape(Dissector(trace).packets()), seed
        if often:
            assert {id(p) for p in news} == {id(p) for p in packets if p.complete and p in news}, seed
        for direction in (TO_SERVER, TO_CLIENT):
            mine = sorted((p for p in packets if p.direction == direction), key=lambda p: p.offset)
            assert b"".join(packet.bytes for packet in mine) == trace.bytes(direction), seed  # type: ignore[arg-type]
        assert [len(c.data) for c in redacted(trace)] == [len(c.data) for c in trace.chunks], seed
