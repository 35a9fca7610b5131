"""News over plain HTTP by the standard library's ``http.server``: a thread for each connection.

::

    GET /news?after=17       at once: the events after number 17, one a line; 204 where there are none
    GET /wait?after=17       the same, but where there are none the answer waits for the next one
    GET /stream?after=17     an answer without end: each event as it comes (Server-Sent Events)

It is built as a good engineer would build it: connections are kept alive, each answer leaves in one ``send``
without Nagle's delay, and an event is encoded once.
"""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

#: Seconds for which an answer waits for news before it says that there are none: under what proxies allow.
WAIT: Final = 25.0

LINES: Final = "application/x-ndjson"
EVENTS: Final = "text/event-stream"


def line(text: str) -> bytes:
    r"""An event in the answer to a poll.

    >>> line("hello")
    b'hello\n'
    """
    return text.encode() + b"\n"


def server_sent(number: int, text: str) -> bytes:
    r"""An event in a stream of Server-Sent Events (WHATWG HTML §9.2): a reconnecting client names its id.

    >>> server_sent(17, "hello")
    b'id: 17\ndata: hello\n\n'
    """
    return b"id: %d\ndata: %b\n\n" % (number, text.encode())


class EventLog:
    """The published events, encoded for both kinds of answer; threads wait on it for more."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.stream: list[bytes] = []
        self.closed = False
        self._changed = threading.Condition()

    def add(self, text: str) -> None:
        """Publish an event, and wake the threads that wait."""
        with self._changed:
            self.lines.append(line(text))
            self.stream.append(server_sent(len(self.lines), text))
            self._changed.notify_all()

    def wait(self, after: int, seconds: float | None) -> None:
        """Return when there are events after number ``after``, at the end, or when the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.lines) > after or self.closed, seconds)

    def close(self) -> None:
        """Publish no more, and wake the threads that wait."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


class StandardServer:
    """``http.server`` with the news; serves from a thread of its own until `close`."""

    about = "http.server, a thread for each connection"

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.log = EventLog()
        self._server = _Server((host, port), _Handler)
        self._server.log = self.log
        self.port: int = self._server.server_address[1]
        self.errors = self._server.errors
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="wsdemo-http", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> StandardServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, text: str) -> None:
        """Tell the next event, from any thread."""
        self.log.add(text)

    def ready(self, clients: int, timeout: float) -> None:
        """Return at once: a client that comes late gets the events that it missed."""

    def close(self) -> None:
        """End all connections, threads and the socket."""
        self.log.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Knows its threads and sockets, so that it can end them: kept-alive connections would go on."""

    request_queue_size = 1024
    daemon_threads = True
    log: EventLog

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.errors: list[BaseException] = []
        self._serving: dict[Any, threading.Thread] = {}
        self._lock = threading.Lock()  # guards `_serving`
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """As the base class, without asking a name server for our name."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="wsdemo-http-connection",
            daemon=True,
        )
        with self._lock:
            self._serving[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """A connection has ended."""
        super().shutdown_request(request)
        with self._lock:
            self._serving.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep the error, without printing it; a client that has left is no error."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)

    def server_close(self) -> None:
        """End the connections that are still open."""
        super().server_close()
        with self._lock:
            serving = dict(self._serving)
        for request, thread in serving.items():
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was faster
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept alive
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave together, when flushed
    server: _Server

    def do_GET(self) -> None:
        """Answer one of the three."""
        parts = urlsplit(self.path)
        after = self._after(parts.query)
        match parts.path:
            case "/news" if after is not None:
                self._tell(after)
            case "/wait" if after is not None:
                self.server.log.wait(after, WAIT)
                self._tell(after)
            case "/stream" if after is not None:
                self._stream(after)
            case _:
                self.send_error(404 if after is not None else 400)

    def _after(self, query: str) -> int | None:
        text = self.headers.get("Last-Event-ID") or parse_qs(query).get("after", ["0"])[0]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    def _tell(self, after: int) -> None:
        body = b"".join(self.server.log.lines[after:])
        self.send_response(200 if body else 204)
        if body:
            self.send_header("Content-Type", LINES)
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, after: int) -> None:
        """Events without end: no length, no chunks; the connection's end is the body's (RFC 9112 §6.3)."""
        self.send_response(200)
        self.send_header("Content-Type", EVENTS)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        log = self.server.log
        while not log.closed:
            new = log.stream[after:]
            after += len(new)
            if new:
                self.wfile.write(b"".join(new))
                self.wfile.flush()
            log.wait(after, None)

    def send_response(self, code: int, message: str | None = None) -> None:
        """Status line and date, without the field Server."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())

    def log_message(self, format: str, *args: Any) -> None:
        """A thread never prints."""
