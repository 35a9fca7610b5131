"""The entrance: the paths and pages that get a connection, and what is agreed on it."""

from __future__ import annotations

import pytest

from tests.chat.visiting import Visitor
from wsdemo import HandshakeError, connect
from wsdemo.chat import Chat


def test_other_pages_are_refused_unless_they_are_named(chat: Chat) -> None:
    with pytest.raises(HandshakeError) as caught:
        connect(chat.websocket_url, origin="http://evil.example")
    assert caught.value.status == 403
    with Chat(origins=["http://friend.example"]) as other:
        own = f"http://127.0.0.1:{other.server.port}"
        for origin in ("http://friend.example", own, None):
            with Visitor(other, origin=origin) as ann:
                ann.until("welcome")
        with pytest.raises(HandshakeError) as caught:
            connect(other.websocket_url, origin="http://evil.example")
        assert caught.value.status == 403


def test_no_websocket_elsewhere(chat: Chat) -> None:
    with pytest.raises(HandshakeError) as caught:
        connect(chat.server.url)
    assert caught.value.status == 404


def test_a_request_before_the_port_is_known_may_try_again(chat: Chat) -> None:
    chat._entrance._credentials = None  # as while it is being made
    with pytest.raises(HandshakeError) as caught:
        connect(chat.websocket_url)
    assert caught.value.status == 503


def test_behind_a_proxy_nothing_is_compressed(chat: Chat) -> None:
    """jupyter-server-proxy passes on a browser's offer, and cannot read what was agreed."""
    agreed = []
    for host in (f"localhost:{chat.server.port}", "localhost:8888", "localhost"):
        with Visitor(chat, headers={"Host": host}, device=host) as ann:
            assert ann.ws.response is not None
            agreed.append(ann.ws.response.headers.get("sec-websocket-extensions") is not None)
    assert agreed == [True, False, False]
