"""The time client: messages in order, every way to end, and a bounded inbox."""

from __future__ import annotations

import errno
import socket
import struct
import threading

import pytest

from tests.rawtcp.conftest import Serve
from tests.waiting import DEADLINE, Seen, open_files, turn_until
from wsdemo.net import reactor as reactors
from wsdemo.protocol.errors import ConnectionClosed, InvalidState, ProtocolError
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp import TimeClient, serialize
from wsdemo.rawtcp import client as client_module
from wsdemo.record.facts import TO_CLIENT
from wsdemo.trace.trace import Trace

WELCOME = "Welcome! The time follows."


@pytest.fixture
def plain(nothing_left: None):
    """A listening socket of the plainest kind, so that the test plays the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        yield listener


def pair(listener: socket.socket, **options: object) -> tuple[TimeClient, socket.socket]:
    client = TimeClient(port=listener.getsockname()[1], **options)  # type: ignore[arg-type]
    sock, _ = listener.accept()
    sock.settimeout(DEADLINE)
    return client, sock


def test_messages_in_order_then_the_end(plain: socket.socket) -> None:
    client, sock = pair(plain)
    with client, sock:
        sock.sendall(serialize("one") + serialize("two") + serialize("three")[:7])
        assert client.recv(DEADLINE) == "one"
        sock.sendall(serialize("three")[7:])
        sock.shutdown(socket.SHUT_WR)
        assert list(client) == ["two", "three"]
        assert client.error is None
        for _ in range(2):
            with pytest.raises(ConnectionClosed):
                client.recv(0)
        assert list(client) == []


def test_room_from_before_the_inbox_was_full_again_lets_nothing_in(plain: socket.socket) -> None:
    """Full, taken from, and full again within one turn of the reactor: it does not read."""
    client, sock = pair(plain, limits=Limits(inbox_messages=10))
    link, reactor, done = client._link, client._reactor, threading.Event()

    def one_turn() -> None:
        link.data_received(serialize("x") * 10)
        assert not link.transport.is_reading
        for _ in range(10):
            assert client.recv(0) == "x"
        link.data_received(serialize("x") * 10)
        reactor.call_soon(done.set)

    with client, sock:
        reactor.call_soon(one_turn)
        assert done.wait(DEADLINE)
        assert not link.transport.is_reading and not reactor.errors
        for _ in range(10):
            assert client.recv(0) == "x"
        turn_until(reactor, lambda: link.transport.is_reading)


def test_nothing_within_the_timeout(plain: socket.socket) -> None:
    client, sock = pair(plain)
    with client, sock:
        with pytest.raises(TimeoutError, match=r"no message within 0\.01 seconds"):
            client.recv(0.01)
        sock.sendall(serialize("late"))
        assert client.recv(DEADLINE) == "late"


@pytest.mark.parametrize(
    ("timeout", "error"), [(None, InvalidState), (1.0, InvalidState), (0, TimeoutError), (-1.0, TimeoutError)]
)
def test_recv_never_waits_for_the_thread_that_it_runs_in(
    plain: socket.socket, timeout: float | None, error: type[Exception]
) -> None:
    raised = Seen()
    client, sock = pair(plain)

    def in_the_reactor() -> None:
        try:
            client.recv(timeout)
        except Exception as caught:
            raised(type(caught))

    with client, sock:
        client._reactor.call_soon(in_the_reactor)
        assert raised.next() is error


def test_what_was_sent_before_close_arrives_and_nobody_is_reset(plain: socket.socket) -> None:
    """Even with messages that the client never read: closing on unread bytes would reset the connection."""
    trace = Trace()
    client, sock = pair(plain, limits=Limits(inbox_messages=2), trace=trace)
    with sock:
        sock.sendall(serialize("never read") * 100)
        turn_until(client._reactor, lambda: client._link.transport._paused)
        sock.sendall(serialize("never read") * 100)
        client.send("last words")
        closer = threading.Thread(target=client.close)
        closer.start()
        with sock.makefile("rb") as stream:
            assert stream.read() == serialize("last words")  # to the end of the stream
        sock.sendall(serialize("one more"))
        sock.close()
        closer.join(DEADLINE)
        assert not closer.is_alive()
    assert client.error is None
    assert [mark.what for mark in trace.marks] == ["open", "eof", "closed"]
    assert len(trace.bytes(TO_CLIENT)) == 201 * len(serialize("never read")) - len("never read") + len(
        "one more"
    )


def test_a_brusque_answer_to_our_end_is_no_error(plain: socket.socket) -> None:
    client, sock = pair(plain)
    closer = threading.Thread(target=client.close)
    closer.start()
    assert sock.recv(1) == b""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    closer.join(DEADLINE)
    assert client.error is None


def test_a_server_that_does_not_end_holds_up_close_for_a_moment_only(plain: socket.socket) -> None:
    client, sock = pair(plain)
    with sock:
        client.close()
        with pytest.raises(ConnectionClosed):
            client.send("too late")
        client.close()


@pytest.mark.parametrize(
    ("wire", "kind"), [(b"nonsense..", ProtocolError), (b"5         hel", ProtocolError)]
)
def test_a_server_that_breaks_the_protocol(plain: socket.socket, wire: bytes, kind: type) -> None:
    client, sock = pair(plain)
    with client, sock:
        sock.sendall(serialize("good") + wire)
        sock.shutdown(socket.SHUT_WR)
        assert list(client) == ["good"]
        assert isinstance(client.error, kind)


def test_a_server_that_resets(plain: socket.socket) -> None:
    client, sock = pair(plain)
    with client:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        assert list(client) == []
        assert isinstance(client.error, ConnectionResetError)
        with pytest.raises(ConnectionClosed, match="reset"):
            client.send("anyone?")


def test_who_waits_is_woken_by_close(plain: socket.socket) -> None:
    client, sock = pair(plain)
    seen = Seen()
    thread = threading.Thread(target=lambda: seen(list(client)))
    with sock:
        thread.start()
        sock.close()
        client.close()
        assert seen.next() == []
        thread.join(DEADLINE)


def test_a_full_inbox_pushes_back_and_nothing_is_lost(plain: socket.socket) -> None:
    client, sock = pair(plain, limits=Limits(inbox_messages=10, inbox_size=100_000))
    messages = [f"{number}".ljust(10_000) for number in range(3000)]
    sender = threading.Thread(target=lambda: [sock.sendall(serialize(text)) for text in messages])
    with client, sock:
        sender.start()
        transport = client._link.transport
        turn_until(client._reactor, lambda: transport._paused)
        assert len(client._inbox) < 50
        assert sender.is_alive(), "30 MB fit in no buffer: the sender must be waiting"
        assert [client.recv(DEADLINE) for _ in messages] == messages
        sender.join(DEADLINE)


def test_close_with_a_full_inbox(plain: socket.socket) -> None:
    client, sock = pair(plain, limits=Limits(inbox_messages=2))
    with sock:
        sock.sendall(serialize("never read") * 1000)
        turn_until(client._reactor, lambda: client._link.transport._paused)
        client.close()


def test_all_clients_share_one_thread_that_ends_with_the_last(serve: Serve) -> None:
    server = serve()
    clients = [TimeClient(port=server.port) for _ in range(5)]
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("wsdemo-clients") == 1
    for client in clients:
        assert client.recv(DEADLINE) == WELCOME
        client.close()
    assert "wsdemo-clients" not in [thread.name for thread in threading.enumerate()]
    assert reactors._shared is None


@pytest.mark.parametrize("host", ["nosuch.invalid", "127.0.0.1"])
def test_a_client_that_does_not_connect_leaves_nothing(nothing_left: None, host: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        files = open_files()
        with pytest.raises(OSError, match="cannot connect to"):
            TimeClient(host, bound.getsockname()[1])
        assert open_files() == files
        assert reactors._shared is None


def test_a_server_that_has_left_at_once(plain: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(sock: socket.socket) -> None:
        raise OSError(errno.ENOTCONN, "not connected")

    monkeypatch.setattr(client_module, "keep_alive", gone)
    port = plain.getsockname()[1]
    with pytest.raises(OSError, match="the server has left") as caught:
        TimeClient(port=port)
    assert caught.value.errno == errno.ENOTCONN
    assert caught.value.strerror == f"cannot connect to 127.0.0.1:{port}: the server has left"


def test_ipv6(serve: Serve) -> None:
    try:
        server = serve(host="::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error.strerror}")
    with TimeClient("::1", server.port) as client:
        assert client.recv(DEADLINE) == WELCOME


def test_tcp_asks_after_a_server_that_has_vanished(serve: Serve) -> None:
    with TimeClient(port=serve().port) as client:
        assert client._link.transport.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
