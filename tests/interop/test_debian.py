"""gorilla/websocket (Go) and Mojolicious (Perl), as Debian packages them: both ways, as they come.

``make interop`` runs these and says what is missing; without Go or Perl's Mojolicious they are skipped.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.interop.node import LARGE
from tests.protocol.test_deflate import ANSWERS
from tests.waiting import DEADLINE
from wsdemo import Connection, ConnectionClosed, Deflate, connect, serve

PEERS = Path(__file__).parent / "peers"


@functools.cache
def gorilla() -> list[str]:
    """The program, built once for each version of its source."""
    source = PEERS / "gorilla.go"
    name = f"wsdemo-gorilla-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    program = Path(tempfile.gettempdir()) / name
    if not program.exists():
        made = program.with_name(f"{name}.{os.getpid()}")
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(needs.GOCODE)}
        command = ["go", "build", "-o", str(made), str(source)]
        subprocess.run(command, env=environment, check=True, timeout=110)
        made.replace(program)  # in one step: other workers may be building it too
    return [str(program)]


def mojolicious() -> list[str]:
    return ["perl", str(PEERS / "mojolicious.pl")]


PROGRAMS: dict[str, Callable[[], list[str]]] = {"gorilla/websocket": gorilla, "Mojolicious": mojolicious}
BOTH = [
    pytest.param("gorilla/websocket", marks=needs.gorilla),
    pytest.param("Mojolicious", marks=needs.mojolicious),
]


@contextlib.contextmanager
def serving(name: str) -> Iterator[str]:
    with subprocess.Popen([*PROGRAMS[name](), "serve"], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield f"ws://127.0.0.1:{int(child.stdout.readline())}"
        finally:
            child.kill()


@pytest.mark.parametrize("mode", ["plain", "deflate"])
@pytest.mark.parametrize("name", BOTH)
def test_our_client(name: str, mode: str) -> None:
    """By default neither compresses; where they do, they leave out what we ask for (RFC 7692 §7.1)."""
    recorded = {row[0]: row[1] for row in ANSWERS}[name]
    answer = "; ".join(filter(None, ("permessage-deflate", recorded))) if mode == "deflate" else None
    with serving(name) as url, connect(f"{url}/{mode}", subprotocols=["other", "chat"]) as ws:
        assert ws.response is not None and ws.response.headers.get("Sec-WebSocket-Extensions") == answer
        assert ws.subprotocol == "chat"
        for message in ("hello", "", b"", b"\0\xff" * 500, "é€😀" * 100, LARGE, LARGE, LARGE.encode()):
            ws.send(message)
            assert ws.recv(DEADLINE) == message
        ws.send(iter(["frag", "ments"]))
        assert ws.recv(DEADLINE) == "one,two,three"
        ws.send("ping")
        assert ws.recv(DEADLINE) == "ponged"
        assert 0 < ws.ping(DEADLINE) < DEADLINE
        ws.send("close")
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert (caught.value.code, caught.value.reason) == (4001, "as you wish")


def echo(ws: Connection, message: str | bytes) -> None:
    if message == "close":
        ws.close(4001, "as you wish")
    else:
        ws.send(message)


@pytest.mark.parametrize("mode", ["plain", "deflate"])
@pytest.mark.parametrize("name", BOTH)
def test_our_server(name: str, mode: str) -> None:
    """Mojolicious compresses where the program sets the field itself, and then with context takeover whatever
    the server answers, which RFC 7692 §7.1.1.2 forbids: such a client needs a server that allows it."""
    takes = mode == "deflate" and name == "Mojolicious"
    compression = Deflate(client_context_takeover=True) if takes else True
    with serve(echo, subprotocols=["chat"], compression=compression) as server:
        command = [*PROGRAMS[name](), "connect", server.url, mode]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        agreed, *rest = done.stdout.split("\n")
        assert rest == ["ok", ""], done
        assert agreed.startswith("permessage-deflate") == (mode == "deflate")
        assert not server.errors
