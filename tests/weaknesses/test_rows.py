"""Published weaknesses of WebSocket software, one by one, from the outside. SECURITY.md says which test shows
what; those that are bounds are in tests/net/test_limits.py.
"""

from __future__ import annotations

import ast
import logging
import re
import time
import zlib
from pathlib import Path

import pytest

import wsdemo
from tests import raw
from tests.waiting import DEADLINE
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Headers,
    Opcode,
    Request,
    Response,
    connect,
    serve,
)

SOURCES = Path(wsdemo.__file__).parent
MiB = 1 << 20


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


def test_every_bound_has_a_default_on_both_sides() -> None:
    with serve(echo) as server, raw.client(server.port) as peer:
        peer.send(raw.announce(MiB + 1))
        assert peer.closed()[0] == 1009

    def script(peer: raw.Peer) -> None:
        peer.send(raw.announce(MiB + 1, key=None))
        assert peer.closed()[0] == 1009

    with raw.server(script) as url, connect(url) as ws, pytest.raises(ConnectionClosed):
        ws.recv(DEADLINE)


def test_a_ping_between_compressed_fragments_does_not_clear_the_flag() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    data = (packer.compress(b"compressed " * 50) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    with serve(echo, compression=wsdemo.Deflate(threshold=100_000)) as server:
        with raw.client(server.port, **raw.DEFLATE) as peer:
            peer.send(raw.frame(Opcode.TEXT, data[:7], rsv1=True, fin=False))
            peer.send(raw.frame(Opcode.PING, b"in between"))
            assert peer.frame().payload == b"in between"
            peer.send(raw.frame(Opcode.CONTINUATION, data[7:]))
            assert peer.message() == "compressed " * 50


def test_a_header_grammar_has_no_slow_corner() -> None:
    """Eight KiB of what makes backtracking expressions explode: answered at once."""
    with serve(echo) as server:
        for value in (
            "a" + ";a" * 3900,
            'a; b="' + "\\" * 7900,
            'permessage-deflate; x="' + '\\"' * 3900,
            "," * 8000,
            "a;b=" + " " * 7900 + "c d",
            "permessage-deflate, " * 390,
        ):
            begun = time.process_time()
            with raw.dial(server.port) as peer:
                peer.send(raw.request(Sec_WebSocket_Extensions=value))
                assert peer.head().startswith("HTTP/1.1 ")
            assert time.process_time() - begun < 5


def imported(folder: str) -> set[str]:
    """The modules that the files of a folder of the package import, those in its folders too."""
    names = set()
    for path in (SOURCES / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return names


@pytest.mark.parametrize("folder", ["protocol", "net"])
def test_no_regular_expression_meets_input_and_no_weak_random_number_is_drawn(folder: str) -> None:
    assert not imported(folder) & {"re", "random", "pickle", "marshal"}


def written(node: ast.expr) -> bool:
    """Whether a statement for SQLite is a constant, or has only constants of ours put in."""
    match node:
        case ast.Constant(value=str()) | ast.Name() | ast.Starred():
            return True
        case ast.Tuple(elts=[text, _]):
            return written(text)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if text.startswith("PRAGMA "):
            return True
        case ast.JoinedStr(values=parts):
            words = (part.value for part in parts if isinstance(part, ast.FormattedValue))
            return all(ast.unparse(word) in OURS for word in words)
    return False


#: What may stand in the text of a statement: a number, and parts of statements, which are constants.
OURS = {"PAGE", "select", "oldest", "last", "before", "_FIRST"}


def test_every_statement_for_the_store_is_ours_and_values_are_parameters() -> None:
    found = 0
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                statements = node.args[1:] if name == "_all" else node.args[:1]
                if name in ("execute", "executemany", "executescript") or (name == "_all" and statements):
                    found += 1
                    bad = [ast.unparse(text) for text in statements if not written(text)]
                    assert not bad, f"{path.name}:{node.lineno}"
    assert found > 40


HOST = "Host: localhost"
SMUGGLED = {
    "both lengths": ["POST /p HTTP/1.1", HOST, "Content-Length: 5", "Transfer-Encoding: chunked"],
    "two lengths": ["POST /p HTTP/1.1", HOST, "Content-Length: 5", "Content-Length: 6"],
    "two equal lengths": ["POST /p HTTP/1.1", HOST, "Content-Length: 5", "Content-Length: 5"],
    "a signed length": ["POST /p HTTP/1.1", HOST, "Content-Length: +5"],
    "a length with an underscore": ["POST /p HTTP/1.1", HOST, "Content-Length: 0_5"],
    "a list of lengths": ["POST /p HTTP/1.1", HOST, "Content-Length: 5, 5"],
    "chunked": ["POST /p HTTP/1.1", HOST, "Transfer-Encoding: chunked"],
    "a space before the colon": ["POST /p HTTP/1.1", HOST, "Content-Length : 5"],
    "a folded field": ["POST /p HTTP/1.1", HOST, "X: a\r\n Content-Length: 5"],
    "a bare LF": ["POST /p HTTP/1.1", HOST, "X: a\nContent-Length: 5"],
    "a bare CR": ["POST /p HTTP/1.1", HOST, "X: a\rContent-Length: 5"],
    "a NUL": ["POST /p HTTP/1.1", HOST, "X: a\0"],
    "two hosts": ["POST /p HTTP/1.1", HOST, HOST],
    "no host": ["POST /p HTTP/1.1"],
    "two spaces": ["POST  /p HTTP/1.1", HOST],
    "a tab": ["POST\t/p HTTP/1.1", HOST],
    "HTTP/0.9": ["GET /p"],
    "a body with an upgrade": [*raw.request().decode().split("\r\n")[:-2], "Content-Length: 5"],
    "two upgrades": [*raw.request().decode().split("\r\n")[:-2], "Upgrade: websocket"],
    "two keys": [*raw.request().decode().split("\r\n")[:-2], f"Sec-WebSocket-Key: {raw.KEY}"],
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_request_that_two_parsers_could_read_in_two_ways_is_refused(name: str) -> None:
    asked: list[str] = []
    with serve(echo) as server:
        server.route("/p", lambda request: asked.append(request.path) or "p")
        with raw.dial(server.port) as peer:
            peer.send("\r\n".join([*SMUGGLED[name], "", "hello"]).encode("latin-1") + b"\r\n\r\n")
            status, _ = peer.answer()
            assert 400 <= status <= 505 and not asked


@pytest.mark.parametrize(
    "fields", [[("X", "a\r\nSet-Cookie: b=c")], [("X\r\nY", "a")], [("X", "a\nY: b")], [("X", "a\0")]]
)
def test_a_route_can_inject_no_header(
    fields: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, "wsdemo"), serve(echo) as server:
        server.route("/p", lambda request: Response(200, "OK", Headers(fields), b"x"))
        with raw.dial(server.port) as peer:
            peer.send(b"GET /p HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = peer.head()
            assert head.startswith("HTTP/1.1 500") and "Set-Cookie" not in head and "\r\nY:" not in head
    with pytest.raises(ValueError):
        connect("ws://127.0.0.1:9/a\r\nX: b")


def test_a_peer_s_words_can_forge_no_line_and_move_no_cursor(caplog: pytest.LogCaptureFixture) -> None:
    evil = "a\n\x1b[2J\x9b31m\u202e"
    with caplog.at_level(logging.DEBUG, "wsdemo"), serve(echo) as server:
        with raw.dial(server.port) as peer:
            peer.send(raw.request(Origin="http://\x9b31m\x85"))
            assert peer.answer()[0] == 403
        with raw.dial(server.port) as peer:
            peer.send(b"GET /\x1b[2J HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert peer.answer()[0] == 400
        with raw.client(server.port) as peer:
            peer.send(raw.frame(Opcode.CLOSE, b"\x0b\xb8" + evil.encode()))
            assert peer.closed()[0] == 3000
        shown = [str(error) for _, error in server.errors] + [
            record.getMessage() for record in caplog.records
        ]

    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, b"\x0b\xb8" + evil.encode(), key=None))
        peer.closed()

    with raw.server(script) as url, connect(url) as ws:
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        shown += [str(caught.value), repr(ws)]

    def refuse(peer: raw.Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\na\x1b[2J\n\x9bbc")

    with raw.server(refuse, answer=False) as url, pytest.raises(HandshakeError) as refused:
        connect(url)
    shown.append(str(refused.value))
    assert len(shown) >= 5
    assert all(text.isprintable() for text in shown), shown


def test_no_secret_of_a_request_is_logged_kept_or_answered(caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cr3t"
    with caplog.at_level(logging.DEBUG, "wsdemo"), serve(echo) as server:
        server.route("/p", lambda request: 1 / 0)  # type: ignore[arg-type, return-value]
        requests = [
            f"GET /p?token={secret} HTTP/1.1\r\nHost: localhost\r\nCookie: {secret}\r\n\r\n",
            f"GET /none?token={secret} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {secret}\r\n\r\n",
            f"GET /?token={secret} HTTP/9.9\r\nHost: localhost\r\n\r\n",
            f"GET /?token={secret} {secret} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET /?token={secret}# HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization {secret}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {secret}\x01\r\n\r\n",
        ]
        for request in requests:
            with raw.dial(server.port) as peer:
                peer.send(request.encode("latin-1"))
                assert secret not in str(peer.answer())
        kept = [str(error) for _, error in server.errors] + [record.getMessage() for record in caplog.records]
        assert kept and not any(secret in text for text in kept), kept
    with pytest.raises(OSError) as caught:
        connect(f"ws://127.0.0.1:{server.port}/?token={secret}", headers={"Authorization": secret})
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["/../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/p/../p", "/P", "/p/"]
)
def test_routes_are_a_fixed_list(path: str) -> None:
    with serve(echo) as server:
        server.route("/p", lambda request: "p")
        with raw.dial(server.port) as peer:
            peer.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, body = peer.answer()
            assert status == 404 and body.startswith("nothing is at ")


def test_what_a_browser_is_told_is_text_and_no_script() -> None:
    with serve(echo) as server:
        server.route("/p", lambda request: "p")
        for data in (
            b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: localhost\r\n\r\n",
            raw.request(Origin="http://<script>"),
        ):
            with raw.dial(server.port) as peer:
                peer.send(data)
                head = peer.head().lower()
                assert "content-type: text/plain" in head and "x-content-type-options: nosniff" in head


def test_a_rebound_name_reaches_no_route_either() -> None:
    with serve(echo) as server:
        server.route("/p", lambda request: "p")
        for host, status in (("evil.example", 403), ("localhost", 200), (f"127.0.0.1:{server.port}", 200)):
            with raw.dial(server.port) as peer:
                peer.send(f"GET /p HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert peer.answer()[0] == status


def test_the_right_to_come_in_is_decided_once_and_before_the_101() -> None:
    def authorize(request: Request) -> bool:
        return request.headers.get("Authorization") == "Bearer good"

    with serve(echo, authorize=authorize) as server:
        for fields, status in (({}, 403), ({"Authorization": "Bearer bad"}, 403)):
            with raw.dial(server.port) as peer:
                peer.send(raw.request(**fields) + raw.frame(Opcode.TEXT, b"in?"))
                assert peer.answer()[0] == status
        connect(server.url, headers={"Authorization": "Bearer good"}).close()


def test_every_test_that_the_security_page_names_is_there() -> None:
    page = (SOURCES.parent / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line.split("|")[3] for line in page.splitlines() if line.startswith("| ") and "`test" in line]
    assert len(rows) > 25
    for shown_by in rows:
        for named in re.split(r"[;.] ", shown_by.strip()):
            file = re.match(r"`(tests/)?(\w+/)?(test_\w+)(?:\.py)?`", named)
            if file is None:  # a remark behind the tests
                continue
            folders = [file[2] or ""] if file[1] or file[2] else ["net/", "weaknesses/", "interop/"]
            paths = [SOURCES.parent / "tests" / folder / f"{file[3]}.py" for folder in folders]
            (text,) = [path.read_text(encoding="utf-8") for path in paths if path.exists()]
            for part in re.findall(r"\*([^*]+)\*", named):
                assert part in text or part.replace(" ", "_") in text, (file[3], part)
