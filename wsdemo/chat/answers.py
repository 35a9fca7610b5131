"""Answers of plain HTTP in JSON, at once or later.

::

    GET /session   ──► a function of (request) ──► Response
    POST /login    ──► a function of (request) ──► a Future ──► then(use) ──► Response
                       NotAllowed(409, "…")    ──► 409 {"error": "…"}

Knows nothing of users and cookies.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from http import HTTPStatus
from typing import Any

from wsdemo.net.decisions import is_future
from wsdemo.protocol.http11 import Headers, Request, Response

Fields = Mapping[str, Any]
Route = Callable[[Request], Any]


class NotAllowed(Exception):
    """A request that is refused, by the HTTP ``status``; ``retry``: seconds until it may succeed."""

    def __init__(self, status: int, reason: str, retry: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry = retry


def answer(method: str, function: Route, request: Request) -> Any:
    """The answer of a route, at once or later; `NotAllowed` becomes a status."""
    allowed = ("GET", "HEAD") if method == "GET" else (method,)
    if request.method not in allowed:  # "MUST generate an Allow header field" (RFC 9110 §15.5.6)
        return json_response({"error": f"send {method}"}, [("Allow", ", ".join(allowed))], 405)
    try:
        return then(function(request), lambda response: response)
    except NotAllowed as error:
        return refusal(error)


def then(found: Any, use: Callable[[Any], Any]) -> Any:
    """``use(found)``; of a Future, a Future of that. A client that leaves cancels both."""
    if not is_future(found):
        return use(found)
    answer: Future[Any] = Future()

    def done(future: Future[Any]) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(use(future.result()))
        except NotAllowed as error:
            answer.set_result(refusal(error))
        except (Exception, CancelledError) as error:
            answer.set_exception(error)

    answer.add_done_callback(lambda answer: answer.cancelled() and found.cancel())
    found.add_done_callback(done)
    return answer


def check_json(request: Request) -> None:
    """Raise `NotAllowed` where a request says that it brings something else, as every form does."""
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotAllowed(415, "send Content-Type: application/json")


def fields_of(request: Request) -> Fields:
    """The JSON object in a request. Raises `NotAllowed`."""
    check_json(request)
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise NotAllowed(400, "send a JSON object")
    return fields


def json_response(fields: Fields, more: Iterable[tuple[str, str]] = (), status: int = 200) -> Response:
    """Fields as an answer that no cache keeps; ``more``: header fields."""
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    headers += [("X-Content-Type-Options", "nosniff"), *more]
    body = json.dumps(fields, separators=(",", ":")).encode()
    return Response(status, HTTPStatus(status).phrase, Headers(headers), body)


def refusal(error: NotAllowed) -> Response:
    """The answer that says why not."""
    more = [] if error.retry is None else [("Retry-After", f"{math.ceil(error.retry)}")]
    return json_response({"error": str(error)}, more, error.status)
