"""Requests and responses as values, and as we write them."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.protocol.http11.wires import REQUESTS, RESPONSES, get
from wsdemo.protocol.errors import HandshakeError
from wsdemo.protocol.headers import Headers
from wsdemo.protocol.http11 import (
    REASONS,
    Request,
    Response,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
)


@pytest.mark.parametrize(
    "target, path, query, host",
    [
        ("/", "/", "", "a:1"),
        ("/b/c?d=e?f", "/b/c", "d=e?f", "a:1"),
        ("//evil/x", "//evil/x", "", "a:1"),
        ("/http://x/?y", "/http://x/", "y", "a:1"),
        ("http://b:2/c?d", "/c", "d", "b:2"),
        ("HTTPS://b", "/", "", "b"),
        ("ws://b?d/e", "/", "d/e", "b"),
        ("http://[::1]:3/?", "/", "", "[::1]:3"),
    ],
)
def test_parts_of_a_target(target: str, path: str, query: str, host: str) -> None:
    found = parse_request(get(line=f"GET {target} HTTP/1.1".encode(), host=b"Host: a:1\r\n"))
    assert found is not None
    request = found[0]
    assert (request.path, request.query, request.host) == (path, query, host)


def test_serialize_is_the_mirror_of_parse() -> None:
    for wire, *_ in REQUESTS:
        found = parse_request(wire)
        assert found is not None
        again = parse_request(serialize_request(found[0]))
        assert again is not None and again[0] == found[0]
    for wire, *_ in RESPONSES:
        answer = parse_response(wire)
        assert answer is not None
        again_answer = parse_response(serialize_response(answer[0]))
        assert again_answer is not None and again_answer[0] == answer[0]


@pytest.mark.parametrize("target", ["/ HTTP/1.1\r\nX: y", "/a b", "/\n", "/\0", "/é", "/\u0120"])
def test_request_line_injection_on_output_is_refused(target: str) -> None:
    with pytest.raises(ValueError):
        serialize_request(Request("GET", target))
    with pytest.raises(ValueError):
        serialize_request(Request(f"GET {target}", "/"))
    with pytest.raises(ValueError, match="version"):
        serialize_request(Request("GET", "/", version=f"HTTP/1.1{target}"))
    with pytest.raises(ValueError):
        serialize_response(
            Response(200, target.replace("/", "\r").replace("é", "\n").replace(" ", "\0") + "\r")
        )


@pytest.mark.parametrize("status", [0, 99, 1000, -200])
def test_status_on_output_has_three_digits(status: int) -> None:
    with pytest.raises(ValueError, match="three digits"):
        serialize_response(Response(status, "?"))


def test_no_secret_in_an_error_or_a_repr() -> None:
    """jupyter CVE-2022-24757: values of fields, and queries, stay out of what may be logged."""
    secrets = [
        get(b"Authorization: hunter2\x01\r\n"),
        get(b"Cookie : hunter2\r\n"),
        get(b"Cookie: a\r\n hunter2\r\n"),
        get(b"hunter2\r\n"),
        get(line=b"GET chat?token=hunter2 HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2# HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2  HTTP/1.1"),
        get(line=b"GET /chat?token=hunter2\x01 HTTP/1.1"),
    ]
    for wire in secrets:
        with pytest.raises(HandshakeError) as caught:
            parse_request(wire)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ValueError) as refused:
        Headers({"Cookie": "hunter2\r\n"})
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(Request("GET", "/", Headers({"Cookie": "hunter2"}), raw=b"hunter2"))


def test_reasons_are_those_of_the_registry() -> None:
    """RFC 9110 §15; for two of them Python before 3.13 has the names of RFC 2616."""
    former = {"Request Entity Too Large": "Content Too Large", "Request-URI Too Long": "URI Too Long"}
    phrases = {status: HTTPStatus(status).phrase for status in REASONS}
    assert {status: former.get(phrase, phrase) for status, phrase in phrases.items()} == REASONS
