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

    __slots__ = ("_early", "_reader", "_wish", "accept", "limits", "request", "response", "subprotocol")

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
        self.request = request  #: the client's request, once it is known
        self.response: Response | None = None  #: the server's answer to it
        self.subprotocol: str | None = None
        self.accept = accept  #: a server's decision on the request; may be set until that comes
        self._wish = deflate if isinstance(deflate, Deflate) else None
        self._reader: HeadReader[Request] | HeadReader[Response] | None = None
        self._early: bytes | None = None  # while a request is undecided: the bytes behind it
        if not opened:
            self._begin()

    def refuse(self, error: HandshakeError) -> list[Event]:
        """Refuse an opening that is not decided yet, such as one that takes too long (408)."""
        return [self._refuse(error)] if self.state is CONNECTING else []

    @property
    def undecided(self) -> bool:
        """Whether a request has come whose answer is not known yet."""
        return self._early is not None

    def _begin(self) -> None:
        if self.side is Side.SERVER:
            self._reader = HeadReader(request_head, self.limits)
            return
        if self.request is None:
            raise ValueError("a client needs a request (see handshake.request), or opened=True")
        self._reader = HeadReader(response_head, self.limits)
        self._handshake = self.request.raw or serialize_request(self.request)

    def _open(self, data: bytes) -> tuple[list[Event], bytes]:
        """Take bytes of the handshake: the events, and the bytes behind it, which are frames."""
        if self._early is not None:
            return self._wait(data), b""
        assert self._reader is not None
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
        self._early = (self._early or b"") + data
        size, limit = len(self._early), self.limits.first_message_size
        if size <= limit:
            return []
        return [
            self._refuse(HandshakeError(f"{size} bytes came before the answer, at most {limit} kept", 400))
        ]

    def _open_eof(self) -> list[Event]:
        assert self._reader is not None
        response = self._reader.receive_eof() if self._early is None else None
        if isinstance(response, Response):
            return [self._check(response)]
        what = "request" if self.side is Side.SERVER else "response"
        text = f"before the {what} was complete" if self._early is None else "before the request was answered"
        error = HandshakeError(f"the connection ended {text}", 0)
        return [self._refuse(error, answer=False, step=Step.EOF)]

    def _answer(self, request: Request) -> Event | None:
        """The server's answer to a request; None: not known yet."""
        self.request = request
        answer: Answer | Undecided
        try:
            if self.accept is not None:
                answer = self.accept(request)
            else:
                answer = handshake.accept(request, deflate=self._wish)
        except HandshakeError as error:
            return self._refuse(error)
        return None if isinstance(answer, Undecided) else self._say(request, answer)

    def _say(self, request: Request, answer: Answer) -> Event:
        if isinstance(answer, Response):
            return self._refuse(None, _last(answer))
        self._handshake = serialize_response(answer.response)
        return self._opened(request, answer.response, answer.subprotocol, answer.deflate)

    def _check(self, response: Response) -> Event:
        """The client's verdict on the answer."""
        assert self.request is not None
        self.response = response
        try:
            agreed = handshake.check(self.request, response, self._wish)
        except HandshakeError as error:
            return self._refuse(error, response)
        return self._opened(self.request, response, agreed.subprotocol, agreed.deflate)

    def _opened(
        self, request: Request, response: Response, subprotocol: str | None, deflate: Parameters | None
    ) -> Opened:
        self._go(Step.ACCEPTED)
        self.accept = self._wish = self._reader = self._early = None
        request.headers.release()  # the parsed fields, 3 KiB; the bytes stay
        response.headers.release()
        self.response, self.subprotocol, self.deflate = response, subprotocol, deflate
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
                self.response = response
                self._handshake = serialize_response(response)
        self._go(step)
        self.accept = self._wish = self._reader = self._early = None
        return Refused(error, self.request, self.response)


def _last(response: Response) -> Response:
    """A plain answer, after which the connection closes: it says so (RFC 9112 §9.6)."""
    if "connection" in response.headers:
        return response
    headers = Headers([*response.headers.items(), ("Connection", "close")])
    return Response(response.status, response.reason, headers, response.body)
