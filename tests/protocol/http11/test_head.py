"""Heads of HTTP/1.1: tables of wire bytes, each whole, cut at every byte, and with bytes behind it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wsdemo.protocol
from tests.protocol.http11.wires import REFUSED, REFUSED_RESPONSES, REQUESTS, RESPONSES, one_by_one
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    HeadReader,
    Request,
    Response,
    parse_request,
    parse_response,
    request_head,
    response_head,
)


@pytest.mark.parametrize(
    "wire, method, target, fields, body", REQUESTS, ids=[str(row[0]) for row in REQUESTS]
)
def test_request(wire: bytes, method: str, target: str, fields: list[tuple[str, str]], body: bytes) -> None:
    version = wire.partition(b"\r\n")[0][-8:].decode()
    request = Request(method, target, Headers(fields), body, version=version)
    assert parse_request(wire) == (request, len(wire))
    assert parse_request(wire + b"\x81\x80more") == (request, len(wire))
    for cut in range(len(wire)):
        assert parse_request(wire[:cut]) is None, cut
        reader = HeadReader(request_head)
        assert reader.receive(wire[:cut]) is None
        found = reader.receive(wire[cut:] + b"\x81\r\n")
        assert found == (request, b"\x81\r\n"), cut
        assert found[0].raw == wire
    assert one_by_one(request_head, wire) == (request, b"")


@pytest.mark.parametrize("wire, status, words", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_request(wire: bytes, status: int, words: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_request(wire)
    assert caught.value.status == status
    assert words in str(caught.value)
    with pytest.raises(HandshakeError) as caught:
        parse_request(wire + b"GET / HTTP/1.1\r\n\r\n")
    assert caught.value.status == status
    for cut in range(len(wire) if len(wire) < 200 else 0):
        reader = HeadReader(request_head)
        with pytest.raises(HandshakeError) as caught:
            reader.receive(wire[:cut])
            reader.receive(wire[cut:])
        assert caught.value.status == status, cut
    with pytest.raises(HandshakeError) as caught:
        one_by_one(request_head, wire)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "wire, status, reason, fields, body", RESPONSES, ids=[str(row[0]) for row in RESPONSES]
)
def test_response(wire: bytes, status: int, reason: str, fields: list[tuple[str, str]], body: bytes) -> None:
    response = Response(status, reason, Headers(fields), body)
    assert parse_response(wire) == (response, len(wire))
    for cut in range(len(wire)):
        reader = HeadReader(response_head)
        assert reader.receive(wire[:cut]) is None
        assert reader.receive(wire[cut:] + b"\x81\r\n") == (response, b"\x81\r\n"), cut
    assert one_by_one(response_head, wire) == (response, b"")


@pytest.mark.parametrize(
    "wire, words", [row[1:] for row in REFUSED_RESPONSES], ids=[row[0] for row in REFUSED_RESPONSES]
)
def test_refused_response(wire: bytes, words: str) -> None:
    for run in (parse_response, lambda data: one_by_one(response_head, data)):
        with pytest.raises(HandshakeError) as caught:
            run(wire)
        assert caught.value.status == 0
        assert str(caught.value).isprintable() and str(caught.value).isascii()
        if run is parse_response:
            assert words in str(caught.value)


def test_no_regular_expressions() -> None:
    """No grammar here can backtrack: websocket-driver CVE-2020-7663, ws CVE-2021-32640."""
    files = list(Path(next(iter(wsdemo.protocol.__path__))).rglob("*.py"))
    assert len(files) > 20
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert "re" not in names
