"""Tokens in URLs (query, fragment, user name, password): in no error, repr, log or line. The path stays."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import raw
from tests.processes import Start, end, line, run
from tests.waiting import DEADLINE
from wsdemo import Connection, HandshakeError, Limits, Request, Trace, connect, serve
from wsdemo.protocol.url import hidden, parse_url, without_secrets
from wsdemo.proxy.sniffer import Sniffer

SECRET = "s3cr3t"
QUERY = f"/chat?token={SECRET}"


def texts(error: BaseException) -> list[str]:
    """All that is printed of an error, with its causes."""
    return [str(error), repr(error), "".join(traceback.format_exception_only(error))]


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """And never in a log."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert not [record for record in caplog.records if SECRET in record.getMessage()]


# -- URLs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"ws://a.example/chat?token={SECRET}", "ws://a.example/chat?..."),
        (f"wss://a.example:81?{SECRET}", "wss://a.example:81?..."),
        (f"ws://a.example/chat#access_token={SECRET}", "ws://a.example/chat#..."),
        (f"ws://ana:{SECRET}@a.example/chat", "ws://...@a.example/chat"),
        (f"ws://{SECRET}@a.example", "ws://...@a.example"),
        (f"ws://a@{SECRET}@[::1]:80/x?{SECRET}", "ws://...@[::1]:80/x?..."),
        ("ws://a.example/@ana/chat", "ws://a.example/@ana/chat"),
        (f"/chat?token={SECRET}", "/chat?..."),
        (f"GET /chat?token={SECRET} HTTP/1.1", "GET /chat?..."),
        ("/chat?", "/chat?..."),
        ("/chat", "/chat"),
        ("", ""),
    ],
)
def test_without_secrets(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert hidden(text) == f"'{shown}'"


def test_a_url_shows_its_path_and_connects_with_all() -> None:
    url = parse_url(f"ws://a.example{QUERY}")
    assert (str(url), f"{url}", repr(url)) == (
        "ws://a.example/chat?...",
        "ws://a.example/chat?...",
        "URL('ws://a.example/chat?...')",
    )
    assert url.href == f"ws://a.example{QUERY}"


@pytest.mark.parametrize(
    "text",
    [
        f"http://a.example{QUERY}",
        f"a.example{QUERY}",
        f"ws://a b{QUERY}",
        f"ws://a:99999{QUERY}",
        f"ws://a.example{QUERY}\n",
        f"ws://a.example{QUERY}#",
        f"ws://a.example/#{SECRET}",
        f"ws://a.example{QUERY}\ud800",
        f"ws://ana:{SECRET}@a.example/",
        f"ws://ana:{SECRET}/x@a.example/",
        f"ws://ana:{SECRET}?x@a.example/",
        f"ws://ana:{SECRET}#x@a.example/",
    ],
)
def test_a_bad_url(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        connect(text)
    assert not any(SECRET in shown for shown in texts(caught.value))


# -- clients -------------------------------------------------------------------------------------------------


def silent(peer: raw.Peer) -> None:
    peer.head()
    peer.ended()


def answers(status: str, *fields: str, body: str = "") -> Callable[[raw.Peer], None]:
    def script(peer: raw.Peer) -> None:
        peer.head()
        head = "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", body])
        peer.send(head.encode())

    return script


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (answers("404 Not Found", body=f"Cannot GET {QUERY}"), "Cannot GET /chat?..."),
        (answers("403 Forbidden", body=f"no user has the token {SECRET}"), "no user has the token ..."),
        (answers(f"403 not {SECRET}"), "'403 not ...'"),
        (answers("302 Found", f"Location: https://b.example/in?next={SECRET}"), "https://b.example/in?..."),
        (answers("302 Found", f"Location: https://b.example/in#id={SECRET}"), "https://b.example/in#..."),
        (answers("302 Found", f"Location: https://a:{SECRET}@b.example/"), "https://...@b.example/"),
        (answers("101 Switching Protocols"), "the server's answer 101"),
    ],
)
def test_a_refused_client(script: Callable[[raw.Peer], None], words: str) -> None:
    with raw.server(script, answer=False) as url, pytest.raises(HandshakeError) as caught:
        connect(url + QUERY)
    assert words in str(caught.value)
    assert not any(SECRET in shown for shown in texts(caught.value))


def test_a_client_without_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TimeoutError) as caught:
            connect(url + QUERY, limits=Limits(open_timeout=0.1))
    assert f"{url}/chat?..." in str(caught.value)
    assert not any(SECRET in shown for shown in texts(caught.value))
    with pytest.raises(OSError) as refused:
        connect(url + QUERY)
    assert not any(SECRET in shown for shown in texts(refused.value))


# -- what a connection and a trace show of themselves --------------------------------------------------------


def test_reprs_on_both_sides() -> None:
    trace = Trace()
    with serve(echo, trace=trace) as server, Sniffer(server.url + QUERY) as sniffer:
        with connect(sniffer.url, trace=trace) as ws:
            ws.send("hello")
            assert ws.recv(DEADLINE) == "hello"
            (theirs,) = server.connections
            assert ws.request is not None and theirs.request is not None
            assert theirs.request.query == f"token={SECRET}"
            packets = [*trace.packets, *sniffer.trace.packets]
            things: list[Any] = [ws, ws.request, ws.response, theirs, theirs.request, server, sniffer, trace]
            things += [sniffer.target_url, *packets]
            shown = [show(thing) for thing in things for show in (repr, str)]
            shown += [packet.summary for packet in packets]
        shown += sniffer.lines() if sniffer.close() is None else []  # type: ignore[func-returns-value]
    assert len(shown) > 20
    assert not [text for text in shown if SECRET in text]
    assert repr(theirs.request).startswith(
        "Request(method='GET', target='/chat?...', headers=<Headers: Host, "
    )


@pytest.mark.parametrize(
    "head",
    [
        f"GET {QUERY} HTTP/1.1\r\nHost: ana:{SECRET}@a.example\r\n\r\n",
        f"GET http://ana:{SECRET}@localhost/chat HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET http://ana:{SECRET}@localhost{QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET gopher://ana:{SECRET}@localhost/chat HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET {QUERY} HTTP/9.9\r\nHost: localhost\r\n\r\n",
        f"GET /chat#{SECRET} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET {QUERY} {SECRET} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_a_refused_request(head: str) -> None:
    with serve(echo) as server, raw.dial(server.port) as peer:
        peer.send(head.encode())
        assert SECRET not in str(peer.answer())
        kept = [shown for _, error in server.errors for shown in texts(error)]
    assert kept and not any(SECRET in shown for shown in kept)


def test_a_request_in_absolute_form() -> None:
    request = Request("GET", f"http://ana:{SECRET}@localhost{QUERY}")
    assert "target='http://...@localhost/chat?...'" in repr(request)


# -- the command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        "talk ws://127.0.0.1:1{q}",
        "talk http://127.0.0.1{q}",
        "talk ws://ana:{s}@127.0.0.1",
        "talk ws://127.0.0.1 ws://127.0.0.1{q}",
        "talk ws://127.0.0.1{q} --nonsense",
        "talk --origin ws://127.0.0.1{q}",
        "sniff http://127.0.0.1{q}",
        "sniff ws://ana:{s}@127.0.0.1",
        "sniff ws://127.0.0.1{q} --save /no/such/file",
        "sniff ws://127.0.0.1{q} --port x",
        "ws://127.0.0.1{q}",
        "time-client ws://127.0.0.1{q}",
        "time-client ws://127.0.0.1{q} --protocol raw",
        "time-server --host ws://127.0.0.1{q} --port 0",
        "echo --host ws://127.0.0.1{q}",
        "doctor ws://127.0.0.1{q}",
        "bench --only ws://127.0.0.1{q}",
        "bench --against ws://127.0.0.1{q}",
        "bench --rounds ws://127.0.0.1{q}",
        "echo --port ws://127.0.0.1{q}",
    ],
)
def test_a_command_that_fails(start: Start, arguments: str) -> None:
    status, out, err = run(start, *arguments.format(q=QUERY, s=SECRET).split())
    assert status in (1, 2)
    assert err.count("\n") == 1 and "Traceback" not in err
    assert SECRET not in out + err


def test_talk_and_sniff(start: Start) -> None:
    with serve(echo) as server:
        sniff = start("sniff", server.url + QUERY)
        first = line(sniff)
        assert f" instead of {server.url}/chat?...; " in first
        with contextlib.closing(connect(f"{first.split()[2]}?token={SECRET}")) as ws:
            assert ws.request is not None and ws.request.path == "/chat"
        talk = run(start, "talk", "--frames", server.url + QUERY, stdin=subprocess.DEVNULL)
        sniffed = end(sniff)
    assert talk[0] == sniffed[0] == 0
    assert f"connected to {server.url}/chat?...; " in talk[2]
    assert SECRET not in first + "".join(map(str, (*talk, *sniffed)))
