"""The page for those who run the chat holds: its nginx, its NATS and its commands are run as they stand."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests import needs
from tests.chat.front import PAGE, block
from tests.processes import Process, Start, end, line, run, starting
from tests.waiting import DEADLINE, Seen
from wsdemo import ConnectionClosed, HandshakeError, connect
from wsdemo.chat import Chat
from wsdemo.patterns import natsserver
from wsdemo.patterns.backoff import Waits
from wsdemo.patterns.messages import PROTOCOL
from wsdemo.patterns.outbox import Outbox
from wsdemo.patterns.reconnect import ReconnectingClient


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def start() -> Iterator[Start]:
    yield from starting()


def node(start: Start, broker: str, port: int = 0, *options: str):
    process = start("chat", "--port", str(port), "--broker", broker, *options)
    found = re.fullmatch(r"chat on http://127.0.0.1:(\d+)/; Ctrl-C ends it", line(process))
    assert found
    line(process)
    return process, int(found[1])


@pytest.fixture
def front(tmp_path: Path) -> Iterator:
    """nginx with the configuration of the page, and other ports."""
    running = []

    def make(ports: list[int], patience: str = "60s", certificate: Path | None = None, port: int = 0) -> int:
        port = port or free_port()
        text = block("nginx").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        text = text.replace("127.0.0.1:8001", f"127.0.0.1:{ports[0]}")
        text = text.replace("127.0.0.1:8002", f"127.0.0.1:{ports[-1]}").replace("60s", patience)
        if certificate is not None:
            text = re.sub(r"(?s)    server \{.*\}\n\}", lambda found: block("nginx", 1) + "}", text)
            text = text.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
                "chat.pem", str(certificate)
            )
            text = text.replace("127.0.0.1:8001", f"127.0.0.1:{ports[0]}")
        own = f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;\n"
        paths = "".join(
            f"{name}_temp_path {tmp_path}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = text.replace("http {", f"http {{ access_log off; {paths}")
        (tmp_path / "nginx.conf").write_text(own + text)
        running.append(
            subprocess.Popen(
                [needs.nginx_path(), "-e", f"{tmp_path}/error.log", "-c", f"{tmp_path}/nginx.conf"]
            )
        )
        pause = threading.Event()
        for _ in range(int(DEADLINE / 0.02)):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                pause.wait(0.02)
        raise AssertionError((tmp_path / "error.log").read_text())

    yield make
    for process in running:
        process.terminate()
        process.wait(DEADLINE)


@needs.nginx
def test_a_deploy_behind_nginx_loses_no_message(start: Start, front, tmp_path: Path) -> None:
    with natsserver.NatsServer(tmp_path / "nats") as broker:
        old, first = node(start, broker.url, 0, "--drain", "1")
        other, second = node(start, broker.url, 0, "--drain", "1")
        port = front([first, second])
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
def test_a_silent_connection_lives_by_the_pings(start: Start, front, tmp_path: Path) -> None:
    with natsserver.NatsServer(tmp_path / "nats") as broker:
        _, first = node(start, broker.url)
        _, second = node(start, broker.url)
        ws = connect(f"ws://127.0.0.1:{front([first, second], '4s')}/chat", subprotocols=[PROTOCOL])
        ws.send('{"type":"hello","v":1,"device":"d","token":"ann.s"}')
        ws.recv(DEADLINE)
        with pytest.raises(ConnectionClosed):  # four seconds are less than the twenty between two pings
            ws.recv(DEADLINE)
        assert ws.close_code == 1006
        assert "proxy_read_timeout 60s;" in PAGE  # and twenty is less than a third of this


@needs.nginx
def test_the_own_page_comes_in_where_tls_ends_at_nginx(front, tmp_path: Path) -> None:
    authority, pem = trustme.CA(), tmp_path / "chat.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pem)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    port = free_port()
    origin = f"https://localhost:{port}"
    with Chat(public_origin=origin) as chat:
        front([chat.server.port], certificate=pem, port=port)
        request = urllib.request.Request(f"{origin}/login", b'{"name": "ann"}', method="POST")
        for name, value in {"Content-Type": "application/json", "Origin": origin}.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=DEADLINE, context=trusting) as response:
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        options = {"headers": {"Cookie": cookie}, "ssl": trusting, "subprotocols": [PROTOCOL]}
        with connect(f"wss://localhost:{port}/chat", origin=origin, **options) as ws:
            ws.send('{"type":"hello","v":1,"device":"d"}')
            assert json.loads(ws.recv(DEADLINE))["user"] == "ann"
        for stranger in (f"http://localhost:{port}", "https://localhost"):
            with pytest.raises(HandshakeError) as caught:
                connect(f"wss://localhost:{port}/chat", origin=stranger, **options)
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
