"""An error is one line of at most 300 characters, escaped: whatever a server sent, whatever was typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import raw
from tests.processes import Start, run
from wsdemo import Opcode

ESCAPES = "\x1b[2J\u202e" * 200


def answer(*head: str, body: str = "") -> Callable[[raw.Peer], None]:
    """A server's whole answer to the opening."""

    def script(peer: raw.Peer) -> None:
        peer.head()
        data = body.encode()
        lines = [*head, f"Content-Length: {len(data)}", "", ""]
        peer.send("\r\n".join(lines).encode("latin-1") + data)

    return script


def closes(reason: bytes) -> Callable[[raw.Peer], None]:
    """A server that opens, and closes with a reason."""

    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, (4000).to_bytes(2, "big") + reason, key=None))
        peer.rest()

    return script


ANSWERS = {
    "a body of escapes": answer("HTTP/1.1 403 Forbidden", body=ESCAPES),
    "a body of one long line": answer("HTTP/1.1 403 Forbidden", body="x" * 5000),
    "a body that is not UTF-8": answer("HTTP/1.1 500 No", body="\ufffd" * 2000),
    "a long reason": answer("HTTP/1.1 403 " + "é" * 2000),
    "a long Location": answer("HTTP/1.1 302 Found", "Location: http://" + "\xe9" * 2000),
    "a wrong accept": answer("HTTP/1.1 101 Yes", "Upgrade: websocket", "Sec-WebSocket-Accept: " + "é" * 999),
    "a long upgrade": answer("HTTP/1.1 101 Yes", "Upgrade: " + "\xe9" * 2000),
    "no HTTP": lambda peer: peer.send(b"\x1b[2J\n" * 500),
    "a header of no name": answer("HTTP/1.1 101 Yes", "\x7f" * 1000 + ": x"),
}
ENDS = {
    "a reason of escapes": closes(b"\x1b" * 123),
    "a reason of emojis": closes("👋".encode() * 30),
    "a wrong frame": lambda peer: peer.send(b"\xff" * 200),
}


def told(result: tuple[int, str, str], command: str) -> None:
    status, out, err = result
    *before, error = err.splitlines()
    assert (status, out) == (1, "")
    assert error.startswith(f"wsdemo {command}: ")
    assert len(error) <= 300
    assert err.removesuffix("\n").replace("\n", "").isprintable()
    assert all(line.startswith("connected to ") for line in before)


@pytest.mark.parametrize("command", ["talk", "time-client"])
@pytest.mark.parametrize("name", [*ANSWERS, *ENDS])
def test_whatever_a_server_sends(start: Start, command: str, name: str) -> None:
    opens = name in ENDS
    with raw.server({**ANSWERS, **ENDS}[name], answer=opens) as url:
        where = [url] if command == "talk" else ["--port", url.rpartition(":")[2]]
        told(run(start, command, *where), command)


@pytest.mark.parametrize(
    "arguments",
    [
        ["{x}"],
        ["{x}", "--help"],
        ["talk", "{x}"],
        ["talk", "ws://{x}/"],
        ["talk", "ws://127.0.0.1", "--{x}"],
        ["sniff", "ws://127.0.0.1", "--rewrite", "{x}"],
        ["sniff", "ws://127.0.0.1", "--save", "/no/{x}"],
        ["echo", "--port", "{x}"],
        ["time-server", "--every", "{x}"],
        ["time-client", "a", "{x}"],
        ["doctor", "{x}"],
        ["bench", "--only", "{x}"],
        ["bench", "--against", "{x}"],
    ],
)
@pytest.mark.parametrize("text", ["x" * 5000, ESCAPES, "a\nb"], ids=["long", "escapes", "two lines"])
def test_whatever_is_typed(start: Start, arguments: list[str], text: str) -> None:
    status, out, err = run(start, *(part.replace("{x}", text) for part in arguments))
    assert (status, out) == (2, "")
    assert len(err) <= 301 and err.endswith(" --help\n") and err[:-1].isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ["time-server", "--port", "0", "--host", "{x}"],
        ["echo", "--host", "{x}"],
        ["sniff", "ws://127.0.0.1", "--host", "{x}"],
        ["sniff", "{x}"],
        ["time-client", "{x}"],
        ["time-client", "--protocol", "raw", "{x}"],
        ["talk", "ws://127.0.0.1:1", "--subprotocol", "{x}"],
        ["talk", "ws://127.0.0.1:1", "--origin", "{x}"],
    ],
)
@pytest.mark.parametrize("text", ["x" * 5000, ESCAPES, "a\nb"], ids=["long", "escapes", "two lines"])
def test_whatever_can_not_be(start: Start, arguments: list[str], text: str) -> None:
    told(run(start, *(part.replace("{x}", text) for part in arguments)), arguments[0])
