"""The fields of HTTP messages: start line, header fields, body (RFC 9112 §2.1).

::

    GET /chat HTTP/1.1 CR LF      start line
    Host: example.com CR LF       header name, header value
    CR LF                         an empty line ends the head
    …                             body

Every character has its field, the separators too. ``http11`` tells the meaning of a request or response;
this tells the place of each part, also in one that is refused. Values are a peer's text: escape them.
"""

from __future__ import annotations

from typing import Final

from wsdemo.trace.fields import Field, count

CHUNKED: Final = "RFC 9112 §7.1"

#: The purpose of each field of an opening handshake.
HEADERS: Final = {
    "host": ("the server that is asked, and its port", "RFC 9110 §7.2"),
    "upgrade": ("the protocol to go on with", "RFC 6455 §4.1"),
    "connection": ("what holds for this hop only, not beyond it", "RFC 9110 §7.6.1"),
    "sec-websocket-key": ("16 random bytes in base64, fresh for each connection", "RFC 6455 §4.1"),
    "sec-websocket-accept": ("proof that the server has read the key", "RFC 6455 §4.2.2"),
    "sec-websocket-version": ("the version of the protocol; the RFC's is 13", "RFC 6455 §4.1"),
    "sec-websocket-protocol": ("the subprotocol: what the messages mean", "RFC 6455 §1.9"),
    "sec-websocket-extensions": ("extensions, such as compression", "RFC 6455 §9.1"),
    "origin": ("the web page that asks; only browsers are bound to send it", "RFC 6455 §10.2"),
    "cookie": ("cookies of this site", "RFC 6265 §5.4"),
    "authorization": ("who is asking", "RFC 9110 §11.6.2"),
    "content-length": ("bytes of body", "RFC 9110 §8.6"),
    "content-type": ("what the body is", "RFC 9110 §8.3"),
    "transfer-encoding": ("the body comes in chunks, each with its length", "RFC 9112 §6.1"),
}


def head_fields(data: bytes, body: int | None = None) -> tuple[Field, ...]:
    r"""The fields of an HTTP message: ``data`` is its head, or what is there of it, and its body.

    ``body``: bytes of body at the end; None: everything behind the first empty line.

    >>> [(field.name, field.value) for field in head_fields(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")][:4]
    [('start line', 'GET / HTTP/1.1'), ('plain', '\r\n'), ('header name', 'Host'), ('plain', ': ')]
    """
    end = data.find(b"\r\n\r\n") + 4
    head = len(data) - body if body is not None else end if end >= 4 else len(data)
    fields: list[Field] = []
    at, first = 0, True
    while at < head:
        stop = data.find(b"\r\n", at, head)
        line_end = stop if stop >= 0 else head
        if line_end > at:
            fields += _start_line(data, at, line_end) if first else _header(data, at, line_end)
            first = False
        else:
            first = True  # another head follows an interim response (1xx)
        if stop >= 0:
            empty = line_end == at
            meaning = "an empty line ends the head" if empty else "CR LF ends a line"
            fields.append(_text("plain", data, stop, stop + 2, meaning, "RFC 9112 §2.1"))
        at = line_end + 2
    if head < len(data):
        fields.append(
            Field("body", head * 8, len(data) * 8, data[head:], count(len(data) - head), "RFC 9112 §6")
        )
    return tuple(fields)


def _start_line(data: bytes, start: int, stop: int) -> list[Field]:
    """The request or status line, and its three words."""
    line = data[start:stop]
    response = line.startswith(b"HTTP/")
    names = ("version", "status", "reason") if response else ("method", "target", "version")
    words = line.split(b" ", 2)
    children: list[Field] = []
    at = start
    section = "RFC 9112 §4" if response else "RFC 9112 §3"
    for number, (name, word) in enumerate(zip(names, words, strict=False)):
        if number:
            children.append(_text("start line", data, at, at + 1, "one space", section))
            at += 1
        if word:
            children.append(_text("start line", data, at, at + len(word), name, section))
        at += len(word)
    meaning = "what the server answers" if response else "what is asked for"
    return [_text("start line", data, start, stop, meaning, section, tuple(children))]


def _header(data: bytes, start: int, stop: int) -> list[Field]:
    """Name, colon, value, each with its place."""
    colon = data.find(b":", start, stop)
    if colon <= start:
        return [_text("header value", data, start, stop, "not a header field", "RFC 9112 §5")]
    name = data[start:colon].decode("latin-1")
    value, end = colon + 1, stop
    while value < end and data[value] in b" \t":
        value += 1
    while end > value and data[end - 1] in b" \t":
        end -= 1
    meaning, section = HEADERS.get(name.lower(), ("a header field", "RFC 9110 §5"))
    fields = [_text("header name", data, start, colon, meaning, section)]
    fields.append(_text("plain", data, colon, value, "a colon ends the name", "RFC 9112 §5"))
    if value < end:
        fields.append(_text("header value", data, value, end, meaning, section))
    if end < stop:
        fields.append(_text("plain", data, end, stop, "white space, which means nothing", "RFC 9112 §5"))
    return fields


def _text(
    name: str,
    data: bytes,
    start: int,
    stop: int,
    meaning: str,
    section: str,
    children: tuple[Field, ...] = (),
) -> Field:
    return Field(name, start * 8, stop * 8, data[start:stop].decode("latin-1"), meaning, section, children)


def chunk_fields(data: bytes, body: slice) -> tuple[Field, ...]:
    """The fields of a piece of body: its bytes ``body``, and chunked coding around them."""
    start, stop, _ = body.indices(len(data))
    fields = []
    if start:
        fields.append(_text("header", data, 0, start, "the chunk's length in hex, CR LF", CHUNKED))
    if stop > start:
        piece = data[start:stop]
        fields.append(Field("body", start * 8, stop * 8, piece, count(len(piece)), "RFC 9112 §6"))
    if stop < len(data):
        fields.append(_text("plain", data, stop, len(data), "CR LF ends the chunk", CHUNKED))
    return tuple(fields)
