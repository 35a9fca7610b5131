"""Reading, and every way to end: a transport on a fake socket and a fake reactor, turned by the test."""

from __future__ import annotations

import pytest

from tests.net.rig import PIPE, RESET, Rig
from wsdemo.net.reactor import READ, WRITE
from wsdemo.net.transport import BULK

# -- broken ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at once", "flushing"])
def test_a_broken_socket_is_read_to_its_end(when: str) -> None:
    """The peer's last words, such as a close frame, may lie before the reset."""
    rig = Rig()
    rig.sock.gives = [b"last ", b"words", RESET]
    rig.sock.takes = [PIPE] if when == "at once" else [0, PIPE]
    rig.write(b"hello")
    rig.reactor.turn(WRITE)
    told = [b"last ", b"words", ("lost", RESET)]
    for turns in range(4):
        assert rig.sink.told == told[:turns], "one look a turn: others have sockets too"
        rig.reactor.turn(READ)
    assert rig.sink.told == told
    assert rig.sock.closed
    rig.write(b"taken silently")
    assert rig.transport.pending == 0


def test_a_broken_socket_with_nothing_to_read_waits_for_the_selector() -> None:
    rig = Rig()
    rig.sock.takes = [PIPE]
    rig.write(b"hello")
    rig.reactor.turn()
    assert rig.sink.told == []
    rig.sock.gives = [b""]
    rig.reactor.turn(READ)
    rig.transport.close()
    rig.reactor.turn()
    assert rig.sink.told == ["eof", ("lost", PIPE)]


def test_lost_comes_once_whoever_ends_it() -> None:
    rig = Rig()
    rig.transport.abort(RESET)
    rig.transport.abort()
    rig.transport.close()
    rig.write(b"nothing")
    rig.transport.pause_reading()
    rig.transport.resume_reading()
    rig.reactor.turn(READ | WRITE)
    assert (rig.sink.told, rig.sent, rig.reactor.events) == ([("lost", RESET)], b"", 0)


# -- reading -------------------------------------------------------------------------------------------------


def test_bytes_come_as_the_kernel_cut_them() -> None:
    rig = Rig(tap=True)
    rig.sock.gives = [b"a", b"bc", b""]
    for _ in range(3):
        rig.reactor.turn(READ)
    assert rig.sink.told == [b"a", b"bc", "eof"]
    assert [c.data for c in rig.trace.chunks] == [b"a", b"bc"]
    assert [m.what for m in rig.trace.marks] == ["open", "eof"]


def test_bytes_read_in_place_are_on_record_as_well() -> None:
    rig, place = Rig(tap=True), bytearray(BULK)
    rig.sink.place = memoryview(place)
    rig.sock.gives = [b"a" * BULK, b"bcd"]
    rig.reactor.turn(READ)
    rig.reactor.turn(READ)
    assert rig.sink.told == [b"a" * BULK, 3] and place.startswith(b"bcd\0")
    assert [c.data for c in rig.trace.chunks] == [b"a" * BULK, b"bcd"]


def test_a_record_has_what_the_kernel_took_each_time() -> None:
    rig = Rig(tap=True)
    rig.sock.takes = [2, 0, 1]
    rig.write(b"hello")
    rig.reactor.turn()
    for _ in range(3):
        rig.reactor.turn(WRITE)
    assert rig.sock.taken == [b"he", b"l", b"lo"]
    assert [c.data for c in rig.trace.chunks] == [b"he", b"l", b"lo"]


def test_an_ended_stream_is_not_read_again() -> None:
    rig = Rig()
    rig.sock.gives = [b"", b""]
    rig.reactor.turn(READ)
    rig.transport.resume_reading()
    rig.reactor.turn(READ)
    assert (rig.sink.told, rig.reactor.events) == (["eof"], 0)


def test_paused_it_does_not_read_but_still_writes() -> None:
    rig = Rig()
    rig.sock.gives = [b"later"]
    rig.transport.pause_reading()
    rig.reactor.turn(READ)
    assert rig.sink.told == []
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.reactor.turn(WRITE)
    assert rig.sent == b"hello"
    rig.transport.resume_reading()
    rig.reactor.turn(READ)
    assert rig.sink.told == ["drained", b"later"]


# -- ending --------------------------------------------------------------------------------------------------


def test_finish_sends_what_is_pending_then_ends_and_goes_on_reading() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.transport.write_eof()
    rig.reactor.turn()
    assert not rig.sock.shut
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.shut, rig.sock.closed) == (b"hello", True, False)
    rig.sock.gives = [b"bye"]
    rig.reactor.turn(READ)
    assert rig.sink.told == ["drained", b"bye"]


def test_finish_and_close() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.transport.close()
    rig.reactor.turn(WRITE)
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.closed, rig.sink.told) == (b"hello", True, ["drained", ("lost", None)])


def test_finish_after_the_socket_broke() -> None:
    rig = Rig()
    rig.sock.takes = [0, PIPE]
    rig.write(b"hello")
    rig.transport.close()
    rig.reactor.turn(WRITE)
    rig.reactor.turn()
    assert (rig.sock.closed, rig.sink.told) == (True, [("lost", PIPE)])


# -- under TLS -----------------------------------------------------------------------------------------------


class FakeTls:
    """Encrypts by a prefix, or fails; notes the bytes that it is given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []
        self.error: OSError | None = None

    def encrypt(self, data: bytes) -> bytes:
        self.given.append(data)
        if self.error is not None:
            raise self.error
        return b"tls:" + data


@pytest.mark.parametrize("end", ["broken", "closed"])
def test_nothing_is_encrypted_that_will_not_be_sent(end: str) -> None:
    """Neither nothing itself, nor bytes for a socket that is broken or closed."""
    rig, tls = Rig(), FakeTls()
    rig.transport.tls, rig.transport._plain_socket = tls, False  # type: ignore[assignment]
    rig.write(b"hello")
    rig.write(b"")
    if end == "broken":
        tls.error = RESET
        rig.write(b"fails")
        assert tls.given.pop() == b"fails" and rig.transport.broken is RESET
    else:
        rig.transport.abort()
    rig.write(b"behind that")
    assert (rig.sent, tls.given) == (b"tls:hello", [b"hello"])
