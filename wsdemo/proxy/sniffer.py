"""A tracing proxy: put it in front of any WebSocket server, and every byte is on record.

::

    browser, client  ──►  Sniffer 127.0.0.1:port  ──►  ws://server or wss://server
                              │
                              └──► Trace ──► packets, a file, a capture

Plain HTTP passes as well: a browser that is pointed at ``http://127.0.0.1:port`` gets its page and its
sockets through the sniffer. It changes nothing, with one exception: a server that is not on this machine must
be asked by its own name, so the Host field, and an Origin that names the sniffer, are rewritten. The record
has the client's own bytes. Compression, cookies, tokens and TLS to the server are passed through; between
client and sniffer there is no TLS, so listen on loopback.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Final

from wsdemo.net.listener import local_host
from wsdemo.net.tls import check_context
from wsdemo.protocol.arguments import check_kind
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.http11 import HeadReader, Request, request_head
from wsdemo.protocol.limits import Limits
from wsdemo.protocol.url import URL, parse_url
from wsdemo.proxy.relay import Leg, Pipe, Relay
from wsdemo.record.facts import TO_SERVER, Direction
from wsdemo.record.record import Tap
from wsdemo.trace.capture import Capture
from wsdemo.trace.heads import head_fields
from wsdemo.trace.packets import Packet
from wsdemo.trace.trace import Trace

#: Seconds between two looks for new packets.
LOOK: Final = 0.05
#: Bytes on record beyond which they are forgotten, where they need not be kept.
KEPT: Final = 8 * 1024 * 1024


class Sniffer(Relay):
    """A proxy in front of a WebSocket server: connect to its ``url`` instead.

    ``target_url``: of the server, ``ws://`` or ``wss://``; the path may be any.
    ``host``: the address to listen on.
    ``port``: 0 takes a free one.
    ``trace``: a `Trace` for the record; None: a new one.
    ``rewrite``: whether to rewrite Host and Origin; None: only where the server is not on this machine.
    ``ssl``: a context instead of the default one, which verifies the server.
    ``limits``: bounds and timeouts; see `Limits`.

    Raises TypeError or ValueError for a wrong argument, OSError where it can't listen.

    >>> with Sniffer("ws://127.0.0.1:9") as sniffer:
    ...     sniffer.url.startswith("ws://127.0.0.1:")
    True
    """

    def __init__(
        self,
        target_url: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        trace: Trace | None = None,
        rewrite: bool | None = None,
        ssl: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.target_url: URL = parse_url(target_url)
        check_context(ssl, server_side=False)
        check_kind("trace", trace, (Trace, type(None)), "a Trace, or None")
        check_kind("rewrite", rewrite, (bool, type(None)), "True, False or None")
        self.trace = trace if trace is not None else Trace()
        self._rewrite = not _is_here(self.target_url.host) if rewrite is None else rewrite
        self._done = threading.Event()
        super().__init__(
            self.target_url.host,
            self.target_url.port,
            host=host,
            port=port,
            context=_context(self.target_url, ssl),
            limits=limits,
            name="wsdemo-sniffer",
        )

    @property
    def url(self) -> str:
        """The URL to connect to instead of the server, with the same path."""
        return URL(False, local_host(self.host), self.port, self.target_url.target).href

    def packets(self) -> Iterator[Packet]:
        """Each packet as soon as it is complete; waits for more until the sniffer is closed."""
        while True:
            done = self._done.wait(LOOK)
            yield from self.trace.news()
            if done:
                return

    def lines(self, *, keep: bool = True, capture: Capture | None = None) -> Iterator[str]:
        """Each packet as a line: time, connection, direction, summary; and the errors of connections.

        A peer's text is escaped; header values and queries are left out. The trace keeps everything up to its
        limit, and new connections are not shown beyond it; without ``keep`` it forgets packets once they are
        shown, and a ``capture`` takes them over.
        """
        trace, told, done = self.trace, 0, False
        while not done:
            done = self._done.wait(LOOK)
            for packet in trace.news():
                arrow = "──►" if packet.direction == TO_SERVER else "◄──"
                verdict = "" if packet.verdict.accepted else f"  {packet.verdict}"
                time = packet.end_time - trace.started
                yield f"{time:10.4f}  #{packet.connection}  {arrow}  {packet.summary}{verdict}"
            new, told = self.failures - told, self.failures
            yield from (f"failed: {error}" for error in self.errors[len(self.errors) - new :])
            if capture is not None:
                yield from capture.take()
            elif not keep and (trace.size > KEPT or trace.dropped):
                for mark in trace.take()[1]:
                    if mark.what == "full":
                        yield f"connection #{mark.connection}: the rest of it came too fast to be shown"

    def close(self) -> None:
        """End all connections and the thread; the trace stays."""
        super().close()
        self._done.set()

    def tap(self, near: socket.socket) -> Tap:
        """The recorder of the bytes between the client and the sniffer, which is its server."""
        return self.trace.tap("server", near.getsockname(), near.getpeername())

    def pipe(self, source: Leg, target: Leg, direction: Direction) -> Pipe:
        """A pipe that rewrites requests, where that is needed."""
        if direction == TO_SERVER and self._rewrite:
            return Rewriting(source, target, self.target_url, f"{self.host}:{self.port}")
        return Pipe(source, target)


class Rewriting(Pipe):
    """Replaces the sniffer's name by the server's own, in the heads of requests."""

    def __init__(self, source: Leg, target: Leg, url: URL, here: str) -> None:
        super().__init__(source, target)
        self._url = url
        self._here = here
        self._reader: HeadReader[Request] | None = HeadReader(request_head, source.session.relay.limits)
        self._held = b""  # of a head that is not whole

    def data_received(self, data: bytes) -> None:
        """Bytes came from the client."""
        while data and self._reader is not None and not self.stopped:
            self._held += data
            try:
                found = self._reader.receive(data)
            except HandshakeError:  # the server will say what is wrong with it
                self._reader, data, self._held = None, self._held, b""
                break
            if found is None:
                return
            request, data = found
            self._held = b""
            self.deliver(rewritten(request.raw, self._url, self._here))
            upgrade = "upgrade" in request.headers  # frames follow, or nothing
            self._reader = None if upgrade else HeadReader(request_head, self.source.session.relay.limits)
        if data:
            super().data_received(data)

    def eof_received(self) -> None:
        """The client will send no more."""
        if self._held and not self.stopped:
            self.deliver(self._held)
        super().eof_received()


def rewritten(head: bytes, url: URL, here: str) -> bytes:
    r"""A request with the Host of ``url``, and its Origin where it was ``here``, "host:port" of the sniffer.

    >>> head = b"GET / HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n"
    >>> rewritten(head, parse_url("wss://example.com"), "localhost:1").split(b"\r\n")[1:3]
    [b'Host: example.com', b'Origin: https://example.com']
    """
    out, done, name, asked = [], 0, "", ""
    own = f"{'https' if url.secure else 'http'}://{url.authority}"
    fields = head_fields(head)
    for field in fields:
        if field.name == "header name":
            name = str(field.value).lower()
        elif field.name == "header value" and name == "host":
            asked = str(field.value)
    for field in fields:
        value = None
        if field.name == "header name":
            name = str(field.value).lower()
        elif field.name == "header value" and name == "host":
            value = url.authority
        elif field.name == "header value" and name == "origin":
            value = own if field.value in (f"http://{here}", f"http://{asked}") else None
        if value is not None:
            out += [head[done : field.where.start], value.encode("ascii")]
            done = field.where.stop
    return b"".join([*out, head[done:]])


def _is_here(host: str) -> bool:
    """Whether a host is this machine by name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _context(url: URL, given: ssl.SSLContext | None) -> ssl.SSLContext | None:
    if not url.secure:
        return None
    return given or ssl.create_default_context()
