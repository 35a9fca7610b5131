"""HTTP/1.1 against two other parsers, and any bytes: nothing but ``HandshakeError``, and one reading.

``WSDEMO_FUZZ=100000`` runs as many inputs as the release does.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidMessage
from websockets.http11 import Request as TheirRequest
from websockets.streams import StreamReader

from tests.protocol.http11.wires import REFUSED, REFUSED_RESPONSES, REQUESTS, RESPONSES
from wsdemo.protocol import http11
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    HeadReader,
    Request,
    Response,
    parse_response,
    request_head,
    response_head,
    serialize_request,
)

#: Mutated inputs of each side; ``SEED=2`` for others.
FUZZ = int(os.environ.get("WSDEMO_FUZZ", "10000"))


#: Method and target, or status and reason; the fields, names in lower case; the body.
Read = tuple[str | int, str, list[tuple[str, str]], bytes]


def read(reader: HeadReader[Request] | HeadReader[Response], *pieces: bytes) -> Read | None:
    """What we read; None where we refuse, or want more."""
    found = None
    try:
        for piece in pieces:
            found = found or reader.receive(piece)
    except HandshakeError as error:
        assert str(error).isascii() and str(error).isprintable(), "what a peer sent goes unescaped into a log"
        assert len(str(error)) < 400
        assert error.status == 0 or error.status in http11.REASONS
        return None
    if found is None:
        return None
    message = found[0]
    fields = [(name.lower(), value) for name, value in message.headers.items()]
    if isinstance(message, Request):
        return message.method, message.target, fields, message.body
    return message.status, message.reason, fields, message.body


def ours(*pieces: bytes) -> Read | None:
    return read(HeadReader(request_head), *pieces)


def our_answer(*pieces: bytes) -> Read | None:
    return read(HeadReader(response_head), *pieces)


def h11s(wire: bytes) -> Read | None:
    """What h11 reads as a server."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1_000_000)
    connection.receive_data(wire)
    try:
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        return request.method.decode(), request.target.decode(), fields_of(request), body_of(connection)
    except h11.RemoteProtocolError:
        return None


def h11s_answer(wire: bytes) -> Read | None:
    """What h11 reads as a client that asked for an upgrade."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
    asked = [("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
    connection.send(h11.Request(method="GET", target="/", headers=asked))
    connection.send(h11.EndOfMessage())
    connection.receive_data(wire)
    try:
        response = connection.next_event()
        while isinstance(response, h11.InformationalResponse) and response.status_code != 101:
            response = connection.next_event()
        if not isinstance(response, h11.Response | h11.InformationalResponse):
            return None
        fields, reason = fields_of(response), bytes(response.reason).decode("latin-1")
        # A body whose length the head does not tell we don't wait for: a refusal needs none.
        told = {name for name, _ in fields} & {"content-length", "transfer-encoding"} == {"content-length"}
        return response.status_code, reason, fields, body_of(connection) if told else b""
    except h11.RemoteProtocolError as error:
        # A transfer coding that h11 does not know, and says so: we read no body then, in whatever coding.
        return our_answer(wire) if error.error_status_hint == 501 else None


def fields_of(event: h11.Request | h11.Response | h11.InformationalResponse) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]


def body_of(connection: h11.Connection) -> bytes:
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += bytes(event.data)
    assert event is h11.PAUSED or isinstance(event, h11.EndOfMessage | type(h11.NEED_DATA))
    return body


def theirs(wire: bytes) -> tuple[str, list[tuple[str, str]]] | None:
    """What websockets reads."""
    reader = StreamReader()
    reader.feed_data(wire)
    parser = TheirRequest.parse(reader.read_line)
    try:
        next(parser)
    except StopIteration as done:
        request: TheirRequest = done.value
        return request.path, list(request.headers.raw_items())
    except (ValueError, EOFError, InvalidMessage):
        return None
    return None


def test_h11_reads_the_same() -> None:
    for wire, *_ in REQUESTS:
        assert ours(wire) == h11s(wire)
    for wire, *_ in RESPONSES:
        assert our_answer(wire) == h11s_answer(wire)


TOKEN_TEXT = st.text(st.sampled_from("!#$%&'*+-.^_`|~019AZaz"), min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
TARGET = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=30)
OWN = {"host", "content-length", "transfer-encoding", "upgrade", "expect", "connection"}
FIELD = st.tuples(
    TOKEN_TEXT.filter(lambda name: name.lower() not in OWN), VALUE.filter(lambda v: v.isprintable())
)


@given(st.sampled_from(["GET", "POST", "X-1"]), TARGET, st.lists(FIELD, max_size=8), st.binary(max_size=20))
def test_oracles_read_what_we_write(
    method: str, target: str, fields: list[tuple[str, str]], body: bytes
) -> None:
    fields = [("Host", "a"), *fields, ("Content-Length", str(len(body)))]
    wire = serialize_request(Request(method, "/" + target, Headers(fields), body))
    assert ours(wire) == h11s(wire) is not None
    if method == "GET" and not body:
        wire = serialize_request(Request(method, "/" + target, Headers(fields[:-1])))
        assert theirs(wire) == ("/" + target, [(name, value.strip(" \t")) for name, value in fields[:-1]])


@given(st.binary(max_size=300))
def test_any_bytes(wire: bytes) -> None:
    """ "No exception but HandshakeError" on both sides."""
    ours(wire)
    for start in (b"", b"HTTP/1.1 "):
        our_answer(start + wire)
        try:
            parse_response(start + wire)
        except HandshakeError as error:
            assert error.status == 0


@pytest.mark.timeout(3600 if FUZZ > 10_000 else 120)
def test_mutated_requests_are_refused_or_read_as_h11_reads_them() -> None:
    """Request smuggling starts where two programs read different things: we read nothing that h11 does not.

    aiohttp CVE-2023-37276, puma CVE-2021-41136, Jetty CVE-2023-40167.
    """
    refused = [wire for _, wire, *_ in REFUSED if len(wire) < 300]
    one_reading([wire for wire, *_ in REQUESTS] + refused, REQUEST_PIECES, ours, h11s)


@pytest.mark.timeout(3600 if FUZZ > 10_000 else 120)
def test_mutated_responses_are_refused_or_read_as_h11_reads_them() -> None:
    """The client's side: what a server, or somebody in between, may make of an answer."""
    refused = [wire for _, wire, *_ in REFUSED_RESPONSES if len(wire) < 300]
    one_reading([wire for wire, *_ in RESPONSES] + refused, RESPONSE_PIECES, our_answer, h11s_answer)


def one_reading(
    wires: list[bytes],
    pieces: list[bytes],
    we: Callable[..., Read | None],
    they: Callable[[bytes], Read | None],
) -> None:
    """What we read of mutated wires is what the oracle reads, however the bytes were cut."""
    dice = random.Random(os.environ.get("SEED", "1"))
    accepted = 0
    for _ in range(FUZZ):
        wire = mutated(dice, dice.choice(wires), pieces)
        cut = dice.randrange(len(wire) + 1)
        read = we(wire)
        assert read == we(wire[:cut], wire[cut:]), (wire, cut)
        if read is not None:
            accepted += 1
            assert read == they(wire), wire
    assert accepted > FUZZ // 50


PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"\x7f", b"\xff", b"#"]
PIECES += [b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1"]
REQUEST_PIECES = [*PIECES, b"Host: b\r\n", b"http://c", b"Upgrade: websocket\r\n"]
RESPONSE_PIECES = [*PIECES, b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.0", b"1", b"\x81\x01a"]


def mutated(dice: random.Random, wire: bytes, pieces: list[bytes]) -> bytes:
    """Some bytes changed, taken out, put in, doubled."""
    for _ in range(dice.randrange(4)):
        a = dice.randrange(len(wire) + 1)
        b = min(len(wire), a + dice.randrange(12))
        match dice.randrange(5):
            case 0:
                wire = wire[:a] + bytes([dice.randrange(256)]) + wire[a + 1 :]
            case 1:
                wire = wire[:a] + wire[b:]
            case 2:
                wire = wire[:a] + dice.choice(pieces) + wire[a:]
            case 3:
                wire = wire[:b] + wire[a:b] + wire[b:]
            case 4:
                wire = wire[:a] + dice.randbytes(dice.randrange(5)) + wire[b:]
    return wire
