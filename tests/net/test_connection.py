"""A connection's life, from both ends: messages, fragments, the closing handshake, forks and interrupts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

from tests import raw
from tests.waiting import DEADLINE, Seen
from wsdemo import (
    Connection,
    ConnectionClosed,
    InvalidState,
    Limits,
    Opcode,
    State,
    connect,
    serve,
    threaded,
)


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


# -- receiving --------------------------------------------------------------------------------------------


def test_recv_waits_with_a_deadline_and_the_connection_lives_on() -> None:
    with serve(echo) as server, connect(server.url) as ws:
        with pytest.raises(TimeoutError, match=r"no message within 0.01 seconds"):
            ws.recv(timeout=0.01)
        with pytest.raises(TimeoutError):
            ws.recv(timeout=0)
        ws.send("still here")
        assert ws.recv(timeout=DEADLINE) == "still here"


@pytest.mark.parametrize("code", [1000, 1001])
def test_iterating_ends_with_a_good_end(code: int) -> None:
    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.TEXT, b"one", key=None) + raw.frame(Opcode.TEXT, b"two", key=None))
        peer.send(raw.frame(Opcode.CLOSE, code.to_bytes(2, "big"), key=None))
        assert peer.closed()[0] == code

    with raw.server(script) as url, connect(url) as ws:
        assert list(ws) == ["one", "two"]
        assert list(ws) == []


def test_iterating_raises_at_a_bad_end_after_the_messages_before_it() -> None:
    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.TEXT, b"one", key=None))
        peer.reset()

    with raw.server(script) as url, connect(url) as ws:
        got = []
        with pytest.raises(ConnectionClosed) as caught:
            for message in ws:
                got.append(message)
        assert got in (["one"], []) and caught.value.code == 1006  # a reset may overtake what came before it
        with pytest.raises(ConnectionClosed):
            ws.recv()
        with pytest.raises(ConnectionClosed):
            ws.send("x")


def test_all_who_wait_are_woken_by_the_end() -> None:
    ended = Seen()

    def wait(ws: Connection) -> None:
        try:
            ws.recv()
        except ConnectionClosed as closed:
            ended(closed.code)

    with serve(echo) as server:
        ws = connect(server.url)
        threads = [threading.Thread(target=wait, args=(ws,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        server.close()
        assert [ended.next() for _ in threads] == [1001] * 5
        for thread in threads:
            thread.join(DEADLINE)
        ws.close()


def test_a_client_may_have_a_handler_instead() -> None:
    seen = Seen()

    class Handler:
        def on_open(self, ws: Connection) -> None:
            ws.send("from on_open")

        def on_message(self, ws: Connection, message: str | bytes) -> None:
            seen(message)

        def on_close(self, ws: Connection) -> None:
            seen("closed")

    with serve(echo) as server:
        with connect(server.url, Handler()) as ws:
            assert seen.next() == "from on_open"
            with pytest.raises(InvalidState, match="on_message"):
                ws.recv()
        assert seen.next() == "closed"


# -- closing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1000, "bye"), (3000, "é" * 61), (4999, "x")])
def test_codes_and_reasons_travel_both_ways(code: int, reason: str) -> None:
    seen = Seen()

    class Handler:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.close(code, reason)

        def on_close(self, ws: Connection) -> None:
            seen(ws.close_code, ws.close_reason)

    with serve(Handler()) as server:
        with connect(server.url) as ws:
            ws.close(code, reason)
            assert (ws.close_code, ws.state) == (code, State.CLOSED)
            assert seen.next() == (code, reason)
        with connect(server.url) as ws:
            ws.send("close!")
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(DEADLINE)
            assert (caught.value.code, caught.value.reason) == (code, reason)
            assert seen.next()[0] == code


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (1006, ""), (999, ""), (1000, "é" * 62), (5000, "")]
)
def test_what_must_not_be_sent_is_not(code: int, reason: str) -> None:
    with serve(echo) as server, connect(server.url) as ws:
        with pytest.raises(ValueError):
            ws.close(code, reason)
        ws.send("unharmed")
        assert ws.recv(DEADLINE) == "unharmed"


def test_a_close_frame_without_a_code_is_1005() -> None:
    with serve(echo) as server, raw.client(server.port) as peer:
        (held,) = server.connections
        peer.send(raw.frame(Opcode.CLOSE))
        assert peer.closed() == (1005, "")
        assert peer.rest() == b""
        assert held.wait_closed(DEADLINE) and held.close_code == 1005


#: What a peer sends; what is reported then, what is answered.
ENDINGS: dict[str, tuple[bytes, int, str, int]] = {
    "a code and a reason": (b"\x0f\xa0bye", 4000, "bye", 4000),
    "no code": (b"", 1005, "", 1005),
    "a code that may not be sent": (b"\x03\xee", 1006, "", 1002),
    "a reason that is not UTF-8": (b"\x03\xe8\xff", 1006, "", 1007),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_close_frame_is_closing_and_the_end_of_tcp_is_closed(name: str) -> None:
    payload, code, reason, answer = ENDINGS[name]
    answered, leave, seen = threading.Event(), threading.Event(), Seen()

    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, payload, key=None))
        assert peer.closed()[0] == answer
        answered.set()
        assert leave.wait(DEADLINE)  # "the server MUST close the TCP connection": it takes its time

    class Tells:
        def on_close(self, ws: Connection) -> None:
            seen(ws.state, ws.close_code, ws.close_reason, ws.close_sent)

    with raw.server(script) as url:
        ws = connect(url, Tells())
        assert answered.wait(DEADLINE)
        assert ws.state is State.CLOSING and seen.empty()
        leave.set()
        assert seen.next() == (State.CLOSED, code, reason, answer)
        assert (ws.error is None) is (code == answer)


def test_our_close_frame_is_closing_until_tcp_ends() -> None:
    seen = Seen()

    class Leaves:
        def on_message(self, ws: Connection, message: str | bytes) -> None:
            ws.close(3000)
            seen(ws.state, ws.close_code, ws.close_sent)

        def on_close(self, ws: Connection) -> None:
            seen(ws.state, ws.close_code, ws.close_sent)

    with serve(Leaves()) as server, raw.client(server.port) as peer:
        peer.send(raw.frame(Opcode.TEXT, b"go"))
        assert peer.closed() == (3000, "")
        assert seen.next() == (State.CLOSING, None, 3000)
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe9"))
        assert peer.rest() == b""
        assert seen.next() == (State.CLOSED, 1001, 3000)


def test_a_ping_waits_no_longer_when_a_close_frame_comes() -> None:
    def script(peer: raw.Peer) -> None:
        assert peer.frame().opcode == Opcode.PING
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe9", key=None))
        assert asked.wait(DEADLINE)  # TCP stays until the ping has ended

    asked = threading.Event()
    with raw.server(script) as url:
        ws = connect(url)
        with pytest.raises(ConnectionClosed):
            ws.ping()
        asked.set()


def test_both_may_close_at_once() -> None:
    def script(peer: raw.Peer) -> None:
        assert peer.closed()[0] == 1000
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe9", key=None))  # its own, not an answer
        peer.rest()

    with raw.server(script) as url:
        ws = connect(url)
        ws.close()
        assert (ws.close_sent, ws.close_code) == (1000, 1001)


def test_messages_that_were_under_way_when_we_closed_are_still_delivered() -> None:
    def script(peer: raw.Peer) -> None:
        assert peer.closed()[0] == 1000
        peer.send(raw.frame(Opcode.TEXT, b"on its way", key=None))
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None))

    with raw.server(script) as url:
        ws = connect(url)
        ws.close()
        assert list(ws) == ["on its way"]


def test_tcp_is_ended_by_the_server_first() -> None:
    """RFC 6455 §7.1.1: so that the TIME_WAIT is the server's."""
    with serve(echo) as server, raw.client(server.port) as peer:
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8"))
        assert peer.closed()[0] == 1000
        assert peer.rest() == b""  # its FIN, though we have not ended


def test_after_a_failure_the_close_frame_arrives_though_more_data_was_sent() -> None:
    """Closing a socket with unread bytes resets it, and the close frame could be lost."""
    with serve(echo, limits=Limits(message_size=10)) as server:
        for _ in range(20):
            with raw.client(server.port) as peer:
                peer.send(raw.frame(Opcode.BINARY, bytes(300_000)))
                assert peer.closed()[0] == 1009


def test_behind_the_close_frame_of_a_failure_our_half_of_tcp_ends() -> None:
    """At once: the peer need not do anything, and no deadline has to pass."""
    with serve(echo, limits=Limits(close_timeout=1000)) as server, raw.client(server.port) as peer:
        peer.send(raw.frame(3, b"reserved"))
        assert peer.closed()[0] == 1002
        assert peer.rest() == b""


def test_behind_a_client_s_close_frame_its_half_of_tcp_ends() -> None:
    rest = Seen()

    def script(peer: raw.Peer) -> None:
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None))
        assert peer.closed()[0] == 1000
        rest(peer.rest())

    with raw.server(script) as url, connect(url, limits=Limits(close_timeout=1000)):
        assert rest.next() == b""


def test_the_deadline_of_closing_starts_with_closing() -> None:
    """However long it was silent before, and whenever the reactor looks: found by a soak, once in 20,000."""
    with serve(echo) as server:
        for _ in range(40):
            ws = connect(server.url)
            looking = threading.Event()

            def look(ws: Connection = ws, looking: threading.Event = looking) -> None:
                looking.set()
                if ws.state is not State.CLOSED:
                    ws.check(ws.transport.reactor.now)
                    ws.transport.reactor.call_soon(look)

            ws._heartbeat.active -= 100
            ws.transport.reactor.call_soon(look)
            assert looking.wait(DEADLINE)
            ws.close()
            assert ws.close_code == 1000


def test_close_from_many_threads() -> None:
    with serve(echo) as server:
        ws = connect(server.url)
        threads = [threading.Thread(target=ws.close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert ws.close_code == 1000


def test_a_context_manager_closes_though_its_body_failed() -> None:
    with serve(echo) as server:
        with pytest.raises(ZeroDivisionError), connect(server.url) as ws:
            _ = 1 / 0
        assert ws.state is State.CLOSED and ws.close_code == 1000


# -- processes --------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_after_a_fork_it_refuses_and_the_parent_goes_on() -> None:
    program = """
        import os, sys
        from wsdemo import InvalidState, connect, serve
        server = serve(lambda ws, message: ws.send(message))
        ws = connect(server.url)
        child = os.fork()
        if not child:
            refused = 0
            calls = [lambda: ws.send("x"), lambda: ws.recv(1), lambda: ws.ping(1), lambda: ws.send(iter("a"))]
            for call in calls:
                try:
                    call()
                except InvalidState as error:
                    refused += "after the fork" in str(error)
                except BaseException as error:
                    print(type(error), error, flush=True)
            ws.close(); server.close()
            with serve(lambda ws, message: ws.send(message)) as own, connect(own.url) as other:
                other.send("the child's own")
                assert other.recv(60) == "the child's own"
            os._exit(10 + refused)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 14
        ws.send("the parent's"); assert ws.recv(60) == "the parent's"
        ws.close(); server.close()
        print("fine")
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=DEADLINE * 2,
    )
    assert done.stdout == "fine\n", done.stdout + done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals by kill")
@pytest.mark.parametrize("call", ["ws.recv()", "list(ws)", "ws.ping(60)"])
def test_an_interrupt_leaves_the_connection_usable(call: str) -> None:
    """What a kernel's stop button does: KeyboardInterrupt in the thread that waits."""
    program = f"""
        import signal, sys
        from wsdemo import connect
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        ws = connect(sys.argv[1])
        print("waits", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        ws.send("still usable")
        print(ws.recv(60))
        ws.close()
        print(ws.close_code)
    """
    talk = threading.Event()

    def script(peer: raw.Peer) -> None:
        assert talk.wait(DEADLINE)
        assert peer.message() == "still usable"
        peer.send(raw.frame(Opcode.TEXT, b"indeed", key=None))
        assert peer.closed()[0] == 1000
        peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8", key=None))
        peer.rest()

    with raw.server(script) as url:
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), url], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        assert child.stdout.readline() == "waits\n"
        _asleep(child.pid)
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        talk.set()
        assert child.communicate(timeout=DEADLINE)[0] == "indeed\n1000\n"


def _asleep(pid: int) -> None:
    """Wait until the main thread of a process has nothing to do."""
    deadline = time.monotonic() + DEADLINE
    quiet = 0
    while quiet < 200:
        with open(f"/proc/{pid}/stat") as file:
            quiet = quiet + 1 if file.read().rsplit(")", 1)[1].split()[0] == "S" else 0
        assert time.monotonic() < deadline


def test_the_thread_that_all_clients_share_ends_with_the_last_of_them() -> None:
    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "wsdemo-clients"]

    def clients() -> int:
        return len(threads())

    for thread in threads():  # of an earlier test, whose clients hear only now that their server has gone
        thread.join(DEADLINE)
    with serve(echo) as server:
        first, second = connect(server.url), connect(server.url)
        assert clients() == 1
        first.close()
        assert clients() == 1
        second.send("x")
        assert second.recv(DEADLINE) == "x"
        second.close()
        assert clients() == 0


@threaded
def pong(ws: Connection) -> None:
    for message in ws:
        ws.send(message)


def test_many_openings_and_endings_from_many_threads() -> None:
    errors: list[BaseException] = []

    def cycles(server_url: str) -> None:
        try:
            for _ in range(40):
                with connect(server_url) as ws:
                    ws.send("x")
                    assert ws.recv(DEADLINE) == "x"
        except BaseException as error:
            errors.append(error)

    with serve(pong) as server:
        threads = [threading.Thread(target=cycles, args=(server.url,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert not errors
    assert not server._threads and not server.errors


def test_a_peer_that_ends_tcp_without_a_word_is_1006() -> None:
    def script(peer: raw.Peer) -> None:
        peer.sock.shutdown(socket.SHUT_WR)
        peer.rest()

    with raw.server(script) as url, connect(url) as ws:
        with pytest.raises(ConnectionClosed) as caught:
            ws.recv(DEADLINE)
        assert caught.value.code == 1006
        assert ws.wait_closed(DEADLINE)


def test_its_repr_says_what_it_is() -> None:
    with serve(echo) as server:
        with connect(server.url) as ws:
            assert repr(ws) == f"<Connection {ws.id}: OPEN>"
        assert repr(ws) == f"<Connection {ws.id}: CLOSED>"


def test_types_are_checked_before_anything_is_sent() -> None:
    """A number as length of uninitialised memory, a list for an iterable of frames: not here."""
    bad: list[Any] = [5, None, 1.5, object()]
    with serve(echo) as server, connect(server.url) as ws:
        for thing in bad:
            with pytest.raises(TypeError):
                ws.send(thing)
        with pytest.raises(UnicodeEncodeError):
            ws.send("\ud800")
        ws.send(memoryview(b"fine"))
        assert ws.recv(DEADLINE) == b"fine"


@pytest.mark.parametrize("end", ["close frame", "end of TCP"])
def test_a_server_ends_tcp_without_being_asked_or_late(end: str) -> None:
    """RFC 6455 §7.1.1; no deadline does it, for these are a thousand seconds."""
    limits = Limits(close_timeout=1000, ping_interval=None)
    with serve(echo, limits=limits) as server, raw.client(server.port) as peer:
        (ws,) = server.connections
        try:
            if end == "close frame":
                peer.send(raw.frame(Opcode.CLOSE, b"\x03\xe8"))
                assert peer.closed()[0] == 1000
            else:
                peer.sock.shutdown(socket.SHUT_WR)
            assert peer.rest() == b""
            assert ws.wait_closed(DEADLINE) and ws.state is State.CLOSED
        finally:
            ws.transport.abort()  # else the server waits for it
