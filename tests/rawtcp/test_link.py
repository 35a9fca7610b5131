"""One end of a connection on a fake socket and a fake reactor: bounds that hold exactly, and every end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.net.rig import PIPE, RESET, FakeReactor, FakeSocket
from wsdemo.net.reactor import READ, WRITE
from wsdemo.protocol.errors import ConnectionClosed, PolicyViolation, ProtocolError
from wsdemo.protocol.limits import Limits
from wsdemo.rawtcp.framing import serialize
from wsdemo.rawtcp.link import Link

BLOCKED = [0] * 10  # a socket that takes nothing, in as many turns


class LinkRig:
    """A link between fakes. ``heard`` and ``lost`` note what it tells."""

    def __init__(self, takes: list[Any] | None = None, limits: Limits | None = None) -> None:
        self.sock, self.reactor = FakeSocket(), FakeReactor()
        self.reactor.forked = False
        self.sock.takes = list(takes or [])
        self.heard: list[str] = []
        self.lost: list[BaseException | None] = []
        self.reads_on = True
        self.link = Link(
            self.reactor,  # type: ignore[arg-type]
            self.sock,  # type: ignore[arg-type]
            limits or Limits(),
            None,
            self._hear,
            self.lost.append,
        )
        self.link.transport.start()

    def _hear(self, text: str) -> bool:
        self.heard.append(text)
        return self.reads_on

    def receive(self, *pieces: bytes | OSError) -> None:
        self.sock.gives = list(pieces)
        for _ in pieces:
            self.reactor.turn(READ)


@pytest.mark.parametrize("more", [0, 1])
def test_a_post_fills_the_buffer_to_its_last_byte(more: int) -> None:
    rig = LinkRig(BLOCKED, Limits(buffer_size=100, high_water=10))
    rig.link.post(bytes(60))
    rig.link.post(bytes(40 + more))
    if more:
        assert isinstance(rig.link.error, PolicyViolation) and str(rig.link.error).startswith("60 bytes wait")
        assert rig.sock.closed and rig.lost == [rig.link.error]
    else:
        assert rig.link.error is None and rig.link.transport.pending == 100


def test_a_post_of_any_size_is_taken_where_nothing_waits() -> None:
    rig = LinkRig(BLOCKED, Limits(buffer_size=100, high_water=10))
    rig.link.post(bytes(500))
    assert rig.link.error is None and rig.link.transport.pending == 500


@pytest.mark.parametrize(("pending", "room"), [(9, True), (10, True), (11, False)])
def test_there_is_room_up_to_the_high_water_mark(pending: int, room: bool) -> None:
    rig = LinkRig(BLOCKED, Limits(high_water=10))
    rig.link.post(bytes(pending))
    assert rig.link.offer(b"x") is room
    assert rig.link.transport.pending == pending + room


@pytest.mark.parametrize("end", ["closing", "closed", "broken"])
def test_what_comes_after_the_end_is_dropped_in_silence_or_refused(end: str) -> None:
    rig = LinkRig()
    if end == "closing":
        rig.link.close(linger=True)
    elif end == "closed":
        rig.link.fail(ProtocolError("broken off"))
    else:
        rig.sock.takes = [PIPE]
        rig.link.post(b"lost")
    rig.link.post(b"x")
    assert rig.link.offer(b"x")
    with pytest.raises(ConnectionClosed) as caught:
        rig.link.send(b"x")
    assert (caught.value.code, caught.value.reason) == (1006, "broken off" if end == "closed" else "")
    rig.reactor.here = False
    with pytest.raises(ConnectionClosed):
        rig.link.send(b"x")
    assert rig.sock.taken == []


@pytest.mark.parametrize("earlier", [None, ProtocolError("earlier")])
@pytest.mark.parametrize("pending", [False, True])
def test_cut_off_says_what_was_not_sent_and_nothing_else(
    pending: bool, earlier: BaseException | None
) -> None:
    rig = LinkRig(BLOCKED if pending else None)
    rig.link.post(b"12345")
    rig.link.error = earlier
    rig.link.cut_off()
    assert rig.sock.closed and len(rig.lost) == 1
    if earlier is not None:
        assert rig.link.error is earlier
    elif pending:
        assert str(rig.link.error) == "closed with 5 bytes not sent: the peer reads too slowly"
        assert isinstance(rig.link.error, TimeoutError)
    else:
        assert rig.link.error is None


def test_the_first_error_is_kept() -> None:
    rig = LinkRig()
    first = ProtocolError("first")
    rig.link.fail(first)
    rig.link.fail(ProtocolError("second"))
    assert rig.link.error is first and rig.lost == [first]


@pytest.mark.parametrize("linger", [False, True])
def test_close_sends_what_is_pending_first(linger: bool) -> None:
    rig = LinkRig([0])
    rig.link.post(b"last words")
    rig.link.close(linger=linger)
    rig.reactor.turn()
    assert not rig.sock.shut and not rig.sock.closed
    rig.reactor.turn(WRITE)
    assert rig.sock.taken == [b"last words"]
    assert rig.sock.closed is not linger
    if linger:
        assert rig.sock.shut
        rig.receive(serialize("not for us any more"), b"")
    assert rig.sock.closed and rig.lost == [None] and rig.heard == []


def test_close_with_linger_reads_on_where_the_inbox_was_full() -> None:
    """To the peer's end: closing a socket with unread bytes resets the connection."""
    rig = LinkRig()
    rig.reads_on = False
    rig.receive(serialize("full"))
    assert not rig.reactor.events & READ
    rig.link.close(linger=True)
    rig.reactor.turn()
    assert rig.reactor.events & READ
    rig.receive(serialize("unread"), b"")
    assert rig.heard == ["full"] and rig.lost == [None]


def test_a_reset_after_our_own_end_is_no_error_and_before_it_is() -> None:
    for ours in (True, False):
        rig = LinkRig()
        if ours:
            rig.link.close(linger=True)
            rig.reactor.turn()
        rig.receive(RESET)
        assert rig.lost == [None if ours else RESET]


@pytest.mark.parametrize("inside", [0, 1, 12])
def test_an_end_within_a_message_says_how_far_it_came(inside: int) -> None:
    rig = LinkRig()
    rig.receive(serialize("whole") + serialize("three")[:inside], b"")
    rig.reactor.turn()
    assert rig.heard == ["whole"]
    (error,) = rig.lost
    assert (error and str(error)) == (
        f"the stream ended inside a message, {inside} bytes into it" if inside else None
    )


def test_what_stands_behind_an_error_or_the_end_is_not_heard() -> None:
    rig = LinkRig()
    rig.receive(serialize("one") + b"no header.")
    assert rig.heard == ["one"] and rig.sock.closed
    assert rig.link._waiting == b"", "nothing of it is kept"


def test_a_thread_waits_for_room_and_is_woken_by_the_flush() -> None:
    rig = LinkRig([0], Limits(high_water=10))
    rig.link.post(bytes(20))
    rig.reactor.here = False
    waits = threading.Event()
    add = rig.link.transport.add_waiter
    done = threading.Thread(target=rig.link.send, args=(b"after",))

    def added(woken: threading.Event) -> None:
        add(woken)
        waits.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(rig.link.transport), "add_waiter", lambda transport, woken: added(woken))
        done.start()
        assert waits.wait(20)
        rig.reactor.here = True
        rig.reactor.turn(WRITE)
        done.join(20)
    assert rig.sock.taken == [bytes(20), b"after"]
