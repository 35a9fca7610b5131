"""TLS on both sides: verified by default, the host name too; both levels recorded."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

import pytest
import trustme

from tests import raw
from tests.waiting import DEADLINE, Seen, turn_until
from wsdemo import (
    Connection,
    ConnectionClosed,
    HandshakeError,
    Limits,
    Opcode,
    Server,
    Trace,
    connect,
    serve,
)
from wsdemo.net.tls import Tls

CA = trustme.CA()


def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert(*names).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return context


def echo(ws: Connection, message: str | bytes) -> None:
    ws.send(message)


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")])
def test_messages_small_and_large(host: str, name: str) -> None:
    with serve(echo, host, ssl=server_context(name)) as server:
        assert server.url.startswith("wss://")
        with connect(server.url, ssl=client_context()) as ws:
            for message in ("hello", b"", bytes(1 << 20), "é" * 70_000):
                ws.send(message)
                assert ws.recv(DEADLINE) == message
        assert ws.close_code == 1000
        assert not server.errors


def test_a_certificate_nobody_vouches_for_is_refused_by_default() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with pytest.raises((ssl.SSLCertVerificationError, HandshakeError), match="certificate verify failed"):
            connect(server.url)


def test_a_certificate_for_another_name_is_refused() -> None:
    with serve(echo, ssl=server_context("other.example")) as server:
        with pytest.raises((ssl.SSLCertVerificationError, HandshakeError), match=r"127\.0\.0\.1"):
            connect(server.url, ssl=client_context())


def test_a_name_goes_without_its_dot_into_sni_and_the_certificate_s_check() -> None:
    """RFC 6066 §3: "without a trailing dot". The resolver and the field Host keep it."""
    names = Seen()
    context = server_context("localhost")
    context.sni_callback = lambda sock, name, given: names(name)
    client = Tls(client_context(), server_side=False, hostname="localhost.")
    server = Tls(context, server_side=True)
    for _ in range(3):
        server.decrypt(client.outgoing())
        client.decrypt(server.outgoing())
    assert client.ready and server.ready and names.next() == "localhost"


def test_a_refused_certificate_harms_no_other_connection() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with connect(server.url, ssl=client_context()) as ws:
            for _ in range(3):
                with pytest.raises((OSError, HandshakeError)):
                    connect(server.url)
            ws.send("unharmed")
            assert ws.recv(DEADLINE) == "unharmed"


def test_both_levels_are_recorded() -> None:
    trace = Trace()
    with serve(echo, ssl=server_context("127.0.0.1"), trace=trace) as server:
        with connect(server.url, ssl=client_context(), trace=trace) as ws:
            ws.send("a word in the open")
            assert ws.recv(DEADLINE) == "a word in the open"
    for end in ("client", "server"):
        plain = b"".join(chunk.data for chunk in trace.select(end=end))
        wire = b"".join(chunk.data for chunk in trace.select(end=end, layer="tls"))
        assert b"GET / HTTP/1.1" in plain and b"a word in the open" in plain
        assert wire[:2] == b"\x16\x03" and b"GET /" not in wire and b"a word in the open" not in wire


def test_a_client_that_has_left_before_it_is_accepted_is_one_connection_at_both_levels() -> None:
    trace, go, soon = Trace(), threading.Event(), Limits(open_timeout=0.1)
    with serve(echo, ssl=server_context("127.0.0.1"), trace=trace) as server, serve(echo) as other:
        server.call_soon(go.wait)
        with pytest.raises(TimeoutError):
            connect(server.url, ssl=client_context(), trace=trace, limits=soon)
        connect(other.url).close()  # the thread of all clients has closed the first one before this one opens
        assert [mark.what for mark in trace.marks if mark.end == "client"][-1] == "closed"
        go.set()
        turn_until(server._reactor, lambda: trace.select(end="server", layer="tls"))
    assert trace.addresses.keys() == {chunk.connection for chunk in trace.chunks} == {1}


def filed(server: Server) -> BaseException:
    """The only error of a server, as soon as it is there."""
    turn_until(server._reactor, lambda: server.errors)
    ((_, error),) = server.errors
    return error


def reason(error: BaseException) -> str:
    """OpenSSL's reason, without the version that may be in it: SSLV3_ALERT_…, TLSV13_ALERT_…"""
    assert isinstance(error, ssl.SSLError) and error.reason
    return error.reason.partition("_ALERT_")[2] or error.reason


#: Both sides' contexts are changed by this; then the reasons that both find.
TlsFailure = tuple[Callable[[ssl.SSLContext, ssl.SSLContext], object], set[str], set[str]]


def wants_a_certificate(there: ssl.SSLContext, here: ssl.SSLContext) -> None:
    CA.configure_trust(there)
    there.verify_mode = ssl.CERT_REQUIRED


def has_a_foreign_certificate(there: ssl.SSLContext, here: ssl.SSLContext) -> None:
    wants_a_certificate(there, here)
    trustme.CA().issue_cert("somebody").configure_cert(here)


def wants_tls_1_3(there: ssl.SSLContext, here: ssl.SSLContext) -> None:
    there.minimum_version = ssl.TLSVersion.TLSv1_3
    here.maximum_version = ssl.TLSVersion.TLSv1_2


def trusts_nobody(there: ssl.SSLContext, here: ssl.SSLContext) -> None:
    trustme.CA().issue_cert("127.0.0.1").configure_cert(there)


FAILURES: dict[str, TlsFailure] = {
    # TLS 1.3: the client's handshake is done when the server refuses (RFC 8446 §4.4.2.4)
    "a client without a certificate": (
        wants_a_certificate,
        {"PEER_DID_NOT_RETURN_A_CERTIFICATE"},
        {"CERTIFICATE_REQUIRED"},
    ),
    "a client with a foreign one": (
        has_a_foreign_certificate,
        {"CERTIFICATE_VERIFY_FAILED"},
        {"UNKNOWN_CA"},
    ),
    "no version in common": (wants_tls_1_3, {"UNSUPPORTED_PROTOCOL"}, {"PROTOCOL_VERSION"}),
    "a client that does not trust us": (trusts_nobody, {"UNKNOWN_CA"}, {"CERTIFICATE_VERIFY_FAILED"}),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_tls_failure_is_filed_as_what_it_is(name: str) -> None:
    change, servers, clients = FAILURES[name]
    there, here = server_context("127.0.0.1"), client_context()
    change(there, here)
    with serve(echo, ssl=there) as server:
        with pytest.raises(ssl.SSLError) as caught:
            connect(server.url, ssl=here)
        assert reason(caught.value) in clients
        assert reason(filed(server)) in servers


def test_a_client_that_leaves_within_the_tls_handshake_is_filed_so() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        raw.dial(server.port).sock.close()
        error = filed(server)
    assert isinstance(error, ssl.SSLEOFError) and "before the TLS handshake was complete" in str(error)


def test_a_server_that_leaves_within_the_tls_handshake_is_told_so() -> None:
    with raw.server(lambda peer: peer._more(), answer=False) as url:
        with pytest.raises(ssl.SSLEOFError, match="before the TLS handshake was complete"):
            connect(url.replace("ws:", "wss:"), ssl=client_context())


def test_plain_http_to_a_tls_port() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with pytest.raises(HandshakeError, match="this port speaks TLS: is it ws:// or wss://"):
            connect(server.url.replace("wss:", "ws:"))
        error = filed(server)
        assert isinstance(error, ssl.SSLError) and error.reason == "HTTP_REQUEST"
        assert str(error) == "[SSL: HTTP_REQUEST] what came is not TLS: is it ws:// or wss:// ?"
        with raw.dial(server.port) as peer:
            peer.send(raw.request())
            assert peer.answer() == (400, "this port speaks TLS: is it ws:// or wss:// ?\n")
        with connect(server.url, ssl=client_context()) as ws:
            ws.send("unharmed")
            assert ws.recv(DEADLINE) == "unharmed"


def test_what_is_neither_http_nor_tls_gets_no_answer() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server, raw.dial(server.port) as peer:
        peer.send(bytes(100))
        assert peer.rest() == b""
        assert "what came is not TLS" in str(filed(server))


def test_tls_to_a_plain_port() -> None:
    with serve(echo) as server:
        with pytest.raises(ssl.SSLError, match="what came is not TLS: is it ws:// or wss://") as caught:
            connect(server.url.replace("ws:", "wss:"), ssl=client_context())
        assert caught.value.reason
        assert str(filed(server)) == "TLS came where plain HTTP is spoken: is it ws:// or wss:// ?"


def test_a_stalled_tls_handshake_holds_up_nobody() -> None:
    limits = Limits(open_timeout=4)
    with serve(echo, ssl=server_context("127.0.0.1"), limits=limits) as server:
        stalled = [raw.dial(server.port) for _ in range(20)]
        for i, peer in enumerate(stalled):
            peer.send(bytes.fromhex("160301")[: i % 4])
        with connect(server.url, ssl=client_context()) as ws:
            ws.send("x")
            assert ws.recv(DEADLINE) == "x"
            assert len(server._opening) == len(stalled)  # and none had to be given up before
        for peer in stalled:
            assert peer.rest() == b""
        assert {str(error) for _, error in server.errors} == {
            "the TLS handshake did not come within 4 seconds"
        }


def test_a_cut_is_not_taken_for_an_end() -> None:
    """TCP ends without TLS's own farewell: whoever cuts the line can't forge a good end."""
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with connect(server.url, ssl=client_context()) as ws:
            (held,) = server.connections
            held.transport.reactor.call_soon(held.transport.sock.shutdown, socket.SHUT_RDWR)
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(DEADLINE)
            assert caught.value.code == 1006


def test_a_forged_record_is_an_error_not_an_end() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with connect(server.url, ssl=client_context()) as ws:
            ws.transport.reactor.call_soon(ws.transport.sock.send, b"\x17\x03\x03\x00\x20" + bytes(32))
            assert ws.wait_closed(DEADLINE)
            with connect(server.url, ssl=client_context()) as other:
                other.send("unharmed")
                assert other.recv(DEADLINE) == "unharmed"
    assert [type(error) for _, error in server.errors] == [ssl.SSLError]


def test_a_forged_record_is_the_client_s_error() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with connect(server.url, ssl=client_context()) as ws:
            (held,) = server.connections
            held.transport.reactor.call_soon(held.transport.sock.send, b"\x17\x03\x03\x00\x20" + bytes(32))
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(DEADLINE)
            assert caught.value.code == 1006 and caught.value.__cause__ is ws.error
            assert isinstance(ws.error, ssl.SSLError) and ws.error.reason


def test_many_threads_over_tls() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        with connect(server.url, ssl=client_context()) as ws:
            for i in range(300):
                ws.send(str(i) * 100)
            for i in range(300):
                assert ws.recv(DEADLINE) == str(i) * 100
            assert ws.ping(DEADLINE) > 0


def test_the_server_s_own_origin_is_https() -> None:
    with serve(echo, ssl=server_context("127.0.0.1")) as server:
        own = f"https://127.0.0.1:{server.port}"
        connect(server.url, ssl=client_context(), origin=own).close()
        with pytest.raises(HandshakeError) as caught:
            connect(server.url, ssl=client_context(), origin=own.replace("https", "http"))
        assert caught.value.status == 403


# -- one direction ends by TLS, and TCP stays open -----------------------------------------------------------


def test_a_client_s_close_notify_is_its_end() -> None:
    """RFC 8446 §6.1: nothing more will come, though the socket is open; it is answered in kind, at once."""
    ended = Seen()

    class Handler:
        def on_close(self, ws: Connection) -> None:
            ended(ws.close_code)

    with serve(Handler(), ssl=server_context("127.0.0.1")) as server:
        sock = client_context().wrap_socket(
            socket.create_connection(("127.0.0.1", server.port), DEADLINE), server_hostname="127.0.0.1"
        )
        with raw.Peer(sock) as peer:
            peer.send(raw.request())
            assert " 101 " in peer.head()
            plain = sock.unwrap()  # sends ours, and waits for the other one
            with plain:
                assert ended.next() == 1006
                assert plain.recv(1) == b""


def test_a_server_s_close_notify_is_its_end() -> None:
    context = server_context("127.0.0.1")
    answers = Seen()

    def script(peer: raw.Peer) -> None:
        sock = context.wrap_socket(peer.sock, server_side=True)
        with raw.Peer(sock) as secure:
            raw.accept(secure)
            with sock.unwrap() as plain:
                answers(plain.recv(1))

    with raw.server(script, answer=False) as url:
        with connect(url.replace("ws:", "wss:"), ssl=client_context()) as ws:
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(DEADLINE)
            assert caught.value.code == 1006
        assert answers.next() == b""


def test_messages_in_the_record_before_close_notify_are_heard() -> None:
    heard = Seen()
    with serve(lambda ws, message: heard(message), ssl=server_context("127.0.0.1")) as server:
        sock = client_context().wrap_socket(
            socket.create_connection(("127.0.0.1", server.port), DEADLINE), server_hostname="127.0.0.1"
        )
        with raw.Peer(sock) as peer:
            peer.send(raw.request())
            peer.head()
            peer.send(raw.frame(Opcode.TEXT, b"last words"))
            sock.unwrap().close()
        assert heard.next() == "last words"
