"""Secrets stay out of an export: in heads that are understood field by field, in all others as a whole."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trace.test_dissect import CLIENT, REQUEST, RESPONSE, SERVER, masked, session
from wsdemo import Trace
from wsdemo.record.facts import Direction, End
from wsdemo.trace import TO_CLIENT, TO_SERVER
from wsdemo.trace.packets import RequestPacket, ResponsePacket
from wsdemo.trace.redact import HARMLESS, redacted, secrets

#: Random sessions; ``WSDEMO_FUZZ=100000`` runs as many as the release does.
SESSIONS = int(os.environ.get("WSDEMO_FUZZ", "1500"))
SECRET = b"s3cr3t-T0k3n"

Pieces = list[tuple[Direction, bytes]]


def exported(trace: Trace, direction: Direction, end: End = "client") -> bytes:
    return b"".join(c.data for c in redacted(trace) if c.direction == direction and c.end == end)


def leaks(data: bytes) -> bool:
    """Whether half of the secret, or more, can be read."""
    half = len(SECRET) // 2
    return any(SECRET[at : at + half] in data for at in range(len(SECRET) - half + 1))


# -- one by one -----------------------------------------------------------------------------------------

GET = b"GET /a?t=" + SECRET + b" HTTP/1.1\r\nHost: a\r\n\r\n"
NEXT = b"HTTP/1.1 200 OK\r\nSet-Cookie: " + SECRET + b"\r\nContent-Length: 2\r\n\r\nok"
PLAIN = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LF = (b"GET /a HTTP/1.1\nHost: a\nCookie: " + SECRET + b"\n\n", NEXT.replace(b"\r\n", b"\n"))

OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"Content-Length: 400\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"

#: What was said before the head with the secret is said: methods, lengths, line ends.
BEFORE: list[tuple[str, Pieces]] = [
    ("HEAD", [(TO_SERVER, b"HEAD" + PLAIN[3:]), (TO_CLIENT, OK + LONG + b"\r\n")]),
    ("204", [(TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 204 No Content\r\n" + LONG + b"\r\n")]),
    ("304", [(TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 304 Not Modified\r\n" + LONG + b"\r\n")]),
    ("100", [(TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 100 Continue\r\n" + LONG + b"\r\n" + NEXT)]),
    ("CONNECT", [(TO_SERVER, b"CONNECT a:80" + PLAIN[6:]), (TO_CLIENT, OK + LONG + b"\r\n")]),
    ("one length twice", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + 2 * b"Content-Length: 5\r\n" + b"\r\nhello")]),
    ("5, then 400", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + b"Content-Length: 5\r\n" + LONG + b"\r\nhello")]),
    ("400, then 5", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + LONG + b"Content-Length: 5\r\n\r\nhello")]),
    ("a list", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + b"Content-Length: 5, 5\r\n\r\nhello")]),
    ("a sign", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + b"Content-Length: +5\r\n\r\nhello")]),
    ("no number", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + b"Content-Length: x\r\n\r\nhello")]),
    ("both lengths", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + LONG + CHUNKED + b"\r\nFFFF\r\n")]),
    ("no chunk", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + CHUNKED + b"\r\nno\r\n")]),
    ("until the end", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + b"\r\nhello")]),
    ("a long body", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + LONG + b"\r\nhello")]),
    ("a large chunk", [(TO_SERVER, PLAIN), (TO_CLIENT, OK + CHUNKED + b"\r\nFFF\r\n")]),
    ("line feeds", [(TO_SERVER, LF[0]), (TO_CLIENT, LF[1])]),
    ("no answer yet", [(TO_SERVER, REQUEST % b"")]),
    ("an answer unasked", [(TO_CLIENT, NEXT)]),
    ("junk", [(TO_SERVER, b"\r\n\r\n\x16\x03\x01\r\n\r\n"), (TO_CLIENT, b"junk\n\n")]),
    ("frames at once", [(TO_SERVER, REQUEST % b"" + GET), (TO_CLIENT, RESPONSE % b"")]),
    ("a false 101", [(TO_SERVER, PLAIN), (TO_CLIENT, RESPONSE % b"")]),
    ("h2c", [(TO_SERVER, REQUEST % b""), (TO_CLIENT, (RESPONSE % b"").replace(b"websocket", b"h2c"))]),
    ("a chunked request", [(TO_SERVER, POST + CHUNKED + b"\r\n2\r\nab\r\n0\r\n\r\n")]),
    ("a request with two lengths", [(TO_SERVER, POST + b"Content-Length: 2\r\n" + LONG + b"\r\nab")]),
]


@pytest.mark.parametrize(("what", "before"), BEFORE)
@pytest.mark.parametrize("end", ["client", "server"])
def test_the_next_head_keeps_its_secret(what: str, before: Pieces, end: End, tmp_path: Path) -> None:
    trace = session(*before, (TO_SERVER, GET), (TO_CLIENT, NEXT), end=end)
    for direction in (TO_SERVER, TO_CLIENT):
        data = exported(trace, direction, end)
        assert not leaks(data), what
        assert len(data) == len(trace.bytes(direction)), what
    trace.to_pcap(tmp_path / "a.pcap")
    trace.save(tmp_path / "a.jsonl")
    assert not leaks((tmp_path / "a.pcap").read_bytes()), what
    again = Trace.load(tmp_path / "a.jsonl")
    assert not any(leaks(again.bytes(direction)) for direction in (TO_SERVER, TO_CLIENT)), what


PLACES = [  # of the secret in a head
    b"GET /a?%b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://a/a?%b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nCookie: %b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nX-Any: a, %b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nReferer: http://a/?%b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nCookie : %b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nCookie: a\r\n %b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nCookie: %b\r\n\r\n",
    b"GET  /a HTTP/1.1\r\nHost: a\r\nCookie: %b\r\n\r\n",
    b"GET /a HTTP/1.1\rHost: a\rCookie: %b\r\r\r\n\r\n",
    b"\r\nGET /a HTTP/1.1\r\nHost: a\r\nCookie: %b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nCookie: %b",
    b"GET /a?%b",
    b"%b",
    b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nCookie: %b\r\n\r\nab",
    b"PRI * HTTP/2.0\r\n\r\n%b",
]


@pytest.mark.parametrize("head", PLACES)
def test_a_secret_at_any_place_of_a_head(head: bytes) -> None:
    for cut in (1, 5, 1000):
        data = head % SECRET
        trace = session(*[(TO_SERVER, data[at : at + cut]) for at in range(0, len(data), cut)])
        assert not leaks(exported(trace, TO_SERVER))
        assert len(exported(trace, TO_SERVER)) == len(data)


def test_what_is_understood_stays() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    chunked = b"HTTP/1.1 200 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n"
    frames = masked(1, b"Hello") + masked(1, b"\xff")
    trace = session(
        (TO_SERVER, b"POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nCookie: a=1, b\r\n\r\nform"),
        (TO_CLIENT, answer),
        (TO_SERVER, PLAIN + PLAIN),
        (TO_CLIENT, answer),
        (TO_CLIENT, chunked),
        (TO_SERVER, REQUEST % b""),
        (TO_CLIENT, RESPONSE % b""),
        (TO_SERVER, frames),
    )
    assert exported(trace, TO_SERVER) == (
        b"POST /a?*** HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nCookie: ***, *\r\n\r\n****"
        + PLAIN
        + PLAIN
        + (REQUEST % b"").replace(b"token=1", b"*******")
        + frames
    )
    blanked = chunked.replace(b"Oh", b"**").replace(b";x=y", b"****").replace(b"X: y", b"*:**")
    told = answer.replace(b"hello", b"*****")  # the answer to a form
    assert exported(trace, TO_CLIENT) == told + answer + blanked + RESPONSE % b""
    raw = session((TO_CLIENT, b"7         Welcome"), (TO_SERVER, b"5         hello"))
    assert exported(raw, TO_CLIENT) == b"7         Welcome"
    stream = session((TO_SERVER, PLAIN), (TO_CLIENT, b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n"))
    assert exported(stream, TO_CLIENT).endswith(b"data: 1\n\n"), "a stream that goes on is understood"


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"get"])
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_a_login_is_blanked_on_both_sides(method: bytes, cut: int) -> None:
    """Whatever its bodies are: with a length, in chunks, larger than we read, after an interim answer."""
    asked = method + b" /login HTTP/1.1\r\nHost: a\r\n"
    sized = b"Content-Length: %d\r\n\r\n%b" % (len(SECRET), SECRET)
    chunks = CHUNKED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SECRET), SECRET)
    large = b"Content-Length: 300000\r\n\r\n" + SECRET + b"a" * (300_000 - len(SECRET))
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    pieces: Pieces = [(TO_SERVER, PLAIN), (TO_CLIENT, NEXT), (TO_SERVER, asked + sized)]
    for body in (sized, chunks, *([large] if cut > 7 else [])):
        trace = session(
            *((way, data[at : at + cut]) for way, data in pieces for at in range(0, len(data), cut)),
            *(
                (TO_CLIENT, (hints + OK + body)[at : at + cut])
                for at in range(0, len(hints + OK + body), cut)
            ),
            (TO_SERVER, PLAIN),
            (TO_CLIENT, NEXT),
        )
        assert not leaks(exported(trace, TO_SERVER)) and not leaks(exported(trace, TO_CLIENT))
        assert exported(trace, TO_CLIENT).count(b"\r\n\r\nok") == 2, "what is fetched stays"
    streamed = session((TO_SERVER, asked + CHUNKED + b"\r\n%x\r\n%b" % (len(SECRET), SECRET)))
    assert not leaks(exported(streamed, TO_SERVER))


def test_a_connection_that_is_partly_forgotten_is_blanked() -> None:
    trace = session((TO_SERVER, REQUEST % b"" + GET[:20]))
    assert trace.packets
    trace.clear()
    trace.tap("client", CLIENT, SERVER).sent(GET[20:])
    assert not leaks(exported(trace, TO_SERVER))


# -- at random ------------------------------------------------------------------------------------------


class Talk:
    """A session of two ends that agree with each other, if with nobody else; a secret in each head.

    In order, there is one in the bodies too, where it is no answer to GET.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shuffled = self.random.random() < 0.3
        self.pieces: Pieces = []

    def fields(self, *known: bytes) -> bytes:
        """Header fields, one with the secret, in some order."""
        name = self.random.choice([b"Cookie", b"Authorization", b"X-Own", b"Referer", b"Set-Cookie"])
        shape = self.random.choice([b"%b: %b", b"%b:a, %b", b"%b: x\r\n %b", b"%b : %b", b"%b: Bearer %b"])
        fields = [*known, shape % (name, SECRET)]
        self.random.shuffle(fields)
        return b"\r\n".join(fields) + b"\r\n\r\n"

    def body(self) -> bytes:
        return bytes(self.random.choices(b"ab \r\n:/HTP1.", k=self.random.randrange(40)))

    def exchange(self) -> None:
        """A request and its response, in one of the ways to tell how long it is."""
        pick = self.random
        method = pick.choice([b"GET", b"GET", b"HEAD", b"POST", b"CONNECT", b"OPTIONS"])
        target = pick.choice([b"/a?t=%b" % SECRET, b"/a"])
        status = pick.choice([b"200", b"200", b"200", b"204", b"304", b"404", b"103"])
        body = self.body() if self.shuffled or method == b"GET" else self.body() + SECRET
        size = b"Content-Length: %d" % len(body)
        other = b"Content-Length: %d" % pick.randrange(600)
        chunks = b"%x;e=%b\r\n%b\r\n0\r\nX: %b\r\n\r\n" % (len(body) or 1, SECRET, body or b"a", SECRET)
        ways = [
            ([size], body),
            ([size, size], body),
            ([size, other], body),
            ([other, size], body),
            ([b"Transfer-Encoding: chunked"], chunks),
            ([b"Transfer-Encoding: chunked", other], chunks),
            ([b"Transfer-Encoding: chunked", size], body),
            ([], body),
        ]
        asked, sent = ([], b"") if method != b"POST" else pick.choice(ways)
        told, answer = pick.choice(ways)
        bare = method == b"HEAD" or status in (b"204", b"304", b"103")
        bare = bare or (method == b"CONNECT" and status == b"200")
        self.say(TO_SERVER, b"%b %b HTTP/1.1\r\n" % (method, target) + self.fields(b"Host: a", *asked), sent)
        if status == b"103":
            self.say(TO_CLIENT, b"HTTP/1.1 103 Early Hints\r\n" + self.fields(*told))
            status, bare = b"200", method == b"HEAD"
        self.say(TO_CLIENT, b"HTTP/1.1 %b OK\r\n" % status + self.fields(*told), b"" if bare else answer)

    def upgrade(self) -> None:
        fields = (REQUEST % b"").split(b"\r\n")[1:-2]
        self.say(TO_SERVER, b"GET /?" + SECRET + b" HTTP/1.1\r\n" + self.fields(*fields))
        if self.random.random() < 0.3:  # refused: HTTP goes on
            self.say(TO_CLIENT, b"HTTP/1.1 403 Forbidden\r\n" + self.fields(b"Content-Length: 2"), b"no")
        else:
            answer = (RESPONSE % b"").split(b"\r\n")[1:-2]
            self.say(TO_CLIENT, b"HTTP/1.1 101 Switching Protocols\r\n" + self.fields(*answer), b"\x81\x02hi")

    def say(self, direction: Direction, head: bytes, body: bytes = b"") -> None:
        if self.random.random() < 0.15:
            head = head.replace(b"\r\n", b"\n")
        self.pieces.append((direction, head + body))

    def cut(self) -> Iterator[tuple[Direction, bytes]]:
        """The pieces, some of them in smaller ones; a client may ask twice before it is answered."""
        if self.shuffled:
            self.random.shuffle(self.pieces)  # each direction in a wrong order, too
        elif self.random.random() < 0.3:
            self.pieces.sort(key=lambda piece: piece[0], reverse=True)  # all requests, then all responses
        for direction, data in self.pieces:
            step = self.random.choice([1, 7, 50, 10_000, 10_000])
            yield from ((direction, data[at : at + step]) for at in range(0, len(data), step))


@pytest.mark.timeout(0 if "WSDEMO_FUZZ" in os.environ else 120)
@pytest.mark.parametrize("block", range(5))
def test_no_session_leaks(block: int) -> None:
    for seed in range(block, SESSIONS, 5):
        talk = Talk(seed)
        for _ in range(talk.random.randrange(1, 5)):
            (talk.upgrade if talk.random.random() < 0.25 else talk.exchange)()
        end: End = talk.random.choice(["client", "server"])
        trace = session(*talk.cut(), end=end)
        for direction in (TO_SERVER, TO_CLIENT):
            data = exported(trace, direction, end)
            assert not leaks(data), f"seed {seed}"
            assert len(data) == len(trace.bytes(direction))


def test_bodies_stay_while_the_next_answer_is_waited_for() -> None:
    """As in long polling: what has ended has ended, whoever asks next."""
    news = OK + CHUNKED + b"\r\n4\r\nnews\r\n0\r\n\r\n"
    trace = session((TO_SERVER, PLAIN), (TO_CLIENT, OK + b"Content-Length: 4\r\n\r\nnews"))
    tap = trace.tap("client", CLIENT, SERVER)
    tap.sent(PLAIN)
    assert exported(trace, TO_CLIENT).endswith(b"news")
    tap.received(news)
    tap.sent(PLAIN)
    assert exported(trace, TO_CLIENT) == OK + b"Content-Length: 4\r\n\r\nnews" + news
    tap.received(OK + b"\r\ndata: 1\n\n")
    assert exported(trace, TO_CLIENT).endswith(b"data: 1\n\n")
    tap.sent(PLAIN)
    assert exported(trace, TO_CLIENT).endswith(news + OK + b"\r\n*******\n\n"), "it may have ended"


def test_a_body_that_has_not_ended_is_blanked() -> None:
    trace = session(
        (TO_SERVER, POST + b"Content-Length: 9\r\n\r\nuser=a"), (TO_CLIENT, OK + LONG + b"\r\nhello")
    )
    assert exported(trace, TO_SERVER) == POST + b"Content-Length: 9\r\n\r\n******"
    assert exported(trace, TO_CLIENT).endswith(LONG + b"\r\n*****")


def test_broken_frames_stay_and_http_among_frames_does_not() -> None:
    opening: Pieces = [(TO_SERVER, REQUEST % b""), (TO_CLIENT, RESPONSE % b"")]
    broken = [masked(3, b"reserved"), masked(1, b"after it"), masked(1, b"begun")[:-1]]
    for frames in (broken, broken[2:]):
        stays = session(*opening, (TO_SERVER, b"".join(frames)), (TO_CLIENT, b"\x83\x02hi"))
        assert exported(stays, TO_SERVER).endswith(b"".join(frames))
        assert exported(stays, TO_CLIENT).endswith(b"\x83\x02hi")
    for http in (GET, b"\r\n" + GET, NEXT):
        goes = session(*opening, (TO_SERVER, masked(1, b"Hello") + http), (TO_CLIENT, b"\x81\x02hi" + http))
        for direction, frame in ((TO_SERVER, masked(1, b"Hello")), (TO_CLIENT, b"\x81\x02hi")):
            kept, _, blanked = exported(goes, direction).partition(frame)
            assert kept and not set(blanked) - set(b"*\r\n")
    false = [(direction, data.replace(b"s3pP", b"AAAA")) for direction, data in opening]
    told = session(*false, (TO_SERVER, masked(1, b"Hello") + broken[0]))
    assert exported(told, TO_SERVER).endswith(masked(1, b"Hello") + b"*" * len(broken[0]))


def test_both_ends_and_what_tls_carries() -> None:
    trace = Trace()
    client, server = trace.tap("client", CLIENT, SERVER), trace.tap("server", SERVER, CLIENT)
    wire = client.encrypted()
    wire.sent(b"\x17\x03\x03 encrypted")
    client.sent(GET)
    server.received(GET[:10])
    server.received(GET[10:])
    other = trace.tap("client", ("127.0.0.1", 50001), SERVER)
    other.sent(b"5         hello")
    found = redacted(trace)
    blanked = GET.replace(SECRET, b"*" * len(SECRET)).replace(b"t=", b"**")
    assert [chunk.data for chunk in found] == [
        *(b"\x17\x03\x03 encrypted", blanked, blanked[:10], blanked[10:], b"5         hello")
    ]
    assert [chunk[:4] for chunk in found] == [chunk[:4] for chunk in trace.chunks]


def test_the_harmless_fields_are_these() -> None:
    """Everything else is a secret until someone has shown that it is none."""
    for name in HARMLESS:
        head = b"GET / HTTP/1.1\r\n%b: some words\r\n\r\n" % name.encode()
        assert list(secrets(RequestPacket(head))) == []
    secret = {"cookie", "authorization", "proxy-authorization", "set-cookie", "location", "referer"}
    assert not secret & HARMLESS and "sec-websocket-protocol" not in HARMLESS
    assert list(secrets(RequestPacket(b"GET /?a=b"))) == [(6, 9)]
    assert list(secrets(ResponsePacket(b"HTTP/1.1 200\r\n\r\n"))) == []
    assert list(secrets(ResponsePacket(b"HTTP/1.1 200 Token abc\r\n\r\n"))) == [(13, 22)]
    for reason in (b"OK", b"Switching Protocols", b"Content Too Large", b"I'm a Teapot"):
        assert list(secrets(ResponsePacket(b"HTTP/1.1 200 " + reason + b"\r\n\r\n"))) == []


def test_a_body_in_the_packet_of_its_head_goes_with_the_doubt_or_with_its_missing_end() -> None:
    whole, begun = OK + b"Content-Length: 5\r\n\r\nhello", OK + LONG + b"\r\nhello"
    assert exported(session((TO_SERVER, PLAIN), (TO_CLIENT, begun)), TO_CLIENT) == OK + LONG + b"\r\n*****"
    doubt = session((TO_SERVER, PLAIN), (TO_CLIENT, whole), (TO_SERVER, LF[0]))
    assert exported(doubt, TO_CLIENT) == OK + b"Content-Length: 5\r\n\r\n*****"


def test_a_broken_chunk_makes_the_whole_body_doubtful() -> None:
    body = b"2\r\nab\r\nno\r\nX: " + SECRET + b"\r\n"
    trace = session((TO_SERVER, PLAIN), (TO_CLIENT, OK + CHUNKED + b"\r\n" + body))
    blanked = bytes(byte if byte in b"\r\n" else 0x2A for byte in body)
    assert exported(trace, TO_CLIENT) == OK + CHUNKED + b"\r\n" + blanked


@pytest.mark.parametrize("after", [b"HTTP/1.1 two hundred\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"])
def test_an_answer_that_is_none_makes_the_bodies_before_it_doubtful(after: bytes) -> None:
    """One that can't be read, or that nothing was asked for: the one before it may end elsewhere."""
    whole = OK + b"Content-Length: 5\r\n\r\nhello"
    trace = session((TO_SERVER, PLAIN), (TO_CLIENT, whole))
    assert exported(trace, TO_CLIENT) == whole
    more = [(TO_SERVER, PLAIN)] if b"two" in after else []
    trace = session((TO_SERVER, PLAIN), (TO_CLIENT, whole), *more, (TO_CLIENT, after))
    assert exported(trace, TO_CLIENT).startswith(OK + b"Content-Length: 5\r\n\r\n*****")
