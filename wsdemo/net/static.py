r"""Files of a server: each is a route of its own, read once, at the start.

::

    page = StaticFile("web/index.html", policy="default-src 'none'; script-src 'self'")
    server.route("/", page)
    server.route("/socket.js", StaticFile("web/socket.js"))

    GET /socket.js                                            ──►  200, ETag: "5f0c…"
    GET /socket.js    If-None-Match: "5f0c…"                  ──►  304, no body
    GET /../etc/passwd                                        ──►  404: no such route

A path in a request is compared with the routes and nothing else: it never reaches the disk.
Knows nothing of connections.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from wsdemo.protocol.arguments import check_kind, check_whole
from wsdemo.protocol.http11 import REASONS, Headers, Request, Response
from wsdemo.protocol.limits import MiB

#: The content types by ending. Not those of the machine: some have none for .js, or text/plain.
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class StaticFile:
    """A file as a route's answer to GET and HEAD, with an ETag; a later change of the file is not seen.

    ``policy``: the Content-Security-Policy of a page. ``content_type``: for an ending that is not in `TYPES`.
    ``limit``: the most bytes; each answer under way holds a copy.

    Browsers ask again each time (``no-cache``), mostly for a 304 without body, and believe the content type
    (``nosniff``). Raises OSError for a file that can't be read; ValueError for one that is too large, of an
    unknown ending, or said to be UTF-8 and is not: they name the file. TypeError or ValueError for a wrong
    argument.

    >>> file = StaticFile(__file__, content_type="text/plain; charset=utf-8")
    >>> file(Request("GET", "/")).status
    200
    >>> file(Request("GET", "/", Headers([("If-None-Match", file.etag)]))).status
    304
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        policy: str | None = None,
        content_type: str | None = None,
        limit: int = MiB,
    ) -> None:
        check_kind("path", path, (str, os.PathLike), "the path of a file")
        check_kind("policy", policy, (str, type(None)), "a Content-Security-Policy, or None")
        check_kind("content_type", content_type, (str, type(None)), "such as 'image/png', or None")
        check_whole("limit", limit, 0)
        file = Path(path)
        kind = content_type or _type(file)
        body = _read(file, limit)
        if kind.endswith("charset=utf-8"):
            _check_utf8(file, body)
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'  #: its quotes belong to it (RFC 9110 §8.8.3)
        fields = [("ETag", self.etag), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")]
        if policy is not None:
            fields.append(("Content-Security-Policy", policy))
        self._whole = Response(200, REASONS[200], Headers([("Content-Type", kind), *fields]), body)
        self._unchanged = Response(304, REASONS[304], Headers(fields))

    def __call__(self, request: Request) -> Response:
        """The answer to a request: 200, 304 where the client has this content, 405 for other methods."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, REASONS[405], Headers([("Allow", "GET, HEAD")]))
        return self._unchanged if self._is_known(request) else self._whole

    def _is_known(self, request: Request) -> bool:
        """Whether If-None-Match has our tag, by weak comparison: a proxy that compresses makes it weak.

        "If the field value is "*", the condition is false if the origin server has a current representation"
        (RFC 9110 §13.1.2).
        """
        given = ",".join(request.headers.get_all("if-none-match")).split(",")
        return any(tag.strip(" \t").removeprefix("W/") in (self.etag, "*") for tag in given)


def _type(file: Path) -> str:
    known = TYPES.get(file.suffix.lower())
    if known is None:
        raise ValueError(
            f"{file}: no content type for the ending {file.suffix!r}, expected {' '.join(TYPES)}; "
            "for any other give content_type"
        )
    return known


def _read(file: Path, limit: int) -> bytes:
    """The bytes of a file, at most ``limit``. Raises OSError, and ValueError for more."""
    if file.exists() and not file.is_file():
        raise OSError(f"{file}: not a file")  # to open a pipe would wait for its other end
    with file.open("rb") as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{file}: {file.stat().st_size} bytes, at most {limit} accepted (limit)")
    return data


def _check_utf8(file: Path, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{file}: byte {error.start} is not UTF-8, which its content type promises"
        ) from None
