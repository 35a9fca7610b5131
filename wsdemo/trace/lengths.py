r"""The end of an HTTP message, also of one that the package itself refuses (RFC 9112 §6.3).

::

    HEAD /a HTTP/1.1 CR LF …        HTTP/1.1 200 OK CR LF
                                    Content-Length: 400 CR LF        400 bytes? None: the answer to HEAD has
                                    CR LF                            no body, and the next head begins here
                                    HTTP/1.1 101 Switching …

A record holds the bytes of other programs, and some are more lenient than we are: they accept a line that
ends with LF alone, or a length that stands twice. To find the next message, this reads as they do.
``http11`` tells the meaning of a head, and refuses such a message. Knows nothing of streams.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Empty lines before a head, which a recipient skips (RFC 9112 §2.2), and the empty line that ends it.
_BEFORE: Final = re.compile(rb"[\r\n]*")
_END: Final = re.compile(rb"\n\r?\n")
_STATUS_LINE: Final = re.compile(r"HTTP/\d\S* +(\d{3})(?!\d)")
_NUMBER: Final = re.compile(r"\+?(\d{1,18})(?!\d)")


class Length(NamedTuple):
    """The size of the body behind a head."""

    size: int | None = 0  #: bytes; None: as long as the connection lasts, or in chunks
    chunked: bool = False  #: in chunks, each with its length (RFC 9112 §7.1)
    doubt: str = ""  #: the reason why others may read another length; "": they can't


NO_BODY: Final = Length()
CHUNKED: Final = Length(None, True)
UNTIL_THE_END: Final = Length(None)


class Outline(NamedTuple):
    """The words and fields of a head that tell what follows it."""

    method: str  #: of a request
    status: int  #: of a response; 0: it is none
    fields: dict[str, list[str]]  #: names in lower case

    @property
    def upgrade(self) -> bool:
        """Whether the head asks for, or agrees to, another protocol."""
        return "upgrade" in self.fields

    @property
    def protocols(self) -> list[str]:
        """The names in Upgrade, in lower case."""
        return _elements(self.fields.get("upgrade", []))


def head_end(buffer: bytes | bytearray, searched: int = 0) -> int:
    r"""The end of the head at the start of ``buffer``; -1 where its empty line has not come.

    Lines end with LF: "a recipient MAY recognize a single LF as a line terminator" (RFC 9112 §2.2).
    The first ``searched`` bytes were looked at before.

    >>> head_end(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest"), head_end(b"GET / HTTP/1.1\n\nrest")
    (27, 16)
    """
    first = _BEFORE.match(buffer)
    assert first is not None
    found = _END.search(buffer, max(first.end(), searched - 2))
    return found.end() if found else -1


def outline(head: bytes) -> Outline:
    r"""The parts of a head that tell the end of its message.

    >>> outline(b"HTTP/1.1 204 No Content\r\nA: 1\r\na:2\r\n\r\n")
    Outline(method='', status=204, fields={'a': ['1', '2']})
    """
    line, *lines = head.decode("latin-1").strip("\r\n").split("\n")
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for text in lines:
        if text.startswith((" ", "\t")) and values:  # folded: it belongs to the line before
            values[-1] += " " + text.strip()
            continue
        name, _, value = text.partition(":")
        values = fields.setdefault(name.strip().lower(), [])
        values.append(value.strip())
    found = _STATUS_LINE.match(line)
    return Outline("" if found else line.partition(" ")[0], int(found[1]) if found else 0, fields)


def request_length(head: Outline) -> Length:
    """The body of a request: as long as its fields say, and none where they don't."""
    codings = _elements(head.fields.get("transfer-encoding", []))
    if codings:
        if codings[-1] != "chunked":
            return NO_BODY._replace(doubt="a Transfer-Encoding that does not end with chunked")
        return _chunked(head)
    return _counted(head) if "content-length" in head.fields else NO_BODY


def response_length(head: Outline, method: str) -> Length:
    """The body of a response to a request by ``method``.

    >>> response_length(outline(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n"), "GET").size
    5
    """
    # "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304
    # (Not Modified) status code is always terminated by the first empty line after the header fields"
    if method == "HEAD" or head.status < 200 or head.status in (204, 304):
        return NO_BODY
    if method == "CONNECT" and head.status < 300:  # a tunnel begins
        return NO_BODY
    codings = _elements(head.fields.get("transfer-encoding", []))
    if codings:
        return _chunked(head) if codings[-1] == "chunked" else UNTIL_THE_END
    return _counted(head) if "content-length" in head.fields else UNTIL_THE_END


def _chunked(head: Outline) -> Length:
    """ "the Transfer-Encoding overrides the Content-Length. Such a message might indicate an attempt to
    perform request smuggling" (RFC 9112 §6.3)."""
    if "content-length" in head.fields:
        return CHUNKED._replace(doubt="both Content-Length and Transfer-Encoding")
    return CHUNKED


def _counted(head: Outline) -> Length:
    """The number in Content-Length, which may stand twice if it is the same (RFC 9112 §6.3).

    Of different ones the last, which Wireshark takes.
    """
    values = _elements(head.fields["content-length"])
    found = _NUMBER.match(values[-1]) if values else None
    size = int(found[1]) if found else None
    if size is None or any(value != str(size) for value in values):
        return Length(size, doubt="a Content-Length that is not one number")
    return Length(size)


def _elements(values: list[str]) -> list[str]:
    """The elements of a comma-separated list, in lower case, the empty ones left out (RFC 9110 §5.6.1)."""
    return [
        part.strip(" \t\r").lower() for value in values for part in value.split(",") if part.strip(" \t\r")
    ]
