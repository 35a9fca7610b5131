"""From the first byte to the first frame: both sides, whole, cut at each byte, and what is refused."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import pytest

from wsdemo.protocol import handshake
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.events import Event, Message, Opened, Ping, Refused
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import Request, Response, parse_response, serialize_request, serialize_response
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.opening import Undecided
from wsdemo.protocol.protocol import Protocol
from wsdemo.protocol.states import State

URL = "ws://localhost:1234/chat"


def client(deflate: Deflate | None = None, **options: object) -> Protocol:
    asked = handshake.request(URL, deflate=deflate, subprotocols=("chat",))
    return Protocol(Side.CLIENT, request=asked, deflate=deflate, **options)  # type: ignore[arg-type]


def server(deflate: Deflate | None = None, **options: object) -> Protocol:
    def accept(request: Request) -> handshake.Accepted:
        return handshake.accept(request, deflate=deflate, subprotocols=("news", "chat"))

    return Protocol(Side.SERVER, accept=accept, **options)  # type: ignore[arg-type]


def fed(protocol: Protocol, data: bytes, size: int) -> list[Event]:
    return [event for i in range(0, len(data), size) for event in protocol.receive(data[i : i + size])]


def answer(protocol: Protocol) -> Response:
    found = parse_response(protocol.data_to_send())
    assert found is not None
    return found[0]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("deflate", [None, Deflate(), Deflate(True, True, 15, 15)])
def test_both_sides(size: int, deflate: Deflate | None) -> None:
    here, there = client(deflate), server(deflate)
    (opened,) = fed(there, here.data_to_send(), size)
    assert isinstance(opened, Opened)
    assert (opened.subprotocol, opened.request.target) == ("chat", "/chat")
    hello = there.data_to_send() + there.send_text("a" * 100) + there.ping()  # glued to the 101
    opened, *rest = fed(here, hello, size)
    assert isinstance(opened, Opened)
    assert opened.response.status == 101
    assert rest == [Message("a" * 100), Ping(b"")]
    assert (here.subprotocol, here.deflate) == ("chat", there.deflate)
    assert (here.deflate is None) is (deflate is None)
    assert there.receive(here.data_to_send() + here.send_text("b" * 100))[1:] == [Message("b" * 100)]
    assert here.state is there.state is State.OPEN


def test_frames_glued_to_the_request() -> None:
    here, there = client(), server()
    eager = Protocol(Side.CLIENT, opened=True)
    events = there.receive(here.data_to_send() + eager.send_text("early") + eager.ping(b"1"))
    assert events[1:] == [Message("early"), Ping(b"1")]
    assert there.data_to_send().startswith(b"HTTP/1.1 101 ")  # the pong comes behind it
    opened = client()
    other = server()
    other.receive(opened.data_to_send() + eager.ping(b"1"))
    assert [type(event).__name__ for event in opened.receive(other.data_to_send())] == ["Opened", "Pong"]


def test_the_default_policy() -> None:
    there = Protocol(Side.SERVER, deflate=Deflate())
    (opened,) = there.receive(client(Deflate()).data_to_send())
    assert isinstance(opened, Opened)
    assert there.deflate is not None
    foreign = handshake.request(URL, origin="https://evil.example")
    (refused,) = Protocol(Side.SERVER).receive(foreign.raw)
    assert isinstance(refused, Refused)
    assert refused.error is not None
    assert refused.error.status == 403


def test_a_server_refuses() -> None:
    there = server()
    (refused,) = there.receive(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"\x81\x80abcd")
    assert isinstance(refused, Refused)
    assert refused.error is not None
    got = answer(there)
    assert (got.status, got.headers["connection"].split(", ")[-1]) == (426, "close")
    assert there.state is State.CLOSED
    assert there.receive(client().data_to_send()) == []  # "nothing after it is read"
    assert there.receive_eof() == []


def test_a_server_answers_plain_http() -> None:
    page = Response(200, "OK", Headers([("Content-Length", "2")]), b"hi")
    there = Protocol(Side.SERVER, accept=lambda request: page)
    (refused,) = there.receive(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert isinstance(refused, Refused)
    assert (refused.error, refused.request and refused.request.path) == (None, "/")
    got = answer(there)
    assert (got.status, got.body, got.headers["connection"]) == (200, b"hi", "close")


def test_a_server_refuses_on_its_own_account() -> None:
    there = server()
    there.receive(b"GET / HTTP/1.1\r\n")
    (refused,) = there.refuse(HandshakeError("took too long", 408))
    assert isinstance(refused, Refused)
    assert answer(there).status == 408
    assert there.refuse(HandshakeError("again", 408)) == []


def test_the_head_is_bounded() -> None:
    there = server(limits=Limits(head_size=1000, request_line=100))
    endless = b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % i for i in range(10_000))
    (refused,) = fed(there, endless, 100)
    assert isinstance(refused, Refused)
    assert refused.error is not None
    assert answer(there).status == refused.error.status == 431


def test_a_client_is_refused() -> None:
    here = client()
    here.data_to_send()
    (refused,) = here.receive(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull")
    assert isinstance(refused, Refused)
    assert refused.error is not None
    assert refused.error.status == 503
    assert "full" in str(refused.error)
    assert (here.state, here.data_to_send()) == (State.CLOSED, b"")


def test_a_client_meets_something_else() -> None:
    here = client()
    (refused,) = here.receive(b"220 mail.example ESMTP\r\n")
    assert isinstance(refused, Refused)
    assert refused.error is not None
    assert refused.error.status == 0


@pytest.mark.parametrize(("make", "awaited"), [(client, "response"), (server, "request")])
def test_tcp_ends_before_it_is_open(make: object, awaited: str) -> None:
    protocol = make()  # type: ignore[operator]
    protocol.data_to_send()
    (refused,) = protocol.receive_eof()
    assert isinstance(refused, Refused)
    assert str(refused.error) == f"the connection ended before the {awaited} was complete"
    assert (protocol.state, protocol.data_to_send(), protocol.receive_eof()) == (State.CLOSED, b"", [])


MANY = [(f"X-Field-{number}", f"value {number}") for number in range(60)]


def opened_server(wire: bytes, answer: list[tuple[str, str]]) -> Protocol:
    def accept(request: Request) -> handshake.Accepted:
        return handshake.accept(request, headers=answer)

    protocol = Protocol(Side.SERVER, accept=accept)
    protocol.receive(wire)
    sent = protocol.data_to_send().decode()
    assert all(f"\r\n{name}: " in sent for name, _ in answer), "what the answer has is sent"
    return protocol


def opened_client(fields: list[tuple[str, str]], more: bytes) -> Protocol:
    protocol = Protocol(Side.CLIENT, request=handshake.request(URL, headers=fields))
    answer = opened_server(protocol.data_to_send(), []).response
    assert answer is not None
    protocol.receive(serialize_response(answer).replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n"))
    return protocol


LINES = b"".join(f"{name}: {value}\r\n".encode() for name, value in MANY)
OPENED = {
    "server, request": lambda: opened_server(handshake.request(URL, headers=MANY).raw, []),
    "server, response": lambda: opened_server(handshake.request(URL).raw, MANY),
    "client, request": lambda: opened_client(MANY, b""),
    "client, response": lambda: opened_client([], LINES),
}


@pytest.mark.parametrize("name", OPENED)
def test_an_opening_leaves_the_bytes_of_its_heads_and_no_more(name: str) -> None:
    """60 fields are 1.3 KiB as bytes, and 16 KiB taken apart, for as long as the connection lives."""
    make = OPENED[name]
    make()
    gc.collect()
    tracemalloc.start()
    try:
        held = [make() for _ in range(20)]
        gc.collect()
        each = tracemalloc.get_traced_memory()[0] / len(held)
    finally:
        tracemalloc.stop()
    assert all(protocol.state is State.OPEN for protocol in held)
    assert each < 6 * 1024
    assert held[0].request is not None and held[0].response is not None
    assert "X-Field-59" in [*held[0].request.headers, *held[0].response.headers], "they can still be asked"


@pytest.mark.parametrize("more", [[], [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]])
@pytest.mark.parametrize("deflate", [None, Deflate()])
def test_an_open_server_gives_both_heads_as_they_were_on_the_wire(
    deflate: Deflate | None, more: list[tuple[str, str]]
) -> None:
    asked = client(deflate).data_to_send()
    accepted: list[handshake.Accepted] = []

    def accept(request: Request) -> handshake.Accepted:
        options = {"subprotocols": ("chat",), "deflate": deflate, "headers": more}
        accepted.append(handshake.accept(request, **options))  # type: ignore[arg-type]
        return accepted[-1]

    there = Protocol(Side.SERVER, accept=accept)
    (opened,) = there.receive(asked)
    assert isinstance(opened, Opened)
    assert there.request == opened.request and there.response == opened.response == accepted[0].response
    assert there.request is not None and there.request.raw == asked and there.request is there.request
    assert there.response is not None and there.response.raw == there.data_to_send()
    assert there.response is there.response


def test_a_request_made_from_another_is_sent_as_it_is() -> None:
    asked = handshake.request(URL)
    other = replace(asked, target="/other", headers=Headers([*asked.headers.items(), ("X-A", "1")]))
    here = Protocol(Side.CLIENT, request=other)
    sent = here.data_to_send()
    assert (
        sent == serialize_request(other) and b"GET /other HTTP/1.1\r\n" in sent and b"\r\nX-A: 1\r\n" in sent
    )
    assert here.request is not None and (here.request, here.request.raw) == (other, sent)


def test_a_client_needs_a_request() -> None:
    with pytest.raises(ValueError, match="a client needs a request"):
        Protocol(Side.CLIENT)


# -- decided later -------------------------------------------------------------------------------------------


def undecided(limits: Limits = Limits()) -> Protocol:  # noqa: B008 - frozen
    return Protocol(Side.SERVER, accept=lambda request: Undecided(), limits=limits)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_decision_later_gives_what_one_at_once_would(size: int) -> None:
    """Whole and in pieces, with frames behind the request."""
    here, at_once, later = client(), server(), undecided()
    asked = here.data_to_send()
    frames = Protocol(Side.CLIENT, opened=True).send_text("early") * 2
    expected = fed(at_once, asked + frames, size)
    assert fed(later, asked + frames, size) == [] and later.undecided
    assert later.request is not None
    answer = handshake.accept(later.request, subprotocols=("news", "chat"))
    assert later.decide(answer) == expected
    assert later.data_to_send() == at_once.data_to_send()
    assert not later.undecided and later.decide(answer) == []


def test_while_undecided_few_bytes_are_kept_and_an_end_is_an_end() -> None:
    asked = client().data_to_send()
    limits = Limits(first_message_size=10)
    kept, too_much, left, late = (undecided(limits) for _ in range(4))
    assert kept.receive(asked + bytes(10)) == []
    (refused,) = too_much.receive(asked + bytes(11))
    assert isinstance(refused, Refused) and refused.error is not None and refused.error.status == 400
    assert left.receive(asked) == []
    (refused,) = left.receive_eof()
    assert isinstance(refused, Refused)
    assert str(refused.error) == "the connection ended before the request was answered"
    assert left.data_to_send() == b""
    assert late.receive(asked) == []
    (refused,) = late.refuse(HandshakeError("try again later", 503))
    assert isinstance(refused, Refused) and refused.response is not None and refused.response.status == 503
    assert not too_much._rest, "nothing of it is kept"
    for protocol in (too_much, left, late):
        assert protocol.decide(HandshakeError("too late", 403)) == [] and not protocol.undecided


@pytest.mark.parametrize("answer", [HandshakeError("no", 403), Response(200, "OK", Headers([]), b"plain")])
def test_a_no_later_hears_nothing_that_came_behind_the_request(answer: HandshakeError | Response) -> None:
    there = undecided()
    assert there.receive(client().data_to_send() + b"GET / HTTP/1.1\r\n") == []
    (refused,) = there.decide(answer)
    assert isinstance(refused, Refused) and there.state is State.CLOSED


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_refusal_of_head_has_no_content(method: str) -> None:
    """ "The server MUST NOT send content in the response" to HEAD (RFC 9110 §9.3.2)."""
    protocol = server()
    (refused,) = protocol.receive(f"{method} /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert isinstance(refused, Refused)
    head, _, body = protocol.data_to_send().partition(b"\r\n\r\n")
    assert (b"\r\nContent-Length: 0\r\n" in head, bool(body)) == (False, method == "GET")
