"""From the first byte to the first frame: both sides, whole, cut at each byte, and what is refused."""

from __future__ import annotations

import pytest

from wsdemo.protocol import handshake
from wsdemo.protocol.codes import Side
from wsdemo.protocol.deflate import Deflate
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.events import Event, Message, Opened, Ping, Refused
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import Request, Response, parse_response
from wsdemo.protocol.limits import Limits
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


@pytest.mark.parametrize("make", [client, server])
def test_tcp_ends_before_it_is_open(make: object) -> None:
    protocol = make()  # type: ignore[operator]
    protocol.data_to_send()
    (refused,) = protocol.receive_eof()
    assert isinstance(refused, Refused)
    assert "ended before" in str(refused.error)
    assert (protocol.state, protocol.data_to_send(), protocol.receive_eof()) == (State.CLOSED, b"", [])


def test_a_client_needs_a_request() -> None:
    with pytest.raises(ValueError, match="a client needs a request"):
        Protocol(Side.CLIENT)
