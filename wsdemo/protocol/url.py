"""The address of a WebSocket: ``ws://host:port/path?query`` (RFC 6455 §3, RFC 3986).

::

    wss://example.com:8765/chat?room=1
    ╰┬╯   ╰────┬────╯ ╰┬─╯╰────┬─────╯
    TLS?      host    port   target, as it stands in the request line

Knows nothing of names and addresses beyond their spelling: the network finds the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .arguments import check_kind
from .errors import HandshakeError
from .headers import NAME, VISIBLE, only, shown, split_authority

DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class URL:
    """A WebSocket URL, taken apart."""

    secure: bool  #: ``wss``: over TLS
    host: str  #: a name in ASCII and lower case, or an IP address without brackets
    port: int
    target: str  #: path and query, percent-encoded

    @property
    def href(self) -> str:
        """The whole URL, with its query, which may hold a token: for connecting, not for showing.

        >>> parse_url("ws://a.example?token=s3cret").href
        'ws://a.example/?token=s3cret'
        """
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """The value of the field Host: with the port only where it is not the scheme's own.

        >>> parse_url("ws://[::1]:80").authority, parse_url("ws://a.example:81").authority
        ('[::1]', 'a.example:81')
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """``ws`` or ``wss``."""
        return "wss" if self.secure else "ws"

    def __str__(self) -> str:
        return without_secrets(self.href)

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"


def parse_url(url: str) -> URL:
    """Take a WebSocket URL apart. ValueError says what is wrong with it; TypeError for anything but a text.

    User name and password are refused: they would end in logs. What may not stand in a target, such as a
    space or é, is percent-encoded as UTF-8; a host name that is not ASCII is encoded by IDNA (2003).

    >>> parse_url("ws://example.com/chat?room=1")
    URL('ws://example.com/chat?...')
    >>> parse_url("wss://[::1]:8765/in the café").href
    'wss://[::1]:8765/in%20the%20caf%C3%A9'
    """
    check_kind("url", url, str, "a text such as 'ws://127.0.0.1:8765'")
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    authority = until(rest, "/?#")
    if "@" in rest and not _is_authority(authority):  # a password may have / ? # in it
        raise ValueError("a user name in the URL would end in logs: send an Authorization header")
    what = hidden(url)
    if not mark or scheme not in DEFAULT_PORTS:
        hint = {"http": ", ws:// instead of http://", "https": ", wss:// instead of https://"}.get(scheme, "")
        raise ValueError(f"{what} is not a WebSocket URL: ws://host:port/path is needed{hint}")
    if any(character < " " or character == "\x7f" for character in url) or url.endswith(" "):
        raise ValueError(f"{what}: a control character, or a space at the end")
    if "#" in rest:
        # "Fragment identifiers are meaningless in the context of WebSocket URIs and MUST NOT be used" (§3)
        raise ValueError(f"{what}: a fragment has no meaning here; write %23 for the character #")
    try:
        host, port = split_authority(_ascii(authority))
    except (HandshakeError, UnicodeError):
        raise ValueError(f"{what}: {shown(authority)} is not a host, or host:port") from None
    if port == 0 or not (host.startswith("[") or _is_name(host)):
        raise ValueError(f"{what}: {shown(authority)} is not a host, or host:port")
    target = rest[len(authority) :]
    return URL(
        secure=scheme == "wss",
        host=host.strip("[]").lower(),
        port=port or DEFAULT_PORTS[scheme],
        target=percent_encode(target if target.startswith("/") else "/" + target),
    )


def without_secrets(text: str) -> str:
    """A URL, a target or a request line without user name and password, query and fragment.

    They may be secrets, and errors, logs and reprs are read by others. The path stays.

    >>> without_secrets("wss://ana:s3cret@a.example/chat?token=s3cret"), without_secrets("/#token=s3cret")
    ('wss://...@a.example/chat?...', '/#...')
    >>> without_secrets("//ana:s3cret@a.example/chat")
    '//...@a.example/chat'
    """
    plain = until(text, "?#")
    more = text[len(plain) :][:1]
    scheme, mark, rest = ("", "//", plain[2:]) if plain.startswith("//") else plain.partition("://")
    user, at, _ = until(rest, "/").rpartition("@")
    if at:
        plain = f"{scheme}{mark}...{rest[len(user) :]}"
    return plain + more + "..." * bool(more)


def until(text: str, marks: str) -> str:
    """The text up to the first of these characters.

    >>> until("a.example/chat?room=1", "/?#")
    'a.example'
    """
    return text[: min((place for mark in marks if (place := text.find(mark)) >= 0), default=len(text))]


def hidden(text: str) -> str:
    """As `without_secrets`, made safe to print, quoted and cut."""
    return shown(without_secrets(text))


def percent_encode(target: str) -> str:
    """A target as it may stand in a request line; escapes in it stay. ValueError for half a character.

    >>> percent_encode("/a b?100%&c=%20")
    '/a%20b?100%25&c=%20'
    """
    if only(target, _PLAIN):
        return target
    first, *parts = target.split("%")
    whole = first + "".join(f"%{part}" if _is_escape(part) else f"%25{part}" for part in parts)
    try:
        data = whole.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"target: {whole[error.start]!a} is half a character") from None
    return "".join(chr(byte) if byte in _AS_IT_IS else f"%{byte:02X}" for byte in data)


_AS_IT_IS: Final = bytes(byte for byte in VISIBLE if byte not in b'"<>\\^`{|}')
_PLAIN: Final = _AS_IT_IS.replace(b"%", b"")


def _ascii(authority: str) -> str:
    if authority.isascii():
        return authority
    name, colon, port = authority.partition(":")
    return name.encode("idna").decode("ascii") + colon + port


def _is_authority(text: str) -> bool:
    try:
        return bool(split_authority(_ascii(text)))
    except (HandshakeError, UnicodeError):
        return False


def _is_name(host: str) -> bool:
    """Whether the domain name system can hold such a name (RFC 1035 §2.3.4)."""
    labels = host.removesuffix(".").split(".")
    return len(host) < 255 and all(0 < len(label) < 64 and only(label, NAME) for label in labels)


def _is_escape(part: str) -> bool:
    return len(part) >= 2 and only(part[:2], b"0123456789abcdefABCDEF")
