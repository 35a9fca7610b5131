"""Handlers: what an object or a function becomes, and what is refused at the start."""

from __future__ import annotations

import logging
import ssl
from typing import Any

import pytest

from wsdemo.net.handler import Handler, log_failure


class Both:
    def on_open(self, ws: Any) -> None: ...

    def on_message(self, ws: Any, message: Any) -> None: ...


class Drains:
    def on_drain(self, ws: Any) -> None: ...


def test_a_function_hears_messages_and_nothing_else() -> None:
    def echo(ws: Any, message: Any) -> None: ...

    handler = Handler.of(echo)
    assert (handler.on_open, handler.on_message, handler.on_close) == (None, echo, None)


def test_an_object_is_told_what_it_has_methods_for() -> None:
    chat = Both()
    handler = Handler.of(chat)
    assert (handler.on_open, handler.on_message, handler.on_close) == (chat.on_open, chat.on_message, None)


def test_a_handler_may_be_told_of_drains_only() -> None:
    chat = Drains()
    handler = Handler.of(chat)
    assert (handler.on_drain, handler.on_message) == (chat.on_drain, None)


def test_without_a_handler_messages_are_read_and_forgotten() -> None:
    handler = Handler.of(None)
    assert handler.on_message is not None and handler.on_message(None, "lost") is None


@pytest.mark.parametrize("wrong", [5, "echo", Both, lambda ws: None, object()])
def test_what_is_no_handler_is_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^handler") as caught:
        Handler.of(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "logged"),
    [(RuntimeError("ours"), 1), (ConnectionError("theirs"), 0), (ssl.SSLError(1, "theirs"), 0)],
)
def test_what_strangers_do_daily_is_not_logged(
    error: Exception, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "wsdemo"):
        log_failure(7, error)
    assert len(caplog.records) == logged
    assert all("connection 7: RuntimeError: ours" in record.getMessage() for record in caplog.records)
