"""Bytes that come bit by bit, until they are a whole request or response.

::

    GET / HT · TP/1.1 CR LF Ho · st: a CR LF CR · LF · body      looked at once each, wherever the cuts are
    ╰───────────── head, to its empty line ─────────╯

Bytes that can't become a head are refused before it is whole; a whole one is parsed by ``head``.
Knows nothing of what a line means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Generic, TypeVar

from ..errors import HandshakeError
from ..headers import CRLF, TEXT
from ..limits import Limits
from .head import bad_control, not_http, response_head, too_long
from .message import Request, Response

#: The most responses 1xx that a client accepts before the real one (RFC 9110 §15.2).
INTERIM: Final = 8

M = TypeVar("M", Request, Response)


class HeadReader(Generic[M]):
    r"""Collects bytes until they are a whole request or response; looks at each byte once.

    >>> from wsdemo.protocol.http11 import request_head
    >>> reader = HeadReader(request_head)
    >>> reader.receive(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r")
    >>> request, rest = reader.receive(b"\nabc")
    >>> request.target, rest
    ('/', b'abc')
    """

    __slots__ = ("_buffer", "_interim", "_length", "_limits", "_message", "_parse", "_searched", "_start")

    def __init__(
        self,
        parse: Callable[[bytes, Limits], tuple[M, int]],  # request_head or response_head
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._parse: Callable[[bytes, Limits], tuple[M, int]] = parse
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0  # bytes in which there is no end of the head
        self._message: M | None = None  # its head, once it is there
        self._start = 0  # where its body starts
        self._length = 0  # bytes of its body that we wait for
        self._interim = 0

    def receive(self, data: bytes | bytearray) -> tuple[M, bytes] | None:
        """The message and the bytes behind it, or None: more bytes are needed. It reads one message.

        Raises ``HandshakeError`` for bytes that can't become one.
        """
        self._buffer += data
        try:
            while self._message is None:
                if not self._read_head():
                    return None
        except HandshakeError as error:
            if self._parse is response_head:  # a server's mistake is nothing that a client answers
                raise HandshakeError(str(error), 0) from None
            raise
        return self._complete() if len(self._buffer) >= self._start + self._length else None

    def receive_eof(self) -> M | None:
        """Nothing more will come: the response with as much of its body as came, or None without a head."""
        found = self._complete() if isinstance(self._message, Response) else None
        return found and found[0]

    def _read_head(self) -> bool:
        buffer = self._buffer
        end = _head_end(buffer, self._searched, self._limits, self._parse is response_head)
        if end is None:
            self._searched = len(buffer)
            return False
        message, length = self._parse(bytes(buffer[:end]), self._limits)
        if isinstance(message, Response) and message.status < 200 and message.status != 101:
            # "A client MUST be able to parse one or more 1xx responses received prior to a final response"
            self._interim += 1  # (RFC 9110 §15.2), but not any number of them
            if self._interim > INTERIM:
                raise HandshakeError(f"more than {INTERIM} interim responses (1xx)")
            del buffer[:end]
            self._searched = 0
        else:
            self._message, self._start, self._length = message, end, length
        return True

    def _complete(self) -> tuple[M, bytes]:
        message, start, end = self._message, self._start, self._start + self._length
        assert message is not None
        if self._length:
            raw = bytes(self._buffer[:end])
            message = replace(message, body=raw[start:], raw=raw)
        return message, bytes(self._buffer[end:])


def _head_end(buffer: bytearray, searched: int, limits: Limits, response: bool) -> int | None:
    """The end of the head, behind its empty line; None where it goes on.

    ``searched`` bytes were looked at before. Bytes that can't become a head are refused before it is whole.
    """
    end = buffer.find(b"\r\n\r\n", max(searched - 3, 0))
    size = len(buffer) if end < 0 else end + 4
    if response and not buffer.startswith(b"HTTP/"[: len(buffer)]):
        raise not_http(bytes(buffer[:60]))
    line = limits.request_line + len(CRLF)
    if end < 0 and searched < line <= size and buffer.find(CRLF, 0, line) < 0:
        raise too_long("first line", size, limits.request_line, 414)
    if size > limits.head_size:
        raise too_long("head", size, limits.head_size, 431)
    if end < 0:
        _check_controls(buffer, searched)
        return None
    return size


def _check_controls(buffer: bytearray, searched: int) -> None:
    """Refuse control characters in the new part of an unfinished head, without waiting for its end."""
    if searched and buffer[searched - 1] == 0x0D:  # a CR whose LF may be the first new byte
        searched -= 1
    new = bytes(buffer[searched:])
    controls = new.translate(None, TEXT)
    if controls and controls != CRLF * new.count(CRLF) + b"\r" * new.endswith(b"\r"):
        raise bad_control(bytes(buffer))
