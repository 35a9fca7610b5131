r"""Header fields, and the few words that HTTP is written in (RFC 9110 §5).

::

    Connection: keep-alive, Upgrade CR LF
    ╰─ name ─╯  ╰─── value ───╯
      token       here a list of two tokens, compared without regard to case

Knows nothing of requests and responses (http11 does), nor of sockets.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .errors import HandshakeError

CRLF: Final = b"\r\n"
#: Characters of a token: names of fields, methods, subprotocols, extensions (RFC 9110 §5.6.2).
TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Everything but control characters: what may stand in a line (RFC 9110 §5.5); the tab is allowed there.
TEXT: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
#: What may stand in a request target: visible ASCII.
VISIBLE: Final = bytes(range(0x21, 0x7F))
#: Characters of a host name (RFC 3986 §3.2.2), without the brackets of an IPv6 address.
HOST: Final = b"-._~!$&'()*+,;=%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Characters of a name in the domain name system, and of those that people use beside it.
NAME: Final = b"-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
IPV6: Final = b"0123456789ABCDEFabcdef:."
DIGITS: Final = b"0123456789"


class Headers:
    r"""Header fields, in the order of the wire; names are case-insensitive and may repeat. Immutable.

    The bytes are kept, and parsed when a field is asked for. A ``Headers`` that could not be sent cannot be
    made: control characters and bad names are refused (``ValueError``).

    >>> headers = Headers([("Host", "example.com"), ("Connection", "keep-alive, Upgrade")])
    >>> headers["host"], headers.get("Origin"), headers.tokens("Connection")
    ('example.com', None, ['keep-alive', 'upgrade'])
    >>> headers.raw
    b'Host: example.com\r\nConnection: keep-alive, Upgrade\r\n'
    >>> Headers([("Cookie", "a\r\nSet-Cookie: b")])
    Traceback (most recent call last):
    ValueError: header field Cookie: '\r' at 1 can't be sent there
    """

    __slots__ = ("_fields", "_raw", "_start")

    def __init__(self, fields: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        if isinstance(fields, Mapping):
            fields = fields.items()
        self._raw = field_lines(list(fields)) + CRLF
        self._start = 0
        self._fields: dict[str, list[str]] | None = None

    @classmethod
    def checked(cls, raw: bytes, start: int, fields: dict[str, list[str]] | None = None) -> Headers:
        """For a head that is checked: where its field lines start, and the fields where they are parsed."""
        headers = cls.__new__(cls)
        headers._raw = raw
        headers._start = start
        headers._fields = fields
        return headers

    @property
    def raw(self) -> bytes:
        """The field lines as on the wire, without the empty line behind them."""
        return self._raw[self._start : -2]

    def release(self) -> None:
        """Keep the bytes only: 0.3 KiB rather than 3. They are parsed again where needed."""
        self._fields = None

    def get_all(self, name: str) -> list[str]:
        """The values of each field of this name.

        >>> Headers([("A", "1"), ("a", "2")]).get_all("a")
        ['1', '2']
        """
        if self._fields is None:
            fields: dict[str, list[str]] = {}
            self._fields = fields
            for key, value in self.items():
                fields.setdefault(key.lower(), []).append(value)
        return self._fields.get(name.lower(), [])

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a field; several of one name are one list, joined by commas (RFC 9110 §5.3)."""
        values = self.get_all(name)
        return ", ".join(values) if values else default

    def tokens(self, name: str) -> list[str]:
        """The elements of a comma-separated list, in lower case; empty ones are ignored (RFC 9110 §5.6.1)."""
        return [
            token
            for value in self.get_all(name)
            for part in value.split(",")
            if (token := part.strip(" \t").lower())
        ]

    def items(self) -> list[tuple[str, str]]:
        """(name, value) of each field line, as the sender wrote them."""
        lines = self.raw.decode("latin-1").split("\r\n")[:-1]
        pairs = [line.partition(":") for line in lines]
        return [(name, value.strip(" \t")) for name, _, value in pairs]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.items()])

    def __len__(self) -> int:
        return self.raw.count(CRLF)

    def __eq__(self, other: object) -> bool:
        return self.items() == other.items() if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        # Names only: values may be secrets (Cookie, Authorization), and a repr ends up in logs.
        return f"<Headers: {', '.join(self)}>"


def is_token(text: str) -> bool:
    """Whether a text is a token (RFC 9110 §5.6.2): a name of a field, a method, a subprotocol, an extension.

    >>> is_token("permessage-deflate"), is_token("two words"), is_token("")
    (True, False, False)
    """
    return bool(text) and only(text, TOKEN)


def shown(text: str, length: int = 64) -> str:
    r"""A peer's text, made safe to print, to log or to send back: escaped, quoted, then cut to ``length``.

    >>> shown("a\r\n\x1b[31m"), shown("\x1b" * 64, 20)
    ("'a\\r\\n\\x1b[31m'", "'\\x1b\\x1b\\x1b'...")
    """
    whole = ascii(text[: length + 1])  # of a long text no more is escaped than is shown
    if len(whole) <= length and len(text) <= length:
        return whole
    kept = length
    while len(line := f"{text[:kept]!a}...") > length:
        kept -= 1 + (len(line) - length) // len(r"\U00000000")
    return line


@functools.lru_cache(16)  # a server's clients all name the same host, and each is looked at twice: 3 µs
def split_authority(authority: str) -> tuple[str, int | None]:
    """The host, an IPv6 address in its brackets, and the port where there is one (RFC 3986 §3.2).

    Raises ``HandshakeError`` for anything else.

    >>> split_authority("example.com"), split_authority("[::1]:1234")
    (('example.com', None), ('[::1]', 1234))
    """
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        good = bracket and (not port or port[0] == ":") and ":" in host and only(host, IPV6)
        host, port = f"[{host}]", port[1:]
    else:
        host, _, port = authority.partition(":")
        good = host and only(host, HOST)
    if not good or (port and not (only(port, DIGITS) and len(port) <= 5 and int(port) <= 65535)):
        _, at, host = authority.rpartition("@")  # a user name and a password stay out of errors
        raise HandshakeError(f"{shown('...@' * bool(at) + host)} is not a host, or host:port")
    return host, int(port) if port else None


def only(text: str, allowed: bytes) -> bool:
    """Whether a text has only these characters.

    >>> only("a-b", TOKEN), only("a b", TOKEN)
    (True, False)
    """
    return text.isascii() and not text.encode("ascii").translate(None, allowed)


def check_sendable(what: str, text: str, allowed: bytes) -> None:
    """Raise ``ValueError`` for a text that would end a line and begin another: header injection."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}: {text[error.start]!a} is not Latin-1; encode it first") from None
    bad = data.translate(None, allowed)
    if bad:  # the text itself may be a secret, and stays out of the error
        raise ValueError(f"{what}: {chr(bad[0])!a} at {data.index(bad[0])} can't be sent there")


def field_lines(fields: list[tuple[str, str]]) -> bytes:
    """The fields as on the wire; ``ValueError`` where one of them would be read as something else."""
    try:
        lines = "".join([name + ": " + value + "\r\n" for name, value in fields]).encode("latin-1")
        names = [name for name, _ in fields]
        # One look at all of them: 1.5 µs less than one by one for a 101.
        if lines.translate(None, TEXT) == CRLF * len(names) and all(names) and only("".join(names), TOKEN):
            return lines
    except UnicodeEncodeError:
        pass
    for name, value in fields:  # which one is it?
        if not is_token(name):
            raise ValueError(f"header field name {shown(name)}: letters, digits and hyphens only")
        check_sendable(f"header field {name}", value, TEXT)
    raise AssertionError("the two checks differ")
