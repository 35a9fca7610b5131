"""HTTP for a client, without I/O: requests become bytes, bytes become pieces of answers.

::

    request("/wait?after=17", …) ──► data_to_send()    HTTP/1.1: a head of text for each request
    receive_data(bytes) ──► pieces                     HTTP/2: frames; a request is a stream of its connection

Both versions have the same methods, so a client need not know which it speaks. Names are those of `h11`
and `h2`. `h2` is imported only when HTTP/2 is spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from wsdemo.protocol.errors import ProtocolError
from wsdemo.protocol.http11 import Headers, HeadReader, Request, Response, response_head, serialize_request
from wsdemo.protocol.http11.chunked import parse_chunk
from wsdemo.protocol.limits import Limits, MiB

#: An answer to a poll after a long pause may be large.
LIMITS: Final = Limits(body_size=64 * MiB)

Fields = Sequence[tuple[str, str]]


class AnswerPiece(NamedTuple):
    """A piece of an answer; a complete head is a piece without data."""

    request: int  #: the number of the request on this connection: 0, 1, 2 …
    status: int
    data: bytes  #: of its body
    last: bool  #: no more will come


class Exchange(Protocol):
    """Requests and answers of one connection."""

    def request(self, authority: str, path: str, fields: Fields) -> None:
        """Ask with GET."""

    def receive_data(self, data: bytes) -> list[AnswerPiece]:
        """Take bytes from the server. Raises HandshakeError or ProtocolError where they make no sense."""

    def data_to_send(self) -> bytes:
        """The bytes that are to be sent now."""


class Http1:
    """HTTP/1.1: one request after another. An answer without a length goes on for ever, perhaps in chunks."""

    def __init__(self) -> None:
        self._out = b""
        self._reader: HeadReader[Response] | None = HeadReader(response_head, LIMITS)
        self._chunks: Dechunker | None = None
        self._answered = 0

    def request(self, authority: str, path: str, fields: Fields) -> None:
        """Ask with GET."""
        self._out += serialize_request(Request("GET", path, Headers([("Host", authority), *fields])))

    def receive_data(self, data: bytes) -> list[AnswerPiece]:
        """Take bytes from the server: a whole answer, or more of one without end. Raises ProtocolError."""
        if self._reader is None:
            return [self._more(data)]
        found = self._reader.receive(data)
        if found is None:
            return []
        response, rest = found
        if response.status == 200 and "content-length" not in response.headers:
            self._reader = None
            self._chunks = Dechunker() if "chunked" in response.headers.tokens("transfer-encoding") else None
            return [self._more(rest)]
        if rest:
            raise ProtocolError(f"{len(rest)} bytes behind an answer, expected none before the next request")
        self._reader = HeadReader(response_head, LIMITS)
        self._answered += 1
        return [AnswerPiece(self._answered - 1, response.status, response.body, True)]

    def data_to_send(self) -> bytes:
        """The bytes that are to be sent now."""
        out, self._out = self._out, b""
        return out

    def _more(self, data: bytes) -> AnswerPiece:
        body = self._chunks.receive(data) if self._chunks is not None else data
        return AnswerPiece(self._answered, 200, body, False)


class Dechunker:
    r"""Takes the body out of chunks (RFC 9112 §7.1): ``5\r\nhello\r\n``, and so on.

    >>> chunks = Dechunker()
    >>> chunks.receive(b"5\r\nhello\r\n4\r\n y"), chunks.receive(b"ou\r\n")
    (b'hello', b' you')
    """

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> bytes:
        """The complete chunks of body in these bytes; the rest waits for its end. Raises ProtocolError."""
        data = self._rest + data
        body, at = [], 0
        while (chunk := parse_chunk(data, at)) is not None:
            body.append(data[chunk.start : chunk.stop])
            at = chunk.end
        self._rest = data[at:]
        return b"".join(body)


class Http2:
    """HTTP/2 (RFC 9113), by the library `h2`: each request is a stream, and all share the connection.

    It begins in clear text, as a client may that knows what the server speaks (§3.3); browsers want TLS.
    """

    def __init__(self) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._h2.initiate_connection()
        self._requests: dict[int, int] = {}  # stream → number of the request
        self._statuses: dict[int, int] = {}

    def request(self, authority: str, path: str, fields: Fields) -> None:
        """Ask with GET, on a new stream; h2 leaves out fields about the connection (RFC 9113 §8.2.2)."""
        pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)]
        stream = self._h2.get_next_available_stream_id()
        self._requests[stream] = len(self._requests)
        self._h2.send_headers(stream, [*pseudo, *fields], end_stream=True)

    def receive_data(self, data: bytes) -> list[AnswerPiece]:
        """Take bytes from the server: any number of frames, of any streams. Raises ProtocolError."""
        from h2.exceptions import ProtocolError as H2Error

        try:
            return [piece for event in self._h2.receive_data(data) for piece in self._pieces(event)]
        except H2Error as error:
            raise ProtocolError(f"not HTTP/2: {error}") from error

    def data_to_send(self) -> bytes:
        """The bytes that are to be sent now: requests, and room for more data (WINDOW_UPDATE)."""
        data: bytes = self._h2.data_to_send()
        return data

    def _pieces(self, event: Any) -> list[AnswerPiece]:
        from h2 import events

        match event:
            case events.ResponseReceived(stream_id=stream, headers=headers):
                self._statuses[stream] = int(dict(headers)[b":status"])
                return [self._piece(stream, b"", False)]
            case events.DataReceived(stream_id=stream, data=data, flow_controlled_length=size):
                self._h2.acknowledge_received_data(size, stream)
                return [self._piece(stream, data, False)]
            case events.StreamEnded(stream_id=stream):
                return [self._piece(stream, b"", True)]
            case events.StreamReset(error_code=code):
                raise ProtocolError(f"the server has reset a stream with error {int(code)}")
        return []

    def _piece(self, stream: int, data: bytes, last: bool) -> AnswerPiece:
        return AnswerPiece(self._requests[stream], self._statuses[stream], data, last)
