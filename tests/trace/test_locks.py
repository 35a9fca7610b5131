"""What a lock guards happens while it is held, and never beside itself: hooks in the guarded places look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.trace.test_dissect import CLIENT, REQUEST, SERVER
from tests.waiting import DEADLINE
from wsdemo import Trace
from wsdemo.record.record import Record
from wsdemo.trace import dissect
from wsdemo.trace.capture import Capture
from wsdemo.trace.dissect import Dissector


def test_there_is_one_dissector(monkeypatch: pytest.MonkeyPatch) -> None:
    trace, held = Trace(), []

    class Watched(Dissector):
        def __init__(self, trace: Record) -> None:
            held.append(trace._lock.locked())
            super().__init__(trace)

    monkeypatch.setattr(dissect, "Dissector", Watched)
    assert trace.packets == () and trace.news() == []
    assert held == [True]


def test_one_reader_at_a_time_dissects() -> None:
    trace, held = Trace(), []

    class Watched(Dissector):
        def _update(self) -> None:
            held.append(self._lock.locked())
            super()._update()

    dissector = Watched(trace)
    trace.tap("client", CLIENT, SERVER).sent(REQUEST % b"")
    assert len(dissector.packets()) == len(dissector.news()) == 1
    dissector.take()
    assert held == [True] * 3


def test_two_threads_that_look_at_once_see_each_packet_once() -> None:
    """One is held up in the middle of its look; the other one waits, and does not cut the same bytes."""
    trace = Trace()
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Dissector):
        def _conversation(self, chunk: Any) -> Any:
            inside.set()
            assert go_on.wait(DEADLINE)
            return super()._conversation(chunk)

    dissector = Slow(trace)
    trace.tap("client", CLIENT, SERVER).sent(REQUEST % b"")
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(dissector.packets()))) for _ in range(2)]
    threads[0].start()
    assert inside.wait(DEADLINE)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert found == [1, 1] and len(dissector.packets()) == 1


def test_a_capture_takes_one_at_a_time() -> None:
    capture = Capture(Trace())
    held: list[bool] = []
    take = capture.live.take
    capture.live.take = lambda: (held.append(capture._lock.locked()), take())[1]  # type: ignore[method-assign]
    assert capture.take() == []
    assert held == [True]


class Growing(list[Any]):
    """A list to which another thread adds as soon as a part of it has been copied."""

    def __init__(self, add: Callable[[], object]) -> None:
        super().__init__()
        self._add: Callable[[], object] | None = add

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice) and self._add is not None:
            add, self._add = self._add, None
            add()
        return found


def test_what_comes_while_a_record_is_emptied_is_kept() -> None:
    trace = Trace()
    tap = trace.tap("client", CLIENT, SERVER)
    trace._chunks = Growing(lambda: tap.sent(b"in the meantime"))
    trace.marks = Growing(lambda: tap.mark("in the meantime"))
    tap.sent(REQUEST % b"")
    tap.mark("open")
    chunks, marks = trace.take()
    assert [chunk.data for chunk in chunks] == [REQUEST % b""] and [mark.what for mark in marks] == ["open"]
    assert trace.size == len(b"in the meantime")
    chunks, marks = trace.take()
    assert [chunk.data for chunk in chunks] == [b"in the meantime"]
    assert [mark.what for mark in marks] == ["in the meantime"]
