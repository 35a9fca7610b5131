"""The page for those who run the chat holds: its nginx, its NATS and its commands are run as they stand."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests import needs
from tests.chat.front import PAGE, block, nginx
from tests.ports import held_port
from tests.processes import Process, Start, end, line, run, starting
from tests.waiting import DEADLINE, Seen
from wsdemo import ConnectionClosed, HandshakeError, connect
from wsdemo.chat import Chat
from wsdemo.patterns import natsserver
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import ReconnectingClient


@pytest.fixture
def start() -> Iterator[Start]:
    yield from starting()


def node(start: Start, broker: str, port: int, *options: str) -> Process:
    process = start("chat", "--port", str(port), "--broker", broker, *options)
    assert line(process) == f"chat on http://127.0.0.1:{port}/; Ctrl-C ends it"
    line(process)
    return process


@needs.nginx
def test_a_deploy_behind_nginx_loses_no_message(start: Start, tmp_path: Path) -> None:
    with (
        natsserver.NatsServer(tmp_path / "nats") as broker,
        held_port() as first,
        held_port() as second,
        nginx(tmp_path, (first, second)) as port,
    ):
        old = node(start, broker.url, first, "--drain", "1")
        other = node(start, broker.url, second, "--drain", "1")
        read, arrived = [], threading.Condition()

        def message(message: dict) -> None:
            with arrived:
                read.append(message["body"])
                arrived.notify()

        def wait_for(number: int) -> None:
            with arrived:
                assert arrived.wait_for(lambda: read and read[-1] == number, 3 * DEADLINE)

        url, soon = f"ws://127.0.0.1:{port}/chat", {"base": 0.02, "cap": 0.2}
        ended: list[str] = []

        def event(event: dict) -> None:
            if event["type"] in ("gap", "doubled", "dropped", "parked", "incomplete", "ended"):
                ended.append(str(event))

        with (
            ReconnectingClient(
                url, message, on_event=event, token=lambda: "bob.s", waits=Waits(**soon)
            ) as reader,
            ReconnectingClient(
                url, print, on_event=event, token=lambda: "ann.s", waits=Waits(**soon)
            ) as writer,
        ):
            reader.join("#lobby", after=0)
            number = 0
            for victim, at in ((old, first), (other, second)):
                for _ in range(20):
                    number += 1
                    writer.publish("#lobby", number)
                victim.send_signal(signal.SIGTERM)
                for _ in range(20):
                    number += 1
                    writer.publish("#lobby", number)
                assert victim.wait(DEADLINE) == 0
                node(start, broker.url, at)  # the new version
                wait_for(number)
        assert read == list(range(1, number + 1)) and not ended


@needs.nginx
def test_a_silent_connection_lives_by_the_pings(tmp_path: Path) -> None:
    with Chat() as chat, nginx(tmp_path, (chat.server.port,) * 2, patience="4s") as port:
        ws = connect(f"ws://127.0.0.1:{port}/chat", subprotocols=[PROTOCOL])
        ws.send('{"type":"hello","v":1,"device":"d","token":"ann.s"}')
        with pytest.raises(ConnectionClosed):  # four seconds are less than the twenty between two pings
            while ws.recv(DEADLINE):
                pass
        assert ws.close_code == 1006
        assert "proxy_read_timeout 60s;" in PAGE  # and twenty is less than a third of this


@needs.nginx
def test_the_own_page_comes_in_where_tls_ends_at_nginx(tmp_path: Path, port: int) -> None:
    authority, pem = trustme.CA(), tmp_path / "chat.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pem)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with contextlib.ExitStack() as opened:
        front = opened.enter_context(nginx(tmp_path, (port,), certificate=pem))
        origin = f"https://localhost:{front}"
        opened.enter_context(Chat(port=port, public_origin=origin))
        request = urllib.request.Request(f"{origin}/login", b'{"name": "ann"}', method="POST")
        for name, value in {"Content-Type": "application/json", "Origin": origin}.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=DEADLINE, context=trusting) as response:
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        options = {"headers": {"Cookie": cookie}, "ssl": trusting, "subprotocols": [PROTOCOL]}
        with connect(f"wss://localhost:{front}/chat", origin=origin, **options) as ws:
            ws.send('{"type":"hello","v":1,"device":"d"}')
            assert json.loads(ws.recv(DEADLINE))["user"] == "ann"
        for stranger in (f"http://localhost:{front}", "https://localhost"):
            with pytest.raises(HandshakeError) as caught:
                connect(f"wss://localhost:{front}/chat", origin=stranger, **options)
            assert caught.value.status == 403


def test_the_configuration_of_nats_syncs(tmp_path: Path) -> None:
    text = block("conf")
    assert "sync_interval: always" in text
    program = natsserver.find()
    assert program is not None
    (tmp_path / "nats.conf").write_text(text)
    assert (
        subprocess.run([program, "-t", "-c", str(tmp_path / "nats.conf")], capture_output=True).returncode
        == 0
    )


class Kept:
    """Messages in a file, or in a NATS of its own: what serves them, and the copy of a day."""

    def __init__(self, start: Start, folder: Path, nats: bool) -> None:
        self.start, self.folder, self.nats = start, folder, nats
        self.broker = natsserver.NatsServer(folder / "nats") if nats else None
        self.process: Process | None = None
        self.store = folder / ("nats/jetstream" if nats else "chat.db")

    @property
    def options(self) -> list[str]:
        return ["--broker", self.broker.url] if self.broker else ["--db", str(self.store)]

    def new_epoch(self) -> list[str]:
        """The command of the page, for these messages."""
        option, place = self.options
        found = re.findall(rf"(?m)^python -m wsdemo (chat {option}) \S+ (--new-epoch)$", PAGE)
        return [*found[0][0].split(), place, found[0][1]]

    def serve(self) -> str:
        self.process = self.start("chat", "--port", "0", *self.options)
        found = re.fullmatch(r"chat on http(\S+); Ctrl-C ends it", line(self.process))
        assert found
        return f"ws{found[1]}chat"

    def stop(self) -> None:
        assert self.process is not None and end(self.process)[0] == 0
        if self.broker:
            self.broker.close()

    def copy(self, source: Path, target: Path) -> None:
        if target.is_dir():
            shutil.rmtree(target)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        if self.broker:
            self.broker.start()


@pytest.fixture(params=[False, True], ids=["file", "nats"])
def kept(request: pytest.FixtureRequest, start: Start, tmp_path: Path) -> Iterator[Kept]:
    made = Kept(start, tmp_path, request.param)
    yield made
    if made.broker:
        made.broker.close()


def test_a_copy_that_is_put_back_has_a_new_epoch_and_no_reader_misses_what_follows(
    kept: Kept, start: Start, tmp_path: Path
) -> None:
    """A reader that has read 3 is away when the copy, in which there is no 3, gets another one."""
    read, told = Seen(), Seen()

    def reading(url: str) -> ReconnectingClient:
        return ReconnectingClient(url, read, on_event=told, outbox=outbox, token=lambda: "bob.s")

    def write(url: str, *bodies: str) -> None:
        with ReconnectingClient(url, print, token=lambda: "ann.s") as writer:
            for body in bodies:
                writer.publish("#lobby", body)
            writer.flush(DEADLINE)

    with Outbox(tmp_path / "bob.db") as outbox:
        url = kept.serve()
        write(url, "one", "two")
        kept.stop()
        kept.copy(kept.store, tmp_path / "copy")
        url = kept.serve()
        write(url, "lost")
        with reading(url) as reader:
            reader.join("#lobby", after=0)
            assert [read.next()["body"] for _ in range(3)] == ["one", "two", "lost"]
        kept.stop()
        kept.copy(tmp_path / "copy", kept.store)
        assert run(start, *kept.new_epoch())[::2] == (0, "")
        url = kept.serve()
        write(url, "three")
        with reading(url) as reader:
            reader.join("#lobby")
            assert [read.next()["body"] for _ in range(3)] == ["one", "two", "three"]
        assert told.until(lambda event: event["type"] == "incomplete")["channel"] == "#lobby"
    kept.stop()


def test_each_command_of_the_chat_is_one() -> None:
    from wsdemo.cli import parser

    for arguments in re.findall(r"(?m)^python -m wsdemo (.*)$", PAGE):
        parser().parse_args(arguments.split())
