"""The opening of a connection, from the first byte to the first frame (RFC 6455 §4).

::

    server    bytes ──HeadReader──► Request ──accept()──► Accepted ──► 101, Opened
                                                      Response, HandshakeError ──► that answer, Refused
                                                      Undecided · · · decide() ──► one of these
    client    Request ──► bytes · · · bytes ──HeadReader──► Response ──check()──► Opened, or Refused

The meaning of the fields is the business of ``handshake``; this is its place in a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from . import handshake
from .codes import Side
from .deflate import Deflate, Parameters
from .errors import HandshakeError
from .events import Event, Opened, Refused
from .headers import Headers
from .http11 import (
    HeadReader,
    Request,
    Response,
    parse_request,
    request_head,
    response_head,
    serialize_request,
    serialize_response,
)
from .limits import Limits
from .sending import MaskingKey, Serializer
from .states import CONNECTING, OPEN, Step

Answer = handshake.Accepted | Response


class Undecided:
    """An ``accept`` gives it where the answer comes later, by `Protocol.decide`."""


Accept = Callable[[Request], Answer | Undecided]


class Opening(Serializer):
    """The opening of one end; parameters as of ``Protocol``. ValueError for a client without a request."""

    __slots__ = ("_reader", "_request", "_response", "_rest", "_verdict", "limits", "subprotocol")

    def __init__(
        self,
        side: Side,
        limits: Limits,
        accept: Accept | None,
        request: Request | None,
        deflate: Deflate | Parameters | None,
        masking_key: MaskingKey | None,
        opened: bool,
    ) -> None:
        agreed = deflate if isinstance(deflate, Parameters) else None
        super().__init__(side, OPEN if opened else CONNECTING, agreed, masking_key)
        self.limits = limits
        # An open server keeps the bytes of the request, and the field lines of the 101 that do not follow
        # from it: 0.4 KiB less than the two values.
        self._request: Request | bytes | None = request
        self._response: Response | bytes | None = None
        self.subprotocol: str | None = None
        self._verdict: Callable[[Any], Any] | None = None  # on the other side's head
        self._reader: HeadReader[Request] | HeadReader[Response] | None = None
        self._rest = b""  # bytes that wait for others: behind a request that is undecided, later of a header
        if not opened:
            self._begin(accept, deflate if isinstance(deflate, Deflate) else None)

    @property
    def request(self) -> Request | None:
        """The client's request, once it is known."""
        if isinstance(self._request, bytes):
            found = parse_request(self._request, self.limits)
            assert found is not None
            self._request = found[0]
        return self._request

    @property
    def response(self) -> Response | None:
        """The server's answer to it."""
        if isinstance(self._response, bytes):
            assert self.request is not None
            key = self.request.headers["Sec-WebSocket-Key"]
            self._response = handshake.Accepted(key, self._response).response
        return self._response

    def refuse(self, error: HandshakeError) -> list[Event]:
        """Refuse an opening that is not decided yet, such as one that takes too long (408)."""
        return [self._refuse(error)] if self.state is CONNECTING else []

    @property
    def undecided(self) -> bool:
        """Whether a request has come whose answer is not known yet."""
        return self.state is CONNECTING and self._reader is None

    def _begin(self, accept: Accept | None, wish: Deflate | None) -> None:
        if self.side is Side.SERVER:
            self._verdict = accept or partial(handshake.accept, deflate=wish)
            self._reader = HeadReader(request_head, self.limits)
            return
        request = self.request
        if request is None:
            raise ValueError("a client needs a request (see handshake.request), or opened=True")
        self._verdict = partial(handshake.check, request, deflate=wish)
        self._reader = HeadReader(response_head, self.limits)
        self._handshake = serialize_request(request)
        if request.raw != self._handshake:  # it has none, or those of another that it was made from
            self._request = replace(request, raw=self._handshake)

    def _open(self, data: bytes) -> tuple[list[Event], bytes]:
        """Take bytes of the handshake: the events, and the bytes behind it, which are frames."""
        if self._reader is None:
            return self._wait(data), b""
        try:
            found = self._reader.receive(data)
        except HandshakeError as error:
            return [self._refuse(error)], b""
        if found is None:
            return [], b""
        head, rest = found
        if isinstance(head, Response):
            return [self._check(head)], rest
        event = self._answer(head)
        return ([event], rest) if event is not None else (self._wait(rest), b"")

    def _wait(self, data: bytes) -> list[Event]:
        """Keep bytes until the request before them is decided: not many.

        The client "MUST wait for a response from the server before sending any further data" (RFC 6455 §4.1).
        """
        self._rest += data
        size, limit = len(self._rest), self.limits.first_message_size
        if size <= limit:
            return []
        return [
            self._refuse(HandshakeError(f"{size} bytes came before the answer, at most {limit} kept", 400))
        ]

    def _open_eof(self) -> list[Event]:
        response = None if self._reader is None else self._reader.receive_eof()
        if isinstance(response, Response):
            return [self._check(response)]
        what = "request" if self.side is Side.SERVER else "response"
        text = "before the request was answered" if self.undecided else f"before the {what} was complete"
        error = HandshakeError(f"the connection ended {text}", 0)
        return [self._refuse(error, answer=False, step=Step.EOF)]

    def _answer(self, request: Request) -> Event | None:
        """The server's answer to a request; None: not known yet."""
        self._request = request
        assert self._verdict is not None
        try:
            answer: Answer | Undecided = self._verdict(request)
        except HandshakeError as error:
            return self._refuse(error)
        if isinstance(answer, Undecided):
            self._reader = None
            return None
        return self._say(request, answer)

    def _say(self, request: Request, answer: Answer) -> Event:
        if isinstance(answer, Response):
            return self._refuse(None, _last(answer))
        response = answer.response
        self._handshake = response.raw
        opened = self._opened(request, response, answer.subprotocol, answer.deflate)
        self._request, self._response = request.raw, answer.lines
        return opened

    def _check(self, response: Response) -> Event:
        """The client's verdict on the answer."""
        assert self.request is not None and self._verdict is not None
        self._response = response
        try:
            agreed: handshake.Agreed = self._verdict(response)
        except HandshakeError as error:
            return self._refuse(error, response)
        return self._opened(self.request, response, agreed.subprotocol, agreed.deflate)

    def _opened(
        self, request: Request, response: Response, subprotocol: str | None, deflate: Parameters | None
    ) -> Opened:
        self._go(Step.ACCEPTED)
        self._verdict = self._reader = None
        request.headers.release()  # the parsed fields, 3 KiB; the bytes stay
        response.headers.release()
        self._response, self.subprotocol, self.deflate = response, subprotocol, deflate
        return Opened(request, response, subprotocol)

    def _refuse(
        self,
        error: HandshakeError | None,
        response: Response | None = None,
        *,
        answer: bool = True,
        step: Step = Step.REFUSED,
    ) -> Refused:
        """No WebSocket: a server says so over HTTP."""
        if error is not None:
            error.__traceback__ = None  # its stack frames would keep the bytes until the next collection
        if self.side is Side.SERVER and answer:
            if response is None and error is not None:
                response = handshake.refusal(error)
            if response is not None:
                if self.request is not None and self.request.method == "HEAD":
                    response = replace(response, body=b"")  # no content for it (RFC 9110 §9.3.2)
                self._response = response
                self._handshake = serialize_response(response)
        self._go(step)
        self._verdict = self._reader = None
        self._rest = b""
        return Refused(error, self.request, self.response)


def _last(response: Response) -> Response:
    """A plain answer, after which the connection closes: it says so (RFC 9112 §9.6)."""
    if "connection" in response.headers:
        return response
    headers = Headers([*response.headers.items(), ("Connection", "close")])
    return Response(response.status, response.reason, headers, response.body)
