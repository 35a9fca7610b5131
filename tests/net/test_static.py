"""Files as routes: what they are served with, what is refused at the start, and a disk that is left alone."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import raw
from wsdemo import serve
from wsdemo.net.static import TYPES, StaticFile
from wsdemo.protocol.http11 import Headers, Request

SCRIPT = "let s = 'é';\n".encode()
POLICY = "default-src 'none'; script-src 'self'"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "socket.js"
    path.write_bytes(SCRIPT)
    return path


def ask(port: int, path: str, method: str = "GET", **fields: str) -> tuple[int, dict[str, str], bytes]:
    """Status, fields and body, as Python's own client reads them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): v for name, v in fields.items()})
    response = connection.getresponse()
    found = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return found


def answer(file: StaticFile, method: str = "GET", *tags: str) -> int:
    return file(Request(method, "/", Headers([("If-None-Match", tag) for tag in tags]))).status


@pytest.mark.parametrize("policy", [None, POLICY])
def test_a_file_comes_with_its_type_length_tag_and_policy(script: Path, policy: str | None) -> None:
    file = StaticFile(script, policy=policy)
    with serve() as server:
        server.route("/socket.js", file)
        expected = {
            "content-type": "text/javascript; charset=utf-8",
            "content-length": str(len(SCRIPT)),
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
            "etag": file.etag,
            "connection": "close",
        }
        if policy is not None:
            expected["content-security-policy"] = policy
        assert ask(server.port, "/socket.js") == (200, expected, SCRIPT)
        assert ask(server.port, "/socket.js?v=2", "HEAD") == (200, expected, b"")
        for name in ("content-type", "content-length"):  # of another body than this one, which is none
            del expected[name]
        for method in ("GET", "HEAD"):
            assert ask(server.port, "/socket.js", method, If_None_Match=file.etag) == (304, expected, b"")
        status, fields, _ = ask(server.port, "/socket.js", "POST", If_None_Match=file.etag)
        assert (status, fields["allow"]) == (405, "GET, HEAD")
        assert not server.errors


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        (["{}"], 304),
        (["W/{}"], 304),
        (['"other", {}'], 304),
        (['"other"', "{}"], 304),
        (["*"], 304),
        ([], 200),
        ([""], 200),
        (['"other"'], 200),
        (['W/"other", "another"'], 200),
        (["bare"], 200),
    ],
)
def test_a_client_that_has_this_content_gets_no_body(script: Path, tags: list[str], status: int) -> None:
    file = StaticFile(script)
    given = [tag.replace("{}", file.etag).replace("bare", file.etag.strip('"')) for tag in tags]
    assert answer(file, "GET", *given) == answer(file, "HEAD", *given) == status


def test_the_tag_is_that_of_the_content(script: Path) -> None:
    before, again = StaticFile(script).etag, StaticFile(script, policy=POLICY).etag
    script.write_bytes(SCRIPT + b"\n")
    assert before == again != StaticFile(script).etag
    assert before[0] == before[-1] == '"' and len(before) == 34


@pytest.mark.parametrize("suffix", TYPES)
def test_every_known_ending_has_its_content_type(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    path.write_bytes(b"")
    assert StaticFile(path)(Request("GET", "/")).headers["content-type"] == TYPES[suffix]


def test_another_ending_needs_a_content_type(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"a\.bin: no content type for the ending '\.bin', expected \.css"):
        StaticFile(path)
    file = StaticFile(path, content_type="application/octet-stream")
    assert file(Request("GET", "/")).headers["content-type"] == "application/octet-stream"


def test_a_file_that_can_t_be_served_is_named_at_the_start(tmp_path: Path, script: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        StaticFile(tmp_path / "gone.js")
    (tmp_path / "folder.js").mkdir()
    os.mkfifo(tmp_path / "pipe.js")
    for name in ("folder.js", "pipe.js"):
        with pytest.raises(OSError, match=rf"{name}: not a file"):
            StaticFile(tmp_path / name)
    script.write_bytes(b"abc\xff")
    with pytest.raises(ValueError, match=r"socket\.js: byte 3 is not UTF-8"):
        StaticFile(script)


def test_the_size_is_bounded(script: Path) -> None:
    assert StaticFile(script, limit=len(SCRIPT))(Request("GET", "/")).body == SCRIPT
    with pytest.raises(ValueError, match=rf"socket\.js: {len(SCRIPT)} bytes, at most {len(SCRIPT) - 1} acc"):
        StaticFile(script, limit=len(SCRIPT) - 1)


WRONG: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: StaticFile(b"a.js"), "path: got a value of type bytes, expected the path of a file"),  # type: ignore[arg-type]
    (lambda path: StaticFile(path, policy=5), "policy: got 5"),  # type: ignore[arg-type]
    (lambda path: StaticFile(path, content_type=5), "content_type: got 5"),  # type: ignore[arg-type]
    (lambda path: StaticFile(path, limit="1"), "limit: got the text '1'"),  # type: ignore[arg-type]
    (lambda path: StaticFile(path, limit=-1), "limit: got -1"),
    (lambda path: StaticFile(path, policy="a\r\nSet-Cookie: b"), ""),
]


@pytest.mark.parametrize(("use", "text"), WRONG, ids=[text.partition(",")[0] for _, text in WRONG])
def test_a_wrong_argument_is_refused(script: Path, use: Callable[[Path], object], text: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        use(script)
    assert str(caught.value).startswith(text)


#: Set while no file may be opened. An audit hook can't be removed, so there is one, and it looks here.
_opened: list[Any] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("open", "os.listdir", "os.scandir"):
        _opened.append(arguments[0])


def test_no_path_in_a_request_touches_the_disk(script: Path) -> None:
    """What was read at the start is served after the file is gone; no request opens any."""
    global _opened
    (script.parent / "secret.js").write_text("secret")
    sys.addaudithook(_audit)
    with serve() as server:
        server.route("/web/socket.js", StaticFile(script))
        script.unlink()
        _opened = []
        try:
            for path in (
                "/web/secret.js",
                "/web/../secret.js",
                "/web/%2e%2e/secret.js",
                "/web/socket.js/../secret.js",
                "/web//socket.js",
                "/web/socket.js/",
                "/web/socket.js%00",
                "/web",
                "//" + str(script.parent / "secret.js"),
            ):
                with raw.dial(server.port) as peer:
                    peer.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    status, text = peer.answer()
                assert status == 404 and "secret" not in text.replace(path, "")
            with raw.dial(server.port) as peer:
                peer.send(b"GET /web/socket.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert peer.answer() == (200, SCRIPT.decode())
            assert _opened == []
        finally:
            _opened = None
