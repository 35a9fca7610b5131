"""The wire: reading, and every way to end. On a fake socket and a fake reactor whose turns the test takes."""

from __future__ import annotations

import pytest

from tests.net.rig import PIPE, RESET, Rig
from wsdemo.net.reactor import READ, WRITE

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
    assert rig.wire.pending == 0


def test_a_broken_socket_with_nothing_to_read_waits_for_the_selector() -> None:
    rig = Rig()
    rig.sock.takes = [PIPE]
    rig.write(b"hello")
    rig.reactor.turn()
    assert rig.sink.told == []
    rig.sock.gives = [b""]
    rig.reactor.turn(READ)
    rig.wire.finish(close=True)
    rig.reactor.turn()
    assert rig.sink.told == ["eof", ("lost", PIPE)]


def test_lost_comes_once_whoever_ends_it() -> None:
    rig = Rig()
    rig.wire.abort(RESET)
    rig.wire.abort()
    rig.wire.finish(close=True)
    rig.write(b"nothing")
    rig.wire.pause()
    rig.wire.resume()
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


def test_an_ended_stream_is_not_read_again() -> None:
    rig = Rig()
    rig.sock.gives = [b"", b""]
    rig.reactor.turn(READ)
    rig.wire.resume()
    rig.reactor.turn(READ)
    assert (rig.sink.told, rig.reactor.events) == (["eof"], 0)


def test_paused_it_does_not_read_but_still_writes() -> None:
    rig = Rig()
    rig.sock.gives = [b"later"]
    rig.wire.pause()
    rig.reactor.turn(READ)
    assert rig.sink.told == []
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.reactor.turn(WRITE)
    assert rig.sent == b"hello"
    rig.wire.resume()
    rig.reactor.turn(READ)
    assert rig.sink.told == [b"later"]


# -- ending --------------------------------------------------------------------------------------------------


def test_finish_sends_what_is_pending_then_ends_and_goes_on_reading() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.wire.finish()
    rig.reactor.turn()
    assert not rig.sock.shut
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.shut, rig.sock.closed) == (b"hello", True, False)
    rig.sock.gives = [b"bye"]
    rig.reactor.turn(READ)
    assert rig.sink.told == [b"bye"]


def test_finish_and_close() -> None:
    rig = Rig()
    rig.sock.takes = [0]
    rig.write(b"hello")
    rig.wire.finish(close=True)
    rig.reactor.turn(WRITE)
    rig.reactor.turn(WRITE)
    assert (rig.sent, rig.sock.closed, rig.sink.told) == (b"hello", True, [("lost", None)])


def test_finish_after_the_socket_broke() -> None:
    rig = Rig()
    rig.sock.takes = [0, PIPE]
    rig.write(b"hello")
    rig.wire.finish(close=True)
    rig.reactor.turn(WRITE)
    rig.reactor.turn()
    assert (rig.sock.closed, rig.sink.told) == (True, [("lost", PIPE)])
