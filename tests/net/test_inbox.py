"""The inbox: order, both bounds, and an end that wakes everyone."""

from __future__ import annotations

import math
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from tests.waiting import DEADLINE, Seen
from wsdemo.net.inbox import SLICE, Inbox
from wsdemo.net.waiting import LONGEST
from wsdemo.protocol.errors import ConnectionClosed


def inbox(messages: int = 100, size: int = 1000) -> tuple[Inbox, Seen]:
    room = Seen()
    return Inbox(messages, size, lambda: room("room")), room


def test_first_in_first_out() -> None:
    box, _ = inbox()
    for number in range(10):
        assert box.put(f"{number}")
    assert len(box) == 10
    assert [box.get(0) for _ in range(10)] == [f"{number}" for number in range(10)]
    assert len(box) == 0


@pytest.mark.parametrize(
    ("messages", "size", "each"),
    [(4, 1000, "x"), (100, 40, "x" * 10), (100, 40, b"x" * 10), (100, 40, "é" * 5), (100, 40, "👋€€")],
)
def test_full_at_either_bound_and_room_when_half_is_taken(
    messages: int, size: int, each: str | bytes
) -> None:
    box, room = inbox(messages, size)
    assert [box.put(each) for _ in range(4)] == [True, True, True, False]
    box.get(0)
    assert room.empty()
    box.get(0)
    assert room.next(0) == "room"
    box.get(0)
    assert room.empty(), "told once only"
    assert [box.put(each) for _ in range(3)] == [True, True, False]


def test_nothing_within_the_timeout() -> None:
    box, _ = inbox()
    with pytest.raises(TimeoutError, match=r"no message within 0\.01 seconds"):
        box.get(0.01)
    with pytest.raises(TimeoutError):
        box.get(-1)


@pytest.mark.parametrize("timeout", [None, math.inf, 1e10, LONGEST, 1, 0.0, -1, -math.inf])
def test_a_message_that_is_there_is_given_at_once(timeout: float | None) -> None:
    box, _ = inbox()
    box.put("here")
    assert box.get(timeout) == "here"


@pytest.mark.parametrize("timeout", [0, -1, -math.inf])
def test_no_time_is_no_wait(timeout: float) -> None:
    with pytest.raises(TimeoutError, match=f"no message within {timeout:g} seconds"):
        inbox()[0].get(timeout)


@pytest.mark.parametrize(
    ("timeout", "waits"),
    [
        (2.5 * LONGEST, [LONGEST, LONGEST, LONGEST / 2]),
        (math.inf, [LONGEST] * 9),
        (None, [SLICE] * 9),
    ],
)
def test_a_long_wait_is_several_short_ones(timeout: float | None, waits: list[float | None]) -> None:
    class Slow:
        """A queue whose message comes with the tenth wait."""

        def get(self, timeout: float | None) -> str:
            if len(waited) == 9:
                return "late"
            waited.append(timeout)
            raise queue.Empty

    waited: list[float | None] = []
    box, _ = inbox()
    box._queue = Slow()  # type: ignore[assignment]
    with pytest.raises(queue.Empty) if len(waits) < 9 else nullcontext():
        assert box._in_slices(timeout) == "late"
    assert waited == waits


def test_the_way_to_the_wait_with_a_timeout_is_no_longer_than_without() -> None:
    """It was, by two calls: long enough for the reactor that `send` had woken to find the GIL taken."""
    assert calls_of_get(5.0) <= calls_of_get(None)


def calls_of_get(timeout: float | None) -> int:
    """How many functions, in Python and in C, are called before the queue is asked, that one included."""
    box, _ = inbox()
    box.put("here")
    seen: list[str] = []

    def profile(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            seen.append(frame.f_code.co_name)
        elif event == "c_call":
            seen.append(arg.__qualname__)

    sys.setprofile(profile)
    try:
        box.get(timeout)
    finally:
        sys.setprofile(None)
    return seen.index("SimpleQueue.get") + 1


def test_after_the_end_first_the_messages_then_the_error_again_and_again() -> None:
    box, _ = inbox()
    box.put("last")
    box.end(1001, "going away")
    box.end(1006, "the first end holds")
    assert len(box) == 1
    assert box.get() == "last"
    for _ in range(3):
        with pytest.raises(ConnectionClosed) as caught:
            box.get()
        assert (caught.value.code, caught.value.reason) == (1001, "going away")
        assert len(box) == 0


def test_the_end_wakes_all_who_wait() -> None:
    box, _ = inbox()
    seen = Seen()

    def wait() -> None:
        try:
            box.get()
        except ConnectionClosed as closed:
            seen(closed.code)

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    box.end(1000, "")
    assert [seen.next() for _ in threads] == [1000] * 5
    for thread in threads:
        thread.join(DEADLINE)


def test_no_wake_up_is_lost_between_full_and_room() -> None:
    """One thread puts and pauses when full, another takes: all of it arrives, whoever is faster."""
    paused = threading.Event()
    resumed = threading.Semaphore(0)
    box = Inbox(8, 10_000, resumed.release)
    total = 20_000

    def produce() -> None:
        for number in range(total):
            if not box.put(f"{number}"):
                paused.set()
                assert resumed.acquire(timeout=DEADLINE), "nobody said that there is room"

    producer = threading.Thread(target=produce)
    producer.start()
    assert [box.get(DEADLINE) for _ in range(total)] == [f"{number}" for number in range(total)]
    producer.join(DEADLINE)
    assert paused.is_set()


def started(count: int, function: Callable[[], Any]) -> list[threading.Thread]:
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_many_who_wait_get_each_message_once() -> None:
    total, takers = 5_000, 8
    box = Inbox(total + 1, 1 << 20, lambda: None)
    seen = Seen()

    def take() -> None:
        try:
            while True:
                seen(box.get(DEADLINE))
        except ConnectionClosed:
            pass

    threads = started(takers, take)
    for number in range(total):
        box.put(f"{number}")
    assert sorted(int(seen.next()) for _ in range(total)) == list(range(total))
    box.end(1000, "")
    for thread in threads:
        thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)


def test_some_give_up_and_no_message_is_lost_or_left_lying() -> None:
    """Those who time out and those who stay, woken by the same messages."""
    total = 2_000
    box = Inbox(total + 1, 1 << 20, lambda: None)
    seen = Seen()

    def take(patience: float) -> None:
        while True:
            try:
                seen(box.get(patience))
            except TimeoutError:
                pass
            except ConnectionClosed:
                return

    threads = started(2, lambda: take(DEADLINE)) + started(4, lambda: take(0.0001))
    for number in range(total):
        box.put(f"{number}")
    assert sorted(int(seen.next()) for _ in range(total)) == list(range(total))
    box.end(1000, "")
    for thread in threads:
        thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)


def test_full_holds_until_half_is_taken_also_when_more_is_put() -> None:
    """What came together with the message that filled it is put too; `room` is called all the same."""
    box, room = inbox(4)
    assert [box.put("x") for _ in range(4)] == [True, True, True, False]
    box.get(0)
    assert not box.put("x"), "nobody has called room"
    box.get(0)
    assert room.empty()
    box.get(0)
    assert room.next(0) == "room"


def test_room_is_told_also_where_all_is_taken_while_a_message_is_put() -> None:
    """It is full, and the reactor has stopped reading; one more is put, and before `put` has looked again
    two threads have taken both, of which one has not counted its own yet."""
    box, room = inbox(1)
    assert not box.put("first")
    messages = box._queue

    class Overtaken:
        """A queue from which, while its size is asked for the first time, all is taken."""

        def put(self, message: str | bytes | None) -> None:
            messages.put(message)

        def get(self, timeout: float | None = None) -> Any:
            assert not box.put("second")
            return last[0]

        def qsize(self) -> int:
            size = messages.qsize()
            if not last:
                last.append(None)
                box._queue = messages
                assert box.get(0) == "first"
                last[0] = messages.get(timeout=0)
            return size

    last: list[Any] = []
    box._queue = Overtaken()  # type: ignore[assignment]
    assert box.get(0) == "second"
    assert room.next(0) == "room"
    assert room.empty() and not box.full


def test_full_ends_only_when_room_is_told() -> None:
    box, room = inbox(4)
    for _ in range(4):
        assert not box.full
        box.put("x")
    assert box.full
    box.get(0)
    assert box.full and room.empty()
    box.get(0)
    assert room.next(0) == "room" and not box.full


def test_a_look_between_the_two_steps_of_the_end() -> None:
    class Looked(queue.SimpleQueue[str | bytes | None]):
        def put(self, item: str | bytes | None, block: bool = True, timeout: float | None = None) -> None:
            lengths.append(len(box))
            super().put(item)

    lengths: list[int] = []
    box, _ = inbox()
    box._queue = Looked()
    box.end(1000, "")
    with pytest.raises(ConnectionClosed):
        box.get(0)
    assert lengths == [0, 0]
