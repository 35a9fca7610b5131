"""Answers in JSON, at once and later."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest

from wsdemo.chat.answers import NotAllowed, answer, fields_of, json_response, then
from wsdemo.protocol.http11 import Headers, Request


def post(body: bytes, kind: str = "application/json") -> Request:
    return Request("POST", "/", Headers([("Content-Type", kind)]), body)


def raising(error: Exception) -> Any:
    def function(request: Request) -> Any:
        raise error

    return function


def test_no_cache_keeps_an_answer() -> None:
    made = json_response({"user": "ann"}, [("X", "y")])
    assert (made.status, made.body, made.headers["X"]) == (200, b'{"user":"ann"}', "y")
    assert (made.headers["Cache-Control"], made.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_a_refusal_is_an_answer_with_its_status() -> None:
    made = answer("POST", raising(NotAllowed(429, "wait", 1.2)), post(b"{}"))
    assert (made.status, made.reason) == (429, "Too Many Requests")
    assert (json.loads(made.body), made.headers["Retry-After"]) == ({"error": "wait"}, "2")
    assert answer("GET", raising(ValueError()), post(b"")).status == 405


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"\xff", b"[" * 4000, b'"text"'])
def test_only_an_object_is_read(body: bytes) -> None:
    with pytest.raises(NotAllowed, match="send a JSON object") as caught:
        fields_of(post(body))
    assert caught.value.status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_a_form_is_no_json(kind: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        fields_of(post(b"{}", kind))
    assert caught.value.status == 415
    assert fields_of(post(b"{}", "Application/JSON; charset=utf-8")) == {}


def test_an_answer_later() -> None:
    found: Future[str] = Future()
    made = then(found, str.upper)
    assert not made.done()
    found.set_result("ann")
    assert made.result() == "ANN"
    assert then("ann", str.upper) == "ANN"


def test_a_refusal_later_and_an_error_later() -> None:
    found: Future[str] = Future()
    made = then(found, str.upper)
    found.set_exception(NotAllowed(401, "no"))
    assert made.result().status == 401
    other: Future[str] = Future()
    made = then(other, str.upper)
    other.set_exception(ValueError("a mistake"))
    assert isinstance(made.exception(), ValueError)
    cancelled: Future[str] = Future()
    made = then(cancelled, str.upper)
    cancelled.cancel()
    assert made.exception() is not None


def test_a_client_that_leaves_cancels_the_work() -> None:
    found: Future[str] = Future()
    made = then(found, str.upper)
    made.cancel()
    assert found.cancelled()
    running: Future[str] = Future()
    running.set_running_or_notify_cancel()
    made = then(running, str.upper)
    made.cancel()
    running.set_result("too late")
    assert made.cancelled()
