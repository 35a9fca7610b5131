"""Plain HTTP on the port of a WebSocket server: functions that answer requests, by path.

::

    GET /about HTTP/1.1  ──►  about(request)  ──►  Response, text or bytes  ──►  200 OK, and the end

Knows nothing of connections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from wsdemo.protocol.arguments import check_done, check_function, check_kind, check_whole, wrong_value
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import TEXT, VISIBLE, check_sendable, only
from wsdemo.protocol.http11 import REASONS, Headers, Request, Response, shown

Route = Callable[[Request], Response | str | bytes]
R = TypeVar("R", bound=Route)


class Routes:
    """The functions of a server that answer plain HTTP requests."""

    def __init__(self) -> None:
        self._functions: dict[str, Route] = {}

    def __bool__(self) -> bool:
        return bool(self._functions)

    def add(self, path: str, function: R | None = None) -> Any:
        """Answer requests for ``path`` by ``function(request)``; see `Server.route`.

        Raises TypeError or ValueError for a wrong argument.
        """
        check_kind("path", path, str, "a path, such as '/about'")
        if not path.startswith("/") or not only(path, VISIBLE) or "?" in path or "#" in path:
            raise wrong_value("path", path, "a path, such as '/about', without query")
        if function is None:
            return partial(self.add, path)
        check_function("function", function, 1, "a function of (request)")
        self._functions[path] = function
        return function

    def ask(self, request: Request) -> Any:
        """The result of the request's function. Raises HandshakeError (404), or the function's error."""
        function = self._functions.get(request.path)
        if function is None:
            raise HandshakeError(f"nothing is at {shown(request.path)}", 404)
        return function(request)


def response_to(request: Request, given: Response | str | bytes) -> Response:
    """A route's result as a response that ends the connection; ``str`` and bytes become a 200.

    TypeError for any other result, TypeError or ValueError for a response that can't be sent.
    """
    check_done("function", given)
    if isinstance(given, str):
        given = _ok("text/plain; charset=utf-8", given.encode())
    elif isinstance(given, bytes):
        given = _ok("application/octet-stream", given)
    check_kind("function", given, Response, "it to give a Response, text or bytes")
    _check_response(given)
    ours = ("content-length", "connection", "transfer-encoding")
    fields = [(name, value) for name, value in given.headers.items() if name.lower() not in ours]
    bodiless = given.status in (204, 304)  # Content-Length would speak of another body (RFC 9110 §8.6)
    fields += [] if bodiless else [("Content-Length", str(len(given.body)))]
    fields.append(("Connection", "close"))
    body = b"" if bodiless or request.method == "HEAD" else given.body
    return Response(given.status, given.reason, Headers(fields), body)


def _check_response(response: Response) -> None:
    """Raise TypeError or ValueError for a response that can't be sent, or that is none but an interim one."""
    check_whole("status", response.status, 200, 999)
    check_kind("reason", response.reason, str, "a text such as 'OK'")
    check_sendable("reason", response.reason, TEXT)
    check_kind("headers", response.headers, (Headers, Mapping), "Headers")
    check_kind("body", response.body, (bytes, bytearray, memoryview), "bytes")


def _ok(content_type: str, body: bytes) -> Response:
    return Response(200, REASONS[200], Headers([("Content-Type", content_type)]), body)
