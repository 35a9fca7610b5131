"""TLS as a filter between a transport and its socket: plain bytes in, encrypted bytes out, and back.

It uses ``ssl`` without a socket, so both levels can be recorded: the bytes of the program, and those on the
wire. The context that is passed in verifies certificates and the host name. A failure is an ssl.SSLError with
OpenSSL's reason; where a peer does not speak TLS, its text says so.
"""

from __future__ import annotations

import ssl
from typing import Final

from wsdemo.protocol.arguments import check_kind
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.handshake import refusal
from wsdemo.protocol.http11 import serialize_response
from wsdemo.record.record import Tap

#: Bytes taken from the decrypter at once; the largest TLS record is 16 KiB.
RECORD: Final = 64 * 1024
#: The first byte of every TLS record (RFC 8446 §5.1).
CONTENT_TYPES: Final = range(20, 24)
#: The first bytes of HTTP's methods.
METHODS: Final = range(ord("A"), ord("Z") + 1)


def check_context(context: ssl.SSLContext | None, server_side: bool, name: str = "ssl") -> None:
    """Check an option ``ssl``: TypeError where it is no context, ValueError for the wrong side."""
    own, other = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT
    wanted = "an ssl.SSLContext with a certificate" if server_side else "an ssl.SSLContext"
    hint = "" if server_side else " (by default wss:// verifies certificate and host name)"
    check_kind(name, context, (ssl.SSLContext, type(None)), f"{wanted}, or None{hint}")
    if context is not None and context.protocol == (other if server_side else own):
        sides = ("a client", "a server") if server_side else ("a server", "a client")
        raise ValueError(f"{name}: got a context for {sides[0]}, expected one for {sides[1]}")


class Tls:
    """One end of a TLS connection, without a socket (RFC 8446). The transport locks each call.

    ``context``: None for a client's default one, which verifies certificate and host name. ``tap`` records
    the encrypted bytes.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None,
        server_side: bool,
        hostname: str | None = None,
        tap: Tap | None = None,
    ) -> None:
        self.tap = tap
        self.ready = False  #: the handshake is done
        self.ended = False  #: the peer announced that no more will come
        self.closing = False
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        if hostname is not None:  # a name goes "without a trailing dot" into SNI (RFC 6066 §3)
            hostname = hostname.removesuffix(".")
        context = context or ssl.create_default_context()
        self._object = context.wrap_bio(self._in, self._out, server_side, hostname)
        self._early: list[bytes] = []  # written before the handshake was done
        self._first = b""  # the first byte that came
        if not server_side:
            self._shake_hands()

    def encrypt(self, data: bytes) -> bytes:
        """The encrypted bytes of ``data``; nothing before the handshake is done: it is sent then."""
        if not self.ready:
            self._early.append(data)
            return b""
        self._object.write(data)
        return self._out.read()

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes that ``data`` completes. Raises ssl.SSLError; `outgoing` then holds the alert."""
        self._in.write(data)
        self._first = self._first or data[:1]
        if not self.ready and not self._shake_hands():
            return b""
        pieces = []
        while True:
            try:
                piece = self._object.read(RECORD)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                self.ended = True
                break
            pieces.append(piece)
        return b"".join(pieces)

    def eof(self) -> None:
        """TCP has ended. Raises ssl.SSLEOFError where the handshake was not done."""
        self._in.write_eof()
        if not self.ready:
            self._shake_hands()

    def outgoing(self) -> bytes:
        """The bytes of TLS itself: handshake messages, alerts; for a client that speaks plain HTTP, a 400."""
        return self._out.read()

    def close(self) -> bytes:
        """The alert that no more will come (RFC 8446 §6.1)."""
        self.closing = True
        if self.ready:
            try:
                self._object.unwrap()
            except ssl.SSLError:
                pass  # the peer's own alert has not come yet
        return self._out.read()

    def _shake_hands(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            self._explain(error)
            raise
        self.ready = True
        for data in self._early:
            self._object.write(data)
        self._early = []
        return True

    def _explain(self, error: ssl.SSLError) -> None:
        """Replace the error's text where the peer's bytes were no TLS, or ended too soon."""
        reason = f"[SSL: {error.reason}] " if error.reason else ""
        if isinstance(error, ssl.SSLEOFError):
            error.strerror = f"{reason}the connection ended before the TLS handshake was complete"
        elif self._first and self._first[0] not in CONTENT_TYPES:
            error.strerror = f"{reason}what came is not TLS: is it ws:// or wss:// ?"
            if self._object.server_side and self._first[0] in METHODS:
                speaks = HandshakeError("this port speaks TLS: is it ws:// or wss:// ?")
                self._out.write(serialize_response(refusal(speaks)))
