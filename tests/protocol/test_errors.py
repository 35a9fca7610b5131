"""Errors: their close codes, and the section that each of them rests on."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import wsdemo.protocol
from wsdemo.protocol.errors import (
    LENGTH,
    ConnectionClosed,
    HandshakeError,
    InvalidData,
    MessageTooBig,
    PolicyViolation,
    ProtocolError,
    WebSocketError,
    cut,
)

KINDS = {kind.__name__: kind for kind in (ProtocolError, InvalidData, PolicyViolation, MessageTooBig)}


def made() -> list[tuple[str, ast.Call]]:
    """Each place in ``protocol/`` that makes an error about the peer."""
    return [
        (f"{path.name}:{node.lineno}", node)
        for path in Path(next(iter(wsdemo.protocol.__path__))).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS
    ]


def test_every_error_about_the_peer_says_where_its_rule_stands() -> None:
    places = made()
    assert len(places) > 15
    for place, call in places:
        cited = [ast.literal_eval(word.value) for word in call.keywords if word.arg == "section"]
        assert len(cited) == 1, place
        assert re.fullmatch(r"RFC (6455|7692|9112) §\d+(\.\d+)*", cited[0]), place


@pytest.mark.parametrize(
    ("kind", "code"),
    [(ProtocolError, 1002), (InvalidData, 1007), (PolicyViolation, 1008), (MessageTooBig, 1009)],
)
def test_an_error_about_the_peer(kind: type[ProtocolError], code: int) -> None:
    error = kind("what was got", section="RFC 6455 §5.2")
    assert isinstance(error, ProtocolError)
    assert (str(error), error.code, error.section) == ("what was got", code, "RFC 6455 §5.2")
    assert kind("a rule of our own").section == ""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.section) == (kind, "what was got", "RFC 6455 §5.2")


def test_the_others() -> None:
    error = HandshakeError("not here", 404, [("Allow", "GET")])
    assert (error.status, error.headers) == (404, (("Allow", "GET"),))
    assert str(ConnectionClosed(1001, "bye\n")) == r"the connection is closed (close code 1001, 'bye\n')"
    assert issubclass(ConnectionClosed, WebSocketError) and not issubclass(ConnectionClosed, ProtocolError)


def test_a_text_is_cut_to_its_length_exactly() -> None:
    """In a doctest three dots stand for anything."""
    assert [cut("a close reason", length) for length in (10, 13, 14, 15)] == [
        "a close...",
        "a close re...",
        "a close reason",
        "a close reason",
    ]
    long = str(ConnectionClosed(1000, "x" * 123))
    assert len(long) <= LENGTH and long.endswith("'x" + "x" * 122 + "')")
    assert len(cut("x" * (LENGTH + 1))) == LENGTH


@pytest.mark.parametrize(
    ("status", "kind"),
    [("403", TypeError), (None, TypeError), (403.0, TypeError), (1000, ValueError), (-1, ValueError)],
)
def test_a_status_that_can_t_be_sent(status: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^status: got .*, expected a number"):
        HandshakeError("who?", status)
